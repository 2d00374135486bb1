"""When to visit next and what calls for attention: pure functions of answers, dates and the case's rule pack."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from khuen import clock
from khuen.msgid import N_

CLOCK_SKEW = timedelta(hours=24)
SUPPORT_DAYS = 2  #: a slip raises support: a visit within 48 hours (docs/endings.md)


class How(StrEnum):
    """The four answers a buddy can tap."""

    WELL = "well"
    WORRYING = "worrying"
    URGENT = "urgent"
    NOT_FOUND = "not_found"


HOWS: dict[str, str] = {
    How.WELL: N_("Doing well"),
    How.WORRYING: N_("Worrying"),
    How.URGENT: N_("Urgent! Send help"),
    How.NOT_FOUND: N_("Not found at home"),
}


class Cadence(Protocol):
    """The visits of a rule pack (`khuen.district.Visits`), in days."""

    @property
    def every_days(self) -> int: ...
    @property
    def soon_days(self) -> int: ...
    @property
    def retry_days(self) -> int: ...
    @property
    def not_found_limit(self) -> int: ...
    @property
    def window_days(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Window:
    """Calendar days: a visit counts from `opens_on` to `closes_on`, best on `due_on`."""

    opens_on: date
    due_on: date
    closes_on: date


@dataclass(frozen=True, slots=True)
class Answer:
    """One check-in that was not withdrawn."""

    id: UUID
    how: How
    planned_at: datetime  #: when the visit was, by the phone, but never later than when we heard of it
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Turn:
    """From `at` on the plan of visits goes another way, until an answer from then or later.

    Support is a visit within two days, for a reason that the plan does not know. Otherwise the plan begins anew as for
    a new case: somebody comes back on that day, and what was missed before is not made up for.
    """

    at: datetime
    support: bool


@dataclass(frozen=True, slots=True)
class Due:
    """What stands in `visit_due`."""

    window: Window
    seen_at: datetime | None = None
    seen_id: UUID | None = None
    last_how: How | None = None
    misses: int = 0  #: "not found" in a row, up to the newest answer
    attention_id: UUID | None = None
    attention_rank: int = 0
    priority: int = 2
    turned_at: datetime | None = None  #: the newest turn that no answer has met yet


class Group(StrEnum):
    """Where a person stands on the buddy's page of today."""

    FIRST = "first"
    WEEK = "week"
    DONE = "done"
    LATER = "later"


def planned(happened_at: datetime, received_at: datetime) -> datetime:
    """A fast phone clock must not plan the future."""
    return min(happened_at, received_at)


def skewed(happened_at: datetime, received_at: datetime) -> bool:
    """Whether the phone's clock runs more than a day ahead: said to the coordinator, never refused.

    A clock that runs behind looks like an answer that waited for signal, and is treated as one.
    """
    return happened_at - received_at > CLOCK_SKEW


def next_due(seen_on: date, how: How, cadence: Cadence) -> date:
    """Sooner for someone who struggles or was not found, never later than the calm rhythm."""
    return seen_on + timedelta(days=_days(how, cadence))


def window(seen_on: date, how: How, cadence: Cadence) -> Window:
    """The days in which the next visit counts; it never opens on the day of the last one."""
    return _around(seen_on, _days(how, cadence), cadence)


def first_window(opened_on: date, cadence: Cadence) -> Window:
    """The first visit: soon, and from the day the case was opened."""
    around = _around(opened_on, min(cadence.soon_days, cadence.every_days), cadence)
    return Window(opened_on, around.due_on, around.closes_on)


def priority(how: How | None, misses: int, cadence: Cadence) -> int:
    """1 to 4 bars on the buddy's page: 4 after an urgent answer, 1 after a calm one. Says nothing of the reason."""
    if how is How.NOT_FOUND:
        return 3 if misses >= cadence.not_found_limit else 2
    return {How.URGENT: 4, How.WORRYING: 3, How.WELL: 1, None: 2}[how]


def attention_rank(how: How, misses: int, cadence: Cadence) -> int:
    """2 for an urgent answer, 1 for a worrying one or for too many "not found" in a row, else 0."""
    if how is How.NOT_FOUND:
        return int(misses >= cadence.not_found_limit)
    return {How.URGENT: 2, How.WORRYING: 1, How.WELL: 0}[how]


def calls_for_help(how: How) -> bool:
    """Only an urgent answer is told at once; a worrying one waits on the board and in the digest."""
    return how is How.URGENT


def present(
    opened_on: date,
    answers: Iterable[Answer],
    acknowledged: Sequence[Answer],
    cadence: Cadence,
    turns: Iterable[Turn] = (),
) -> Due:
    """What is due now, from every answer that stands, every one that a coordinator acknowledged, and every turn.

    The newest answer decides, in whatever order they arrived. An urgent one wants attention until it is acknowledged,
    even when calmer answers follow; a worrying one only while it is the newest. A turn stands until it is answered.
    """
    rows = sorted(answers, key=_by_time)
    return _turned(_answered(opened_on, rows, acknowledged, cadence), turns, cadence)


def met(due: Due, answer: Answer, cadence: Cadence) -> Due | None:
    """The plan after one more answer, or None when it is older than what is known, so that all of them count anew."""
    if due.seen_at is not None:
        assert due.seen_id is not None  # the two stand together
        if _by_time(answer) <= (due.seen_at, due.seen_id):
            return None
    if due.turned_at is not None and answer.planned_at < due.turned_at:
        return None
    misses = due.misses + 1 if answer.how is How.NOT_FOUND else 0
    rank = attention_rank(answer.how, misses, cadence)
    waits = due.attention_rank == 2 and rank < 2  # an urgent one waits for a coordinator, whatever follows
    return Due(
        window=window(clock.day(answer.planned_at), answer.how, cadence),
        seen_at=answer.planned_at,
        seen_id=answer.id,
        last_how=answer.how,
        misses=misses,
        attention_id=due.attention_id if waits else answer.id if rank else None,
        attention_rank=2 if waits else rank,
        priority=priority(answer.how, misses, cadence),
    )


def _answered(opened_on: date, rows: Sequence[Answer], acknowledged: Sequence[Answer], cadence: Cadence) -> Due:
    if not rows:
        return Due(first_window(opened_on, cadence), priority=priority(None, 0, cadence))
    newest = rows[-1]
    misses = _misses(rows)
    open_ = [row for row in rows if not _covered(row, acknowledged)]
    urgent = [row for row in open_ if row.how is How.URGENT]
    wanted = urgent[-1] if urgent else newest
    rank = attention_rank(wanted.how, misses, cadence) if wanted in open_ else 0
    return Due(
        window=window(clock.day(newest.planned_at), newest.how, cadence),
        seen_at=newest.planned_at,
        seen_id=newest.id,
        last_how=newest.how,
        misses=misses,
        attention_id=wanted.id if rank else None,
        attention_rank=rank,
        priority=priority(newest.how, misses, cadence),
    )


def _turned(due: Due, turns: Iterable[Turn], cadence: Cadence) -> Due:
    live = [turn for turn in turns if due.seen_at is None or turn.at > due.seen_at]
    if not live:
        return due
    window, bars = due.window, due.priority
    anew = max((turn.at for turn in live if not turn.support), default=None)
    if anew is not None:
        window = first_window(clock.day(anew), cadence)
    for turn in live:
        if turn.support and (anew is None or turn.at >= anew):
            window, bars = _sooner(window, clock.day(turn.at)), max(bars, 3)
    return replace(due, window=window, priority=bars, turned_at=max(turn.at for turn in live))


def _sooner(planned: Window, on: date) -> Window:
    """Within two days, from the day itself on; what was planned earlier stays."""
    return Window(
        min(planned.opens_on, on),
        min(planned.due_on, on + timedelta(days=SUPPORT_DAYS - 1)),
        min(planned.closes_on, on + timedelta(days=SUPPORT_DAYS)),
    )


def overdue_days(closes_on: date, today: date) -> int:
    """Days since the window passed; 0 while a visit still counts."""
    return max(0, (today - closes_on).days)


def group(due: Window, seen_on: date | None, bars: int, today: date) -> Group:
    """Which of the groups of the buddy's day a person belongs to."""
    if today < due.opens_on:
        recently = seen_on is not None and (today - seen_on).days < 7
        return Group.DONE if recently else Group.WEEK if (due.opens_on - today).days < 7 else Group.LATER
    return Group.FIRST if today > due.due_on or bars >= 3 else Group.WEEK


def _days(how: How, cadence: Cadence) -> int:
    days = {How.WELL: cadence.every_days, How.NOT_FOUND: cadence.retry_days}.get(how, cadence.soon_days)
    return min(days, cadence.every_days)


def _around(start: date, days: int, cadence: Cadence) -> Window:
    slack = min(cadence.window_days, days - 1)  # a short rhythm has a narrow window
    due_on = start + timedelta(days=days)
    return Window(due_on - timedelta(days=slack), due_on, due_on + timedelta(days=slack))


def _by_time(answer: Answer) -> tuple[datetime, UUID]:
    # Two answers of one moment (a fast clock, both cut to when we heard) need some order that never changes.
    return answer.planned_at, answer.id


def _misses(rows: Sequence[Answer]) -> int:
    for count, row in enumerate(reversed(rows)):
        if row.how is not How.NOT_FOUND:
            return count
    return len(rows)


def _covered(row: Answer, acknowledged: Sequence[Answer]) -> bool:
    """Whoever acknowledged an answer had seen the earlier ones too, but not one that arrived afterwards."""
    return any(seen.planned_at >= row.planned_at and seen.received_at >= row.received_at for seen in acknowledged)
