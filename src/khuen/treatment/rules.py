"""Sessions, rosters, tests and their count: pure functions of dates and marks (docs/treatment.md)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from khuen.cases.rules import Stage, Step, stage_of, standing
from khuen.msgid import N_
from khuen.thai import squash
from khuen.treatment.draw_rules import next_test


class Kind(StrEnum):
    """A CBTx session (B14: the treating doctor comes to each), or any other activity of the project."""

    CBTX = "cbtx"
    OTHER = "other"


class Mark(StrEnum):
    PRESENT = "present"
    ABSENT = "absent"
    EXCUSED = "excused"  #: told us beforehand


class Reason(StrEnum):
    """Why somebody did not come."""

    WORK = "work"
    ILL = "ill"
    TRAVEL = "travel"
    FAMILY = "family"
    MOVED = "moved"
    UNWILLING = "unwilling"
    UNKNOWN = "unknown"


class Sample(StrEnum):
    """A strip is a screen; a laboratory confirms."""

    STRIP = "strip"
    LAB = "lab"


class Result(StrEnum):
    NEGATIVE = "negative"
    POSITIVE = "positive"
    REFUSED = "refused"
    NOT_DONE = "not_done"


KINDS: dict[str, str] = {Kind.CBTX: N_("CBTx session"), Kind.OTHER: N_("Other activity")}
MARKS: dict[str, str] = {Mark.PRESENT: N_("Came"), Mark.ABSENT: N_("Absent"), Mark.EXCUSED: N_("Excused")}
REASONS: dict[str, str] = {
    Reason.WORK: N_("Work"),
    Reason.ILL: N_("Ill"),
    Reason.TRAVEL: N_("No way to travel"),
    Reason.FAMILY: N_("Family matters"),
    Reason.MOVED: N_("Moved away"),
    Reason.UNWILLING: N_("Does not wish to come"),
    Reason.UNKNOWN: N_("Reason not known"),
}
SAMPLES: dict[str, str] = {Sample.STRIP: N_("Strip (screen)"), Sample.LAB: N_("Laboratory (confirmation)")}
RESULTS: dict[str, str] = {
    Result.NEGATIVE: N_("Negative"),
    Result.POSITIVE: N_("Positive"),
    Result.REFUSED: N_("Refused the test"),
    Result.NOT_DONE: N_("Not tested"),
}
NOT_YET_ENROLLED = N_("This person was not enrolled yet on that day")
NOT_IN_CARE = N_("This person was no longer in the programme on that day")
NOT_YET_DAY = N_("The day of this session has not come yet")
NO_DOCTOR = N_(
    "No doctor is marked as present: a CBTx session cannot be closed without one. Close it as another activity"
)


# --- who is on the roster ------------------------------------------------------------------------------------------


def stage_as_of(steps: Iterable[Step], on: date) -> Stage | None:
    """Where a case stood at the end of a day; None before it was opened."""
    until = [step for step in standing(steps) if step.on <= on]
    return stage_of(until) if until else None


def on_roster(stage: Stage | None) -> bool:
    """Whoever is enrolled and not yet through with treatment is expected; their first session begins it."""
    return stage in (Stage.ENROLLED, Stage.IN_TREATMENT)


def refusal(stage: Stage | None) -> str | None:
    """Why nobody can be marked at a session of a day on which their case stood at `stage`."""
    if stage is None:
        return NOT_YET_ENROLLED
    return NOT_IN_CARE if stage is Stage.CLOSED else None


def backdated(on: date, today: date) -> bool:
    """Written down on a later day than it happened: said beside it, never refused."""
    return on < today


def may_mark(on: date, today: date) -> bool:
    """From the day itself on, whatever the hour: clocks differ, days do not."""
    return on <= today


# --- marks ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """How somebody is marked; only an absence has a reason."""

    mark: Mark
    reason: Reason | None = None

    @property
    def code(self) -> str:
        return self.reason.value if self.reason else self.mark.value


def said(ticked: bool, why: str, was: Said | None) -> Said | None:
    """What a row of the roster says: a tick means "came", else the reason chosen. None: not marked.

    A tick that was taken away without a reason is an absence whose reason is not known yet. Raises ValueError for a
    reason that there is not.
    """
    if ticked:
        return Said(Mark.PRESENT)
    if why == Mark.EXCUSED:
        return Said(Mark.EXCUSED)
    if why:
        return Said(Mark.ABSENT, Reason(why))
    return Said(Mark.ABSENT, Reason.UNKNOWN) if was else None


def is_meant(asked: str, name: str, code: str) -> bool:
    """Whether somebody on a roster is meant by a part of a name or of a case code, as it was typed."""
    wanted = squash(asked)
    return wanted in squash(name) or wanted in squash(code)


def from_code(code: str) -> Said | None:
    """What `Said.code` stands for; None for nothing. Raises ValueError."""
    if not code:
        return None
    if code in (Mark.PRESENT, Mark.EXCUSED):
        return Said(Mark(code))
    return Said(Mark.ABSENT, Reason(code))


def wants_contact(mark: Mark | None) -> bool:
    """Whether somebody must ask after this person."""
    return mark is Mark.ABSENT


def contact_due(on: date, written_on: date, days: int) -> date:
    """So many days after the session, but a back-dated roster leaves its days to whoever has to ask."""
    return max(on, written_on) + timedelta(days=days)


# --- the count -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attended:
    """How one person is marked at one closed session; `cbtx` as it was closed, with its doctor."""

    starts_at: datetime
    on: date
    cbtx: bool
    mark: Mark


@dataclass(frozen=True, slots=True)
class Reading:
    """One urine test that stands (no other replaced it)."""

    id: UUID
    on: date
    made_at: datetime
    sample: Sample
    result: Result
    confirms_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Break:
    """A row of negative tests begins anew with the tests of later days. It holds no reason: a room above has it."""

    on: date
    told_at: datetime


@dataclass(frozen=True, slots=True)
class Tally:
    """What stands in `treatment_tally`. `held` are CBTx sessions that the person was expected at.

    A positive test or a break ends the row of `negatives`; `best_negatives` is the longest row so far, which nothing
    takes away.
    """

    started_on: date | None  #: the first session that the person came to
    held: int
    with_doctor: int
    missed: int  #: absences in a row, up to the newest session
    last_attended_on: date | None
    tests: int
    last_test_on: date | None
    opens_on: date
    closes_on: date
    negatives: int  #: in a row, up to the newest test
    best_negatives: int
    broken_on: date | None = None  #: the break without which the present row would be longer


def tally(
    opened_on: date,
    sessions: Iterable[Attended],
    tests: Iterable[Reading],
    every_days: int,
    breaks: Collection[Break] = (),
) -> Tally:
    """The count of one case from every mark at a closed session, every test and every break that stands, in whatever
    order.
    """
    rows = sorted(sessions, key=lambda row: row.starts_at)
    came = [row for row in rows if row.mark is Mark.PRESENT]
    answered = sorted(tests, key=lambda test: (test.on, test.made_at, test.id))
    done = [test for test in answered if was_done(test.result) and not test.confirms_id]
    last = done[-1].on if done else None
    row, best = _negatives([test for test in answered if test.result is not Result.NOT_DONE], breaks)
    broken_on = max((one.on for one in breaks), default=None)
    negatives = _after(row, breaks)
    due = next_test(last or opened_on, every_days)
    return Tally(
        started_on=came[0].on if came else None,
        held=sum(row.cbtx for row in rows),
        with_doctor=sum(row.cbtx for row in came),
        missed=_missed(rows),
        last_attended_on=came[-1].on if came else None,
        tests=len(done),
        last_test_on=last,
        opens_on=due.opens_on,
        closes_on=due.closes_on,
        negatives=negatives,
        best_negatives=best,
        broken_on=broken_on if negatives < len(row) else None,
    )


def was_done(result: Result) -> bool:
    """Only what was read counts as a test; whether somebody refused is for the clinic alone to know."""
    return result in (Result.NEGATIVE, Result.POSITIVE)


def drops_out(missed: int, limit: int) -> bool:
    """A hint for the meeting, never a decision: so many sessions missed in a row (the rule pack's drop_out_missed)."""
    return missed >= limit


def must_confirm(test: Reading) -> bool:
    """A positive strip is a screen: it needs a laboratory before any use in law."""
    return test.sample is Sample.STRIP and test.result is Result.POSITIVE


def _missed(rows: Sequence[Attended]) -> int:
    missed = 0
    for row in reversed(rows):
        if row.mark is Mark.PRESENT:
            break
        missed += row.mark is Mark.ABSENT  # who was excused neither breaks the row nor lengthens it
    return missed


def _negatives(answered: Sequence[Reading], breaks: Iterable[Break]) -> tuple[list[date], int]:
    """(the days of the row up to the newest test, the longest row). A confirmation speaks for the strip it confirms, at
    the strip's place; a refusal ends the row.

    The longest row is measured with what was known when each test was written down: a break that is told later ends
    the present row, and takes away nothing that was reached before it was told.
    """
    confirmed = {test.confirms_id: test.result for test in answered if test.confirms_id}
    row: list[date] = []
    best = 0
    for test in answered:
        if not test.confirms_id:
            row = [*row, test.on] if confirmed.get(test.id, test.result) is Result.NEGATIVE else []
            best = max(best, _after(row, [one for one in breaks if one.told_at <= test.made_at and one.on <= test.on]))
    return row, best


def _after(row: Sequence[date], breaks: Iterable[Break]) -> int:
    """How many tests of a row are of a later day than every break."""
    return sum(all(on > one.on for one in breaks) for on in row)
