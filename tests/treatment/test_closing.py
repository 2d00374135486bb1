"""Closing a session: no doctor, no CBTx session, in the page, in the service and in the database itself (B14)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from khuen import clock, members
from khuen.errors import Conflict, Invalid, NotFound
from khuen.ids import uuid7
from khuen.members import NewMember
from khuen.tenancy import hot, within
from khuen.treatment import queries, rules, service
from khuen.treatment.rules import Kind
from tests.care import Site
from tests.treatment import room
from tests.treatment.room import CAME, here


async def test_a_session_with_no_doctor_cannot_be_closed_as_cbtx(site: Site, root: Any) -> None:
    code, it = await room.person(site), await room.plan(site)
    await room.mark(site, it, (code, CAME))
    answer = await site.clients["nok"].post(
        f"/chatturat/sessions/{it}/closure", data={"key": str(uuid7()), "kind": "cbtx", "rest": "absent"}
    )
    assert answer.status_code == 422 and "ปิดเป็นกิจกรรม CBTx ไม่ได้" in answer.text
    assert await root.fetchval("SELECT count(*) FROM session_closure") == 0
    assert await room.close(site, it, Kind.OTHER) is Kind.OTHER
    made = await room.count(site, code)
    assert (made.held, made.with_doctor, made.last_attended_on) == (0, 0, clock.day(clock.now()))


async def test_a_session_with_its_doctor_counts(site: Site) -> None:
    came, absent, it = await room.person(site), await room.person(site), await room.plan(site)
    await room.mark(site, it, (came, CAME))
    await room.doctor(site, it)
    with pytest.raises(Invalid) as refused:
        await room.close(site, it, rest=False)
    assert refused.value.fields == {"rest": service.NOT_ALL_MARKED}
    assert await room.close(site, it) is Kind.CBTX
    assert [(one.held, one.with_doctor, one.missed) for one in [await room.count(site, c) for c in (came, absent)]] == [
        (1, 1, 0),
        (1, 0, 1),
    ]


@pytest.mark.parametrize("what", ["no presence", "a presence at another session"])
async def test_the_database_itself_refuses_a_cbtx_session_without_a_doctor(site: Site, root: Any, what: str) -> None:
    it, other, nok = await room.plan(site), await room.plan(site), here(site)
    await room.doctor(site, other)
    presence = await root.fetchval("SELECT id FROM doctor_presence") if what != "no presence" else None
    with pytest.raises((asyncpg.CheckViolationError, asyncpg.ForeignKeyViolationError)):
        async with within(nok):
            await hot(queries.CLOSE, uuid7(), it, "cbtx", presence, nok.now, nok.member_id)


async def test_the_database_itself_refuses_a_presence_under_another_role(site: Site, root: Any) -> None:
    it, nok = await room.plan(site), here(site)
    role = await root.fetchrow("SELECT id, member_id FROM member_role WHERE role = 'coordinator' LIMIT 1")
    for name in ("coordinator", "doctor"):
        with pytest.raises((asyncpg.CheckViolationError, asyncpg.ForeignKeyViolationError)):
            async with within(nok):
                await hot(
                    "INSERT INTO doctor_presence (tenant_id, id, session_id, member_id, role_id, role, at)"
                    " VALUES ($1, $2, $3, $4, $5, $6, $7)",
                    *(uuid7(), it, role["member_id"], role["id"], name, nok.now),
                )


async def test_only_who_held_the_role_of_a_doctor_on_that_day_is_one(site: Site) -> None:
    nok, today = here(site), clock.day(clock.now())
    fresh = NewMember(uuid7(), "หมอใหม่", ("doctor",))
    async with within(nok):
        await members.add(nok, [fresh])
    before, now = await room.plan(site, today - timedelta(3)), await room.plan(site)
    for it, member in ((before, fresh.id), (now, site.chatturat.people["nok"][0])):
        with pytest.raises(Invalid) as refused:
            async with within(nok):
                await service.doctor_came(nok, it, member, key=uuid7())
        assert refused.value.fields == {"doctor": service.NO_DOCTOR_THEN}
    async with within(nok):
        await service.doctor_came(nok, now, fresh.id, key=uuid7())
        await members.set_roles(nok, fresh.id, frozenset())
    async with within(nok):
        page = await service.session(nok, now)
    assert [doctor.called_name for doctor in page.doctors if doctor.present] == ["หมอใหม่"], "still that day's doctor"


async def test_a_wrong_tick_is_taken_away_until_the_session_is_closed_with_it(site: Site, root: Any) -> None:
    it, nok, wipa = await room.plan(site), here(site), site.chatturat.people["wipa"][0]
    await room.person(site)
    await room.doctor(site, it)
    for _ in range(2):
        async with within(nok):
            await service.doctor_went(nok, it, wipa)
    assert await root.fetchval("SELECT count(*) FROM doctor_presence") == 0
    await room.doctor(site, it)
    await room.close(site, it)
    with pytest.raises(Conflict):
        async with within(nok):
            await service.doctor_went(nok, it, wipa)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        async with within(nok):
            await hot(queries.DOCTOR_WENT, it, wipa)


async def test_closing_twice_with_one_key_is_harmless_and_with_another_a_conflict(site: Site, root: Any) -> None:
    code, it, nok, key = await room.person(site), await room.plan(site), here(site), uuid7()
    await room.doctor(site, it)
    for _ in range(2):
        async with within(nok):
            await service.close_session(nok, it, key=key, rest_absent=True)
    assert await root.fetchval("SELECT count(*) FROM session_closure") == 1
    assert (await room.count(site, code)).missed == 1
    with pytest.raises(Conflict):
        await room.close(site, it)


async def test_a_stranger_closes_nothing_and_the_day_has_to_come(site: Site) -> None:
    it = await room.plan(site, clock.day(clock.now()) + timedelta(1))
    with pytest.raises(Invalid, match="not come yet"):
        await room.close(site, it, Kind.OTHER)
    kanya = site.phon.here("kanya", clock.now())
    with pytest.raises(NotFound):
        async with within(kanya):
            await service.close_session(kanya, it, key=uuid7())


async def test_an_other_activity_needs_no_doctor_and_cannot_become_cbtx_unseen(site: Site) -> None:
    it = await room.plan(site, kind=Kind.OTHER, title="ปลูกผัก (ตัวอย่าง)")
    with pytest.raises(Invalid) as refused:
        await room.close(site, it, Kind.CBTX)
    assert refused.value.fields == {"kind": rules.NO_DOCTOR}
    assert await room.close(site, it, Kind.OTHER) is Kind.OTHER


async def test_the_doctor_is_ticked_on_the_page(site: Site) -> None:
    it, nok = await room.plan(site), site.clients["nok"]
    wipa = str(site.chatturat.people["wipa"][0])
    form = {"key": str(uuid7()), "doctor": wipa}
    assert (await nok.post(f"/chatturat/sessions/{it}/doctors", data=form | {"present": "yes"})).status_code == 303
    assert "ไม่ได้มา" in (await nok.get(f"/chatturat/sessions/{it}")).text
    assert (await nok.post(f"/chatturat/sessions/{it}/doctors", data=form)).status_code == 303
    assert "ยังไม่ได้บันทึกว่ามีแพทย์มาร่วม" in (await nok.get(f"/chatturat/sessions/{it}")).text
    stranger = form | {"doctor": str(site.chatturat.people["nok"][0]), "present": "yes"}
    refused = await nok.post(f"/chatturat/sessions/{it}/doctors", data=stranger)
    assert refused.status_code == 422 and "ไม่ได้มีบทบาทแพทย์" in refused.text


async def test_a_buddy_sees_session_n_of_n_and_nothing_else_of_treatment(site: Site) -> None:
    code, it = await site.case("somchai", opened_on=clock.day(clock.now()) - timedelta(days=9)), await room.plan(site)
    await room.mark(site, it, (code, CAME))
    await room.doctor(site, it)
    await room.close(site, it)
    page = (await site.clients["somchai"].get(f"/chatturat/b/check-in?p={code}")).text
    assert "มาแล้ว 1 จาก 16 ครั้ง" in page
    for word in ("CBTx", "ตรวจ", "บำบัด", "แพทย์"):
        assert word not in page, word
