from __future__ import annotations

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Bytea, Date, Integer, Text, Timestamptz

from khuen.followups.rules import How
from khuen.tenancy import TenantTable


class CheckIn(TenantTable, tablename="check_in"):
    """One visit of a buddy, never edited. `planned_at` is the earlier of the phone's clock and ours."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    member_id = UUIDColumn()
    how = Text(choices=How)
    happened_at = Timestamptz(default=None)
    planned_at = Timestamptz(default=None)
    received_at = Timestamptz(default=None)


class CheckInNote(TenantTable, tablename="check_in_note"):
    """What a buddy told about a visit, sealed under the person's key."""

    id = UUIDColumn(primary_key=True, default=None)
    check_in_id = UUIDColumn()
    note_sealed = Bytea()
    written_at = Timestamptz(default=None)
    by_id = UUIDColumn()


class CheckInWithdrawal(TenantTable, tablename="check_in_withdrawal"):
    """A check-in that its buddy took back; at most one for each."""

    id = UUIDColumn(primary_key=True, default=None)
    check_in_id = UUIDColumn()
    at = Timestamptz(default=None)
    by_id = UUIDColumn()


class Acknowledgement(TenantTable, tablename="acknowledgement"):
    """A coordinator has seen what called for attention and says what is done about it."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    check_in_id = UUIDColumn()
    at = Timestamptz(default=None)
    by_id = UUIDColumn()
    note = Text()
    undone_at = Timestamptz(null=True, default=None)


class VisitDue(TenantTable, tablename="visit_due"):
    """The present result of `rules.present`, one row per case."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    state = Text()
    opens_on = Date(default=None)
    due_on = Date(default=None)
    closes_on = Date(default=None)
    seen_at = Timestamptz(null=True, default=None)
    seen_id = UUIDColumn(null=True, default=None)
    last_how = Text(null=True, default=None, choices=How)
    misses = Integer(default=0)
    attention_id = UUIDColumn(null=True, default=None)
    attention_rank = Integer(default=0)
    priority = Integer(default=1)
    turned_at = Timestamptz(null=True, default=None)


class VisitTurn(TenantTable, tablename="visit_turn"):
    """A moment from which the plan of visits goes another way; never why."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    kind = Text()
    at = Timestamptz(default=None)
    made_at = Timestamptz(default=None)
    by_id = UUIDColumn()
    undone_at = Timestamptz(null=True, default=None)
