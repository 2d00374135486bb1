"""Whole workers: side by side, stopped, killed, without Redis, with a Redis that dies. Nothing lost, nothing doubled."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from khuen import clock, clockwork, redis
from khuen.settings import Settings
from tests.post import Mail, Post, calm, mail_server, open_district, rows, until, urgent
from tests.workers.engines import Worker, own_redis
from workers import main, messages


async def _states(*posts: Post) -> Counter[str]:
    return Counter([row["state"] for post in posts for row in await rows(post)])


async def _all(state: str, number: int, *posts: Post) -> bool:
    return (await _states(*posts))[state] >= number


@asynccontextmanager
async def working(settings: Settings, workers: int = 1, **more: Any) -> AsyncIterator[None]:
    """Workers in this process, sharing its pools; stopped at the end."""
    stop = asyncio.Event()
    tasks = [
        asyncio.create_task(main.run(settings, handle_signals=False, stop=stop, jobs=(), **more))
        for _ in range(workers)
    ]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


def _without_redis(settings: Settings) -> Settings:
    return replace(settings, redis_url=None)


def _each_once(mail: Mail) -> None:
    keys = Counter(line for _, content in mail.taken for line in content.splitlines() if line[:11] == b"Message-ID:")
    assert set(keys.values()) <= {1}


async def test_four_workers_send_each_of_many_once(pools: Settings) -> None:
    posts = [await open_district(pools, f"d{number}") for number in range(3)]
    for post in posts:
        await calm(post, 40)
    async with mail_server(pools) as (mail, settings), working(_without_redis(settings), 4):
        await until(lambda: _all("sent", 120, *posts), 30)
    assert len(mail.taken) == 120
    _each_once(mail)
    assert {row["tries"] for post in posts for row in await rows(post)} == {1}


async def test_a_slow_and_a_full_district_do_not_hold_up_the_others(pools: Settings) -> None:
    full, small = await open_district(pools, "full"), await open_district(pools, "small")
    await calm(full, 60)
    async with mail_server(pools) as (mail, settings):
        mail.mood, mail.slow_seconds = (lambda _: "slow"), 0.1
        async with working(_without_redis(settings)):
            await until(lambda: _all("sent", 3, full))
            await urgent(small)
            await until(lambda: _all("sent", 1, small), 4)
            assert (await _states(full))["waiting"] > 10


async def test_the_bell_is_faster_than_the_poll(pools: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main.Rounds, "_rest", _never_by_itself(main.Rounds._rest))
    post = await open_district(pools, practice=True)
    with own_redis() as engine:
        settings = replace(pools, redis_url=engine.url)
        async with redis.bell(settings), working(settings):
            await asyncio.sleep(0.5)
            await urgent(post)
            await asyncio.sleep(0.3)
            assert (await _states(post))["waiting"] == 1
            redis.ping(post.district.id)
            await until(lambda: _all("sent", 1, post), 5)


def _never_by_itself(rest: Any) -> Any:
    async def patient(self: Any, _: float) -> None:
        await rest(self, 3600.0)

    return patient


async def test_redis_absent_killed_and_flushed_loses_nothing(pools: Settings) -> None:
    post = await open_district(pools)
    with own_redis() as engine:
        engine.kill()  # absent when the worker starts
        async with mail_server(pools) as (mail, settings):
            settings = replace(settings, redis_url=engine.url)
            async with redis.bell(settings), working(settings):
                await _write_and_ring(post)
                await until(lambda: _all("sent", 2, post), 8)
                engine.start()
                await asyncio.sleep(1.5)
                await _write_and_ring(post)
                engine.kill()  # killed with the bell's word in it
                await _write_and_ring(post)
                await until(lambda: _all("sent", 6, post), 8)
                engine.start()
                await _write_and_ring(post)
                engine.client().flushall()
                await until(lambda: _all("sent", 8, post), 8)
    assert len(mail.taken) == 8
    _each_once(mail)


async def _write_and_ring(post: Post) -> None:
    await urgent(post, 2)
    redis.ping(post.district.id)


async def test_ringing_never_waits_and_never_raises(pools: Settings) -> None:
    post = await open_district(pools)
    redis.ping(post.district.id)  # no bell at all
    async with redis.bell(replace(pools, redis_url="unix:///nowhere/redis.sock")):
        began = time.perf_counter()
        for _ in range(50):
            redis.ping(post.district.id)
        assert time.perf_counter() - began < 0.5
        await asyncio.sleep(0.3)
    async with redis.bell(_without_redis(pools)):
        redis.ping(post.district.id)


async def test_a_killed_workers_messages_are_delivered_by_another(pools: Settings) -> None:
    """kill -9 in the middle of a call: that one is in doubt and not repeated, the rest of its claim goes, each once."""
    post = await open_district(pools)
    await calm(post, 5)
    async with mail_server(_without_redis(pools)) as (mail, settings):
        mail.mood, mail.slow_seconds = (lambda call: "slow" if call == 2 else "ok"), 20.0
        first = Worker(settings, lease=2)
        try:
            await until(lambda: mail.calls >= 2, 20)
        finally:
            first.kill()
        assert await _states(post) == {"sent": 1, "sending": 1, "waiting": 3}
        killed_at = time.monotonic()
        async with working(settings, lease=timedelta(seconds=2)):
            await until(lambda: _all("sent", 4, post), 15)
            await until(lambda: _all("uncertain", 1, post), 15)
        assert time.monotonic() - killed_at < 10  # with the real lease of 30 s: within 60 s
    assert len(mail.taken) == 5
    _each_once(mail)


async def test_sigterm_ends_the_call_and_lets_go_of_the_rest(pools: Settings) -> None:
    post = await open_district(pools)
    await calm(post, 8)
    async with mail_server(_without_redis(pools)) as (mail, settings):
        mail.mood, mail.slow_seconds = (lambda _: "slow"), 0.7
        worker = Worker(settings, lease=30)
        try:
            await until(lambda: mail.calls >= 2, 20)
            assert await worker.terminate() == 0
        finally:
            worker.kill()
        found = await _states(post)
        assert found["sending"] == found["uncertain"] == 0
        assert found["sent"] == len(mail.taken) < 8
        assert all(row["leased_by"] is None for row in await rows(post))
        mail.mood = lambda _: "ok"
        async with working(settings):
            await until(lambda: _all("sent", 8, post))
    assert len(mail.taken) == 8
    _each_once(mail)
    assert (await clockwork.living(clock.now()))[0] == 0, worker.text()


async def test_a_broken_district_is_punished_and_the_others_go_on(
    pools: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, whole = await open_district(pools, "broken"), await open_district(pools, "whole", practice=True)
    tried = Counter[str]()
    real = messages.deliver

    async def deliver(settings: Settings, district: Any, **more: Any) -> bool:
        tried[district.slug] += 1
        if district.id == broken.district.id:
            raise KeyError("a fault of ours")
        return await real(settings, district, **more)

    monkeypatch.setattr(messages, "deliver", deliver)
    async with working(_without_redis(pools)):
        await until(lambda: tried["broken"])
        await urgent(whole)
        await until(lambda: _all("sent", 1, whole))
        await until(lambda: tried["whole"] >= 4)
    assert tried["broken"] < tried["whole"]


async def test_a_part_that_breaks_begins_again_and_the_others_go_on(
    pools: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    post = await open_district(pools, practice=True)
    broken = 0

    async def beat(*_: Any) -> None:
        nonlocal broken
        broken += 1
        raise KeyError("a fault of ours")

    monkeypatch.setattr(main, "_beat", beat)
    async with working(_without_redis(pools)):
        await until(lambda: broken >= 2)
        await urgent(post)
        await until(lambda: _all("sent", 1, post))
    assert "broke and begins again" in caplog.text


async def test_a_worker_beats_and_measures(pools: Settings) -> None:
    post = await open_district(pools)
    await urgent(post, 2, now=clock.now() - timedelta(seconds=50))
    async with working(_without_redis(pools)):
        await until(lambda: _beats())
        _, figures = await clockwork.living(clock.now())
        assert figures.waiting == 2 and figures.lag_seconds > 40
    assert (await clockwork.living(clock.now()))[0] == 0


async def _beats() -> bool:
    return (await clockwork.living(clock.now()))[0] == 1
