"""The audit is read by day, by member and by kind of thing, and its chain is checked in pieces."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import STATE, Migration, opened

ID = "2026-11-24T13:10:00:000017"
VERSION = "1.38.0"
DESCRIPTION = "reading and checking the audit"


async def audit_log(m: Migration) -> None:
    await m.run("CREATE INDEX audit_by_time ON audit (tenant_id, at, seq)")
    await m.run("CREATE INDEX audit_by_member ON audit (tenant_id, member_id, at, seq)")
    await m.run("CREATE INDEX audit_by_thing ON audit (tenant_id, split_part(tag, ':', 1), at, seq)")
    await m.tenant_table(
        "audit_check",
        "begun_at timestamptz NOT NULL, by_id uuid, seq bigint NOT NULL, link bytea NOT NULL, target bigint NOT NULL,"
        " sealed integer, ended_at timestamptz, broken_seq bigint, reason text,"
        " FOREIGN KEY (tenant_id, by_id) REFERENCES member (tenant_id, id)",
        grants=STATE,
        indexes=("CREATE INDEX audit_check_in_order ON audit_check (tenant_id, begun_at)",),
    )


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        await audit_log(await opened())

    manager.add_raw(run)
    return manager
