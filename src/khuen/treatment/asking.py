"""Who has to be asked after because they did not come, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from khuen import audit, thai, vault
from khuen.cases.tables import CaseFile
from khuen.errors import KeyReused, NotFound
from khuen.tenancy import Here, hot
from khuen.treatment import queries
from khuen.treatment.rules import Reason
from khuen.treatment.tables import AbsenceTask


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody who has to be asked after. `tries` counts the times when nobody was reached."""

    id: UUID
    case_id: UUID
    session_id: UUID
    code: str
    name: str
    due_on: date
    session_on: date
    reason: Reason | None
    tries: int


async def open_absences(here: Here, until: date | None = None) -> list[Absence]:
    """Who has to be asked after, the most pressing first; with `until` only what is due by then. One statement."""
    return [
        Absence(
            id=row["id"],
            case_id=row["case_id"],
            session_id=row["session_id"],
            code=row["code"],
            name=thai.on_phone(row["called_name"], row["family_name"]),
            due_on=row["due_on"],
            session_on=row["on_date"],
            reason=Reason(row["reason"]) if row["reason"] else None,
            tries=row["tries"],
        )
        for row in await hot(queries.ABSENCES, until)
    ]


async def record_contact(here: Here, task_id: UUID, *, key: UUID, reached: bool, note: str) -> None:
    """What came of asking after somebody, sealed under the person's key; being reached closes the task.

    Harmless twice by `key`. Raises NotFound, KeyReused.
    """
    task = await AbsenceTask.select().where(AbsenceTask.id == task_id).lock_rows().first()
    case = await CaseFile.select(CaseFile.person_id).where(CaseFile.id == task["case_id"]).first() if task else None
    if task is None or case is None:
        raise NotFound
    own = await vault.person(here, case["person_id"])
    sealed = own.seal("absence_contact", "note", key, note)
    if not await hot(queries.CONTACT, key, task_id, reached, sealed, here.now, here.member_id):
        first = (await hot(queries.CONTACTED, key))[0]
        kept = (first["task_id"], first["reached"], own.unseal("absence_contact", "note", key, first["note_sealed"]))
        if kept != (task_id, reached, note):
            raise KeyReused
        return
    if reached and task["closed_at"] is None:
        await AbsenceTask.update(
            {
                AbsenceTask.closed_at: here.now,
                AbsenceTask.closed_by: here.member_id,
                AbsenceTask.closed_as: "reached",
            }
        ).where(AbsenceTask.id == task_id)
    await audit.record(here, "absence:asked", task["case_id"], result="reached" if reached else "not_reached")
