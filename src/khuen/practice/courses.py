"""What a practice district did for treatment: weekly sessions, who came, the doctor, tests, home visits. Pure.

Who is expected at a session is the treatment room's own rule; only who came is invented.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import NamedTuple
from uuid import UUID

from khuen.cases.rules import Stage
from khuen.practice.answers import Act
from khuen.practice.life import identity
from khuen.practice.lives import Life, Making, bangkok
from khuen.practice.plans import Ending
from khuen.treatment import calendar_rules, rules
from khuen.treatment.calendar_rules import Weekly
from khuen.treatment.rules import Kind, Mark, Reason, Result, Sample

MINUTES = 120
PLACES = ("ศาลาประชาคม (ตัวอย่าง)", "รพ.สต. (ตัวอย่าง)", "วัดประจำตำบล (ตัวอย่าง)")
ELSEWHERE = "แพทย์ติดราชการ ทำกิจกรรมกลุ่มแทน (ตัวอย่าง)"
HEARD = ("โทรแล้ว ติดเกี่ยวข้าว (ตัวอย่าง)", "ฝากบัดดี้ถาม สบายดี (ตัวอย่าง)", "ญาติรับสาย จะมาครั้งหน้า (ตัวอย่าง)")
SEEN = ("อยู่กับแม่ กินได้นอนหลับ (ตัวอย่าง)", "ช่วยงานในสวน อารมณ์ดี (ตัวอย่าง)", "บ่นปวดหัว นัดพบแพทย์ (ตัวอย่าง)")
_AHEAD_DAYS = 42
_WRITTEN = (0,) * 18 + (1, 3)  #: after how many days a test is written down
_WEEKLY_DOCTOR, _HARVEST = 0.95, (11, 12)


class Held(NamedTuple):
    """A session; `closed_as` is None for one that lies ahead, was not closed yet or was cancelled."""

    id: UUID
    project: int  #: its place in the tenant file
    series_id: UUID
    on: date
    starts_at: datetime
    place: str
    state: str
    closed_as: Kind | None
    presence_id: UUID | None
    closure_id: UUID


class Marked(NamedTuple):
    id: UUID
    session_id: UUID
    case_id: UUID
    mark: Mark
    reason: Reason | None
    at: datetime


class Asked(NamedTuple):
    """A task to ask after somebody, and what came of it when somebody did."""

    id: UUID
    case_id: UUID
    session_id: UUID
    due_on: date
    made_at: datetime
    contact_id: UUID
    asked_at: datetime | None
    note: str


class Taken(NamedTuple):
    """A urine test."""

    id: UUID
    case_id: UUID
    sample: Sample
    on: date
    at: datetime
    result: Result
    confirms_id: UUID | None


class Visited(NamedTuple):
    id: UUID
    case_id: UUID
    on: date
    at: datetime
    note: str


class Series(NamedTuple):
    id: UUID
    project: int
    weekly: Weekly
    place: str


@dataclass(frozen=True, slots=True)
class Course:
    series: tuple[Series, ...] = ()
    held: tuple[Held, ...] = ()
    marks: tuple[Marked, ...] = ()
    asked: tuple[Asked, ...] = ()
    tests: tuple[Taken, ...] = ()
    visits: tuple[Visited, ...] = ()
    acts: tuple[Act, ...] = field(default=(), repr=False)


def course(making: Making, lives: Sequence[Life], coordinator: UUID, clinic: UUID) -> Course:
    """All of it up to the evening before, and the sessions that are planned ahead."""
    chance = making.chance
    series = [_series(making, lives, number) for number in range(len(making.file.projects))]
    held, marks = [], []
    for one in series:
        for session, some in _sessions(making, lives, one):
            held.append(session)
            marks += some
    asked = list(_asked(making, {one.id: one for one in held}, marks, lives))
    tests = [test for life in lives for test in _tests(chance, life, making)]
    visits = [visit for life in lives for visit in _visits(chance, life, making)]
    acts = [*_closed(held, marks, coordinator), *(_act(test.at, clinic, "test:recorded", test) for test in tests)]
    acts += [Act(visit.at, clinic, "home-visit:made", visit.case_id, {}) for visit in visits]
    acts += [Act(one.asked_at, coordinator, "absence:asked", one.case_id, {}) for one in asked if one.asked_at]
    acts.sort(key=lambda act: act.at)
    return Course(tuple(series), tuple(held), tuple(marks), tuple(asked), tuple(tests), tuple(visits), tuple(acts))


def _series(making: Making, lives: Sequence[Life], project: int) -> Series:
    """Every week from the first enrolment on; the first project meets on the weekday of the day itself."""
    opened = [life.steps[0].on for life in lives if life.newcomer.case.project_id.int == project]
    first = min(opened, default=making.today)
    weekday = (making.today - timedelta(days=3 * project)).weekday()
    last = making.today + timedelta(days=_AHEAD_DAYS)
    ends_on = making.file.projects[project].ends_on
    until = max(first + timedelta(days=7), min(last, ends_on) if ends_on else last)
    at = time(9, 0) if project % 2 == 0 else time(13, 30)
    started_at = bangkok(first, 9, 30)
    return Series(identity(making.chance, started_at), project, Weekly(weekday, at, first, until), PLACES[project % 3])


def _sessions(making: Making, lives: Sequence[Life], series: Series) -> Iterator[tuple[Held, list[Marked]]]:
    chance, holidays = making.chance, making.file.settings.holidays.dates
    yearly = {(on.month, on.day) for on in holidays}
    own = [life for life in lives if life.newcomer.case.project_id.int == series.project]
    last_open = making.today - timedelta(days=3)  # the newest session of a second project is not closed yet
    for slot in calendar_rules.expand(series.weekly, ()):
        people = [life for life in own if rules.on_roster(rules.stage_as_of(life.steps, slot.on))]
        ids = [identity(chance, slot.starts_at) for _ in range(3)]
        off = (slot.on.month, slot.on.day) in yearly
        past = slot.on < making.today and bool(people) and not (series.project and slot.on >= last_open)
        if not people and slot.on < making.today:
            continue
        doctor = chance.random() < _WEEKLY_DOCTOR
        closed_as = (Kind.CBTX if doctor else Kind.OTHER) if past and not off else None
        state = "cancelled" if off else "closed" if closed_as else "planned"
        session = Held(
            ids[0],
            series.project,
            series.id,
            slot.on,
            slot.starts_at,
            series.place,
            state,
            closed_as,
            ids[1] if closed_as is Kind.CBTX else None,
            ids[2],
        )
        yield session, [_mark(chance, session, life, making.today) for life in people] if closed_as else []


def _mark(chance: Random, session: Held, life: Life, today: date) -> Marked:
    at = session.starts_at + timedelta(minutes=5 + chance.random() * 40)
    mark, reason = _came(chance, session.on, life, today)
    return Marked(identity(chance, at), session.id, life.id, mark, reason, at)


def _came(chance: Random, on: date, life: Life, today: date) -> tuple[Mark, Reason | None]:
    """Most come. Harvest and New Year keep some away; who struggles stays away at the end; the certified came."""
    drawn, stage = chance.random(), rules.stage_as_of(life.steps, on)
    if stage is Stage.ENROLLED:
        return (Mark.EXCUSED, None) if drawn < 0.7 else (Mark.ABSENT, Reason.UNKNOWN)
    if life.steps[-1].stage in (Stage.AWAITING_DOCTOR, Stage.CERTIFIED):
        return (Mark.PRESENT, None) if drawn < 0.98 else (Mark.EXCUSED, None)
    troubled = life.ending in (Ending.MISSED, Ending.OVERDUE) and (today - on).days <= 22
    away = 0.8 if troubled else 0.19 if on.month in _HARVEST else 0.11
    if drawn < 1 - away - 0.05:
        return Mark.PRESENT, None
    if drawn < 1 - away:
        return Mark.EXCUSED, None
    if on.month in _HARVEST and not troubled:
        return Mark.ABSENT, Reason.WORK
    return Mark.ABSENT, chance.choice(list(Reason))


def _asked(making: Making, held: dict[UUID, Held], marks: Sequence[Marked], lives: Sequence[Life]) -> Iterator[Asked]:
    """Nearly everybody was asked after in time; what is fresh is still open, and a little of it is late."""
    chance, days = making.chance, making.file.settings.treatment.contact_within_days
    for mark in marks:
        if not rules.wants_contact(mark.mark):
            continue
        on = held[mark.session_id].on
        asked_at = bangkok(on + timedelta(days=1 + chance.randrange(days)), 10, chance.randrange(60))
        open_ = asked_at > making.until or ((making.today - on).days < 15 and chance.random() < 0.3)
        yield Asked(
            identity(chance, mark.at),
            mark.case_id,
            mark.session_id,
            rules.contact_due(on, on, days),
            mark.at,
            identity(chance, asked_at),
            None if open_ else asked_at,
            chance.choice(HEARD),
        )


def _tests(chance: Random, life: Life, making: Making) -> Iterator[Taken]:
    """About as often as the pack asks; the last ones before an assessment were negative."""
    began = next((step.on for step in life.steps if step.stage is Stage.IN_TREATMENT), None)
    if began is None:
        return
    end = next((s.on for s in life.steps if s.stage in (Stage.AWAITING_DOCTOR, Stage.CLOSED)), making.today)
    every, wanted = life.pack.pathway.urine_every_days, life.pack.pathway.negative_tests
    slack, on, days = every // 4, began, list[date]()
    while on < min(end, making.today):
        days.append(on)
        on += timedelta(days=every + chance.randint(-slack, slack))
    through = life.steps[-1].stage in (Stage.AWAITING_DOCTOR, Stage.CERTIFIED)
    for number, day in enumerate(days):
        at = min(bangkok(day, 10, chance.randrange(60)) + timedelta(days=chance.choice(_WRITTEN)), making.until)
        result = _result(chance, first=number == 0)
        if through and number >= len(days) - wanted:
            result = Result.NEGATIVE
        strip = Taken(identity(chance, at), life.id, Sample.STRIP, day, at, result, None)
        yield strip
        lab_at = at + timedelta(days=4)
        if result is Result.POSITIVE and chance.random() < 0.3 and lab_at < making.until and lab_at.date() < end:
            kind = chance.choices((Result.POSITIVE, Result.NEGATIVE), (9, 1))[0]
            yield Taken(identity(chance, lab_at), life.id, Sample.LAB, day, lab_at, kind, strip.id)


def _result(chance: Random, *, first: bool) -> Result:
    weights = (55, 40, 3, 2) if first else (89, 7, 2, 2)
    return chance.choices((Result.NEGATIVE, Result.POSITIVE, Result.REFUSED, Result.NOT_DONE), weights)[0]


def _visits(chance: Random, life: Life, making: Making) -> Iterator[Visited]:
    days = ((life.closed_on or making.today) - life.steps[0].on).days
    if days > 20 and chance.random() < 0.25:
        on = life.steps[0].on + timedelta(days=chance.randint(8, days - 2))
        at = bangkok(on, 15, chance.randrange(60))
        yield Visited(identity(chance, at), life.id, on, at, chance.choice(SEEN))


def _closed(held: Sequence[Held], marks: Sequence[Marked], coordinator: UUID) -> Iterator[Act]:
    expected: dict[UUID, int] = {}
    for mark in marks:
        expected[mark.session_id] = expected.get(mark.session_id, 0) + 1
    for one in held:
        if one.closed_as:
            count = expected.get(one.id, 0)
            marked_at = one.starts_at + timedelta(minutes=50)
            yield Act(marked_at, coordinator, "attendance:marked", one.id, {"count": count})
            closed_at = one.starts_at + timedelta(minutes=MINUTES)
            yield Act(closed_at, coordinator, "session:closed", one.id, {"kind": str(one.closed_as), "count": count})


def _act(at: datetime, by_id: UUID, tag: str, test: Taken) -> Act:
    return Act(at, by_id, tag, test.case_id, {"kind": str(test.sample)})
