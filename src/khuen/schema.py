"""Migrations under a lock, and the catalogue lint that refuses to boot on a wall with a hole.

The lint reads the catalogue as the unprivileged role: what it cannot see it cannot use. Each check returns sentences
for people; an empty list means the walls stand.
"""

from __future__ import annotations

import contextlib
import io
import os
from typing import Any

import asyncpg

from khuen.database import connect
from khuen.settings import Settings, SettingsError
from migrations.walls import CITUS, ONE_NODE

#: tables without a tenant: none of them holds a person's data
WITHOUT_TENANT = frozenset({"public.migration", "clockwork.run", "clockwork.beat"})
TENANT_SCHEMAS = ("public", "vault", "clockwork")
_LOCK = 0x4B6875656E  # "Khuen"


async def migrate(owner_dsn: str) -> list[str]:
    """Bring the schema up to date as khuen_owner. Returns the names of the migrations that ran.

    Safe to call from several processes at once: the second waits, then finds nothing to do.
    """
    os.environ["PICCOLO_CONF"] = "migrations.piccolo_conf"
    from piccolo.apps.migrations.commands.forwards import run_forwards
    from piccolo.apps.migrations.tables import Migration

    from migrations.piccolo_conf import DB

    DB.config.clear()
    DB.config.update(dsn=owner_dsn)
    Migration._meta._db = DB
    holder = await asyncpg.connect(owner_dsn)
    try:
        await holder.execute("SELECT pg_advisory_lock($1)", _LOCK)
        before = await _names(holder)
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            result = await run_forwards("khuen")
        if not result.success:
            raise RuntimeError(f"migration failed: {result.message}\n{said.getvalue()}")
        return [name for name in await _names(holder) if name not in before]
    finally:
        await holder.close()


async def _names(connection: Any) -> list[str]:
    if not await connection.fetchval("SELECT to_regclass('public.migration')"):
        return []
    return [row[0] for row in await connection.fetch("SELECT name FROM migration ORDER BY id")]


async def check_walls(settings: Settings) -> None:
    """Refuse to boot (SettingsError) as a privileged role, or when the lint finds a hole."""
    try:
        connection = await connect(settings.dsn("app"))
    except asyncpg.InvalidPasswordError:
        raise SettingsError("PostgreSQL refused the password of khuen_app") from None
    try:
        holes = await lint(connection)
    finally:
        await connection.close()
    if holes:
        raise SettingsError("the walls between districts have holes:\n  - " + "\n  - ".join(holes))


async def lint(connection: Any) -> list[str]:
    """Run every check. `connection` is that of the role that serves pages."""
    found: list[str] = []
    for sentence, sql in CHECKS:
        rows = await connection.fetch(sql, *([list(TENANT_SCHEMAS)] if "$1" in sql else []))
        found += [sentence.format(*row) for row in rows]
    return found + await _without_tenant(connection) + await _policies(connection)


async def _without_tenant(connection: Any) -> list[str]:
    rows = await connection.fetch(
        """SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'auth', 'citus')
             AND n.nspname NOT LIKE 'pg\\_%' AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid
             AND a.attname = 'tenant_id' AND a.attnotnull AND a.atttypid = 'uuid'::regtype)"""
    )
    return [f"{name} has no tenant_id uuid NOT NULL" for (name,) in rows if name not in WITHOUT_TENANT]


async def _policies(connection: Any) -> list[str]:
    citus = await connection.fetchval("SELECT count(*) FROM pg_extension WHERE extname = 'citus'")
    wanted = _plain(CITUS if citus else ONE_NODE)
    rows = await connection.fetch(
        """SELECT schemaname || '.' || tablename AS name, policyname, permissive, roles::text[] AS roles, cmd,
                  coalesce(qual, '') AS qual, coalesce(with_check, '') AS with_check
           FROM pg_policies WHERE schemaname = ANY($1)""",
        list(TENANT_SCHEMAS),
    )
    found = [
        f"policy {row['policyname']} on {row['name']} is not the generated one"
        for row in rows
        if (row["permissive"], list(row["roles"]), row["cmd"]) != ("PERMISSIVE", ["public"], "ALL")
        or _plain(row["qual"]) != wanted
        or _plain(row["with_check"]) != wanted
    ]
    names = [row["name"] for row in rows]
    tables = await connection.fetch(
        """SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY($1)""",
        list(TENANT_SCHEMAS),
    )
    return found + [
        f"{name} has {names.count(name)} policies, not one"
        for (name,) in tables
        if name not in WITHOUT_TENANT and names.count(name) != 1
    ]


def _plain(text: str) -> str:
    """The policy as PostgreSQL prints it, without spaces, parentheses, casts to text and the alias it adds."""
    for noise in (" ", "(", ")", "\n", "::text", "AScurrent_setting"):
        text = text.replace(noise, "")
    return text.lower()


_TABLES = """pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY($1)
  AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)"""
_FIRST = """(SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')"""

#: (sentence with the row's columns, query); the numbers are those of docs/isolation.md
CHECKS: tuple[tuple[str, str], ...] = (
    (  # 1
        "{0} lacks forced row-level security",
        f"SELECT n.nspname || '.' || c.relname FROM {_TABLES} AND NOT (c.relrowsecurity AND c.relforcerowsecurity)",
    ),
    (  # 3 and 16: keys and indexes alike
        "index {1} of {0} does not start with tenant_id",
        f"""SELECT n.nspname || '.' || c.relname, i.indexrelid::regclass::text FROM pg_index i
            JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = ANY($1) AND c.relkind IN ('r', 'p') AND n.nspname || '.' || c.relname
            <> ALL ('{{{",".join(sorted(WITHOUT_TENANT))}}}'::text[]) AND i.indkey[0] IS DISTINCT FROM {_FIRST}""",
    ),
    (  # 3: a table without a primary key has no wall to lean on
        "{0} has no primary key (tenant_id, id)",
        f"""SELECT n.nspname || '.' || c.relname FROM {_TABLES} AND NOT EXISTS (SELECT FROM pg_index i
            WHERE i.indrelid = c.oid AND i.indisprimary)""",
    ),
    (  # 4
        "foreign key {1} of {0} does not carry tenant_id to tenant_id",
        f"""SELECT n.nspname || '.' || c.relname, k.conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace WHERE k.contype = 'f' AND n.nspname = ANY($1)
            AND (k.conkey[1] IS DISTINCT FROM {_FIRST} OR k.confkey[1] IS DISTINCT FROM (SELECT a.attnum
            FROM pg_attribute a WHERE a.attrelid = k.confrelid AND a.attname = 'tenant_id'))""",
    ),
    (  # 4: a cascade or SET NULL would reach rows that nobody named
        "foreign key {1} of {0} acts on delete or update",
        """SELECT c.oid::regclass::text, k.conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
           JOIN pg_namespace n ON n.oid = c.relnamespace WHERE k.contype = 'f' AND n.nspname = ANY($1)
           AND (k.confdeltype NOT IN ('a', 'r') OR k.confupdtype NOT IN ('a', 'r'))""",
    ),
    (  # 5
        "view {0} runs with its owner's rights (security_invoker is not true)",
        """SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE c.relkind = 'v' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
           AND NOT coalesce(c.reloptions, '{}') && ARRAY['security_invoker=true', 'security_invoker=on']""",
    ),
    (  # 6
        "materialised view {0} is readable by the app",
        """SELECT c.oid::regclass::text FROM pg_class c WHERE c.relkind = 'm'
           AND has_table_privilege(current_user, c.oid, 'SELECT')""",
    ),
    (  # 7
        "role {0} is privileged (superuser, BYPASSRLS, CREATEROLE, CREATEDB or REPLICATION)",
        """SELECT rolname FROM pg_roles WHERE (rolname = current_user OR rolname = 'khuen_app')
           AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)""",
    ),
    (  # 8
        "role {0} owns {1}",
        """SELECT r.rolname, c.oid::regclass::text FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
           WHERE r.rolname IN (current_user, 'khuen_app')""",
    ),
    (  # 9
        "the app may truncate, reference or trigger {0}",
        """SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND
           has_table_privilege('khuen_app', c.oid, 'TRUNCATE, REFERENCES, TRIGGER')""",
    ),
    (  # 10
        "set_config can be called by {0}",
        """SELECT rolname FROM pg_roles WHERE NOT rolsuper AND rolname <> 'khuen_backup' AND rolname NOT LIKE 'pg\\_%'
           AND has_function_privilege(rolname, 'pg_catalog.set_config(text,text,boolean)', 'EXECUTE')""",
    ),
    (  # 11
        "khuen_app is a member of {0}",
        """SELECT g.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
           JOIN pg_roles g ON g.oid = m.roleid WHERE r.rolname = 'khuen_app'""",
    ),
    (  # 12
        "sequence {0} exists",
        """SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE c.relkind = 'S' AND n.nspname = ANY($1) AND c.relname <> 'migration_id_seq'""",
    ),
    (  # 13
        "SECURITY DEFINER function {0} has no pinned search_path",
        """SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
           WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')
           AND NOT EXISTS (SELECT FROM unnest(coalesce(p.proconfig, '{}')) s WHERE s LIKE 'search_path=%')""",
    ),
    (  # 14
        "TEMP is allowed to {0} in this database",
        """SELECT rolname FROM pg_roles WHERE rolname IN ('khuen_app', 'khuen_auth', 'khuen_lead')
           AND has_database_privilege(rolname, current_database(), 'TEMP')""",
    ),
    (  # no triggers: the shape that Citus distributes
        "trigger {1} on {0} exists",
        """SELECT c.oid::regclass::text, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
           JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND n.nspname = ANY($1)""",
    ),
    (  # status columns are text with a CHECK, not enums
        "enum type {0} exists",
        """SELECT t.oid::regtype::text FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
           WHERE t.typtype = 'e' AND n.nspname = ANY($1)""",
    ),
    (  # sign-in tables are another role's
        "khuen_app may read {0}",
        """SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = 'auth' AND c.relkind = 'r' AND has_schema_privilege('khuen_app', n.oid, 'USAGE')""",
    ),
)
