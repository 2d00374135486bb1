"""The visits of one case as a buddy makes them: in the rhythm of the rules, mostly. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import NamedTuple
from uuid import UUID

from khuen.followups import rules
from khuen.followups.rules import Cadence, How
from khuen.practice.plans import Ending

_MORNING, _EVENING = 3600, 41_400  # seconds of the UTC day: 8:00 to 18:30 in Bangkok
_LATE, _SKEWED = 0.05, 0.004
#: New Year and Songkran: days on which hardly anybody is visited, and the days until they are over
_SEASONS = {(12, 30): 4, (12, 31): 3, (1, 1): 2, (1, 2): 1, (4, 12): 5, (4, 13): 4, (4, 14): 3, (4, 15): 2, (4, 16): 1}


class Visit(NamedTuple):
    """A check-in as it stands in the table."""

    id: UUID
    case_id: UUID
    member_id: UUID
    how: How
    happened_at: datetime
    planned_at: datetime
    received_at: datetime


class Last(NamedTuple):
    """The visit after which nothing was heard of a case."""

    on: date
    how: How
    missed: bool = False  #: the ones before were "not found" too, up to the rule's limit


def identity(chance: Random, at: datetime) -> UUID:
    """A version 7 UUID of this moment that the same seed makes again."""
    milliseconds, bits = round(at.timestamp() * 1000), chance.getrandbits(74)
    return UUID(int=milliseconds << 80 | 7 << 76 | (bits >> 62) << 64 | 2 << 62 | bits & 0x3FFF_FFFF_FFFF_FFFF)


def moment(chance: Random, on: date) -> datetime:
    """Some time between eight in the morning and half past six in the evening, in Bangkok."""
    return datetime(on.year, on.month, on.day, tzinfo=UTC) + timedelta(
        seconds=_MORNING + int(chance.random() * (_EVENING - _MORNING))
    )


def after_season(on: date) -> date:
    """The day itself, or the first one after New Year or Songkran."""
    return on + timedelta(days=_SEASONS.get((on.month, on.day), 0))


def last_visit(
    chance: Random, ending: Ending, late: int, opened_on: date, cadence: Cadence, today: date
) -> Last | None:
    """The visit that leaves a case as `ending` says; None for a case that nobody has visited."""
    if ending in (Ending.FRESH, Ending.UNPAIRED):
        return None
    if ending is Ending.URGENT:
        return Last(today - timedelta(days=chance.randint(1, 2)), How.URGENT)
    if ending is Ending.WORRYING:
        return Last(today - timedelta(days=1), How.WORRYING)
    if ending is Ending.MISSED:
        return Last(today - timedelta(days=1), How.NOT_FOUND, missed=True)
    if ending is Ending.DUE:
        days = (rules.next_due(today, How.WELL, cadence) - today).days
    elif ending is Ending.OVERDUE:
        days = (rules.window(today, How.WELL, cadence).closes_on - today).days + late
    else:
        days = chance.randint(1, cadence.every_days - 1)
    return Last(max(opened_on, today - timedelta(days=days)), How.WELL)


def visits(
    chance: Random,
    case_id: UUID,
    opened_on: date,
    last: Last,
    cadence: Cadence,
    until: datetime,
    buddy_at: Callable[[datetime], UUID],
) -> list[Visit]:
    """Every visit from the opening to the last one, in order of time; `until` is the last moment of the world."""
    days = [*_before(chance, opened_on, last, cadence), (last.on, last.how)]
    made = []
    for number, (on, how) in enumerate(days):
        at = moment(chance, on)
        happened_at = received_at = at
        odd = chance.random()
        if number < len(days) - 1 and odd < _LATE:
            received_at = min(until, moment(chance, on + timedelta(days=chance.randint(1, 5))))
        elif number < len(days) - 1 and odd < _LATE + _SKEWED:
            happened_at = at + timedelta(days=chance.randint(2, 3))
        planned_at = rules.planned(happened_at, received_at)
        made.append(Visit(identity(chance, at), case_id, buddy_at(at), how, happened_at, planned_at, received_at))
    return made


def _before(chance: Random, opened_on: date, last: Last, cadence: Cadence) -> list[tuple[date, How]]:
    """The visits before the last one; the row of "not found" that leads to it, when there has to be one."""
    row = [(last.on, last.how)]
    while last.missed and len(row) < cadence.not_found_limit:
        row.insert(0, (row[0][0] - timedelta(days=cadence.retry_days), How.NOT_FOUND))
    days: list[tuple[date, How]] = []
    on = opened_on + timedelta(days=chance.randint(0, 3))
    while on < row[0][0]:
        how = _answer(chance)
        days.append((on, how))
        on = rules.next_due(on, how, cadence) + timedelta(days=_slack(chance))
        on = max(on, days[-1][0] + timedelta(days=1))
        if (on.month, on.day) in _SEASONS and chance.random() < 0.85:
            on = after_season(on) + timedelta(days=chance.randint(0, 2))
    return days + row[:-1]


def _answer(chance: Random) -> How:
    drawn = chance.random()
    if drawn < 0.83:
        return How.WELL
    return How.WORRYING if drawn < 0.915 else How.NOT_FOUND if drawn < 0.988 else How.URGENT


def _slack(chance: Random) -> int:
    """Most visits are made on the day or within the window, some late."""
    drawn = chance.random()
    if drawn < 0.55:
        return 0
    return chance.randint(-1, 2) if drawn < 0.93 else chance.randint(3, 6)
