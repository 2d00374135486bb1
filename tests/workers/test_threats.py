"""Threats 13, 14 and 30 of docs/security.md: shared names in Redis, jobs in the wrong district, pickled jobs."""

from __future__ import annotations

import asyncio
import pickle
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from arq.constants import default_queue_name, job_key_prefix

from khuen import redis
from khuen.ids import uuid7
from khuen.messages import delivery
from khuen.settings import Settings
from khuen.tenancy import Here, hot, within
from tests.post import open_district, rows, until, urgent
from tests.workers.engines import own_redis
from workers import main, messages
from workers.districts import in_each
from workers.rounds import Rounds


async def _heard(url: str, send: Any, seconds: float = 1.2) -> list[UUID]:
    """Which districts a worker's ear hears of, when `send(client)` has put something into Redis."""
    heard: list[UUID] = []
    stop = asyncio.Event()

    class Ear:
        def wake(self, tenant_id: UUID) -> None:
            heard.append(tenant_id)

    client = redis.client(url, tries=1)
    await send(client)
    listening = asyncio.create_task(main._listen(url, Ear(), stop))  # type: ignore[arg-type]
    await asyncio.sleep(seconds)
    stop.set()
    await listening
    await client.aclose(close_connection_pool=True)
    return heard


def test_threat_13_a_name_is_the_districts_own() -> None:
    ours, theirs = uuid7(), uuid7()
    assert redis.key(ours, "look") != redis.key(theirs, "look")
    assert redis.belongs(redis.key(ours, "look"), str(ours), "look") == ours
    for name, value in (
        (redis.key(ours, "look"), str(theirs)),
        (redis.key(ours, "other"), str(ours)),
        (redis.key(ours), str(ours)),
        (f"x{redis.key(ours, 'look')}", str(ours)),
        (redis.key(ours, "look"), f"{ours}:look"),
        (redis.key(ours, "look"), ""),
        (redis.key(ours, "look"), None),
    ):
        assert redis.belongs(name, value, "look") is None
    with pytest.raises(ValueError, match="badly formed"):
        redis.key("x:look", "y")  # type: ignore[arg-type]


async def test_threat_13_swapped_values_ring_for_nobody() -> None:
    ours, theirs, honest = uuid7(), uuid7(), uuid7()

    async def send(client: Any) -> None:
        for name, value in ((ours, theirs), (theirs, ours), (honest, honest)):
            await client.enqueue_job(redis.LOOK, str(value), _job_id=redis.key(name, redis.LOOK))

    with own_redis() as engine:
        assert await _heard(engine.url, send) == [honest]


async def test_threat_30_a_pickled_job_is_refused_and_not_run(tmp_path: Path) -> None:
    mark, honest = tmp_path / "ran", uuid7()

    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (mark,)

    async def send(client: Any) -> None:
        for number, payload in enumerate((Bomb(), {"f": redis.LOOK, "a": (Bomb(),), "k": {}, "et": 1, "t": None})):
            await client.set(f"{job_key_prefix}evil{number}", pickle.dumps(payload))
            await client.zadd(default_queue_name, {f"evil{number}": 1})
        await client.enqueue_job(redis.LOOK, str(honest), _job_id=redis.key(honest, redis.LOOK))

    with own_redis() as engine:
        assert await _heard(engine.url, send) == [honest]
        assert engine.client().zcard(default_queue_name) == 0
        stored = str(engine.client().keys("*"))
    assert not mark.exists()
    pickle.loads(pickle.dumps(Bomb()))  # the bomb itself is live: only nobody lit it
    assert mark.exists()
    assert "result" not in stored


async def test_threat_29_redis_learns_of_no_person(pools: Settings) -> None:
    post = await open_district(pools)
    with own_redis() as engine:
        async with redis.bell(replace(pools, redis_url=engine.url)):
            await urgent(post)
            redis.ping(post.district.id)
            await until(lambda: engine.client().zcard(default_queue_name))
        client = engine.client()
        kept = {key: client.get(key) for key in client.keys("arq:job:*")}
    [(key, value)] = kept.items()
    assert redis.decode(value)["a"] == [str(post.district.id)]
    assert key.decode() == f"{job_key_prefix}khuen:{post.district.id}:look"


DISTRICTS, JOBS, WORKERS = 50, 10_000, 4
#: a job writes its name down and counts everybody it can see: two members a district, 100 in all
_JOB = "INSERT INTO counter (tenant_id, id, name, value) SELECT $1, $2, $3, count(*) FROM member m"


async def test_threat_14_ten_thousand_shuffled_jobs_write_only_where_they_belong(pools: Settings, root: Any) -> None:
    """Fifty districts, four workers going their rounds side by side, each visit doing the next job of its district."""
    posts = [await open_district(pools, f"d{number}", practice=True) for number in range(DISTRICTS)]
    jobs = [(post.district.id, uuid7()) for post in posts for _ in range(JOBS // DISTRICTS)]
    random.Random(14).shuffle(jobs)
    waiting: dict[UUID, list[UUID]] = {post.district.id: [] for post in posts}
    for district_id, job in jobs:
        waiting[district_id].append(job)
    stop, left = asyncio.Event(), JOBS

    async def visit(district: Any) -> bool:
        nonlocal left
        if waiting[district.id]:
            job = waiting[district.id].pop()
            async with within(district.here()):
                await hot(_JOB, job, str(job))
            left -= 1
        if left == 0:
            stop.set()
        return bool(waiting[district.id])

    await asyncio.wait_for(asyncio.gather(*(Rounds(visit, stop).go() for _ in range(WORKERS))), 120)
    written = await root.fetch("SELECT tenant_id, id, name, value FROM counter")
    assert {(row["tenant_id"], row["id"]) for row in written} == set(jobs) and len(written) == JOBS
    assert {row["value"] for row in written} == {2}


async def test_threat_14_shuffled_deliveries_act_only_in_their_own_district(pools: Settings) -> None:
    """500 looks at fifty districts, shuffled over four tasks: each claims and settles its own rows only."""
    posts = [await open_district(pools, f"d{number}", practice=True) for number in range(50)]
    for number, post in enumerate(posts):
        await urgent(post, number % 7 + 1)
    acted = Counter[UUID]()
    real = delivery.claim

    async def watched(here: Here, terms: Any) -> Any:
        claim = await real(here, terms)
        foreign = await hot("SELECT count(*) AS rows FROM message WHERE tenant_id <> $1")
        own = await hot("SELECT id FROM message WHERE tenant_id = $1")
        assert foreign[0]["rows"] == 0
        assert {turn.message.id for turn in claim.turns} <= {row["id"] for row in own}
        acted[here.tenant_id] += len(claim.turns)
        return claim

    looks = [post.district for post in posts for _ in range(10)]
    random.Random(14).shuffle(looks)
    queue = iter(looks)

    async def worker() -> None:
        for district in queue:
            await messages.deliver(pools, district)

    delivery.claim = watched
    try:
        await asyncio.gather(*(worker() for _ in range(4)))
    finally:
        delivery.claim = real
    assert acted == {post.district.id: number % 7 + 1 for number, post in enumerate(posts)}
    for number, post in enumerate(posts):
        found = await rows(post)
        assert len(found) == number % 7 + 1
        assert {(row["tenant_id"], row["state"]) for row in found} == {(post.district.id, "sent")}


async def test_threat_14_a_visit_inherits_no_open_transaction(pools: Settings) -> None:
    """Whoever wakes the rounds may stand inside another district: the visit starts from nothing."""
    ours, theirs = await open_district(pools, "ours"), await open_district(pools, "theirs", practice=True)
    await urgent(theirs)
    stop = asyncio.Event()

    async def deliver(district: Any) -> bool:
        return await messages.deliver(pools, district)

    rounds = Rounds(deliver, stop)
    await rounds.districts()
    async with within(ours.here()):
        going = asyncio.create_task(rounds.go())
    rounds.wake(theirs.district.id)
    await until(lambda: _sent(theirs))
    stop.set()
    await going


async def _sent(post: Any) -> bool:
    return [row["state"] for row in await rows(post)] == ["sent"]


async def test_threat_14_a_clocks_job_enters_each_district_by_its_own_row(pools: Settings) -> None:
    posts = [await open_district(pools, f"d{number}") for number in range(5)]
    seen: list[tuple[UUID, int]] = []

    async def act(here: Here) -> None:
        found = await hot("SELECT count(*) AS members FROM member WHERE tenant_id = $1")
        seen.append((here.tenant_id, found[0]["members"]))

    assert await in_each("look", [post.district for post in posts], act) == 0
    assert seen == [(post.district.id, 2) for post in posts]
