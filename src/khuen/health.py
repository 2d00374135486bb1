"""For machines that watch: alive, ready, figures. None of them holds a person's data."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, Response, get
from litestar.enums import MediaType
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from khuen import access, clock, clockwork
from khuen.database import DB, Pools

WORKERS = Gauge("khuen_workers", "Workers that gave a sign of life within the last minute; -1 when nobody can tell")
WAITING = Gauge("khuen_messages_waiting", "Messages that are due and have not gone, in all districts together")
GIVEN_UP = Gauge("khuen_messages_given_up", "Messages given up within the last day, in all districts together")
LAG = Gauge("khuen_messages_lag_seconds", "How long the oldest due message has waited")


@get("/healthz", opt={"perm": access.PUBLIC}, media_type=MediaType.TEXT)
async def healthz() -> str:
    """The process answers."""
    return "ok"


@get("/readyz", opt={"perm": access.PUBLIC})
async def readyz() -> Response[dict[str, Any]]:
    """Both pools reach PostgreSQL. Redis is not asked: the site works without it."""
    checks = {"rows": await _reachable(DB.pool), "sign_in": await _reachable(Pools.auth)}
    return Response(checks, status_code=200 if all(checks.values()) else 503)


async def _reachable(pool: Any) -> bool:
    try:
        async with asyncio.timeout(2):
            return bool(pool and await pool.fetchval("SELECT 1") == 1)
    except Exception:
        return False


@get("/metrics", opt={"perm": access.PUBLIC})
async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What this process counted, and what the workers last saw."""
    await _ask_workers()
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _ask_workers() -> None:
    try:
        async with asyncio.timeout(2):
            living, figures = await clockwork.living(clock.now())
    except Exception:
        WORKERS.set(-1)
        return
    WORKERS.set(living)
    WAITING.set(figures.waiting)
    GIVEN_UP.set(figures.given_up)
    LAG.set(figures.lag_seconds)


ROUTES = [healthz, readyz, metrics]
