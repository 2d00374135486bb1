"""The meeting: its states, who chaired, its agenda as it was seen, decisions and what became of them, attendance."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import APPEND, FULL, STATE, Migration, opened

ID = "2026-11-24T12:00:00:000009"
VERSION = "1.38.0"
DESCRIPTION = "meetings"

_OF_MEETING = "FOREIGN KEY (tenant_id, meeting_id) REFERENCES meeting (tenant_id, id)"
_BY = "FOREIGN KEY (tenant_id, by_id) REFERENCES member (tenant_id, id)"


async def meetings(m: Migration) -> None:
    await m.tenant_table(
        "meeting",
        "kind text NOT NULL CHECK (kind IN ('weekly', 'province')), on_date date NOT NULL, starts_at time NOT NULL,"
        " place text NOT NULL, fiscal_year integer NOT NULL, number integer NOT NULL CHECK (number > 0),"
        " chair text NOT NULL, state text NOT NULL CHECK (state IN ('planned', 'held', 'closed', 'cancelled')),"
        " planned_at timestamptz NOT NULL, by_id uuid NOT NULL, item_id uuid,"
        " opened_at timestamptz, ended_at timestamptz, recorder text NOT NULL DEFAULT '',"
        " reviewer text NOT NULL DEFAULT '', adopted text NOT NULL DEFAULT ''"
        f" CHECK (adopted IN ('', 'adopted', 'amended')), {_BY}",
        grants=STATE,
        indexes=(
            "CREATE UNIQUE INDEX meeting_of_day ON meeting (tenant_id, kind, on_date) WHERE state <> 'cancelled'",
            "CREATE UNIQUE INDEX meeting_number ON meeting (tenant_id, kind, fiscal_year, number)"
            " WHERE state <> 'cancelled'",
            "CREATE INDEX meeting_by_date ON meeting (tenant_id, on_date DESC)",
        ),
    )
    await m.tenant_table(
        "meeting_step",
        "meeting_id uuid NOT NULL, state text NOT NULL CHECK (state IN ('planned', 'held', 'closed', 'cancelled')),"
        f" at timestamptz NOT NULL, by_id uuid NOT NULL, reason text NOT NULL DEFAULT '', {_OF_MEETING}, {_BY}",
        grants=APPEND,
        indexes=("CREATE INDEX step_of_meeting ON meeting_step (tenant_id, meeting_id)",),
    )
    await m.tenant_table(
        "meeting_chair",
        "meeting_id uuid NOT NULL, by_chief boolean NOT NULL, name text NOT NULL DEFAULT '',"
        " reason text NOT NULL DEFAULT '', at timestamptz NOT NULL, by_id uuid NOT NULL,"
        f" CHECK (by_chief OR (length(name) > 1 AND length(reason) > 2)), {_OF_MEETING}, {_BY}",
        grants=APPEND,
        indexes=("CREATE INDEX chair_of_meeting ON meeting_chair (tenant_id, meeting_id, at)",),
    )
    await m.tenant_table(
        "meeting_attendance",
        f"meeting_id uuid NOT NULL, content text NOT NULL, at timestamptz NOT NULL, by_id uuid NOT NULL, {_OF_MEETING},"
        f" {_BY}",
        grants=APPEND,
        indexes=("CREATE INDEX attendance_of_meeting ON meeting_attendance (tenant_id, meeting_id, at)",),
    )


async def agenda(m: Migration) -> None:
    await m.tenant_table(
        "agenda_item",
        "meeting_id uuid NOT NULL, section text NOT NULL CHECK (section IN ('announcement', 'promises', 'urgent',"
        " 'overdue', 'no_shows', 'ready', 'stuck', 'numbers', 'other')), place integer NOT NULL, case_id uuid,"
        " title text NOT NULL DEFAULT '', facts text NOT NULL DEFAULT '{}', made_at timestamptz NOT NULL,"
        f" by_id uuid NOT NULL, skipped_at timestamptz, {_OF_MEETING}, {_BY},"
        " FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, id)",
        grants=FULL,
        indexes=(
            "CREATE INDEX agenda_of_meeting ON agenda_item (tenant_id, meeting_id, place)",
            "CREATE UNIQUE INDEX case_once_on_agenda ON agenda_item (tenant_id, meeting_id, case_id)"
            " WHERE case_id IS NOT NULL",
        ),
    )
    await m.tenant_table(
        "decision",
        "meeting_id uuid NOT NULL, item_id uuid NOT NULL, case_id uuid, kind text NOT NULL,"
        " text text NOT NULL DEFAULT '', owner_id uuid NOT NULL, due_on date NOT NULL, at timestamptz NOT NULL,"
        " by_id uuid NOT NULL, state text NOT NULL CHECK (state IN ('open', 'done', 'not_done', 'dropped',"
        f" 'withdrawn')), {_OF_MEETING}, {_BY},"
        " FOREIGN KEY (tenant_id, item_id) REFERENCES agenda_item (tenant_id, id),"
        " FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, id),"
        " FOREIGN KEY (tenant_id, owner_id) REFERENCES member (tenant_id, id)",
        grants=STATE,
        indexes=(
            "CREATE INDEX decision_of_meeting ON decision (tenant_id, meeting_id, at)",
            "CREATE INDEX decision_unresolved ON decision (tenant_id, due_on) WHERE state IN ('open', 'not_done')",
        ),
    )
    await m.tenant_table(
        "task_step",
        "decision_id uuid NOT NULL, state text NOT NULL CHECK (state IN ('open', 'done', 'not_done', 'dropped',"
        " 'withdrawn')), reason text NOT NULL DEFAULT '', at timestamptz NOT NULL, by_id uuid NOT NULL,"
        f" FOREIGN KEY (tenant_id, decision_id) REFERENCES decision (tenant_id, id), {_BY}",
        grants=STATE,
        indexes=("CREATE INDEX step_of_task ON task_step (tenant_id, decision_id, at)",),
    )


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        m = await opened()
        await meetings(m)
        await agenda(m)

    manager.add_raw(run)
    return manager
