"""Rule packs in the making: changed freely until they are published."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import FULL, Migration, opened

ID = "2026-11-24T12:30:00:000013"
VERSION = "1.38.0"
DESCRIPTION = "drafts of rule packs"


async def drafts(m: Migration) -> None:
    await m.tenant_table(
        "pack_draft",
        "base_id uuid NOT NULL, content text NOT NULL, changed_at timestamptz NOT NULL, changed_by uuid NOT NULL,"
        " FOREIGN KEY (tenant_id, base_id) REFERENCES pack (tenant_id, id),"
        " FOREIGN KEY (tenant_id, changed_by) REFERENCES member (tenant_id, id)",
        grants=FULL,
    )


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        await drafts(await opened())

    manager.add_raw(run)
    return manager
