"""Dropping out: by the rule of the case's pack, and by two people. No notice goes to anybody by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from khuen import audit
from khuen.endings import closing, queries, rules, service
from khuen.endings.closing import NewEnding
from khuen.endings.rules import Ending, Proposal, Reason
from khuen.endings.service import Subject
from khuen.endings.tables import DropOut
from khuen.errors import Conflict, KeyReused, NotFound
from khuen.msgid import N_
from khuen.tenancy import Here, hot
from khuen.vault import PersonVault

NOT_YET = N_("By the rule pack of this case it is too early: not enough sessions were missed in a row")
WAITS = N_("A proposal waits for its decision already")
OVER = N_("This proposal was decided already, or has expired")
SAME_PERSON = N_("Somebody else has to decide: you proposed it yourself")


@dataclass(frozen=True, slots=True)
class NewProposal:
    key: UUID
    on: date  #: the last day on which the person was seen
    reason: Reason
    tried: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Line:
    """One proposal. Text is empty for whoever may not read it yet."""

    id: UUID
    on: date
    reason: Reason
    tried: str = field(repr=False)
    missed: int
    by: str
    own: bool
    proposed_at: datetime
    expires_on: date
    state: Proposal
    decided_at: datetime | None
    decided_by: str | None
    answer: str = field(repr=False)


async def propose(here: Here, code: str, new: NewProposal) -> UUID:
    """The first of two people. Harmless twice by the key.

    Raises NotFound, Invalid for the day, Conflict when the rule is not met, the case closed or another proposal waits,
    KeyReused.
    """
    case = await service.held(here, code)
    own = await service.key_of(here, case)
    first = await DropOut.select().where(DropOut.id == new.key).first()
    if first is not None:
        tried = own.unseal("drop_out", "tried", new.key, first["tried_sealed"])
        if (first["case_id"], first["on_date"], first["reason"], tried) != (case.id, new.on, new.reason, new.tried):
            raise KeyReused
        return new.key
    if case.closed:
        raise Conflict(service.CLOSED)
    if not may_propose(case):
        raise Conflict(NOT_YET)
    service.refuse_day(here, case, new.on)
    await _make_room(here, case)
    await hot(
        queries.PROPOSE,
        new.key,
        case.id,
        new.on,
        new.reason,
        own.seal("drop_out", "tried", new.key, new.tried),
        case.missed,
        here.today + timedelta(days=rules.EXPIRES_DAYS),
        here.now,
        here.member_id,
    )
    await audit.record(here, "drop-out:proposed", case.id)
    return new.key


async def confirm(here: Here, code: str, proposal_id: UUID, answer: str) -> None:
    """The second one: the file ends as a drop-out. Harmless twice by the same member.

    Raises NotFound, Conflict when it was decided otherwise, has expired, or was proposed by the same member.
    """
    case, row = await _to_decide(here, code, proposal_id)
    if row["decision"] == Proposal.CONFIRMED and row["decided_by"] == here.member_id:
        return
    _refuse(here, row)
    await _decide(here, case, row, Proposal.CONFIRMED, answer)
    await closing.finish(here, case, NewEnding(proposal_id, Ending.DROP_OUT, row["on_date"], answer), proposal_id)
    await audit.record(here, "drop-out:confirmed", case.id)


async def reject(here: Here, code: str, proposal_id: UUID, answer: str) -> None:
    """The second one: the case goes on. Harmless twice by the same member. Raises as `confirm` does."""
    case, row = await _to_decide(here, code, proposal_id)
    if row["decision"] == Proposal.REJECTED and row["decided_by"] == here.member_id:
        return
    _refuse(here, row)
    await _decide(here, case, row, Proposal.REJECTED, answer)
    await audit.record(here, "drop-out:rejected", case.id)


async def undo_propose(here: Here, proposal_id: UUID) -> None:
    """Taken back before anybody decided. Harmless twice. Raises NotFound, Conflict when it was decided meanwhile."""
    row = await DropOut.select().where(DropOut.id == proposal_id).lock_rows().first()
    if row is None:
        raise NotFound
    if row["decision"] == Proposal.WITHDRAWN:
        return
    if row["decision"] is not None:
        raise Conflict(OVER)
    await DropOut.update(
        {DropOut.decision: "withdrawn", DropOut.decided_at: here.now, DropOut.decided_by: here.member_id}
    ).where(DropOut.id == proposal_id)
    await audit.record(here, "drop-out:withdrawn", row["case_id"])


async def of_case(here: Here, case: Subject, *, clinical: bool) -> list[Line]:
    """What whoever asks may see, the newest first; `clinical` for health staff."""
    rows = await hot(queries.PROPOSALS, case.id)
    own = await service.key_of(here, case) if rows else None
    found = [_line(here, own, row) for row in rows]
    return [
        line for line in found if rules.sees_proposal(case.legal_basis, line.state, clinical=clinical, own=line.own)
    ]


def may_propose(case: Subject) -> bool:
    return rules.may_propose(case.stage, case.missed, case.pack.pathway.drop_out_missed)


async def _make_room(here: Here, case: Subject) -> None:
    waiting = await DropOut.select().where(DropOut.case_id == case.id, DropOut.decision.is_null()).first()
    if waiting is None:
        return
    if rules.proposal(None, waiting["expires_on"], here.today) is Proposal.OPEN:
        raise Conflict(WAITS)
    await DropOut.update({DropOut.decision: "expired", DropOut.decided_at: here.now}).where(DropOut.id == waiting["id"])


async def _to_decide(here: Here, code: str, proposal_id: UUID) -> tuple[Subject, dict[str, Any]]:
    case = await service.held(here, code)
    row = await DropOut.select().where(DropOut.id == proposal_id, DropOut.case_id == case.id).lock_rows().first()
    if row is None:
        raise NotFound
    return case, row


def _refuse(here: Here, row: dict[str, Any]) -> None:
    if rules.proposal(row["decision"], row["expires_on"], here.today) is not Proposal.OPEN:
        raise Conflict(OVER)
    assert here.member_id is not None
    if not rules.may_decide(here.member_id, row["proposed_by"]):
        raise Conflict(SAME_PERSON)


async def _decide(here: Here, case: Subject, row: dict[str, Any], decision: Proposal, answer: str) -> None:
    own = await service.key_of(here, case)
    await DropOut.update(
        {
            DropOut.decision: decision,
            DropOut.decided_at: here.now,
            DropOut.decided_by: here.member_id,
            DropOut.answer_sealed: service.sealed(own, "drop_out", row["id"], answer, "answer"),
        }
    ).where(DropOut.id == row["id"])


def _line(here: Here, own: PersonVault | None, row: Any) -> Line:
    return Line(
        id=row["id"],
        on=row["on_date"],
        reason=Reason(row["reason"]),
        tried=service.opened(own, "drop_out", row["id"], row["tried_sealed"], "tried"),
        missed=row["missed"],
        by=row["by"],
        own=row["proposed_by"] == here.member_id,
        proposed_at=row["proposed_at"],
        expires_on=row["expires_on"],
        state=rules.proposal(row["decision"], row["expires_on"], here.today),
        decided_at=row["decided_at"],
        decided_by=row["decided_by"],
        answer=service.opened(own, "drop_out", row["id"], row["answer_sealed"], "answer"),
    )
