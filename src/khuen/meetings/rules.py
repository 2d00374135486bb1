"""When the next meeting is, which number it has, what comes before it and in which order. Pure: days come in.

Weekly in a district, chaired by its chief (B10, B16); twice a month in a province (E03). docs/meetings.md.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from khuen import clock
from khuen.cases.rules import Stage
from khuen.followups.rules import overdue_days
from khuen.msgid import N_


class Kind(StrEnum):
    WEEKLY = "weekly"
    PROVINCE = "province"


class State(StrEnum):
    PLANNED = "planned"
    HELD = "held"  #: opened, its agenda stands
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Section(StrEnum):
    """The agenda in the order in which it is walked."""

    ANNOUNCEMENT = "announcement"
    PROMISES = "promises"
    URGENT = "urgent"
    OVERDUE = "overdue"
    NO_SHOWS = "no_shows"
    READY = "ready"
    STUCK = "stuck"
    NUMBERS = "numbers"
    OTHER = "other"


class Task(StrEnum):
    """What became of a decision."""

    OPEN = "open"
    DONE = "done"
    NOT_DONE = "not_done"
    DROPPED = "dropped"  #: the meeting let it go
    WITHDRAWN = "withdrawn"  #: it was written down by mistake


KINDS: dict[str, str] = {
    Kind.WEEKLY: N_("Weekly follow-up meeting"),
    Kind.PROVINCE: N_("Province meeting"),
}
STATES: dict[str, str] = {
    State.PLANNED: N_("Planned"),
    State.HELD: N_("In session"),
    State.CLOSED: N_("Minutes closed"),
    State.CANCELLED: N_("Cancelled"),
}
SECTIONS: dict[str, str] = {
    Section.ANNOUNCEMENT: N_("The chair informs"),
    Section.PROMISES: N_("From earlier meetings"),
    Section.URGENT: N_("Urgent"),
    Section.OVERDUE: N_("Visits long overdue"),
    Section.NO_SHOWS: N_("Did not come to CBTx"),
    Section.READY: N_("Ready for the certificate"),
    Section.STUCK: N_("Going nowhere"),
    Section.NUMBERS: N_("Figures"),
    Section.OTHER: N_("Other matters"),
}
TASKS: dict[str, str] = {
    Task.OPEN: N_("Not yet done"),
    Task.DONE: N_("Done"),
    Task.NOT_DONE: N_("Could not be done"),
    Task.DROPPED: N_("Let go"),
    Task.WITHDRAWN: N_("Withdrawn"),
}
UNRESOLVED = frozenset({Task.OPEN, Task.NOT_DONE})
#: what a meeting decides, so that a decision is one choice and a few words
DECISIONS: dict[str, str] = {
    "joint_visit": N_("Health centre and buddy visit together"),
    "call_family": N_("Call the family"),
    "assign_buddy": N_("Find a buddy"),
    "new_appointment": N_("Make a new appointment and bring the person"),
    "ask_doctor": N_("Ask the doctor to assess"),
    "hospital": N_("Ask the hospital for help"),
    "work": N_("Find work or training"),
    "resources": N_("Find money or things that are needed"),
    "watch": N_("Go on watching and report"),
    "other": N_("As written"),
}
#: which of them a matter of a section begins with
USUAL: dict[str, str] = {
    Section.PROMISES: "watch",
    Section.URGENT: "joint_visit",
    Section.OVERDUE: "joint_visit",
    Section.NO_SHOWS: "new_appointment",
    Section.READY: "ask_doctor",
    Section.STUCK: "assign_buddy",
}
AGENCIES: dict[str, str] = {
    "administration": N_("District administration"),
    "police": N_("Police"),
    "health": N_("Public health office"),
    "hospital": N_("Hospital and health centres"),
    "local": N_("Local government"),
    "community": N_("Community: headmen and volunteers"),
    "labour": N_("Labour and skill development"),
    "welfare": N_("Social development"),
    "education": N_("Education"),
    "private": N_("Private sector"),
}
#: cases of one section that are walked one by one; further ones stand together on one slide
MOST = 12
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
_ADDRESS = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(-province)?")


class Limits(Protocol):
    """From how many days on a case comes before the meeting (`khuen.district.Meetings`)."""

    @property
    def overdue_days(self) -> int: ...
    @property
    def no_buddy_days(self) -> int: ...
    @property
    def same_stage_days(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an open case. `missed` are CBTx sessions in a row; `alone_since` is None with a buddy."""

    case_id: UUID
    code: str
    stage: str
    rank: int = 0
    closes_on: date | None = None
    sessions: int = 0
    of_sessions: int = 0
    missed: int = 0
    ready: bool = False
    alone_since: date | None = None
    stage_since: date | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """An earlier decision that nobody has finished, or that could not be done."""

    id: UUID
    kind: str
    text: str
    owner: str
    due_on: date
    state: str
    code: str | None = None
    case_id: UUID | None = None
    title: str = ""  #: of the matter, when it was no case
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Matter:
    """One matter of the agenda, as it is frozen: codes, stages and days, never a name, a result or a colour."""

    section: Section
    case_id: UUID | None = None
    code: str | None = None
    title: str = ""
    stage: str | None = None
    rank: int = 0
    late_days: int = 0
    sessions: int = 0
    of_sessions: int = 0
    missed: int = 0
    ready: bool = False
    alone_days: int = 0
    same_stage_days: int = 0
    codes: tuple[str, ...] = ()  #: of a slide that holds many
    promises: tuple[Promise, ...] = ()
    numbers: dict[str, int] = field(default_factory=dict)
    on_hold: bool = False  #: whoever it is about has stopped since it was frozen


# --- when and which -----------------------------------------------------------------------------------------------


def address(kind: str, on: date) -> str:
    """The part of an address that names a meeting: 2026-11-24, or 2026-11-24-province."""
    return f"{on.isoformat()}-province" if kind == Kind.PROVINCE else on.isoformat()


def read_address(text: str) -> tuple[Kind, date] | None:
    found = _ADDRESS.fullmatch(text)
    try:
        return (Kind.PROVINCE if found[2] else Kind.WEEKLY, date.fromisoformat(found[1])) if found else None
    except ValueError:
        return None


def next_number(taken: Iterable[int]) -> int:
    """Meetings are counted within the fiscal year, from 1; a cancelled one gives its number back."""
    return max(taken, default=0) + 1


def fiscal_year(on: date) -> int:
    return clock.fiscal_year(on)


def next_date(kind: str, past: Sequence[date], weekday: str, holidays: Collection[date], today: date) -> date:
    """The next day by habit that is not before today; a holiday moves that one to the next working day, not the habit.

    `past` are the days of earlier meetings of this kind; the habit is the weekday that most of the last five share,
    without any the district's `weekday`. A province meets twice a month: never a third time in one.
    """
    habit = _habit(past, weekday)
    # Three days early, so that a meeting that a holiday moved does not push the habit on.
    first = max(past) + timedelta(days=11 if kind == Kind.PROVINCE else 4) if past else today
    on = _on_weekday(first, habit)
    while on < today:
        on += timedelta(days=7)
    if kind == Kind.PROVINCE:
        on = _twice_a_month(on, past, habit)
    return working_day(on, holidays)


def working_day(on: date, holidays: Collection[date]) -> date:
    """The day itself, or the next one that is neither weekend nor holiday."""
    while on.weekday() >= 5 or on in holidays:
        on += timedelta(days=1)
    return on


def chair_rate(by_chief: Iterable[bool]) -> tuple[int, int]:
    """(meetings that the chief chaired in person, meetings held): B10 says 100 %, a substitute is counted as one."""
    told = list(by_chief)
    return sum(told), len(told)


def due_by_habit(kind: str, on: date) -> date:
    """When what a meeting decides is due unless it says otherwise: by the next one."""
    return on + timedelta(days=14 if kind == Kind.PROVINCE else 7)


def late_days(due_on: date, state: str, today: date) -> int:
    """Days since a task was due; 0 when it is not due yet or no longer open."""
    return max(0, (today - due_on).days) if state == Task.OPEN else 0


# --- what comes before the meeting ------------------------------------------------------------------------------------


def agenda(
    cases: Iterable[Facts], promises: Sequence[Promise], numbers: dict[str, int], limits: Limits, today: date
) -> list[Matter]:
    """The matters in the order in which they are walked. A case is there once, under the first section that has it."""
    found = list(cases)
    open_ = {case.case_id: case for case in found}
    matters = _promised(promises, open_, today)
    named = {matter.case_id for matter in matters}
    by_section: dict[Section, list[Matter]] = {}
    for case in found:
        section = section_of(case, limits, today)
        if section is not None and case.case_id not in named:
            by_section.setdefault(section, []).append(_matter(section, case, today))
    for section in Section:
        matters += _some_together(section, sorted(by_section.get(section, []), key=_pressing))
    return [*matters, Matter(Section.NUMBERS, numbers=numbers)]


def without(matter: Matter, gone: Collection[str]) -> Matter:
    """A frozen matter when these cases stopped since: theirs is on hold and tells nothing, no slide lists them."""
    if matter.code in gone:
        return Matter(matter.section, matter.case_id, matter.code, on_hold=True)
    left = tuple(code for code in matter.codes if code not in gone)
    return replace(matter, codes=left, on_hold=bool(matter.codes) and not left)


def section_of(case: Facts, limits: Limits, today: date) -> Section | None:
    """The first section that holds the case; None when there is nothing to talk about."""
    if case.rank > 0:
        return Section.URGENT
    if case.closes_on is not None and overdue_days(case.closes_on, today) > limits.overdue_days:
        return Section.OVERDUE
    if case.missed > 0:
        return Section.NO_SHOWS
    if case.ready and case.stage == Stage.AWAITING_DOCTOR:
        return Section.READY
    alone, same = _days(case.alone_since, today), _days(case.stage_since, today)
    moves = case.stage != Stage.CERTIFIED  # a certified case stays where it is while it is followed up
    if alone > limits.no_buddy_days or (moves and same > limits.same_stage_days):
        return Section.STUCK
    return None


def _promised(promises: Sequence[Promise], open_: dict[UUID, Facts], today: date) -> list[Matter]:
    """One matter for a case with all that was decided about it, one for each decision about something else.

    Of a case that is no longer open only the code and the decision are told: why it ended is not the meeting's.
    """
    by_case: dict[UUID, list[Promise]] = {}
    alone = []
    for one in sorted(promises, key=lambda promise: (promise.due_on, promise.id)):
        if one.case_id is None:
            alone.append(Matter(Section.PROMISES, title=one.title, promises=(one,)))
        else:
            by_case.setdefault(one.case_id, []).append(one)
    made = []
    for case_id, some in by_case.items():
        if case_id in open_:
            made.append(_matter(Section.PROMISES, open_[case_id], today, tuple(some)))
        else:
            made.append(Matter(Section.PROMISES, case_id, some[0].code, promises=tuple(some)))
    return [*made, *alone]


def _matter(section: Section, case: Facts, today: date, promises: tuple[Promise, ...] = ()) -> Matter:
    return Matter(
        section,
        case.case_id,
        case.code,
        stage=case.stage,
        rank=case.rank,
        late_days=overdue_days(case.closes_on, today) if case.closes_on else 0,
        sessions=case.sessions,
        of_sessions=case.of_sessions,
        missed=case.missed,
        ready=case.ready and case.stage == Stage.AWAITING_DOCTOR,
        alone_days=_days(case.alone_since, today),
        same_stage_days=_days(case.stage_since, today),
        promises=promises,
    )


def _some_together(section: Section, matters: list[Matter]) -> list[Matter]:
    """Twelve one by one; what is left on one slide, so that a long list does not eat the meeting."""
    rest = matters[MOST:]
    if not rest:
        return matters
    return [*matters[:MOST], Matter(section, codes=tuple(str(matter.code) for matter in rest))]


def _pressing(matter: Matter) -> tuple[int, int, int, int, int, str]:
    days = (-matter.late_days, -matter.missed, -matter.alone_days, -matter.same_stage_days)
    return (-matter.rank, *days, str(matter.code))


def _days(since: date | None, today: date) -> int:
    return max(0, (today - since).days) if since else 0


def _habit(past: Sequence[date], weekday: str) -> int:
    """0 is Monday. Of two weekdays with as many meetings the later meeting decides."""
    last = [on.weekday() for on in sorted(past)[-5:]]
    if not last:
        return _DAYS.index(weekday)
    count = Counter(last)
    return max(reversed(last), key=lambda day: count[day])


def _on_weekday(on: date, weekday: int) -> date:
    """The first day from `on` that is this weekday."""
    return on + timedelta(days=(weekday - on.weekday()) % 7)


def _twice_a_month(on: date, past: Sequence[date], habit: int) -> date:
    held = sum((day.year, day.month) == (on.year, on.month) for day in past)
    if held < 2:
        return on
    return _on_weekday(clock.add_months(on.replace(day=1), 1), habit)
