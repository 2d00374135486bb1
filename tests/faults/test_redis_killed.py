"""kill -9 of Redis while buddies call for help: no answer is worse for it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

from bench.ledger import Ledger, verify
from khuen import redis
from tests.care import Site
from tests.workers.engines import own_redis


async def test_killed_under_load_every_call_for_help_is_saved_and_waits_for_the_poll(
    site: Site, root: Any, pools: Any
) -> None:
    code, ledgers, over = await site.case(), [Ledger() for _ in range(3)], asyncio.Event()

    async def post(key: UUID) -> tuple[int, bool]:
        answer = await site.clients["somchai"].post(
            f"/chatturat/cases/{code}/check-ins", data={"key": str(key), "how": "urgent"}
        )
        return answer.status_code, "retry-after" in answer.headers

    with own_redis() as engine:
        async with redis.bell(replace(pools, redis_url=engine.url)):
            phones = [asyncio.create_task(ledger.visit(post, over.is_set)) for ledger in ledgers]
            for _ in range(3):
                await asyncio.sleep(0.15)
                engine.kill()
                await asyncio.sleep(0.15)
                await asyncio.to_thread(engine.start)
            over.set()
            await asyncio.gather(*phones)
    assert all(set(ledger.answers) == {"acknowledged"} for ledger in ledgers)
    assert await verify(root, ledgers) == []
    urgent = sum(len(ledger.acknowledged) for ledger in ledgers)
    assert await root.fetchval("SELECT count(*) FROM message WHERE kind = 'urgent_check_in'") == urgent > 10
