"""Screening: filled questionnaires, those withdrawn, and the colours that clinicians decided. Rows are only added."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import APPEND, Migration, opened

ID = "2026-11-24T08:00:00:000006"
VERSION = "1.38.0"
DESCRIPTION = "screening"


async def screening(m: Migration) -> None:
    """What was answered and scored is sealed; which form on which day stays readable (docs/decisions/0014-screening.md)."""
    await m.tenant_table(
        "screening",
        "case_id uuid NOT NULL, instrument text NOT NULL CHECK (instrument IN"
        " ('v2', 'assist', 'oas', '2q', '9q', '8q', 'st5', 'smi-v')), version text NOT NULL, taken_on date NOT NULL,"
        " replaces_id uuid, content_sealed bytea NOT NULL, recorded_at timestamptz NOT NULL, by_id uuid,"
        " FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, id),"
        " FOREIGN KEY (tenant_id, replaces_id) REFERENCES screening (tenant_id, id)",
        grants=APPEND,
        indexes=(
            "CREATE INDEX screening_of_case ON screening (tenant_id, case_id, taken_on)",
            "CREATE UNIQUE INDEX screening_replaced_once ON screening (tenant_id, replaces_id)"
            " WHERE replaces_id IS NOT NULL",
        ),
    )
    await m.tenant_table(
        "screening_withdrawal",
        "screening_id uuid NOT NULL, reason_sealed bytea NOT NULL, at timestamptz NOT NULL, by_id uuid,"
        " UNIQUE (tenant_id, screening_id),"
        " FOREIGN KEY (tenant_id, screening_id) REFERENCES screening (tenant_id, id)",
        grants=APPEND,
    )
    await m.tenant_table(
        "colour_decision",
        "case_id uuid NOT NULL, colour text NOT NULL CHECK (colour IN ('green', 'yellow', 'orange', 'red')),"
        " content_sealed bytea NOT NULL, decided_at timestamptz NOT NULL, by_id uuid,"
        " FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, id)",
        grants=APPEND,
        indexes=("CREATE INDEX colour_of_case ON colour_decision (tenant_id, case_id, decided_at)",),
    )


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        await screening(await opened())

    manager.add_raw(run)
    return manager
