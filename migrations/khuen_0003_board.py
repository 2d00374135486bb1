"""What the board asks of every case stands where an index finds it: who visits now, and which visits are due."""

from uuid import UUID

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import Migration, opened

ID = "2026-11-24T12:00:00:000003"
VERSION = "1.38.0"
DESCRIPTION = "who visits now, kept with the case; the board's indexes"


async def buddy_of_case(m: Migration) -> None:
    """The member of the current assignment, or NULL: written with every assignment (buddies/queries.py)."""
    # The new key is checked under the policies, which fail without a district; nothing is in the column yet.
    await m.run(f"SET LOCAL app.tenant_id = '{UUID(int=0)}'")
    await m.run(
        "ALTER TABLE case_file ADD COLUMN buddy_id uuid,"
        " ADD FOREIGN KEY (tenant_id, buddy_id) REFERENCES member (tenant_id, id)"
    )
    # Forced row-level security holds the owner too: each district in its turn.
    for row in await m.connection.fetch("SELECT id FROM auth.tenant"):
        await m.run(f"SET LOCAL app.tenant_id = '{row['id']}'")
        await m.run(
            "UPDATE case_file c SET buddy_id = a.member_id FROM assignment a WHERE a.tenant_id = c.tenant_id"
            " AND a.case_id = c.id AND a.ended_at IS NULL"
        )
    await m.run(
        "CREATE INDEX case_without_buddy ON case_file (tenant_id, opened_on, id)"
        " WHERE buddy_id IS NULL AND stage <> 'closed'"
    )


async def due_visits(m: Migration) -> None:
    """The lanes are read from these two indexes alone, so their pages have to stay marked as all-visible."""
    await m.run(
        "DROP INDEX visits_by_due; DROP INDEX visits_wanting_attention;"
        "CREATE INDEX visits_due ON visit_due (tenant_id, due_on, id) INCLUDE (case_id, closes_on)"
        " WHERE state = 'open';"
        "CREATE INDEX visits_wanting_attention ON visit_due (tenant_id, attention_rank) INCLUDE (case_id, closes_on)"
        " WHERE attention_rank > 0 AND state = 'open';"
        "ALTER TABLE visit_due SET (autovacuum_vacuum_scale_factor = 0.02)"
    )


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        m = await opened()
        await buddy_of_case(m)
        await due_visits(m)

    manager.add_raw(run)
    return manager
