"""Threats 10 and 11: no nesting, no inheriting past the end, and a pool that comes back clean after 5,000 faults."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import random
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from khuen.database import DB
from khuen.errors import Busy
from khuen.ids import uuid7
from khuen.tenancy import hot, within
from tests.isolation.conftest import Districts, here
from tests.isolation.tables import AnyPerson

UNITS, TASKS = 5_000, 12


async def test_threat_10_it_does_not_nest(districts: Districts) -> None:
    one, two = districts.ids[:2]
    async with within(here(one)):
        with pytest.raises(RuntimeError, match="does not nest"):
            async with within(here(two)):
                pass
        assert {row["tenant_id"] for row in await hot("SELECT tenant_id FROM person WHERE tenant_id = $1")} == {one}


async def test_threat_10_a_child_task_cannot_open_another_district(districts: Districts) -> None:
    one, two = districts.ids[:2]

    async def child() -> list[Any]:
        async with within(here(two)):
            return list(await AnyPerson.select())

    async with within(here(one)):
        with pytest.raises(RuntimeError, match="does not nest"):
            await asyncio.create_task(child())
    fresh = asyncio.create_task(child(), context=contextvars.Context())
    assert {row["tenant_id"] for row in await fresh} == {two}


async def test_threat_10_a_task_that_outlives_the_block_reads_nothing(districts: Districts) -> None:
    gate = asyncio.Event()

    async def late() -> list[Any]:
        await gate.wait()
        return list(await AnyPerson.select())

    async with within(here(districts.ids[0])):
        task = asyncio.create_task(late())
    async with within(here(districts.ids[1])):
        gate.set()
        with pytest.raises(asyncpg.InterfaceError):
            await task


async def test_a_swallowed_error_does_not_pass_for_saved(districts: Districts) -> None:
    with pytest.raises(RuntimeError, match="nothing was saved"):
        async with within(here(districts.ids[0])):
            with contextlib.suppress(asyncpg.DivisionByZeroError):
                await hot("SELECT 1/0 WHERE $1::uuid IS NOT NULL")


async def test_a_full_pool_says_busy(districts: Districts, monkeypatch: Any) -> None:
    assert DB.pool is not None
    held = [await DB.pool.acquire() for _ in range(DB.pool.get_max_size())]
    monkeypatch.setattr("khuen.tenancy.FREE_SECONDS", 0.05)
    try:
        with pytest.raises(Busy):
            async with within(here(districts.ids[0])):
                pass
    finally:
        for connection in held:
            await DB.pool.release(connection)


async def test_threat_11_five_thousand_faulted_units_leave_the_pool_clean(districts: Districts, root: Any) -> None:
    await root.execute(  # so that COMMIT itself can fail
        "ALTER TABLE case_step ALTER CONSTRAINT case_step_tenant_id_case_id_fkey DEFERRABLE INITIALLY DEFERRED"
    )
    left = iter(range(UNITS))
    wrong: list[tuple[UUID, UUID]] = []
    outcomes: dict[str, int] = {}

    async def worker(number: int) -> None:
        chance = random.Random(number)
        for _ in left:
            mine = chance.choice(districts.ids)
            name = await _unit(chance, mine, root, wrong)
            outcomes[name] = outcomes.get(name, 0) + 1
            assert DB.current_transaction.get() is None

    await asyncio.gather(*(worker(number) for number in range(TASKS)))
    assert wrong == []
    assert sum(outcomes.values()) == UNITS
    assert {"done", "error", "commit refused", "killed", "cancelled"} <= outcomes.keys(), outcomes
    assert DB.pool is not None
    held = [await DB.pool.acquire(timeout=2) for _ in range(DB.pool.get_max_size())]
    for connection in held:
        assert not connection.is_in_transaction()
        await DB.pool.release(connection)
    idle = await root.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = 'khuen_app' AND state LIKE 'idle in transaction%'"
        " AND datname = current_database()"
    )
    assert idle == 0


async def _unit(chance: random.Random, mine: UUID, root: Any, wrong: list[tuple[UUID, UUID]]) -> str:
    fault = chance.random()
    try:
        async with asyncio.timeout(0.0005 if fault > 0.97 else 20), within(here(mine)):
            rows = await AnyPerson.select(AnyPerson.tenant_id)
            wrong.extend((mine, row["tenant_id"]) for row in rows if row["tenant_id"] != mine)
            if fault < 0.05:
                await hot("SELECT 1/0 WHERE $1::uuid IS NOT NULL")
            elif fault < 0.10:
                await hot(
                    "INSERT INTO case_step (tenant_id, id, case_id, stage, on_date, recorded_at)"
                    " VALUES ($1, $2, $3, 'enrolled', '2026-11-24', '2026-11-24')",
                    uuid7(),
                    uuid7(),
                )
            elif fault < 0.115:
                connection: Any = DB.current_transaction.get().connection  # type: ignore[union-attr]
                pid = connection.get_server_pid()
                await asyncio.create_task(_kill(root, pid), context=contextvars.Context())
                await hot("SELECT 1 WHERE $1::uuid IS NOT NULL")
            elif fault < 0.13:
                raise ValueError("the handler failed")
        return "done"
    except asyncpg.ForeignKeyViolationError:
        return "commit refused"
    except (asyncpg.DivisionByZeroError, ValueError):
        return "error"
    except TimeoutError:
        return "cancelled"
    except (
        asyncpg.PostgresConnectionError,
        asyncpg.AdminShutdownError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
        ConnectionError,
    ):
        return "killed"


_killing = asyncio.Lock()


async def _kill(root: Any, pid: int) -> None:
    async with _killing:
        await root.fetch("SELECT pg_terminate_backend($1)", pid)
