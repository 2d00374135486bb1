"""The way of a case: the evidence that the rooms tell, and the conditions that are left out."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import STATE, Migration, opened

ID = "2026-11-24T12:00:00:000008"
VERSION = "1.38.0"
DESCRIPTION = "the pathway"


async def pathway(m: Migration) -> None:
    await m.tenant_table(
        "case_evidence",
        "case_id uuid NOT NULL, screened_on date, started_on date,"
        " sessions integer NOT NULL DEFAULT 0 CHECK (sessions >= 0), missed integer NOT NULL DEFAULT 0,"
        " tests integer NOT NULL DEFAULT 0, negatives integer NOT NULL DEFAULT 0,"
        " best_negatives integer NOT NULL DEFAULT 0, visits integer NOT NULL DEFAULT 0,"
        " courses integer NOT NULL DEFAULT 0, certified_on date, ended_on date, closed_on date,"
        " stated text CHECK (stated IN ('in_treatment', 'awaiting_doctor', 'certified')),"
        " ready boolean NOT NULL DEFAULT false, CHECK (best_negatives >= negatives), UNIQUE (tenant_id, case_id),"
        " FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, id)",
        grants=STATE,
    )
    await m.tenant_table(
        "condition_skip",
        "case_id uuid NOT NULL, condition text NOT NULL CHECK (condition IN"
        " ('screening', 'weeks', 'sessions', 'tests', 'visits', 'training')),"
        " reason text NOT NULL CHECK (length(reason) > 2), at timestamptz NOT NULL, by_id uuid NOT NULL,"
        " undone_at timestamptz, undone_by uuid, FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, id),"
        " FOREIGN KEY (tenant_id, by_id) REFERENCES member (tenant_id, id)",
        grants=STATE,
        indexes=(
            "CREATE UNIQUE INDEX skip_once ON condition_skip (tenant_id, case_id, condition) WHERE undone_at IS NULL",
        ),
    )


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        await pathway(await opened())

    manager.add_raw(run)
    return manager
