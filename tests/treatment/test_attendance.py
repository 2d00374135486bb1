"""Marking who came: rows, rosters as of a day, and who has to be asked after."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from khuen import clock
from khuen.cases.rules import Stage
from khuen.errors import Conflict, Invalid, KeyReused, NotFound
from khuen.ids import uuid7
from khuen.tenancy import within
from khuen.treatment import asking, rules, service
from khuen.treatment.rules import Kind, Mark, Said
from khuen.treatment.service import Marked
from tests.care import Site
from tests.treatment import room
from tests.treatment.room import CAME, ILL, here, key_of


async def roster(site: Site, session_id: Any) -> dict[str, Said | None]:
    nok = here(site)
    async with within(nok):
        return {one.code: one.said for one in await service.roster(nok, await service.session(nok, session_id))}


async def absences(site: Site) -> list[str]:
    nok = here(site)
    async with within(nok):
        return [one.code for one in await asking.open_absences(nok)]


async def test_a_mark_is_a_row_and_the_newest_stands(site: Site, root: Any) -> None:
    code, it = await room.person(site), await room.plan(site)
    for said in (CAME, ILL, CAME):
        await room.mark(site, it, (code, said))
        assert (await roster(site, it))[code] == said
    assert await root.fetchval("SELECT count(*) FROM attendance") == 3


async def test_a_roster_is_who_was_in_care_on_that_day(site: Site) -> None:
    today = clock.day(clock.now())
    early, late, through = [await room.person(site, today - timedelta(days)) for days in (30, 2, 40)]
    await room.reach(site, through, Stage.AWAITING_DOCTOR, today - timedelta(5))
    before, after = await room.plan(site, today - timedelta(7)), await room.plan(site)
    assert set(await roster(site, before)) == {early, through}
    assert set(await roster(site, after)) == {early, late}, "whoever enrols late joins later rosters"


@pytest.mark.parametrize("order", [(Stage.IN_TREATMENT, Stage.CLOSED), (Stage.CLOSED, Stage.IN_TREATMENT)])
async def test_the_statement_agrees_with_the_rule(site: Site, order: tuple[Stage, Stage]) -> None:
    """Two steps of one day: the one recorded last."""
    today = clock.day(clock.now())
    code, it = await room.person(site), await room.plan(site)
    for stage in order:
        await room.reach(site, code, stage, today - timedelta(3))
    assert (code in await roster(site, it)) == (order[-1] is Stage.IN_TREATMENT)


async def test_attendance_for_somebody_not_yet_enrolled_is_refused_in_thai(site: Site) -> None:
    today = clock.day(clock.now())
    code, other = await room.person(site, today - timedelta(2)), await room.person(site)
    it = await room.plan(site, today - timedelta(7))
    with pytest.raises(Invalid) as refused:
        await room.mark(site, it, (other, CAME), (code, CAME))
    assert refused.value.fields == {code: rules.NOT_YET_ENROLLED}
    assert (await roster(site, it)) == {other: None}, "nothing is written"
    nok = site.clients["nok"]
    form = {f"key.{code}": str(uuid7()), f"here.{code}": "yes"}
    answer = await nok.post(f"/chatturat/sessions/{it}/attendance", data=form)
    assert answer.status_code == 422 and "วันนั้นผู้เข้าร่วมคนนี้ยังไม่ได้ลงทะเบียน" in answer.text


async def test_whoever_left_before_is_refused_too(site: Site) -> None:
    today = clock.day(clock.now())
    code, it = await room.person(site), await room.plan(site)
    await room.reach(site, code, Stage.CLOSED, today - timedelta(3))
    with pytest.raises(Invalid):
        await room.mark(site, it, (code, CAME))


async def test_a_back_dated_session_is_marked_and_says_so(site: Site) -> None:
    code = await room.person(site)
    it = await room.plan(site, clock.day(clock.now()) - timedelta(3))
    await room.mark(site, it, (code, CAME))
    page = await site.clients["nok"].get(f"/chatturat/sessions/{it}")
    assert "บันทึกย้อนหลัง" in page.text


async def test_a_session_that_lies_ahead_cannot_be_marked(site: Site) -> None:
    code, it = await room.person(site), await room.plan(site, clock.day(clock.now()) + timedelta(1))
    with pytest.raises(Invalid, match="not come yet"):
        await room.mark(site, it, (code, CAME))
    await room.mark(site, it, (code, CAME), days=1)


async def test_the_same_mark_twice_is_harmless_and_another_one_under_its_key_is_refused(site: Site, root: Any) -> None:
    code, it, key, nok = await room.person(site), await room.plan(site), uuid7(), here(site)
    for _ in range(2):
        async with within(nok):
            await service.record_attendance(nok, it, [Marked(key, code, ILL)])
    assert await root.fetchval("SELECT count(*) FROM attendance") == 1
    assert await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'attendance:marked'") == 1
    with pytest.raises(KeyReused):
        async with within(nok):
            await service.record_attendance(nok, it, [Marked(key, code, CAME)])


async def test_a_stranger_finds_neither_session_nor_person(site: Site) -> None:
    code, it = await room.person(site), await room.plan(site)
    kanya = site.phon.here("kanya", clock.now())
    with pytest.raises(NotFound):
        async with within(kanya):
            await service.record_attendance(kanya, it, [Marked(uuid7(), code, CAME)])
    with pytest.raises(NotFound):
        await room.mark(site, it, ("CTR-9999", CAME))
    answer = await site.clients["kanya"].get(f"/phon/sessions/{it}")
    assert answer.status_code == 404


async def test_an_absence_asks_for_contact_and_coming_after_all_ends_it(site: Site, root: Any) -> None:
    code, excused, it = await room.person(site), await room.person(site), await room.plan(site)
    await room.mark(site, it, (code, ILL), (excused, Said(Mark.EXCUSED)))
    assert await absences(site) == [code]
    due = await root.fetchval("SELECT due_on FROM absence_task")
    assert due == clock.day(clock.now()) + timedelta(3), "the district's setting"
    await room.mark(site, it, (code, CAME))
    assert await absences(site) == []
    await room.mark(site, it, (code, ILL))
    assert await absences(site) == [code]
    assert await root.fetchval("SELECT count(*) FROM absence_task") == 1


async def test_a_contact_that_reached_somebody_closes_the_task(site: Site, root: Any) -> None:
    code, it = await room.person(site), await room.plan(site)
    await room.mark(site, it, (code, ILL))
    nok = site.clients["nok"]
    page = await nok.get("/chatturat/absences")
    task = await root.fetchval("SELECT id FROM absence_task")
    empty = await nok.post(f"/chatturat/absences/{task}/contacts", data={"key": key_of(page.text, "key")})
    assert empty.status_code == 422 and "aria-invalid" in empty.text
    first = {"key": str(uuid7()), "reached": "no", "note": "ไม่รับสาย (ตัวอย่าง)"}
    for _ in range(2):
        assert (await nok.post(f"/chatturat/absences/{task}/contacts", data=first)).status_code == 303
    assert await absences(site) == [code] and "ติดต่อแล้ว 1 ครั้ง" in (await nok.get("/chatturat/absences")).text
    second = {"key": str(uuid7()), "reached": "yes", "note": "ลูกป่วย (ตัวอย่าง)"}
    assert (await nok.post(f"/chatturat/absences/{task}/contacts", data=second)).status_code == 303
    assert await absences(site) == []
    other = await nok.post(f"/chatturat/absences/{task}/contacts", data=second | {"note": "อย่างอื่น"})
    assert other.status_code == 409
    assert "ลูกป่วย" in (await nok.get(f"/chatturat/cases/{code}/treatment")).text
    assert "ลูกป่วย".encode() not in await root.fetchval("SELECT string_agg(note_sealed, '') FROM absence_contact")


async def test_the_whole_roster_is_saved_at_once_without_scripts(site: Site, root: Any) -> None:
    codes, it = [await room.person(site) for _ in range(3)], await room.plan(site)
    nok = site.clients["nok"]
    page = (await nok.get(f"/chatturat/sessions/{it}")).text
    form = {f"key.{code}": key_of(page, f"key.{code}") for code in codes}
    form |= {f"was.{code}": "" for code in codes}
    form |= {f"here.{codes[0]}": "yes", f"why.{codes[1]}": "work"}
    for _ in range(2):
        assert (await nok.post(f"/chatturat/sessions/{it}/attendance", data=form)).status_code == 303
    said = await roster(site, it)
    assert [said[code] and said[code].code for code in codes] == ["present", "work", None]  # type: ignore[union-attr]
    assert await root.fetchval("SELECT count(*) FROM attendance") == 2
    page = (await nok.get(f"/chatturat/sessions/{it}")).text
    unticked = {f"key.{codes[0]}": key_of(page, f"key.{codes[0]}"), f"was.{codes[0]}": "present"}
    await nok.post(f"/chatturat/sessions/{it}/attendance", data=unticked)
    assert (await roster(site, it))[codes[0]] == Said(Mark.ABSENT, rules.Reason.UNKNOWN)
    unchanged = {f"key.{codes[1]}": str(uuid7()), f"was.{codes[1]}": "work", f"why.{codes[1]}": "work"}
    await nok.post(f"/chatturat/sessions/{it}/attendance", data=unchanged)
    assert await root.fetchval("SELECT count(*) FROM attendance") == 3, "what says nothing new is no row"
    late = {f"key.{codes[2]}": str(uuid7()), f"was.{codes[2]}": "", f"here.{codes[2]}": "yes", "find": codes[0][-4:]}
    found = await nok.post(f"/chatturat/sessions/{it}/attendance", data=late)
    assert found.status_code == 200 and (await roster(site, it))[codes[2]] == CAME, "no tick is lost by looking"
    assert f'id="row-{codes[0]}"' in found.text and f'id="row-{codes[2]}"' not in found.text


async def test_a_tick_saves_its_row_and_shows_the_counts(site: Site) -> None:
    code, it = await room.person(site), await room.plan(site)
    nok = site.clients["nok"]
    page = (await nok.get(f"/chatturat/sessions/{it}")).text
    form = {f"key.{code}": key_of(page, f"key.{code}"), f"was.{code}": "", f"here.{code}": "yes"}
    piece = await nok.post(f"/chatturat/sessions/{it}/attendance/{code}", data=form, headers={"hx-request": "true"})
    assert piece.status_code == 200 and "<html" not in piece.text
    assert f'id="row-{code}"' in piece.text and 'id="counts"' in piece.text and "hx-swap-oob" in piece.text
    assert key_of(piece.text, f"was.{code}") == "present" and key_of(piece.text, f"key.{code}") != form[f"key.{code}"]
    wrong = await nok.post(
        f"/chatturat/sessions/{it}/attendance/{code}", data=form | {f"why.{code}": "x"} | {f"here.{code}": ""}
    )
    assert wrong.status_code in (303, 409)


async def test_a_closed_roster_is_corrected_with_a_reason_only(site: Site) -> None:
    code, it = await room.person(site), await room.plan(site)
    await room.mark(site, it, (code, ILL))
    await room.close(site, it, Kind.OTHER)
    with pytest.raises(Invalid):
        await room.mark(site, it, (code, CAME))
    assert (await room.count(site, code)).missed == 1
    await room.mark(site, it, (code, CAME), correction="อ่านผิดแถว (ตัวอย่าง)")
    made = await room.count(site, code)
    assert (made.missed, made.last_attended_on) == (0, clock.day(clock.now()))
    page = await site.clients["nok"].get(f"/chatturat/sessions/{it}?correct=1")
    assert "อ่านผิดแถว" in page.text and 'name="correction"' in page.text


async def test_nobody_is_marked_at_a_cancelled_session(site: Site) -> None:
    from khuen.treatment import sessions

    code, it, nok = await room.person(site), await room.plan(site), here(site)
    async with within(nok):
        await sessions.cancel(nok, it, uuid7(), "ฝนตกหนัก")
    with pytest.raises(Conflict):
        await room.mark(site, it, (code, CAME))
