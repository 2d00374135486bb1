"""What two lanes of the board ask stands with the case: the day drawn for its next test, and whether all is there."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import Migration, opened

ID = "2026-11-24T12:50:00:000015"
VERSION = "1.38.0"
DESCRIPTION = "the lanes of tests and of whoever is ready for the doctor"


async def columns(m: Migration) -> None:
    """`test_on` is written by treatment with the count, at the latest in the night; `ready` moves here."""
    await m.run("ALTER TABLE case_file ADD COLUMN test_on date, ADD COLUMN ready boolean NOT NULL DEFAULT false")
    # Forced row-level security holds the owner too: each district in its turn.
    for row in await m.connection.fetch("SELECT id FROM auth.tenant"):
        await m.run(f"SET LOCAL app.tenant_id = '{row['id']}'")
        await m.run(
            "UPDATE case_file c SET ready = true FROM case_evidence e"
            " WHERE e.tenant_id = c.tenant_id AND e.case_id = c.id AND e.ready"
        )
    await m.run("ALTER TABLE case_evidence DROP COLUMN ready")


async def lanes(m: Migration) -> None:
    """The stage is in each condition, so that a case leaves a lane by whatever moves it on."""
    await m.run(
        "CREATE INDEX case_tests_due ON case_file (tenant_id, test_on, id)"
        " WHERE test_on IS NOT NULL AND stage IN ('enrolled', 'in_treatment');"
        "CREATE INDEX case_unscreened ON case_file (tenant_id, opened_on, id)"
        " WHERE colour IS NULL AND stage = 'enrolled';"
        "CREATE INDEX case_ready ON case_file (tenant_id, opened_on, id) WHERE ready AND stage = 'awaiting_doctor'"
    )


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        m = await opened()
        await columns(m)
        await lanes(m)

    manager.add_raw(run)
    return manager
