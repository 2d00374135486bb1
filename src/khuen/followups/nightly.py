"""Every night, in parts: does `visit_due` still say what the rule says, and how many visits has each case had?"""

from __future__ import annotations

from uuid import UUID

from khuen.followups import queries, service
from khuen.followups.tables import VisitDue
from khuen.pathway import service as pathway
from khuen.tenancy import Here, hot

PART = 200  #: cases in one transaction, so that nobody's check-in waits long behind the lock


async def recompute_part(here: Here, after: UUID | None) -> tuple[UUID | None, int]:
    """Recompute the next open cases after `after`: (the last of them or None at the end, how many differed)."""
    wanted = VisitDue.select(VisitDue.case_id).where(VisitDue.state == "open")
    if after is not None:
        wanted = wanted.where(VisitDue.case_id > after)
    ids = [row["case_id"] for row in await wanted.order_by(VisitDue.case_id).limit(PART)]
    differences = await service.recompute(here, ids)
    visited = {row["case_id"]: row["visits"] for row in await hot(queries.VISITED, ids)}
    await pathway.heard(here, {case_id: {"visits": visited.get(case_id, 0)} for case_id in ids})
    return (ids[-1] if len(ids) == PART else None), len(differences)
