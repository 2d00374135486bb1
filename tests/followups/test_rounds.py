"""A round is recorded, corrected and taken back; the list shows what can be made now."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from khuen import packs
from khuen.followups import rounds
from khuen.ids import uuid7
from khuen.tenancy import within
from tests.endings.conftest import Desk, ago, days, desk, site
from workers import followups

__all__ = ["desk", "site"]


async def treated(desk: Desk, count: int) -> None:
    form = {"key": str(uuid7()), **days("treated", ago(desk, count))}
    assert (await desk.send("treatment-end", "wipa", **form)).status_code == 303


def form(desk: Desk, **more: Any) -> dict[str, Any]:
    return {
        "key": str(uuid7()),
        "number": "1",
        "result": "abstinent",
        "method": "home_visit",
        **days("on", desk.today),
        **more,
    }


async def test_a_round_is_recorded_corrected_and_taken_back(desk: Desk) -> None:
    assert "จะวางเมื่อบำบัดครบ" in (await desk.page("follow-up")).text
    await treated(desk, 14)
    sent = form(desk, note="ทำงานที่ร้านได้ดี (ตัวอย่าง)")
    for _ in range(2):
        assert (await desk.send("follow-up", **sent)).status_code == 303
    page = (await desk.page("follow-up")).text
    assert "ทำงานที่ร้านได้ดี" in page and "ไม่ใช้สาร" in page
    assert "ทำงานที่ร้าน" not in str(await desk.root.fetchrow("SELECT * FROM follow_up_result"))
    assert (await desk.send("follow-up", **sent | {"result": "relapse"})).status_code == 409
    assert (await desk.send("follow-up", "wipa", **form(desk, result="relapse"))).status_code == 303
    assert await desk.one("SELECT result FROM follow_up_round WHERE number = 1") == "relapse"
    for _ in range(2):
        assert (await desk.undo("follow_up_result", "wipa")).status_code == 303
    assert await desk.one("SELECT result FROM follow_up_round WHERE number = 1") == "abstinent"
    await desk.undo("follow_up_result")
    assert await desk.one("SELECT result FROM follow_up_round WHERE number = 1") is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"number": "2"}, "อยู่ก่อนช่วง"),
        ({"result": ""}, "กรุณา"),
        ({"method": "fax"}, "กรุณา"),
        ({"on_day": "31", "on_month": "2"}, "ไม่มี"),
        ({"number": "x"}, ""),
    ],
)
async def test_a_bad_form_changes_nothing_and_keeps_what_was_typed(
    desk: Desk, wrong: dict[str, str], said: str
) -> None:
    await treated(desk, 14)
    answer = await desk.send("follow-up", **form(desk, note="ที่พิมพ์ไว้", **wrong))
    assert answer.status_code == 422 and said in answer.text
    assert await desk.one("SELECT count(*) FROM follow_up_result") == 0


async def test_days_outside_the_round_are_refused(desk: Desk) -> None:
    await treated(desk, 60)
    for on, said in (
        (desk.today + timedelta(days=1), "ยังมาไม่ถึง"),
        (ago(desk, 59), "อยู่ก่อนช่วง"),
        (ago(desk, 1), "พ้นรอบนี้แล้ว"),
    ):
        answer = await desk.send("follow-up", **form(desk, **days("on", on)))
        assert answer.status_code == 422 and said in answer.text
    assert (await desk.send("follow-up", **form(desk, **days("on", ago(desk, 46))))).status_code == 303  # entered late


async def test_a_round_that_is_not_planned_is_not_found(desk: Desk) -> None:
    assert (await desk.send("follow-up", **form(desk))).status_code == 404
    await treated(desk, 14)
    assert (await desk.send("follow-up", **form(desk, number="8"))).status_code == 404


async def test_another_day_moves_the_rounds_and_keeps_their_results(desk: Desk) -> None:
    await treated(desk, 14)
    await desk.send("follow-up", **form(desk))
    here = desk.here()
    async with within(here):
        pack = await packs.pack(here, desk.site.chatturat.pack_id)
        await rounds.plan(here, {desk.case_id: (ago(desk, 15), pack)})
    row = await desk.root.fetchrow("SELECT due_on, result FROM follow_up_round WHERE number = 1")
    assert tuple(row) == (ago(desk, 1), "abstinent")


async def test_every_night_rounds_are_what_the_rule_says(desk: Desk) -> None:
    await treated(desk, 60)
    assert await followups.recompute_rounds() == 0
    await desk.root.execute("UPDATE follow_up_round SET due_on = opens_on WHERE number = 2")
    here = desk.here()
    for expected in (1, 0):
        async with within(here):
            assert await rounds.recompute_part(here, None) == (None, expected)
    assert await desk.one("SELECT count(*) FROM follow_up_round WHERE due_on = opens_on") == 0


async def test_the_list_shows_open_and_late_rounds_until_they_are_made(desk: Desk) -> None:
    clients = desk.site.clients
    assert "ไม่มีรอบที่ต้องติดตาม" in (await clients["nok"].get("/chatturat/follow-ups")).text
    await treated(desk, 14)
    page = await clients["nok"].get("/chatturat/follow-ups")
    assert desk.code in page.text and "ถึงรอบแล้ว" in page.text and "2 สัปดาห์" in page.text
    assert desk.code not in (await clients["nok"].get("/chatturat/follow-ups?show=late")).text
    await desk.root.execute("UPDATE follow_up_round SET due_on = $1, closes_on = $1 WHERE number = 1", ago(desk, 1))
    assert desk.code in (await clients["nok"].get("/chatturat/follow-ups?show=late&page=1")).text
    await desk.send("follow-up", **form(desk, result="not_found"))
    assert "ครั้งก่อนไม่พบตัว" in (await clients["nok"].get("/chatturat/follow-ups")).text
    await desk.send("follow-up", **form(desk))
    assert desk.code not in (await clients["nok"].get("/chatturat/follow-ups")).text
    assert (await clients["kanya"].get("/phon/follow-ups")).status_code == 200
    assert desk.code not in (await clients["kanya"].get("/phon/follow-ups")).text
    assert (await clients["somchai"].get("/chatturat/follow-ups")).status_code == 403


async def test_the_last_round_completes_the_follow_up_and_the_file_may_end_so(desk: Desk) -> None:
    await desk.age(400)
    await treated(desk, 370)
    assert "ติดตามครบทุกรอบ" not in (await desk.page("endings")).text
    for row in await desk.root.fetch("SELECT number, due_on FROM follow_up_round"):
        sent = form(desk, number=str(row["number"]), **days("on", min(row["due_on"], desk.today)))
        assert (await desk.send("follow-up", **sent)).status_code == 303
    assert "ติดตามครบทุกรอบแล้ว" in (await desk.page("follow-up")).text
    assert (await desk.close(kind="follow_up_completed")).status_code == 303
    assert await desk.one("SELECT exit_code FROM case_ending") == "07"
    assert (await desk.send("follow-up", **form(desk))).status_code == 409
