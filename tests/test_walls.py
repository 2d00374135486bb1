"""The catalogue lint finds nothing on our own schema, and every planted hole (threats 3, 5, 12; docs/isolation.md)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

import pytest

from khuen import schema
from khuen.database import connect
from khuen.settings import Settings, SettingsError

TABLES = """SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' AND n.nspname IN ('public', 'vault') AND c.relname <> 'migration' ORDER BY 1"""
KEYS = """SELECT i.indexrelid::regclass::text AS index, i.indrelid::regclass::text AS name, k.conname AS constraint,
            pg_get_indexdef(i.indexrelid) AS definition, i.indisunique AS is_unique
          FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
          LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u')
          WHERE n.nspname IN ('public', 'vault') AND c.relname <> 'migration' AND i.indnkeyatts > 1 ORDER BY 1"""
FOREIGN = """SELECT k.conname AS constraint, k.conrelid::regclass::text AS name, k.confrelid::regclass::text AS target,
               (SELECT attname FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = k.conkey[2]) AS column
             FROM pg_constraint k WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace ORDER BY 1"""


async def holes_after(root: Any, *statements: str) -> list[str]:
    """What the lint, as khuen_app, finds after a superuser did this; everything is rolled back."""
    mutation = root.transaction()
    await mutation.start()
    try:
        for statement in statements:
            await root.execute(statement)
        await root.execute("SET LOCAL ROLE khuen_app")
        return await schema.lint(root)
    finally:
        await mutation.rollback()


async def test_the_walls_stand(db: Settings) -> None:
    connection = await connect(db.dsn("app"))
    try:
        assert await schema.lint(connection) == []
    finally:
        await connection.close()
    await schema.check_walls(db)


#: what a hole may look like in a table
MUTANTS = {
    "no FORCE": "ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
    "no row-level security": "ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
    "no policy": "DROP POLICY {policy} ON {table}",
    "widened": "ALTER POLICY {policy} ON {table} USING (true)",
    "widened for writes": "ALTER POLICY {policy} ON {table} WITH CHECK (true)",
    "or nothing set": "ALTER POLICY {policy} ON {table} USING"
    " (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid))",
    "a second door": "CREATE POLICY side_door ON {table} FOR SELECT USING (true)",
    "may truncate": "GRANT TRUNCATE ON {table} TO khuen_app",
    "owned by the app": "GRANT CREATE ON SCHEMA public, vault TO khuen_app; ALTER TABLE {table} OWNER TO khuen_app",
    "tenant may be missing": "ALTER TABLE {table} DROP CONSTRAINT {key} CASCADE;"
    " ALTER TABLE {table} ALTER tenant_id DROP NOT NULL",
}


@pytest.mark.parametrize("mutant", MUTANTS)
async def test_every_policy_mutant_is_caught(root: Any, mutant: str) -> None:
    """Made in all tables at once: the lint names every one of them."""
    tables = [row["name"] for row in await root.fetch(TABLES)]
    assert len(tables) > 25
    statements = [
        MUTANTS[mutant].format(
            table=table,
            policy=table.removeprefix("public.").replace(".", "_") + "_of_tenant",
            key=table.split(".")[1] + "_pkey",
        )
        for table in tables
    ]
    words = re.findall(r"[\w.]+", " ".join(await holes_after(root, *statements)))
    assert {table.removeprefix("public.") for table in tables} <= {word.removeprefix("public.") for word in words}


async def test_dropping_the_tenant_from_any_key_or_index_is_caught(root: Any) -> None:
    """Out of all of them at once: the lint names every one."""
    keys = [dict(row) for row in await root.fetch(KEYS)]
    assert len(keys) > 60
    statements = []
    for key in keys:
        without = key["definition"].replace("(tenant_id, ", "(", 1)
        assert without != key["definition"], key
        drop = (
            f"ALTER TABLE {key['name']} DROP CONSTRAINT {key['constraint']} CASCADE"
            if key["constraint"]
            else f"DROP INDEX {key['index']}"
        )
        statements += [drop, without]
    found = await holes_after(root, *statements)
    named = {hole.split()[1] for hole in found if "does not start with tenant_id" in hole}
    assert named == {key["index"] for key in keys}


async def test_dropping_the_tenant_from_any_foreign_key_is_caught(root: Any) -> None:
    """Out of all of them at once: the lint names every one."""
    foreign = [dict(row) for row in await root.fetch(FOREIGN)]
    assert len(foreign) > 20
    targets = {key["target"] for key in foreign}
    found = await holes_after(
        root,
        *(f"ALTER TABLE {target} ADD CONSTRAINT {target}_alone UNIQUE (id)" for target in targets),
        *(
            f"ALTER TABLE {key['name']} DROP CONSTRAINT {key['constraint']},"
            f" ADD CONSTRAINT {key['constraint']} FOREIGN KEY ({key['column']}) REFERENCES {key['target']} (id)"
            for key in foreign
        ),
    )
    named = {hole.split()[2] for hole in found if hole.startswith("foreign key ")}
    assert named == {key["constraint"] for key in foreign}


@pytest.mark.parametrize(
    ("name", "statement", "sentence"),
    [
        (
            "threat_03_table_without_walls",
            "CREATE TABLE forgotten (id uuid PRIMARY KEY, note text)",
            "has no tenant_id",
        ),
        (
            "threat_03_tenant_table_without_walls",
            "CREATE TABLE bare (tenant_id uuid NOT NULL, id uuid NOT NULL, PRIMARY KEY (tenant_id, id))",
            "lacks forced",
        ),
        ("threat_12_view", "CREATE VIEW everybody AS SELECT * FROM person", "owner's rights"),
        (
            "threat_12_materialised_view",
            "CREATE MATERIALIZED VIEW everybody AS SELECT * FROM person; GRANT SELECT ON everybody TO khuen_app",
            "materialised view",
        ),
        (
            "threat_12_definer_function",
            "CREATE FUNCTION peep() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM person'",
            "SECURITY DEFINER",
        ),
        ("open_set_config", "GRANT EXECUTE ON FUNCTION set_config(text, text, boolean) TO PUBLIC", "set_config"),
        ("bypass", "ALTER ROLE khuen_app BYPASSRLS", "privileged"),
        ("member_of_owner", "GRANT khuen_owner TO khuen_app", "member of khuen_owner"),
        ("sequence", "CREATE SEQUENCE numbers", "sequence"),
        (
            "temp",
            "DO $$ BEGIN EXECUTE 'GRANT TEMP ON DATABASE ' || current_database() || ' TO khuen_app'; END $$",
            "TEMP",
        ),
        ("enum", "CREATE TYPE mood AS ENUM ('good', 'bad')", "enum"),
        (
            "trigger",
            "CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
            "CREATE TRIGGER acts BEFORE INSERT ON person FOR EACH ROW EXECUTE FUNCTION act()",
            "trigger",
        ),
        ("sign_in_readable", "GRANT USAGE ON SCHEMA auth TO khuen_app", "khuen_app may read auth."),
        (
            "cascade",
            "ALTER TABLE case_step ADD CONSTRAINT falls FOREIGN KEY (tenant_id, case_id)"
            " REFERENCES case_file (tenant_id, id) ON DELETE CASCADE",
            "acts on delete",
        ),
    ],
)
async def test_planted_hole(root: Any, name: str, statement: str, sentence: str) -> None:
    found = await holes_after(root, statement)
    assert any(sentence in hole for hole in found), (name, found)


async def test_threat_05_refuses_to_boot_as_owner_or_superuser(db: Settings, stage: Any) -> None:
    name = urlsplit(db.database_url).path.lstrip("/")
    for user, dsn in (("khuen_owner", db.dsn("owner")), ("postgres", stage.superuser_of(name))):
        connection = await connect(dsn)
        try:
            holes = await schema.lint(connection)
            assert any("privileged" in hole or f"role {user} owns" in hole for hole in holes), user
        finally:
            await connection.close()


async def test_threat_05_the_command_exits_when_the_walls_have_a_hole(db: Settings, root: Any) -> None:
    await root.execute("ALTER TABLE person NO FORCE ROW LEVEL SECURITY")
    with pytest.raises(SettingsError, match=r"public\.person lacks forced row-level security"):
        await schema.check_walls(db)
    env = {
        **os.environ,
        "KHUEN_DATABASE_URL": db.database_url,
        "KHUEN_KEK": "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=",
        **{f"KHUEN_DATABASE_{role.upper()}_PASSWORD": word for role, word in db.passwords.items()},
    }
    done = subprocess.run(  # noqa: ASYNC221 — a separate process is the point
        [sys.executable, "-m", "khuen", "serve", "--port", "1"], env=env, capture_output=True, text=True, timeout=60
    )
    assert done.returncode != 0
    assert "lacks forced row-level security" in done.stderr


async def test_the_planner_knows_a_key_before_the_first_analyze(root: Any) -> None:
    """Else a district's first import checks each foreign key by reading the whole district."""
    rows = await root.fetch(
        """SELECT c.oid::regclass::text AS name, s.n_distinct FROM pg_class c
           JOIN pg_attribute t ON t.attrelid = c.oid AND t.attname = 'tenant_id'
           JOIN pg_attribute i ON i.attrelid = c.oid AND i.attname = 'id' AND i.atttypid = 'uuid'::regtype
           LEFT JOIN pg_stats s ON (s.schemaname || '.' || s.tablename)::regclass = c.oid AND s.attname = 'id'
           WHERE c.relkind = 'r' AND c.relrowsecurity"""
    )
    assert len(rows) > 25
    assert [row["name"] for row in rows if row["n_distinct"] != -1] == []
