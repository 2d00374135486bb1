"""Whoever takes back a consent is gone from every list at the next request (docs/domain.md, Consent)."""

from __future__ import annotations

from typing import Any

from khuen.cases import service as cases
from khuen.cases.rules import ConsentKind, Decision
from khuen.cases.service import Consent
from khuen.ids import uuid7
from khuen.tenancy import within
from tests.lists import full
from tests.town import Town, town

__all__ = ["town"]

CARE, AFTER, ALONE = "กาญจน์ทดสอบ", "ขวัญทดสอบ", "คำทดสอบ"


async def withdraw(town: Town, code: str, kind: str = "treatment") -> None:
    data = {"key": str(uuid7()), "kind": kind}
    answer = await town.clients["coordinator"].post(f"/chatturat/cases/{code}/consents", data=data)
    assert answer.status_code == 303


async def test_who_withdraws_from_treatment_leaves_every_list_of_work_at_once(town: Town, root: Any) -> None:
    care = await full.somebody(town, root, CARE)
    after, alone = await full.somebody(town, root, AFTER, None), await full.somebody(town, root, ALONE, None)
    session, course = await town.session("coordinator", care), await town.course("coordinator", care)
    await town.absence("coordinator", care)
    await full.at_work(town, care)
    await town.slip("coordinator", care)
    await town.treated("coordinator", after, 14)
    planned, held = await full.planned_meeting(town), await full.held_meeting(town)
    pages = [
        ("coordinator", "board", CARE),
        ("coordinator", "board?lane=overdue", CARE),
        ("coordinator", "board?lane=all", CARE),
        ("doctor", "board?sort=name", CARE),
        ("coordinator", "board?lane=no_buddy", ALONE),
        ("coordinator", "matching", ALONE),
        ("buddy", "b/", CARE),
        ("buddy", "b/people", CARE),
        ("clinic", f"sessions/{session}", CARE),
        ("clinic", f"sessions/{session}/sheet", CARE),
        ("clinic", f"sessions/{session}/cards", care),
        ("clinic", "absences", CARE),
        ("coordinator", f"courses/{course}", CARE),
        ("coordinator", f"courses/{course}/sheet", CARE),
        ("coordinator", "follow-ups", AFTER),
        ("coordinator", f"meetings/{planned}", care),
        ("coordinator", f"meetings/{held}", care),
        ("coordinator", f"meetings/{held}/pack", care),
        ("coordinator", "lists/members", CARE),
        ("coordinator", "lists/matching", CARE),
        ("coordinator", "lists/tests-due", CARE),
        ("doctor", "lists/tests-due", CARE),
        ("coordinator", "lists/work-due", CARE),
        ("coordinator", "lists/doctor-slots", CARE),
        ("coordinator", "lists/training", CARE),
        ("coordinator", "lists/rounds", AFTER),
    ]

    async def on(who: str, page: str, what: str) -> bool:
        answer = await town.clients[who].get(f"/chatturat/{page}")
        assert answer.status_code == 200, (page, answer.status_code)
        return what in answer.text

    assert [page for who, page, what in pages if not await on(who, page, what)] == []
    for code in (care, after, alone):
        await withdraw(town, code)
    assert [page for who, page, what in pages if await on(who, page, what)] == []
    stopped = (await town.clients["coordinator"].get("/chatturat/lists/stopped")).text
    assert all(code in stopped for code in (care, after, alone)), "somebody has to talk with them"
    assert (await town.clients["coordinator"].get(f"/chatturat/cases/{care}")).status_code == 200


async def test_a_call_for_help_stays_until_somebody_has_looked_after_it(town: Town) -> None:
    code, nok = await town.case("buddy"), town.clients["coordinator"]
    await withdraw(town, code)
    assert code in (await nok.get("/chatturat/board?lane=urgent")).text
    assert (await town.clients["buddy"].get(f"/chatturat/b/urgent?p={code}")).status_code == 200
    await nok.post(f"/chatturat/cases/{code}/acknowledgements", data={"key": str(uuid7())})
    assert code not in (await nok.get("/chatturat/board?lane=all")).text


async def test_a_consent_that_is_given_again_brings_the_person_back(town: Town) -> None:
    code = await town.case("buddy", urgent=False)
    await withdraw(town, code)
    here = town.here("coordinator")
    async with within(here):
        again = Consent(ConsentKind.TREATMENT, Decision.GIVEN, "2569-1", here.today)
        await cases.record_consent(here, town.own.cases[code], again, key=uuid7())
    assert code in (await town.clients["coordinator"].get("/chatturat/board?lane=all")).text
