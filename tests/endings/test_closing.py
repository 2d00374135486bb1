"""Closing ends everything that is open of a case in one go; opening again within a day brings it back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from khuen import clock
from khuen.buddies import service as buddies
from khuen.buddies.service import NewAssignment
from khuen.followups import service as followups
from khuen.followups.rules import How
from khuen.followups.service import Sent
from khuen.ids import uuid7
from khuen.tenancy import within
from khuen.treatment import service as treatment
from tests.endings.conftest import Desk, ago, days
from tests.treatment import room


async def state(desk: Desk) -> tuple[Any, ...]:
    row = await desk.root.fetchrow(
        """SELECT c.stage, v.state, a.id IS NULL, (SELECT count(*) FROM message WHERE state = 'waiting'),
            (SELECT string_agg(d.state, ',') FROM doctor_slot d)
        FROM case_file c JOIN visit_due v ON v.case_id = c.id
        LEFT JOIN assignment a ON a.case_id = c.id AND a.ended_at IS NULL WHERE c.id = $1""",
        desk.case_id,
    )
    return tuple(row)


async def test_what_is_open_is_shown_and_closed_with_it_and_comes_back(desk: Desk) -> None:
    await desk.tell(started_on=ago(desk, 60))
    buddy = desk.here("somchai")
    async with within(buddy):
        await followups.log_check_in(buddy, Sent(desk.code, uuid7(), How.URGENT))
    await desk.slip()
    await desk.send("nudges", key=str(uuid7()))
    assert await state(desk) == ("in_treatment", "open", False, 2, "asked")
    page = await desk.page("endings")
    for said in ("บัดดี้: Somchai", "ข้อความที่ยังไม่ได้ส่ง 2 ข้อความ", "นัดพบแพทย์ 1 ครั้ง", "การเยี่ยมครั้งต่อไป ภายใน"):
        assert said in page.text, said
    key, form = str(uuid7()), {"note": "ย้ายไปอยู่กับพี่ (ตัวอย่าง)", **days("on", ago(desk, 9))}
    for _ in range(2):  # harmless twice
        assert (await desk.close(key=key, **form)).status_code == 303
    assert await state(desk) == ("closed", "ended", True, 0, "dropped")
    row = await desk.root.fetchrow("SELECT * FROM case_ending")
    assert (row["kind"], row["exit_code"], row["on_date"]) == ("moved_away", "10", ago(desk, 9))
    assert "ย้ายไปอยู่กับพี่" not in str(row) and "ย้ายไปอยู่กับพี่" in (await desk.page("endings")).text
    assert await desk.one("SELECT closed_on FROM case_evidence") == ago(desk, 9)
    assert (await desk.close(key=key, kind="died")).status_code == 409
    assert (await desk.close()).status_code == 409
    assert (await desk.send("reopening", why="")).status_code == 422
    for _ in range(2):
        answer = await desk.send("reopening", "wipa", why="ปิดผิดราย (ตัวอย่าง)")
        assert answer.status_code == 303
    assert await state(desk) == ("in_treatment", "open", False, 0, "asked")
    assert "ปิดผิดราย" in (await desk.page("endings")).text
    async with within(desk.here()):
        assert await followups.recompute(desk.here(), [desk.case_id]) == []
    tags = [row["tag"] for row in await desk.root.fetch("SELECT tag FROM audit WHERE tag LIKE 'case:%' ORDER BY seq")]
    assert tags.count("case:closed") == tags.count("case:reopened") == 1


async def test_the_step_of_a_back_dated_closing_carries_its_day_and_when_it_was_written(desk: Desk) -> None:
    steps = "SELECT stage, on_date, recorded_at FROM case_step ORDER BY recorded_at, id"
    await desk.root.execute(
        "UPDATE case_step SET on_date = on_date - 100, recorded_at = recorded_at - interval '1 day'"
    )
    sessions = [await room.plan(desk.site, ago(desk, count)) for count in (12, 9, 5)]
    await desk.tell(started_on=ago(desk, 60))

    async def expected() -> list[bool]:
        here = desk.here()
        async with within(here):
            found = [await treatment.roster(here, await treatment.session(here, one)) for one in sessions]
        return [desk.code in [one.code for one in people] for people in found]

    assert await expected() == [True, True, True]
    await desk.close(**days("on", ago(desk, 9)))
    written = (await desk.root.fetch(steps))[-1]
    assert (written["stage"], written["on_date"]) == ("closed", ago(desk, 9))
    assert clock.day(written["recorded_at"]) == desk.today
    assert await desk.one("SELECT stage FROM case_file") == "closed"
    assert await expected() == [True, False, False]
    await desk.send("reopening", why="ปิดผิดราย (ตัวอย่าง)")
    assert await desk.one("SELECT stage FROM case_file") == "in_treatment"
    assert await expected() == [True, True, True]
    assert [row["stage"] for row in await desk.root.fetch(steps)] == [
        "enrolled",
        "in_treatment",
        "closed",
        "in_treatment",
    ]


async def test_a_buddy_who_has_somebody_else_meanwhile_does_not_come_back(desk: Desk) -> None:
    await desk.close()
    other = await desk.site.case(None)
    here = desk.here()
    async with within(here):
        member = desk.site.chatturat.people["somchai"][0]
        await buddies.assign(here, [NewAssignment(uuid7(), desk.site.chatturat.cases[other], member)])
    answer = await desk.send("reopening", why="ปิดผิดราย")
    assert answer.status_code == 303
    assert "บัดดี้เดิมดูแลคนอื่นอยู่" in (await desk.page("endings")).text
    assert (await state(desk))[:3] == ("enrolled", "open", True)


async def test_after_a_day_a_closed_file_stays_closed(desk: Desk) -> None:
    assert (await desk.send("reopening", why="ไม่เคยปิด")).status_code == 404
    await desk.close()
    await desk.root.execute("UPDATE case_ending SET at = at - interval '25 hours'")
    answer = await desk.send("reopening", why="ปิดผิดราย")
    assert answer.status_code == 409 and "เกิน 24 ชั่วโมง" in answer.text
    assert (await state(desk))[0] == "closed"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "drop_out"}, "เลือกข้อหนึ่ง"),  # needs two people
        ({"kind": "follow_up_completed"}, "เลือกข้อหนึ่ง"),  # no round was made
        ({"kind": ""}, "กรุณา"),
        ({"on_month": "13"}, "เดือน"),
    ],
)
async def test_a_bad_form_closes_nothing(desk: Desk, wrong: dict[str, str], said: str) -> None:
    answer = await desk.close(**{"note": "ที่พิมพ์ไว้", **wrong})
    assert answer.status_code == 422 and said in answer.text and "ที่พิมพ์ไว้" in answer.text
    assert (await state(desk))[0] == "enrolled"


async def test_a_day_in_the_future_closes_nothing(desk: Desk) -> None:
    answer = await desk.close(**days("on", desk.today + timedelta(days=1)))
    assert answer.status_code == 422 and "ยังมาไม่ถึง" in answer.text


async def test_another_episode_meanwhile_keeps_the_first_one_closed(desk: Desk) -> None:
    await desk.close()
    row = dict(await desk.root.fetchrow("SELECT * FROM case_file"))
    row |= {"id": uuid7(), "code": "CTR-8888", "stage": "enrolled"}
    places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
    await desk.root.execute(f"INSERT INTO case_file ({', '.join(row)}) VALUES ({places})", *row.values())
    answer = await desk.send("reopening", why="ปิดผิดราย")
    assert answer.status_code == 409


async def test_completing_treatment_is_for_who_treats(desk: Desk) -> None:
    form = {"key": str(uuid7()), **days("treated", ago(desk, 1))}
    assert (await desk.send("treatment-end", **form)).status_code == 403
    for _ in range(2):
        assert (await desk.send("treatment-end", "wipa", **form)).status_code == 303
    assert await desk.one("SELECT ended_on FROM case_evidence") == ago(desk, 1)
    assert await desk.one("SELECT count(*) FROM follow_up_round") == 7
    assert (await desk.send("treatment-end", "wipa", **form | {"key": str(uuid7())})).status_code == 409
    assert (await desk.send("treatment-end", "wipa", **form | days("treated", ago(desk, 2)))).status_code == 409
    for _ in range(2):
        assert (await desk.undo("treatment_end", "wipa")).status_code == 303
    assert await desk.one("SELECT ended_on FROM case_evidence") is None
    assert await desk.one("SELECT count(*) FROM follow_up_round") == 0
    tomorrow = {"key": str(uuid7()), **days("treated", desk.today + timedelta(days=1))}
    assert (await desk.send("treatment-end", "wipa", **tomorrow)).status_code == 422
    assert (await desk.send("treatment-end", "wipa", key="x", treated_day="1")).status_code == 422
