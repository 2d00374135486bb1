"""Views of the board that a member saved under a name, and what became of each."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import APPEND, STATE, Migration, opened

ID = "2026-11-24T15:00:00:000016"
VERSION = "1.38.0"
DESCRIPTION = "board: saved views"


async def views(m: Migration) -> None:
    """`query` is the address of the board without free text; the name is sealed under the district's key."""
    await m.tenant_table(
        "saved_view",
        "member_id uuid NOT NULL, query text NOT NULL, made_at timestamptz NOT NULL,"
        " FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id)",
        grants=APPEND,
        indexes=("CREATE INDEX view_of_member ON saved_view (tenant_id, member_id)",),
    )
    await m.tenant_table(
        "view_change",
        "view_id uuid NOT NULL, kind text NOT NULL CHECK (kind IN ('named', 'removed', 'started', 'stopped')),"
        " name_sealed bytea, at timestamptz NOT NULL, by_id uuid NOT NULL, undone_at timestamptz,"
        " CHECK ((kind = 'named') = (name_sealed IS NOT NULL)),"
        " FOREIGN KEY (tenant_id, view_id) REFERENCES saved_view (tenant_id, id),"
        " FOREIGN KEY (tenant_id, by_id) REFERENCES member (tenant_id, id)",
        grants=STATE,
        indexes=("CREATE INDEX change_of_view ON view_change (tenant_id, view_id, at)",),
    )


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        await views(await opened())

    manager.add_raw(run)
    return manager
