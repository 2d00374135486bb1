"""Treatment: sessions, who came, the doctors among them, urine tests, home visits, and the count of it all.

"No doctor, no CBTx session" is a foreign key: a session closed as CBTx names the row of a doctor's presence at that very
session, and such a row names the role that the doctor held (docs/decisions/0011-treatment.md).
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import APPEND, STATE, Migration, opened

ID = "2026-11-24T08:00:00:000007"
VERSION = "1.38.0"
DESCRIPTION = "treatment"

_CASE = "FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, id)"
_SESSION = "FOREIGN KEY (tenant_id, session_id) REFERENCES session (tenant_id, id)"
_MEMBER = "FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id)"


async def sessions(m: Migration) -> None:
    await m.tenant_table(
        "session_series",
        "project_id uuid NOT NULL, kind text NOT NULL CHECK (kind IN ('cbtx', 'other')), title text NOT NULL,"
        " weekday integer NOT NULL CHECK (weekday BETWEEN 0 AND 6), at_time time NOT NULL,"
        " minutes integer NOT NULL CHECK (minutes BETWEEN 10 AND 720), place text NOT NULL, from_on date NOT NULL,"
        " until_on date NOT NULL CHECK (until_on >= from_on), made_at timestamptz NOT NULL, by_id uuid,"
        " FOREIGN KEY (tenant_id, project_id) REFERENCES project (tenant_id, id)",
        grants=APPEND,
    )
    await m.tenant_table(
        "session",
        "project_id uuid NOT NULL, series_id uuid, kind text NOT NULL CHECK (kind IN ('cbtx', 'other')),"
        " title text NOT NULL, on_date date NOT NULL, starts_at timestamptz NOT NULL,"
        " minutes integer NOT NULL CHECK (minutes BETWEEN 10 AND 720), place text NOT NULL,"
        " state text NOT NULL CHECK (state IN ('planned', 'cancelled', 'closed')), backdated boolean NOT NULL,"
        " made_at timestamptz NOT NULL, by_id uuid,"
        " FOREIGN KEY (tenant_id, project_id) REFERENCES project (tenant_id, id),"
        " FOREIGN KEY (tenant_id, series_id) REFERENCES session_series (tenant_id, id)",
        grants=STATE,
        indexes=("CREATE INDEX session_by_day ON session (tenant_id, on_date, starts_at)",),
    )
    await m.tenant_table(
        "session_change",
        "session_id uuid NOT NULL, what text NOT NULL CHECK (what IN ('moved', 'cancelled', 'restored')),"
        " reason text NOT NULL CHECK (length(reason) > 1 OR what = 'restored'), was_at timestamptz NOT NULL,"
        f" starts_at timestamptz NOT NULL, at timestamptz NOT NULL, by_id uuid, {_SESSION}",
        grants=APPEND,
        indexes=("CREATE INDEX change_of_session ON session_change (tenant_id, session_id, at)",),
    )


async def presence(m: Migration) -> None:
    await m.run("ALTER TABLE member_role ADD CONSTRAINT member_role_held UNIQUE (tenant_id, id, member_id, role)")
    # A tick that was wrong is taken away again; who did is in the audit. Once a closure names the row, it stays.
    await m.tenant_table(
        "doctor_presence",
        "session_id uuid NOT NULL, member_id uuid NOT NULL, role_id uuid NOT NULL,"
        " role text NOT NULL DEFAULT 'doctor' CHECK (role = 'doctor'), at timestamptz NOT NULL, by_id uuid,"
        " UNIQUE (tenant_id, session_id, member_id), UNIQUE (tenant_id, session_id, id),"
        f" {_SESSION}, {_MEMBER}, FOREIGN KEY (tenant_id, role_id, member_id, role)"
        " REFERENCES member_role (tenant_id, id, member_id, role)",
        grants="SELECT, INSERT, DELETE",
    )
    await m.tenant_table(
        "session_closure",
        "session_id uuid NOT NULL, kind text NOT NULL CHECK (kind IN ('cbtx', 'other')), presence_id uuid,"
        " at timestamptz NOT NULL, by_id uuid, UNIQUE (tenant_id, session_id),"
        " CONSTRAINT no_doctor_no_cbtx CHECK (kind <> 'cbtx' OR presence_id IS NOT NULL),"
        f" {_SESSION}, FOREIGN KEY (tenant_id, session_id, presence_id)"
        " REFERENCES doctor_presence (tenant_id, session_id, id)",
        grants=APPEND,
    )
    await m.tenant_table(
        "attendance",
        "session_id uuid NOT NULL, case_id uuid NOT NULL,"
        " mark text NOT NULL CHECK (mark IN ('present', 'absent', 'excused')),"
        " reason text CHECK (reason IN ('work', 'ill', 'travel', 'family', 'moved', 'unwilling', 'unknown')),"
        " correction text NOT NULL DEFAULT '', at timestamptz NOT NULL, by_id uuid,"
        f" CHECK ((mark = 'absent') = (reason IS NOT NULL)), {_SESSION}, {_CASE}",
        grants=STATE,
        indexes=(
            "CREATE INDEX attendance_of_session ON attendance (tenant_id, session_id, case_id, at DESC, id DESC)",
            "CREATE INDEX attendance_of_case ON attendance (tenant_id, case_id, session_id, at DESC, id DESC)",
        ),
    )
    await m.tenant_table(
        "absence_task",
        "case_id uuid NOT NULL, session_id uuid NOT NULL, due_on date NOT NULL, made_at timestamptz NOT NULL,"
        " closed_at timestamptz, closed_by uuid, closed_as text CHECK (closed_as IN ('reached', 'corrected')),"
        " CHECK ((closed_at IS NULL) = (closed_as IS NULL)), UNIQUE (tenant_id, session_id, case_id),"
        f" {_SESSION}, {_CASE}",
        grants=STATE,
        indexes=(
            "CREATE INDEX absence_open ON absence_task (tenant_id, due_on) WHERE closed_at IS NULL",
            "CREATE INDEX absence_of_case ON absence_task (tenant_id, case_id)",
        ),
    )
    await m.tenant_table(
        "absence_contact",
        "task_id uuid NOT NULL, reached boolean NOT NULL, note_sealed bytea NOT NULL, at timestamptz NOT NULL,"
        " by_id uuid, FOREIGN KEY (tenant_id, task_id) REFERENCES absence_task (tenant_id, id)",
        grants=APPEND,
        indexes=("CREATE INDEX contact_of_task ON absence_contact (tenant_id, task_id, at)",),
    )
    await m.tenant_table(
        "calendar_link",
        "member_id uuid NOT NULL, token_hash bytea NOT NULL, made_at timestamptz NOT NULL, ended_at timestamptz,"
        f" UNIQUE (tenant_id, token_hash), {_MEMBER}",
        grants=STATE,
        indexes=("CREATE INDEX link_of_member ON calendar_link (tenant_id, member_id) WHERE ended_at IS NULL",),
    )


async def tests(m: Migration) -> None:
    await m.tenant_table(
        "urine_test",
        "case_id uuid NOT NULL, sample text NOT NULL CHECK (sample IN ('strip', 'lab')), taken_on date NOT NULL,"
        " observed boolean NOT NULL, lot text NOT NULL DEFAULT '', done boolean NOT NULL, extra boolean NOT NULL,"
        " result_sealed bytea NOT NULL, detail_sealed bytea, confirms_id uuid, replaces_id uuid,"
        " backdated boolean NOT NULL, made_at timestamptz NOT NULL, by_id uuid,"
        " CHECK (confirms_id IS NULL OR sample = 'lab'), CHECK (replaces_id IS NULL OR detail_sealed IS NOT NULL),"
        " UNIQUE (tenant_id, case_id, id), UNIQUE (tenant_id, replaces_id),"
        f" {_CASE}, FOREIGN KEY (tenant_id, case_id, confirms_id) REFERENCES urine_test (tenant_id, case_id, id),"
        " FOREIGN KEY (tenant_id, case_id, replaces_id) REFERENCES urine_test (tenant_id, case_id, id)",
        grants=APPEND,
        indexes=("CREATE INDEX test_of_case ON urine_test (tenant_id, case_id, taken_on)",),
    )
    await m.tenant_table(
        "test_custody",
        "test_id uuid NOT NULL, step text NOT NULL CHECK (step IN ('taken', 'handed', 'read')), member_id uuid,"
        " receiver text NOT NULL DEFAULT '', at timestamptz NOT NULL, by_id uuid,"
        f" CHECK (member_id IS NOT NULL OR length(receiver) > 1), {_MEMBER},"
        " FOREIGN KEY (tenant_id, test_id) REFERENCES urine_test (tenant_id, id)",
        grants=APPEND,
        indexes=("CREATE INDEX custody_of_test ON test_custody (tenant_id, test_id, at)",),
    )
    await m.tenant_table(
        "home_visit",
        "case_id uuid NOT NULL, member_id uuid NOT NULL, visited_on date NOT NULL, note_sealed bytea NOT NULL,"
        f" backdated boolean NOT NULL, made_at timestamptz NOT NULL, by_id uuid, {_CASE}, {_MEMBER}",
        grants=APPEND,
        indexes=("CREATE INDEX home_visit_of_case ON home_visit (tenant_id, case_id, visited_on)",),
    )
    await m.tenant_table(
        "treatment_tally",
        "case_id uuid NOT NULL, started_on date, held integer NOT NULL, with_doctor integer NOT NULL CHECK (with_doctor <= held),"
        " missed integer NOT NULL, last_attended_on date, tests integer NOT NULL, last_test_on date,"
        f" opens_on date NOT NULL, closes_on date NOT NULL, negatives integer NOT NULL,"
        f" best_negatives integer NOT NULL CHECK (best_negatives >= negatives), UNIQUE (tenant_id, case_id), {_CASE}",
        grants=STATE,
    )


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        m = await opened()
        for part in (sessions, presence, tests):
            await part(m)

    manager.add_raw(run)
    return manager
