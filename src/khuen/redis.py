"""Redis carries "look now" and nothing else that matters: it may vanish at any time.

A name in Redis starts with the district, and the value under it carries the district as well: whoever reads compares
the two, so a mixed-up name shows nothing of another district. Values are msgpack, never pickle, which runs code.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import UUID

import msgspec
from arq.connections import ArqRedis
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as NoAnswer

from khuen.settings import Settings

LOOK = "look"
LOOK_EXPIRES = 60  #: seconds; the one-second poll has been there long before
_LOST = [NoConnection, NoAnswer, FileNotFoundError, ConnectionRefusedError]

log = logging.getLogger("khuen.redis")
encode, decode = msgspec.msgpack.encode, msgspec.msgpack.decode


def key(tenant_id: UUID, *parts: str) -> str:
    """khuen:<district>:<what>"""
    return ":".join(("khuen", str(UUID(str(tenant_id))), *parts))


def belongs(name: str, tenant: object, *parts: str) -> UUID | None:
    """The district that a value speaks of, when it stands under that district's own name; else None."""
    try:
        tenant_id = UUID(str(tenant))
    except ValueError:
        return None
    return tenant_id if name == key(tenant_id, *parts) else None


def client(url: str, *, tries: int) -> ArqRedis:
    """A client that connects at its first command. `tries` reconnections, at most 2 s apart, before a command fails."""
    pool = ConnectionPool.from_url(
        url,
        socket_timeout=5,
        socket_connect_timeout=1,
        retry=Retry(ExponentialBackoff(cap=2, base=0.1), tries),
        retry_on_error=_LOST,
        retry_on_timeout=True,
    )
    return ArqRedis(pool, job_serializer=encode, job_deserializer=decode)


class Bell:
    """Tells workers that a district has something new. Nobody waits for it, and nothing depends on it."""

    def __init__(self, url: str) -> None:
        self._redis = client(url, tries=1)
        self._ringing: set[asyncio.Task[None]] = set()

    def ring(self, tenant_id: UUID) -> None:
        task = asyncio.create_task(self._ring(tenant_id), context=contextvars.Context())
        self._ringing.add(task)
        task.add_done_callback(self._ringing.discard)

    async def _ring(self, tenant_id: UUID) -> None:
        try:
            async with asyncio.timeout(2):
                await self._redis.enqueue_job(LOOK, str(tenant_id), _job_id=key(tenant_id, LOOK), _expires=LOOK_EXPIRES)
        except (RedisError, OSError, TimeoutError):
            log.debug("no bell: the poll will find it")

    async def close(self) -> None:
        for task in list(self._ringing):
            task.cancel()
        with suppress(RedisError, OSError):
            await self._redis.aclose(close_connection_pool=True)


_bell: Bell | None = None


@asynccontextmanager
async def bell(settings: Settings) -> AsyncIterator[None]:
    """Makes `ping` heard while the site runs; without Redis it stays silent."""
    global _bell
    made = _bell = Bell(settings.redis_url) if settings.redis_url else None
    try:
        yield
    finally:
        _bell = None
        if made is not None:
            await made.close()


def ping(tenant_id: UUID) -> None:
    """Say that this district has something to send; called after COMMIT. Never raises, never waits."""
    if _bell is not None:
        _bell.ring(tenant_id)
