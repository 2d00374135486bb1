"""An import's file name and headers are sealed, and old imports lose their rows.

The plain columns go at once: what stands there may be somebody's name. A site of before cannot list imports until it
is started again; batches of before keep their figures and lose the name of their file. And the planner is told what to expect of
tables that nobody has analysed yet, as it is told of every table that is made from now on.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import opened

ID = "2026-11-24T12:00:00:000004"
VERSION = "1.38.0"
DESCRIPTION = "sealed import sources"

_TABLES = """
SELECT a.attrelid::regclass::text AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_attribute i ON i.attrelid = c.oid AND i.attname = 'id' AND i.atttypid = 'uuid'::regtype
WHERE a.attname = 'tenant_id' AND c.relkind = 'r' AND c.relrowsecurity
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        m = await opened()
        await m.run(
            "ALTER TABLE import_batch DROP COLUMN file_name, DROP COLUMN sheet, DROP COLUMN headers,"
            " ADD COLUMN source_sealed bytea, ADD COLUMN purged_at timestamptz"
        )
        for row in await m.connection.fetch(_TABLES):
            await m.expect_growth(row["name"])

    manager.add_raw(run)
    return manager
