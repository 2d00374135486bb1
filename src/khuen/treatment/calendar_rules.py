"""The weeks of a project: a series of sessions, the times that are typed, and the week of a day. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from khuen.clock import BANGKOK
from khuen.msgid import N_
from khuen.thai import arabic

LONGEST_SERIES_DAYS = 366
UNTIL_BEFORE = N_("The last day lies before the first")
TOO_LONG = N_("At most one year at a time")
NO_DAY = N_("There is no such weekday between these days")


@dataclass(frozen=True, slots=True)
class Weekly:
    """Once a week on a weekday (0 is Monday) at a time of the day in Bangkok, both days counted."""

    weekday: int
    at: time
    from_on: date
    until_on: date


@dataclass(frozen=True, slots=True)
class Slot:
    on: date
    starts_at: datetime
    holiday: bool


def wrong(weekly: Weekly) -> str | None:
    """The message id of why a series cannot be planned."""
    days = (weekly.until_on - weekly.from_on).days
    if days < 0:
        return UNTIL_BEFORE
    if days > LONGEST_SERIES_DAYS:
        return TOO_LONG
    return None if expand(weekly, ()) else NO_DAY


def expand(weekly: Weekly, holidays: Collection[date]) -> list[Slot]:
    """Every day of the series in order; one that is a holiday is named as such, not left out."""
    on = weekly.from_on + timedelta(days=(weekly.weekday - weekly.from_on.weekday()) % 7)
    found = []
    while on <= weekly.until_on:
        found.append(Slot(on, moment(on, weekly.at), on in holidays))
        on += timedelta(days=7)
    return found


def moment(on: date, at: time) -> datetime:
    """That time of that day in Bangkok, in UTC."""
    return datetime.combine(on, at, BANGKOK).astimezone(UTC)


def read_time(text: str) -> time | None:
    """13:30, 13.30, 9.00 or ๑๓.๓๐ น. as somebody types it; None for anything else."""
    found = re.fullmatch(r"([0-9]{1,2})[:.]([0-9]{2})(?: ?น\.?)?", arabic(text).strip())
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        return None
    return time(int(found[1]), int(found[2]))


def monday(on: date) -> date:
    return on - timedelta(days=on.weekday())
