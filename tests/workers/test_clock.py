"""The clock: which runs fall due, which are made up for after a stop, and that each is done once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from khuen import clock, clockwork
from khuen.clock import BANGKOK
from khuen.ids import uuid7
from khuen.settings import Settings
from tests.post import until
from workers import main
from workers.main import CLOCK, EACH, LATEST, Job, moments, overtaken


def at(hour: int, minute: int = 0, second: int = 0, day: int = 24) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=BANGKOK)


async def _nothing(_: Settings, __: datetime) -> int:
    return 0


REMIND = Job("remind", timedelta(minutes=5), time(0, 0), EACH, _nothing)
SEAL = Job("seal", timedelta(hours=1), time(0, 10), LATEST, _nothing)
NIGHTLY = Job("nightly", timedelta(days=1), time(2, 30), LATEST, _nothing)


def test_a_running_clock_writes_down_one_run_at_a_time() -> None:
    assert moments(REMIND, at(7, 25), at(7, 29, 59)) == []
    assert moments(REMIND, at(7, 25), at(7, 30)) == [at(7, 30)]
    assert moments(SEAL, at(8, 10), at(9, 9)) == []
    assert moments(SEAL, at(8, 10), at(9, 10)) == [at(9, 10)]
    assert moments(NIGHTLY, at(2, 30, day=23), at(2, 29)) == []
    assert moments(NIGHTLY, at(2, 30, day=23), at(2, 30)) == [at(2, 30)]


def test_missed_reminder_slots_are_all_made_up_for_but_only_todays() -> None:
    assert moments(REMIND, at(7, 20), at(7, 41)) == [at(7, 25), at(7, 30), at(7, 35), at(7, 40)]
    after_three_days = moments(REMIND, at(7, 20, day=21), at(0, 11))
    assert after_three_days == [at(0, 0), at(0, 5), at(0, 10)]
    assert moments(REMIND, None, at(7, 30))[-1] == at(7, 30)
    assert len(moments(REMIND, None, at(7, 30))) == 7 * 12 + 6 + 1


def test_of_missed_seals_only_the_latest_is_made_up_for() -> None:
    assert moments(SEAL, at(1, 10), at(9, 30)) == [at(9, 10)]
    assert moments(SEAL, None, at(0, 5)) == [at(23, 10, day=23)]
    assert moments(NIGHTLY, at(2, 30, day=20), at(1, 0)) == [at(2, 30, day=23)]
    assert moments(NIGHTLY, None, at(14)) == [at(2, 30)]


def test_an_open_run_that_lost_its_sense_is_closed_unrun() -> None:
    assert not overtaken(REMIND, at(7, 30), at(20))
    assert overtaken(REMIND, at(7, 30, day=23), at(0, 1))
    assert overtaken(SEAL, at(7, 10), at(8, 15)) and not overtaken(SEAL, at(8, 10), at(8, 15))


def test_the_table_is_in_order() -> None:
    names = [job.name for job in CLOCK]
    assert len(set(names)) == len(names)
    for job in CLOCK:
        assert timedelta(days=1) % job.every == timedelta()
        assert job.missed in (EACH, LATEST)


# --- with the database -----------------------------------------------------------------------------------------------


class Runs:
    """A job that remembers when it ran, and fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.seen: list[datetime] = []
        self.failures = failures

    async def __call__(self, _: Settings, due_at: datetime) -> int:
        self.seen.append(due_at)
        if self.failures:
            self.failures -= 1
            raise RuntimeError("not today")
        return 0


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(main, "TICK", 0.02)
    monkeypatch.setattr(main.rules, "wait_before", lambda tries, chance: timedelta(milliseconds=50))
    yield


async def _work(settings: Settings, jobs: tuple[Job, ...], workers: int, done: Any) -> None:
    stop = asyncio.Event()
    running = [asyncio.create_task(main._keep_time(settings, jobs, stop)) for _ in range(workers)]
    await until(done)
    stop.set()
    await asyncio.gather(*running)


async def _open(job: str) -> int:
    assert clockwork.DB.pool is not None
    found: int = await clockwork.DB.pool.fetchval(
        "SELECT count(*) FROM clockwork.run WHERE job = $1 AND done_at IS NULL", job
    )
    return found


async def test_four_clocks_run_each_missed_slot_once(pools: Settings, quick: None) -> None:
    now = clock.now()
    runs = Runs()
    job = replace(REMIND, run=runs, at=clock.now().astimezone(BANGKOK).time().replace(second=0, microsecond=0))
    await clockwork.write_down("remind", [now - timedelta(days=2)])
    expected = moments(job, now - timedelta(days=2), now)
    await _work(pools, (job,), 4, lambda: len(runs.seen) >= len(expected))
    assert sorted(runs.seen) == expected
    assert await _open("remind") == 0  # the one of two days ago was closed unrun


async def test_a_failing_run_is_tried_again_and_a_hopeless_one_ends(pools: Settings, quick: None) -> None:
    once, hopeless = Runs(failures=1), Runs(failures=99)
    jobs = (replace(SEAL, run=once), replace(NIGHTLY, run=hopeless))
    await _work(pools, jobs, 1, lambda: len(hopeless.seen) >= main.RUN_TRIES and len(once.seen) >= 2)
    await asyncio.sleep(0.2)
    assert len(once.seen) == 2 and len(hopeless.seen) == main.RUN_TRIES
    assert await _open("seal") == await _open("nightly") == 0


async def test_districts_that_failed_make_the_run_come_again(pools: Settings, quick: None) -> None:
    seen: list[datetime] = []

    async def two_districts_fail_at_first(_: Settings, due_at: datetime) -> int:
        seen.append(due_at)
        return 2 if len(seen) == 1 else 0

    await _work(pools, (replace(SEAL, run=two_districts_fail_at_first),), 1, lambda: len(seen) >= 2)
    assert len(seen) == 2 and seen[0] == seen[1]


async def test_a_dead_workers_run_is_taken_when_its_lease_ends(pools: Settings, quick: None) -> None:
    now = clock.now()
    due = moments(SEAL, None, now)
    await clockwork.write_down("seal", due)
    taken = await clockwork.take(["seal"], now, timedelta(seconds=0.5))
    assert taken == ("seal", due[0], 1)
    assert await clockwork.take(["seal"], now, timedelta(seconds=60)) is None
    runs = Runs()
    await _work(pools, (replace(SEAL, run=runs),), 2, lambda: runs.seen)
    assert runs.seen == due


async def test_old_runs_are_forgotten(pools: Settings) -> None:
    now = clock.now()
    await clockwork.write_down("seal", [now - timedelta(days=15), now - timedelta(days=13), now])
    await clockwork.done("seal", now, now)
    assert clockwork.DB.pool is not None
    assert await clockwork.DB.pool.fetchval("SELECT count(*) FROM clockwork.run") == 2


async def test_heartbeats_tell_how_many_live_and_what_waits(pools: Settings) -> None:
    now = clock.now()
    alive, dead = uuid7(), uuid7()
    await clockwork.beat(alive, now, clockwork.Figures(3, 1, 4.5))
    await clockwork.beat(dead, now - timedelta(minutes=5), clockwork.Figures(9, 9, 999.0))
    assert await clockwork.living(now) == (1, clockwork.Figures(3, 1, 4.5))
    await clockwork.stop_beating(alive)
    assert (await clockwork.living(now))[0] == 0
