"""Practice districts that begin again: from which seed and day each was filled, and who asked for another start."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import opened

ID = "2026-11-24T08:00:00:000005"
VERSION = "1.38.0"
DESCRIPTION = "practice districts begin again"

# The id of a restart is also the id of the district that takes the place of the one before.
SQL = """
CREATE TABLE auth.practice_world (
    tenant_id uuid PRIMARY KEY REFERENCES auth.tenant (id),
    seed bigint NOT NULL,
    today date NOT NULL,
    filled_at timestamptz NOT NULL
);
CREATE TABLE auth.practice_restart (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES auth.tenant (id),
    why text NOT NULL CHECK (why IN ('asked', 'night')),
    asked_at timestamptz NOT NULL,
    step text NOT NULL DEFAULT 'waiting' CHECK (step IN ('waiting', 'inventing', 'writing', 'done')),
    leased_until timestamptz,
    ended_at timestamptz
);
CREATE UNIQUE INDEX practice_restart_once ON auth.practice_restart (tenant_id) WHERE ended_at IS NULL;
CREATE INDEX session_of_practice ON auth.session (practice_tenant_id) WHERE practice_tenant_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON auth.practice_world, auth.practice_restart TO khuen_auth;
GRANT SELECT ON auth.practice_world, auth.practice_restart TO khuen_backup;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        await (await opened()).run(SQL)

    manager.add_raw(run)
    return manager
