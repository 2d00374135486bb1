"""Grants and work of one person: steps that follow one another, dates of 3, 6 and 12 months, who may see."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from khuen import clock, erasure
from khuen.errors import Invalid, KeyReused, NotFound
from khuen.ids import uuid7
from khuen.tenancy import Here, within
from khuen.training import livelihood
from khuen.training.livelihood import NewGrant, NewWork
from khuen.training.rules import Check, Employer, Found, Grant, Job, Partner, Refusal, State, Step, Total, Why
from tests.care import Site


def nok(site: Site) -> Here:
    return site.chatturat.here("nok", clock.now())


def typed(name: str, on: date) -> dict[str, str]:
    return {f"{name}_day": str(on.day), f"{name}_month": str(on.month), f"{name}_year": str(clock.buddhist(on))}


def grant(here: Here, baht: int = 15_000, source: str = "กองทุน (ตัวอย่าง)") -> NewGrant:
    return NewGrant(uuid7(), Partner.LABOUR_OFFICE, source, baht, "จักรเย็บผ้า", here.today - timedelta(days=9))


async def old_case(site: Site) -> str:
    return await site.case(None, opened_on=clock.day(clock.now()) - timedelta(days=400))


async def test_one_person_has_several_grants_and_each_source_its_total(site: Site) -> None:
    code, here = await old_case(site), nok(site)
    first, second, refused = grant(here), grant(here, 5_000, "ร้าน (ตัวอย่าง)"), grant(here, 7_000)
    async with within(here):
        for new in (first, second, refused, first):
            await livelihood.apply(here, code, new)
        key = uuid7()
        for _ in range(2):
            await livelihood.step(here, code, first.key, key, Step(Grant.GRANTED, here.today, 9_000))
        await livelihood.step(here, code, first.key, uuid7(), Step(Grant.HANDED_OVER, here.today))
        await livelihood.step(here, code, refused.key, uuid7(), Step(Grant.REFUSED, here.today), Refusal.NO_BUDGET)
    async with within(here):
        found = await livelihood.livelihood(here, code)
        totals = await livelihood.totals(here, here.today - timedelta(days=30), here.today)
    assert {one.now.state for one in found.grants} == {Grant.HANDED_OVER, Grant.APPLIED, Grant.REFUSED}
    assert totals == [
        Total(Partner.LABOUR_OFFICE, "กองทุน (ตัวอย่าง)", 1, 0, 9_000, 9_000),
        Total(Partner.LABOUR_OFFICE, "ร้าน (ตัวอย่าง)", 1, 5_000, 0, 0),
    ]
    for wrong in (Step(Grant.GRANTED, here.today), Step(Grant.GRANTED, here.today, 8_000)):
        with pytest.raises(KeyReused):
            async with within(here):
                await livelihood.step(here, code, first.key, key, wrong)
    with pytest.raises(NotFound):
        async with within(here):
            await livelihood.step(here, code, uuid7(), uuid7(), Step(Grant.GRANTED, here.today))


async def test_work_is_asked_after_at_3_6_and_12_months_and_lost_with_a_reason(site: Site) -> None:
    code, here = await old_case(site), nok(site)
    since = clock.add_months(here.today, -7)
    work = NewWork(uuid7(), Job.CRAFT, Employer.PRIVATE, since)
    held = Check(3, Found.HELD, clock.add_months(since, 3))
    async with within(here):
        for _ in range(2):
            await livelihood.record_work(here, code, work)
        key = uuid7()
        for _ in range(2):
            await livelihood.check_work(here, code, work.key, key, held)
    async with within(here):
        _case, found = await livelihood.work(here, code, work.key)
    assert [one.state for one in found.dates] == [State.HELD, State.DUE, State.AHEAD]
    lost = Check(6, Found.LOST, here.today)
    with pytest.raises(Invalid) as refused:
        async with within(here):
            await livelihood.check_work(here, code, work.key, uuid7(), lost)
    assert "why" in refused.value.fields
    async with within(here):
        await livelihood.check_work(here, code, work.key, uuid7(), lost, Why.ENDED)
        _case, found = await livelihood.work(here, code, work.key)
    assert found.lost_on == here.today and found.dates[-1].state is State.OVER and not found.mistaken


async def test_days_ahead_and_before_the_case_are_refused(site: Site) -> None:
    code, here = await site.case(None), nok(site)
    for days in (-1, 1):
        with pytest.raises(Invalid):
            async with within(here):
                work = NewWork(uuid7(), Job.FARM, Employer.SELF, here.today + timedelta(days=days))
                await livelihood.record_work(here, code, work)


async def test_the_page_keeps_what_was_typed_and_the_doctor_only_reads(site: Site) -> None:
    code, client = await old_case(site), site.clients["nok"]
    base, today = f"/chatturat/cases/{code}", clock.day(clock.now())
    form = {"grant_key": str(uuid7()), "source_kind": "private", "source": "ร้านทดลอง", "what_for": "<b>จักร</b>"}
    wrong = await client.post(f"{base}/grants", data=form | {"baht": "ห้าพัน"} | typed("applied", today))
    assert wrong.status_code == 422 and "ใส่จำนวนเต็มบาท" in wrong.text and "ร้านทดลอง" in wrong.text
    for data in ({}, form | {"baht": "5"} | typed("applied", today + timedelta(days=1))):
        assert (await client.post(f"{base}/grants", data=data)).status_code == 422
    assert (
        await client.post(f"{base}/grants", data=form | {"baht": "๕,๐๐๐"} | typed("applied", today))
    ).status_code == 303
    page = (await client.get(f"{base}/livelihood")).text
    assert "5,000 บาท" in page and "&lt;b&gt;จักร" in page and "บันทึกทุน" in page
    at = f"{base}/grants/{form['grant_key']}"
    for data in ({}, {"what": "granted", "granted": "x"}, {"what": "refused"}, {"what": "reported"}):
        answer = await client.post(at, data={"key": str(uuid7())} | typed("on", today) | data)
        assert answer.status_code == 422, data
    good = {"key": str(uuid7()), "what": "granted", "granted": "4,500"} | typed("on", today)
    assert (await client.post(at, data=good)).status_code == 303
    assert "4,500 บาท" in (await client.get(at)).text
    work = {"work_key": str(uuid7()), "job": "farm", "employer": "self"} | typed("since", today - timedelta(days=200))
    assert (await client.post(f"{base}/work", data=work | {"since_year": "67"})).status_code == 422
    assert (await client.post(f"{base}/work", data={"work_key": work["work_key"]})).status_code == 422
    assert (await client.post(f"{base}/work", data=work)).status_code == 303
    at = f"{base}/work/{work['work_key']}"
    for data in ({"found": "held", "months": "4"}, {"found": "lost", "months": "3"}, {}):
        assert (await client.post(at, data={"key": str(uuid7())} | typed("on", today) | data)).status_code == 422
    seen = {"key": str(uuid7()), "found": "held", "months": "3"} | typed("on", today)
    assert (await client.post(at, data=seen)).status_code == 303
    assert "ยังทำงานอยู่" in (await client.get(at)).text
    for data in ({}, {"key": str(uuid7()), "course": str(uuid7())}):
        assert (await client.post(f"{base}/trainings", data=data)).status_code in (404, 422)
    reader = site.clients["wipa"]
    for path in (f"{base}/livelihood", at):
        text = (await reader.get(path)).text
        assert "<form" not in text.split("<main", 1)[1].split("</main>")[0]
    assert (await site.clients["somchai"].get(f"{base}/livelihood")).status_code == 403


async def test_threat_28_what_a_grant_was_for_goes_with_the_person(site: Site, root: Any) -> None:
    code, here = await old_case(site), nok(site)
    async with within(here):
        await livelihood.apply(here, code, grant(here))
    person = await root.fetchval("SELECT person_id FROM case_file WHERE id = $1", site.chatturat.cases[code])
    async with within(here):
        await erasure.erase_person(here, person)
    assert await root.fetchval("SELECT what_for FROM occupation_grant") == ""
    assert (await site.clients["nok"].get(f"/chatturat/cases/{code}/livelihood")).status_code == 404
