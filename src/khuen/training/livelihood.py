"""How one person makes a living again: courses, occupation grants, work; and what each source gave."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from khuen import audit
from khuen.cases.rules import STOPPED, too_late
from khuen.errors import Invalid, NotFound
from khuen.tenancy import Here, hot
from khuen.training import courses, queries, rules
from khuen.training.courses import Course
from khuen.training.rules import (
    Check,
    Due,
    Employer,
    Found,
    Grant,
    Job,
    Partner,
    Refusal,
    Result,
    Standing,
    Step,
    Total,
    Why,
)
from khuen.training.service import Subject, held, refuse, same, subject


@dataclass(frozen=True, slots=True)
class NewGrant:
    """`baht` is the whole amount that is asked for."""

    key: UUID
    kind: Partner
    source: str
    baht: int
    what_for: str = field(repr=False)
    applied_on: date


@dataclass(frozen=True, slots=True)
class NewWork:
    key: UUID
    job: Job
    employer: Employer
    since: date


@dataclass(frozen=True, slots=True)
class Taken:
    """A course of this case."""

    course_id: UUID
    skill: str
    partner: str
    place: str
    from_on: date
    until_on: date
    hours_in_all: int
    result: Result


@dataclass(frozen=True, slots=True)
class Written:
    """One row of a grant or of asking after work: what it said, and who wrote it down when."""

    what: str
    on: date
    baht: int | None
    months: int | None
    reason: str | None
    at: datetime
    by: str | None


@dataclass(frozen=True, slots=True)
class GrantLine:
    id: UUID
    kind: Partner
    source: str
    what_for: str = field(repr=False)
    baht: int  #: what was asked for
    applied_on: date
    by: str | None
    now: Standing
    may: tuple[str, ...]
    rows: tuple[Written, ...]  #: the oldest first


@dataclass(frozen=True, slots=True)
class WorkLine:
    id: UUID
    job: Job
    employer: Employer
    since: date
    by: str | None
    lost_on: date | None
    mistaken: bool
    dates: tuple[Due, ...]
    rows: tuple[Written, ...]


@dataclass(frozen=True, slots=True)
class Livelihood:
    case: Subject
    courses: tuple[Taken, ...]
    grants: tuple[GrantLine, ...]
    work: tuple[WorkLine, ...]
    offered: tuple[Course, ...]  #: courses that this case is not in yet and that have a seat


async def livelihood(here: Here, code: str) -> Livelihood:
    """The whole of one case, with an audit row. Raises NotFound."""
    case = await subject(here, code)
    taken = tuple(_taken(row) for row in await hot(queries.OF_CASE, case.id))
    known = {one.course_id for one in taken}
    found = Livelihood(
        case,
        taken,
        tuple(_grant(row) for row in await hot(queries.GRANTS, case.id)),
        tuple(_work(here, row) for row in await hot(queries.WORK, case.id)),
        tuple(one for one in await courses.offered(here) if one.id not in known and one.free > 0),
    )
    await audit.record(here, "case:seen", case.id, page="livelihood")
    return found


async def grant(here: Here, code: str, grant_id: UUID) -> tuple[Subject, GrantLine]:
    """One grant. Raises NotFound."""
    case = await subject(here, code)
    found = next((_grant(row) for row in await hot(queries.GRANTS, case.id) if row["id"] == grant_id), None)
    if found is None:
        raise NotFound
    return case, found


async def work(here: Here, code: str, work_id: UUID) -> tuple[Subject, WorkLine]:
    """One work. Raises NotFound."""
    case = await subject(here, code)
    found = next((_work(here, row) for row in await hot(queries.WORK, case.id) if row["id"] == work_id), None)
    if found is None:
        raise NotFound
    return case, found


async def totals(here: Here, since: date, until: date) -> list[Total]:
    """What each source gave to those who applied between these days."""
    rows = await hot(queries.GIVEN, since, until)
    return rules.totals(
        (
            Partner(row["source_kind"]),
            row["source"],
            rules.standing(
                row["applied_on"],
                row["baht"],
                [Step(what, date.fromisoformat(on), baht) for what, on, baht in json.loads(row["steps"] or "[]")],
            ),
        )
        for row in rows
    )


async def apply(here: Here, code: str, new: NewGrant) -> None:
    """A grant was applied for. Harmless twice by `key`. Raises NotFound, Invalid, KeyReused."""
    case = await subject(here, code)
    _refuse_day(here, case, new.applied_on, "applied")
    values = (case.id, new.kind, new.source, new.baht, new.what_for, new.applied_on)
    if await hot(queries.APPLY, new.key, *values, here.now, here.member_id):
        await audit.record(here, "grant:applied", case.id)
    else:
        await same(queries.APPLIED, new.key, values)


async def step(here: Here, code: str, grant_id: UUID, key: UUID, new: Step, reason: Refusal | None = None) -> None:
    """What became of a grant. Harmless twice by `key`. Raises NotFound, Invalid (what, on, reason), KeyReused."""
    case = await subject(here, code)
    rows = await hot(queries.GRANT, case.id, grant_id)
    if not rows:
        raise NotFound
    reason = reason if rules.needs_reason(new.what) else None
    amount = new.baht if new.what == Grant.GRANTED else None
    values = (grant_id, new.what, new.on, amount, reason)
    if await hot(queries.STEP_SENT, key):
        return await same(queries.STEP_SENT, key, values)
    refuse(rules.wrong_step(_grant(rows[0]).now, new, reason, here.today))
    await hot(queries.STEP, key, *values, here.now, here.member_id)
    await audit.record(here, "grant:changed", case.id, step=new.what)


async def record_work(here: Here, code: str, new: NewWork) -> None:
    """Work was found. Harmless twice by `key`. Raises NotFound, Invalid, KeyReused."""
    case = await subject(here, code)
    _refuse_day(here, case, new.since, "since")
    values = (case.id, new.job, new.employer, new.since)
    if await hot(queries.FOUND, new.key, *values, here.now, here.member_id):
        await audit.record(here, "work:found", case.id)
    else:
        await same(queries.FOUND_SENT, new.key, values)


async def check_work(here: Here, code: str, work_id: UUID, key: UUID, new: Check, why: Why | None = None) -> None:
    """Whether work is still held. Harmless twice by `key`. Raises NotFound, Invalid (on, found, why), KeyReused."""
    case = await held(here, code)
    row = next((one for one in await hot(queries.WORK, case.id) if one["id"] == work_id), None)
    if row is None:
        raise NotFound
    why = why if new.found is Found.LOST else None
    values = (work_id, new.months, new.found, new.on, why)
    if await hot(queries.CHECK_SENT, key):
        return await same(queries.CHECK_SENT, key, values)
    if too_late(case.stopped_on, new.on):
        raise Invalid({"on": STOPPED})
    refuse(rules.wrong_check(row["since_on"], _checks(_asked(row)), new, why, here.today))
    await hot(queries.CHECK, key, *values, here.now, here.member_id)
    await audit.record(here, "work:checked", case.id, result=new.found.value)


def _refuse_day(here: Here, case: Subject, on: date, name: str) -> None:
    if on > here.today:
        raise Invalid({name: rules.DAY_AHEAD})
    if on < case.opened_on:
        raise Invalid({name: rules.BEFORE_CASE})
    if too_late(case.stopped_on, on):
        raise Invalid({name: STOPPED})


def _taken(row: Any) -> Taken:
    return Taken(
        row["id"],
        row["skill"],
        row["partner"],
        row["place"],
        row["from_on"],
        row["until_on"],
        row["hours_in_all"],
        courses.result_of(row),
    )


def _grant(row: Any) -> GrantLine:
    rows = tuple(
        Written(what, date.fromisoformat(on), baht, None, reason, datetime.fromisoformat(at), by)
        for what, on, baht, reason, at, by in json.loads(row["steps"] or "[]")
    )
    now = rules.standing(row["applied_on"], row["baht"], [Step(one.what, one.on, one.baht) for one in rows])
    return GrantLine(
        id=row["id"],
        kind=Partner(row["source_kind"]),
        source=row["source"],
        what_for=row["what_for"],
        baht=row["baht"],
        applied_on=row["applied_on"],
        by=row["by"],
        now=now,
        may=rules.may_follow(now),
        rows=rows,
    )


def _asked(row: Any) -> tuple[Written, ...]:
    return tuple(
        Written(found, date.fromisoformat(on), None, months, why, datetime.fromisoformat(at), by)
        for months, found, on, why, at, by in json.loads(row["checks"] or "[]")
    )


def _checks(rows: tuple[Written, ...]) -> list[Check]:
    return [Check(one.months, Found(one.what), one.on) for one in rows]


def _work(here: Here, row: Any) -> WorkLine:
    rows = _asked(row)
    checks = _checks(rows)
    lost = rules.lost_on(checks)
    return WorkLine(
        id=row["id"],
        job=Job(row["job"]),
        employer=Employer(row["employer"]),
        since=row["since_on"],
        by=row["by"],
        lost_on=lost,
        mistaken=lost is not None and any(one.reason == Why.MISTAKE for one in rows),
        dates=rules.schedule(row["since_on"], checks, here.today),
        rows=rows,
    )
