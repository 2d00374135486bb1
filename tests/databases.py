"""Copies of the migrated database. Emptying one takes a hundredth of the time that making one takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import asyncpg

from khuen import bootstrap
from khuen.ids import uuid7

_KEPT = ("public.migration", "auth.event_head")
#: every statement that changes the schema writes a new row of the catalogue, and xmin is who wrote it: no need to read
#: what the rows say, which takes ten times as long
_SHAPE = """
    SELECT md5(string_agg(line, ';' ORDER BY line)) FROM (
        SELECT concat_ws(' ', 'class', oid, xmin) FROM pg_class WHERE oid >= 16384
        UNION ALL SELECT concat_ws(' ', 'attribute', attrelid, attnum, xmin) FROM pg_attribute WHERE attrelid >= 16384
        UNION ALL SELECT concat_ws(' ', 'constraint', oid, xmin) FROM pg_constraint
        UNION ALL SELECT concat_ws(' ', 'policy', oid, xmin) FROM pg_policy
        UNION ALL SELECT concat_ws(' ', 'schema', oid, xmin) FROM pg_namespace
        UNION ALL SELECT concat_ws(' ', 'trigger', oid, xmin) FROM pg_trigger
        UNION ALL SELECT concat_ws(' ', 'type', oid, xmin) FROM pg_type WHERE oid >= 16384
        UNION ALL SELECT concat_ws(' ', 'function', oid, xmin) FROM pg_proc WHERE oid >= 16384 OR proname = 'set_config'
        UNION ALL SELECT concat_ws(' ', rolname, rolsuper, rolbypassrls) FROM pg_roles
    ) shape(line)"""
_TABLES = """
    SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
      WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"""


async def copy(superuser: str, superuser_of: Callable[[str], str], template: str = "khuen", name: str = "") -> str:
    """A new copy of the template; returns its name."""
    name = name or f"t_{uuid7().hex}"
    root = await asyncpg.connect(superuser)
    try:
        await root.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY OWNER khuen_owner")
    finally:
        await root.close()
    await bootstrap.seal_database(superuser_of(name))
    return name


@dataclass(frozen=True)
class Reused:
    """A copy that one test after another uses, and the connection that empties it: kept open, it knows the tables."""

    name: str
    root: Any
    shape: str
    empty: str

    @staticmethod
    async def made(superuser: str, superuser_of: Callable[[str], str]) -> Reused:
        name = await copy(superuser, superuser_of)
        root = await asyncpg.connect(superuser_of(name))
        deletes = ";".join(f"DELETE FROM {table}" for (table,) in await root.fetch(_TABLES) if table not in _KEPT)
        return Reused(name, root, await root.fetchval(_SHAPE), deletes)

    async def emptied(self) -> bool:
        """Take every row away. False when the test changed the schema: such a copy is not used again."""
        try:
            await self.root.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid()"
            )
        except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError):
            return False  # the test killed the server
        if await self.root.fetchval(_SHAPE) != self.shape:
            return False
        await self.root.execute(
            f"BEGIN; SET LOCAL session_replication_role = replica; {self.empty};"
            "UPDATE auth.event_head SET seq = 0, hash = decode(repeat('00', 32), 'hex'); COMMIT"
        )
        return True


async def drop(superuser: str, name: str) -> None:
    root = await asyncpg.connect(superuser)
    try:
        await root.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await root.close()
