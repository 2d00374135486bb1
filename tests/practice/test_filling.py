"""Practice districts as they stand in the database, read back by the rooms and behind the walls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg
import pytest

from khuen import audit_proof, bootstrap, district, members, provision, vault
from khuen.board import service as board
from khuen.board.rules import Lane
from khuen.board.service import Asked
from khuen.database import connected
from khuen.enrolment import drafts
from khuen.followups import service as followups
from khuen.ids import uuid7
from khuen.paths import folder
from khuen.people import service as people
from khuen.practice import loading, plans, prepare, simulate
from khuen.practice.plans import Plan
from khuen.practice.world import World, invent
from khuen.registry import CLOCK
from khuen.settings import Settings, SettingsError
from khuen.tenancy import Here, hot, within
from tests.kept import differences

TODAY = date(2026, 11, 24)
SMALL = replace(plans.NEIGHBOUR, drafts=1)


def silent(text: str, done: int, total: int) -> None: ...


@pytest.fixture
async def other(stage: Any) -> AsyncIterator[Settings]:
    """A second empty database."""
    name = f"t_{uuid7().hex}"
    root = await asyncpg.connect(stage.superuser)
    await root.execute(f"CREATE DATABASE {name} TEMPLATE khuen STRATEGY FILE_COPY OWNER khuen_owner")
    await bootstrap.seal_database(stage.superuser_of(name))
    try:
        url = urlunsplit(urlsplit(stage.settings.database_url)._replace(path=f"/{name}"))
        yield replace(stage.settings, database_url=url)
    finally:
        await root.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await root.close()


async def filled(settings: Settings, plan: Plan = SMALL, seed: int = 1) -> tuple[Here, World]:
    """One small district, filled; the pools are open."""
    file = district.read(folder("tenants") / "demo" / "phon.toml")
    world = invent(file, plan, seed=seed, today=TODAY)
    vault.configure(settings.kek)
    await provision.add_tenant(file, world.begins_at)
    tenant_id = await provision.tenant_of("phon")
    assert tenant_id
    here = Here(tenant_id, None, CLOCK, world.until)
    async with within(here):
        await loading.load(here, world, [project.name for project in file.projects])
    return here, world


async def content(here: Here) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that can be read of a district, opened: no key, no nonce, no link of the chain, no id of a service."""
    kept: dict[str, list[tuple[Any, ...]]] = {}
    async with within(here):
        for name, columns in _READ.items():
            found = await hot(f"SELECT {columns} FROM {name} WHERE tenant_id = $1 ORDER BY {columns}")
            kept[name] = [tuple(row) for row in found]
        ids = [row[0] for row in kept["person"]]
        kept["opened"] = [(id_, repr(await _opened(here, id_))) for id_ in ids]
        kept["reached"] = [(row[0], repr(await members.contact(here, row[0]))) for row in kept["member"]]
    return kept


async def _opened(here: Here, person_id: UUID) -> tuple[str | None, ...]:
    contact = await people.contact(here, person_id)
    return contact.phone, contact.house, contact.national_id


_READ = {
    "member": "id, called_name, subdistrict_code, moo, gender, joined_at",
    "member_role": "member_id, role",
    "person": "id, prefix, given_name, family_name, called_name, sex, born_on, born_year, subdistrict_code, moo",
    "case_file": "id, code, person_id, legal_basis, proposed_by, agreed_on, opened_on, stage, colour, safety_note, made_by",
    "case_step": "case_id, stage, on_date, reason, recorded_at",
    "consent": "case_id, kind, decision, version, decided_on",
    "assignment": "id, case_id, member_id, started_at, ended_at, end_reason, extra_reason",
    "screening": "id, case_id, instrument, version, taken_on, recorded_at, by_id",
    "colour_decision": "id, case_id, colour, decided_at, by_id",
    "check_in": "id, case_id, member_id, how, happened_at, planned_at, received_at",
    "check_in_withdrawal": "id, check_in_id, at, by_id",
    "acknowledgement": "id, case_id, check_in_id, at, by_id, note",
    "visit_due": "case_id, state, opens_on, due_on, closes_on, seen_id, last_how, misses, attention_id, priority",
    "message": "id, kind, recipient_id, day, urgent, count, state, made_at, reason, tries",
    "enrolment_draft": "id, member_id, step, made_at",
    "session": "id, on_date, starts_at, place, state",
    "session_change": "id, session_id, reason",
    "session_closure": "id, session_id, kind, presence_id, at",
    "attendance": "id, session_id, case_id, mark, reason, at",
    "absence_task": "id, case_id, due_on, closed_at",
    "absence_contact": "id, task_id, reached, at",
    "urine_test": "id, case_id, sample, taken_on, done, confirms_id",
    "home_visit": "id, case_id, visited_on",
    "treatment_tally": "case_id, started_on, held, with_doctor, missed, tests, negatives, best_negatives, broken_on",
    "course_fact": "id, course_id, skill, from_on, until_on",
    "course_result": "id, course_id, case_id, hours, outcome, certificate",
    "occupation_grant": "id, case_id, source, baht",
    "work_found": "id, case_id, job, since_on",
    "guest_stay": "id, case_id, from_on, until_on, returned_on",
    "referral": "id, case_id, place, reason, on_date, answer",
    "slip": "id, case_id, on_date, told_by, result_id",
    "row_break": "id, case_id, on_date, told_at",
    "audit": "seq, at, member_id, tag, detail",
}


async def test_the_days_work_is_a_part_of_everybody_and_what_is_kept_is_true(db: Settings, root: Any) -> None:
    living = replace(plans.LIVING, kinds=tuple(replace(kind, project=0) for kind in plans.LIVING.kinds))
    async with connected(db, size=2):
        here, _ = await filled(db, living)
        async with within(here):
            work, everybody = [await board.board(here, Asked(lane)) for lane in (Lane.WORK, Lane.ALL)]
    assert 0 < work.counts[Lane.TODAY] < work.counts[Lane.WORK] < 0.8 * everybody.counts[Lane.ALL]
    assert await differences(root) == []


async def test_the_same_seed_and_day_fill_two_databases_alike(db: Settings, other: Settings) -> None:
    read = []
    for settings in (db, other):
        async with connected(settings, size=2):
            here, _ = await filled(settings)
            read.append(await content(here))
    assert read[0] == read[1]
    assert all(read[0].values()), "every kind of row is there"


async def test_what_is_due_is_what_the_rule_says(pools: Settings) -> None:
    here, world = await filled(pools)
    async with within(here):
        assert await followups.recompute(here, [life.id for life in world.lives]) == []
        states = await hot("SELECT state, count(*) AS n FROM visit_due WHERE tenant_id = $1 GROUP BY state")
    assert {row["state"]: row["n"] for row in states} == {"open": 18, "ended": 1}


async def test_the_chain_is_whole_and_told_in_order_of_time(pools: Settings, root: Any) -> None:
    _here, world = await filled(pools)
    assert [report.reason for report in await audit_proof.verify_all(pools)] == [None, None]
    rows = await root.fetch("SELECT tag, at FROM audit ORDER BY seq")
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
    assert rows[-1]["tag"] == "practice:filled"
    logged = sum(row["tag"] == "check-in:logged" for row in rows)
    assert logged == world.check_ins == await root.fetchval("SELECT count(*) FROM check_in")


async def test_drafts_open_for_the_coordinator(pools: Settings) -> None:
    here, world = await filled(pools)
    coordinator = replace(here, member_id=world.roles["coordinator"], roles=frozenset({"coordinator"}))
    async with within(coordinator):
        (draft,) = await drafts.mine(coordinator)
    assert draft.step == "address" and draft.name == (
        f"{world.begun[0].typed['given_name']} {world.begun[0].typed['family_name']}"
    )


async def test_a_district_is_filled_whole_or_not_at_all(
    pools: Settings, root: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(loading, "_messages", stop)
        with pytest.raises(KeyboardInterrupt):
            await filled(pools)
    assert await root.fetchval("SELECT count(*) FROM person") == 0
    here, world = await filled(pools)
    assert await root.fetchval("SELECT count(*) FROM person") == len(world.lives)
    async with within(here):
        assert await loading.is_filled(here)


async def test_the_demo_has_three_districts_with_the_reported_numbers_and_stays_as_it_is(
    db: Settings, root: Any
) -> None:
    told: list[tuple[int, int]] = []
    await prepare(db, progress=lambda _, done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    rows = await root.fetch(
        "SELECT t.slug, c.stage, count(*) AS n FROM case_file c JOIN auth.tenant t ON t.id = c.tenant_id GROUP BY 1, 2"
    )
    counts = {(row["slug"], row["stage"]): row["n"] for row in rows}
    model = {stage: n for (slug, stage), n in counts.items() if slug == "chatturat"}
    assert model == {"certified": 96, "awaiting_doctor": 144}  # B09
    assert sum(n for (slug, stage), n in counts.items() if slug == "bantuayang" and stage != "closed") == 60
    without = await root.fetchval(
        "SELECT count(*) FROM case_file c JOIN auth.tenant t ON t.id = c.tenant_id AND t.slug = 'chatturat'"
        " WHERE NOT EXISTS (SELECT FROM assignment a WHERE a.case_id = c.id AND a.ended_at IS NULL)"
    )
    assert without == 0, "one to one"
    buttons = await root.fetch(
        "SELECT t.slug, array_agg(r.role ORDER BY r.role) AS roles FROM auth.account a"
        " JOIN auth.membership m ON m.account_id = a.id JOIN auth.tenant t ON t.id = m.tenant_id"
        " JOIN auth.membership_role r ON r.account_id = a.id"
        " JOIN member_role o ON o.tenant_id = t.id AND o.member_id = m.member_id AND o.role = r.role"
        " WHERE a.practice_tenant_id = t.id GROUP BY t.slug"
    )
    roles = ["buddy", "chair", "clinic", "coordinator", "doctor", "hospital_director", "tenant_admin"]
    assert {row["slug"]: row["roles"] for row in buttons} == dict.fromkeys(("bantuayang", "chatturat", "phon"), roles)

    before = await root.fetchval("SELECT count(*) FROM auth.event")
    await prepare(db, progress=lambda *_: pytest.fail("a second start has nothing to do"))
    assert await root.fetchval("SELECT count(*) FROM auth.event") == before


async def test_further_districts_go_on_where_they_were_left(
    db: Settings, root: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("khuen.practice.filling._PLANS", {"phon": plans.NEIGHBOUR})
    whole = loading.load

    async def stops(here: Here, world: World, projects: list[str]) -> None:
        if world.slug == "p002":
            raise ConnectionError
        await whole(here, world, projects)

    with monkeypatch.context() as broken:
        broken.setattr(loading, "load", stops)
        with pytest.raises(ExceptionGroup):
            await simulate(db, seed=1, today=TODAY, districts=3, check_ins=900)
    report = await simulate(db, seed=1, today=TODAY, districts=3, check_ins=900)
    assert "p002" in [one.slug for one in report.districts if one.digest]
    rows = await root.fetch("SELECT slug FROM auth.tenant ORDER BY slug")
    assert [row["slug"] for row in rows] == ["p001", "p002", "p003", "phon"]
    sizes = await root.fetch(
        "SELECT count(*) AS n FROM check_in c JOIN auth.tenant t ON t.id = c.tenant_id AND t.slug <> 'phon'"
        " GROUP BY c.tenant_id"
    )
    assert len(sizes) == 3
    assert sum(row["n"] for row in sizes) == pytest.approx(900, rel=0.25)
    again = await simulate(db, seed=1, today=TODAY, districts=3, check_ins=900)
    assert [one.digest for one in again.districts] == [None] * 4
    assert "4 had been filled before" in str(again)


async def test_a_report_names_the_content_and_another_seed_has_another(
    db: Settings, other: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("khuen.practice.filling._PLANS", {"phon": plans.NEIGHBOUR})
    hashes = [(await simulate(one, seed=seed, today=TODAY)).content_hash for seed, one in ((1, db), (2, other))]
    assert len(set(hashes)) == 2
    assert all(len(one) == 64 for one in hashes)


async def test_more_than_can_be_asked_is_refused(db: Settings) -> None:
    with pytest.raises(SettingsError, match="at most 900 districts"):
        await simulate(db, seed=1, today=TODAY, districts=901)
