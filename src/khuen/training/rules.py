"""Courses, grants and work: pure functions of dates, amounts and what was written down (docs/training.md)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from khuen.clock import add_months
from khuen.msgid import N_
from khuen.thai import arabic

LONGEST_COURSE_DAYS = 366
MOST_BAHT = 10_000_000
#: how long work is asked after, in calendar months from its first day
MONTHS = (3, 6, 12)


class Partner(StrEnum):
    """Who gives a course, a grant or work (B11, B13)."""

    LABOUR_OFFICE = "labour_office"
    SKILL_OFFICE = "skill_office"
    LOCAL_GOVERNMENT = "local_government"
    SOCIAL_OFFICE = "social_office"
    COLLEGE = "college"
    PRIVATE = "private"
    COMMUNITY = "community"
    OTHER = "other"


class Outcome(StrEnum):
    ATTENDING = "attending"
    FINISHED = "finished"
    NOT_FINISHED = "not_finished"


class Why(StrEnum):
    """Why somebody did not finish a course, or lost work."""

    WORK = "work"
    ILL = "ill"
    TRAVEL = "travel"
    FAMILY = "family"
    MOVED = "moved"
    UNWILLING = "unwilling"
    ENDED = "ended"  #: the course was not held, the work came to an end
    UNKNOWN = "unknown"
    MISTAKE = "mistake"  #: written down by mistake


class Grant(StrEnum):
    """Where a grant stands."""

    APPLIED = "applied"
    GRANTED = "granted"
    HANDED_OVER = "handed_over"
    REPORTED = "reported"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Refusal(StrEnum):
    """Why a grant was refused or withdrawn."""

    NO_BUDGET = "no_budget"
    NOT_ENTITLED = "not_entitled"
    PAPERS = "papers"
    OTHER_SOURCE = "other_source"
    CHANGED_MIND = "changed_mind"
    MISTAKE = "mistake"


class Job(StrEnum):
    FARM = "farm"
    DAY_LABOUR = "day_labour"
    EMPLOYEE = "employee"
    TRADE = "trade"
    CRAFT = "craft"
    SERVICE = "service"
    OTHER = "other"


class Employer(StrEnum):
    SELF = "self"
    FAMILY = "family"
    PRIVATE = "private"
    LOCAL_GOVERNMENT = "local_government"
    STATE = "state"
    COMMUNITY = "community"


class Found(StrEnum):
    """What came of asking whether work is still held."""

    HELD = "held"
    LOST = "lost"
    NOT_REACHED = "not_reached"


class State(StrEnum):
    """How it stands with one of the three dates of a work."""

    AHEAD = "ahead"
    DUE = "due"
    HELD = "held"
    LOST = "lost"
    OVER = "over"  #: the work was lost before that date


UNTIL_BEFORE = N_("The last day lies before the first")
TOO_LONG = N_("At most one year at a time")
DAY_AHEAD = N_("This day lies in the future")
NOT_BEGUN = N_("The course has not begun yet")
NOT_OVER = N_("The course is not over yet")
TOO_MANY_HOURS = N_("That is more hours than the course has")
SAY_WHY = N_("Say why")
NOT_FINISHED_YET = N_("Only who finished gets a certificate")
CERTIFICATE_DAY = N_("The certificate is older than the course, or its day lies in the future")
BEFORE_LAST = N_("This day lies before the last step")
NO_SUCH_STEP = N_("This grant cannot take that step now")
NO_BAHT = N_("Enter whole baht, such as 15,000")
BEFORE_CASE = N_("This day lies before the case was opened")
BEFORE_WORK = N_("This day lies before the first day of the work")
NOT_DUE = N_("This date has not come yet")
LOST_ALREADY = N_("This work was lost. Write new work down instead")


# --- courses ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """From the first day to the last, and how many hours it has in all."""

    from_on: date
    until_on: date
    hours: int


@dataclass(frozen=True, slots=True)
class Result:
    """How somebody did in a course."""

    hours: int
    outcome: Outcome
    why: Why | None = None
    certificate: str = ""
    certified_on: date | None = None


def wrong_span(from_on: date, until_on: date) -> str | None:
    days = (until_on - from_on).days
    if days < 0:
        return UNTIL_BEFORE
    return TOO_LONG if days > LONGEST_COURSE_DAYS else None


def holds_seat(outcome: Outcome | None) -> bool:
    """Whoever left makes room for somebody else."""
    return outcome is not Outcome.NOT_FINISHED


def wrong_result(made: Result, course: Span, today: date) -> dict[str, str]:
    """{field: message id} of what cannot be so."""
    wrong = {}
    if made.hours > course.hours:
        wrong["hours"] = TOO_MANY_HOURS
    elif made.hours and today < course.from_on:
        wrong["hours"] = NOT_BEGUN
    if made.outcome is Outcome.FINISHED and today < course.until_on:
        wrong["outcome"] = NOT_OVER
    if made.outcome is Outcome.NOT_FINISHED and made.why is None:
        wrong["why"] = SAY_WHY
    if made.outcome is not Outcome.FINISHED and (made.certificate or made.certified_on):
        wrong["certificate"] = NOT_FINISHED_YET
    elif made.certified_on and not course.from_on <= made.certified_on <= today:
        wrong["certified_on"] = CERTIFICATE_DAY
    return wrong


# --- grants -------------------------------------------------------------------------------------------------------

#: the steps that may follow; `undone` takes the newest step back
UNDONE = "undone"
_NEXT: dict[Grant, tuple[Grant, ...]] = {
    Grant.APPLIED: (Grant.GRANTED, Grant.REFUSED, Grant.WITHDRAWN),
    Grant.GRANTED: (Grant.HANDED_OVER, Grant.REFUSED, Grant.WITHDRAWN),
    Grant.HANDED_OVER: (Grant.REPORTED,),
    Grant.REPORTED: (),
    Grant.REFUSED: (),
    Grant.WITHDRAWN: (),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One row of a grant: what happened, on which day, and the amount when it was granted."""

    what: str  #: a `Grant` or `UNDONE`
    on: date
    baht: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a grant stands; `baht` is what was granted, or what was asked for until then."""

    state: Grant
    on: date
    baht: int
    steps: int  #: those that stand


def standing(applied_on: date, baht: int, steps: Iterable[Step]) -> Standing:
    """What follows from every row of a grant, the oldest first."""
    kept: list[Step] = []
    for step in steps:
        if step.what != UNDONE:
            kept.append(step)
        elif kept:
            kept.pop()
    granted = next((step.baht for step in kept if step.what == Grant.GRANTED and step.baht), baht)
    last = kept[-1] if kept else Step(Grant.APPLIED, applied_on)
    return Standing(Grant(last.what), last.on, granted, len(kept))


def may_follow(now: Standing) -> tuple[str, ...]:
    """What may be written down next."""
    return (*_NEXT[now.state], *((UNDONE,) if now.steps else ()))


def needs_reason(what: str) -> bool:
    return what in (Grant.REFUSED, Grant.WITHDRAWN)


def wrong_step(now: Standing, step: Step, reason: Refusal | None, today: date) -> dict[str, str]:
    if step.what not in may_follow(now):
        return {"what": NO_SUCH_STEP}
    if step.on > today:
        return {"on": DAY_AHEAD}
    if step.what != UNDONE and step.on < now.on:
        return {"on": BEFORE_LAST}
    return {"reason": SAY_WHY} if needs_reason(step.what) and reason is None else {}


def counts(state: Grant) -> bool:
    """Whether a grant is money that somebody gave or still may give."""
    return state not in (Grant.REFUSED, Grant.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Total:
    """Grants of one source, in whole baht. `granted` includes what was handed over."""

    kind: Partner
    source: str
    grants: int
    asked: int  #: asked for and not yet decided
    granted: int
    handed_over: int


def totals(grants: Iterable[tuple[Partner, str, Standing]]) -> list[Total]:
    """What each source gave, the largest sum first. Refused and withdrawn grants are left out."""
    found: dict[tuple[Partner, str], list[Standing]] = {}
    for kind, source, now in grants:
        if counts(now.state):
            found.setdefault((kind, source), []).append(now)
    made = [
        Total(
            kind,
            source,
            len(some),
            _sum(some, Grant.APPLIED),
            _sum(some, Grant.GRANTED, Grant.HANDED_OVER, Grant.REPORTED),
            _sum(some, Grant.HANDED_OVER, Grant.REPORTED),
        )
        for (kind, source), some in found.items()
    ]
    return sorted(made, key=lambda one: (-one.granted, -one.asked, one.kind, one.source))


def baht(text: str) -> int | None:
    """15000, 15,000, ๑๕,๐๐๐ or 15,000 บาท as somebody types it; None for anything else, nothing and too much."""
    found = re.fullmatch(r"([0-9]{1,3}(?:,?[0-9]{3})*|[0-9]+)(?:\.00?)?(?: ?บาท)?", arabic(text).strip())
    amount = int(found[1].replace(",", "")) if found else 0
    return amount if 0 < amount <= MOST_BAHT else None


def _sum(some: Iterable[Standing], *states: Grant) -> int:
    return sum(one.baht for one in some if one.state in states)


# --- work ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Check:
    """One row of asking; `months` is None for what was heard in between. A later row of the same date replaces it."""

    months: int | None
    found: Found
    on: date


@dataclass(frozen=True, slots=True)
class Due:
    months: int
    due_on: date
    state: State
    tried: bool  #: asked, and nobody was reached


def schedule(since: date, checks: Iterable[Check], today: date) -> tuple[Due, ...]:
    """The three dates of a work that began on `since`: calendar months, 31 August + 6 is the end of February."""
    stand = _stand(checks)
    lost = lost_on(stand.values())
    return tuple(_due(months, add_months(since, months), stand.get(months), lost, today) for months in MONTHS)


def lost_on(checks: Iterable[Check]) -> date | None:
    """The day on which work was lost; None while it is held."""
    return min((one.on for one in _stand(checks).values() if one.found is Found.LOST), default=None)


def wrong_check(since: date, checks: Sequence[Check], new: Check, why: Why | None, today: date) -> dict[str, str]:
    others = [one for one in checks if one.months != new.months]
    if new.on > today:
        return {"on": DAY_AHEAD}
    if new.on < since:
        return {"on": BEFORE_WORK}
    if new.months is not None and new.on < add_months(since, new.months):
        return {"on": NOT_DUE}
    if lost_on(others) is not None:
        return {"found": LOST_ALREADY}
    return {"why": SAY_WHY} if new.found is Found.LOST and why is None else {}


def _stand(checks: Iterable[Check]) -> dict[int | None, Check]:
    return {one.months: one for one in checks}  # the newest row of each date


def _due(months: int, due_on: date, check: Check | None, lost: date | None, today: date) -> Due:
    tried = check is not None and check.found is Found.NOT_REACHED
    if check is not None and check.found is not Found.NOT_REACHED:
        return Due(months, due_on, State.HELD if check.found is Found.HELD else State.LOST, tried)
    if lost is not None:
        return Due(months, due_on, State.OVER, tried)
    return Due(months, due_on, State.DUE if due_on <= today else State.AHEAD, tried)
