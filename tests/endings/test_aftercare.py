"""Use that a follow-up round tells of is a relapse with support; correcting or undoing the round takes it along."""

from __future__ import annotations

from typing import Any

import pytest

from khuen.ids import uuid7
from tests.endings.conftest import Desk, ago, days


async def record(desk: Desk, result: str, name: str = "nok", **form: Any) -> str:
    sent = {"key": str(uuid7()), "number": "1", "result": result, "method": "phone", **days("on", desk.today), **form}
    answer = await desk.send("follow-up", name, **sent)
    assert answer.status_code == 303, answer.text
    return str(sent["key"])


async def standing(desk: Desk) -> list[tuple[Any, ...]]:
    rows = await desk.root.fetch(
        """SELECT s.on_date, s.told_by, t.undone_at IS NULL AS visit, d.state FROM slip s
        JOIN visit_turn t ON t.id = coalesce(s.corrects_id, s.id) JOIN doctor_slot d ON d.id = t.id
        WHERE s.undone_at IS NULL"""
    )
    return [tuple(row) for row in rows]


@pytest.fixture
async def treated(desk: Desk) -> Desk:
    await desk.send("treatment-end", "wipa", key=str(uuid7()), **days("treated", ago(desk, 14)))
    return desk


@pytest.mark.parametrize("result", ["relapse", "reduced"])
async def test_use_told_in_a_round_is_a_relapse_with_its_support(treated: Desk, result: str) -> None:
    desk, key = treated, str(uuid7())
    for _ in range(2):  # harmless twice
        await record(desk, result, key=key)
    assert await standing(desk) == [(desk.today, "round", True, "asked")]
    assert await desk.one("SELECT broken_on IS NULL AND ended_on IS NOT NULL FROM case_evidence")
    page = (await desk.page("slips")).text
    assert "ใช้สารหลังบำบัดครบ" in page and "ทราบจากรอบติดตาม" in page and "รอบัดดี้เยี่ยมภายใน 48 ชั่วโมง" in page
    assert f"/chatturat/cases/{desk.code}/slips" in (await desk.page("follow-up")).text.split("timeline")[1]
    today = (await desk.site.clients["somchai"].get("/chatturat/b/")).text
    assert desk.code in today and "หลังบำบัด" not in today
    for _ in range(2):
        assert (await desk.undo("follow_up_result")).status_code == 303
    assert await standing(desk) == []
    assert await desk.one("SELECT state FROM doctor_slot") == "dropped"
    assert await desk.one("SELECT result FROM follow_up_round WHERE number = 1") is None


@pytest.mark.parametrize("result", ["abstinent", "refused", "not_found"])
async def test_a_round_that_tells_of_no_use_makes_no_event(treated: Desk, result: str) -> None:
    await record(treated, result)
    assert await treated.one("SELECT count(*) FROM slip") == 0


async def test_correcting_the_round_takes_its_event_along_and_undoing_brings_it_back(treated: Desk) -> None:
    desk = treated
    await record(desk, "relapse", **days("on", ago(desk, 2)))
    stands = [(ago(desk, 2), "round", True, "asked")]
    second = await record(desk, "abstinent")
    assert await standing(desk) == []
    for _ in range(2):
        await desk.undo("follow_up_result")
        assert await standing(desk) == stands
    await record(desk, "reduced", "wipa", **days("on", ago(desk, 1)))  # another day: one event, asked for once
    assert await standing(desk) == [(ago(desk, 1), "round", True, "asked")]
    await record(desk, "abstinent", key=second)  # a phone that sends an old answer again changes nothing
    assert await standing(desk) == [(ago(desk, 1), "round", True, "asked")]
    await desk.undo("follow_up_result", "wipa")
    assert await standing(desk) == stands
    assert await desk.one("SELECT count(*) FROM visit_turn") == await desk.one("SELECT count(*) FROM doctor_slot") == 1


async def test_the_entry_of_a_round_may_be_corrected_like_any_other(treated: Desk) -> None:
    desk = treated
    await record(desk, "relapse")
    first = await desk.one("SELECT id FROM slip")
    assert 'value="round"' in (await desk.page(f"slips/{first}")).text
    answer = await desk.slip(corrects=str(first), told_by="round", **days("on", ago(desk, 3)))
    assert answer.status_code == 303
    await record(desk, "abstinent")
    assert await standing(desk) == []
