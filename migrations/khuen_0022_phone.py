"""When each buddy's phone was last heard of."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import STATE, Migration, opened

ID = "2026-11-24T18:22:00:000022"
VERSION = "1.38.0"
DESCRIPTION = "phones: last contact and clock"


async def phone(m: Migration) -> None:
    """One row for a member, renewed at most every ten minutes; what was said is in check_in."""
    await m.tenant_table(
        "phone",
        "member_id uuid NOT NULL, seen_at timestamptz NOT NULL, ahead_hours integer NOT NULL,"
        " FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id), UNIQUE (tenant_id, member_id)",
        grants=STATE,
    )


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        await phone(await opened())

    manager.add_raw(run)
    return manager
