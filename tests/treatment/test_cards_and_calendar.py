"""The printed card, and the calendar address that says nothing of what it holds."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from icalendar import Calendar

from khuen import clock, members, packs
from khuen.ids import uuid7
from khuen.tenancy import within
from khuen.treatment import cards, feed, sessions
from tests.care import ORIGIN, Site
from tests.treatment import room
from tests.treatment.room import here, key_of


async def word(site: Site, code: str) -> str:
    nok = here(site)
    async with within(nok):
        return await cards.word_of(nok, code)


def nobody(site: Site) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=site.app), base_url=ORIGIN)


async def test_looking_at_a_card_marks_nobody_and_its_button_does(site: Site, root: Any) -> None:
    code, it = await room.person(site), await room.plan(site)
    address, nok = f"/chatturat/cards/{code}/{await word(site, code)}", site.clients["nok"]
    page = await nok.get(address)
    assert page.status_code == 200 and await root.fetchval("SELECT count(*) FROM attendance") == 0
    form = {"key": key_of(page.text, "key"), "session": str(it)}
    for _ in range(2):
        assert (await nok.post(address, data=form)).status_code == 303
    assert [row["mark"] for row in await root.fetch("SELECT mark FROM attendance")] == ["present"]
    assert "บันทึกว่ามาแล้ว" in (await nok.get(address)).text


async def test_a_card_is_one_persons_and_cannot_be_guessed(site: Site) -> None:
    one, other = await room.person(site), await room.person(site)
    first, second = await word(site, one), await word(site, other)
    assert first != second and re.fullmatch("[a-z2-7]{24}", first)
    nok = site.clients["nok"]
    assert (await nok.get(f"/chatturat/cards/{other}/{first}")).status_code == 404
    assert (await site.clients["kanya"].get(f"/phon/cards/{one}/{first}")).status_code == 404
    assert (await site.clients["somchai"].get(f"/chatturat/cards/{one}/{first}")).status_code == 403
    async with nobody(site) as client:
        answer = await client.get(f"/chatturat/cards/{one}/{first}")
        assert answer.status_code == 401 and "ทด" not in answer.text


async def test_a_card_on_a_day_without_a_session_says_so(site: Site) -> None:
    code = await room.person(site)
    await room.plan(site, clock.day(clock.now()) + timedelta(1))
    page = await site.clients["nok"].get(f"/chatturat/cards/{code}/{await word(site, code)}")
    assert "วันนี้โครงการนี้ไม่มีนัด" in page.text


async def test_cards_are_drawn_as_a_file_and_as_a_sheet_without_a_name(site: Site) -> None:
    code, it, nok = await room.person(site), await room.plan(site), site.clients["nok"]
    drawn = await nok.get(f"/chatturat/cases/{code}/card.svg")
    assert drawn.headers["content-type"].startswith("image/svg+xml") and drawn.text.startswith("<svg xmlns=")
    sheet = await nok.get(f"/chatturat/sessions/{it}/cards")
    assert sheet.text.count("<svg viewBox") >= 1 and code in sheet.text and "คุณทด" not in sheet.text


async def address(site: Site, name: str = "nok") -> str:
    client = site.clients[name]
    page = (await client.get("/chatturat/calendar")).text
    answer = await client.post("/chatturat/calendar/address", data={"key": key_of(page, "key")})
    assert answer.status_code == 200
    found = re.search(r"http://testserver\.local(/chatturat/calendar/[\w-]{40,})", answer.text)
    assert found
    return found[1]


async def test_a_calendar_reads_times_and_places_under_a_neutral_word(site: Site, root: Any) -> None:
    code, it, off = await room.person(site), await room.plan(site), await room.plan(site)
    nok = here(site)
    async with within(nok):
        await sessions.cancel(nok, off, uuid7(), "แพทย์ป่วย (ตัวอย่าง)")
        days = (await packs.settings_of(nok)).holidays.dates
    async with nobody(site) as client:
        read = await client.get(await address(site))
    assert read.status_code == 200 and read.headers["content-type"].startswith("text/calendar")
    every = {str(event["uid"]): event for event in Calendar.from_ical(read.content).walk("VEVENT")}
    events = {uid: event for uid, event in every.items() if event["summary"] != "วันหยุด"}
    shown = {event.decoded("dtstart") for uid, event in every.items() if uid not in events}
    first, last = nok.today - feed.BEHIND, nok.today + feed.AHEAD
    assert shown == {on for on in days if first <= on <= last} != set(), "whole days"
    assert {f"{it}@khuen", f"{off}@khuen"} == set(events)
    assert {str(event["summary"]) for event in events.values()} == {"นัดกลุ่ม"}
    held = events[f"{it}@khuen"]
    assert held.decoded("dtend") - held.decoded("dtstart") == timedelta(minutes=120)
    assert (str(events[f"{off}@khuen"]["status"]), int(events[f"{off}@khuen"]["sequence"])) == ("CANCELLED", 1)
    for hidden in ("CBTx", "บำบัด", "โครงการ", "แพทย์", code, "ทด"):
        assert hidden not in read.text, hidden
    assert (await root.fetchval("SELECT length(token_hash) FROM calendar_link")) == 32


@pytest.mark.parametrize("how", ["ended", "renewed", "left", "lost the role", "another district"])
async def test_an_address_that_counts_no_longer_finds_nothing(site: Site, how: str) -> None:
    await room.plan(site)
    path, nok = await address(site), here(site)
    if how == "ended":
        assert (await site.clients["nok"].post("/chatturat/calendar/ending")).status_code == 303
    elif how == "renewed":
        await address(site)
    elif how == "another district":
        path = path.replace("/chatturat/", "/phon/")
    else:
        async with within(nok):
            assert nok.member_id is not None
            if how == "left":
                await members.leave(nok, nok.member_id)
            else:
                await members.set_roles(nok, nok.member_id, frozenset({"buddy"}))
    async with nobody(site) as client:
        assert (await client.get(path)).status_code == 404
        assert (await client.get(path.replace("chatturat", "nowhere"))).status_code == 404


async def test_a_form_sent_twice_makes_no_second_address(site: Site) -> None:
    form = {"key": str(uuid7())}
    nok = site.clients["nok"]
    assert (await nok.post("/chatturat/calendar/address", data=form)).status_code == 200
    assert (await nok.post("/chatturat/calendar/address", data=form)).status_code == 409
    async with nobody(site) as client:
        assert (await client.get("/chatturat/calendar/" + "x" * 43)).status_code == 404
