"""Whoever takes back a consent is gone from every list at the next request (docs/domain.md, Consent)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from khuen.cases import service as cases
from khuen.cases.rules import STOPPED, ConsentKind, Decision
from khuen.cases.service import Consent
from khuen.ids import uuid7
from khuen.meetings import agenda, tasks
from khuen.meetings import service as meetings
from khuen.meetings.asking import which
from khuen.tenancy import hot, within
from khuen.words import gettext as th
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


async def test_nothing_is_written_down_of_who_stopped_but_what_was_done_before(town: Town, root: Any) -> None:
    code = await full.somebody(town, root, CARE)
    session, course = await town.session("coordinator", code), await town.course("coordinator")
    await town.treated("coordinator", code, 14)
    await withdraw(town, code)
    nok, doctor = town.clients["coordinator"], str(town.own.people["doctor"][0])
    today = town.here("coordinator").today

    def day(name: str, days_ago: int) -> dict[str, str]:
        on = today - timedelta(days=days_ago)
        return {f"{name}_day": str(on.day), f"{name}_month": str(on.month), f"{name}_year": str(on.year)}

    def forms(days_ago: int) -> list[tuple[str, str, dict[str, str]]]:
        key, case = str(uuid7()), f"cases/{code}"
        test = {"key": key, "sample": "strip", "result": "negative", "taken_by": doctor, "read_by": doctor}
        visit = {"visit_key": key, "visited_by": doctor, "seen": "สบายดี"}
        grant = {"grant_key": key, "source_kind": "private", "source": "ร้าน", "baht": "500", "what_for": "จักร"}
        work = {"work_key": key, "job": "farm", "employer": "family"}
        result = {"key": key, "number": "1", "result": "abstinent", "method": "phone"}
        return [
            ("clinic", f"{case}/tests", test | day("taken_on", days_ago)),
            ("clinic", f"{case}/home-visits", visit | day("visited_on", days_ago)),
            ("coordinator", f"{case}/grants", grant | day("applied", days_ago)),
            ("coordinator", f"{case}/work", work | day("since", days_ago)),
            ("coordinator", f"{case}/follow-up", result | day("on", days_ago)),
            ("coordinator", f"{case}/slips", {"key": key, "told_by": "family"} | day("on", days_ago)),
        ]

    told = th(STOPPED)
    at_once = [
        *forms(0),
        ("clinic", f"sessions/{session}/attendance", {f"key.{code}": str(uuid7()), f"here.{code}": "yes"}),
        ("coordinator", f"courses/{course}/people", {"key": str(uuid7()), "codes": code}),
    ]
    for who, page, data in at_once:
        answer = await town.clients[who].post(f"/chatturat/{page}", data=data)
        assert answer.status_code == 422 and told in answer.text, page
    for who, page, data in forms(1):
        answer = await town.clients[who].post(f"/chatturat/{page}", data=data)
        assert answer.status_code == 303, (page, answer.text)
    for page in ("", "/treatment", "/livelihood", "/slips", "/endings"):
        assert f"/cases/{code}/agreements" in (await nok.get(f"/chatturat/cases/{code}{page}")).text
    closing = {"key": str(uuid7()), "kind": "refused"} | day("on", 0)
    assert (await nok.post(f"/chatturat/cases/{code}/closure", data=closing)).status_code == 303


async def test_a_meeting_holds_back_what_it_had_decided_about_who_stopped(town: Town) -> None:
    code, here, task = await town.case("buddy"), town.here("coordinator"), uuid7()
    await town.check_in("buddy", code)
    address = await full.held_meeting(town)
    kind, on = which(address)
    async with within(here):
        held = await meetings.session(here, kind, on)
        item = next(one for one in await agenda.items(here, held.id) if one.matter.code == code)
        assert here.member_id is not None
        new = tasks.New(task, item.id, "other", "โทรทุกเย็น", here.member_id, here.today)
        await tasks.decide(here, kind, on, new, no_name=True)
    await withdraw(town, code)
    nok = town.clients["coordinator"]
    for page in (f"meetings/{address}", f"meetings/{address}/pack"):
        text = (await nok.get(f"/chatturat/{page}")).text
        assert code in text and th("On hold: not talked about now") in text, page
    line = (await nok.get("/chatturat/tasks")).text.partition(f'id="task-{task}"')[2].partition("</article>")[0]
    assert th("On hold: ask the coordinator first") in line
    async with within(here):
        await tasks.compose_reminders(here)
        found = await hot("SELECT count FROM message WHERE tenant_id = $1 AND kind = 'task_due_digest'")
    assert [row["count"] for row in found] == [1]
