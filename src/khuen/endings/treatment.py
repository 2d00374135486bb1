"""The end of treatment: completed, as whoever treats says. From that day the follow-up rounds count."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from khuen import audit
from khuen.endings import queries, service
from khuen.endings.tables import TreatmentEnd
from khuen.errors import Conflict, KeyReused, NotFound
from khuen.followups import rounds
from khuen.msgid import N_
from khuen.pathway import service as pathway
from khuen.tenancy import Here, hot

ENDED_ALREADY = N_("The end of treatment is recorded already. Take it back first if the day is wrong")


async def complete(here: Here, code: str, key: UUID, on: date) -> UUID:
    """Treatment was completed on that day: the rounds are planned from it. Answers the id of the row, for undo.

    Harmless twice by `key`. Raises NotFound, Invalid for the day, Conflict when the case is closed or its treatment
    has ended already, KeyReused.
    """
    case = await service.held(here, code)
    first = await TreatmentEnd.select().where(TreatmentEnd.id == key).first()
    if first is not None:
        if (first["case_id"], first["on_date"]) != (case.id, on):
            raise KeyReused
        return key
    if case.closed:
        raise Conflict(service.CLOSED)
    if case.treatment_end_id is not None:
        raise Conflict(ENDED_ALREADY)
    service.refuse_day(here, case, on)
    service.refuse_stopped(case, on)
    await hot(queries.COMPLETE, key, case.id, on, here.now, here.member_id)
    await rounds.plan(here, {case.id: (on, case.pack)})
    await pathway.heard(here, {case.id: {"ended_on": on}})
    await audit.record(here, "treatment:completed", case.id)
    return key


async def undo_complete(here: Here, end_id: UUID) -> None:
    """Treatment goes on. Harmless twice. Raises NotFound."""
    row = await TreatmentEnd.select().where(TreatmentEnd.id == end_id).first()
    if row is None:
        raise NotFound
    case = await service.held_by_id(here, row["case_id"])
    gone = (
        await TreatmentEnd.update({TreatmentEnd.undone_at: here.now, TreatmentEnd.undone_by: here.member_id})
        .where(TreatmentEnd.id == end_id, TreatmentEnd.undone_at.is_null())
        .returning(TreatmentEnd.id)
    )
    if gone:
        await rounds.drop(here, case.id)
        await pathway.heard(here, {case.id: {"ended_on": None}})
        await audit.record(here, "treatment:goes_on", case.id)
