"""The whole clock: what runs when nobody waits, and when.

PostgreSQL owns the work: a run is a row of clockwork.run, a message is a row of its district. Redis carries only "look
now" and may be away. Any number of workers may run side by side. docs/decisions/0006-messages-and-workers.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from arq.worker import Worker, func
from redis.exceptions import RedisError

from khuen import clock, clockwork, redis, vault
from khuen.channels import line
from khuen.clock import BANGKOK
from khuen.clockwork import Figures
from khuen.database import DB, Pools, connected
from khuen.ids import uuid7
from khuen.messages import rules
from khuen.settings import Settings
from workers import (
    audit,
    certificates,
    enrolment,
    erasure,
    followups,
    meetings,
    messages,
    pathway,
    people,
    practice,
    signin,
    treatment,
)
from workers.rounds import AWAY, Rounds

EACH, LATEST = "each missed run of today", "only the latest missed run"


@dataclass(frozen=True, slots=True)
class Job:
    """One line of the clock. `run(settings, due_at)` returns how many districts failed; it is harmless twice."""

    name: str
    every: timedelta
    at: time  #: in Bangkok; the runs of the day are counted from here
    missed: str
    run: Callable[[Settings, datetime], Awaitable[int]]


_MINUTES, _HOURS = timedelta(minutes=1), timedelta(hours=1)

CLOCK = (
    # what                      how often         from         after a stop                 by
    Job("compose_reminders", followups.SLOT, time(0, 0), EACH, lambda _, due: followups.compose_reminders(due)),
    Job("remind_of_tasks", followups.SLOT, time(0, 0), EACH, lambda _, due: meetings.compose_reminders(due)),
    Job("escalate", followups.SLOT, time(0, 0), EACH, lambda _, due: followups.escalate(due)),
    Job("tell_of_the_week", followups.SLOT, time(0, 0), EACH, lambda _, due: followups.tell_of_the_week(due)),
    Job("continue_imports", 5 * _MINUTES, time(0, 0), LATEST, lambda _, __: enrolment.continue_imports()),
    Job("issue_certificates", 5 * _MINUTES, time(0, 1), LATEST, lambda settings, _: certificates.issue(settings)),
    Job("read_line_meters", 30 * _MINUTES, time(0, 5), LATEST, lambda settings, _: messages.read_meters(settings)),
    Job("seal_audit_heads", 1 * _HOURS, time(0, 10), LATEST, lambda settings, _: audit.seal_heads(settings)),
    Job("settle_stages", 24 * _HOURS, time(2, 40), LATEST, lambda _, __: pathway.settle()),
    Job("recompute_visits", 24 * _HOURS, time(2, 30), LATEST, lambda _, __: followups.recompute()),
    Job("recompute_treatment", 24 * _HOURS, time(2, 45), LATEST, lambda _, __: treatment.recompute()),
    Job("recompute_rounds", 24 * _HOURS, time(2, 35), LATEST, lambda _, __: followups.recompute_rounds()),
    Job("find_duplicates", 24 * _HOURS, time(2, 45), LATEST, lambda _, due: people.find_duplicates(due)),
    Job("finish_erasures", 24 * _HOURS, time(2, 50), LATEST, lambda settings, _: erasure.finish(settings)),
    Job("purge_enrolments", 24 * _HOURS, time(3, 0), LATEST, lambda settings, _: enrolment.purge(settings)),
    Job("sweep_sign_in", 24 * _HOURS, time(3, 10), LATEST, lambda _, __: signin.sweep()),
    Job("forget_line_events", 24 * _HOURS, time(3, 15), LATEST, lambda _, __: messages.forget_events()),
    Job("verify_audit", 24 * _HOURS, time(3, 20), LATEST, lambda settings, _: audit.verify(settings)),
    Job("practice_begins_again", 24 * _HOURS, time(3, 30), LATEST, lambda _, due: practice.every_night(due)),
)
# Delivering has no time: every district is looked at once a second, and at once when the bell rings (rounds.py).
# A reminder slot that was missed serves other districts than the next one, so each is made up for, but only today's:
# yesterday's reminders are carried by today's. The other jobs do all their work in any run, so the latest is enough.

TICK = 1.0
BEAT_EVERY, MEASURE_EVERY = 10.0, 60.0
GRACE = 20.0  #: seconds for what is under way when the worker is told to stop; a job of the clock runs again
RUN_LEASE = timedelta(seconds=60)
RUN_TRIES = 5

log = logging.getLogger("khuen.workers")


async def run(
    settings: Settings,
    *,
    handle_signals: bool = True,
    stop: asyncio.Event | None = None,
    lease: timedelta = rules.LEASE,
    jobs: tuple[Job, ...] = CLOCK,
) -> None:
    """Work until told to stop (SIGTERM, SIGINT or `stop`); what is being sent then is ended first.

    With `handle_signals=False` it shares the process, and the pools, of the site. `lease` is how long a dead worker's
    messages stay held.
    """
    stop = stop or asyncio.Event()
    logging.getLogger("arq").setLevel(logging.ERROR)  # a bell that nobody hears is no event
    async with _pools(settings, own=handle_signals):
        if handle_signals:
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, stop.set)
        worker_id = uuid7()
        deliver = partial(messages.deliver, settings, lasts=lease, stopping=stop.is_set)
        rounds = Rounds(deliver, stop)
        log.info("worker %s begins", worker_id)
        parts: list[Callable[[], Awaitable[None]]] = [rounds.go]
        parts += [partial(_keep_time, settings, jobs, stop), partial(_beat, worker_id, rounds, stop)]
        parts.append(partial(practice.watch, stop))
        if settings.redis_url:
            parts.append(partial(_listen, settings.redis_url, rounds, stop))
        await _together(parts, stop)
        await line.close()
        log.info("worker %s has stopped", worker_id)


@contextlib.asynccontextmanager
async def _pools(settings: Settings, *, own: bool) -> AsyncIterator[None]:
    if own:
        vault.configure(settings.kek, settings.erasures_file)
        async with connected(settings):
            yield
    else:
        while DB.pool is None or Pools.auth is None:
            await asyncio.sleep(0.05)
        yield


async def _together(parts: list[Callable[[], Awaitable[None]]], stop: asyncio.Event) -> None:
    """All parts until they stop; what is under way then has a while to end."""
    tasks = [asyncio.create_task(_again_and_again(part, stop), context=contextvars.Context()) for part in parts]
    try:
        await stop.wait()
    finally:
        stop.set()
        await asyncio.wait(tasks, timeout=GRACE)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _again_and_again(part: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """A part that breaks says so and begins again: a fault in the heartbeat must not stop the messages."""
    while not stop.is_set():
        try:
            await part()
        except Exception:
            log.exception("a part of the worker broke and begins again")
            await _pause(stop, 1.0)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


# --- the clock --------------------------------------------------------------------------------------------------------


def moments(job: Job, after: datetime | None, now: datetime) -> list[datetime]:
    """The runs of a job that fell due in (after, now] and still make sense, oldest first."""
    last = _last_moment(job, now)
    floor = _today(now) if job.missed == EACH else last
    found = []
    while last >= floor and (after is None or last > after):
        found.append(last)
        last -= job.every
    return found[::-1]


def overtaken(job: Job, due_at: datetime, now: datetime) -> bool:
    """Whether an open run has lost its sense: yesterday's reminders, or anything but the latest seal."""
    return due_at < (_today(now) if job.missed == EACH else _last_moment(job, now))


def _last_moment(job: Job, now: datetime) -> datetime:
    start = datetime.combine(now.astimezone(BANGKOK).date() - timedelta(days=1), job.at, BANGKOK)
    return start + (now - start) // job.every * job.every


def _today(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(BANGKOK).date(), time(), BANGKOK)


async def _keep_time(settings: Settings, jobs: tuple[Job, ...], stop: asyncio.Event) -> None:
    """Write down what falls due, take what is open, one run at a time."""
    by_name = {job.name: job for job in jobs}
    written: dict[str, datetime] = {}
    while not stop.is_set():
        try:
            await _write_down(jobs, written)
            taken = await clockwork.take(list(by_name), clock.now(), RUN_LEASE)
        except AWAY as error:
            log.warning("the clock waits for the database: %s", type(error).__name__)
            taken = None
        if taken is None:
            await _pause(stop, TICK)
            continue
        name, due_at, tries = taken
        await _run(settings, by_name[name], due_at, tries)


async def _write_down(jobs: tuple[Job, ...], written: dict[str, datetime]) -> None:
    now = clock.now()
    for job in jobs:
        known = written.get(job.name) or await clockwork.newest(job.name)
        new = moments(job, known, now)
        if new:
            await clockwork.write_down(job.name, new)
        if latest := (new[-1] if new else known):
            written[job.name] = latest


async def _run(settings: Settings, job: Job, due_at: datetime, tries: int) -> None:
    """Whatever happens, the run's row says so; a run whose worker dies is taken again when its lease ends."""
    holding = asyncio.create_task(_hold(job, due_at), context=contextvars.Context())
    try:
        failed = 0 if overtaken(job, due_at, clock.now()) else await job.run(settings, due_at)
    except Exception:
        log.exception("job %s failed", job.name)
        failed = 1
    finally:
        holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)
    try:
        if failed and tries < RUN_TRIES:
            await clockwork.hold(job.name, due_at, clock.now() + rules.wait_before(tries, 0.5))
        else:
            await clockwork.done(job.name, due_at, clock.now())
            log.log(logging.ERROR if failed else logging.INFO, "job %s of %s: %s failed", job.name, due_at, failed)
    except AWAY:
        log.warning("job %s ran, but could not be written down: it will run once more", job.name)


async def _hold(job: Job, due_at: datetime) -> None:
    while True:
        await asyncio.sleep(RUN_LEASE.total_seconds() / 3)
        with contextlib.suppress(*AWAY):
            await clockwork.hold(job.name, due_at, clock.now() + RUN_LEASE)


# --- being heard and seen ---------------------------------------------------------------------------------------------


async def _listen(url: str, rounds: Rounds, stop: asyncio.Event) -> None:
    """Hear the bell for as long as there is a Redis; start listening again whenever it comes back."""
    pause = 1.0
    while not stop.is_set():
        ear = Worker(
            [func(look, name=redis.LOOK, timeout=5, keep_result=0, max_tries=1)],
            redis_pool=redis.client(url, tries=30),
            ctx={"wake": rounds.wake},
            job_serializer=redis.encode,
            job_deserializer=redis.decode,
            handle_signals=False,
            poll_delay=0.2,
            keep_result=0,
            log_results=False,
        )
        hearing = asyncio.create_task(ear.async_run())
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([hearing, stopped], return_when=asyncio.FIRST_COMPLETED)
        for task in (hearing, stopped):
            task.cancel()
        ended = (await asyncio.gather(hearing, stopped, return_exceptions=True))[0]
        with contextlib.suppress(RedisError, OSError, asyncio.CancelledError):
            await ear.close()
        if not stop.is_set():
            log.warning("Redis is away (%s); the poll goes on", type(ended).__name__)
            await _pause(stop, pause)
            pause = min(pause * 2, 10.0)


async def look(ctx: dict[str, Any], tenant: str) -> None:
    """The bell rang for a district. A name that is not the district's own is not believed."""
    tenant_id = redis.belongs(ctx["job_id"], tenant, redis.LOOK)
    if tenant_id is None:
        log.warning("a bell with another district's name was ignored")
        return
    ctx["wake"](tenant_id)


async def _beat(worker_id: UUID, rounds: Rounds, stop: asyncio.Event) -> None:
    figures, measured = Figures(), -MEASURE_EVERY
    loop = asyncio.get_running_loop()
    while not stop.is_set():
        try:
            if loop.time() - measured >= MEASURE_EVERY:
                figures, measured = await messages.measure(await rounds.districts()), loop.time()
            await clockwork.beat(worker_id, clock.now(), figures)
        except AWAY:
            log.debug("no heartbeat: the database is away")
        await _pause(stop, BEAT_EVERY)
    with contextlib.suppress(*AWAY):
        await clockwork.stop_beating(worker_id)
