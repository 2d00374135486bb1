"""The meeting in the room: slides by code, decisions in place, a second screen that follows, a name for the chair alone."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from khuen import clock
from khuen.cases.rules import Decision
from khuen.ids import uuid7
from khuen.meetings import naming
from khuen.words import gettext as th
from tests.meetings.conftest import Room


def soon(days: int = 3) -> str:
    on = clock.day(clock.now()) + timedelta(days=days)
    return f"{on.day}/{on.month}/{clock.buddhist(on)}"


def decision(room: Room, **fields: str) -> dict[str, str]:
    owner = str(room.chatturat.people["wipa"][0])
    return {"kind": "call_family", "owner": owner, "due": soon(), "text": "โทรทุกเย็น"} | fields


async def shown(room: Room) -> str:
    """The id of the matter that the secretary shows."""
    found = re.search(r"/items/([0-9a-f-]{36})/decisions", (await room.get("/present")).text)
    assert found
    return found[1]


async def test_the_second_screen_follows_the_secretary_and_hears_nothing_while_nothing_changes(room: Room) -> None:
    await room.urgent(), await room.urgent("mali")
    await room.open()
    asks = {"hx-request": "true"}
    first = await room.clients["anan"].get(f"{room.today}/present?screen=1", headers=asks)
    seen = re.search(r'id="seen" name="seen" value="(\w+)"', first.text)
    assert seen and "<html" not in first.text and "<form" not in first.text
    again = {"screen": "1", "seen": seen[1]}
    assert (await room.clients["anan"].get(f"{room.today}/present", params=again, headers=asks)).status_code == 204
    turn = re.search(r'action="([^"]+)">.*?data-turn="next"', (await room.get("/present")).text)
    assert turn
    answer = await room.clients["nok"].post(turn[1])
    assert answer.status_code == 303 and answer.headers["location"] == f"{room.today}/present"
    moved = await room.clients["anan"].get(f"{room.today}/present", params=again, headers=asks)
    assert moved.status_code == 200 and moved.text != first.text
    assert (await room.post(f"present/{uuid7()}")).status_code == 404
    assert (await room.post("present/x")).status_code == 404


async def test_only_the_secretary_has_forms_and_a_page_without_script_reloads_itself(room: Room) -> None:
    await room.urgent()
    await room.open()
    own, projector, chair = (
        (await room.get("/present")).text,
        (await room.get("/present?screen=1")).text,
        (await room.get("/present", "anan")).text,
    )
    assert "<form" in own and "<form" not in projector and "<form" not in chair
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in projector
    assert "/name/" not in own + projector + chair, "a name has no way onto the projector"


async def test_a_decision_is_made_in_place_once_and_taken_back(room: Room, root: Any) -> None:
    code = await room.urgent()
    await room.open()
    item, key = await shown(room), str(uuid7())
    for _ in range(2):
        answer = await room.post(f"items/{item}/decisions", key=key, **decision(room))
        assert answer.status_code == 303 and answer.headers["location"] == f"{room.today}/present"
    assert (await room.post(f"items/{item}/decisions", key=key, **decision(room, text="อื่น"))).status_code == 409
    slide = (await room.get("/present?screen=1")).text
    assert code in slide and f"{th('Call the family')}: โทรทุกเย็น · Wipa" in slide
    [row] = await root.fetch("SELECT kind, text, state, case_id FROM decision")
    assert (row["kind"], row["state"], row["case_id"]) == ("call_family", "open", room.chatturat.cases[code])
    token = re.search(r'action="(/chatturat/undo/[^"]+)"', (await room.get("/present")).text)
    assert token
    back = await room.clients["nok"].post(token[1], headers={"referer": f"http://testserver.local{room.today}/present"})
    assert back.headers["location"] == f"{room.today}/present"
    assert "โทรทุกเย็น" not in (await room.get("/present?screen=1")).text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "fire"}, "Please choose one of the answers"),
        ({"due": ""}, "Please fill this in"),
        ({"due": "31/2/2570"}, "There is no such date"),
        ({"due": "1/1/2560"}, "Choose a day from today on"),
        ({"kind": "other", "text": ""}, "Please fill this in"),
        ({"text": "ย" * 301}, "This text is too long"),
    ],
)
async def test_a_wrong_decision_keeps_the_slide_and_what_was_typed(
    room: Room, wrong: dict[str, str], said: str
) -> None:
    code = await room.urgent()
    await room.open()
    answer = await room.post(f"items/{await shown(room)}/decisions", **decision(room, **wrong))
    assert answer.status_code == 422 and th(said) in answer.text and f">{code}</h1>" in answer.text
    assert decision(room, **wrong)["text"] in answer.text


async def test_a_decision_that_names_somebody_is_refused(room: Room, root: Any) -> None:
    await room.urgent(given_name="วันเพ็ญ", family_name="ทองสมมุติ")
    await room.open()
    item = await shown(room)
    answer = await room.post(f"items/{item}/decisions", **decision(room, text="โทรหาแม่ของวันเพ็ญ"))
    assert answer.status_code == 422 and 'name="no_name"' in answer.text
    fine = await room.post(f"items/{item}/decisions", **decision(room, text="โทรหาแม่ของวันเพ็ญ"), no_name="true")
    assert fine.status_code == 303 and await root.fetchval("SELECT count(*) FROM decision") == 1


async def test_nobody_decides_after_the_minutes_are_closed_or_makes_a_stranger_responsible(room: Room) -> None:
    await room.urgent()
    await room.open()
    item = await shown(room)
    buddy = str(room.chatturat.people["somchai"][0])
    assert (await room.post(f"items/{item}/decisions", **decision(room, owner=buddy))).status_code == 404
    assert (await room.post(f"items/{uuid7()}/decisions", **decision(room))).status_code == 404
    assert (await room.post("closing", ended="ดึก", recorder="สมพร")).status_code == 422
    for _ in range(2):
        assert (await room.post("closing", ended="11.30", recorder="สมพร", adopted="adopted")).status_code == 303
    assert (await room.post(f"items/{item}/decisions", **decision(room))).status_code == 409
    for path in ("agenda", f"items/{item}/skip", "attendance"):
        assert (await room.post(path)).status_code == 409, path
    assert "<form" not in (await room.get("/present")).text.split("</main>")[0]


async def test_an_earlier_promise_comes_back_until_it_is_done_or_let_go(room: Room, root: Any) -> None:
    code = await room.urgent()
    await room.plan(kind="province")
    await room.open()
    await room.post(f"items/{await shown(room)}/decisions", **decision(room))
    await room.post("closing", ended="11.30", recorder="สมพร")
    await root.execute("UPDATE meeting SET on_date = on_date - 7, number = 41 WHERE kind = 'weekly'")
    await room.open()
    slide = (await room.get("/present")).text
    assert th("From earlier meetings") in slide and code in slide and th("Not yet done") in slide
    promise = re.search(r"/promises/([0-9a-f-]{36})", slide)
    assert promise
    assert (await room.post(f"promises/{promise[1]}", state="not_done")).status_code == 422
    assert (await room.post(f"promises/{promise[1]}", state="done")).status_code == 303
    slide = (await room.get("/present")).text
    assert f"<b>{th('Done')}</b>" in slide and "/promises/" not in slide
    assert (await room.post("agenda")).status_code == 303
    assert f"<b>{th('Done')}</b>" in (await room.get("/present")).text, "the minutes tell what became of it"
    province = f"{room.today}-province"
    await room.clients["nok"].post(f"{province}/opening", data={"key": str(uuid7())})
    assert th("From earlier meetings") not in (await room.clients["nok"].get(province)).text, "that meeting's own"


async def test_the_chair_sees_one_name_with_a_reason_and_it_is_written_down(room: Room, root: Any) -> None:
    code = await room.urgent(given_name="วันเพ็ญ", family_name="ทองสมมุติ")
    await room.shares(code)
    await room.open()
    page = f"/name/{code}"
    assert f"{room.today}{page}" in (await room.clients["anan"].get("/chatturat/chair")).text
    asked = await room.get(page, "anan")
    assert asked.status_code == 200 and "ทองสมมุติ" not in asked.text
    assert (await room.post(page[1:], by="anan", reason="เพราะอยากรู้")).status_code == 422
    assert await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'person:named'") == 0
    told = await room.post(page[1:], by="anan", reason="family")
    assert "วันเพ็ญ ทองสมมุติ" in told.text and told.headers["cache-control"] == "no-store"
    row = await root.fetchrow("SELECT subject_id, detail FROM audit WHERE tag = 'person:named'")
    assert row["subject_id"] == room.chatturat.cases[code] and '"reason":"family"' in row["detail"]
    for who in ("nok", "wipa"):
        assert (await room.get(page, who)).status_code == 403, who


async def test_no_name_without_consent_off_the_agenda_or_after_the_meeting(room: Room, root: Any) -> None:
    """B02: sharing with police and administration is never a condition of treatment; withdrawn, it blocks at once."""
    code, calm = await room.urgent(), await room.case("mali")
    await room.open()
    answer = await room.post(f"name/{code}", by="anan", reason="family")
    assert answer.status_code == 409 and th(naming.WITHHELD) in answer.text
    await room.shares(code)
    assert (await room.post(f"name/{code}", by="anan", reason="family")).status_code == 200
    await room.shares(code, Decision.WITHDRAWN)
    assert (await room.post(f"name/{code}", by="anan", reason="family")).status_code == 409
    await room.shares(code), await room.shares(calm)
    for other in (calm, "CTR-9999", "x"):
        assert (await room.post(f"name/{other}", by="anan", reason="family")).status_code == 404
    await room.post("closing", ended="11.30", recorder="สมพร")
    assert (await room.post(f"name/{code}", by="anan", reason="family")).status_code == 409
    assert await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'person:named'") == 1
