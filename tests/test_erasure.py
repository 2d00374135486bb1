"""Erasure: nothing that tells who somebody was is left; a crash in between and a second time do no harm."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from khuen import erasure, tenancy, vault
from khuen.errors import NotFound
from khuen.ids import uuid7
from khuen.settings import Settings
from khuen.tenancy import within
from tests.somebody import NOW, PHONE, enrol
from workers import erasure as nightly

BAN, NEIGHBOUR = UUID(int=0xB0), UUID(int=0xC0)


async def every_row(root: Any) -> str:
    tables = await root.fetch(
        "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('public', 'vault', 'auth')"
    )
    return "\n".join([str(row) for (name,) in tables for row in await root.fetch(f"SELECT * FROM {name}")])


@pytest.fixture(autouse=True)
def configured(pools: Settings, tmp_path: Path) -> Path:
    vault.configure(pools.kek, tmp_path / "erasures" / "list")
    return vault.erasures_file()


async def test_threat_28_no_row_tells_who_an_erased_person_was(root: Any, configured: Path) -> None:
    gone, stays = await enrol(BAN, "สมมุติ"), await enrol(BAN, "ทดลอง")
    [key] = await root.fetch("SELECT id FROM vault.person_key WHERE person_id = $1", gone.id)
    sealed = await root.fetchval("SELECT national_id_sealed FROM person WHERE id = $1", gone.id)
    assert "สมมุติ" in await every_row(root)
    async with within(gone.here):
        assert await erasure.erase_person(gone.here, gone.id)
    left = await every_row(root)
    assert "สมมุติ" not in left and "ทดลอง" in left and "1990" in left
    assert erasure.read(configured) == {key["id"]}
    assert tuple(await root.fetchrow("SELECT person_id, key_id FROM erasure")) == (gone.id, key["id"])
    assert (
        await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'person:erased' AND subject_id = $1", gone.id) == 1
    )
    async with within(gone.here):
        with pytest.raises(vault.Erased):
            await vault.person(gone.here, gone.id)
        district, other = await vault.open_tenant(gone.here), await vault.person(gone.here, stays.id)
        for key_holder in (district, other):
            with pytest.raises(vault.WrongKey):
                key_holder.unseal("person", "national_id_sealed", gone.id, sealed)
        phone = (await tenancy.hot("SELECT phone_sealed FROM person WHERE tenant_id = $1 AND id = $2", stays.id))[0][0]
        assert other.unseal("person", "phone_sealed", stays.id, phone) == PHONE


async def test_erasing_twice_is_harmless_and_a_stranger_is_not_found(root: Any, configured: Path) -> None:
    gone, elsewhere = await enrol(BAN, "สมมุติ"), await enrol(NEIGHBOUR, "เพื่อนบ้าน")
    for expected in (True, False):
        async with within(gone.here):
            assert await erasure.erase_person(gone.here, gone.id) is expected
    for stranger in (elsewhere.id, uuid7(NOW)):
        with pytest.raises(NotFound):
            async with within(gone.here):
                await erasure.erase_person(gone.here, stranger)
    for count in ("audit WHERE tag = 'person:erased'", "erasure"):
        assert await root.fetchval(f"SELECT count(*) FROM {count}") == 1
    assert len(erasure.read(configured)) == 1
    assert "เพื่อนบ้าน" in await every_row(root)


async def test_many_are_erased_at_once_each_once(root: Any, configured: Path) -> None:
    people = [await enrol(BAN, f"คนที่{n}") for n in range(3)]
    here = people[0].here
    async with within(here):
        assert await erasure.erase_person(here, people[0].id)
        assert await erasure.erase_people(here, [who.id for who in people]) == 2
        assert await erasure.erase_people(here, [who.id for who in people]) == 0
        assert await erasure.erase_people(here, []) == 0
    assert "คนที่" not in await every_row(root)
    assert len(erasure.read(configured)) == await root.fetchval("SELECT count(*) FROM erasure") == 3
    rows = await root.fetch("SELECT subject_id, detail FROM audit WHERE tag = 'person:erased' ORDER BY seq")
    assert [tuple(row) for row in rows] == [(people[0].id, '{"count":1}'), (None, '{"count":2}')]


async def test_threat_28_an_erasure_that_a_crash_cut_short_is_finished(
    root: Any, configured: Path, pools: Settings
) -> None:
    gone, stays = await enrol(BAN, "สมมุติ"), await enrol(BAN, "ทดลอง")
    with pytest.raises(ZeroDivisionError):
        async with within(gone.here):
            await erasure.erase_person(gone.here, gone.id)
            raise ZeroDivisionError  # as if the machine stopped between the list and COMMIT
    assert "สมมุติ" in await every_row(root)
    await root.execute(
        "INSERT INTO auth.tenant (id, slug, name, short_name, area_path, practice, created_at)"
        " VALUES ($1, 'ban', 'x', 'x', 'x', true, $2)",
        BAN,
        NOW,
    )
    for _ in range(2):
        assert await nightly.finish(replace(pools, erasures_file=configured)) == 0
    async with within(gone.here):
        assert await erasure.finish(gone.here) == 0
    left = await every_row(root)
    assert "สมมุติ" not in left and "ทดลอง" in left
    async with within(stays.here):
        await vault.person(stays.here, stays.id)


async def test_threat_28_without_a_list_nobody_is_erased(root: Any, pools: Settings, tmp_path: Path) -> None:
    gone = await enrol(BAN, "สมมุติ")
    (tmp_path / "file").touch()
    for place, problem in ((None, RuntimeError), (tmp_path / "file" / "list", OSError)):
        vault.configure(pools.kek, place)
        with pytest.raises(problem):
            async with within(gone.here):
                await erasure.erase_person(gone.here, gone.id)
    assert "สมมุติ" in await every_row(root)


def test_the_list_survives_a_half_written_line(tmp_path: Path) -> None:
    path, keys = tmp_path / "list", [uuid7(NOW) for _ in range(3)]
    assert erasure.read(path) == frozenset()
    erasure.append(path, keys[0])
    with path.open("a") as file:
        file.write(str(keys[1])[:20])
    erasure.append(path, keys[2])
    assert erasure.read(path) == {keys[0], keys[2]}
    assert os.stat(path).st_mode & 0o777 == 0o600


async def test_threat_28_every_sealed_column_has_a_place_in_the_erasure(root: Any) -> None:
    rows = await root.fetch(
        """SELECT table_schema || '.' || table_name || '.' || column_name FROM information_schema.columns
           WHERE column_name LIKE '%\\_sealed' AND table_schema NOT IN ('pg_catalog', 'information_schema')"""
    )
    blanked = {"person.national_id_sealed", "person.phone_sealed", "person.house_sealed", "import_batch.source_sealed"}
    deleted = {"enrolment_draft.content_sealed", "import_row.content_sealed"}
    under_the_persons_key = {"consent.guardian_sealed", "check_in_note.note_sealed", "slip.note_sealed"} | {
        "drop_out.tried_sealed",
        "drop_out.answer_sealed",
        "case_ending.note_sealed",
        "case_ending.reopening_sealed",
        "follow_up_result.note_sealed",
        "referral.note_sealed",
        "guest_stay.place_sealed",
        "case_transfer.reason_sealed",
        "screening.content_sealed",
        "screening_withdrawal.reason_sealed",
        "colour_decision.content_sealed",
    }
    under_the_persons_key |= {"urine_test.result_sealed", "urine_test.detail_sealed", "home_visit.note_sealed"}
    under_the_persons_key |= {"absence_contact.note_sealed"}
    under_the_persons_key |= {"assessment.seen_sealed", "assessment.said_sealed", "certificate.claims_sealed"}
    under_the_persons_key |= {"certificate.pdf_sealed", "certificate_ending.note_sealed"}
    under_the_persons_key |= {f"person_correction.{name}_sealed" for name in ("before", "after", "note")}
    blanked |= {"person_merge.before_sealed"}
    not_of_people_in_care = {"member.phone_sealed", "member.email_sealed", "auth.account.totp_sealed"}
    not_of_people_in_care |= {"view_change.name_sealed", "line_account.token_sealed", "line_account.secret_sealed"}
    not_of_people_in_care |= {"line_link.user_sealed", "push_subscription.endpoint_sealed"}
    known = blanked | deleted | under_the_persons_key | not_of_people_in_care
    assert {row[0].removeprefix("public.") for row in rows} == known, "decide what erasure.BLANK does with a new one"
