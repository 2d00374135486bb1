"""Builds the site: the table of contents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from litestar import Litestar, Request, Response
from litestar.config.compression import CompressionConfig
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.handlers.base import BaseRouteHandler
from litestar.types import ExceptionHandlersMap

from khuen import access, assets, csrf, front, health, logs, redis, vault, web
from khuen import settings as environment
from khuen.admin import routes as admin
from khuen.board import routes as board
from khuen.buddies import routes as buddies
from khuen.buddies import routes_vetoes as vetoes
from khuen.cases import routes as cases
from khuen.certificates import routes as certificates
from khuen.certificates import routes_public as verification
from khuen.database import connected
from khuen.endings import routes as endings
from khuen.enrolment import routes as enrolment
from khuen.errors import Busy, KhuenError
from khuen.failure import show
from khuen.followups import nudges, round_pages, routes_line
from khuen.followups import routes as followups
from khuen.headers import safe_headers
from khuen.lists import routes as lists
from khuen.meetings import routes as meetings
from khuen.messages import routes as messages
from khuen.messages import routes_own as own_messages
from khuen.pathway import routes as pathway
from khuen.pathway import routes_packs as packs
from khuen.records import routes as records
from khuen.records import routes_corrections as corrections
from khuen.screening import routes as screening
from khuen.settings import Settings
from khuen.signin import routes as signin
from khuen.signin.middleware import SessionMiddleware
from khuen.training import routes as training
from khuen.treatment import routes as treatment

ROUTES: list[Any] = [
    assets.serve,
    *health.ROUTES,
    *signin.ROUTES,
    *cases.ROUTES,
    *pathway.ROUTES,
    *packs.ROUTES,
    *screening.ROUTES,
    *records.ROUTES,
    *corrections.ROUTES,
    *buddies.ROUTES,
    *treatment.ROUTES,
    *vetoes.ROUTES,
    *training.ROUTES,
    *followups.ROUTES,
    *nudges.ROUTES,
    *routes_line.ROUTES,
    *round_pages.ROUTES,
    *endings.ROUTES,
    *meetings.ROUTES,
    *certificates.ROUTES,
    *verification.ROUTES,
    *messages.ROUTES,
    *own_messages.ROUTES,
    *board.ROUTES,
    *enrolment.ROUTES,
    *lists.ROUTES,
    *admin.ROUTES,
    *front.ROUTES,
]
LARGEST_BODY = 10_000_000

_GONE: tuple[type[Exception], ...] = (
    ConnectionError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.DeadlockDetectedError,
)


def create_app(settings: Settings, *, pool_size: int = 8) -> Litestar:
    """The whole site. Its lifespan opens the pools; the walls are checked by whoever starts it (cli.py)."""
    vault.configure(settings.kek, settings.erasures_file)

    @asynccontextmanager
    async def rooms_open(app: Litestar) -> AsyncIterator[None]:
        async with connected(settings, size=pool_size), signin.opened(app), redis.bell(settings):
            yield

    return Litestar(
        route_handlers=ROUTES,
        guards=[_guard],
        before_send=[safe_headers(settings)],
        middleware=[SessionMiddleware(settings)],
        request_class=web.Asking,
        exception_handlers=_handlers(),
        lifespan=[rooms_open],
        state=State({"settings": settings}),
        compression_config=CompressionConfig(
            backend="brotli",
            brotli_gzip_fallback=True,
            brotli_quality=4,
            exclude_opt_key="packed",  # a second coat would leave the page without its style sheet
        ),
        request_max_body_size=LARGEST_BODY,
        multipart_form_part_limit=300,
        openapi_config=None,
        logging_config=None,
    )


def from_environment() -> Litestar:
    """What each process of `khuen serve` runs."""
    settings = environment.load()
    logs.configure(settings)
    return create_app(settings)


async def _guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Both guards in one: Litestar copies the whole handler for each, a twentieth of a check-in."""
    await access.guard(connection, handler)
    await csrf.guard(connection, handler)


def _handlers() -> ExceptionHandlersMap:
    busy: ExceptionHandlersMap = {kind: _busy for kind in _GONE}
    return {KhuenError: show, HTTPException: show, **busy, Exception: show}


def _busy(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The database is away for a moment: say so calmly. What was acknowledged is safe."""
    calm = Busy(retry_after=2)
    calm.__cause__ = error
    return show(request, calm)
