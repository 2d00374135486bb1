"""The jobs of the follow-ups: the morning's messages at each district's own time, and the nightly recomputing."""

from __future__ import annotations

import logging
import time as watch
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from uuid import UUID

from khuen import clock, packs, registry
from khuen.followups import nightly, reminders, rounds
from khuen.messages import rules
from khuen.registry import District
from khuen.tenancy import Here, within
from workers.districts import in_each

SLOT = timedelta(minutes=5)  #: a run serves the districts whose reminder time lies in the slot that ends with it
_KNOWN_FOR = 60.0  #: seconds; the jobs of one slot ask once, and a changed time counts from the next slot on
_days: dict[UUID, tuple[float, time, frozenset[date]]] = {}

log = logging.getLogger("khuen.workers.followups")


async def compose_reminders(due_at: datetime) -> int:
    """Digests of the day. Returns the number of districts that failed."""
    return await in_those_whose_time_it_is("compose_reminders", due_at, reminders.compose_digests)


async def escalate(due_at: datetime) -> int:
    """Visits that are too long overdue. Returns the number of districts that failed."""
    return await in_those_whose_time_it_is("escalate", due_at, reminders.compose_escalations)


async def tell_of_the_week(due_at: datetime) -> int:
    """What is overdue when a week begins. Returns the number of districts that failed."""
    return await in_those_whose_time_it_is("tell_of_the_week", due_at, reminders.compose_week)


async def recompute() -> int:
    """Put every district's due visits right and say where they differed. Returns how many districts failed."""
    failed = 0
    for district in await registry.active():
        try:
            differed = await _in_parts(district, nightly.recompute_part)
        except Exception:
            failed += 1
            log.exception("recompute_visits failed in %s", district.slug)
            continue
        if differed:
            log.error("%s due visits of %s were not what the rule says, and were put right", differed, district.slug)
    return failed


async def recompute_rounds() -> int:
    """The same for the follow-up rounds. Returns how many districts failed."""
    failed = 0
    for district in await registry.active():
        try:
            differed = await _in_parts(district, rounds.recompute_part)
        except Exception:
            failed += 1
            log.exception("recompute_rounds failed in %s", district.slug)
            continue
        if differed:
            log.error("%s cases of %s had other rounds than the rule says; put right", differed, district.slug)
    return failed


Part = Callable[[Here, UUID | None], Awaitable[tuple[UUID | None, int]]]


async def _in_parts(district: District, part: Part) -> int:
    after, differed, more = None, 0, True
    while more:
        async with within(here := district.here()):
            after, some = await part(here, after)
        differed, more = differed + some, after is not None
    return differed


async def in_those_whose_time_it_is(job: str, due_at: datetime, act: Callable[[Here], Awaitable[object]]) -> int:
    """Act in each district whose reminder time lies in the slot, unless it has a holiday: the next day carries it all.

    Returns the number of districts that failed.
    """
    now, failed = [], 0
    for district in await registry.active():
        if district.as_of is not None:
            continue  # a historical practice district is not reminded
        try:
            at, holidays = await _reminder_time(district)
        except Exception:
            failed += 1
            log.exception("%s: the settings of %s cannot be read", job, district.slug)
            continue
        if rules.falls_between(at, due_at - SLOT, due_at) and clock.day(due_at) not in holidays:
            now.append(district)
    return failed + await in_each(job, now, act)


async def _reminder_time(district: District) -> tuple[time, frozenset[date]]:
    """(when the district is reminded, its holidays)"""
    known = _days.get(district.id)
    if known is None or known[0] < watch.monotonic():
        here = district.here()
        async with within(here):
            settings = await packs.settings_of(here)
        known = watch.monotonic() + _KNOWN_FOR, settings.reminders.at, frozenset(settings.holidays.dates)
        _days[district.id] = known
    return known[1:]
