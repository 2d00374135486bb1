"""Planning sessions every week or one by one, moving, cancelling, holding them after all."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest

from khuen import clock, packs
from khuen.errors import Conflict, Invalid, KeyReused, NotFound
from khuen.ids import uuid7
from khuen.tenancy import within
from khuen.treatment import calendar_rules, sessions
from khuen.treatment.calendar_rules import Weekly
from khuen.treatment.rules import Kind
from tests.care import Site
from tests.treatment import room
from tests.treatment.room import CAME, here, new


async def planned(site: Site, root: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await root.fetch("SELECT on_date, state FROM session ORDER BY on_date")]


async def test_a_series_is_a_row_for_every_week_and_a_holiday_is_kept_with_its_word(site: Site, root: Any) -> None:
    nok, key = here(site), uuid7()
    async with within(nok):
        holiday = max((await packs.settings_of(nok)).holidays.dates)
    weekly = Weekly(holiday.weekday(), time(9, 0), holiday - timedelta(14), holiday + timedelta(7))
    for _ in range(2):
        async with within(nok):
            assert await sessions.plan_series(nok, key, new(site), weekly) == (4, 1)
    states = ["planned", "planned", "cancelled", "planned"]
    assert [state for _, state in await planned(site, root)] == states, "twice with one key plans once"
    async with within(nok):
        line = (await sessions.calendar(nok, holiday, holiday))[0]
    assert line.reason == sessions.HOLIDAY
    page = await site.clients["nok"].get(f"/chatturat/sessions?w={holiday}")
    assert "ตรงกับวันหยุด" in page.text
    with pytest.raises(KeyReused):
        async with within(nok):
            await sessions.plan_series(nok, key, new(site, place="ที่อื่น"), weekly)


async def test_a_series_that_cannot_be_is_refused_at_its_field(site: Site) -> None:
    nok, on = here(site), date(2026, 12, 1)
    with pytest.raises(Invalid) as refused:
        async with within(nok):
            await sessions.plan_series(nok, uuid7(), new(site), Weekly(1, time(9, 0), on, on - timedelta(1)))
    assert refused.value.fields == {"until": calendar_rules.UNTIL_BEFORE}


async def test_another_districts_project_is_not_there(site: Site) -> None:
    nok = here(site)
    with pytest.raises(NotFound):
        async with within(nok):
            await sessions.add_session(nok, uuid7(), new(site, project_id=site.phon.project_id), nok.now)


async def test_one_session_is_planned_once_by_its_key(site: Site, root: Any) -> None:
    nok, key = here(site), uuid7()
    for _ in range(2):
        async with within(nok):
            await sessions.add_session(nok, key, new(site), calendar_rules.moment(nok.today, time(9, 0)))
    assert len(await planned(site, root)) == 1
    with pytest.raises(KeyReused):
        async with within(nok):
            await sessions.add_session(nok, key, new(site), calendar_rules.moment(nok.today, time(10, 0)))


async def test_a_session_is_moved_with_a_reason_until_somebody_is_marked(site: Site) -> None:
    nok, code, it, key = here(site), await room.person(site), await room.plan(site), uuid7()
    later = calendar_rules.moment(nok.today + timedelta(2), time(13, 0))
    for _ in range(2):
        async with within(nok):
            await sessions.move(nok, it, key, later, "ฝนตกหนัก (ตัวอย่าง)")
    async with within(nok):
        assert [line.starts_at for line in await sessions.calendar(nok, nok.today, nok.today + timedelta(2))] == [later]
    page = await site.clients["nok"].get(f"/chatturat/sessions/{it}")
    assert "ฝนตกหนัก" in page.text and "เลื่อนจาก" in page.text
    with pytest.raises(KeyReused):
        async with within(nok):
            await sessions.move(nok, it, key, later, "เหตุผลอื่น")
    await room.mark(site, it, (code, CAME), days=2)
    for act in (sessions.move(nok, it, uuid7(), later, "อีกครั้ง"), sessions.cancel(nok, it, uuid7(), "อีกครั้ง")):
        with pytest.raises(Conflict, match="marked"):
            async with within(nok):
                await act


async def test_a_session_is_cancelled_and_held_after_all(site: Site, root: Any) -> None:
    nok, it, key = here(site), await room.plan(site), uuid7()
    for _ in range(2):
        async with within(nok):
            await sessions.cancel(nok, it, key, "แพทย์ป่วย (ตัวอย่าง)")
    assert [state for _, state in await planned(site, root)] == ["cancelled"]
    async with within(nok):
        await sessions.restore(nok, it, uuid7())
    assert [state for _, state in await planned(site, root)] == ["planned"]
    with pytest.raises(Conflict):
        async with within(nok):
            await sessions.restore(nok, it, uuid7())
    await room.close(site, it, Kind.OTHER)
    with pytest.raises(Conflict, match="stays where it is"):
        async with within(nok):
            await sessions.cancel(nok, it, uuid7(), "ภายหลัง")


async def test_a_stranger_moves_nothing(site: Site) -> None:
    kanya, it = site.phon.here("kanya", clock.now()), await room.plan(site)
    for act in (sessions.cancel(kanya, it, uuid7(), "ฝนตก"), sessions.restore(kanya, it, uuid7())):
        with pytest.raises(NotFound):
            async with within(kanya):
                await act


async def test_the_form_plans_and_keeps_what_was_typed_when_it_cannot(site: Site, root: Any) -> None:
    nok = site.clients["nok"]
    form = {"key": str(uuid7()), "project": str(site.chatturat.project_id), "kind": "other", "minutes": "60"}
    form |= {"place": "ศาลา <กลาง>", "at": "25:00", "on_day": "30", "on_month": "2", "on_year": "67"}
    refused = await nok.post("/chatturat/sessions", data=form)
    assert refused.status_code == 422 and "ศาลา &lt;กลาง&gt;" in refused.text
    for word in ("ใส่ชื่อกิจกรรม", "ใส่เวลา เช่น 13:30"):
        assert word in refused.text
    good = form | {"title": "ปลูกผัก", "at": "๑๓.๓๐", "on_day": "31", "on_month": "ม.ค.", "on_year": "2570"}
    good |= {"repeats": "yes", "until_day": "28", "until_month": "2", "until_year": "70"}
    answer = await nok.post("/chatturat/sessions", data=good)
    assert answer.status_code == 303 and answer.headers["location"] == "/chatturat/sessions?w=2027-01-31"
    assert [on for on, _ in await planned(site, root)] == [date(2027, 1, 31) + timedelta(7 * n) for n in range(5)]
    for address in ("sessions?w=nonsense", "sessions?w=9999-12-31", "sessions?m=2027-02-01", "sessions/new"):
        assert (await nok.get(f"/chatturat/{address}")).status_code == 200
    assert (await site.clients["wipa"].get("/chatturat/sessions/new")).status_code == 200
    assert (await site.clients["somchai"].get("/chatturat/sessions")).status_code == 403


async def test_moving_and_cancelling_on_the_page_want_a_reason(site: Site) -> None:
    nok, it = site.clients["nok"], await room.plan(site)
    today = clock.day(clock.now())
    day = {"on_day": str(today.day), "on_month": str(today.month), "on_year": str(today.year)}
    form = {"key": str(uuid7()), "at": "10:00", **day}
    assert (await nok.post(f"/chatturat/sessions/{it}/move", data=form)).status_code == 422
    assert (await nok.post(f"/chatturat/sessions/{it}/move", data=form | {"reason": "ฝนตก"})).status_code == 303
    assert (await nok.post(f"/chatturat/sessions/{it}/cancellation", data=form)).status_code == 422
    gone = form | {"key": str(uuid7()), "cancel_reason": "ฝนตก"}
    assert (await nok.post(f"/chatturat/sessions/{it}/cancellation", data=gone)).status_code == 303
    assert "กลับมาจัด" in (await nok.get(f"/chatturat/sessions/{it}")).text


async def test_a_paper_roster_is_written_down_once_with_its_count(site: Site, root: Any) -> None:
    it = await room.plan(site)
    await room.person(site)
    page = await site.clients["nok"].get(f"/chatturat/sessions/{it}/sheet")
    assert "ลายมือชื่อ" in page.text and "ผู้ที่ต้องมา 1 คน" in page.text
    details = [row["detail"] for row in await root.fetch("SELECT detail FROM audit WHERE tag = 'document:made'")]
    assert details == ['{"count":1,"kind":"roster"}']
