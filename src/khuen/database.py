"""Engines and pools. Every pool belongs to one unprivileged role; tables hang on `DB`."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import asyncpg
from piccolo.engine.postgres import PostgresEngine

from khuen.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from piccolo.querystring import QueryString


class LazyEngine(PostgresEngine):
    """Piccolo's engine without the version query that its constructor would send."""

    async def check_version(self) -> None: ...

    async def prep_database(self) -> None: ...


class Engine(LazyEngine):
    """The engine of khuen_app: it refuses every query outside `within(here)` and every second way to open one."""

    async def run_querystring(self, querystring: QueryString, in_pool: bool = True) -> Any:
        if self.current_transaction.get() is None:
            raise RuntimeError("query outside within(here)")
        return await super().run_querystring(querystring, in_pool)

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise RuntimeError("use within(here)")

    transaction = atomic = batch = run_ddl = _refuse


class NoReset(asyncpg.Connection):
    """No reset query on release: it would be one more round trip, and no session state is ever used."""

    def get_reset_query(self) -> str:
        return ""


async def _without_jit_lookup(connection: Any) -> None:
    # Else arrays and ranges make asyncpg call set_config('jit', …), which is revoked (42501).
    connection._server_caps = connection._server_caps._replace(jit=False)


DB = Engine(config={})


async def connect(dsn: str) -> Any:
    """One connection outside any pool: for lints, checks and commands."""
    connection = await asyncpg.connect(dsn, timeout=10)
    await _without_jit_lookup(connection)
    return connection


async def open_pool(dsn: str, *, size: int = 8) -> asyncpg.Pool[Any]:
    return await asyncpg.create_pool(
        dsn, min_size=min(2, size), max_size=size, connection_class=NoReset, init=_without_jit_lookup, timeout=10
    )


class Pools:
    """What one process (site or worker) holds open: rows of districts, sign-in, and later the leads' figures."""

    auth: asyncpg.Pool[Any] | None = None

    @classmethod
    def sign_in(cls) -> asyncpg.Pool[Any]:
        if cls.auth is None:
            raise RuntimeError("the sign-in pool is not open")
        return cls.auth


@asynccontextmanager
async def connected(settings: Settings, *, size: int = 8) -> AsyncIterator[None]:
    """Open the pools of this process, close them at the end."""
    DB.pool = await open_pool(settings.dsn("app"), size=size)
    try:
        Pools.auth = await open_pool(settings.dsn("auth"), size=max(2, size // 2))
        try:
            yield
        finally:
            await Pools.auth.close()
            Pools.auth = None
    finally:
        await DB.pool.close()
        DB.pool = None
