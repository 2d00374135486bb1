"""Delivering the messages of one district: a small batch, each message in three steps of its own."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from uuid import UUID

from khuen import channels, packs, registry
from khuen.channels import GiveUp, Means, Outgoing, Retry, Uncertain, line, texts
from khuen.clockwork import Figures
from khuen.district import MessageText
from khuen.followups import reminders
from khuen.ids import uuid7
from khuen.meetings import tasks
from khuen.members import Contact
from khuen.messages import delivery, line_accounts, links, rules
from khuen.messages.delivery import Due, Outcome, Reach, Reached, Terms, Turn
from khuen.messages.rules import Kind
from khuen.registry import District
from khuen.screening import alerts
from khuen.screening.alerts import Alerted
from khuen.settings import Settings
from khuen.tenancy import Here, within
from workers.districts import in_each

LIMIT = 10  #: messages of one district before the next district has its turn

log = logging.getLogger("khuen.workers.messages")


async def deliver(
    settings: Settings,
    district: District,
    *,
    lasts: timedelta = rules.LEASE,
    stopping: Callable[[], bool] = lambda: False,
) -> bool:
    """Send what is due in this district, a few at most. True when there may be more."""
    means = _Means(settings, district.practice)
    terms = _terms(means, district, lasts)
    async with within(district.here()):
        claim = await delivery.claim(district.here(), terms)
        asked = [turn.message.subject_id for turn in claim.turns if turn.message.kind == Kind.ALERT]
        alerted = await alerts.alerted(district.here(), asked) if asked else {}
        own = (await packs.settings_of(district.here())).messages if claim.turns else {}
    ours, held_until = {turn.message.id for turn in claim.turns}, time.monotonic() + lasts.total_seconds()
    for turn in claim.turns:
        if stopping():
            break
        if held_until - time.monotonic() < lasts.total_seconds() * 2 / 3:
            async with within(district.here()):
                ours = set(await delivery.renew(district.here(), terms))
            held_until = time.monotonic() + lasts.total_seconds()
        if turn.message.id in ours:
            await _deliver_one(means.found, district, terms, turn, alerted.get(turn.message.subject_id), own)
    if stopping() and claim.turns:
        async with within(district.here()):
            await delivery.release(district.here(), terms)
    return claim.looked_at == LIMIT


async def read_meters(settings: Settings) -> int:
    """Ask LINE how much of the month each district has used. Returns how many could not be asked."""
    failed = 0
    for district in await registry.active():
        if district.practice:
            continue
        try:
            async with within(district.here()):
                keys = await line_accounts.keys(district.here())
            if keys is None:
                continue
            usage = await line.usage(Means(settings, keys.token))
            async with within(district.here()):
                await line_accounts.read_meter(district.here(), usage.allowed, usage.used)
        except (GiveUp, Retry, Uncertain) as error:
            failed += 1
            log.warning("LINE did not tell what %s has used: %s", district.slug, error)
    return failed


async def forget_events() -> int:
    """What LINE told so long ago that nobody believes it any more. Returns the number of districts that failed."""
    return await in_each("forget_line_events", await registry.active(), links.forget_events)


async def measure(districts: list[District]) -> Figures:
    """What waits in these districts together; a district that cannot be read is left out."""
    waiting, given_up, lag = 0, 0, 0.0
    for district in districts:
        here = district.here()
        try:
            async with within(here):
                one = await delivery.measure(here)
        except Exception:
            log.warning("the messages of %s cannot be counted", district.slug)
            continue
        waiting, given_up, lag = waiting + one.waiting, given_up + one.given_up, max(lag, one.lag_seconds)
    return Figures(waiting, given_up, lag)


class _Means:
    """What this district sends with, looked up when something is due and not before."""

    def __init__(self, settings: Settings, practice: bool) -> None:
        self.found = Means(settings)
        self._practice = practice

    async def open(self, here: Here) -> Reach | None:
        keys = None if self._practice else await line_accounts.keys(here)
        self.found = Means(self.found.settings, keys.token if keys else None)
        ways = channels.set_up(self.found, practice=self._practice)
        spared = keys is not None and keys.spared

        def reach(contact: Contact, urgent: bool) -> Reached:
            found = channels.addresses(ways, contact)
            kept_back = spared and not urgent and found.pop("line", None) is not None
            return Reached(found, kept_back)

        return reach if ways else None


def _terms(means: _Means, district: District, lasts: timedelta) -> Terms:
    return Terms(
        lease=uuid7(),
        lasts=lasts,
        limit=LIMIT,
        ways=means.open,
        exactly_once=channels.EXACTLY_ONCE,
        still=_still_true,
        keeps_quiet=not district.practice,  # the log disturbs nobody, and who practises wants to see what happens
    )


async def _still_true(here: Here, due: list[Due]) -> dict[UUID, int]:
    """Each room answers for its own kinds."""
    tasks_due = [one for one in due if one.kind == Kind.TASK_DUE]
    others = [one for one in due if one.kind not in (Kind.TASK_DUE, Kind.TEST)]
    found = await tasks.still_to_do(here, tasks_due) if tasks_due else {}
    tests = {one.id: 1 for one in due if one.kind == Kind.TEST}  # it speaks of nothing that could change
    return tests | found | await reminders.still_true(here, others)


async def _deliver_one(
    means: Means,
    district: District,
    terms: Terms,
    turn: Turn,
    alerted: Alerted | None,
    own: Mapping[str, MessageText],
) -> None:
    try:
        outgoing = _write(means.settings, district, turn, alerted.code if alerted else "", own)
    except Exception:
        log.exception("message %s of %s could not be made", turn.message.id, district.slug)
        async with within(district.here()):
            await delivery.push_ahead(district.here(), terms, turn.message, random.random())
        return
    async with within(district.here()):
        begun = await delivery.begin(district.here(), terms, turn)
    if begun:
        end = await _send(means, turn, outgoing, terms.lasts)
        await _write_down(district, terms, turn, end)


def _write(settings: Settings, district: District, turn: Turn, code: str, own: Mapping[str, MessageText]) -> Outgoing:
    message = turn.message
    link = f"{settings.origin}/{district.slug}/{rules.PLACES[message.kind].format(code=code)}"
    said = texts.write(message.kind, count=message.count, link=link, code=code, own=own.get(message.kind))
    return Outgoing(turn.attempt, turn.address, said)


async def _send(means: Means, turn: Turn, outgoing: Outgoing, lasts: timedelta) -> Outcome:
    try:
        async with asyncio.timeout(lasts.total_seconds() * 0.9):  # the row must not come free while we send
            await channels.CHANNELS[turn.channel].send(outgoing, means)
    except Retry as error:
        return Outcome("retry", str(error), random.random(), error.after)
    except GiveUp as error:
        return Outcome("refused", str(error))
    except Uncertain as error:
        return Outcome("unknown", str(error), random.random())
    except Exception as error:  # a fault of the channel's own: nobody knows how far it came
        log.exception("channel %s failed on message %s", turn.channel, turn.message.id)
        return Outcome("unknown", type(error).__name__)
    return Outcome("accepted")


async def _write_down(district: District, terms: Terms, turn: Turn, end: Outcome) -> None:
    """The database may be away for a moment just now; what was sent must not be forgotten for that."""
    for pause in (0.2, 1.0, 3.0, None):
        try:
            async with within(district.here()):
                await delivery.settle(district.here(), terms, turn, end)
            return
        except Exception:
            if pause is None:
                raise
            await asyncio.sleep(pause)
