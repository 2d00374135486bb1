"""Which function takes which kind of act of this room back within the minute."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from khuen.endings import aftercare, drop_outs, referrals, slips, stays, treatment
from khuen.tenancy import Here

TAKES_BACK: dict[str, Callable[[Here, UUID], Awaitable[Any]]] = {
    "slip": slips.undo,
    "treatment_end": treatment.undo_complete,
    "drop_out": drop_outs.undo_propose,
    "referral": referrals.undo_refer,
    "stay": stays.undo_begin,
    "follow_up_result": aftercare.undo_record,
}
