"""For machines that watch: alive, ready, figures. None of them holds a person's data."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, Response, get
from litestar.enums import MediaType
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from khuen import access
from khuen.database import DB, Pools


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
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


ROUTES = [healthz, readyz, metrics]
