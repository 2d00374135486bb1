"""Planning a meeting, who chairs it, cancelling it: it works, refuses bad input and strangers, is harmless twice."""

from __future__ import annotations

from typing import Any

import pytest

from khuen import clock, district
from khuen.ids import uuid7
from khuen.meetings import rules
from khuen.paths import folder
from khuen.words import gettext as th
from tests.meetings.conftest import BASE, Room


async def numbers(root: Any) -> list[tuple[int, str]]:
    rows = await root.fetch("SELECT number, state FROM meeting ORDER BY on_date")
    return [(row["number"], row["state"]) for row in rows]


async def test_the_next_meeting_is_suggested_from_the_last(room: Room, root: Any) -> None:
    first = await room.plan(place="ศาลากลางบ้าน", at="๑๓.๐๐ น.")
    assert first.status_code == 303 and first.headers["location"] == room.today
    page = (await room.clients["nok"].get(f"{BASE}/new")).text
    assert 'value="ศาลากลางบ้าน"' in page and 'value="13.00"' in page
    today = clock.day(clock.now())
    holidays = set(district.read(folder("tenants") / "demo" / "chatturat.toml").settings.holidays.dates)
    expected = rules.next_date("weekly", [today], "tuesday", holidays, today)
    assert f'value="{expected.day}/{expected.month}/{clock.buddhist(expected)}"' in page
    assert (await root.fetchrow("SELECT fiscal_year, chair FROM meeting"))["chair"] == "นายอำเภอ"


async def test_a_meeting_is_planned_once_and_numbers_follow_each_other(room: Room, root: Any) -> None:
    key = str(uuid7())
    for _ in range(2):
        assert (await room.plan(key=key)).status_code == 303
    assert (await room.plan(key=key, place="ที่อื่น")).status_code == 409
    assert (await room.plan()).status_code == 409, "there is one on this day"
    assert (await room.plan(days=1)).status_code == 303
    assert (await room.plan(kind="province")).headers["location"].endswith("-province"), "counted apart"
    assert [number for number, _ in await numbers(root)] in ([1, 1, 2], [1, 1, 1])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"on": "30/2/2569"}, "There is no such date"),
        ({"on": "1/1/2560"}, "Choose a day from today on"),
        ({"at": "25.00"}, "Enter a time such as 9.30"),
        ({"at": "เช้า"}, "Enter a time such as 9.30"),
        ({"place": ""}, "Please fill this in"),
        ({"kind": "daily"}, "Please choose one of the answers"),
    ],
)
async def test_what_cannot_be_planned_is_said_at_its_field(room: Room, wrong: dict[str, str], said: str) -> None:
    answer = await room.plan(**wrong)
    assert answer.status_code == 422 and th(said) in answer.text
    assert all(text in answer.text for text in wrong.values() if text != "daily")


async def test_a_cancelled_meeting_gives_its_number_back(room: Room, root: Any) -> None:
    await room.plan()
    assert (await room.post("cancellation", reason="x")).status_code == 422
    key = str(uuid7())
    for _ in range(2):
        assert (await room.post("cancellation", key=key, reason="ประธานติดราชการ")).status_code == 303
    assert (await room.plan()).status_code == 303
    assert sorted(await numbers(root)) == [(1, "cancelled"), (1, "planned")]
    await room.post("opening")
    assert (await room.post("cancellation", reason="สายไปแล้ว")).status_code == 409


async def test_a_substitute_is_written_down_with_the_reason(room: Room, root: Any) -> None:
    """B10: so that "chaired by the chief" stays true."""
    await room.open()
    assert (await room.post("chair", who="substitute", name="ปลัดอำเภอ")).status_code == 422
    assert (await room.post("chair", who="substitute", reason="ติดราชการ")).status_code == 422
    key = str(uuid7())
    for _ in range(2):
        told = await room.post("chair", key=key, who="substitute", name="ปลัดอำเภอ", reason="ติดราชการ")
        assert told.status_code == 303
    assert (await room.post("chair", key=key, who="chief")).status_code == 409
    assert "ปลัดอำเภอ" in (await room.get("/present")).text
    page = (await room.clients["anan"].get("/chatturat/chair")).text
    assert th("Chaired by the post itself: %(chief)s of %(all)s weekly meetings") % {"chief": 0, "all": 1} in page
    await room.post("chair", who="chief")
    assert await root.fetchval("SELECT count(*) FROM meeting_chair") == 2


async def test_another_district_finds_no_meeting(room: Room) -> None:
    await room.open()
    kanya = room.clients["kanya"]
    assert (await kanya.get(room.today)).status_code == 404
    assert (await kanya.get(room.today.replace("chatturat", "phon"))).status_code == 404
    for path in ("2026-13-01", "x", "2001-01-01"):
        assert (await room.clients["nok"].get(f"{BASE}/{path}")).status_code == 404
