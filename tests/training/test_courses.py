"""Courses through the service and the pages: seats, results, what the pathway hears, files without formulas."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from khuen import clock
from khuen.errors import Invalid, KeyReused, NotFound
from khuen.ids import uuid7
from khuen.tenancy import Here, within
from khuen.training import courses
from khuen.training.courses import Facts
from khuen.training.rules import Outcome, Partner, Result, Why
from tests.care import Site


def nok(site: Site) -> Here:
    return site.chatturat.here("nok", clock.now())


def facts(here: Here, **values: Any) -> Facts:
    first = here.today - timedelta(days=4)
    base = Facts(Partner.SKILL_OFFICE, "ฝีมือแรงงาน (ตัวอย่าง)", "ซ่อมเครื่อง", "วิทยาลัย", first, here.today, 30, 2)
    return replace(base, **values)


async def course(site: Site, *codes: str, **values: Any) -> UUID:
    here, key = nok(site), uuid7()
    async with within(here):
        await courses.add_course(here, key, facts(here, **values))
        if codes:
            await courses.enrol(here, key, codes, uuid7())
    return key


async def result(site: Site, it: UUID, code: str, made: Result, key: UUID | None = None) -> None:
    here = nok(site)
    async with within(here):
        await courses.record_result(here, it, code, key or uuid7(), made)


async def heard(site: Site, root: Any, code: str) -> int | None:
    found: int | None = await root.fetchval(
        "SELECT courses FROM case_evidence WHERE case_id = $1", site.chatturat.cases[code]
    )
    return found


async def test_a_finished_course_is_evidence_and_a_correction_takes_it_back(site: Site, root: Any) -> None:
    code = await site.case()
    it = await course(site, code)
    await result(site, it, code, Result(12, Outcome.ATTENDING))
    assert not await heard(site, root, code)
    await result(site, it, code, Result(30, Outcome.FINISHED, None, "7/2569", nok(site).today))
    assert await heard(site, root, code) == 1
    await result(site, await course(site, code), code, Result(30, Outcome.FINISHED))
    assert await heard(site, root, code) == 2
    await result(site, it, code, Result(12, Outcome.NOT_FINISHED, Why.MISTAKE))
    assert await heard(site, root, code) == 1
    assert await root.fetchval("SELECT count(*) FROM course_result WHERE course_id = $1", it) == 3, "rows stay"
    page = await site.clients["nok"].get(f"/chatturat/cases/{code}/pathway")
    assert page.status_code == 200 and "ฝึกอาชีพ" in page.text


async def test_one_key_one_row_and_another_content_is_refused(site: Site, root: Any) -> None:
    code, other, key = await site.case(), await site.case(None), uuid7()
    it = await course(site, code)
    for _ in range(2):
        await result(site, it, code, Result(6, Outcome.ATTENDING), key)
    with pytest.raises(KeyReused):
        await result(site, it, code, Result(7, Outcome.ATTENDING), key)
    here = nok(site)
    for count in (1, 0):
        async with within(here):
            assert await courses.enrol(here, it, [other], key) == count
    second = await course(site)
    with pytest.raises(KeyReused):
        async with within(here):
            await courses.enrol(here, second, [other], key)
    with pytest.raises(KeyReused):
        async with within(here):
            await courses.add_course(here, second, facts(here, seats=9))
    assert await root.fetchval("SELECT count(*) FROM course_result") == 1


async def test_seats_are_counted_and_whoever_left_makes_room(site: Site) -> None:
    first, second, third = [await site.case(None) for _ in range(3)]
    it, here = await course(site, first, second), nok(site)
    with pytest.raises(Invalid) as refused:
        async with within(here):
            await courses.enrol(here, it, [third], uuid7())
    assert refused.value.fields == {"codes": courses.FULL}
    await result(site, it, first, Result(0, Outcome.NOT_FINISHED, Why.MOVED))
    async with within(here):
        assert await courses.enrol(here, it, [third], uuid7()) == 1
    with pytest.raises(Invalid):
        await result(site, it, first, Result(0, Outcome.ATTENDING))
    with pytest.raises(Invalid) as refused:
        async with within(here):
            await courses.correct_course(here, it, uuid7(), facts(here, seats=1))
    assert refused.value.fields == {"seats": courses.FULL}


async def test_a_strangers_case_or_course_is_not_there(site: Site) -> None:
    code = await site.case()
    it, kanya = await course(site, code), site.phon.here("kanya", clock.now())
    for act in (courses.course(kanya, it), courses.trainee(kanya, it, code)):
        with pytest.raises(NotFound):
            async with within(kanya):
                await act
    page = await site.clients["nok"].post(
        f"/chatturat/courses/{it}/people", data={"key": str(uuid7()), "codes": f"{code} CTR-999999"}
    )
    assert page.status_code == 422 and "มีรหัสที่ไม่พบ" in page.text and "CTR-999999" in page.text


async def test_a_closed_case_is_enrolled_nowhere(site: Site, root: Any) -> None:
    code, it = await site.case(None), await course(site)
    await root.execute("UPDATE case_file SET stage = 'closed' WHERE id = $1", site.chatturat.cases[code])
    here = nok(site)
    with pytest.raises(Invalid) as refused:
        async with within(here):
            await courses.enrol(here, it, [code], uuid7())
    assert refused.value.fields == {"codes": courses.CASE_CLOSED}


async def test_a_course_is_added_corrected_and_filled_on_its_pages(site: Site, root: Any) -> None:
    client, code, key = site.clients["nok"], await site.case(), str(uuid7())
    form = {"key": key, "kind": "local_government", "partner": "อบต. (ตัวอย่าง)", "skill": "=ตัดผม", "place": "ศาลา"}
    form |= {"hours": "๑๒", "seats": "5", "from_day": "31", "from_month": "1", "from_year": "67"}
    wrong = await client.post(
        "/chatturat/courses", data=form | {"until_day": "30", "until_month": "1", "until_year": "2567"}
    )
    assert wrong.status_code == 422 and "=ตัดผม" in wrong.text and "วันสุดท้ายอยู่ก่อนวันแรก" in wrong.text
    empty = await client.post("/chatturat/courses", data={"key": key})
    assert empty.status_code == 422
    until = {"until_day": "29", "until_month": "2", "until_year": "1967"}
    assert (await client.post("/chatturat/courses", data=form | until)).status_code == 422
    good = form | until | {"until_year": "2567"}
    assert (await client.post("/chatturat/courses", data=good)).headers["location"] == f"/chatturat/courses/{key}"
    again = good | {"key": str(uuid7()), "skill": "ตัดผมชาย"}
    assert (await client.post(f"/chatturat/courses/{key}/correction", data=again)).status_code == 303
    assert (await client.post(f"/chatturat/courses/{key}/correction", data=again | {"seats": "x"})).status_code == 422
    assert await root.fetchval("SELECT count(*) FROM course_fact") == 2
    assert (await client.post(f"/chatturat/courses/{key}/people", data={"key": str(uuid7())})).status_code == 422
    more = {"key": str(uuid7()), "codes": f"{code.lower()}, {code}"}
    assert (await client.post(f"/chatturat/courses/{key}/people", data=more)).status_code == 303
    at = f"/chatturat/courses/{key}/people/{code}"
    late = {"key": str(uuid7()), "hours": "13", "outcome": "finished", "certified_on_day": "1"}
    assert (await client.post(at, data=late)).status_code == 422
    late |= {"certified_on_month": "3", "certified_on_year": "2567"}
    refused = await client.post(at, data=late)
    assert refused.status_code == 422 and "เกินจำนวนชั่วโมง" in refused.text
    assert (await client.post(at, data=late | {"hours": "12", "certificate": "@7/67"})).status_code == 303
    shown = (await client.get(f"/chatturat/courses/{key}")).text
    assert "ตัดผมชาย" in shown and "@7/67" in shown and "เรียนจบ" in shown
    assert "ตัดผมชาย" in (await client.get("/chatturat/courses?page=x")).text


async def test_an_export_holds_no_formula_and_is_written_down(site: Site, root: Any) -> None:
    client, code = site.clients["nok"], await site.case()
    it = await course(site, code)
    await result(site, it, code, Result(30, Outcome.FINISHED, None, "=1+1", nok(site).today))
    text = (await client.post(f"/chatturat/courses/{it}/exports", data={"form": "csv"})).content.decode("utf-8-sig")
    assert "'=1+1" in text and code in text and "ทดลอง ตัวอย่าง" in text
    book = await client.post(f"/chatturat/courses/{it}/exports", data={"form": "xlsx"})
    assert book.content[:2] == b"PK"
    assert await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'export:made'") == 2
    assert "โครงการ" not in (await client.get(f"/chatturat/courses/{it}/sheet")).text.split("<main", 1)[1]
