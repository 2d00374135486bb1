"""Tasks: mine and everybody's, done or not with a reason, taken back; and the morning's reminder."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from khuen import clock, registry
from khuen.ids import uuid7
from khuen.meetings import tasks
from khuen.tenancy import within
from khuen.words import gettext as th
from tests.meetings.conftest import Room
from tests.meetings.test_present import decision, shown, soon
from workers import meetings

TASKS = "/chatturat/tasks"


async def decided(room: Room, owner: str = "wipa", **fields: str) -> str:
    """A task of this member; answers its id."""
    key = str(uuid7())
    told = decision(room, owner=str(room.chatturat.people[owner][0]), **fields)
    assert (await room.post(f"items/{await shown(room)}/decisions", key=key, **told)).status_code == 303
    return key


@pytest.fixture
async def open_room(room: Room) -> Room:
    await room.urgent(given_name="วันเพ็ญ", family_name="ทองสมมุติ")
    await room.open()
    return room


async def tell(room: Room, who: str, task: str, **fields: str) -> Any:
    form = {"key": str(uuid7()), "state": "done"} | fields
    return await room.clients[who].post(f"{TASKS}/{task}/results", data=form)


async def test_a_task_is_the_owners_and_the_coordinator_may_tell_for_them(open_room: Room, root: Any) -> None:
    task = await decided(open_room)
    assert "โทรทุกเย็น" in (await open_room.clients["wipa"].get(TASKS)).text
    assert "โทรทุกเย็น" not in (await open_room.clients["anan"].get(TASKS)).text
    everybodys = (await open_room.clients["anan"].get(f"{TASKS}?whose=all")).text
    assert "โทรทุกเย็น" in everybodys and "/results" not in everybodys
    assert (await tell(open_room, "anan", task)).status_code == 404
    key = str(uuid7())
    for _ in range(2):
        assert (await tell(open_room, "wipa", task, key=key)).status_code == 303
    assert (await tell(open_room, "wipa", task, key=key, state="not_done", reason="ย้าย")).status_code == 409
    assert await root.fetchval("SELECT state FROM decision") == "done"
    assert (await tell(open_room, "nok", task, state="not_done", reason="ยังไม่ว่าง")).status_code == 303
    assert await root.fetchval("SELECT count(*) FROM task_step") == 2
    assert (await tell(open_room, "kanya", task)).status_code == 404


async def test_what_could_not_be_done_needs_a_reason_without_a_name(open_room: Room) -> None:
    task = await decided(open_room)
    for fields in ({"state": "not_done"}, {"state": "not_done", "reason": "x"}, {"state": "dropped"}, {"state": ""}):
        assert (await tell(open_room, "wipa", task, **fields)).status_code == 422, fields
    named = await tell(open_room, "wipa", task, state="not_done", reason="วันเพ็ญย้ายบ้าน")
    assert named.status_code == 422 and 'value="วันเพ็ญย้ายบ้าน"' in named.text and 'name="no_name"' in named.text
    assert (await tell(open_room, "wipa", task, state="not_done", reason="ย้ายบ้าน")).status_code == 303
    page = (await open_room.clients["wipa"].get(TASKS)).text
    assert th("Could not be done") in page and "ย้ายบ้าน" in page, "it stays until the meeting has heard of it"


async def test_a_finished_task_can_be_taken_back(open_room: Room, root: Any) -> None:
    task = await decided(open_room)
    await tell(open_room, "wipa", task)
    page = await open_room.clients["wipa"].get(TASKS)
    token = re.search(r'action="(/chatturat/undo/[^"]+)"', page.text)
    assert token
    for _ in range(2):
        assert (await open_room.clients["wipa"].post(token[1])).status_code == 303
    assert await root.fetchval("SELECT state FROM decision") == "open"


async def test_whoever_promised_something_for_today_is_told_in_the_morning_once(open_room: Room, root: Any) -> None:
    await decided(open_room, due=soon(0))
    await decided(open_room, due=soon(0), text="ไปด้วยกัน")
    await decided(open_room, owner="nok", due=soon(1))
    here = open_room.chatturat.here("nok", clock.now())
    for _ in range(2):
        async with within(here):
            await tasks.compose_reminders(here)
    rows = await root.fetch("SELECT kind, recipient_id, count, subject_id FROM message WHERE kind = 'task_due_digest'")
    assert [(row["recipient_id"], row["count"]) for row in rows] == [(open_room.chatturat.people["wipa"][0], 2)]


async def test_the_clock_reminds_at_the_districts_own_time(open_room: Room, root: Any) -> None:
    await decided(open_room, due=soon(0))
    today = clock.day(clock.now())
    at = datetime.combine(today, datetime.min.time(), clock.BANGKOK) + timedelta(hours=7, minutes=30)
    count = "SELECT count(*) FROM message WHERE kind = 'task_due_digest'"
    assert await meetings.compose_reminders(at + timedelta(hours=3)) == 0
    assert await root.fetchval(count) == 0
    assert await meetings.compose_reminders(at) == 0
    assert await root.fetchval(count) == len([one for one in await registry.active() if one.slug == "chatturat"])
