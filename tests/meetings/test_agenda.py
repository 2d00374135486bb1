"""The agenda: a query until the meeting opens, then rows; renewed, added to, put in order, left out; never a name."""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Any

from khuen import clock
from khuen.ids import uuid7
from khuen.meetings import agenda, service
from khuen.meetings.agenda import Item
from khuen.meetings.rules import Kind, Section
from khuen.tenancy import within
from khuen.words import gettext as th
from tests.followups.flights import counted
from tests.meetings.conftest import Room


async def items(room: Room) -> list[Item]:
    here = room.chatturat.here("nok", clock.now())
    async with within(here):
        held = await service.session(here, Kind.WEEKLY, here.today)
        return await agenda.items(here, held.id)


async def codes(room: Room) -> list[str]:
    return [item.matter.code for item in await items(room) if item.matter.code]


async def test_the_agenda_is_frozen_when_the_meeting_opens(room: Room, root: Any) -> None:
    first = await room.urgent()
    await room.plan()
    assert first in (await room.get()).text
    key = str(uuid7())
    for _ in range(2):
        assert (await room.post("opening", key=key)).status_code == 303
    second = await room.urgent("mali")
    assert await codes(room) == [first] and second not in (await room.get()).text
    assert [item.matter.section for item in await items(room)][-1] is Section.NUMBERS
    assert await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'meeting:opened'") == 1


async def test_a_meeting_opens_on_its_own_day_only(room: Room) -> None:
    await room.plan(days=3)
    on = clock.day(clock.now()) + timedelta(days=3)
    path = f"/chatturat/meetings/{on.isoformat()}"
    answer = await room.clients["nok"].post(f"{path}/opening", data={"key": str(uuid7())})
    assert answer.status_code == 409
    assert (await room.clients["nok"].get(f"{path}/present")).status_code == 409
    assert (await room.clients["nok"].get(f"{path}/minutes.pdf")).status_code == 409


async def test_a_renewed_agenda_follows_the_data_and_keeps_what_was_talked_about(room: Room) -> None:
    first, settled = await room.urgent(), await room.urgent("mali")
    await room.open()
    by_code = {item.matter.code: item for item in await items(room)}
    await room.post(f"items/{by_code[first].id}/decisions", **decision(room))
    for code in (first, settled):
        seen = await room.clients["nok"].post(f"/chatturat/cases/{code}/acknowledgements", data={"key": str(uuid7())})
        assert seen.status_code == 303
    await room.post(f"present/{by_code[None].id}")  # not shown just now
    assert (await room.post("agenda")).status_code == 303
    assert await codes(room) == [first], "settled without a word: gone; decided about: stays"


async def test_matters_are_added_moved_and_left_out(room: Room, root: Any) -> None:
    code = await room.urgent()
    await room.open()
    key = str(uuid7())
    for _ in range(2):
        assert (await room.post("items", key=key, section="other", title="งบฝึกอาชีพ")).status_code == 303
    assert (await room.post("items", section="announcement", title="นโยบายใหม่")).status_code == 303
    assert [item.matter.title or item.matter.section for item in await items(room)] == [
        "นโยบายใหม่",
        "urgent",
        "numbers",
        "งบฝึกอาชีพ",
    ]
    assert (await room.post("items", section="urgent", title="ลองดู")).status_code == 422
    assert (await room.post("items", section="other", title="x")).status_code == 422
    for _ in range(2):
        assert (await room.post(f"items/{key}/place", to="1")).status_code == 303
    assert (await items(room))[0].matter.title == "งบฝึกอาชีพ"
    case = next(item for item in await items(room) if item.matter.code == code)
    await room.post(f"items/{case.id}/skip")
    assert f"<h1 hx-disable>{code}" not in await walked(room)
    await room.post(f"items/{case.id}/skip", take_in="yes")
    await room.post(f"items/{case.id}/decisions", **decision(room))
    assert (await room.post(f"items/{case.id}/skip")).status_code == 409, "something was decided about it"
    assert (await room.post(f"items/{uuid7()}/skip")).status_code == 404
    assert (await room.post(f"items/{uuid7()}/place", to="1")).status_code == 404
    assert await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'agenda:changed'") == 6


async def test_a_text_that_names_somebody_in_care_is_refused_until_it_is_said_to_be_no_name(room: Room) -> None:
    await room.urgent(given_name="วันเพ็ญ", family_name="ทองสมมุติ", called_name="แดง")
    await room.open()
    for named in ("ให้ วันเพ็ญ มาพบ", "บ้านทองสมมุติ", "เรื่องของ แดง", "นางวันเพ็ญไปทำงาน"):
        answer = await room.post("items", section="other", title=named)
        assert answer.status_code == 422 and th(agenda.NAMES_SOMEBODY) in answer.text, named
        assert f'value="{named}"' in answer.text and 'name="no_name"' in answer.text
    for free in ("ซื้อสีแดงทาศาลา", "คืนวันเพ็ญ"):  # the second one is the full moon, and has to be confirmed
        fine = await room.post("items", section="other", title=free)
        assert fine.status_code == (422 if "วันเพ็ญ" in free else 303)
    assert (await room.post("items", section="other", title="คืนวันเพ็ญ", no_name="true")).status_code == 303


async def test_nothing_of_a_person_is_on_any_page_of_a_meeting(room: Room) -> None:
    secret = {"given_name": "ลับลับ", "family_name": "สมมุติยิ่ง", "called_name": "นิดหน่อย", "safety_note": "มีสุนัขดุ"}
    code = await room.urgent(**secret)
    await room.open()
    for path in ("", "/present", "/present?screen=1", "/pack"):
        for who in ("nok", "anan", "wipa"):
            text = (await room.get(path, who)).text
            assert code in text
            assert not [word for word in secret.values() if word in text], (path, who)
            assert not re.search("เขียว|เหลือง|ส้ม|แดง|ม\\.114|ปัสสาวะ|คะแนน", text.replace("ผลตรวจ คะแนน หรือกลุ่มสี", "")), (
                path
            )


async def test_opening_costs_as_many_statements_for_many_cases_as_for_one(room: Room) -> None:
    sent = []
    for days, more in ((0, 1), (-1, 12)):
        for _ in range(more):
            await room.case(None)
        here = room.chatturat.here("nok", clock.now())
        on = here.today + timedelta(days=days)
        async with within(here):
            await service.plan(here, service.New(uuid7(), Kind.WEEKLY, on, time(9), "ที่ว่าการ"))
        async with counted() as statements, within(here):
            await service.open_meeting(here, Kind.WEEKLY, on, uuid7())
        sent.append(len(statements))
    assert sent[0] == sent[1]


async def walked(room: Room) -> str:
    """Every slide, one after another."""
    shown = []
    for item in await items(room):
        await room.post(f"present/{item.id}")
        shown.append((await room.get("/present")).text)
    return "".join(shown)


def decision(room: Room) -> dict[str, str]:
    on = clock.day(clock.now()) + timedelta(days=3)
    owner = str(room.chatturat.people["nok"][0])
    return {"kind": "watch", "owner": owner, "due": f"{on.day}/{on.month}/{clock.buddhist(on)}", "text": "โทรทุกเย็น"}
