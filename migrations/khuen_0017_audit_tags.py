"""The audit by tag: row-level security lets no index be used through a function such as split_part."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import Migration, opened

ID = "2026-11-24T13:20:00:000017"
VERSION = "1.38.0"
DESCRIPTION = "the audit by tag"


async def by_tag(m: Migration) -> None:
    await m.run("DROP INDEX audit_by_thing")
    await m.run("CREATE INDEX audit_by_tag ON audit (tenant_id, tag, at, seq)")


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        await by_tag(await opened())

    manager.add_raw(run)
    return manager
