from __future__ import annotations

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Text, Timestamptz

from khuen.buddies.rules import Why
from khuen.tenancy import TenantTable


class Assignment(TenantTable, tablename="assignment"):
    """Somebody is the buddy of a case, from when to when. Kept for ever; `extra_reason` lets a buddy have two."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    member_id = UUIDColumn()
    started_at = Timestamptz(default=None)
    ended_at = Timestamptz(null=True, default=None)
    end_reason = Text(null=True, default=None)
    extra_reason = Text(null=True, default=None)
    batch_id = UUIDColumn(null=True, default=None)
    made_by = UUIDColumn(null=True, default=None)


class Unsuited(TenantTable, tablename="unsuited"):
    """A member who must not be the buddy of a case, by whom and why; lifted by `lifted_at`."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    member_id = UUIDColumn()
    why = Text(choices=Why)
    note = Text()
    at = Timestamptz(default=None)
    by_id = UUIDColumn()
    lifted_at = Timestamptz(null=True, default=None)
    lifted_by = UUIDColumn(null=True, default=None)


class BuddyWish(TenantTable, tablename="buddy_wish"):
    """The gender of buddy that a person asks for; the latest stands, None asks for nothing."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    gender = Text(null=True, default=None)
    at = Timestamptz(default=None)
    by_id = UUIDColumn()
