"""Slips, support, ends of treatment, follow-up rounds, drop-outs, endings, and being away for a while."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import STATE, Migration, opened

ID = "2026-11-24T12:00:00:000012"
VERSION = "1.38.0"
DESCRIPTION = "slips, endings and follow-up rounds"

_OF_CASE = "FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, id)"
_UNDONE = "undone_at timestamptz, undone_by uuid, CHECK ((undone_at IS NULL) = (undone_by IS NULL))"


def _by(name: str = "by_id") -> str:
    return f"FOREIGN KEY (tenant_id, {name}) REFERENCES member (tenant_id, id)"


async def support(m: Migration) -> None:
    """The plan of visits begins anew at a moment; a slip, and the doctor's time that is asked for with it."""
    await m.run("ALTER TABLE visit_due ADD COLUMN turned_at timestamptz")
    await m.tenant_table(
        "visit_turn",
        "case_id uuid NOT NULL, kind text NOT NULL CHECK (kind IN ('support', 'anew')), at timestamptz NOT NULL,"
        f" made_at timestamptz NOT NULL, by_id uuid NOT NULL, undone_at timestamptz, {_OF_CASE}, {_by()}",
        grants=STATE,
        indexes=("CREATE INDEX turn_of_case ON visit_turn (tenant_id, case_id) WHERE undone_at IS NULL",),
    )
    await m.tenant_table(
        "slip",
        "case_id uuid NOT NULL, on_date date NOT NULL, told_by text NOT NULL CHECK (told_by IN"
        " ('self', 'family', 'buddy', 'clinic', 'community', 'other')), note_sealed bytea, corrects_id uuid,"
        f" recorded_at timestamptz NOT NULL, by_id uuid NOT NULL, withdrawn_why text, {_UNDONE}, {_OF_CASE},"
        f" {_by()}, FOREIGN KEY (tenant_id, corrects_id) REFERENCES slip (tenant_id, id)",
        grants=STATE,
        indexes=("CREATE INDEX slip_of_case ON slip (tenant_id, case_id, on_date)",),
    )
    await m.tenant_table(
        "doctor_slot",
        "case_id uuid NOT NULL, slip_id uuid NOT NULL, state text NOT NULL CHECK (state IN"
        " ('asked', 'booked', 'seen', 'dropped')), on_date date, asked_at timestamptz NOT NULL,"
        " asked_by uuid NOT NULL, changed_at timestamptz NOT NULL, changed_by uuid NOT NULL,"
        " CHECK (state NOT IN ('booked', 'seen') OR on_date IS NOT NULL), UNIQUE (tenant_id, slip_id),"
        f" {_OF_CASE}, FOREIGN KEY (tenant_id, slip_id) REFERENCES slip (tenant_id, id), {_by('changed_by')}",
        grants=STATE,
        indexes=(
            "CREATE INDEX slots_waiting ON doctor_slot (tenant_id, asked_at) WHERE state IN ('asked', 'booked')",
            "CREATE INDEX slot_of_case ON doctor_slot (tenant_id, case_id)",
        ),
    )


async def ends(m: Migration) -> None:
    """The end of treatment, dropping out in two steps by two people, and the end of the file."""
    await m.tenant_table(
        "treatment_end",
        f"case_id uuid NOT NULL, on_date date NOT NULL, at timestamptz NOT NULL, by_id uuid NOT NULL, {_UNDONE},"
        f" {_OF_CASE}, {_by()}",
        grants=STATE,
        indexes=(
            "CREATE UNIQUE INDEX treatment_ends_once ON treatment_end (tenant_id, case_id) WHERE undone_at IS NULL",
        ),
    )
    await m.tenant_table(
        "drop_out",
        "case_id uuid NOT NULL, on_date date NOT NULL, reason text NOT NULL CHECK (reason IN"
        " ('no_show', 'not_found', 'working_away', 'family', 'unknown')), tried_sealed bytea NOT NULL,"
        " missed integer NOT NULL, expires_on date NOT NULL, proposed_at timestamptz NOT NULL,"
        " proposed_by uuid NOT NULL, decision text CHECK (decision IN"
        " ('confirmed', 'rejected', 'withdrawn', 'expired', 'reopened')), decided_at timestamptz, decided_by uuid,"
        " answer_sealed bytea, CHECK ((decision IS NULL) = (decided_at IS NULL)),"
        " CONSTRAINT two_people CHECK (decision IS NULL OR decision NOT IN ('confirmed', 'rejected')"
        " OR decided_by <> proposed_by),"
        f" {_OF_CASE}, {_by('proposed_by')}, {_by('decided_by')}",
        grants=STATE,
        indexes=(
            "CREATE UNIQUE INDEX drop_out_once ON drop_out (tenant_id, case_id) WHERE decision IS NULL",
            "CREATE INDEX drop_out_of_case ON drop_out (tenant_id, case_id, proposed_at)",
        ),
    )
    await m.tenant_table(
        "case_ending",
        "case_id uuid NOT NULL, kind text NOT NULL CHECK (kind IN ('follow_up_completed', 'follow_up_over',"
        " 'drop_out', 'refused', 'hospital', 'transferred', 'moved_away', 'arrested', 'died', 'in_error')),"
        " exit_code text CHECK (exit_code ~ '^[0-9]{2}$'), on_date date NOT NULL, note_sealed bytea,"
        " held text NOT NULL, stage text NOT NULL, drop_out_id uuid, at timestamptz NOT NULL, by_id uuid NOT NULL,"
        " reopened_at timestamptz, reopened_by uuid, reopening_sealed bytea,"
        " CHECK ((reopened_at IS NULL) = (reopening_sealed IS NULL)),"
        f" {_OF_CASE}, {_by()}, {_by('reopened_by')},"
        " FOREIGN KEY (tenant_id, drop_out_id) REFERENCES drop_out (tenant_id, id)",
        grants=STATE,
        indexes=(
            "CREATE UNIQUE INDEX case_ends_once ON case_ending (tenant_id, case_id) WHERE reopened_at IS NULL",
            "CREATE INDEX endings_by_day ON case_ending (tenant_id, on_date, kind)",
        ),
    )


async def rounds(m: Migration) -> None:
    """The follow-up rounds after the end of treatment: the schedule, and every result that was recorded."""
    await m.tenant_table(
        "follow_up_result",
        "case_id uuid NOT NULL, number integer NOT NULL CHECK (number BETWEEN 1 AND 50), result text NOT NULL CHECK"
        " (result IN ('abstinent', 'reduced', 'relapse', 'refused', 'not_found')), method text NOT NULL CHECK"
        " (method IN ('hospital', 'home_visit', 'phone', 'line', 'health_centre', 'community')),"
        f" on_date date NOT NULL, note_sealed bytea, at timestamptz NOT NULL, by_id uuid NOT NULL, {_UNDONE},"
        f" {_OF_CASE}, {_by()}",
        grants=STATE,
        indexes=("CREATE INDEX result_of_round ON follow_up_result (tenant_id, case_id, number)",),
    )
    await m.tenant_table(
        "follow_up_round",
        "case_id uuid NOT NULL, number integer NOT NULL, name text NOT NULL, opens_on date NOT NULL,"
        " due_on date NOT NULL, closes_on date NOT NULL, lost_on date NOT NULL, result text, result_on date,"
        " CHECK (opens_on <= due_on AND due_on <= closes_on AND closes_on < lost_on),"
        " CHECK ((result IS NULL) = (result_on IS NULL)),"
        f" UNIQUE (tenant_id, case_id, number), {_OF_CASE}",
        grants="SELECT, INSERT, UPDATE, DELETE",
        indexes=(
            "CREATE INDEX rounds_to_do ON follow_up_round (tenant_id, closes_on, case_id)"
            " WHERE result IS NULL OR result = 'not_found'",
        ),
    )


async def away(m: Migration) -> None:
    """Referral to a hospital, a stay elsewhere, and another project of the district."""
    await m.tenant_table(
        "referral",
        "case_id uuid NOT NULL, place text NOT NULL, reason text NOT NULL CHECK (reason IN"
        " ('danger', 'psychiatric', 'withdrawal', 'physical', 'assessment', 'other')), on_date date NOT NULL,"
        " note_sealed bytea, at timestamptz NOT NULL, by_id uuid NOT NULL, answer text CHECK (answer IN"
        " ('came_back', 'taken_over', 'not_seen')), answered_on date, answered_at timestamptz, answered_by uuid,"
        f" CHECK ((answer IS NULL) = (answered_on IS NULL)), {_UNDONE}, {_OF_CASE}, {_by()}",
        grants=STATE,
        indexes=("CREATE INDEX referral_of_case ON referral (tenant_id, case_id, on_date)",),
    )
    await m.tenant_table(
        "guest_stay",
        "case_id uuid NOT NULL, place_sealed bytea NOT NULL, from_on date NOT NULL, until_on date NOT NULL,"
        " turn_id uuid NOT NULL, at timestamptz NOT NULL, by_id uuid NOT NULL, returned_on date,"
        f" returned_by uuid, CHECK (from_on <= until_on), {_UNDONE}, {_OF_CASE}, {_by()}",
        grants=STATE,
        indexes=("CREATE INDEX stay_of_case ON guest_stay (tenant_id, case_id, from_on)",),
    )
    await m.tenant_table(
        "case_transfer",
        "case_id uuid NOT NULL, from_project_id uuid NOT NULL, to_project_id uuid NOT NULL, reason_sealed bytea"
        " NOT NULL, offered_at timestamptz NOT NULL, offered_by uuid NOT NULL, decision text CHECK (decision IN"
        " ('accepted', 'rejected', 'revoked')), decided_at timestamptz, decided_by uuid,"
        " CHECK (from_project_id <> to_project_id), CHECK ((decision IS NULL) = (decided_at IS NULL)),"
        f" {_OF_CASE}, {_by('offered_by')},"
        " FOREIGN KEY (tenant_id, from_project_id) REFERENCES project (tenant_id, id),"
        " FOREIGN KEY (tenant_id, to_project_id) REFERENCES project (tenant_id, id)",
        grants=STATE,
        indexes=(
            "CREATE UNIQUE INDEX transfer_once ON case_transfer (tenant_id, case_id) WHERE decision IS NULL",
            "CREATE INDEX transfer_of_case ON case_transfer (tenant_id, case_id, offered_at)",
        ),
    )


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        made = await opened()
        for part in (support, ends, rounds, away):
            await part(made)

    manager.add_raw(run)
    return manager
