from __future__ import annotations

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Date, Integer, Text, Timestamptz

from khuen.pathway.rules import Condition
from khuen.tenancy import TenantTable


class CaseEvidence(TenantTable, tablename="case_evidence"):
    """What the rooms above say of one case; one row per case. What follows from it stands in the case file."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    screened_on = Date(null=True, default=None)
    started_on = Date(null=True, default=None)
    sessions = Integer(default=0)
    missed = Integer(default=0)
    tests = Integer(default=0)
    negatives = Integer(default=0)
    best_negatives = Integer(default=0)
    broken_on = Date(null=True, default=None)
    visits = Integer(default=0)
    courses = Integer(default=0)
    certified_on = Date(null=True, default=None)
    ended_on = Date(null=True, default=None)
    closed_on = Date(null=True, default=None)
    stated = Text(null=True, default=None)


class ConditionSkip(TenantTable, tablename="condition_skip"):
    """A condition that is left out for one case, by whom and why; taken back by `undone_at`."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    condition = Text(choices=Condition)
    reason = Text()
    at = Timestamptz(default=None)
    by_id = UUIDColumn()
    undone_at = Timestamptz(null=True, default=None)
    undone_by = UUIDColumn(null=True, default=None)


class Pack(TenantTable, tablename="pack"):
    """A published rule pack; only ever added to."""

    id = UUIDColumn(primary_key=True, default=None)
    name = Text()
    version = Integer(default=None)


class PackDraft(TenantTable, tablename="pack_draft"):
    """A rule pack in the making."""

    id = UUIDColumn(primary_key=True, default=None)
    base_id = UUIDColumn()
    content = Text()
    changed_at = Timestamptz(default=None)
    changed_by = UUIDColumn()
