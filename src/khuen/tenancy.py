"""The only way to a district's rows: `async with within(here)`.

Why it is our own small transaction, and not Piccolo's: docs/decisions/0002-within.md.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

import asyncpg
from piccolo.columns import UUID as UUIDColumn
from piccolo.query import Count, Delete, Exists, Insert, Objects, Select, Update
from piccolo.table import Table

from khuen import clock
from khuen.database import DB
from khuen.errors import Busy

FREE_SECONDS = 5.0  #: how long a page waits for a free connection before it says that the site is busy


@dataclass(frozen=True, slots=True)
class Here:
    """Who acts, where and when. `member_id` is None and `roles` is {"clock"} for a clock job."""

    tenant_id: UUID
    member_id: UUID | None
    roles: frozenset[str]
    now: datetime

    @property
    def today(self) -> date:
        """The date in Bangkok."""
        return clock.day(self.now)


class within:
    """One transaction in one tenant. Opened in the handler or the job, closed before the page is rendered.

    Raises Busy when no connection is free, RuntimeError when nested or when a failed statement was swallowed,
    ConnectionError when the connection was lost before COMMIT was answered (the idempotency key then decides).
    """

    def __init__(self, here: Here) -> None:
        self.here = here

    async def __aenter__(self) -> Self:
        if DB.current_transaction.get() is not None:
            raise RuntimeError("within(here) does not nest")
        tenant = UUID(str(self.here.tenant_id))  # the only text that reaches SET LOCAL
        if DB.pool is None:
            raise Busy(retry_after=2)
        try:
            self.connection = await DB.pool.acquire(timeout=FREE_SECONDS)
        except (TimeoutError, OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError) as error:
            raise Busy(retry_after=2) from error
        try:
            await self.connection.execute(f"BEGIN; SET LOCAL app.tenant_id = '{tenant}'")
        except BaseException:
            self.connection.terminate()
            await asyncio.shield(DB.pool.release(self.connection))
            raise
        self._token = DB.current_transaction.set(self)  # type: ignore[arg-type]
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        DB.current_transaction.reset(self._token)
        assert DB.pool is not None
        try:
            await self._end(failed=error is not None)
        except BaseException:
            self.connection.terminate()
            raise
        finally:
            await asyncio.shield(DB.pool.release(self.connection))

    async def _end(self, *, failed: bool) -> None:
        if self.connection.is_closed():
            if not failed:
                raise ConnectionError("lost before commit: outcome unknown")
            return
        answer = await self.connection.execute("ROLLBACK" if failed else "COMMIT")
        if not failed and answer != "COMMIT":
            raise RuntimeError("a failed statement was swallowed: nothing was saved")


def tenant() -> UUID:
    """The tenant of the open `within`. Raises RuntimeError outside one."""
    return _open().here.tenant_id


def _open() -> within:
    transaction = DB.current_transaction.get()
    if transaction is None:
        raise RuntimeError("query outside within(here)")
    return transaction  # type: ignore[return-value]


async def hot(sql: str, *values: Any) -> list[asyncpg.Record]:
    """Run one statement of a queries.py: the tenant is $1, the values follow. No text is ever put into the SQL."""
    transaction = _open()
    rows: list[asyncpg.Record] = await transaction.connection.fetch(sql, transaction.here.tenant_id, *values)
    return rows


async def many(sql: str, rows: list[tuple[Any, ...]]) -> None:
    """executemany with the tenant as $1 of every row: bulk writes that one node and Citus both take."""
    transaction = _open()
    await transaction.connection.executemany(sql, [(transaction.here.tenant_id, *row) for row in rows])


def _stamp() -> UUID | None:
    # Piccolo calls a default once at import to validate it, when no transaction is open.
    transaction: Any = DB.current_transaction.get()
    return transaction.here.tenant_id if transaction else None


class OwnUpdate(Update):  # type: ignore[type-arg]
    def _validate(self) -> None:
        # First: a predicate of ours would disarm "update without a where needs force=True".
        super()._validate()  # type: ignore[no-untyped-call]
        self.where_delegate.where(self.table.tenant_id == tenant())


class OwnDelete(Delete):
    def _validate(self) -> None:
        super()._validate()  # type: ignore[no-untyped-call]
        self.where_delegate.where(self.table.tenant_id == tenant())


class TenantTable(Table, db=DB):
    """Adds `tenant_id = …` to every select, update and delete, and stamps every insert.

    Row-level security guards the rows a second time. A joined table gets no predicate of its own.
    """

    tenant_id = UUIDColumn(null=False, default=_stamp)  # type: ignore[arg-type]

    def __init_subclass__(cls, **options: Any) -> None:
        # Piccolo hands `db` to no subclass: without this a table would look for an engine of its own.
        super().__init_subclass__(**{"db": DB, **options})

    @classmethod
    def select(cls, *columns: Any, exclude_secrets: bool = False) -> Select[Self]:
        return super().select(*columns, exclude_secrets=exclude_secrets).where(cls.tenant_id == tenant())

    @classmethod
    def objects(cls, *prefetch: Any) -> Objects[Self]:
        return super().objects(*prefetch).where(cls.tenant_id == tenant())

    @classmethod
    def count(cls, column: Any = None, distinct: Any = None) -> Count:
        return super().count(column=column, distinct=distinct).where(cls.tenant_id == tenant())

    @classmethod
    def exists(cls) -> Exists[Self]:
        return super().exists().where(cls.tenant_id == tenant())

    @classmethod
    def update(
        cls, values: Any = None, force: bool = False, use_auto_update: bool = False, **more: Any
    ) -> Update[Self]:
        return OwnUpdate(cls, force=force).values(dict(values or {}, **more))

    @classmethod
    def delete(cls, force: bool = False) -> Delete:
        return OwnDelete(cls, force=force)

    @classmethod
    def insert(cls, *rows: Self) -> Insert[Self]:
        if any(row.tenant_id != tenant() for row in rows):
            raise RuntimeError("row of another tenant")
        return super().insert(*rows)
