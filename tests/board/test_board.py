"""The board: who needs somebody today, in one statement; its lanes, filters and order."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest

from khuen import clock
from khuen.board import service
from khuen.board.rules import Lane
from khuen.board.service import Asked
from khuen.cases import service as cases
from khuen.cases.rules import Stage
from khuen.enrolment.opening import close_all
from khuen.ids import uuid7
from khuen.tenancy import within
from tests.care import LAHAN, Site
from tests.followups.flights import counted
from tests.kept import put_right

SHOWN = re.compile(r'<tr id="([A-Z]+-\d+)"')
COUNTS = re.compile(r"<b>(\d+)</b>([^<]+)</a>")


async def board(site: Site, query: str = "", who: str = "nok", **headers: str) -> Any:
    answer = await site.clients[who].get(f"/chatturat/board{query}", headers=headers)
    assert answer.status_code == 200, answer.text[:2000]
    return answer


async def shown(site: Site, query: str = "", who: str = "nok") -> list[str]:
    return SHOWN.findall((await board(site, query, who)).text)


async def due(root: Any, site: Site, code: str, on: date) -> None:
    await root.execute(
        "UPDATE visit_due SET opens_on = $2, due_on = $3, closes_on = $4 WHERE case_id = $1",
        site.chatturat.cases[code],
        *(on + timedelta(days=n) for n in (-2, 0, 2)),
    )


async def write(root: Any, update: str, *values: Any) -> None:
    """Change cases behind the back of the rooms, and what is kept of them."""
    await root.execute(update, *values)
    await put_right(root)


async def answer_of(site: Site, code: str, how: str, buddy: str = "somchai") -> None:
    data = {"key": str(uuid7()), "how": how}
    assert (await site.clients[buddy].post(f"/chatturat/cases/{code}/check-ins", data=data)).status_code == 303


async def test_an_empty_district_says_how_to_begin(site: Site) -> None:
    text = (await board(site)).text
    assert {"/chatturat/imports", "/chatturat/enrolments"} <= set(re.findall(r'href="([^"]+)"', text))
    assert "<table" not in text


async def test_a_case_stands_in_every_lane_that_fits_and_once_on_the_days_work(site: Site, root: Any) -> None:
    urgent, late = await site.case("somchai"), await site.case("mali")
    alone, ready, tested, unscreened = [await site.case(None) for _ in range(4)]
    await write(root, "UPDATE case_file SET colour = 'green' WHERE code <> $1", unscreened)
    await answer_of(site, urgent, "urgent")
    day = clock.day(clock.now()) - timedelta(days=3)
    await root.execute(
        "UPDATE visit_due SET opens_on = $2, due_on = $2, closes_on = $2 WHERE case_id = ANY ($1)",
        [site.chatturat.cases[urgent], site.chatturat.cases[late]],
        day,
    )
    here = site.chatturat.here("nok", clock.now())
    async with within(here):
        await cases.record_step(here, site.chatturat.cases[ready], Stage.AWAITING_DOCTOR, here.today)
        await cases.record_ready([(site.chatturat.cases[code], True) for code in (ready, alone)])
        days = {tested: -1, ready: -9, alone: 1}
        await cases.record_test_days([(site.chatturat.cases[c], here.today + timedelta(n)) for c, n in days.items()])
    assert await shown(site, "?lane=urgent") == [urgent]
    assert await shown(site, "?lane=overdue") == [urgent, late]
    assert set(await shown(site, "?lane=no_buddy")) == {alone, ready, tested, unscreened}
    assert await shown(site, "?lane=tests") == [tested, unscreened]
    assert await shown(site, "?lane=ready") == [ready]
    work = await shown(site)
    assert work[:2] == [urgent, late] and sorted(work) == sorted({urgent, late, alone, ready, tested, unscreened})
    counts = dict((label, int(n)) for n, label in COUNTS.findall((await board(site)).text))
    named = ("ด่วน", "เลยกำหนด", "ยังไม่มีบัดดี้", "รอตรวจ", "พร้อมรับรอง")
    assert [counts[name] for name in named] == [1, 2, 4, 2, 1]


async def test_today_counts_only_whom_no_lane_above_has_and_whose_day_has_come(site: Site, root: Any) -> None:
    calm, urgent, alone, later = [await site.case(who) for who in ("somchai", "mali", None, None)]
    await answer_of(site, urgent, "urgent", "mali")
    await write(root, "UPDATE case_file SET colour = 'green'")
    today = clock.day(clock.now())
    for code, ahead in ((calm, 0), (urgent, 0), (alone, 0), (later, 1)):
        await due(root, site, code, today + timedelta(days=ahead))
    await write(root, "UPDATE case_file SET buddy_id = $1 WHERE code = $2", site.chatturat.people["mali"][0], later)
    text = (await board(site, "?lane=today")).text
    assert SHOWN.findall(text) == [calm]
    counts = dict((label, int(n)) for n, label in COUNTS.findall(text))
    assert (counts["วันนี้"], counts["งานที่รอ"]) == (1, 3)
    assert set(await shown(site, "?lane=all")) == {calm, urgent, alone, later}


async def test_the_next_morning_moves_a_case_without_anybody_writing(site: Site, root: Any) -> None:
    code, now = await site.case(), clock.now()
    await write(root, "UPDATE case_file SET colour = 'green', test_on = $1", clock.day(now) + timedelta(days=6))
    await due(root, site, code, clock.day(now) + timedelta(days=1))
    stood = []
    for days in range(7):
        here = site.chatturat.here("nok", now + timedelta(days=days))
        async with within(here):
            counts = (await service.board(here, Asked())).counts
        stood.append("".join(str(counts[lane]) for lane in (Lane.TODAY, Lane.OVERDUE, Lane.TESTS, Lane.WORK)))
    assert stood == ["0000", "1001", "1001", "1001", "0101", "0101", "0111"]


async def test_a_closed_case_and_another_district_are_not_there(site: Site) -> None:
    await site.case()
    assert SHOWN.findall((await site.clients["kanya"].get("/phon/board?lane=all")).text) == []
    here = site.chatturat.here("nok", clock.now())
    async with within(here):
        await close_all(here, list(site.chatturat.cases.values()), "ย้ายออก")
    for lane in Lane:
        assert await shown(site, f"?lane={lane}") == []


async def test_filters_are_the_address(site: Site) -> None:
    here_, there = await site.case("somchai", moo="3"), await site.case("mali", moo="7")
    buddy = site.chatturat.people["mali"][0]
    assert await shown(site, f"?lane=all&place={LAHAN}-3") == [here_]
    assert set(await shown(site, f"?lane=all&place={LAHAN}")) == {here_, there}
    assert await shown(site, f"?lane=all&buddy={buddy}") == [there]
    assert len(await shown(site, f"?lane=all&project={site.chatturat.project_id}")) == 2
    assert await shown(site, f"?lane=all&project={site.phon.project_id}") == []


async def test_a_filter_that_nobody_offered_is_no_filter(site: Site) -> None:
    code = await site.case()
    for query in ("?lane=x&place=1;2&project=1&buddy='&sort=;drop&page=0", "?lane=all&page=99999999", "?page=-1"):
        assert (await shown(site, query)) in ([code], []), query


async def test_names_sort_as_a_thai_dictionary_does(site: Site) -> None:
    codes = {}
    for given in ("ไข่", "เกษม", "แก้ว", "กานดา"):
        codes[await site.case(None, given_name=given, called_name=given)] = given
    assert [codes[code] for code in await shown(site, "?lane=all&sort=name")] == ["กานดา", "เกษม", "แก้ว", "ไข่"]


async def test_a_page_holds_fifty_and_a_link_leads_on(site: Site) -> None:
    for _ in range(53):
        await site.case(None)
    first = await board(site, "?lane=all")
    assert len(SHOWN.findall(first.text)) == 50
    link = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert link and link[1] == "/chatturat/board?lane=all&amp;page=2"
    assert len(await shown(site, "?lane=all&page=2")) == 3


async def test_the_list_of_fifty_is_one_statement_and_few_bytes(site: Site) -> None:
    for n in range(52):
        await site.case(None, given_name=f"ทดลอง{n}", called_name=f"ทดลอง{n}", moo=str(n % 9))
    for query, flights in (("", 4), ("?lane=all", 4), ("?filters=1", 5), ("?place=360607-3&sort=name", 5)):
        async with counted() as sent:
            await board(site, query)
        assert len(sent) == flights, (query, sent)
    async with counted() as sent:
        answer = await board(site, "?lane=all", **{"hx-request": "true"})
    assert len(sent) == 3, sent
    assert len(brotli.compress(answer.text.encode(), quality=4)) <= 4_000
    assert "<html" not in answer.text
    assert len(brotli.compress((await board(site, "?lane=all")).text.encode(), quality=4)) <= 6_000


async def test_the_filters_open_by_a_link_and_stay_while_they_are_used(site: Site) -> None:
    await site.case()
    for query, there in (("", False), ("?filters=1", True), ("?sort=name", True), (f"?place={LAHAN}", True)):
        text = (await board(site, query)).text
        assert ('name="place"' in text) is there and ("filters=1" in text) is not there, query


async def test_too_many_buddies_are_offered_by_their_place(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_BUDDIES", 1)
    await site.case("somchai", moo="3"), await site.case("mali", moo="7")
    somchai, mali = (str(site.chatturat.people[name][0]) for name in ("somchai", "mali"))
    for query, offered, hint in (
        ("?filters=1", [], True),
        (f"?place={LAHAN}-7", [mali], False),
        (f"?buddy={somchai}", [somchai], True),
    ):
        text = (await board(site, query)).text
        assert [who for who in (somchai, mali) if f'<option value="{who}"' in text] == offered, query
        assert ("เลือกพื้นที่แล้วกดแสดง" in text) is hint, query


async def test_a_poll_is_told_when_nothing_changed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    code, moment = await site.case(), clock.now()
    monkeypatch.setattr(clock, "now", lambda: moment)  # else the minute that stands on the page may change
    client, asks = site.clients["nok"], {"hx-request": "true"}
    mark = re.search(r'name="seen" value="([^"]+)"', (await board(site, **asks)).text)
    assert mark
    again = await client.get(f"/chatturat/board?seen={mark[1]}", headers=asks)
    assert (again.status_code, again.content) == (204, b"")
    await answer_of(site, code, "urgent")
    assert (await client.get(f"/chatturat/board?seen={mark[1]}", headers=asks)).status_code == 200


async def test_a_row_offers_one_act_and_only_what_the_role_may_do(site: Site) -> None:
    code, alone = await site.case(), await site.case(None)
    await answer_of(site, code, "urgent")
    own, doctors = (await board(site)).text, (await board(site, who="wipa")).text
    assert f"/cases/{code}/acknowledgements" in own and f"/cases/{alone}/assignment" in own
    assert "acknowledgements" not in doctors and "/assignment" not in doctors and '/nudges"' not in doctors


async def test_a_test_is_due_for_everybody_and_written_down_by_the_clinic(site: Site, root: Any) -> None:
    """Nobody sees the day that is drawn before it has come, and no list says what a test said."""
    code, ahead, unscreened = [await site.case(who) for who in ("somchai", "mali", None)]
    today = clock.day(clock.now())
    await write(root, "UPDATE case_file SET stage = 'in_treatment', colour = 'green' WHERE code <> $1", unscreened)
    for whose, days in ((code, -3), (ahead, 1)):
        await write(root, "UPDATE case_file SET test_on = $2 WHERE code = $1", whose, today + timedelta(days))
    own, clinics = (await board(site, "?lane=tests")).text, (await board(site, "?lane=tests", "wipa")).text
    for text in (own, clinics):
        assert set(SHOWN.findall(text)) == {code, unscreened}
        assert "ถึงกำหนดตรวจมา 3 วัน" in text and "ยังไม่ได้คัดกรอง" in text
    record = f"/cases/{code}/treatment?record=test#record-test"
    assert record in clinics and f"/cases/{unscreened}/screening" in clinics
    assert record not in own and f"/cases/{unscreened}/screening" not in own
    page = (await site.clients["wipa"].get(f"/chatturat{record}")).text
    assert '<details id="record-test" open>' in page
    everybody = (await board(site, "?lane=all", "wipa")).text
    assert everybody.count("ตรวจมา") == 1 and "ตรวจวันนี้" not in everybody
    for who in ("nok", "wipa"):
        answer = await site.clients[who].post("/chatturat/board/exports", data={"form": "csv", "lane": "all"})
        rows = {line.split(",")[0]: line for line in answer.text.splitlines()}
        assert "ถึงกำหนดตรวจมา 3 วัน" in rows[code] and "ตรวจ" not in rows[ahead]


async def test_whoever_is_ready_is_opened_at_the_evidence(site: Site, root: Any) -> None:
    code, other = await site.case(), await site.case("mali")
    await write(root, "UPDATE case_file SET stage = 'awaiting_doctor', colour = 'green', ready = code = $1", code)
    for who in ("nok", "wipa"):
        text = (await board(site, "?lane=ready", who)).text
        assert SHOWN.findall(text) == [code] and f'href="/chatturat/cases/{code}/pathway"' in text
    assert set(await shown(site, "?lane=all")) == {code, other}


async def test_threat_21_and_22_a_name_stays_text(site: Site) -> None:
    name = '<img src=x onerror=alert(1)>" hx-get="/x'
    await site.case(None, called_name=name, given_name=name)
    text = (await board(site)).text
    assert "<img" not in text and '" hx-get="/x' not in text and "&lt;img" in text


async def test_no_name_and_no_number_stands_in_the_title_or_an_address(site: Site) -> None:
    await site.case(None, called_name="ทดลองชื่อเล่น")
    text = (await board(site)).text
    addresses = re.findall(r'(?:href|action|formaction|hx-get)="([^"]*)"', text)
    assert not [address for address in addresses if "ทดลอง" in address]
    assert "ทดลอง" not in re.search(r"<title>(.*?)</title>", text)[1]  # type: ignore[index]
