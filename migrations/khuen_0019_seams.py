"""What a slip does to a row of negative tests, and that a follow-up round told of use."""

from uuid import UUID

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import STATE, Migration, opened

ID = "2026-11-24T15:00:00:000019"
VERSION = "1.38.0"
DESCRIPTION = "a slip breaks a row of tests; a round tells of use"


async def breaks(m: Migration) -> None:
    await m.tenant_table(
        "row_break",
        "case_id uuid NOT NULL, on_date date NOT NULL, told_at timestamptz NOT NULL, by_id uuid NOT NULL,"
        " undone_at timestamptz, FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, id),"
        " FOREIGN KEY (tenant_id, by_id) REFERENCES member (tenant_id, id)",
        grants=STATE,
        indexes=("CREATE INDEX break_of_case ON row_break (tenant_id, case_id) WHERE undone_at IS NULL",),
    )
    await m.run("ALTER TABLE treatment_tally ADD COLUMN broken_on date")
    await m.run("ALTER TABLE case_evidence ADD COLUMN broken_on date")


async def told(m: Migration) -> None:
    # The new key is checked under the policies, which fail without a district; nothing is in the column yet.
    await m.run(f"SET LOCAL app.tenant_id = '{UUID(int=0)}'")
    await m.run(
        "ALTER TABLE slip ADD COLUMN result_id uuid,"
        " ADD FOREIGN KEY (tenant_id, result_id) REFERENCES follow_up_result (tenant_id, id),"
        " DROP CONSTRAINT slip_told_by_check, ADD CONSTRAINT slip_told_by_check CHECK (told_by IN"
        " ('self', 'family', 'buddy', 'clinic', 'community', 'other', 'round'))"
    )


async def slips_of_before(m: Migration) -> None:
    """Each slip that stands breaks the row; the counts follow at night, because results lie sealed."""
    for row in await m.connection.fetch("SELECT id FROM auth.tenant"):
        await m.run(f"SET LOCAL app.tenant_id = '{row['id']}'")
        await m.run(
            "INSERT INTO row_break (tenant_id, id, case_id, on_date, told_at, by_id)"
            " SELECT s.tenant_id, s.id, s.case_id, s.on_date, coalesce(f.recorded_at, s.recorded_at), s.by_id"
            " FROM slip s LEFT JOIN slip f ON f.tenant_id = s.tenant_id AND f.id = s.corrects_id"
            " WHERE s.undone_at IS NULL"
        )


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        m = await opened()
        for part in (breaks, told, slips_of_before):
            await part(m)

    manager.add_raw(run)
    return manager
