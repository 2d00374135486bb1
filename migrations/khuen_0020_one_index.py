"""The board is read from one index: what a case waits for by itself stands with its plan of visits."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import Migration, opened

ID = "2026-11-24T18:20:00:000020"
VERSION = "1.38.0"
DESCRIPTION = "the board reads one index"


async def kept(m: Migration) -> None:
    """Written with the case from now on (khuen/cases/standing.py)."""
    await m.run(
        "ALTER TABLE visit_due ADD COLUMN opened_on date, ADD COLUMN waits integer NOT NULL DEFAULT 0,"
        " ADD COLUMN test_on date, ADD COLUMN stopped boolean NOT NULL DEFAULT false"
    )
    # Forced row-level security holds the owner too: each district in its turn.
    for row in await m.connection.fetch("SELECT id FROM auth.tenant"):
        await m.run(f"SET LOCAL app.tenant_id = '{row['id']}'")
        await m.run(
            "UPDATE visit_due v SET opened_on = c.opened_on,"
            " test_on = CASE WHEN c.stage IN ('enrolled', 'in_treatment') THEN c.test_on END,"
            " waits = CASE WHEN c.stage = 'closed' THEN 0 ELSE CASE WHEN c.buddy_id IS NULL THEN 4 ELSE 0 END"
            " | CASE WHEN c.stage = 'enrolled' AND c.colour IS NULL THEN 8 ELSE 0 END"
            " | CASE WHEN c.stage = 'awaiting_doctor' AND c.ready THEN 16 ELSE 0 END END"
            " FROM case_file c WHERE c.tenant_id = v.tenant_id AND c.id = v.case_id"
        )
        await m.run(
            "UPDATE visit_due v SET stopped = true FROM (SELECT DISTINCT ON (tenant_id, case_id) tenant_id, case_id,"
            " decision FROM consent WHERE kind = 'treatment' ORDER BY tenant_id, case_id, recorded_at DESC, id DESC) o"
            " WHERE o.tenant_id = v.tenant_id AND o.case_id = v.case_id AND o.decision <> 'given'"
        )
    await m.run("ALTER TABLE visit_due ALTER COLUMN opened_on SET NOT NULL")


async def one_index(m: Migration) -> None:
    """`wakes_on` is the day from which a case stands in some lane of work; 'infinity' for whoever stopped."""
    await m.run(
        "ALTER TABLE visit_due ADD COLUMN wakes_on date NOT NULL GENERATED ALWAYS AS (CASE"
        " WHEN attention_rank > 0 THEN '-infinity'::date WHEN stopped THEN 'infinity'::date"
        " WHEN waits > 0 THEN '-infinity'::date ELSE least(due_on, test_on) END) STORED;"
        "CREATE INDEX visits_awake ON visit_due (tenant_id, wakes_on, case_id) INCLUDE (waits, stopped, due_on, closes_on,"
        " test_on, opened_on, last_how, seen_at, attention_id, attention_rank) WHERE state = 'open';"
        "DROP INDEX visits_wanting_attention; DROP INDEX case_unscreened; DROP INDEX case_ready"
    )


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        m = await opened()
        await kept(m)
        await one_index(m)

    manager.add_raw(run)
    return manager
