"""Referral, a while elsewhere, another project, and coming back as a new episode."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from khuen import clock
from khuen.cases import service as cases
from khuen.enrolment import drafts
from khuen.followups import reminders
from khuen.followups import service as followups
from khuen.followups.rules import How
from khuen.followups.service import Sent
from khuen.ids import uuid7
from khuen.messages.delivery import Due
from khuen.messages.rules import Kind, State
from khuen.tenancy import within
from tests.endings.conftest import Desk, ago, days

PLACE = "บ้านพี่สาว (ตัวอย่าง)"


def referral(desk: Desk, **more: Any) -> dict[str, Any]:
    base = {"key": str(uuid7()), "place": "โรงพยาบาลตัวอย่าง", "cause": "physical", "note": "ไข้สูง"}
    return base | days("on", ago(desk, 3)) | more


async def test_the_owner_keeps_a_case_that_is_referred_and_the_answer_comes_back(desk: Desk) -> None:
    sent = referral(desk)
    for _ in range(2):
        assert (await desk.send("referrals", **sent)).status_code == 303
    assert (await desk.send("referrals", **sent | {"note": "อื่น"})).status_code == 409
    page = (await desk.page("referrals")).text
    assert "ไข้สูง" in page and "ยังไม่มีคำตอบ" in page
    assert "ไข้สูง" not in str(await desk.root.fetchrow("SELECT * FROM referral"))
    path = f"referrals/{sent['key']}/answer"
    for wrong in (ago(desk, 4), desk.today + timedelta(days=1)):
        assert (await desk.send(path, answer="came_back", **days("on", wrong))).status_code == 422
    assert (await desk.send(path, answer="", **days("on", desk.today))).status_code == 422
    for _ in range(2):
        assert (await desk.send(path, "wipa", answer="taken_over", **days("on", desk.today))).status_code == 303
    assert await desk.one("SELECT stage FROM case_file") == "enrolled"
    assert "โรงพยาบาลรับดูแลแทน" in (await desk.page("referrals")).text
    for _ in range(2):
        assert (await desk.undo("referral")).status_code == 303
    assert (await desk.send(path, answer="not_seen", **days("on", desk.today))).status_code == 404
    assert (await desk.send("referrals", **referral(desk, place=""))).status_code == 422
    await desk.close(kind="hospital")
    assert (await desk.send("referrals", **referral(desk))).status_code == 409


def stay(desk: Desk, until: int, **more: Any) -> dict[str, Any]:
    base = {"key": str(uuid7()), "place": PLACE}
    return base | days("from", ago(desk, 1)) | days("until", desk.today + timedelta(days=until)) | more


async def plan(desk: Desk) -> tuple[Any, ...]:
    here = desk.here()
    async with within(here):
        assert await followups.recompute(here, [desk.case_id]) == []
    return tuple(await desk.root.fetchrow("SELECT opens_on, closes_on FROM visit_due"))


async def waiting(desk: Desk) -> int:
    return int(await desk.one("SELECT count(*) FROM message WHERE kind = 'return_due' AND state = 'waiting'"))


async def test_visits_rest_while_somebody_is_away_and_nothing_is_made_up_for(desk: Desk) -> None:
    before, back = await plan(desk), desk.today + timedelta(days=20)
    sent = stay(desk, 20)
    for _ in range(2):
        assert (await desk.send("stays", **sent)).status_code == 303
    assert PLACE in (await desk.page("stays")).text
    assert (await plan(desk))[0] == back and await waiting(desk) == 1
    assert (await desk.send("stays", **stay(desk, 5))).status_code == 409
    buddy = desk.here("somchai")
    async with within(buddy):  # met by chance meanwhile: visits rest all the same
        await followups.log_check_in(buddy, Sent(desk.code, uuid7(), How.WELL))
    assert (await plan(desk))[0] == back
    path = f"stays/{sent['key']}/return"
    for _ in range(2):
        longer = days("on", back + timedelta(days=9))
        assert (await desk.send(path, what="longer", **longer)).status_code == 303
    assert (await plan(desk))[0] == back + timedelta(days=9) and await waiting(desk) == 1
    future = days("on", desk.today + timedelta(days=1))
    assert (await desk.send(path, what="returned", **future)).status_code == 422
    for _ in range(2):
        assert (await desk.send(path, what="returned", **days("on", desk.today))).status_code == 303
    assert await waiting(desk) == 0
    assert (await plan(desk))[0] > desk.today  # the answer of today counts again
    assert (await desk.send(f"stays/{uuid7()}/return", what="returned", **days("on", desk.today))).status_code == 404
    assert before != await plan(desk)


async def test_a_stay_is_undone_and_its_reminder_says_nothing_untrue(desk: Desk) -> None:
    before = await plan(desk)
    await desk.send("stays", **stay(desk, 10))
    row = await desk.root.fetchrow("SELECT * FROM message WHERE kind = 'return_due'")
    here = desk.here()
    told = (row["subject_id"], row["recipient_id"], row["day"], False, 1, State.WAITING, 0, row["made_at"])
    due = [Due(row["id"], Kind.RETURN_DUE, *told)]
    async with within(here):
        assert await reminders.still_true(here, due) == {row["id"]: 1}
    for _ in range(2):
        assert (await desk.undo("stay")).status_code == 303
    assert await plan(desk) == before and await waiting(desk) == 0
    async with within(here):
        assert await reminders.still_true(here, due) == {row["id"]: 0}


@pytest.mark.parametrize("wrong", [{"place": "ก"}, {"until_day": ""}, {"from_month": "13"}, {"key": "x"}])
async def test_a_bad_stay_changes_nothing(desk: Desk, wrong: dict[str, str]) -> None:
    assert (await desk.send("stays", **stay(desk, 5, **wrong))).status_code == 422
    assert await desk.one("SELECT count(*) FROM guest_stay") == 0


async def test_days_of_a_stay_lie_in_order(desk: Desk) -> None:
    for sent, said in (
        (stay(desk, -3), "อยู่ก่อนวันแรก"),
        (stay(desk, 400), "เกินหนึ่งปี"),
        (stay(desk, 3, **days("from", desk.today + timedelta(days=1))), "ยังมาไม่ถึง"),
    ):
        answer = await desk.send("stays", **sent)
        assert answer.status_code == 422 and said in answer.text and PLACE in answer.text
    await desk.close()
    assert (await desk.send("stays", **stay(desk, 3))).status_code == 409


async def other_project(desk: Desk) -> str:
    await desk.root.execute("UPDATE project SET ends_on = NULL")
    here = desk.here()
    async with within(here):
        found = [one.id for one in await cases.projects(here) if one.id != desk.site.chatturat.project_id]
    return str(found[0])


async def test_ownership_moves_when_a_transfer_is_accepted_and_never_before(desk: Desk) -> None:
    project, own = await other_project(desk), desk.site.chatturat.project_id
    sent = {"key": str(uuid7()), "project": project, "reason": "ย้ายบ้านไปที่นั่น"}
    for _ in range(2):
        assert (await desk.send("transfers", **sent)).status_code == 303
    assert (await desk.send("transfers", **sent | {"reason": "อื่นอีก"})).status_code == 409
    assert (await desk.send("transfers", **sent | {"key": str(uuid7())})).status_code == 409
    assert await desk.one("SELECT project_id FROM case_file") == own
    assert "ย้ายบ้านไปที่นั่น" in (await desk.page("transfers")).text
    first = f"transfers/{sent['key']}/decision"
    assert (await desk.send(first, decision="revoked")).status_code == 303
    assert (await desk.send(first, decision="accepted")).status_code == 409
    assert (await desk.send("transfers", "wipa", **sent)).status_code == 403
    for decision, expected in (("rejected", own), ("accepted", None)):
        sent = {"key": str(uuid7()), "project": project, "reason": "ย้ายบ้านไปที่นั่น"}
        await desk.send("transfers", **sent)
        for _ in range(2):
            assert (await desk.send(f"transfers/{sent['key']}/decision", decision=decision)).status_code == 303
        assert str(await desk.one("SELECT project_id FROM case_file")) == str(expected or project)
    assert (await desk.send("transfers", **sent | {"key": str(uuid7())})).status_code == 422  # where it is already
    assert (await desk.send("transfers", key=str(uuid7()), project=project, reason="")).status_code == 422
    assert (await desk.send(first, decision="x")).status_code == 422
    assert (await desk.send(f"transfers/{uuid7()}/decision", decision="accepted")).status_code == 404
    await desk.close()
    assert (await desk.send("transfers", key=str(uuid7()), project=str(own), reason="ปิดแล้ว")).status_code == 409


async def test_whoever_comes_back_begins_a_new_case_with_what_is_known(desk: Desk) -> None:
    nok, key = desk.site.clients["nok"], str(uuid7())
    open_ = await nok.post("/chatturat/enrolments", data={"key": str(uuid7()), "again": desk.code})
    assert open_.status_code == 409
    await desk.close()
    assert "เปิดรายใหม่" in (await desk.page("endings")).text
    for _ in range(2):
        answer = await nok.post("/chatturat/enrolments", data={"key": key, "again": desk.code})
        assert answer.status_code == 303
    here = desk.here()
    async with within(here):
        held = await drafts.draft(here, answer_id(answer.headers["location"]))
    person = await desk.one("SELECT person_id FROM case_file")
    assert held.typed["given_name"] == "ทดลอง" and held.typed["same"] == str(person)
    assert "treatment" not in held.typed  # consents are asked anew
    page = await nok.get(f"/chatturat/enrolments/buddy?d={key}")
    choices = re.findall(r'name="buddy" value="([0-9a-f-]+)"', page.text)
    assert choices[0] == str(desk.site.chatturat.people["somchai"][0]) and "เคยเป็นบัดดี้มาก่อน" in page.text
    assert (await nok.post("/chatturat/enrolments", data={"key": str(uuid7()), "again": "x"})).status_code == 404
    stranger = await desk.site.clients["kanya"].post(
        "/phon/enrolments", data={"key": str(uuid7()), "again": "CTR-999999"}
    )
    assert stranger.status_code == 404


async def test_episodes_are_numbered_and_linked(desk: Desk) -> None:
    await desk.close()
    row = dict(await desk.root.fetchrow("SELECT * FROM case_file"))
    row |= {"id": uuid7(), "code": "CTR-8888", "stage": "enrolled", "opened_on": clock.day(clock.now())}
    places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
    await desk.root.execute(f"INSERT INTO case_file ({', '.join(row)}) VALUES ({places})", *row.values())
    page = (await desk.page("endings")).text
    assert "ครั้งที่เข้าร่วม 1" in page and "ครั้งที่เข้าร่วม 2" in page and "/chatturat/cases/CTR-8888" in page


def answer_id(location: str) -> UUID:
    return UUID(location.partition("d=")[2])
