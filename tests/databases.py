"""Copies of the migrated database. Emptying one takes a hundredth of the time that making one takes."""

from __future__ import annotations

from collections.abc import Callable

import asyncpg

from khuen import bootstrap
from khuen.ids import uuid7

_KEPT = ("public.migration", "auth.event_head")
_SHAPE = """
    SELECT md5(string_agg(line, ';' ORDER BY line)) FROM (
        SELECT concat_ws(' ', c.oid::regclass, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relowner, c.relacl)
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
        UNION ALL SELECT concat_ws(' ', conname, pg_get_constraintdef(oid), condeferred) FROM pg_constraint
        UNION ALL SELECT concat_ws(' ', tablename, policyname, permissive, cmd, qual, with_check) FROM pg_policies
        UNION ALL SELECT concat_ws(' ', attrelid, attname, atttypid, attnotnull) FROM pg_attribute
          WHERE attrelid >= 16384 AND attnum > 0
        UNION ALL SELECT concat_ws(' ', oid::regprocedure, proacl) FROM pg_proc WHERE oid >= 16384 OR proname = 'set_config'
        UNION ALL SELECT concat_ws(' ', rolname, rolsuper, rolbypassrls) FROM pg_roles
    ) shape(line)"""
_shape: dict[str, str] = {}


async def copy(superuser: str, superuser_of: Callable[[str], str], template: str = "khuen", name: str = "") -> str:
    """A new copy of the template; returns its name."""
    name = name or f"t_{uuid7().hex}"
    root = await asyncpg.connect(superuser)
    try:
        await root.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY OWNER khuen_owner")
    finally:
        await root.close()
    await bootstrap.seal_database(superuser_of(name))
    root = await asyncpg.connect(superuser_of(name))
    try:
        _shape[name] = await root.fetchval(_SHAPE)
    finally:
        await root.close()
    return name


async def emptied(dsn: str) -> bool:
    """Take every row away. False when the test changed the schema: such a copy is not used again."""
    root = await asyncpg.connect(dsn)
    try:
        name = await root.fetchval("SELECT current_database()")
        await root.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )
        if await root.fetchval(_SHAPE) != _shape[name]:
            return False
        tables = await root.fetch(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        deletes = ";".join(f"DELETE FROM {table}" for (table,) in tables if table not in _KEPT)
        await root.execute(
            f"BEGIN; SET LOCAL session_replication_role = replica; {deletes};"
            "UPDATE auth.event_head SET seq = 0, hash = decode(repeat('00', 32), 'hex'); COMMIT"
        )
        return True
    finally:
        await root.close()


async def drop(superuser: str, name: str) -> None:
    root = await asyncpg.connect(superuser)
    try:
        await root.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await root.close()
