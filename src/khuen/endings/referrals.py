"""Referral to a hospital: the case stays here and open, and what the hospital answers comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from khuen import audit
from khuen.endings import away_queries as queries
from khuen.endings import rules, service
from khuen.endings.rules import Answer, Cause
from khuen.endings.service import Subject
from khuen.endings.tables import Referral
from khuen.errors import Conflict, Invalid, KeyReused, NotFound
from khuen.tenancy import Here, hot


@dataclass(frozen=True, slots=True)
class NewReferral:
    key: UUID
    place: str
    cause: Cause
    on: date
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Line:
    id: UUID
    place: str
    cause: Cause
    on: date
    note: str = field(repr=False)
    by: str
    answer: Answer | None
    answered_on: date | None
    answered_by: str | None


async def refer(here: Here, code: str, new: NewReferral) -> UUID:
    """Answers the id of the row, for undo. Harmless twice by the key.

    Raises NotFound, Conflict for a closed case, Invalid for the day, KeyReused.
    """
    case = await service.held(here, code)
    own = await service.key_of(here, case)
    first = await Referral.select().where(Referral.id == new.key).first()
    if first is not None:
        note = service.opened(own, "referral", new.key, first["note_sealed"])
        same = (first["case_id"], first["place"], first["reason"], first["on_date"], note)
        if same != (case.id, new.place, new.cause, new.on, new.note):
            raise KeyReused
        return new.key
    if case.closed:
        raise Conflict(service.CLOSED)
    service.refuse_day(here, case, new.on)
    note_sealed = service.sealed(own, "referral", new.key, new.note)
    values = (new.key, case.id, new.place, new.cause, new.on, note_sealed, here.now, here.member_id)
    await hot(queries.REFER, *values)
    await audit.record(here, "referral:made", case.id, reason=str(new.cause))
    return new.key


async def answer(here: Here, code: str, referral_id: UUID, answer: Answer, on: date) -> None:
    """What came back. Harmless twice; another answer corrects the first. Raises NotFound, Invalid for the day."""
    case = await service.held(here, code)
    mine = (Referral.id == referral_id) & (Referral.case_id == case.id) & Referral.undone_at.is_null()
    row = await Referral.select().where(mine).lock_rows().first()
    if row is None:
        raise NotFound
    if (row["answer"], row["answered_on"]) == (answer, on):
        return
    if problem := rules.wrong_day(on, row["on_date"], here.today):
        raise Invalid({"on": rules.BEFORE_START if problem == rules.TOO_EARLY else problem})
    await Referral.update(
        {
            Referral.answer: answer,
            Referral.answered_on: on,
            Referral.answered_at: here.now,
            Referral.answered_by: here.member_id,
        }
    ).where(mine)
    await audit.record(here, "referral:answered", case.id, result=str(answer))


async def undo_refer(here: Here, referral_id: UUID) -> None:
    """As if it had not been made. Harmless twice. Raises NotFound."""
    row = await Referral.select().where(Referral.id == referral_id).lock_rows().first()
    if row is None:
        raise NotFound
    if row["undone_at"] is None:
        await Referral.update({Referral.undone_at: here.now, Referral.undone_by: here.member_id}).where(
            Referral.id == referral_id
        )
        await audit.record(here, "referral:withdrawn", row["case_id"])


async def of_case(here: Here, case: Subject) -> list[Line]:
    rows = await hot(queries.REFERRALS, case.id)
    own = await service.key_of(here, case) if any(row["note_sealed"] for row in rows) else None
    return [
        Line(
            id=row["id"],
            place=row["place"],
            cause=Cause(row["reason"]),
            on=row["on_date"],
            note=service.opened(own, "referral", row["id"], row["note_sealed"]),
            by=row["by"],
            answer=Answer(row["answer"]) if row["answer"] else None,
            answered_on=row["answered_on"],
            answered_by=row["answered_by"],
        )
        for row in rows
    ]
