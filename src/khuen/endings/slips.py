"""Slips: told, corrected, withdrawn, and the support that each one raises."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from khuen import audit
from khuen.endings import queries, rules, service
from khuen.endings.rules import Slot, Support, Told, Use, Visited
from khuen.endings.service import Subject
from khuen.endings.tables import DoctorSlot, Slip
from khuen.errors import Conflict, Invalid, KeyReused, NotFound
from khuen.followups import turns
from khuen.followups.rules import How
from khuen.msgid import N_
from khuen.tenancy import Here, hot
from khuen.treatment import breaks
from khuen.vault import PersonVault

CORRECTED = "corrected"
_STANDS: dict[Any, Any] = {Slip.undone_at: None, Slip.undone_by: None, Slip.withdrawn_why: None}
GONE = N_("This entry was corrected or taken back already")
WHO_TOLD = N_("Choose who told it")
DAY_NEEDED = N_("Enter the day with the doctor")


@dataclass(frozen=True, slots=True)
class NewSlip:
    """`corrects` is the entry that this one stands instead of; `result_id` the round's result that told of it."""

    key: UUID
    on: date
    told_by: Told
    note: str = field(default="", repr=False)
    corrects: UUID | None = None
    result_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One entry. `withdrawn` says when and by whom it was taken back; support belongs to what stands."""

    id: UUID
    on: date
    use: Use
    told_by: Told
    note: str = field(repr=False)
    by: str
    recorded_at: datetime
    withdrawn: tuple[datetime, str, str] | None  #: (when, by whom, why)
    support: Support | None
    slot_id: UUID | None
    slot: Slot | None
    slot_on: date | None


async def record(here: Here, code: str, new: NewSlip) -> UUID:
    """Keep a slip, and raise support: a visit within 48 hours and time with the doctor. Answers its id, for undo.

    The row of negative tests begins anew after its day. Told of a closed case it is kept without support. Harmless
    twice by the key. Raises NotFound, Invalid for the day, Conflict when the entry to correct was taken back
    meanwhile, KeyReused.
    """
    case = await service.held(here, code)
    service.refuse_day(here, case, new.on)
    own = await service.key_of(here, case)
    if await Slip.exists().where(Slip.id == new.key):
        await _same(case, own, new)
        return new.key
    service.refuse_stopped(case, new.on)
    before = await _standing(case, new.corrects) if new.corrects else None
    root = (before["corrects_id"] or before["id"]) if before else None
    note = service.sealed(own, "slip", new.key, new.note)
    result_id = new.result_id or (before["result_id"] if before else None)
    if new.told_by is Told.ROUND and result_id is None:
        raise Invalid({"told_by": WHO_TOLD})
    assert here.member_id is not None
    await hot(queries.RECORD, new.key, case.id, new.on, new.told_by, note, root, here.now, here.member_id, result_id)
    await breaks.begin_anew(here, case.id, new.key, new.on, instead_of=before["id"] if before else None)
    if before:
        await _withdraw(here, before["id"], CORRECTED)
    elif not case.closed:
        await turns.ask_support(here, case.id, new.key)
        await hot(queries.ASK_DOCTOR, new.key, case.id, here.now, here.member_id)
    await audit.record(here, "slip:corrected" if before else "slip:recorded", case.id)
    return new.key


async def withdraw(here: Here, code: str, slip_id: UUID, why: str) -> None:
    """It did not happen: the entry stays to be read, support is called off. Harmless twice. Raises NotFound."""
    case = await service.held(here, code)
    row = await Slip.select().where(Slip.id == slip_id, Slip.case_id == case.id).first()
    if row is None:
        raise NotFound
    if row["undone_at"] is not None:
        return
    await _withdraw(here, slip_id, why)
    await breaks.take_back(here, slip_id)
    await _call_off(here, row["corrects_id"] or row["id"])
    await audit.record(here, "slip:withdrawn", case.id)


async def stand_again(here: Here, slip_id: UUID) -> None:
    """What was taken back stands again, and asks for its support again. Harmless twice. Raises NotFound."""
    row = await Slip.select().where(Slip.id == slip_id).lock_rows().first()
    if row is None:
        raise NotFound
    if row["undone_at"] is None:
        return
    await Slip.update(_STANDS).where(Slip.id == slip_id)
    root = row["corrects_id"] or row["id"]
    await breaks.hold_again(here, slip_id)
    await turns.hold_again(here, root)
    called_off = (DoctorSlot.id == root) & (DoctorSlot.changed_at == row["undone_at"])
    if await DoctorSlot.exists().where(called_off & (DoctorSlot.state == Slot.DROPPED)):
        await _change_slot(here, root, Slot.ASKED, None)
    await audit.record(here, "slip:recorded", row["case_id"])


async def undo(here: Here, slip_id: UUID) -> None:
    """As if it had not been entered; what it corrected stands again. Harmless twice. Raises NotFound."""
    row = await Slip.select().where(Slip.id == slip_id).lock_rows().first()
    if row is None:
        raise NotFound
    if row["undone_at"] is not None:
        return
    await _withdraw(here, slip_id, "undone")
    await breaks.take_back(here, slip_id)
    if row["corrects_id"] is None:
        await _call_off(here, slip_id)
    else:
        corrected = (Slip.case_id == row["case_id"]) & (Slip.undone_at == row["recorded_at"])
        stands = await Slip.update(_STANDS).where(corrected & (Slip.withdrawn_why == CORRECTED)).returning(Slip.id)
        for one in stands:
            await breaks.hold_again(here, one["id"])
    await audit.record(here, "slip:withdrawn", row["case_id"])


async def settle_slot(here: Here, code: str, slot_id: UUID, was: Slot, now: Slot, on: date | None) -> None:
    """What became of the time with the doctor. Harmless twice.

    Raises NotFound, Invalid without a day, Conflict when somebody else changed it since the page said `was`.
    """
    case = await service.held(here, code)
    if now in (Slot.BOOKED, Slot.SEEN) and on is None:
        raise Invalid({"slot_on": DAY_NEEDED})
    if now is Slot.SEEN and on is not None and on > here.today:
        raise Invalid({"slot_on": rules.FUTURE})
    row = await DoctorSlot.select().where(DoctorSlot.id == slot_id, DoctorSlot.case_id == case.id).lock_rows().first()
    if row is None:
        raise NotFound
    if (row["state"], row["on_date"]) == (now, on):
        return
    if row["state"] != was:
        raise Conflict
    await _change_slot(here, slot_id, now, on)
    await audit.record(here, "slot:changed", case.id, before=str(was), after=str(now))


async def of_case(here: Here, case: Subject) -> list[Line]:
    """Every entry, the newest event first."""
    rows = await hot(queries.SLIPS, case.id)
    asked = [row["asked_at"] for row in rows if row["asked_at"]]
    visits = await hot(queries.VISITS_SINCE, case.id, min(asked)) if asked else []
    met = [Visited(How(row["how"]), row["planned_at"]) for row in visits]
    own = await service.key_of(here, case) if any(row["note_sealed"] for row in rows) else None
    return [_line(here, case, own, row, met) for row in rows]


async def _same(case: Subject, own: PersonVault, new: NewSlip) -> None:
    first = await Slip.select().where(Slip.id == new.key).first()
    assert first is not None
    note = service.opened(own, "slip", new.key, first["note_sealed"])
    if (first["case_id"], first["on_date"], first["told_by"], note) != (case.id, new.on, new.told_by, new.note):
        raise KeyReused


async def _standing(case: Subject, slip_id: UUID) -> dict[str, Any]:
    row = await Slip.select().where(Slip.id == slip_id, Slip.case_id == case.id).lock_rows().first()
    if row is None:
        raise NotFound
    if row["undone_at"] is not None:
        raise Conflict(GONE)
    return row


async def _withdraw(here: Here, slip_id: UUID, why: str) -> None:
    await Slip.update({Slip.undone_at: here.now, Slip.undone_by: here.member_id, Slip.withdrawn_why: why}).where(
        Slip.id == slip_id
    )


async def _call_off(here: Here, root: UUID) -> None:
    await turns.take_back(here, root)
    state = await DoctorSlot.select(DoctorSlot.state).where(DoctorSlot.id == root).lock_rows().first()
    if state and state["state"] in (Slot.ASKED, Slot.BOOKED):
        await _change_slot(here, root, Slot.DROPPED, None)


async def _change_slot(here: Here, slot_id: UUID, state: Slot, on: date | None) -> None:
    await DoctorSlot.update(
        {
            DoctorSlot.state: state,
            DoctorSlot.on_date: on,
            DoctorSlot.changed_at: here.now,
            DoctorSlot.changed_by: here.member_id,
        }
    ).where(DoctorSlot.id == slot_id)


def _line(here: Here, case: Subject, own: PersonVault | None, row: Any, met: list[Visited]) -> Line:
    stands = row["undone_at"] is None
    withdrawn = None if stands else (row["undone_at"], row["undone_by"], row["withdrawn_why"] or "")
    asked_at = row["asked_at"] if stands else None
    return Line(
        id=row["id"],
        on=row["on_date"],
        use=rules.use(row["on_date"], case.treated_until),
        told_by=Told(row["told_by"]),
        note=service.opened(own, "slip", row["id"], row["note_sealed"]),
        by=row["by"],
        recorded_at=row["recorded_at"],
        withdrawn=withdrawn,
        support=rules.support(asked_at, met, here.now) if asked_at else None,
        slot_id=row["slot_id"] if stands else None,
        slot=Slot(row["slot"]) if stands and row["slot"] else None,
        slot_on=row["slot_on"],
    )
