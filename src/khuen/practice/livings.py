"""What a practice district did for livelihoods: courses with partners, occupation grants, work. Pure.

Who finished, got a grant or found work has come far enough on the way; which step follows which is the room's own rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import NamedTuple
from uuid import UUID

from khuen.cases.rules import Stage
from khuen.clock import add_months
from khuen.practice.answers import Act
from khuen.practice.life import identity
from khuen.practice.lives import Life, bangkok
from khuen.training.rules import MONTHS, Employer, Found, Grant, Job, Outcome, Partner, Why

COURSES = (
    ("ช่างซ่อมเครื่องยนต์เล็ก (ตัวอย่าง)", Partner.SKILL_OFFICE, "สำนักงานฝีมือแรงงาน (ตัวอย่าง)", 30, 5),
    ("ตัดผมชาย (ตัวอย่าง)", Partner.LABOUR_OFFICE, "สำนักงานแรงงานจังหวัด (ตัวอย่าง)", 30, 5),
    ("เพาะเห็ดและปลูกผัก (ตัวอย่าง)", Partner.LOCAL_GOVERNMENT, "อบต. (ตัวอย่าง)", 12, 2),
    ("งานปูนและกระเบื้อง (ตัวอย่าง)", Partner.PRIVATE, "ร้านวัสดุก่อสร้าง (ตัวอย่าง)", 18, 3),
)
SOURCES = (
    (Partner.SOCIAL_OFFICE, "พัฒนาสังคมฯ จังหวัด (ตัวอย่าง)", 10_000),
    (Partner.LOCAL_GOVERNMENT, "กองทุนชุมชน (ตัวอย่าง)", 5_000),
    (Partner.PRIVATE, "ร้านค้าในตลาด (ตัวอย่าง)", 15_000),
)
GOODS = ("ปัตตาเลี่ยนและเก้าอี้ตัดผม (ตัวอย่าง)", "ก้อนเชื้อเห็ด (ตัวอย่าง)", "ชุดเครื่องมือช่าง (ตัวอย่าง)")
_SEATS = 20
_FAR = (Stage.AWAITING_DOCTOR, Stage.CERTIFIED)


class Given(NamedTuple):
    """A course; `at` is when it was written down."""

    id: UUID
    number: int  #: its place in `COURSES`
    from_on: date
    until_on: date
    at: datetime


class Taken(NamedTuple):
    id: UUID
    course_id: UUID
    case_id: UUID
    at: datetime
    result_id: UUID
    hours: int
    outcome: Outcome
    why: Why | None
    certificate: str
    result_at: datetime | None  #: None: enrolled, nothing is known yet


class Asked(NamedTuple):
    """A grant with the steps it took: (id, what, day)."""

    id: UUID
    case_id: UUID
    source: int
    what_for: str
    on: date
    steps: tuple[tuple[UUID, Grant, date], ...]


class Worked(NamedTuple):
    """Work with what came of asking: (id, months, what, day, why)."""

    id: UUID
    case_id: UUID
    job: Job
    employer: Employer
    since: date
    checks: tuple[tuple[UUID, int, Found, date, Why | None], ...]


@dataclass(frozen=True, slots=True)
class Living:
    courses: tuple[Given, ...] = ()
    taken: tuple[Taken, ...] = ()
    grants: tuple[Asked, ...] = ()
    work: tuple[Worked, ...] = ()
    acts: tuple[Act, ...] = field(default=(), repr=False)


def living(chance: Random, today: date, lives: Sequence[Life], coordinator: UUID) -> Living:
    """All of it up to the day before."""
    through = [life for life in lives if life.steps[-1].stage in _FAR]
    going = [life for life in lives if life.steps[-1].stage is Stage.IN_TREATMENT and _opened(life, today) > 30]
    first = min((life.steps[0].on for life in lives), default=today)
    given: list[Given] = []
    taken: list[Taken] = []
    for start in range(0, len(through), _SEATS):
        one = _course(chance, len(given), max(first + timedelta(days=14), today - timedelta(days=40 + start)))
        given.append(one)
        taken += [_taken(chance, one, life, today) for life in through[start : start + _SEATS]]
    if going:
        one = _course(chance, len(given), today - timedelta(days=1))
        given.append(one)
        taken += [_taken(chance, one, life, today) for life in going[:8]]
    grants = [_grant(chance, life, today) for number, life in enumerate(through) if number % 3 == 0]
    work = [_work(chance, life, today) for number, life in enumerate(through) if number % 2 == 0]
    acts = sorted(_acts(coordinator, given, taken, grants, work), key=lambda act: act.at)
    return Living(tuple(given), tuple(taken), tuple(grants), tuple(work), tuple(acts))


def evening(on: date) -> datetime:
    return bangkok(on, 16, 30)


def _opened(life: Life, today: date) -> int:
    return (today - life.steps[0].on).days


def _course(chance: Random, number: int, from_on: date) -> Given:
    kind = number % len(COURSES)
    at = bangkok(from_on, 8, 15)
    return Given(identity(chance, at), kind, from_on, from_on + timedelta(days=COURSES[kind][4] - 1), at)


def _taken(chance: Random, it: Given, life: Life, today: date) -> Taken:
    at, hours, over = it.at + timedelta(minutes=5), COURSES[it.number][3], evening(it.until_on)
    ids, drawn = (identity(chance, at), it.id, life.id, at, identity(chance, over)), chance.random()
    if it.until_on >= today:
        return Taken(*ids, 0, Outcome.ATTENDING, None, "", None)
    if drawn < 0.1:
        why = chance.choice((Why.WORK, Why.ILL, Why.FAMILY))
        return Taken(*ids, hours // 3, Outcome.NOT_FINISHED, why, "", over)
    return Taken(*ids, hours, Outcome.FINISHED, None, f"ต.{chance.randrange(100, 999)}", over)


def _grant(chance: Random, life: Life, today: date) -> Asked:
    """Applied for, and most of them decided; the newest are still on their way."""
    on = max(life.steps[0].on, today - timedelta(days=chance.randint(10, 60)))
    way = chance.choice(((), (Grant.GRANTED,), (Grant.GRANTED, Grant.HANDED_OVER), (*Grant,)[1:4], (Grant.REFUSED,)))
    steps, day = [], on
    for what in way:
        day = min(day + timedelta(days=chance.randint(3, 12)), today - timedelta(days=1))
        steps.append((identity(chance, evening(day)), what, max(day, on)))
    source = chance.randrange(len(SOURCES))
    return Asked(identity(chance, evening(on)), life.id, source, chance.choice(GOODS), on, tuple(steps))


def _work(chance: Random, life: Life, today: date) -> Worked:
    """Found some time after enrolment; what is due was asked, but for the newest."""
    since = max(life.steps[0].on, today - timedelta(days=chance.randint(20, 150)))
    checks: list[tuple[UUID, int, Found, date, Why | None]] = []
    for months in MONTHS:
        on = add_months(since, months) + timedelta(days=2)
        if on >= today:
            break
        lost = chance.random() < 0.2
        found, why = (Found.LOST, Why.ENDED) if lost else (Found.HELD, None)
        checks.append((identity(chance, evening(on)), months, found, on, why))
        if lost:
            break
    job, employer = chance.choice(list(Job)), chance.choice(list(Employer))
    return Worked(identity(chance, evening(since)), life.id, job, employer, since, tuple(checks))


def _acts(
    by_id: UUID, given: Sequence[Given], taken: Sequence[Taken], grants: Sequence[Asked], work: Sequence[Worked]
) -> Iterator[Act]:
    for course in given:
        yield Act(course.at, by_id, "course:made", course.id, {})
        people = sum(one.course_id == course.id for one in taken)
        yield Act(course.at + timedelta(minutes=5), by_id, "course:enrolled", course.id, {"count": people})
    for result in taken:
        if result.result_at:
            yield Act(result.result_at, by_id, "course:result", result.case_id, {"result": str(result.outcome)})
    for grant in grants:
        yield Act(evening(grant.on), by_id, "grant:applied", grant.case_id, {})
        for _id, what, on in grant.steps:
            yield Act(evening(on), by_id, "grant:changed", grant.case_id, {"step": str(what)})
    for one in work:
        yield Act(evening(one.since), by_id, "work:found", one.case_id, {})
        for _id, _months, found, on, _why in one.checks:
            yield Act(evening(on), by_id, "work:checked", one.case_id, {"result": str(found)})
