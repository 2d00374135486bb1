"""Counting what a route sends over the tenant's own connections; signing in is another pool and is not counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from khuen.database import DB


@asynccontextmanager
async def counted() -> AsyncIterator[list[str]]:
    """The statements of every connection of the pool while the block runs."""
    sent: list[str] = []

    def note(record: Any) -> None:
        if "typeinfo_tree" not in record.query:  # asyncpg learns an array type once per connection, never again
            sent.append(record.query)

    assert DB.pool is not None
    borrowed = [await DB.pool.acquire() for _ in range(DB.pool.get_max_size())]
    held = [proxy._con for proxy in borrowed]  # what lies behind the proxies, which end when they are given back
    for proxy in borrowed:
        proxy.add_query_logger(note)
        await DB.pool.release(proxy)
    try:
        yield sent
    finally:
        for connection in held:
            connection.remove_query_logger(note)
