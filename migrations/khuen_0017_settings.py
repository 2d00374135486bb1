"""Settings get an order of their own, the page that wrote them, and the operator's file as it was read."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import Migration, opened

ID = "2026-11-24T13:00:00:000017"
VERSION = "1.38.0"
DESCRIPTION = "settings in their order"


async def settings(m: Migration) -> None:
    # Not by the moment: a historical practice district lives on a day that lies before its own making.
    await m.run(
        "ALTER TABLE district_settings ADD COLUMN number integer NOT NULL DEFAULT 0 CHECK (number >= 0),"
        " ADD COLUMN part text, ADD COLUMN file text"
    )
    # The one who writes second finds the number taken.
    await m.run(
        "CREATE UNIQUE INDEX district_settings_in_order ON district_settings (tenant_id, number) WHERE number > 0"
    )


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        await settings(await opened())

    manager.add_raw(run)
    return manager
