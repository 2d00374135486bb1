"""Two records become one and can become two again; nothing is lost, nothing is half done, nobody else is touched."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from khuen import erasure, vault
from khuen.board import reading as board
from khuen.cases import service as cases
from khuen.cases.rules import ConsentKind, Stage
from khuen.errors import Conflict, Ended, KeyReused, NotFound
from khuen.ids import uuid7
from khuen.people import catalogue, corrections, merging
from khuen.people import service as people
from khuen.people.rules import COLUMNS, Field, Reason, asked
from khuen.settings import Settings
from khuen.tenancy import hot, within
from migrations.walls import STATE, Migration
from tests.care import District, stand
from tests.people.records import NOTE, content, merge, open_case, register, tell, undo

ID, OTHER_ID = "1101700230708", "3101700230701"
KEPT = {"given_name": "ณัฐพล", "family_name": "ใจดี", "phone": "+66811111111", "house": "1/1", "born_year": 1990}
LOST = {"given_name": "นัทพล", "family_name": "ไจดี", "phone": "+66822222222", "house": "2/2", "national_id": ID}


@pytest.fixture
async def made(pools: Settings) -> District:
    return await stand(pools, nok="coordinator", dao="coordinator")


async def two(made: District) -> tuple[UUID, UUID]:
    return await register(made, **KEPT), await register(made, **LOST)


async def test_all_that_names_the_other_record_names_this_one(made: District, root: Any) -> None:
    kept, lost = await two(made)
    code = await open_case(made, lost)
    here = made.here("nok")
    async with within(here):
        name = {"prefix": "นาย", "given_name": "นัท", "family_name": "ไจดี"}
        await corrections.correct(here, lost, Field.NAME, name, was=None, reason=Reason.PAPERS, key=uuid7())
    await merge(made, kept, lost)
    for table, column in (("case_file", "person_id"), ("person_name", "person_id"), ("person_correction", "person_id")):
        assert {row[0] for row in await root.fetch(f"SELECT {column} FROM {table}")} == {kept}, table
    tombstone = await root.fetchrow("SELECT * FROM person WHERE id = $1", lost)
    assert tombstone["merged_into"] == kept and tombstone["given_name"] == "" and not tombstone["national_id_index"]
    async with within(here):
        visits = await board.visits(here, code)
        consents = await cases.latest_consents(here, made.cases[code])
        contact = await people.contact(here, kept)
        history = await corrections.history(here, kept)
    assert [entry.more for entry in visits] == [NOTE] and consents[ConsentKind.TREATMENT].guardian == "ผู้ปกครองทดลอง"
    assert (contact.national_id, contact.phone, contact.house) == (ID, "+66811111111", "1/1")
    assert [line.before["given_name"] for line in history] == ["นัทพล"]
    tags = await root.fetch("SELECT subject_id FROM audit WHERE tag = 'person:merged'")
    assert {row["subject_id"] for row in tags} == {kept, lost}


async def test_whose_value_stands_is_chosen_field_by_field(made: District) -> None:
    kept, lost = await two(made)
    here = made.here("nok")
    await merge(made, kept, lost, {Field.NAME: lost, Field.PHONE: lost, Field.ADDRESS: kept})
    async with within(here):
        stands = await corrections.present(here, kept)
        by_either = [len(await people.search(here, asked(name))) for name in ("นัทพล", "ณัฐพล", "0708", "0811111111")]
    assert stands[Field.NAME]["given_name"] == "นัทพล" and stands[Field.PHONE] == {"phone": "+66822222222"}
    assert stands[Field.ADDRESS]["house"] == "1/1" and stands[Field.NATIONAL_ID] == {"national_id": ID}
    assert by_either == [1, 1, 1, 0]  # the name that fell is a former name


async def test_undo_puts_every_row_of_the_database_back(made: District, root: Any) -> None:
    kept, lost = await two(made)
    third = await register(made, given_name="สมมุติ", family_name="ตัวอย่าง")
    await open_case(made, kept)
    await open_case(made, lost, closed=True)
    await merge(made, lost, third)  # a record that already has another behind it
    before = await content(root, made)
    key = await merge(made, kept, lost, {Field.NAME: lost, Field.NATIONAL_ID: lost, Field.ADDRESS: lost})
    assert await content(root, made) != before
    for _ in range(2):
        await undo(made, key)
        assert await content(root, made) == before
    assert await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'person:parted'") == 2


async def test_what_came_after_the_merge_stays_and_still_opens(made: District) -> None:
    kept, lost = await two(made)
    code = await open_case(made, lost)
    key = await merge(made, kept, lost)
    await tell(made, code)
    await undo(made, key)
    here = made.here("nok")
    async with within(here):
        assert [entry.more for entry in await board.visits(here, code)] == [NOTE, NOTE]
        rows = await hot("SELECT person_id FROM case_file WHERE tenant_id = $1 AND id = $2", made.cases[code])
    assert rows[0]["person_id"] == lost


@pytest.mark.parametrize("what", ["the case", "the person", "a further merge"])
async def test_undo_is_refused_when_something_was_changed_since(made: District, root: Any, what: str) -> None:
    kept, lost = await two(made)
    code = await open_case(made, lost)
    key, here = await merge(made, kept, lost), made.here("nok")
    if what == "a further merge":
        last = await merge(made, await register(made, given_name="จำลอง"), kept)
    async with within(here):
        if what == "the case":
            await cases.record_step(here, made.cases[code], Stage.CLOSED, here.today)
        if what == "the person":
            phone = {"phone": "+66833333333"}
            await corrections.correct(here, kept, Field.PHONE, phone, was=None, reason=Reason.SAID, key=uuid7())
    before = await content(root, made)
    with pytest.raises(Conflict) as refused:
        await undo(made, key)
    assert refused.value.text == merging.MOVED_ON and await content(root, made) == before
    if what == "a further merge":
        await undo(made, last)
        await undo(made, key)


async def test_a_merge_sent_twice_is_one(made: District, root: Any) -> None:
    kept, lost = await two(made)
    key, here = uuid7(), made.here("nok")
    for _ in range(2):
        async with within(here):
            mark = await merging.seen(here, kept, lost) if not await root.fetchval("SELECT 1 FROM person_merge") else ""
            await merging.merge(here, key, kept, lost, {}, mark)
    assert await root.fetchval("SELECT count(*) FROM person_merge") == 1
    other = await register(made, given_name="จำลอง")
    with pytest.raises(KeyReused):
        async with within(here):
            await merging.merge(here, key, kept, other, {}, "")


async def test_two_open_cases_are_refused_and_nothing_is_moved(made: District, root: Any) -> None:
    kept, lost = await two(made)
    await open_case(made, kept)
    await open_case(made, lost)
    before = await content(root, made)
    with pytest.raises(Conflict):
        await merge(made, kept, lost)
    assert await content(root, made) == before


async def test_a_record_that_was_changed_while_it_was_compared_is_not_merged(made: District) -> None:
    kept, lost = await two(made)
    here = made.here("nok")
    async with within(here):
        mark = await merging.seen(here, kept, lost)
    async with within(here):
        phone = {"phone": "+66833333333"}
        await corrections.correct(here, lost, Field.PHONE, phone, was=None, reason=Reason.SAID, key=uuid7())
    with pytest.raises(Conflict) as refused:
        async with within(here):
            await merging.merge(here, uuid7(), kept, lost, {}, mark)
    assert refused.value.text == merging.CHANGED


async def test_threat_08_nobody_is_merged_across_districts(made: District, pools: Settings, root: Any) -> None:
    other = await stand(pools, kanya="coordinator", nok="coordinator")
    kept, theirs = await register(made, **KEPT), await register(other, **LOST)
    for district in (made, other):
        with pytest.raises(NotFound):
            await merge(district, kept, theirs)
    key = await merge(made, kept, await register(made, **LOST))
    with pytest.raises(NotFound):
        await undo(other, key)
    assert await root.fetchval("SELECT merged_into FROM person WHERE id = $1", theirs) is None


async def test_two_coordinators_merge_overlapping_pairs_at_once(made: District, root: Any) -> None:
    people_ids = [await register(made, given_name=f"ทดลอง{n}", phone=None) for n in range(4)]
    for person_id in people_ids:
        await open_case(made, person_id, closed=True)
    a, b, c, d = people_ids
    await merge(made, b, a)

    async def try_merge(kept: UUID, lost: UUID) -> str:
        try:
            await merge(made, kept, lost)
        except Conflict:
            return "refused"
        return "merged"

    async with asyncio.timeout(30):
        done = await asyncio.gather(*(try_merge(*both) for both in ((b, c), (c, d), (d, b), (c, b), (a, b))))
    assert "merged" in done and done[-1] == "refused"
    rows = await root.fetch("SELECT p.merged_into FROM case_file c JOIN person p ON p.id = c.person_id")
    assert len(rows) == 4 and all(row["merged_into"] is None for row in rows)


async def test_a_merge_that_is_killed_in_the_middle_leaves_nothing_half_done(
    made: District, root: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, lost = await two(made)
    await open_case(made, lost)
    before = await content(root, made, without=())
    write_down = merging._write_down

    async def dies(here: Any, *rest: Any) -> None:
        await write_down(here, *rest)
        [pid] = (await hot("SELECT pg_backend_pid() AS pid WHERE $1::uuid IS NOT NULL"))[0]
        await root.execute("SELECT pg_terminate_backend($1)", pid)

    monkeypatch.setattr(merging, "_write_down", dies)
    with pytest.raises((asyncpg.PostgresError, ConnectionError, asyncpg.InterfaceError, asyncpg.InternalClientError)):
        await merge(made, kept, lost)
    assert await content(root, made, without=()) == before


async def test_threat_28_who_was_merged_is_forgotten_with_their_person(
    made: District, root: Any, pools: Settings, tmp_path: Path
) -> None:
    vault.configure(pools.kek, tmp_path / "list")
    kept, lost = await two(made)
    await open_case(made, lost)
    key = await merge(made, kept, lost)
    keys = {row["id"] for row in await root.fetch("SELECT id FROM vault.person_key")}
    here = made.here("nok")
    async with within(here):
        assert await erasure.erase_person(here, kept)
    assert erasure.read(tmp_path / "list") == keys and len(keys) == 2
    assert await root.fetchval("SELECT before_sealed FROM person_merge") is None
    rows = await root.fetch(
        "SELECT to_jsonb(p)::text || coalesce((SELECT string_agg(n::text, '') FROM person_name n), '') AS row FROM person p"
    )
    assert not any(name in row["row"] for row in rows for name in ("ณัฐพล", "นัทพล", "ใจดี", "ไจดี"))
    with pytest.raises(Ended):
        await undo(made, key)
    assert await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'person:erased'") == 1


async def test_after_an_undo_either_of_the_two_can_be_forgotten(
    made: District, root: Any, pools: Settings, tmp_path: Path
) -> None:
    vault.configure(pools.kek, tmp_path / "list")
    kept, lost = await two(made)
    key, here = await merge(made, kept, lost), made.here("nok")
    sealed = await root.fetchval("SELECT before_sealed FROM person_merge")
    await undo(made, key)
    async with within(here):
        before = await vault.person(here, lost)
        own = await vault.person(here, kept)
        await erasure.erase_person(here, lost)
    assert await root.fetchval("SELECT before_sealed FROM person_merge") is None
    # What an older backup holds of the merge opens with neither key alone.
    with pytest.raises(vault.WrongKey):
        own.unseal("person_merge", "before", key, sealed)
    assert re.fullmatch("[0-9a-f]+", before.unseal("person_merge", "before", key, sealed))


async def test_a_case_that_is_opened_for_a_merged_record_is_its_persons(made: District, root: Any) -> None:
    kept, lost = await two(made)
    await merge(made, kept, lost)
    await open_case(made, lost)
    assert await root.fetchval("SELECT person_id FROM case_file") == kept


async def test_what_slipped_in_beside_a_merge_is_gathered_in_the_night(made: District, root: Any) -> None:
    kept, lost = await two(made)
    here = made.here("nok")
    await merge(made, kept, lost)
    code = await open_case(made, kept)
    await root.execute("UPDATE case_file SET person_id = $1", lost)  # as if it had been opened in that very moment
    await tell(made, code)
    async with within(here):
        await merging.gather(here, here.now)
        assert [entry.more for entry in await board.visits(here, code)] == [NOTE, NOTE]
    assert await root.fetchval("SELECT person_id FROM case_file") == kept


async def test_a_table_that_was_made_after_all_this_is_moved_and_sealed_again(made: District, root: Any) -> None:
    """Nobody has to remember a new table: the catalogue and migrations/walls.py are all it needs."""
    m = Migration(root, citus=False)
    link = "FOREIGN KEY (tenant_id, {0}) REFERENCES {1} (tenant_id, id)"
    await m.tenant_table(
        "fresh",
        f"about_id uuid NOT NULL, word_sealed bytea, {link.format('about_id', 'person')}",
        grants="SELECT, INSERT",
    )
    await m.tenant_table(
        "fresher", f"fresh_id uuid NOT NULL, tale_sealed bytea, {link.format('fresh_id', 'fresh')}", grants=STATE
    )
    kept, lost = await two(made)
    here, one, two_ = made.here("nok"), uuid7(), uuid7()
    async with within(here):
        own, other = await vault.person(here, lost), await vault.person(here, kept)
        sealed = own.seal("fresh", "word", one, "คำลับ")
        await hot("INSERT INTO fresh (tenant_id, id, about_id, word_sealed) VALUES ($1, $2, $3, $4)", one, lost, sealed)
        tale = own.seal("fresher", "tale_sealed", two_, "เรื่องลับ")
        await hot("INSERT INTO fresher (tenant_id, id, fresh_id, tale_sealed) VALUES ($1, $2, $3, $4)", two_, one, tale)
    before = await content(root, made)
    key = await merge(made, kept, lost)
    row = await root.fetchrow("SELECT about_id, word_sealed, tale_sealed FROM fresh, fresher")
    assert row["about_id"] == kept and other.unseal("fresh", "word", one, row["word_sealed"]) == "คำลับ"
    assert other.unseal("fresher", "tale_sealed", two_, row["tale_sealed"]) == "เรื่องลับ"
    await undo(made, key)
    assert await content(root, made) == before


async def test_bytes_that_no_key_opens_stop_the_merge(made: District, root: Any) -> None:
    kept, lost = await two(made)
    await open_case(made, lost)
    await root.execute("UPDATE check_in_note SET note_sealed = 'x'::bytea")
    with pytest.raises(RuntimeError, match="note_sealed"):
        await merge(made, kept, lost)
    assert await root.fetchval("SELECT count(*) FROM person WHERE merged_into IS NOT NULL") == 0


async def test_the_catalogue_misses_nothing(made: District, root: Any) -> None:
    """Every column that may name a person has a foreign key or its reason, and the app may change what a merge changes."""
    here = made.here("nok")
    async with within(here):
        known = await catalogue.read()
    named = await root.fetch(
        "SELECT table_schema, table_name, column_name FROM information_schema.columns"
        " WHERE (column_name = 'person_id' OR column_name LIKE '%\\_person_id') AND table_schema IN ('public', 'vault')"
    )
    links = {(link.table, link.column) for link in known.to_person}
    loose = {f"{s}.{t}.{c}".removeprefix("public.") for s, t, c in named} - {f"{t}.{c}" for t, c in links}
    assert loose == catalogue.WITHOUT_KEY
    assert {"case_file", "person_name", "person_correction", "person"} <= {table for table, _ in links}
    wanted = [*links, *((table, column) for table, columns in known.sealed.items() for column in columns)]
    for table, column in wanted:
        if not table.startswith("vault."):
            may = await root.fetchval("SELECT has_column_privilege('khuen_app', $1, $2, 'UPDATE')", table, column)
            assert may, f"{table}.{column}: migrations/walls.py lets a merge change it"


async def test_every_column_of_a_person_belongs_to_a_field_or_to_the_record(root: Any) -> None:
    of_the_record = {"tenant_id", "id", "created_at", "created_by", "erased_at", "merged_into"}
    of_fields = {column for columns in COLUMNS.values() for column in columns}
    rows = await root.fetch("SELECT column_name FROM information_schema.columns WHERE table_name = 'person'")
    assert {row[0] for row in rows} == of_fields | of_the_record


async def test_what_a_merge_keeps_can_be_read_by_nobody_who_reads_the_table(made: District, root: Any) -> None:
    kept, lost = await two(made)
    await merge(made, kept, lost)
    row = str(dict(await root.fetchrow("SELECT * FROM person_merge")))
    assert "ณัฐพล" not in row and "ณัฐพล".encode().hex() not in row and json.dumps("ณัฐพล") not in row
