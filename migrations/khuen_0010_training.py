"""Courses with partners, occupation grants, and work that is still held after 3, 6 and 12 months."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.walls import APPEND, STATE, Migration, opened

ID = "2026-11-24T12:40:00:000010"
VERSION = "1.38.0"
DESCRIPTION = "training and livelihood"

_COURSE = "FOREIGN KEY (tenant_id, course_id) REFERENCES training_course (tenant_id, id)"
_CASE = "FOREIGN KEY (tenant_id, case_id) REFERENCES case_file (tenant_id, id)"
_PARTNERS = (
    "('labour_office', 'skill_office', 'local_government', 'social_office', 'college', 'private', 'community', 'other')"
)
_WHY = "('work', 'ill', 'travel', 'family', 'moved', 'unwilling', 'ended', 'unknown', 'mistake')"
_WRITTEN = "at timestamptz NOT NULL, by_id uuid"


async def courses(m: Migration) -> None:
    # Locked while people are enrolled, so that seats are counted one after another: hence UPDATE.
    await m.tenant_table("training_course", _WRITTEN, grants=STATE)
    await m.tenant_table(
        "course_fact",
        f"course_id uuid NOT NULL, partner_kind text NOT NULL CHECK (partner_kind IN {_PARTNERS}),"
        " partner text NOT NULL, skill text NOT NULL, place text NOT NULL, from_on date NOT NULL,"
        " until_on date NOT NULL CHECK (until_on >= from_on), hours integer NOT NULL CHECK (hours BETWEEN 1 AND 2000),"
        f" seats integer NOT NULL CHECK (seats BETWEEN 1 AND 1000), {_WRITTEN}, {_COURSE}",
        grants=APPEND,
        indexes=("CREATE INDEX fact_of_course ON course_fact (tenant_id, course_id, at DESC, id DESC)",),
    )
    await m.tenant_table(
        "course_enrolment",
        f"course_id uuid NOT NULL, case_id uuid NOT NULL, {_WRITTEN}, UNIQUE (tenant_id, course_id, case_id),"
        f" {_COURSE}, {_CASE}",
        grants=APPEND,
        indexes=("CREATE INDEX courses_of_case ON course_enrolment (tenant_id, case_id)",),
    )
    await m.tenant_table(
        "course_result",
        "course_id uuid NOT NULL, case_id uuid NOT NULL, hours integer NOT NULL CHECK (hours >= 0),"
        " outcome text NOT NULL CHECK (outcome IN ('attending', 'finished', 'not_finished')),"
        f" why text CHECK (why IN {_WHY}), certificate text NOT NULL DEFAULT '', certified_on date, {_WRITTEN},"
        " CHECK ((outcome = 'not_finished') = (why IS NOT NULL)),"
        " CHECK (outcome = 'finished' OR (certificate = '' AND certified_on IS NULL)),"
        " FOREIGN KEY (tenant_id, course_id, case_id) REFERENCES course_enrolment (tenant_id, course_id, case_id)",
        grants=STATE,
        indexes=("CREATE INDEX result_of_trainee ON course_result (tenant_id, course_id, case_id, at DESC, id DESC)",),
    )


async def grants(m: Migration) -> None:
    await m.tenant_table(
        "occupation_grant",
        f"case_id uuid NOT NULL, source_kind text NOT NULL CHECK (source_kind IN {_PARTNERS}), source text NOT NULL,"
        " baht integer NOT NULL CHECK (baht BETWEEN 1 AND 10000000), what_for text NOT NULL, applied_on date NOT NULL,"
        f" {_WRITTEN}, {_CASE}",
        grants=STATE,
        indexes=("CREATE INDEX grant_of_case ON occupation_grant (tenant_id, case_id)",),
    )
    await m.tenant_table(
        "grant_step",
        "grant_id uuid NOT NULL, what text NOT NULL CHECK (what IN"
        " ('granted', 'handed_over', 'reported', 'refused', 'withdrawn', 'undone')), on_date date NOT NULL,"
        " baht integer CHECK (baht BETWEEN 1 AND 10000000), reason text CHECK (reason IN"
        " ('no_budget', 'not_entitled', 'papers', 'other_source', 'changed_mind', 'mistake')),"
        f" {_WRITTEN}, CHECK ((what IN ('refused', 'withdrawn')) = (reason IS NOT NULL)),"
        " CHECK (baht IS NULL OR what = 'granted'),"
        " FOREIGN KEY (tenant_id, grant_id) REFERENCES occupation_grant (tenant_id, id)",
        grants=APPEND,
        indexes=("CREATE INDEX step_of_grant ON grant_step (tenant_id, grant_id, at, id)",),
    )


async def work(m: Migration) -> None:
    await m.tenant_table(
        "work_found",
        "case_id uuid NOT NULL, job text NOT NULL CHECK (job IN"
        " ('farm', 'day_labour', 'employee', 'trade', 'craft', 'service', 'other')),"
        " employer text NOT NULL CHECK (employer IN"
        " ('self', 'family', 'private', 'local_government', 'state', 'community')), since_on date NOT NULL,"
        f" {_WRITTEN}, {_CASE}",
        grants=APPEND,
        indexes=("CREATE INDEX work_of_case ON work_found (tenant_id, case_id)",),
    )
    await m.tenant_table(
        "work_check",
        "work_id uuid NOT NULL, months integer CHECK (months IN (3, 6, 12)), found text NOT NULL CHECK (found IN"
        f" ('held', 'lost', 'not_reached')), on_date date NOT NULL, why text CHECK (why IN {_WHY}), {_WRITTEN},"
        " CHECK ((found = 'lost') = (why IS NOT NULL)),"
        " FOREIGN KEY (tenant_id, work_id) REFERENCES work_found (tenant_id, id)",
        grants=APPEND,
        indexes=("CREATE INDEX check_of_work ON work_check (tenant_id, work_id, at, id)",),
    )


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="khuen", description=DESCRIPTION)

    async def run() -> None:
        made = await opened()
        for part in (courses, grants, work):
            await part(made)

    manager.add_raw(run)
    return manager
