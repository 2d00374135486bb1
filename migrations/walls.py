"""The walls that every tenant table gets, written in one place. `khuen.schema.lint` knows the same texts.

One policy per table, plain tenant equality, no `missing_ok`: a query with no tenant set fails instead of finding
nothing. On one node the setting is read once per statement (scalar sub-select); Citus accepts only the direct form.
"""

from __future__ import annotations

from typing import Any

ONE_NODE = "tenant_id = (SELECT current_setting('app.tenant_id')::uuid)"
CITUS = "tenant_id = current_setting('app.tenant_id')::uuid"

#: what khuen_app may do to a table that is only ever added to
APPEND = "SELECT, INSERT"
#: what it may do to a table that holds a present state
STATE = "SELECT, INSERT, UPDATE"
#: what it may do where rows are also taken away
FULL = "SELECT, INSERT, UPDATE, DELETE"

#: $1 one table or NULL for all of districts: the links to a person, and the sealed columns
MERGED_COLUMNS = """
SELECT c.oid::regclass::text, quote_ident(a.attname) FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p') AND ($1::text IS NULL OR c.oid = to_regclass($1)) AND (
    (a.attname LIKE '%\\_sealed' AND a.atttypid = 'bytea'::regtype)
    OR EXISTS (SELECT FROM pg_constraint k WHERE k.contype = 'f' AND k.conrelid = c.oid
        AND k.confrelid = to_regclass('public.person') AND a.attnum = k.conkey[2]))
"""


class Migration:
    """Runs statements on the open connection of a migration and remembers whether Citus is there."""

    def __init__(self, connection: Any, citus: bool) -> None:
        self.connection = connection
        self.citus = citus

    async def run(self, sql: str) -> None:
        await self.connection.execute(sql)

    async def tenant_table(self, name: str, columns: str, *, grants: str, indexes: tuple[str, ...] = ()) -> None:
        """Create a table of a district: key (tenant_id, id), forced row-level security, rights of khuen_app."""
        await self.run(
            f"CREATE TABLE {name} (tenant_id uuid NOT NULL, id uuid NOT NULL, {columns}, PRIMARY KEY (tenant_id, id))"
        )
        if self.citus:
            await self.run(f"SELECT create_distributed_table('{name}', 'tenant_id')")
        for index in indexes:
            await self.run(index)
        await self.wall(name, grants)
        await self.expect_growth(name)

    async def expect_growth(self, name: str) -> None:
        """Tell the planner what no table has shown yet: an id is one row, a district is many.

        Before the first ANALYZE every index that begins with the district looks equally good, and a district's first
        import checks its keys by reading the whole district for each row. The first ANALYZE replaces these figures.
        """
        for column, distinct in (("id", -1), ("tenant_id", 10)):
            await self.run(
                "SELECT pg_restore_attribute_stats('schemaname', n.nspname::text, 'relname', c.relname::text,"
                f" 'attname', '{column}'::text, 'inherited', false, 'null_frac', 0::real, 'avg_width', 16,"
                f" 'n_distinct', {distinct}::real) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                f" WHERE c.oid = '{name}'::regclass AND c.reltuples <= 0"
            )

    async def wall(self, name: str, grants: str) -> None:
        rule = CITUS if self.citus else ONE_NODE
        policy = name.replace(".", "_") + "_of_tenant"
        await self.run(
            f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY; ALTER TABLE {name} FORCE ROW LEVEL SECURITY;"
            f"CREATE POLICY {policy} ON {name} USING ({rule}) WITH CHECK ({rule});"
            f"GRANT {grants} ON {name} TO khuen_app; GRANT SELECT ON {name} TO khuen_backup"
        )
        await self.let_merges_move(name)

    async def let_merges_move(self, name: str | None = None) -> None:
        """Let khuen_app change what a merge of two people changes, in one table or in all: nothing else is opened.

        That is the link to the person, and what is sealed (it is sealed again under the other key). So a table that is
        only added to can still be merged, and a new one cannot be forgotten.
        """
        columns = await self.connection.fetch(MERGED_COLUMNS, name)
        for table, column in columns:
            await self.run(f"GRANT UPDATE ({column}) ON {table} TO khuen_app")


async def opened() -> Migration:
    """The migration that Piccolo is running now."""
    from migrations.piccolo_conf import DB

    transaction = DB.current_transaction.get()
    assert transaction is not None, "migrations run inside a transaction"
    connection: Any = transaction.connection
    await connection.execute("SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '60s'")
    citus = await connection.fetchval("SELECT count(*) FROM pg_extension WHERE extname = 'citus'")
    return Migration(connection, bool(citus))
