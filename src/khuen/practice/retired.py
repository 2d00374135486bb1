"""Throwing away the rows of practice districts that another one has replaced. Their audit stays, as everybody's does.

Nobody but the owner of the tables may delete a visit or a step, not even an invented one: it is done by `khuen migrate`
and whenever the demo starts.
"""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import Any
from uuid import UUID

from khuen.database import connect

_KEPT = frozenset({"audit", "audit_head"})
_REPLACED = """SELECT t.id FROM auth.tenant t JOIN auth.practice_restart r ON r.tenant_id = t.id
    WHERE t.practice AND t.state = 'suspended' AND r.step = 'done' ORDER BY t.id"""
_TABLES = """SELECT c.oid::regclass::text AS name, ARRAY(
        SELECT f.confrelid::regclass::text FROM pg_constraint f
        WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.confrelid <> c.oid) AS refers_to
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.relrowsecurity AND n.nspname IN ('public', 'vault') ORDER BY 1"""


async def throw_away(owner_dsn: str) -> int:
    """Returns how many districts had rows left; each in its own transaction, inside its own walls."""
    connection = await connect(owner_dsn)
    try:
        tables = await _emptied_in_order(connection)
        gone = [await _empty(connection, row["id"], tables) for row in await connection.fetch(_REPLACED)]
        return sum(gone)
    finally:
        await connection.close()


async def _emptied_in_order(connection: Any) -> list[str]:
    """The tables of a district, each before those that it refers to."""
    graph = {row["name"]: row["refers_to"] for row in await connection.fetch(_TABLES)}
    return [name for name in reversed([*TopologicalSorter(graph).static_order()]) if name not in _KEPT]


async def _empty(connection: Any, tenant_id: UUID, tables: list[str]) -> bool:
    rows = 0
    async with connection.transaction():
        await connection.execute(f"SET LOCAL app.tenant_id = '{UUID(str(tenant_id))}'")
        for name in tables:  # names of the catalogue, never typed by anybody
            answer = await connection.execute(f"DELETE FROM {name} WHERE tenant_id = $1", tenant_id)
            rows += int(answer.rpartition(" ")[2])
    return rows > 0
