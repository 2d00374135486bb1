"""Closing a file with a coded ending, and opening it again within a day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from khuen import audit
from khuen.buddies import service as buddies
from khuen.buddies.service import NewAssignment
from khuen.cases import service as cases
from khuen.cases.rules import Stage
from khuen.endings import queries, rules, service
from khuen.endings.rules import Ending, Slot
from khuen.endings.service import Subject
from khuen.endings.tables import CaseEnding, DoctorSlot, DropOut
from khuen.errors import Conflict, Invalid, KeyReused, NotFound
from khuen.followups import rounds, turns
from khuen.followups import service as followups
from khuen.ids import uuid7
from khuen.messages import service as messages
from khuen.messages.rules import Kind
from khuen.msgid import N_
from khuen.pathway import service as pathway
from khuen.tenancy import Here, hot
from khuen.words import gettext

WRONG_ENDING = N_("Choose one of the endings shown")
TOO_LATE = N_("It was closed more than 24 hours ago. Begin a new case for the person instead")
BUDDY_STOPS = N_("The case was closed")


@dataclass(frozen=True, slots=True)
class NewEnding:
    key: UUID
    kind: Ending
    on: date
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class OpenWork:
    """What is still open of a case, and ends with it."""

    buddy: str | None
    visit_until: date | None
    messages: int
    slots: int
    proposals: int


@dataclass(frozen=True, slots=True)
class Ended:
    """One ending, and that the case was opened again: (when, by whom, why)."""

    id: UUID
    kind: Ending
    exit_code: str | None
    on: date
    note: str = field(repr=False)
    at: datetime
    by: str
    reopened: tuple[datetime, str, str] | None


async def open_work(here: Here, case: Subject) -> OpenWork:
    row = (await hot(queries.OPEN_WORK, case.id))[0]
    waiting = await hot(queries.WAITING, case.id)
    return OpenWork(row["buddy"], row["closes_on"], len(waiting), row["slots"], row["proposals"])


async def choices(here: Here, case: Subject) -> tuple[Ending, ...]:
    """How this file may be ended by one person today."""
    found = await rounds.outcome(here, case.id, case.treated_until)
    return rules.choices(completed=found.follow_up_completed, over=found.follow_up_over)


async def close(here: Here, code: str, new: NewEnding) -> UUID:
    """End a file with all that is still open of it. Answers the id of the row. Harmless twice by the key.

    Raises NotFound, Conflict when it is closed already, Invalid for the day or an ending that is not to be chosen,
    KeyReused.
    """
    case = await service.held(here, code)
    first = await CaseEnding.select().where(CaseEnding.id == new.key).first()
    if first is not None:
        own = await service.key_of(here, case)
        note = service.opened(own, "case_ending", new.key, first["note_sealed"])
        if (first["case_id"], first["kind"], first["on_date"], note) != (case.id, new.kind, new.on, new.note):
            raise KeyReused
        return new.key
    if case.closed:
        raise Conflict(service.CLOSED)
    if new.kind not in await choices(here, case):
        raise Invalid({"kind": WRONG_ENDING})
    service.refuse_day(here, case, new.on)
    await finish(here, case, new)
    return new.key


async def finish(here: Here, case: Subject, new: NewEnding, drop_out_id: UUID | None = None) -> None:
    """The ending itself, of a case that is held and open: buddy, visits, messages and tasks end with it."""
    work = (await hot(queries.OPEN_WORK, case.id))[0]
    slots = await _drop_slots(here, case.id)
    held = {
        "buddy": str(work["member_id"]) if work["member_id"] else None,
        "extra": work["extra_reason"],
        "slots": slots,
    }
    own = await service.key_of(here, case)
    await hot(
        queries.END,
        new.key,
        case.id,
        new.kind,
        rules.EXIT_CODES.get(new.kind),
        new.on,
        service.sealed(own, "case_ending", new.key, new.note),
        msgspec.json.encode(held).decode(),
        case.stage,
        drop_out_id,
        here.now,
        here.member_id,
    )
    for row in await hot(queries.WAITING, case.id):
        await messages.cancel(here, Kind(row["kind"]), row["subject_id"], reason="no_longer_due")
    await DropOut.update(
        {DropOut.decision: "withdrawn", DropOut.decided_at: here.now, DropOut.decided_by: here.member_id}
    ).where(DropOut.case_id == case.id, DropOut.decision.is_null())
    await buddies.end(here, case.id, gettext(BUDDY_STOPS))
    await followups.finish(here, case.id)
    await pathway.heard(here, {case.id: {"closed_on": new.on}})
    await audit.record(here, "case:closed", case.id, reason=str(new.kind))


async def reopen(here: Here, code: str, reason: str) -> bool:
    """Open a file again that was closed within the last day: visits, tasks and, if still free, the buddy come back.

    Answers whether the buddy is back (True also when there was none). Harmless twice. Raises NotFound, Conflict when
    more than a day has passed or the person has another open case meanwhile.
    """
    case = await service.held(here, code)
    row = (
        await CaseEnding.select().where(CaseEnding.case_id == case.id).order_by(CaseEnding.at, ascending=False).first()
    )
    if row is None:
        raise NotFound
    if row["reopened_at"] is not None:
        return True
    if not rules.may_reopen(row["at"], here.now):
        raise Conflict(TOO_LATE)
    if await hot(queries.OTHER_OPEN, case.person_id, case.id):
        raise Conflict(cases.OPEN_ALREADY)
    own = await service.key_of(here, case)
    await CaseEnding.update(
        {
            CaseEnding.reopened_at: here.now,
            CaseEnding.reopened_by: here.member_id,
            CaseEnding.reopening_sealed: own.seal("case_ending", "reopening", row["id"], reason),
        }
    ).where(CaseEnding.id == row["id"])
    if row["drop_out_id"]:
        await DropOut.update({DropOut.decision: "reopened"}).where(DropOut.id == row["drop_out_id"])
    back = await _restore(here, case, row)
    await audit.record(here, "case:reopened", case.id)
    return back


async def of_case(here: Here, case: Subject) -> list[Ended]:
    """Every ending of a file, the newest first."""
    rows = await hot(queries.ENDINGS, case.id)
    own = await service.key_of(here, case) if any(r["note_sealed"] or r["reopening_sealed"] for r in rows) else None
    found = []
    for row in rows:
        why = service.opened(own, "case_ending", row["id"], row["reopening_sealed"], "reopening")
        found.append(
            Ended(
                id=row["id"],
                kind=Ending(row["kind"]),
                exit_code=row["exit_code"],
                on=row["on_date"],
                note=service.opened(own, "case_ending", row["id"], row["note_sealed"]),
                at=row["at"],
                by=row["by"],
                reopened=(row["reopened_at"], row["reopened_by"], why) if row["reopened_at"] else None,
            )
        )
    return found


async def _restore(here: Here, case: Subject, row: dict[str, Any]) -> bool:
    held = msgspec.json.decode(row["held"])
    # A closed file stays closed until another stage is written down; then the stage follows from what is known again.
    await cases.record_step(here, case.id, Stage(row["stage"]), here.today)
    await pathway.heard(here, {case.id: {"closed_on": None}})
    await turns.resume(here, case.id)
    for slot in held["slots"]:
        await DoctorSlot.update(
            {DoctorSlot.state: slot["state"], DoctorSlot.on_date: slot["on"], DoctorSlot.changed_at: here.now}
        ).where(DoctorSlot.id == UUID(slot["id"]))
    if held["buddy"] is None:
        return True
    member = UUID(held["buddy"])
    if not await hot(queries.FREE_AGAIN, member, held["extra"] is not None):
        return False
    try:
        await buddies.assign(here, [NewAssignment(uuid7(here.now), case.id, member, held["extra"])])
    except Invalid:  # no longer suits this person: a relative, or declined meanwhile
        return False
    return True


async def _drop_slots(here: Here, case_id: UUID) -> list[dict[str, str | None]]:
    """Times with the doctor that are asked for or booked are called off; what they were comes back."""
    open_ = (DoctorSlot.case_id == case_id) & DoctorSlot.state.is_in([Slot.ASKED, Slot.BOOKED])
    rows = await DoctorSlot.select().where(open_).lock_rows()
    await DoctorSlot.update(
        {
            DoctorSlot.state: Slot.DROPPED,
            DoctorSlot.on_date: None,
            DoctorSlot.changed_at: here.now,
            DoctorSlot.changed_by: here.member_id,
        }
    ).where(open_)
    return [
        {"id": str(row["id"]), "state": row["state"], "on": row["on_date"].isoformat() if row["on_date"] else None}
        for row in rows
    ]
