"""Other organisations' sign-ins: they can be unlinked, and carry a form that outlived its session."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import opened

ID = "2026-11-24T08:00:00:000051"
VERSION = "1.38.0"
DESCRIPTION = "ways in"

SQL = """
GRANT DELETE ON auth.identity TO khuen_auth;
ALTER TABLE auth.flow ADD COLUMN held text NOT NULL DEFAULT '';
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        await (await opened()).run(SQL)

    manager.add_raw(run)
    return manager
