from __future__ import annotations

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Text, Timestamptz

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
