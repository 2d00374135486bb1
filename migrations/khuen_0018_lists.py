"""Who took back the consent to treatment is found without looking at everybody; what enrolment says of look-alikes."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import Migration, opened

ID = "2026-11-24T15:00:00:000018"
VERSION = "1.38.0"
DESCRIPTION = "lists: who stopped; told apart at enrolment"


async def stopped(m: Migration) -> None:
    """Every list of work leaves these people out (khuen/cases/consents.py)."""
    await m.run(
        "CREATE INDEX consent_stopped ON consent (tenant_id, case_id) WHERE kind = 'treatment' AND decision <> 'given'"
    )


async def apart(m: Migration) -> None:
    """ "A new person", said when somebody was enrolled, is a reason like the others (khuen/people/pairs.py)."""
    await m.run(
        "ALTER TABLE pair_decision DROP CONSTRAINT pair_decision_reason_check, ADD CONSTRAINT pair_decision_reason_check"
        " CHECK (reason IN ('met_both', 'ids_differ', 'relatives', 'other', 'enrolled'))"
    )


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        m = await opened()
        await stopped(m)
        await apart(m)

    manager.add_raw(run)
    return manager
