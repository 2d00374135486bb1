"""The sign-in tables, read and written as khuen_auth in short transactions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from khuen.database import Pools
from khuen.errors import Busy


@asynccontextmanager
async def reading() -> AsyncIterator[Any]:
    """A connection for one look. Raises Busy when none is free."""
    pool = Pools.sign_in()
    try:
        connection = await pool.acquire(timeout=5)
    except (TimeoutError, OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError) as error:
        raise Busy(retry_after=2) from error
    try:
        yield connection
    finally:
        await pool.release(connection)


@asynccontextmanager
async def writing() -> AsyncIterator[Any]:
    """The same inside one transaction: all of it happens or nothing does."""
    async with reading() as connection, connection.transaction():
        yield connection
