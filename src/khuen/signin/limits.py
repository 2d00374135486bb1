"""What slows guessing down: growing waits per account, address and district, counted before any password is hashed.

Counted in Redis by INCR and EXPIRE in one MULTI, and by `SET NX` for the waits, so that a thousand requests at once
get as few tries as a thousand in a row. While Redis is away PostgreSQL counts. Nobody is locked out: a wait grows to
an hour at most, and a passkey never waits for its account, only for its address.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from litestar import Litestar, Request
from redis.asyncio import Redis
from redis.exceptions import RedisError

from khuen.errors import TooMany
from khuen.ids import uuid7
from khuen.settings import Settings
from khuen.signin import keys
from khuen.signin.rows import writing

HOUR = 3600


@dataclass(frozen=True, slots=True)
class Pace:
    """So many tries an hour are free; then each waits twice as long as the one before, first `wait` seconds."""

    free: int
    wait: int


#: at most 17 tries in any hour: 5 free ones at the end of one count and 5 of the next, 7 after a wait
ACCOUNT = Pace(free=5, wait=30)
#: passwords tried at the accounts of one district from browsers in which none of their owners signed in before
DISTRICT = Pace(free=60, wait=5)
#: a training day signs in from one address
ADDRESS = Pace(free=120, wait=2)
#: things that are cheap to ask for and leave a row
ASKING = Pace(free=600, wait=1)
#: a practice district that begins again signs everybody there out
RESTART = Pace(free=5, wait=60)

log = structlog.get_logger("khuen.signin.limits")


class Limiter:
    def __init__(self, settings: Settings, redis: Redis | None) -> None:
        self.key = keys.derive(settings.kek, "limits")
        self.redis = redis

    async def take(self, what: str, who: str, pace: Pace, now: datetime) -> None:
        """Count one try. Raises TooMany with the seconds to wait; a try that was turned away costs nothing more."""
        bucket = self._bucket(what, who)
        wait = await self._wait(bucket, pace, now)
        if wait > 0:
            raise TooMany(retry_after=wait)

    async def give_back(self, what: str, who: str) -> None:
        """After a good sign-in its tries are forgotten."""
        bucket = self._bucket(what, who)
        if self.redis is not None:
            try:
                await self.redis.delete(*_names(bucket))
            except (RedisError, OSError):
                log.warning("counting without Redis")
        async with writing() as connection:
            await connection.execute("DELETE FROM auth.attempt WHERE bucket = $1", bucket)

    async def _wait(self, bucket: bytes, pace: Pace, now: datetime) -> int:
        if self.redis is not None:
            try:
                return await _wait_in_redis(self.redis, bucket, pace)
            except (RedisError, OSError):
                log.warning("counting without Redis")
        return await _wait_in_postgres(bucket, pace, now)

    def _bucket(self, what: str, who: str) -> bytes:
        """A name that tells nobody who it is about."""
        return hmac.digest(self.key, f"{what}\0{who}".encode("utf-8", "replace"), "sha256")[:16]


@asynccontextmanager
async def opened(app: Litestar) -> AsyncIterator[None]:
    """Puts the limiter of this process into `app.state.limiter`."""
    settings: Settings = app.state.settings
    redis: Redis | None = None
    if settings.redis_url:
        redis = Redis.from_url(settings.redis_url, socket_timeout=0.5, socket_connect_timeout=0.5)
    app.state.limiter = Limiter(settings, redis)
    try:
        yield
    finally:
        if redis is not None:
            await redis.aclose()


def address(request: Request[Any, Any, Any]) -> str:
    """Where a request comes from. X-Forwarded-For is believed only as far as our own proxies wrote it."""
    trusted: frozenset[str] = request.app.state.settings.trusted_proxies
    client = request.scope.get("client")
    found = (client[0] if client else "") or "unix"
    hops = [hop.strip() for hop in request.headers.get("x-forwarded-for", "").split(",") if hop.strip()]
    while _ours(found, trusted) and hops:
        found = hops.pop()
    return _network(found)


def _ours(found: str, trusted: frozenset[str]) -> bool:
    if found in trusted:
        return True
    try:
        place = ipaddress.ip_address(found)
    except ValueError:
        return False
    return any("/" in net and place in ipaddress.ip_network(net, strict=False) for net in trusted)


def _network(found: str) -> str:
    """One household of IPv6 has 2^64 addresses: it counts as one."""
    try:
        place = ipaddress.ip_address(found)
    except ValueError:
        return found[:64]
    if isinstance(place, ipaddress.IPv6Address):
        if place.ipv4_mapped:
            return str(place.ipv4_mapped)
        return str(ipaddress.ip_network((place, 64), strict=False).network_address)
    return str(place)


def _names(bucket: bytes) -> tuple[str, str, str]:
    return tuple(f"khuen:{what}:{bucket.hex()}" for what in ("tries", "wait", "waits"))  # type: ignore[return-value]


async def _wait_in_redis(redis: Redis, bucket: bytes, pace: Pace) -> int:
    tries, wait, waits = _names(bucket)
    async with redis.pipeline(transaction=True) as batch:
        batch.set(tries, 0, ex=HOUR, nx=True)
        batch.incr(tries)
        batch.get(waits)
        batch.ttl(wait)
        counted = await batch.execute()
    if counted[1] <= pace.free:
        return 0
    if counted[3] > 0:
        return int(counted[3])
    seconds = min(pace.wait * 2 ** min(int(counted[2] or 0), 12), HOUR)
    if await redis.set(wait, 1, nx=True, ex=seconds):
        async with redis.pipeline(transaction=True) as batch:
            batch.incr(waits)
            batch.expire(waits, 2 * HOUR)
            await batch.execute()
        return 0
    return max(int(await redis.ttl(wait)), 1)


async def _wait_in_postgres(bucket: bytes, pace: Pace, now: datetime) -> int:
    async with writing() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", int.from_bytes(bucket[:8], signed=True))
        rows = await connection.fetch(
            "SELECT at FROM auth.attempt WHERE bucket = $1 AND at > $2 ORDER BY at DESC LIMIT $3",
            bucket,
            now - timedelta(seconds=HOUR),
            pace.free + 12,
        )
        if len(rows) >= pace.free:
            seconds = min(pace.wait * 2 ** (len(rows) - pace.free), HOUR)
            left = seconds - (now - rows[0]["at"]).total_seconds()
            if left > 0:
                return max(int(left), 1)
        await connection.execute(
            "INSERT INTO auth.attempt (bucket, id, at) VALUES ($1, $2, $3)", bucket, uuid7(now), now
        )
    return 0
