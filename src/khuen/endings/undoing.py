"""Which function takes which kind of act of this room, and of the rounds below it, back within the minute."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from khuen.endings import drop_outs, referrals, slips, stays, treatment
from khuen.followups import rounds
from khuen.tenancy import Here

TAKES_BACK: dict[str, Callable[[Here, UUID], Awaitable[Any]]] = {
    "slip": slips.undo,
    "treatment_end": treatment.undo_complete,
    "drop_out": drop_outs.undo_propose,
    "referral": referrals.undo_refer,
    "stay": stays.undo_begin,
    "follow_up_result": rounds.undo_record,
}
