"""Urine tests: what is sealed, who sees what, the trail, and the count that the pathway hears of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from khuen import clock, erasure, vault
from khuen.errors import Conflict, Invalid, KeyReused, NotFound
from khuen.ids import uuid7
from khuen.pathway import service as pathway
from khuen.tenancy import within
from khuen.treatment import person, rules, service, urine
from khuen.treatment.rules import Result, Sample
from khuen.treatment.urine import NewTest
from tests.care import Site
from tests.treatment import room
from tests.treatment.room import CAME, here


def new(site: Site, result: Result = Result.NEGATIVE, days_ago: int = 0, **values: Any) -> NewTest:
    wipa = site.chatturat.people["wipa"][0]
    on = clock.day(clock.now()) - timedelta(days_ago)
    base: dict[str, Any] = {"sample": Sample.STRIP, "observed": True, "lot": "A-1", "detail": "", "taken_by": wipa}
    return NewTest(**{"key": uuid7(), "taken_on": on, "result": result, "read_by": wipa, **base, **values})


async def record(site: Site, code: str, test: NewTest) -> NewTest:
    wipa = here(site, "wipa")
    async with within(wipa):
        await urine.record_test(wipa, code, test)
    return test


async def test_a_result_is_sealed_and_the_count_follows(site: Site, root: Any) -> None:
    code = await room.person(site)
    for days_ago in (20, 6):
        await record(site, code, new(site, days_ago=days_ago, detail="สีจาง (ตัวอย่าง)"))
    made = await room.count(site, code)
    assert (made.tests, made.negatives, made.last_test_on) == (2, 2, clock.day(clock.now()) - timedelta(6))
    rows = str([tuple(row) for row in await root.fetch("SELECT * FROM urine_test")])
    assert "negative" not in rows and "สีจาง" not in rows
    stored = str([tuple(row) for row in await root.fetch("SELECT tag, detail FROM audit")])
    assert "negative" not in stored and "test:recorded" in stored


async def test_the_day_drawn_for_the_next_test_stands_with_the_case(site: Site, root: Any) -> None:
    code, drawn = await room.person(site), []
    for _ in range(2):
        await counted_again(site, code)
        drawn.append(await root.fetchval("SELECT test_on FROM case_file WHERE code = $1", code))
    await record(site, code, new(site, Result.POSITIVE, days_ago=6))
    drawn.append(await root.fetchval("SELECT test_on FROM case_file WHERE code = $1", code))
    wipa = here(site, "wipa")
    async with within(wipa):
        page = await person.treatment_of(wipa, code, results=True)
    assert page.clinical and drawn[0] == drawn[1] < drawn[2] == page.clinical.test_day
    assert page.tally.opens_on <= drawn[2] <= page.tally.closes_on


async def counted_again(site: Site, code: str) -> None:
    nok = here(site)
    async with within(nok):
        await service.recompute(nok, [site.chatturat.cases[code]])


async def test_the_pathway_hears_of_sessions_and_tests(site: Site) -> None:
    code, it = await room.person(site), await room.plan(site)
    await room.mark(site, it, (code, CAME))
    await room.doctor(site, it)
    await room.close(site, it)
    await record(site, code, new(site))
    await record(site, code, new(site, Result.POSITIVE, extra=True))
    nok = here(site)
    async with within(nok):
        known = (await pathway.way(nok, code)).facts
    assert (known.sessions, known.tests, known.negatives, known.best_negatives) == (1, 2, 0, 1)
    assert known.started_on == clock.day(clock.now())


async def test_a_coordinator_sees_that_a_test_was_done_and_nothing_more(site: Site) -> None:
    code = await room.person(site)
    await record(site, code, new(site, Result.POSITIVE, days_ago=3, detail="ยาบ้า (ตัวอย่าง)"))
    await record(site, code, new(site, Result.REFUSED, days_ago=2))
    nok, wipa = [(await site.clients[n].get(f"/chatturat/cases/{code}/treatment")).text for n in ("nok", "wipa")]
    assert "ตรวจแล้ว" in nok
    for word in ("บวก", "ปฏิเสธ", "ยาบ้า", "ผลลบ", "ต้องตรวจยืนยัน", "วันที่สุ่มได้", "A-1", "บันทึกการตรวจ"):
        assert word not in nok, word
        assert word in wipa, word
    short = clock.echo(clock.day(clock.now()) - timedelta(2))
    assert short not in nok and short in wipa, "that somebody refused is for the clinic alone"
    assert (await site.clients["somchai"].get(f"/chatturat/cases/{code}/treatment")).status_code == 403


async def test_the_tally_of_a_test_that_was_refused_or_not_made_tells_nobody(site: Site) -> None:
    code = await room.person(site)
    await record(site, code, new(site, Result.REFUSED))
    await record(site, code, new(site, Result.NOT_DONE, read_by=None))
    made = await room.count(site, code)
    assert (made.tests, made.last_test_on, made.negatives) == (0, None, 0)


async def test_a_positive_strip_is_confirmed_by_a_laboratory(site: Site) -> None:
    code, other = await room.person(site), await room.person(site)
    strip = await record(site, code, new(site, Result.POSITIVE, days_ago=5))
    wipa = site.clients["wipa"]
    assert "ต้องตรวจยืนยันก่อนใช้ทางกฎหมาย" in (await wipa.get(f"/chatturat/cases/{code}/treatment")).text
    lab = {"sample": Sample.LAB, "confirms_id": strip.key}
    with pytest.raises(Invalid):
        await record(site, other, new(site, **lab))
    await record(site, code, new(site, Result.NEGATIVE, **lab))
    made = await room.count(site, code)
    assert (made.tests, made.negatives) == (1, 1)


async def test_a_wrong_entry_is_put_right_by_a_new_row(site: Site, root: Any) -> None:
    code = await room.person(site)
    wrong = await record(site, code, new(site, Result.POSITIVE, days_ago=4))
    with pytest.raises(Invalid):
        await record(site, code, new(site, days_ago=4, replaces_id=wrong.key))
    right = new(site, days_ago=4, replaces_id=wrong.key, detail="อ่านสลับคน (ตัวอย่าง)")
    for _ in range(2):
        await record(site, code, right)
    assert await root.fetchval("SELECT count(*) FROM urine_test") == 2
    assert (await room.count(site, code)).negatives == 1
    with pytest.raises(Conflict):
        await record(site, code, new(site, replaces_id=wrong.key, detail="อีกครั้ง"))
    with pytest.raises(NotFound):
        await record(site, code, new(site, replaces_id=uuid7(), detail="อีกครั้ง"))


async def test_bad_days_are_refused_and_late_entries_are_marked(site: Site) -> None:
    code = await room.person(site)
    for days_ago, problem in ((-1, urine.DAY_AHEAD), (60, rules.NOT_YET_ENROLLED)):
        with pytest.raises(Invalid) as refused:
            await record(site, code, new(site, days_ago=days_ago))
        assert refused.value.fields == {"taken_on": problem}
    await record(site, code, new(site, days_ago=9))
    assert "บันทึกย้อนหลัง" in (await site.clients["wipa"].get(f"/chatturat/cases/{code}/treatment")).text


async def test_the_same_test_twice_is_harmless_and_another_under_its_key_is_refused(site: Site, root: Any) -> None:
    code, test = await room.person(site), new(site)
    for _ in range(2):
        await record(site, code, test)
    assert await root.fetchval("SELECT count(*) FROM urine_test") == 1
    assert await root.fetchval("SELECT count(*) FROM test_custody") == 2
    with pytest.raises(KeyReused):
        await record(site, code, new(site, Result.POSITIVE, key=test.key))
    with pytest.raises(KeyReused):
        await record(site, await room.person(site), test)


async def test_the_trail_says_who_took_handed_and_read(site: Site) -> None:
    code = await room.person(site)
    test = await record(site, code, new(site, handed_to="ห้องปฏิบัติการ รพ. (ตัวอย่าง)"))
    wipa = site.clients["wipa"]
    form = {"key": str(uuid7()), "receiver": "ตำรวจพิสูจน์หลักฐาน (ตัวอย่าง)"}
    for _ in range(2):
        answer = await wipa.post(f"/chatturat/cases/{code}/tests/{test.key}/custody", data=form)
        assert answer.status_code == 303
    page = (await wipa.get(f"/chatturat/cases/{code}/treatment")).text
    for word in ("เก็บโดย Wipa", "ส่งต่อให้ ห้องปฏิบัติการ รพ.", "ส่งต่อให้ ตำรวจพิสูจน์หลักฐาน", "อ่านผลโดย Wipa"):
        assert page.count(word) == 1, word
    other = await wipa.post(f"/chatturat/cases/{code}/tests/{test.key}/custody", data=form | {"receiver": "คนอื่น"})
    assert other.status_code == 409


async def test_the_form_writes_a_test_and_keeps_what_was_typed_when_it_cannot(site: Site, root: Any) -> None:
    code, wipa = await room.person(site), site.clients["wipa"]
    address = f"/chatturat/cases/{code}/tests"
    bad = {"key": str(uuid7()), "taken_on_day": "31", "taken_on_month": "2", "taken_on_year": "2569", "lot": "B-77"}
    refused = await wipa.post(address, data=bad)
    assert refused.status_code == 422 and "B-77" in refused.text and "ผิดพลาด" in refused.text
    today = clock.day(clock.now())
    member = str(site.chatturat.people["wipa"][0])
    good = bad | {"sample": "strip", "result": "negative", "taken_by": member, "read_by": member, "observed": "yes"}
    good |= {"taken_on_day": str(today.day), "taken_on_month": str(today.month), "taken_on_year": str(today.year)}
    assert (await wipa.post(address, data=good)).status_code == 303
    assert (await site.clients["nok"].post(address, data=good)).status_code == 403
    assert await root.fetchval("SELECT observed FROM urine_test") is True


async def test_a_home_visit_tells_the_coordinator_that_it_was_and_the_clinic_what_was_seen(site: Site) -> None:
    code, wipa = await room.person(site), site.clients["wipa"]
    today = clock.day(clock.now())
    form = {"visit_key": str(uuid7()), "visited_by": str(site.chatturat.people["wipa"][0]), "seen": "หลับไม่ดี (ตัวอย่าง)"}
    form |= {"visited_on_day": str(today.day), "visited_on_month": str(today.month), "visited_on_year": str(today.year)}
    for _ in range(2):
        assert (await wipa.post(f"/chatturat/cases/{code}/home-visits", data=form)).status_code == 303
    assert (await wipa.post(f"/chatturat/cases/{code}/home-visits", data=form | {"seen": "x y"})).status_code == 409
    seen = {n: (await site.clients[n].get(f"/chatturat/cases/{code}/treatment")).text for n in ("nok", "wipa")}
    assert "เยี่ยมโดย Wipa" in seen["nok"] and "หลับไม่ดี" not in seen["nok"] and "หลับไม่ดี" in seen["wipa"]
    ahead = form | {"visit_key": str(uuid7()), "visited_on_year": str(today.year + 1)}
    refused = await wipa.post(f"/chatturat/cases/{code}/home-visits", data=ahead)
    assert refused.status_code == 422 and "ยังไม่ถึงวันนี้" in refused.text and "หลับไม่ดี" in refused.text


async def test_the_nightly_look_puts_a_wrong_count_right_and_says_so(site: Site, root: Any) -> None:
    codes = [await room.person(site) for _ in range(3)]
    await record(site, codes[0], new(site))
    nok = here(site)
    async with within(nok):
        after, differed = await service.recompute_part(nok, None)
    assert (after, differed) == (None, 0), "a case without a count yet is no difference"
    await root.execute("UPDATE treatment_tally SET tests = 7 WHERE case_id = $1", site.chatturat.cases[codes[0]])
    async with within(nok):
        assert (await service.recompute_part(nok, None))[1] == 1
    assert (await room.count(site, codes[0])).tests == 1


async def test_whose_key_was_thrown_away_keeps_the_count_that_stood(site: Site, root: Any, tmp_path: Any) -> None:
    code = await room.person(site)
    await record(site, code, new(site))
    before, nok = await room.count(site, code), here(site)
    person_id = await root.fetchval("SELECT person_id FROM case_file WHERE code = $1", code)
    kek = bytes(range(32))
    vault.configure(kek, tmp_path / "erased")
    async with within(nok):
        await erasure.erase_person(nok, person_id)
    async with within(nok):
        assert await service.recompute(nok, [site.chatturat.cases[code]]) == []
    assert await room.count(site, code) == before
    assert (await site.clients["wipa"].get(f"/chatturat/cases/{code}/treatment")).status_code == 404
