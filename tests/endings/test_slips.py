"""A slip raises support and takes nothing away; it is corrected, withdrawn and undone; strangers learn nothing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from khuen import clock
from khuen.followups import service as followups
from khuen.followups.rules import How
from khuen.followups.service import Sent
from khuen.ids import uuid7
from khuen.tenancy import within
from khuen.treatment import tallies, urine
from khuen.treatment.rules import Result, Sample
from khuen.treatment.urine import NewTest
from tests.endings.conftest import Desk, ago, days
from tests.treatment import room


async def stage(desk: Desk) -> str:
    return str(await desk.root.fetchval("SELECT stage FROM case_file WHERE id = $1", desk.case_id))


async def plan(desk: Desk) -> tuple[Any, ...]:
    return tuple(await desk.root.fetchrow("SELECT opens_on, closes_on, priority, turned_at IS NULL FROM visit_due"))


async def recomputed(desk: Desk) -> int:
    """How many due visits the rule would write otherwise."""
    async with within(desk.here()) as _:
        return len(await followups.recompute(desk.here(), [desk.case_id]))


def negative(desk: Desk, on: date) -> NewTest:
    wipa = desk.site.chatturat.people["wipa"][0]
    return NewTest(uuid7(), Sample.STRIP, on, True, "A-1", Result.NEGATIVE, "", wipa, wipa)


async def visit(desk: Desk, how: How = How.WELL) -> None:
    buddy = desk.here("somchai")
    async with within(buddy):
        await followups.log_check_in(buddy, Sent(desk.code, uuid7(), how))


async def test_a_slip_raises_support_and_erases_nothing(desk: Desk) -> None:
    await visit(desk)
    await desk.tell(started_on=ago(desk, 60), sessions=5)
    key, form = str(uuid7()), {"note": "ไปงานเลี้ยง (ตัวอย่าง)"}
    for _ in range(2):  # harmless twice
        answer = await desk.slip(key=key, **form)
        assert answer.status_code == 303
    assert await desk.one("SELECT count(*) FROM slip") == 1
    assert await stage(desk) == "in_treatment"
    opens, closes, priority, _ = await plan(desk)
    assert opens == desk.today and closes == desk.today + timedelta(days=2) and priority == 3
    assert await recomputed(desk) == 0
    assert await desk.one("SELECT state FROM doctor_slot") == "asked"
    page = await desk.page("slips")
    assert "ไปงานเลี้ยง" in page.text and "รอบัดดี้เยี่ยมภายใน 48 ชั่วโมง" in page.text
    assert "ไปงานเลี้ยง" not in str(await desk.root.fetchrow("SELECT * FROM slip"))
    other = await desk.slip(key=key, note="อีกเรื่อง")
    assert other.status_code == 409 and await desk.one("SELECT count(*) FROM slip") == 1


async def test_the_buddy_sees_when_to_go_and_not_why(desk: Desk) -> None:
    await visit(desk)
    await desk.slip(note="เหตุที่บัดดี้ไม่ควรเห็น")
    today = await desk.site.clients["somchai"].get("/chatturat/b/")
    assert desk.code in today.text and "เหตุที่บัดดี้" not in today.text and "พลั้งพลาด" not in today.text
    for path in ("slips", "endings", "follow-up", "drop-outs"):
        assert (await desk.page(path, "somchai")).status_code == 403
        assert (await desk.site.clients["kanya"].get(f"/phon/cases/{desk.code}/{path}")).status_code == 404
    await visit(desk)
    assert (await plan(desk))[3]
    assert await recomputed(desk) == 0
    assert "บัดดี้เยี่ยมแล้ว" in (await desk.page("slips")).text


async def test_an_answer_of_before_that_arrives_late_leaves_the_support(desk: Desk) -> None:
    await desk.slip()
    buddy = desk.here("somchai")
    async with within(buddy):
        sent = Sent(desk.code, uuid7(), How.WELL, buddy.now - timedelta(hours=5))
        assert (await followups.log_check_in(buddy, sent)).outcome == "saved"
    assert not (await plan(desk))[3]
    assert await recomputed(desk) == 0


async def test_undo_calls_support_off(desk: Desk) -> None:
    before = await plan(desk)
    await desk.slip()
    assert await plan(desk) != before
    for _ in range(2):
        assert (await desk.undo("slip")).status_code == 303
    assert await plan(desk) == before
    assert await desk.one("SELECT state FROM doctor_slot") == "dropped"
    assert "รอบัดดี้เยี่ยม" not in (await desk.page("slips")).text


async def test_a_slip_ends_the_row_of_negative_tests_and_neither_stage_nor_test_is_lost(desk: Desk) -> None:
    wipa = desk.here("wipa")
    for count in (40, 25, 10):
        async with within(wipa):
            await urine.record_test(wipa, desk.code, negative(desk, ago(desk, count)))
    await desk.root.execute("UPDATE case_step SET on_date = on_date - 100")
    session = await room.plan(desk.site, ago(desk, 60))
    await room.mark(desk.site, session, (desk.code, room.CAME))
    await room.doctor(desk.site, session)
    await room.close(desk.site, session)

    async def row() -> tuple[Any, ...]:
        found = "SELECT e.negatives, e.best_negatives, e.tests, e.broken_on, c.stage FROM case_evidence e, case_file c"
        return tuple(await desk.root.fetchrow(found))

    before = await row()
    assert before == (3, 3, 3, None, "in_treatment")
    first, second = str(uuid7()), str(uuid7())
    await desk.slip(key=first, **days("on", ago(desk, 30)))
    assert await row() == (2, 3, 3, ago(desk, 30), "in_treatment")
    said = f"เมื่อ {clock.long(ago(desk, 30))}"
    assert said in (await desk.page("pathway", "wipa")).text and said not in (await desk.page("pathway")).text
    await desk.slip(key=second, corrects=first, **days("on", ago(desk, 10)))
    assert await row() == (0, 3, 3, ago(desk, 10), "in_treatment")
    await desk.undo("slip")  # the correction
    assert await row() == (2, 3, 3, ago(desk, 30), "in_treatment")
    async with within(wipa):
        assert await tallies.recompute(wipa, [desk.case_id]) == []
    for _ in range(2):
        await desk.send(f"slips/{first}/withdrawal", why="เป็นของคนอื่น")
        assert await row() == before
    assert "เมื่อ" + " " + clock.long(ago(desk, 30)) not in (await desk.page("pathway", "wipa")).text


async def test_correcting_keeps_the_first_entry_and_asks_nobody_twice(desk: Desk) -> None:
    first, second = str(uuid7()), str(uuid7())
    await desk.slip(key=first)
    await visit(desk)
    answer = await desk.slip(key=second, corrects=first, told_by="self", **days("on", ago(desk, 3)))
    assert answer.status_code == 303
    assert (await plan(desk))[3] and await desk.one("SELECT count(*) FROM visit_turn") == 1
    again = await desk.slip(corrects=first)
    assert again.status_code == 409
    page = await desk.page(f"slips/{first}")
    assert "แก้ไขด้วยรายการภายหลัง" in page.text
    await desk.undo("slip")
    standing = await desk.root.fetch("SELECT id FROM slip WHERE undone_at IS NULL")
    assert [str(row["id"]) for row in standing] == [first]
    wrong = await desk.slip(corrects=first, **days("on", desk.today + timedelta(days=1)))
    assert wrong.status_code == 422 and "วันนี้ยังมาไม่ถึง" in wrong.text


async def test_withdrawing_says_why(desk: Desk) -> None:
    key = str(uuid7())
    await desk.slip(key=key)
    assert (await desk.send(f"slips/{key}/withdrawal", why="")).status_code == 422
    for _ in range(2):
        assert (await desk.send(f"slips/{key}/withdrawal", why="เป็นของคนอื่น")).status_code == 303
    assert "เป็นของคนอื่น" in (await desk.page(f"slips/{key}")).text
    assert await desk.one("SELECT count(*) FROM visit_turn WHERE undone_at IS NULL") == 0
    assert (await desk.send(f"slips/{uuid7()}/withdrawal", why="ไม่มี")).status_code == 404


async def test_use_after_completion_is_a_relapse_and_the_rounds_stay(desk: Desk) -> None:
    await desk.send("treatment-end", "wipa", key=str(uuid7()), **days("treated", ago(desk, 20)))
    rounds = await desk.root.fetch("SELECT number, due_on FROM follow_up_round ORDER BY number")
    await desk.slip(**days("on", ago(desk, 2)))
    await desk.slip(**days("on", ago(desk, 30)))
    text = (await desk.page("slips")).text
    assert "ใช้สารหลังบำบัดครบ" in text and "ใช้สารระหว่างการบำบัด" in text
    assert await desk.root.fetch("SELECT number, due_on FROM follow_up_round ORDER BY number") == rounds


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"told_by": ""}, "กรุณา"),
        ({"told_by": "police"}, "กรุณา"),
        ({"told_by": "round"}, "เลือกว่าใคร"),
        ({"on_day": "32"}, "ไม่มี"),
        ({"on_year": "x"}, "ปี"),
        ({"key": ""}, "กรุณา"),
        ({"note": "ก" * 1001}, ""),
    ],
)
async def test_a_bad_form_changes_nothing_and_keeps_what_was_typed(
    desk: Desk, wrong: dict[str, str], said: str
) -> None:
    answer = await desk.slip(**{"note": "ที่พิมพ์ไว้", **wrong})
    assert answer.status_code == 422 and said in answer.text
    assert "ที่พิมพ์ไว้" in answer.text or "note" in wrong
    assert await desk.one("SELECT count(*) FROM slip") == 0


async def test_a_day_before_the_case_is_refused(desk: Desk) -> None:
    answer = await desk.slip(**days("on", ago(desk, 101)))
    assert answer.status_code == 422 and "อยู่ก่อนวันที่เปิดราย" in answer.text


async def test_the_time_with_the_doctor(desk: Desk) -> None:
    key, on = str(uuid7()), days("slot_on", desk.today)
    await desk.slip(key=key)
    path = f"slips/{key}/slot"
    assert (await desk.send(path, was="asked", slot="booked")).status_code == 422
    for _ in range(2):
        assert (await desk.send(path, was="asked", slot="booked", **on)).status_code == 303
    late = await desk.send(path, "wipa", was="asked", slot="seen", **on)
    assert late.status_code == 409
    tomorrow = days("slot_on", desk.today + timedelta(days=1))
    assert (await desk.send(path, "wipa", was="booked", slot="seen", **tomorrow)).status_code == 422
    assert (await desk.send(path, "wipa", was="booked", slot="seen", **on)).status_code == 303
    assert (await desk.send(f"slips/{uuid7()}/slot", was="asked", slot="dropped")).status_code == 404
    await desk.undo("slip")
    assert await desk.one("SELECT state FROM doctor_slot") == "seen"  # what took place is not undone
