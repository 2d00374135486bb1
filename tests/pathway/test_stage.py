"""Telling evidence moves the stage; a reason leaves a condition out; both are harmless twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from khuen import clock
from khuen.cases.rules import Stage
from khuen.errors import KeyReused, NotFound
from khuen.ids import uuid7
from khuen.pathway import service
from khuen.tenancy import Here, within
from tests.care import Site
from tests.followups.flights import counted
from workers import followups, pathway

DONE: dict[str, Any] = {
    "sessions": 16,
    "missed": 0,
    "tests": 6,
    "negatives": 4,
    "best_negatives": 4,
    "visits": 12,
    "courses": 1,
}


def nok(site: Site) -> Here:
    return site.chatturat.here("nok", clock.now())


async def told(site: Site, code: str, **facts: Any) -> None:
    here = nok(site)
    async with within(here):
        await service.heard(here, {site.chatturat.cases[code]: facts})


async def stage(root: Any, code: str) -> tuple[str, bool]:
    row = await root.fetchrow("SELECT stage, ready FROM case_file WHERE code = $1", code)
    return row["stage"], row["ready"]


async def test_evidence_moves_the_stage_and_correcting_it_moves_it_back(site: Site, root: Any) -> None:
    code, today = await site.case(), nok(site).today
    began = today - timedelta(weeks=16)
    assert await stage(root, code) == ("enrolled", False)
    for _ in range(2):
        await told(site, code, started_on=began)
        assert await stage(root, code) == ("in_treatment", False)
    await told(site, code, screened_on=began)
    await told(site, code, **DONE)
    assert await stage(root, code) == ("awaiting_doctor", True)
    await told(site, code, negatives=0)  # a slip: not ready now, nothing taken away
    assert await stage(root, code) == ("awaiting_doctor", False)
    await told(site, code, started_on=None)  # the attendance was another person's
    assert await stage(root, code) == ("enrolled", False)
    steps = await root.fetch("SELECT stage FROM case_step ORDER BY recorded_at, id")
    assert [row["stage"] for row in steps] == ["enrolled", "in_treatment", "awaiting_doctor", "enrolled"]


async def test_a_closed_file_stays_closed_whatever_is_told_late(site: Site, root: Any) -> None:
    code = await site.case()
    await told(site, code, closed_on=nok(site).today)
    await told(site, code, **DONE)
    assert (await stage(root, code))[0] == "closed"


async def test_what_a_room_does_not_know_it_cannot_tell(site: Site) -> None:
    code = await site.case()
    for facts in ({"stated": None}, {"sessions; DROP TABLE person": 1}, {"consents": 1}):
        with pytest.raises(ValueError):
            await told(site, code, **facts)


async def test_weeks_pass_by_themselves_at_night(site: Site, root: Any) -> None:
    code, today = await site.case(), nok(site).today
    await told(site, code, screened_on=today, started_on=today - timedelta(weeks=16, days=-1), **DONE)
    assert await stage(root, code) == ("in_treatment", False)
    await root.execute("UPDATE case_evidence SET started_on = started_on - 1")
    for _ in range(2):
        assert await pathway.settle() == 0
        assert await stage(root, code) == ("awaiting_doctor", True)


async def test_a_condition_is_left_out_with_a_reason_and_counts_again(site: Site, root: Any) -> None:
    code, key = await site.case(), str(uuid7())
    form = {"key": key, "condition": "training", "reason": "มีงานประจำแล้ว"}
    for _ in range(2):
        answer = await site.clients["nok"].post(f"/chatturat/cases/{code}/skips", data=form)
        assert answer.status_code == 303
    page = await site.clients["nok"].get(f"/chatturat/cases/{code}/pathway")
    assert "มีงานประจำแล้ว" in page.text
    again = await site.clients["nok"].post(f"/chatturat/cases/{code}/skips", data=form | {"key": str(uuid7())})
    assert again.status_code == 409 and "มีผู้ยกเว้นข้อนี้ไว้แล้ว" in again.text
    other = await site.clients["nok"].post(f"/chatturat/cases/{code}/skips", data=form | {"reason": "อีกเหตุผล"})
    assert other.status_code == 409
    token = await root.fetchval("SELECT id FROM undo WHERE kind = 'condition_skip' ORDER BY made_at, id LIMIT 1")
    assert (await site.clients["nok"].post(f"/chatturat/undo/{token}")).status_code == 303
    assert await root.fetchval("SELECT count(*) FROM condition_skip WHERE undone_at IS NULL") == 0
    tags = await root.fetch("SELECT tag FROM audit WHERE tag LIKE 'condition:%' ORDER BY seq")
    assert [row["tag"] for row in tags] == ["condition:skipped", "condition:counts_again"]


@pytest.mark.parametrize(
    "wrong", [{"reason": ""}, {"reason": "ก"}, {"condition": "consent"}, {"condition": "x"}, {"key": ""}]
)
async def test_a_bad_form_changes_nothing_and_keeps_what_was_typed(
    site: Site, root: Any, wrong: dict[str, str]
) -> None:
    code = await site.case()
    form = {"key": str(uuid7()), "condition": "training", "reason": "มีงานประจำแล้ว"} | wrong
    answer = await site.clients["nok"].post(f"/chatturat/cases/{code}/skips", data=form)
    assert answer.status_code == (404 if wrong == {"condition": "consent"} else 422)
    assert form["reason"] in answer.text or answer.status_code == 404
    assert await root.fetchval("SELECT count(*) FROM condition_skip") == 0


async def test_whoever_coordinates_never_sees_how_many_tests_were_negative(site: Site) -> None:
    code = await site.case()
    await told(site, code, started_on=nok(site).today, tests=7, negatives=3, best_negatives=3)
    path = f"/chatturat/cases/{code}/pathway"
    coordinator, doctor = await site.clients["nok"].get(path), await site.clients["wipa"].get(path)
    assert "ตรวจแล้ว 7 ครั้ง" in coordinator.text and "3 จาก 4" not in coordinator.text
    assert "3 จาก 4" in doctor.text
    assert "ตัวอย่าง" in coordinator.text.partition("<h1")[2].partition("</h1>")[0], "whose way it is"


async def test_undoing_what_is_no_skip_is_not_found(site: Site) -> None:
    here = nok(site)
    async with within(here):
        with pytest.raises(NotFound):
            await service.undo_skip(here, uuid7())
        with pytest.raises(NotFound):
            await service.way(here, "CTR-999999")
    code, key = await site.case(), uuid7()
    async with within(here):
        await service.skip(here, code, "weeks", "ย้ายมาจากที่อื่น", key)
    async with within(here):
        with pytest.raises(KeyReused):
            await service.skip(here, code, "tests", "ย้ายมาจากที่อื่น", key)
    async with within(here):
        assert (await service.skips(here, site.chatturat.cases[code])) == {"weeks": key}
        assert [way.stage for way in await service.ways(here)] == [Stage.ENROLLED]


async def test_the_buddys_visits_are_counted_at_night(site: Site, root: Any) -> None:
    code = await site.case()
    for how in ("well", "not_found", "worrying"):
        form = {"key": str(uuid7()), "how": how}
        await site.clients["somchai"].post(f"/chatturat/cases/{code}/check-ins", data=form)
    token = await root.fetchval("SELECT id FROM check_in WHERE how = 'well'")
    await site.clients["somchai"].post(f"/chatturat/undo/{token}")
    for _ in range(2):
        assert await followups.recompute() == 0
        assert await root.fetchval("SELECT visits FROM case_evidence") == 1


async def test_a_whole_roster_moves_in_as_many_flights_as_two(site: Site, root: Any) -> None:
    flights = []
    for size in (2, 7):
        codes = [await site.case(None) for _ in range(size)]
        here = nok(site)
        async with counted() as sent, within(here):
            await service.heard(here, {site.chatturat.cases[code]: {"started_on": here.today} for code in codes})
        flights.append(len(sent))
        assert {await stage(root, code) for code in codes} == {("in_treatment", False)}
    assert flights[0] == flights[1], flights
    assert await root.fetchval("SELECT count(*) FROM case_step WHERE stage = 'in_treatment'") == 9
