"""On which day the next urine test is due: drawn with a seed that nobody can guess (docs/treatment.md). Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta

from khuen.treatment.calendar_rules import monday


@dataclass(frozen=True, slots=True)
class Window:
    """Calendar days in which the next test counts."""

    opens_on: date
    closes_on: date


def next_test(last_on: date, every_days: int) -> Window:
    """About every so many days, a quarter of them earlier or later."""
    slack = every_days // 4
    return Window(last_on + timedelta(days=every_days - slack), last_on + timedelta(days=every_days + slack))


def test_day(seed: bytes, window: Window) -> date:
    """The day inside the window: whoever does not know the case's seed cannot guess it, and it never changes."""
    days = (window.closes_on - window.opens_on).days + 1
    return window.opens_on + timedelta(days=_drawn(seed, f"day {window.opens_on}") % days)


def extra_day(seed: bytes, on: date, percent: int) -> date | None:
    """The working day of a further test in the week of `on`, for about `percent` of all weeks."""
    week = monday(on)
    if _drawn(seed, f"week {week}") % 100 >= percent:
        return None
    return week + timedelta(days=_drawn(seed, f"weekday {week}") % 5)


def due_day(seed: bytes, window: Window, since: date, today: date, percent: int) -> date:
    """When the lane asks for a test: the day drawn in the window, or before it the further test of this week.

    A further test counts after `since`, the last test; one that was not given in its week is let go.
    """
    drawn, extra = test_day(seed, window), extra_day(seed, today, percent)
    return extra if extra is not None and since < extra < drawn else drawn


def _drawn(seed: bytes, what: str) -> int:
    return int.from_bytes(hashlib.sha256(seed + what.encode()).digest()[:8])
