"""The calendar of sessions: planned every week or one by one, moved, cancelled, put back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID, uuid5

from khuen import audit, clock, packs
from khuen.cases.tables import Project
from khuen.errors import Conflict, Invalid, KeyReused, NotFound
from khuen.ids import uuid7
from khuen.msgid import N_
from khuen.tenancy import Here, hot, many
from khuen.treatment import calendar_rules, queries, rules
from khuen.treatment.calendar_rules import Slot, Weekly
from khuen.treatment.rules import Kind
from khuen.treatment.tables import Session, SessionSeries

HOLIDAY = N_("A public holiday")
IS_CLOSED = N_("A closed session stays where it is")
HAS_MARKS = N_("People are marked at this session already")


@dataclass(frozen=True, slots=True)
class NewSession:
    """What is planned, but for its day. `title` names an activity that is no CBTx session."""

    project_id: UUID
    kind: Kind
    title: str
    place: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Line:
    """A session as the calendar shows it."""

    id: UUID
    kind: Kind
    title: str
    on: date
    starts_at: datetime
    minutes: int
    place: str
    state: str
    backdated: bool
    project: str
    closed_as: Kind | None
    reason: str | None  #: why it moved or fell away
    marked: int
    doctors: int


async def calendar(here: Here, first: date, last: date, project_id: UUID | None = None) -> list[Line]:
    """The sessions of these days, both counted, in order of time. One statement."""
    return [_line(row) for row in await hot(queries.CALENDAR, first, last, project_id)]


async def plan_series(here: Here, key: UUID, new: NewSession, weekly: Weekly) -> tuple[int, int]:
    """Plan a session for every week: (how many, how many of them fall on a holiday and are cancelled with that word).

    Harmless twice by `key`. Raises NotFound for another district's project, Invalid, KeyReused.
    """
    if problem := calendar_rules.wrong(weekly):
        raise Invalid({"until": problem})
    await _project(new.project_id)
    holidays = (await packs.settings_of(here)).holidays.dates
    slots = calendar_rules.expand(weekly, holidays)
    row = (new.project_id, new.kind, new.title, weekly.weekday, weekly.at, new.minutes, new.place, weekly.from_on)
    if not await hot(queries.SERIES, key, *row, weekly.until_on, here.now, here.member_id):
        kept = await SessionSeries.select().where(SessionSeries.id == key).first()
        if kept is None or _series(kept) != (*row, weekly.until_on):
            raise KeyReused
        return len(slots), sum(slot.holiday for slot in slots)
    await _plan(here, key, new, slots)
    await audit.record(here, "session:planned", key, count=len(slots))
    return len(slots), sum(slot.holiday for slot in slots)


async def add_session(here: Here, key: UUID, new: NewSession, starts_at: datetime) -> UUID:
    """Plan one session, also one that was held already. Harmless twice by `key`. Raises NotFound, KeyReused."""
    await _project(new.project_id)
    if await Session.exists().where(Session.id == key):
        kept = await Session.select().where(Session.id == key).first()
        if kept is None or _content(kept) != (new, starts_at):
            raise KeyReused
        return key
    on = clock.day(starts_at)
    await many(queries.PLAN, [_row(here, key, None, new, Slot(on, starts_at, False), "planned")])
    await audit.record(here, "session:planned", key, count=1)
    return key


async def move(here: Here, session_id: UUID, key: UUID, starts_at: datetime, reason: str) -> None:
    """Another day or hour, with a reason. Harmless twice. Raises NotFound, Conflict once people are marked at it."""
    row, fresh = await _change(here, session_id, key, "moved", reason, starts_at)
    if not fresh:
        return
    if row["state"] != "planned" or await hot(queries.IS_MARKED, session_id):
        raise Conflict(IS_CLOSED if row["state"] == "closed" else HAS_MARKS)
    on = clock.day(starts_at)
    values: dict[Any, Any] = {
        Session.starts_at: starts_at,
        Session.on_date: on,
        Session.backdated: rules.backdated(on, here.today),
    }
    await Session.update(values).where(Session.id == session_id)
    await audit.record(here, "session:moved", session_id)


async def cancel(here: Here, session_id: UUID, key: UUID, reason: str) -> None:
    """It is not held, with a reason. Harmless twice. Raises NotFound, Conflict once people are marked at it."""
    row, fresh = await _change(here, session_id, key, "cancelled", reason, None)
    if not fresh:
        return
    if row["state"] != "planned" or await hot(queries.IS_MARKED, session_id):
        raise Conflict(IS_CLOSED if row["state"] == "closed" else HAS_MARKS)
    await Session.update({Session.state: "cancelled"}).where(Session.id == session_id)
    await audit.record(here, "session:cancelled", session_id)


async def restore(here: Here, session_id: UUID, key: UUID) -> None:
    """A cancelled session is held after all. Harmless twice. Raises NotFound, Conflict."""
    row, fresh = await _change(here, session_id, key, "restored", "", None)
    if not fresh:
        return
    if row["state"] != "cancelled":
        raise Conflict
    await Session.update({Session.state: "planned"}).where(Session.id == session_id)
    await audit.record(here, "session:restored", session_id)


async def _project(project_id: UUID) -> None:
    if not await Project.exists().where(Project.id == project_id):
        raise NotFound


async def _plan(here: Here, key: UUID, new: NewSession, slots: list[Slot]) -> None:
    """A session of a series has an id made of the series and its day, so that a second sending makes none anew."""
    ids = [uuid5(key, slot.on.isoformat()) for slot in slots]
    rows = [
        _row(here, id_, key, new, slot, "cancelled" if slot.holiday else "planned")
        for id_, slot in zip(ids, slots, strict=True)
    ]
    await many(queries.PLAN, rows)
    off = [(id_, slot) for id_, slot in zip(ids, slots, strict=True) if slot.holiday]
    await many(
        queries.CHANGE,
        [
            (uuid7(here.now), id_, "cancelled", HOLIDAY, slot.starts_at, slot.starts_at, here.now, here.member_id)
            for id_, slot in off
        ],
    )


def _row(here: Here, id_: UUID, series: UUID | None, new: NewSession, slot: Slot, state: str) -> tuple[Any, ...]:
    return (
        id_,
        new.project_id,
        series,
        new.kind,
        new.title,
        slot.on,
        slot.starts_at,
        new.minutes,
        new.place,
        state,
        rules.backdated(slot.on, here.today),
        here.now,
        here.member_id,
    )


async def _change(
    here: Here, session_id: UUID, key: UUID, what: str, reason: str, to: datetime | None
) -> tuple[dict[str, Any], bool]:
    """The session as it stood, held until COMMIT, and whether this change is new. Raises NotFound, KeyReused."""
    row = await Session.select().where(Session.id == session_id).lock_rows().first()
    if row is None:
        raise NotFound
    to = to or row["starts_at"]
    values = (key, session_id, what, reason, row["starts_at"], to, here.now, here.member_id)
    if await hot(queries.CHANGE, *values):
        return row, True
    first = (await hot(queries.CHANGED, key))[0]
    if tuple(first) != (session_id, what, reason, to):
        raise KeyReused
    return row, False


def _series(row: dict[str, Any]) -> tuple[UUID, str, str, int, time, int, str, date, date]:
    return (
        row["project_id"],
        row["kind"],
        row["title"],
        row["weekday"],
        row["at_time"],
        row["minutes"],
        row["place"],
        row["from_on"],
        row["until_on"],
    )


def _content(row: dict[str, Any]) -> tuple[NewSession, datetime]:
    new = NewSession(row["project_id"], Kind(row["kind"]), row["title"], row["place"], row["minutes"])
    return new, row["starts_at"]


def _line(row: Any) -> Line:
    return Line(
        id=row["id"],
        kind=Kind(row["kind"]),
        title=row["title"],
        on=row["on_date"],
        starts_at=row["starts_at"],
        minutes=row["minutes"],
        place=row["place"],
        state=row["state"],
        backdated=row["backdated"],
        project=row["project"],
        closed_as=Kind(row["closed_as"]) if row["closed_as"] else None,
        reason=row["reason"],
        marked=row["marked"],
        doctors=row["doctors"],
    )
