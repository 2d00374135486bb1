"""An import's file name and headers are sealed, and old imports lose their rows.

The plain columns go at once: what stands there may be somebody's name. A site of before cannot list imports until it
is started again; batches of before keep their figures and lose the name of their file.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import opened

ID = "2026-11-24T12:00:00:000004"
VERSION = "1.38.0"
DESCRIPTION = "sealed import sources"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        m = await opened()
        await m.run(
            "ALTER TABLE import_batch DROP COLUMN file_name, DROP COLUMN sheet, DROP COLUMN headers,"
            " ADD COLUMN source_sealed bytea, ADD COLUMN purged_at timestamptz"
        )

    manager.add_raw(run)
    return manager
