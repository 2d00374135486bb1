"""To another project of the district: offered, then accepted, rejected or revoked. Ownership moves on accept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from khuen import audit
from khuen.cases import service as cases
from khuen.endings import away_queries as queries
from khuen.endings import service
from khuen.endings.rules import Decision
from khuen.endings.service import Subject
from khuen.endings.tables import CaseTransfer
from khuen.errors import Conflict, Invalid, KeyReused, NotFound
from khuen.msgid import N_
from khuen.tenancy import Here, hot

SAME_PROJECT = N_("Choose another project")
OFFERED = N_("A transfer waits for its answer already")
OVER = N_("This transfer was answered already")


@dataclass(frozen=True, slots=True)
class NewTransfer:
    key: UUID
    to_project_id: UUID
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Line:
    id: UUID
    from_project: str
    to_project: str
    reason: str = field(repr=False)
    offered_at: datetime
    by: str
    decision: Decision | None
    decided_at: datetime | None
    decided_by: str | None


async def offer(here: Here, code: str, new: NewTransfer) -> UUID:
    """Offer a case to another project. Answers the id of the row. Harmless twice by the key.

    Raises NotFound, Conflict for a closed case or one that is offered already, Invalid for the project, KeyReused.
    """
    case = await service.held(here, code)
    own = await service.key_of(here, case)
    first = await CaseTransfer.select().where(CaseTransfer.id == new.key).first()
    if first is not None:
        reason = own.unseal("case_transfer", "reason", new.key, first["reason_sealed"])
        if (first["case_id"], first["to_project_id"], reason) != (case.id, new.to_project_id, new.reason):
            raise KeyReused
        return new.key
    if case.closed:
        raise Conflict(service.CLOSED)
    if new.to_project_id not in {one.id for one in await choices(here, case)}:
        raise Invalid({"project": SAME_PROJECT})
    if await CaseTransfer.exists().where(CaseTransfer.case_id == case.id, CaseTransfer.decision.is_null()):
        raise Conflict(OFFERED)
    reason_sealed = own.seal("case_transfer", "reason", new.key, new.reason)
    values = (new.key, case.id, case.project_id, new.to_project_id, reason_sealed, here.now, here.member_id)
    await hot(queries.OFFER, *values)
    await audit.record(here, "transfer:offered", case.id)
    return new.key


async def decide(here: Here, code: str, transfer_id: UUID, decision: Decision) -> None:
    """Accept, reject or revoke. The case keeps the rule pack it began with. Harmless twice.

    Raises NotFound, Conflict when it was answered otherwise or the case is closed.
    """
    case = await service.held(here, code)
    mine = (CaseTransfer.id == transfer_id) & (CaseTransfer.case_id == case.id)
    row = await CaseTransfer.select().where(mine).lock_rows().first()
    if row is None:
        raise NotFound
    if row["decision"] == decision:
        return
    if row["decision"] is not None:
        raise Conflict(OVER)
    if case.closed and decision is Decision.ACCEPTED:
        raise Conflict(service.CLOSED)
    await CaseTransfer.update(
        {
            CaseTransfer.decision: decision,
            CaseTransfer.decided_at: here.now,
            CaseTransfer.decided_by: here.member_id,
        }
    ).where(mine)
    if decision is Decision.ACCEPTED:
        await cases.record_projects([(case.id, row["to_project_id"])])
    await audit.record(here, f"transfer:{decision}", case.id)


async def choices(here: Here, case: Subject) -> list[cases.ProjectCard]:
    """The projects that a case can go to: every other one that has not ended."""
    return [
        one
        for one in await cases.projects(here)
        if one.id != case.project_id and (one.ends_on is None or one.ends_on >= here.today)
    ]


async def of_case(here: Here, case: Subject) -> list[Line]:
    rows = await hot(queries.TRANSFERS, case.id)
    own = await service.key_of(here, case) if rows else None
    return [
        Line(
            id=row["id"],
            from_project=row["from_project"],
            to_project=row["to_project"],
            reason=service.opened(own, "case_transfer", row["id"], row["reason_sealed"], "reason"),
            offered_at=row["offered_at"],
            by=row["by"],
            decision=Decision(row["decision"]) if row["decision"] else None,
            decided_at=row["decided_at"],
            decided_by=row["decided_by"],
        )
        for row in rows
    ]
