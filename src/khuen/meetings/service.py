"""Planning a meeting, opening and closing it, who chaired, who came. Matters are agenda.py's, decisions tasks.py's.

A change of state is a row of `meeting_step`; the meeting's row is held meanwhile, so that two screens take turns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from khuen import audit, packs
from khuen.errors import Conflict, KeyReused, NotFound
from khuen.ids import uuid7
from khuen.meetings import agenda, queries, rules
from khuen.meetings.rules import Kind, State
from khuen.meetings.tables import Meeting, MeetingAttendance, MeetingChair, MeetingStep
from khuen.msgid import N_
from khuen.tenancy import Here, hot

TAKEN = N_("There is a meeting on this day already")
TOO_EARLY = N_("The meeting is opened on its own day")
NOT_PLANNED = N_("Only a meeting that has not begun can be opened or cancelled")
NOT_HELD = N_("This works only while the meeting is in session")
LISTED = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A meeting in a list."""

    id: UUID
    kind: str
    on_date: date
    starts_at: time
    place: str
    fiscal_year: int
    number: int
    chair: str  #: the post
    state: str
    by_chief: bool
    decisions: int = 0
    open: int = 0  #: of them, not yet done

    @property
    def address(self) -> str:
        return rules.address(self.kind, self.on_date)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Card):
    """A meeting with what was written down while it was held. `substitute` is who chaired for the chief."""

    item_id: UUID | None
    opened_at: datetime | None
    ended_at: datetime | None
    recorder: str
    reviewer: str
    adopted: str
    substitute: str | None
    substitute_reason: str | None


@dataclass(frozen=True, slots=True)
class New:
    """A meeting as it is planned; `key` becomes its id."""

    key: UUID
    kind: Kind
    on: date
    at: time
    place: str


@dataclass(frozen=True, slots=True)
class Ending:
    """What is written down when the minutes are closed. `adopted` is "", "adopted" or "amended"."""

    ended_at: datetime
    recorder: str
    reviewer: str
    adopted: str


@dataclass(frozen=True, slots=True)
class Came:
    """One agency at one meeting."""

    came: bool
    who: str = ""


async def listed(here: Here) -> list[Card]:
    """The last meetings, newest first."""
    return [Card(**row) for row in await hot(queries.MEETINGS, LISTED)]


async def suggested(here: Here, kind: Kind, past: list[Card]) -> New:
    """The next meeting of this kind as the last ones suggest it; the key is new."""
    settings = await packs.settings_of(here)
    of_kind = [card for card in past if card.kind == kind]
    on = rules.next_date(
        kind, [card.on_date for card in of_kind], settings.meetings.weekday, set(settings.holidays.dates), here.today
    )
    last = of_kind[0] if of_kind else None
    return New(
        uuid7(here.now),
        kind,
        on,
        last.starts_at if last else settings.meetings.at,
        last.place if last else settings.meetings.place,
    )


async def plan(here: Here, new: New) -> Session:
    """Write a meeting down; its number follows those of its fiscal year. Harmless twice by `key`.

    Raises Conflict when there is a meeting of that kind on that day, KeyReused.
    """
    known = await Meeting.select().where(Meeting.id == new.key).first()
    if known is None:
        settings = (await packs.settings_of(here)).meetings
        chair = settings.province_chair if new.kind is Kind.PROVINCE else settings.chair
        year = rules.fiscal_year(new.on)
        taken = [row["number"] for row in await hot(queries.NUMBERS_TAKEN, new.kind, year)]
        number = rules.next_number(taken)
        try:
            written = (year, number, chair, here.now, here.member_id)
            await hot(queries.PLAN, new.key, new.kind, new.on, new.at, new.place, *written)
        except asyncpg.UniqueViolationError as error:
            raise Conflict(TAKEN) from error
        await _step(here, new.key, new.key, State.PLANNED)
        await audit.record(here, "meeting:planned", new.key, kind=new.kind)
    elif (known["kind"], known["on_date"], known["place"]) != (new.kind, new.on, new.place):
        raise KeyReused
    return await session(here, new.kind, new.on)


async def session(here: Here, kind: Kind, on: date) -> Session:
    """One meeting. Raises NotFound."""
    rows = await hot(queries.MEETING, kind, on)
    if not rows:
        raise NotFound
    return Session(**rows[0])


async def held(here: Here, kind: Kind, on: date, *states: State) -> Session:
    """The same, and nobody else changes it before COMMIT. Raises NotFound, Conflict when it is in no such state."""
    if not await hot(queries.HELD, kind, on):
        raise NotFound
    found = await session(here, kind, on)
    if states and found.state not in states:
        raise Conflict(NOT_PLANNED if State.PLANNED in states else NOT_HELD)
    return found


async def open_meeting(here: Here, kind: Kind, on: date, key: UUID) -> Session:
    """Begin: the agenda is frozen as rows. Harmless twice. Raises NotFound and Conflict."""
    found = await held(here, kind, on, State.PLANNED, State.HELD)
    if found.state == State.HELD:
        return found
    if here.today < on:
        raise Conflict(TOO_EARLY)
    first = await agenda.freeze(here, found.id, kind)
    await _step(here, key, found.id, State.HELD)
    await Meeting.update({Meeting.state: State.HELD.value, Meeting.opened_at: here.now, Meeting.item_id: first}).where(
        Meeting.id == found.id
    )
    await audit.record(here, "meeting:opened", found.id, kind=kind)
    return replace(found, state=State.HELD.value, opened_at=here.now, item_id=first)


async def close(here: Here, kind: Kind, on: date, key: UUID, ending: Ending) -> Session:
    """End: from now on nothing of it changes. Harmless twice. Raises NotFound and Conflict."""
    found = await held(here, kind, on, State.HELD, State.CLOSED)
    if found.state == State.CLOSED:
        return found
    await _step(here, key, found.id, State.CLOSED)
    await Meeting.update(
        {
            Meeting.state: State.CLOSED.value,
            Meeting.ended_at: ending.ended_at,
            Meeting.recorder: ending.recorder,
            Meeting.reviewer: ending.reviewer,
            Meeting.adopted: ending.adopted,
        }
    ).where(Meeting.id == found.id)
    await audit.record(here, "meeting:closed", found.id, kind=kind)
    return await session(here, kind, on)


async def cancel(here: Here, kind: Kind, on: date, key: UUID, reason: str) -> None:
    """It does not take place; its number goes to the next one. Harmless twice. Raises NotFound and Conflict."""
    if await _stepped(key, State.CANCELLED):
        return
    found = await held(here, kind, on, State.PLANNED)
    await _step(here, key, found.id, State.CANCELLED, reason)
    await Meeting.update({Meeting.state: State.CANCELLED.value}).where(Meeting.id == found.id)
    await audit.record(here, "meeting:cancelled", found.id, kind=kind)


async def chair(here: Here, kind: Kind, on: date, key: UUID, *, by_chief: bool, name: str = "", why: str = "") -> None:
    """Write down who chairs. A substitute stays one: B10 counts the meetings that the chief chaired in person.

    Harmless twice by `key`. Raises NotFound, Conflict when the minutes are closed, KeyReused.
    """
    found = await held(here, kind, on, State.PLANNED, State.HELD)
    told = ("", "") if by_chief else (name, why)
    if not await hot(queries.CHAIRED, key, found.id, by_chief, *told, here.now, here.member_id):
        first = await MeetingChair.select().where(MeetingChair.id == key).first()
        wanted = (found.id, by_chief, *told)
        if first is None or (first["meeting_id"], first["by_chief"], first["name"], first["reason"]) != wanted:
            raise KeyReused
        return
    await audit.record(here, "meeting:chaired", found.id, by="chief" if by_chief else "substitute")


async def attend(here: Here, kind: Kind, on: date, key: UUID, agencies: Mapping[str, Came]) -> None:
    """Write down who came, all agencies at once. Harmless twice by `key`. Raises NotFound, Conflict, KeyReused."""
    found = await held(here, kind, on, State.HELD)
    content = msgspec.json.encode(dict(agencies), order="sorted").decode()
    if not await hot(queries.ATTENDED, key, found.id, content, here.now, here.member_id):
        first = await MeetingAttendance.select().where(MeetingAttendance.id == key).first()
        if first is None or (first["meeting_id"], first["content"]) != (found.id, content):
            raise KeyReused
        return
    await audit.record(here, "meeting:attended", found.id, count=sum(one.came for one in agencies.values()))


async def attendance(here: Here, meeting_id: UUID) -> dict[str, Came]:
    """Who came, by agency; {} while nobody has written it down."""
    rows = await hot(queries.ATTENDANCE, meeting_id)
    return msgspec.json.decode(rows[0]["content"], type=dict[str, Came]) if rows else {}


async def before(here: Here, kind: Kind, on: date) -> Any | None:
    """(number, fiscal year, date) of the meeting whose minutes are read first; None at the first one."""
    rows = await hot(queries.BEFORE, kind, on)
    return rows[0] if rows else None


async def show(here: Here, kind: Kind, on: date, item_id: UUID) -> None:
    """The secretary turns to a matter; other screens follow. Raises NotFound."""
    found = await session(here, kind, on)
    if item_id not in {item.id for item in await agenda.items(here, found.id)}:
        raise NotFound
    await Meeting.update({Meeting.item_id: item_id}).where(Meeting.id == found.id)


async def _step(here: Here, key: UUID, meeting_id: UUID, state: State, reason: str = "") -> None:
    assert here.member_id is not None
    if not await hot(queries.STEP, key, meeting_id, state, here.now, here.member_id, reason):
        raise KeyReused


async def _stepped(key: UUID, state: State) -> bool:
    row = await MeetingStep.select(MeetingStep.state).where(MeetingStep.id == key).first()
    return row is not None and row["state"] == state
