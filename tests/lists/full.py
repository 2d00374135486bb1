"""Somebody on every list of the town, with a row in each of them."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

from khuen.ids import uuid7
from khuen.meetings import service as meetings
from khuen.meetings.rules import Kind
from khuen.tenancy import within
from khuen.training import livelihood
from khuen.training.livelihood import NewWork
from khuen.training.rules import Employer, Job
from tests import care
from tests.kept import put_right
from tests.meetings import around
from tests.town import Town


async def somebody(town: Town, root: Any, name: str, buddy: str | None = "buddy", days: int = 300) -> str:
    """A case that was opened some days ago, of somebody who is called this."""
    here = town.here("coordinator")
    async with within(here):
        code = await care.open_case(here, town.own, buddy, given_name=name, called_name=name, phone=None)
    case_id = town.own.cases[code]
    await root.execute(
        "UPDATE case_file SET opened_on = opened_on - $2::integer, test_on = opened_on WHERE id = $1", case_id, days
    )
    await root.execute(
        "UPDATE visit_due SET opens_on = opens_on - 90, due_on = due_on - 90, closes_on = closes_on - 90"
        " WHERE case_id = $1",
        case_id,
    )
    return code


async def at_work(town: Town, code: str, days_ago: int = 100) -> None:
    here = town.here("coordinator")
    async with within(here):
        since = here.today - timedelta(days=days_ago)
        await livelihood.record_work(here, code, NewWork(uuid7(), Job.FARM, Employer.FAMILY, since))


async def planned_meeting(town: Town) -> str:
    """The address of a meeting of tomorrow."""
    here = town.here("coordinator")
    async with within(here):
        on = here.today + timedelta(days=1)
        made = await meetings.plan(here, meetings.New(uuid7(), Kind.WEEKLY, on, time(9, 30), "ที่ว่าการอำเภอ"))
    return made.address


async def held_meeting(town: Town) -> str:
    """The address of a meeting in session, whose agenda is frozen."""
    return (await around.meeting(town, "coordinator"))[0]


async def everything(town: Town, root: Any, name: str) -> str:
    """A row in every list; the case is the one that is in care."""
    code = await somebody(town, root, name)
    await town.absence("coordinator", code)
    await town.test("coordinator", code)
    await town.course("coordinator", code)
    await town.grant("coordinator", code)
    await at_work(town, code)
    await town.slip("coordinator", code)
    await town.message("coordinator", "buddy")
    await town.pair("coordinator")
    await held_meeting(town)
    treated, ended, alone = [await somebody(town, root, f"{name}{n}", None) for n in (1, 2, 3)]
    await town.treated("coordinator", treated, 14)
    await town.closed("coordinator", ended)
    await root.execute("UPDATE urine_test SET taken_on = taken_on - 200")
    await root.execute("UPDATE case_file SET test_on = test_on - 200")
    await put_right(root)
    response = await town.clients["coordinator"].post(
        f"/chatturat/cases/{alone}/consents", data={"key": str(uuid7()), "kind": "treatment"}
    )
    assert response.status_code == 303
    return code
