"""Decisions, and what becomes of them: each has one owner and one day, and comes before the next meeting until done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from khuen import audit
from khuen.errors import KeyReused, NotFound
from khuen.ids import uuid7
from khuen.meetings import agenda, queries, service
from khuen.meetings.rules import Kind, State, Task
from khuen.meetings.tables import Decided, TaskStep
from khuen.messages.delivery import Due
from khuen.tenancy import Here, hot

#: whoever holds one of these may be made responsible for a task, and sees it under Tasks
OWNING = ("coordinator", "clinic", "doctor", "chair")
MOST = 200
FINISHED_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class New:
    """A decision as it is made; `key` becomes its id."""

    key: UUID
    item_id: UUID
    kind: str
    text: str
    owner_id: UUID
    due_on: date


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided at a meeting."""

    id: UUID
    item_id: UUID
    kind: str
    text: str
    owner_id: UUID
    owner: str
    due_on: date
    state: str


@dataclass(frozen=True, slots=True)
class Line:
    """A task with the meeting that decided it and the last word on it."""

    id: UUID
    kind: str
    text: str
    owner_id: UUID
    owner: str
    due_on: date
    state: str
    at: datetime
    code: str | None
    title: str
    meeting_kind: str
    on_date: date
    number: int
    fiscal_year: int
    reason: str | None
    told_at: datetime | None
    stopped: bool  #: whoever it is about has taken the consent to treatment back


async def owners(here: Here) -> list[tuple[UUID, str]]:
    """Who may be made responsible: (member, called name), in dictionary order."""
    return [(row["id"], row["called_name"]) for row in await hot(queries.OWNERS, list(OWNING))]


async def decisions(here: Here, meeting_id: UUID) -> list[Decision]:
    """In the order in which they were made."""
    return [Decision(**row) for row in await hot(queries.DECISIONS, meeting_id)]


async def decide(here: Here, kind: Kind, on: date, new: New, *, no_name: bool) -> None:
    """Write down a decision about a matter. Harmless twice by its key.

    Raises NotFound, Conflict when the meeting is not in session, Invalid when the text names somebody, KeyReused.
    """
    found = await service.held(here, kind, on, State.HELD)
    item = next((one for one in await agenda.items(here, found.id) if one.id == new.item_id), None)
    if item is None or new.owner_id not in {id_ for id_, _ in await owners(here)}:
        raise NotFound
    await agenda.check(here, "text", new.text, no_name=no_name)
    told = (new.item_id, item.matter.case_id, new.kind, new.text, new.owner_id, new.due_on)
    if not await hot(queries.DECIDE, new.key, found.id, *told, here.now, here.member_id):
        first = await Decided.select().where(Decided.id == new.key).first()
        names = ("item_id", "case_id", "kind", "text", "owner_id", "due_on")
        if first is None or tuple(first[name] for name in names) != told:
            raise KeyReused
        return
    await audit.record(here, "decision:made", item.matter.case_id or found.id, kind=new.kind)


async def withdraw(here: Here, decision_id: UUID) -> None:
    """It was written down by mistake. Harmless twice. Raises NotFound."""
    row = (
        await Decided.select(Decided.state, Decided.case_id, Decided.meeting_id)
        .where(Decided.id == decision_id)
        .first()
    )
    if row is None:
        raise NotFound
    if row["state"] != Task.WITHDRAWN:
        await _step(here, uuid7(here.now), decision_id, Task.WITHDRAWN, "")
        await audit.record(here, "decision:withdrawn", row["case_id"] or row["meeting_id"])


async def listed(here: Here, *, everybodys: bool) -> list[Line]:
    """Tasks to do, the most pressing first, then what was finished in the last month."""
    owner = None if everybodys else here.member_id
    return [Line(**row) for row in await hot(queries.TASKS, owner, here.now - FINISHED_FOR, MOST)]


async def tell(
    here: Here, task_id: UUID, key: UUID, state: Task, reason: str = "", *, anybodys: bool, no_name: bool = False
) -> None:
    """Say what became of a task: one's own, or with `anybodys` any. Harmless twice by `key`.

    Raises NotFound, Invalid when the reason names somebody in care, KeyReused.
    """
    await own(here, task_id, anybodys=anybodys)
    await agenda.check(here, "reason", reason, no_name=no_name)
    if await _step(here, key, task_id, state, reason):
        await audit.record(here, "task:told", task_id, state=state)


async def own(here: Here, task_id: UUID, *, anybodys: bool) -> None:
    """Raises NotFound when it is no task of one's own (of anybody's with `anybodys`)."""
    if not await hot(queries.TASK, task_id, None if anybodys else here.member_id):
        raise NotFound


async def hear(here: Here, kind: Kind, on: date, task_id: UUID, key: UUID, state: Task) -> None:
    """The meeting settles an earlier decision on its slide. Raises NotFound and Conflict."""
    found = await service.held(here, kind, on, State.HELD)
    await tell(here, task_id, key, state, anybodys=True)
    await agenda.retell(here, found.id, task_id, state, "")


async def take_back(here: Here, step_id: UUID) -> None:
    """A task that was said to be finished is to be done again. Harmless twice. Raises NotFound."""
    step = await TaskStep.select(TaskStep.decision_id).where(TaskStep.id == step_id).first()
    if step is None:
        raise NotFound
    await _step(here, uuid7(here.now), step["decision_id"], Task.OPEN, "")
    await audit.record(here, "task:told", step["decision_id"], state=Task.OPEN)


#: how the acts of this room are taken back
TAKES_BACK = {"decision": withdraw, "task_step": take_back}


# --- reminding ----------------------------------------------------------------------------------------------------


async def compose_reminders(here: Here) -> int:
    """One message a morning for each member with tasks of the day. Returns how many were new."""
    return len(await hot(queries.COMPOSE_TASKS, here.today, here.now))


async def still_to_do(here: Here, due: list[Due]) -> dict[UUID, int]:
    """Message id -> how many tasks its recipient still has to do; 0 when they were done meanwhile."""
    rows = await hot(queries.STILL_TO_DO, here.today, [one.recipient_id for one in due])
    tasks = {row["id"]: row["tasks"] for row in rows}
    return {one.id: tasks.get(one.recipient_id, 0) for one in due}


async def _step(here: Here, key: UUID, decision_id: UUID, state: Task, reason: str) -> bool:
    """False when this very step was taken before. Raises KeyReused."""
    if not await hot(queries.TASK_STEP, key, decision_id, state, reason, here.now, here.member_id):
        first = await TaskStep.select().where(TaskStep.id == key).first()
        if first is None or (first["decision_id"], first["state"], first["reason"]) != (decision_id, state, reason):
            raise KeyReused
        return False
    await Decided.update({Decided.state: state.value}).where(Decided.id == decision_id)
    return True
