from __future__ import annotations

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Boolean, Bytea, Date, Integer, Text, Time, Timestamptz

from khuen.tenancy import TenantTable
from khuen.treatment.rules import Kind, Sample


class SessionSeries(TenantTable, tablename="session_series"):
    """What was planned to come back every week; its sessions are rows of their own."""

    id = UUIDColumn(primary_key=True, default=None)
    project_id = UUIDColumn()
    kind = Text(choices=Kind)
    title = Text()
    weekday = Integer()
    at_time = Time(default=None)
    minutes = Integer()
    place = Text()
    from_on = Date(default=None)
    until_on = Date(default=None)
    made_at = Timestamptz(default=None)
    by_id = UUIDColumn(null=True, default=None)


class Session(TenantTable, tablename="session"):
    """One session of a project. `on_date` is its day in Bangkok; why it moved or fell away is in `session_change`."""

    id = UUIDColumn(primary_key=True, default=None)
    project_id = UUIDColumn()
    series_id = UUIDColumn(null=True, default=None)
    kind = Text(choices=Kind)
    title = Text()
    on_date = Date(default=None)
    starts_at = Timestamptz(default=None)
    minutes = Integer()
    place = Text()
    state = Text()
    backdated = Boolean()
    made_at = Timestamptz(default=None)
    by_id = UUIDColumn(null=True, default=None)


class AbsenceTask(TenantTable, tablename="absence_task"):
    """Somebody did not come and has to be asked after; one for a person and a session."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    session_id = UUIDColumn()
    due_on = Date(default=None)
    made_at = Timestamptz(default=None)
    closed_at = Timestamptz(null=True, default=None)
    closed_by = UUIDColumn(null=True, default=None)
    closed_as = Text(null=True, default=None)


class UrineTest(TenantTable, tablename="urine_test"):
    """One test. What it said lies sealed under the person's key; `done` only says that there was something to read."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    sample = Text(choices=Sample)
    taken_on = Date(default=None)
    observed = Boolean()
    lot = Text()
    done = Boolean()
    extra = Boolean()
    result_sealed = Bytea()
    detail_sealed = Bytea(null=True, default=None)
    confirms_id = UUIDColumn(null=True, default=None)
    replaces_id = UUIDColumn(null=True, default=None)
    backdated = Boolean()
    made_at = Timestamptz(default=None)
    by_id = UUIDColumn(null=True, default=None)


class TreatmentTally(TenantTable, tablename="treatment_tally"):
    """The present result of `rules.tally`, one row per case. `negatives` is for the clinic and the pathway's rule."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    started_on = Date(null=True, default=None)
    held = Integer()
    with_doctor = Integer()
    missed = Integer()
    last_attended_on = Date(null=True, default=None)
    tests = Integer()
    last_test_on = Date(null=True, default=None)
    opens_on = Date(default=None)
    closes_on = Date(default=None)
    negatives = Integer()
    best_negatives = Integer()
    broken_on = Date(null=True, default=None)


class RowBreak(TenantTable, tablename="row_break"):
    """A day after which the row of negative tests begins anew; `undone_at` took it back. It holds no reason."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    on_date = Date(default=None)
    told_at = Timestamptz(default=None)
    by_id = UUIDColumn()
    undone_at = Timestamptz(null=True, default=None)
