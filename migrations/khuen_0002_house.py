"""The first rooms: people, messages, cases, buddies, check-ins, enrolment. Every table is a district's own."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import APPEND, FULL, STATE, Migration, opened

ID = "2026-11-24T08:00:00:000002"
VERSION = "1.38.0"
DESCRIPTION = "the first rooms"

KEYS = "SELECT, INSERT, DELETE"


async def keys_and_audit(m: Migration) -> None:
    await m.run("CREATE SCHEMA vault; GRANT USAGE ON SCHEMA vault TO khuen_app, khuen_backup")
    await m.tenant_table("vault.tenant_key", "wrapped bytea NOT NULL, created_at timestamptz NOT NULL", grants=APPEND)
    await m.tenant_table(
        "vault.person_key",
        "person_id uuid NOT NULL, wrapped bytea NOT NULL, created_at timestamptz NOT NULL, UNIQUE (tenant_id, person_id)",
        grants=KEYS,
    )
    await m.tenant_table(
        "audit",
        "seq bigint NOT NULL, at timestamptz NOT NULL, member_id uuid, tag text NOT NULL, subject_id uuid,"
        " detail text NOT NULL, hash bytea NOT NULL, UNIQUE (tenant_id, seq)",
        grants=APPEND,
        indexes=("CREATE INDEX audit_of_subject ON audit (tenant_id, subject_id, seq)",),
    )
    await m.tenant_table("audit_head", "seq bigint NOT NULL, hash bytea NOT NULL, UNIQUE (tenant_id)", grants=STATE)


async def district(m: Migration) -> None:
    await m.tenant_table(
        "district_settings", "content text NOT NULL, set_at timestamptz NOT NULL, set_by uuid", grants=APPEND
    )
    await m.tenant_table(
        "pack",
        "name text NOT NULL, version integer NOT NULL CHECK (version > 0), content text NOT NULL,"
        " content_hash text NOT NULL, published_at timestamptz NOT NULL, published_by uuid,"
        " UNIQUE (tenant_id, name, version)",
        grants=APPEND,
    )
    await m.tenant_table(
        "project",
        "name text NOT NULL, level text NOT NULL CHECK (level IN ('tambon', 'village', 'district')),"
        " subdistrict_code text, moo text, starts_on date NOT NULL, ends_on date CHECK (ends_on >= starts_on),"
        " pack_id uuid NOT NULL, FOREIGN KEY (tenant_id, pack_id) REFERENCES pack (tenant_id, id)",
        grants=STATE,
    )
    await m.tenant_table("counter", "name text NOT NULL, value bigint NOT NULL, UNIQUE (tenant_id, name)", grants=STATE)
    await m.tenant_table(
        "member",
        "called_name text NOT NULL, sort_key text NOT NULL, phone_sealed bytea, email_sealed bytea,"
        " subdistrict_code text, moo text, gender text CHECK (gender IN ('female', 'male', 'other')),"
        " joined_at timestamptz NOT NULL, left_at timestamptz",
        grants=STATE,
    )
    await m.tenant_table(
        "member_role",
        "member_id uuid NOT NULL, role text NOT NULL, since_at timestamptz NOT NULL, ended_at timestamptz,"
        " FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id)",
        grants=STATE,
        indexes=(
            "CREATE UNIQUE INDEX member_role_once ON member_role (tenant_id, member_id, role) WHERE ended_at IS NULL",
            "CREATE INDEX member_by_role ON member_role (tenant_id, role) WHERE ended_at IS NULL",
        ),
    )
    await m.tenant_table(
        "undo",
        "kind text NOT NULL, subject_id uuid NOT NULL, member_id uuid NOT NULL, made_at timestamptz NOT NULL,"
        " expires_at timestamptz NOT NULL, used_at timestamptz",
        grants=STATE,
    )


async def people(m: Migration) -> None:
    await m.tenant_table(
        "person",
        "prefix text NOT NULL DEFAULT '', given_name text NOT NULL, family_name text NOT NULL,"
        ' called_name text NOT NULL, sort_key text NOT NULL, search_name text COLLATE "C" NOT NULL,'
        ' search_family text COLLATE "C" NOT NULL,'
        " sex text CHECK (sex IN ('female', 'male', 'other')), born_on date, born_year integer,"
        " national_id_sealed bytea, national_id_index bytea, national_id_last4_index bytea,"
        " phone_sealed bytea, phone_index bytea, house_sealed bytea, subdistrict_code text, moo text,"
        " created_at timestamptz NOT NULL, created_by uuid, erased_at timestamptz",
        grants=STATE,
        indexes=(
            "CREATE UNIQUE INDEX person_by_national_id ON person (tenant_id, national_id_index)"
            " WHERE national_id_index IS NOT NULL",
            "CREATE INDEX person_by_last4 ON person (tenant_id, national_id_last4_index)",
            "CREATE INDEX person_by_phone ON person (tenant_id, phone_index)",
            "CREATE INDEX person_by_name ON person (tenant_id, search_name)",
            "CREATE INDEX person_by_family ON person (tenant_id, search_family)",
        ),
    )
    await m.tenant_table(
        "person_name",
        "person_id uuid NOT NULL, prefix text NOT NULL, given_name text NOT NULL, family_name text NOT NULL,"
        " until_at timestamptz NOT NULL, changed_by uuid,"
        " FOREIGN KEY (tenant_id, person_id) REFERENCES person (tenant_id, id)",
        grants="SELECT, INSERT, DELETE",
        indexes=("CREATE INDEX person_name_of_person ON person_name (tenant_id, person_id)",),
    )
    await m.tenant_table(
        "erasure", "person_id uuid NOT NULL, key_id uuid NOT NULL, at timestamptz NOT NULL, by_id uuid", grants=APPEND
    )


async def messages(m: Migration) -> None:
    await m.tenant_table(
        "message",
        "kind text NOT NULL, subject_id uuid NOT NULL, recipient_id uuid NOT NULL, day date NOT NULL,"
        " urgent boolean NOT NULL, count integer NOT NULL DEFAULT 1,"
        " state text NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'uncertain', 'given_up', 'cancelled')),"
        " due_at timestamptz NOT NULL, leased_until timestamptz, leased_by uuid, tries integer NOT NULL DEFAULT 0,"
        " channel text, reason text, made_at timestamptz NOT NULL, settled_at timestamptz, retried_at timestamptz,"
        " UNIQUE (tenant_id, kind, subject_id, recipient_id, day),"
        " FOREIGN KEY (tenant_id, recipient_id) REFERENCES member (tenant_id, id)",
        grants=STATE,
        indexes=(
            "CREATE INDEX message_due ON message (tenant_id, due_at) WHERE state IN ('waiting', 'sending')",
            "CREATE INDEX message_by_time ON message (tenant_id, made_at DESC, id)",
        ),
    )
    await m.tenant_table(
        "message_attempt",
        "message_id uuid NOT NULL, channel text NOT NULL, started_at timestamptz NOT NULL, ended_at timestamptz,"
        " outcome text CHECK (outcome IN ('accepted', 'retry', 'refused', 'unknown')), reason text,"
        " FOREIGN KEY (tenant_id, message_id) REFERENCES message (tenant_id, id)",
        grants=STATE,
        indexes=("CREATE INDEX attempt_of_message ON message_attempt (tenant_id, message_id)",),
    )


async def cases(m: Migration) -> None:
    await m.tenant_table(
        "case_file",
        "code text NOT NULL, person_id uuid NOT NULL, project_id uuid NOT NULL, pack_id uuid NOT NULL,"
        " legal_basis text NOT NULL CHECK (legal_basis IN ('s113', 's114', 'court', 'other')),"
        " proposed_by text NOT NULL CHECK (proposed_by IN"
        " ('self', 'family', 'community', 'hospital', 'police', 'administration', 'other')),"
        " agreed_on date NOT NULL, opened_on date NOT NULL,"
        " stage text NOT NULL CHECK (stage IN ('enrolled', 'in_treatment', 'awaiting_doctor', 'certified', 'closed')),"
        " colour text CHECK (colour IN ('green', 'yellow', 'orange', 'red')),"
        " safety_note text NOT NULL DEFAULT '', batch_id uuid, made_at timestamptz NOT NULL, made_by uuid,"
        " UNIQUE (tenant_id, code),"
        " FOREIGN KEY (tenant_id, person_id) REFERENCES person (tenant_id, id),"
        " FOREIGN KEY (tenant_id, project_id) REFERENCES project (tenant_id, id),"
        " FOREIGN KEY (tenant_id, pack_id) REFERENCES pack (tenant_id, id)",
        grants=STATE,
        indexes=(
            "CREATE UNIQUE INDEX case_open_once ON case_file (tenant_id, person_id) WHERE stage <> 'closed'",
            "CREATE INDEX case_by_stage ON case_file (tenant_id, stage, opened_on, id)",
            "CREATE INDEX case_of_batch ON case_file (tenant_id, batch_id) WHERE batch_id IS NOT NULL",
        ),
    )
    await m.tenant_table(
        "case_step",
        "case_id uuid NOT NULL, stage text NOT NULL CHECK (stage IN"
        " ('enrolled', 'in_treatment', 'awaiting_doctor', 'certified', 'closed')), on_date date NOT NULL,"
        " reason text NOT NULL DEFAULT '', recorded_at timestamptz NOT NULL, by_id uuid,"
        " FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, id)",
        grants=APPEND,
        indexes=("CREATE INDEX step_of_case ON case_step (tenant_id, case_id, on_date)",),
    )
    await m.tenant_table(
        "consent",
        "case_id uuid NOT NULL, kind text NOT NULL CHECK (kind IN ('treatment', 'sharing', 'contact')),"
        " decision text NOT NULL CHECK (decision IN ('given', 'refused', 'withdrawn')), version text NOT NULL,"
        " decided_on date NOT NULL, guardian_sealed bytea, recorded_at timestamptz NOT NULL, by_id uuid,"
        " FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, id)",
        grants=APPEND,
        indexes=("CREATE INDEX consent_of_case ON consent (tenant_id, case_id, kind, recorded_at)",),
    )


async def buddies(m: Migration) -> None:
    await m.tenant_table(
        "assignment",
        "case_id uuid NOT NULL, member_id uuid NOT NULL, started_at timestamptz NOT NULL, ended_at timestamptz,"
        " end_reason text, extra_reason text CHECK (length(extra_reason) > 2), batch_id uuid,"
        " made_by uuid,"
        " FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, id),"
        " FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id)",
        grants=STATE,
        indexes=(
            "CREATE UNIQUE INDEX one_buddy_per_case ON assignment (tenant_id, case_id) WHERE ended_at IS NULL",
            "CREATE UNIQUE INDEX one_case_per_buddy ON assignment (tenant_id, member_id)"
            " WHERE ended_at IS NULL AND extra_reason IS NULL",
            "CREATE INDEX assignment_of_case ON assignment (tenant_id, case_id, started_at)",
            "CREATE INDEX assignment_of_batch ON assignment (tenant_id, batch_id) WHERE batch_id IS NOT NULL",
            "CREATE INDEX current_cases_of_buddy ON assignment (tenant_id, member_id) WHERE ended_at IS NULL",
        ),
    )


async def followups(m: Migration) -> None:
    await m.tenant_table(
        "check_in",
        "case_id uuid NOT NULL, member_id uuid NOT NULL,"
        " how text NOT NULL CHECK (how IN ('well', 'worrying', 'urgent', 'not_found')),"
        " happened_at timestamptz NOT NULL, planned_at timestamptz NOT NULL, received_at timestamptz NOT NULL,"
        " CHECK (planned_at <= received_at),"
        " FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, id),"
        " FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id)",
        grants=APPEND,
        indexes=(
            "CREATE INDEX check_in_timeline ON check_in (tenant_id, case_id, planned_at DESC)",
            "CREATE INDEX check_in_by_time ON check_in (tenant_id, planned_at) INCLUDE (case_id, how)",
        ),
    )
    await m.tenant_table(
        "check_in_note",
        "check_in_id uuid NOT NULL, note_sealed bytea NOT NULL, written_at timestamptz NOT NULL, by_id uuid NOT NULL,"
        " FOREIGN KEY (tenant_id, check_in_id) REFERENCES check_in (tenant_id, id)",
        grants=APPEND,
        indexes=("CREATE INDEX note_of_check_in ON check_in_note (tenant_id, check_in_id)",),
    )
    await m.tenant_table(
        "check_in_withdrawal",
        "check_in_id uuid NOT NULL, at timestamptz NOT NULL, by_id uuid NOT NULL, UNIQUE (tenant_id, check_in_id),"
        " FOREIGN KEY (tenant_id, check_in_id) REFERENCES check_in (tenant_id, id)",
        grants=APPEND,
    )
    await m.tenant_table(
        "acknowledgement",
        "case_id uuid NOT NULL, check_in_id uuid NOT NULL, at timestamptz NOT NULL, by_id uuid NOT NULL,"
        " note text NOT NULL DEFAULT '', undone_at timestamptz,"
        " FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, id),"
        " FOREIGN KEY (tenant_id, check_in_id) REFERENCES check_in (tenant_id, id)",
        grants=STATE,
    )
    # The present result of the pure rule, one row per case, rewritten in the transaction of the fact that changed it.
    await m.tenant_table(
        "visit_due",
        "case_id uuid NOT NULL, state text NOT NULL CHECK (state IN ('open', 'ended')),"
        " opens_on date NOT NULL, due_on date NOT NULL, closes_on date NOT NULL, seen_at timestamptz, seen_id uuid,"
        " last_how text CHECK (last_how IN ('well', 'worrying', 'urgent', 'not_found')), misses integer NOT NULL DEFAULT 0,"
        " attention_id uuid, attention_rank integer NOT NULL DEFAULT 0, priority integer NOT NULL DEFAULT 1"
        " CHECK (priority BETWEEN 1 AND 4), UNIQUE (tenant_id, case_id),"
        " FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, id)",
        grants=STATE,
        indexes=(
            "CREATE INDEX visits_by_due ON visit_due (tenant_id, state, due_on, id)",
            "CREATE INDEX visits_wanting_attention ON visit_due (tenant_id, attention_rank DESC, due_on)"
            " WHERE attention_rank > 0 AND state = 'open'",
        ),
    )


async def enrolment(m: Migration) -> None:
    await m.tenant_table(
        "enrolment_draft",
        "member_id uuid NOT NULL, step text NOT NULL, content_sealed bytea NOT NULL, made_at timestamptz NOT NULL,"
        " changed_at timestamptz NOT NULL, case_id uuid,"
        " FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id)",
        grants=FULL,
        indexes=("CREATE INDEX draft_of_member ON enrolment_draft (tenant_id, member_id, changed_at DESC)",),
    )
    await m.tenant_table(
        "import_batch",
        "member_id uuid NOT NULL, file_name text NOT NULL, file_hash bytea NOT NULL,"
        " state text NOT NULL CHECK (state IN ('uploaded', 'checked', 'committing', 'committed', 'undone')),"
        " project_id uuid, sheet text NOT NULL DEFAULT '', headers text NOT NULL, mapping text NOT NULL DEFAULT '{}',"
        " total integer NOT NULL, good integer NOT NULL DEFAULT 0, bad integer NOT NULL DEFAULT 0,"
        " done integer NOT NULL DEFAULT 0, made_at timestamptz NOT NULL, committed_at timestamptz, undone_at timestamptz,"
        " FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id)",
        grants=STATE,
        indexes=("CREATE INDEX batches_by_time ON import_batch (tenant_id, made_at DESC)",),
    )
    await m.tenant_table(
        "import_row",
        "batch_id uuid NOT NULL, number integer NOT NULL, content_sealed bytea NOT NULL,"
        " state text NOT NULL CHECK (state IN ('raw', 'good', 'bad', 'duplicate', 'done', 'left_out', 'undone')),"
        " problems text NOT NULL DEFAULT '[]', case_id uuid, UNIQUE (tenant_id, batch_id, number),"
        " FOREIGN KEY (tenant_id, batch_id) REFERENCES import_batch (tenant_id, id)",
        grants=FULL,
        indexes=("CREATE INDEX rows_by_state ON import_row (tenant_id, batch_id, state, number)",),
    )
    await m.tenant_table(
        "import_mapping",
        "signature bytea NOT NULL, mapping text NOT NULL, used_at timestamptz NOT NULL, UNIQUE (tenant_id, signature)",
        grants=STATE,
    )


async def clockwork(m: Migration) -> None:
    """What workers share across districts: no tenant, no person."""
    await m.run(
        """
        CREATE SCHEMA clockwork;
        GRANT USAGE ON SCHEMA clockwork TO khuen_app, khuen_backup;
        CREATE TABLE clockwork.run (
            job text NOT NULL, due_at timestamptz NOT NULL, leased_until timestamptz, done_at timestamptz,
            tries integer NOT NULL DEFAULT 0, PRIMARY KEY (job, due_at));
        CREATE TABLE clockwork.beat (
            worker_id uuid PRIMARY KEY, at timestamptz NOT NULL, waiting bigint NOT NULL, given_up bigint NOT NULL,
            lag_seconds double precision NOT NULL);
        GRANT SELECT, INSERT, UPDATE, DELETE ON clockwork.run, clockwork.beat TO khuen_app;
        GRANT SELECT ON clockwork.run, clockwork.beat TO khuen_backup;
        """
    )


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        m = await opened()
        for room in (keys_and_audit, district, people, messages, cases, buddies, followups, enrolment, clockwork):
            await room(m)

    manager.add_raw(run)
    return manager
