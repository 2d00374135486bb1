"""Search by sound, the duplicate queue, merges and corrections of people."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import APPEND, FULL, STATE, Migration, opened

ID = "2026-11-24T08:00:00:000011"
VERSION = "1.38.0"
DESCRIPTION = "people: sound, duplicates, merges, corrections"

TEXT = "text COLLATE \"C\" NOT NULL DEFAULT ''"


async def search(m: Migration) -> None:
    """Keys are made in Python: the nightly job makes those of the rows that are here already (sound_version 0)."""
    await m.run(
        f"""
        ALTER TABLE person ADD COLUMN search_called {TEXT}, ADD COLUMN sound_name {TEXT}, ADD COLUMN sound_family {TEXT},
            ADD COLUMN sound_version integer NOT NULL DEFAULT 0, ADD COLUMN merged_into uuid;
        -- A new key looks at all rows: for that moment, in this transaction, the owner stands outside the wall.
        ALTER TABLE person NO FORCE ROW LEVEL SECURITY;
        ALTER TABLE person ADD FOREIGN KEY (tenant_id, merged_into) REFERENCES person (tenant_id, id);
        ALTER TABLE person FORCE ROW LEVEL SECURITY;
        ALTER TABLE person_name ADD COLUMN search_name {TEXT}, ADD COLUMN search_family {TEXT},
            ADD COLUMN sound_name {TEXT}, ADD COLUMN sound_version integer NOT NULL DEFAULT 0;
        CREATE INDEX person_by_called ON person (tenant_id, search_called);
        CREATE INDEX person_by_sound ON person (tenant_id, sound_name);
        CREATE INDEX person_by_sound_family ON person (tenant_id, sound_family);
        CREATE INDEX person_by_merged ON person (tenant_id, merged_into) WHERE merged_into IS NOT NULL;
        CREATE INDEX person_name_by_name ON person_name (tenant_id, search_name);
        CREATE INDEX person_name_by_family ON person_name (tenant_id, search_family);
        CREATE INDEX person_name_by_sound ON person_name (tenant_id, sound_name);
        GRANT UPDATE (search_name, search_family, sound_name, sound_version) ON person_name TO khuen_app
        """
    )


async def duplicates(m: Migration) -> None:
    await m.tenant_table(
        "duplicate_pair",
        "first_id uuid NOT NULL, second_id uuid NOT NULL, CHECK (first_id < second_id),"
        " reason text NOT NULL CHECK (reason IN ('national_id', 'name', 'phone', 'sound')),"
        " strength integer NOT NULL, found_at timestamptz NOT NULL, UNIQUE (tenant_id, first_id, second_id),"
        " FOREIGN KEY (tenant_id, first_id) REFERENCES person (tenant_id, id),"
        " FOREIGN KEY (tenant_id, second_id) REFERENCES person (tenant_id, id)",
        grants=FULL,
        indexes=(
            "CREATE INDEX pair_by_strength ON duplicate_pair (tenant_id, strength DESC, found_at, id)",
            "CREATE INDEX pair_by_second ON duplicate_pair (tenant_id, second_id)",
        ),
    )
    await m.tenant_table(
        "pair_decision",
        "pair_id uuid NOT NULL, kind text NOT NULL CHECK (kind IN ('apart', 'later')),"
        " reason text CHECK (reason IN ('met_both', 'ids_differ', 'relatives', 'other')), note text NOT NULL DEFAULT '',"
        " until_on date, at timestamptz NOT NULL, by_id uuid NOT NULL, undone_at timestamptz, undone_by uuid,"
        " CHECK ((kind = 'later') = (until_on IS NOT NULL)), CHECK ((kind = 'apart') = (reason IS NOT NULL)),"
        " FOREIGN KEY (tenant_id, pair_id) REFERENCES duplicate_pair (tenant_id, id)",
        grants=FULL,
        indexes=("CREATE INDEX decision_of_pair ON pair_decision (tenant_id, pair_id, at)",),
    )
    await m.tenant_table(
        "person_merge",
        "kept_id uuid NOT NULL, merged_id uuid NOT NULL, CHECK (kept_id <> merged_id), before_sealed bytea,"
        " at timestamptz NOT NULL, by_id uuid NOT NULL, undone_at timestamptz, undone_by uuid,"
        " FOREIGN KEY (tenant_id, kept_id) REFERENCES person (tenant_id, id),"
        " FOREIGN KEY (tenant_id, merged_id) REFERENCES person (tenant_id, id)",
        grants=STATE,
        indexes=(
            "CREATE INDEX merge_by_time ON person_merge (tenant_id, at DESC, id)",
            "CREATE INDEX merge_of_kept ON person_merge (tenant_id, kept_id)",
            "CREATE INDEX merge_of_merged ON person_merge (tenant_id, merged_id)",
        ),
    )


async def corrections(m: Migration) -> None:
    await m.tenant_table(
        "person_correction",
        "person_id uuid NOT NULL, field text NOT NULL CHECK (field IN"
        " ('name', 'called_name', 'birth', 'sex', 'address', 'phone', 'national_id')),"
        " before_sealed bytea NOT NULL, after_sealed bytea NOT NULL, note_sealed bytea,"
        " reason text NOT NULL CHECK (reason IN ('typing', 'papers', 'changed', 'said', 'other', 'in_place', 'undo')),"
        " at timestamptz NOT NULL, by_id uuid, reverts_id uuid,"
        " FOREIGN KEY (tenant_id, person_id) REFERENCES person (tenant_id, id),"
        " FOREIGN KEY (tenant_id, reverts_id) REFERENCES person_correction (tenant_id, id)",
        grants=APPEND,
        indexes=(
            "CREATE INDEX correction_of_person ON person_correction (tenant_id, person_id, at DESC)",
            "CREATE UNIQUE INDEX corrected_back_once ON person_correction (tenant_id, reverts_id)"
            " WHERE reverts_id IS NOT NULL",
        ),
    )


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        m = await opened()
        for part in (search, duplicates, corrections):
            await part(m)
        await m.let_merges_move()  # also the tables that were made before walls.py did this for each

    manager.add_raw(run)
    return manager
