"""A while elsewhere: visits rest until the day of return, and what lies between is not made up for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from uuid import UUID, uuid5

from khuen import audit, clock
from khuen.endings import away_queries as queries
from khuen.endings import rules, service
from khuen.endings.service import Subject
from khuen.endings.tables import GuestStay
from khuen.errors import Conflict, Invalid, KeyReused, NotFound
from khuen.followups import turns
from khuen.messages import service as messages
from khuen.messages.rules import Kind
from khuen.msgid import N_
from khuen.tenancy import Here, hot

AWAY_ALREADY = N_("The person is away already. Change the day of return instead")
MORNING = time(8, 0)


@dataclass(frozen=True, slots=True)
class NewStay:
    key: UUID
    place: str = field(repr=False)
    from_on: date
    until_on: date


@dataclass(frozen=True, slots=True)
class Line:
    id: UUID
    place: str = field(repr=False)
    from_on: date
    until_on: date
    by: str
    returned_on: date | None


async def begin(here: Here, code: str, new: NewStay) -> UUID:
    """Visits rest from now until the day of return, on which the coordinators are reminded. Answers the id, for undo.

    Harmless twice by the key. Raises NotFound, Conflict for a closed case or somebody who is away already, Invalid for
    the days, KeyReused.
    """
    case = await service.held(here, code)
    own = await service.key_of(here, case)
    first = await GuestStay.select().where(GuestStay.id == new.key).first()
    if first is not None:
        place = own.unseal("guest_stay", "place", new.key, first["place_sealed"])
        if (first["case_id"], first["from_on"], place) != (case.id, new.from_on, new.place):
            raise KeyReused
        return new.key
    if case.closed:
        raise Conflict(service.CLOSED)
    if await GuestStay.exists().where(_away(case)):
        raise Conflict(AWAY_ALREADY)
    if problem := rules.wrong_day(new.from_on, case.opened_on, here.today):
        raise Invalid({"from": problem})
    if problem := rules.wrong_return(new.from_on, new.until_on):
        raise Invalid({"until": problem})
    place_sealed = own.seal("guest_stay", "place", new.key, new.place)
    values = (new.key, case.id, place_sealed, new.from_on, new.until_on, here.now, here.member_id)
    await hot(queries.STAY, *values)
    await _rest(here, case, new.key, new.until_on)
    await audit.record(here, "stay:begun", case.id)
    return new.key


async def change(here: Here, code: str, stay_id: UUID, on: date, *, returned: bool) -> None:
    """Came back on that day, or stays until another one. Harmless twice. Raises NotFound, Invalid for the day."""
    case = await service.held(here, code)
    mine = (GuestStay.id == stay_id) & (GuestStay.case_id == case.id) & GuestStay.undone_at.is_null()
    row = await GuestStay.select().where(mine).lock_rows().first()
    if row is None:
        raise NotFound
    problem = rules.wrong_return(row["from_on"], on) or (rules.FUTURE if returned and on > here.today else None)
    if problem:
        raise Invalid({"on": problem})
    turn = uuid5(stay_id, f"{on}")
    if row["turn_id"] == turn and (row["returned_on"] is not None) == returned:
        return
    await _no_longer(here, row)
    await GuestStay.update(
        {
            GuestStay.until_on: on,
            GuestStay.turn_id: turn,
            GuestStay.returned_on: on if returned else None,
            GuestStay.returned_by: here.member_id if returned else None,
        }
    ).where(mine)
    await _rest(here, case, turn, on, remind=not returned)
    await audit.record(here, "stay:ended" if returned else "stay:changed", case.id)


async def undo_begin(here: Here, stay_id: UUID) -> None:
    """As if it had not begun. Harmless twice. Raises NotFound."""
    row = await GuestStay.select().where(GuestStay.id == stay_id).lock_rows().first()
    if row is None:
        raise NotFound
    if row["undone_at"] is None:
        await GuestStay.update({GuestStay.undone_at: here.now, GuestStay.undone_by: here.member_id}).where(
            GuestStay.id == stay_id
        )
        await _no_longer(here, row)
        await audit.record(here, "stay:withdrawn", row["case_id"])


async def of_case(here: Here, case: Subject) -> list[Line]:
    rows = await hot(queries.STAYS, case.id)
    own = await service.key_of(here, case) if rows else None
    return [
        Line(
            row["id"],
            service.opened(own, "guest_stay", row["id"], row["place_sealed"], "place"),
            row["from_on"],
            row["until_on"],
            row["by"],
            row["returned_on"],
        )
        for row in rows
    ]


async def _rest(here: Here, case: Subject, turn: UUID, until_on: date, *, remind: bool = True) -> None:
    await turns.begin_anew(here, case.id, turn, until_on)
    if remind and until_on >= here.today:
        due_at = datetime.combine(until_on, MORNING, clock.BANGKOK)
        await messages.compose(
            here, Kind.RETURN_DUE, subject=turn, to="coordinator", day=until_on, due_at=max(due_at, here.now)
        )


async def _no_longer(here: Here, row: dict[str, Any]) -> None:
    await turns.take_back(here, row["turn_id"])
    await messages.cancel(here, Kind.RETURN_DUE, row["turn_id"], reason="no_longer_due")


def _away(case: Subject) -> Any:
    return (GuestStay.case_id == case.id) & GuestStay.returned_on.is_null() & GuestStay.undone_at.is_null()
