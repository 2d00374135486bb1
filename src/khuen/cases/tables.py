from __future__ import annotations

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import BigInt, Boolean, Bytea, Date, Text, Timestamptz

from khuen.cases.rules import ConsentKind, Decision, LegalBasis, ProposedBy, Stage
from khuen.tenancy import TenantTable


class Project(TenantTable, tablename="project"):
    """What a district runs: a place, its dates and the rule pack that new cases start under."""

    id = UUIDColumn(primary_key=True, default=None)
    name = Text()
    level = Text()
    subdistrict_code = Text(null=True, default=None)
    moo = Text(null=True, default=None)
    starts_on = Date(default=None)
    ends_on = Date(null=True, default=None)
    pack_id = UUIDColumn()


class Counter(TenantTable, tablename="counter"):
    """Running numbers of a district; the row is locked by whoever takes one, until COMMIT."""

    id = UUIDColumn(primary_key=True, default=None)
    name = Text()
    value = BigInt()


class CaseFile(TenantTable, tablename="case_file"):
    id = UUIDColumn(primary_key=True, default=None)
    code = Text()
    person_id = UUIDColumn()
    project_id = UUIDColumn()
    pack_id = UUIDColumn()
    legal_basis = Text(choices=LegalBasis)
    proposed_by = Text(choices=ProposedBy)
    agreed_on = Date(default=None)
    opened_on = Date(default=None)
    stage = Text(choices=Stage)
    colour = Text(null=True, default=None)
    safety_note = Text()
    buddy_id = UUIDColumn(null=True, default=None)
    test_on = Date(null=True, default=None)
    ready = Boolean(default=False)
    batch_id = UUIDColumn(null=True, default=None)
    made_at = Timestamptz(default=None)
    made_by = UUIDColumn(null=True, default=None)


class CaseStep(TenantTable, tablename="case_step"):
    """A stage that a case reached, on which day, and why."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    stage = Text(choices=Stage)
    on_date = Date(default=None)
    reason = Text()
    recorded_at = Timestamptz(default=None)
    by_id = UUIDColumn(null=True, default=None)


class Consent(TenantTable, tablename="consent"):
    """One decision about one consent; the latest of a kind stands."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    kind = Text(choices=ConsentKind)
    decision = Text(choices=Decision)
    version = Text()
    decided_on = Date(default=None)
    guardian_sealed = Bytea(null=True, default=None)
    recorded_at = Timestamptz(default=None)
    by_id = UUIDColumn(null=True, default=None)
