"""Who must not be matched with whom, and what a person asks of a buddy."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import APPEND, STATE, Migration, opened

ID = "2026-11-24T12:40:00:000014"
VERSION = "1.38.0"
DESCRIPTION = "matching: vetoes and wishes"


async def matching(m: Migration) -> None:
    await m.tenant_table(
        "unsuited",
        "case_id uuid NOT NULL, member_id uuid NOT NULL,"
        " why text NOT NULL CHECK (why IN ('relative', 'conflict', 'declined', 'asked', 'other')),"
        " note text NOT NULL DEFAULT '', at timestamptz NOT NULL, by_id uuid NOT NULL, lifted_at timestamptz,"
        " lifted_by uuid, FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, id),"
        " FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id)",
        grants=STATE,
        indexes=(
            "CREATE UNIQUE INDEX unsuited_once ON unsuited (tenant_id, case_id, member_id) WHERE lifted_at IS NULL",
        ),
    )
    await m.tenant_table(
        "buddy_wish",
        "case_id uuid NOT NULL, gender text CHECK (gender IN ('female', 'male')), at timestamptz NOT NULL,"
        " by_id uuid NOT NULL, FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, id)",
        grants=APPEND,
        indexes=("CREATE INDEX wish_of_case ON buddy_wish (tenant_id, case_id, at)",),
    )


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        await matching(await opened())

    manager.add_raw(run)
    return manager
