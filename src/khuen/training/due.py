"""Whose work is to be asked about now, in the whole district."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from khuen import thai
from khuen.clock import add_months
from khuen.tenancy import Here, hot
from khuen.training import queries, rules
from khuen.training.rules import MONTHS, Check, Due, Employer, Found, Job, State


@dataclass(frozen=True, slots=True)
class WorkDue:
    """One of the three dates of a work that has come and was not answered yet."""

    work_id: UUID
    code: str
    name: str
    subdistrict_code: str | None
    moo: str | None
    buddy: str | None
    job: Job
    employer: Employer
    since: date
    due: Due


async def work_due(here: Here) -> list[WorkDue]:
    """Work of open cases whose third, sixth or twelfth month has come, the longest due first. One statement."""
    rows = await hot(queries.WORK_BEFORE, add_months(here.today, -min(MONTHS)))
    found = [
        WorkDue(
            work_id=row["id"],
            code=row["code"],
            name=thai.on_phone(row["called_name"], row["family_name"]),
            subdistrict_code=row["subdistrict_code"],
            moo=row["moo"],
            buddy=row["buddy"],
            job=Job(row["job"]),
            employer=Employer(row["employer"]),
            since=row["since_on"],
            due=due,
        )
        for row in rows
        for due in rules.schedule(row["since_on"], _checks(row["checks"]), here.today)
        if due.state is State.DUE
    ]
    return sorted(found, key=lambda one: (one.due.due_on, one.code))


def _checks(told: str | None) -> list[Check]:
    return [Check(months, Found(what), date.fromisoformat(on)) for months, what, on in json.loads(told or "[]")]
