"""Who came to a session, the doctor among them, and how it is closed."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

import asyncpg

from khuen import audit, packs, thai
from khuen.cases.rules import STOPPED, Stage, too_late
from khuen.errors import Conflict, Invalid, KeyReused, NotFound
from khuen.ids import uuid7
from khuen.msgid import N_
from khuen.tenancy import Here, hot, many
from khuen.treatment import queries, rules
from khuen.treatment.rules import Kind, Mark, Reason, Said
from khuen.treatment.tables import Session
from khuen.treatment.tallies import Difference, recompute, recompute_part, tallies

__all__ = ["Difference", "recompute", "recompute_part", "tallies"]

CLOSED_NEEDS_REASON = N_("This session is closed. Say why the roster is corrected")
NOT_PLANNED = N_("This session was cancelled")
NOT_ALL_MARKED = N_("Somebody is not marked yet. Mark them, or let the rest be absent")
NO_DOCTOR_THEN = N_("This colleague did not hold the role of a doctor on that day")
DOCTOR_STAYS = N_("The session is closed with this doctor")


@dataclass(frozen=True, slots=True)
class Doctor:
    id: UUID
    called_name: str
    present: bool


@dataclass(frozen=True, slots=True)
class Change:
    """Why a session moved or fell away."""

    what: str
    reason: str
    was_at: datetime
    starts_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class SessionPage:
    id: UUID
    project_id: UUID
    project: str
    kind: Kind
    title: str
    on: date
    starts_at: datetime
    minutes: int
    place: str
    state: str
    backdated: bool
    closed_as: Kind | None
    closed_at: datetime | None
    closed_by: str | None
    changes: tuple[Change, ...]
    doctors: tuple[Doctor, ...]

    @property
    def doctor_present(self) -> bool:
        return any(doctor.present for doctor in self.doctors)


@dataclass(frozen=True, slots=True)
class Expected:
    """One row of a roster. `stage` is where the case stood on the day of the session."""

    case_id: UUID
    code: str
    name: str
    subdistrict_code: str | None
    moo: str | None
    stage: Stage | None
    said: Said | None
    correction: str
    by: str | None
    missed: int
    stopped_on: date | None  #: since when the consent to treatment does not stand


@dataclass(frozen=True, slots=True)
class Marked:
    """How one person is marked; `key` is the id of the row."""

    key: UUID
    code: str
    said: Said


async def session(here: Here, session_id: UUID) -> SessionPage:
    """Raises NotFound."""
    rows = await hot(queries.SESSION, session_id)
    if not rows:
        raise NotFound
    return _page(rows[0])


async def roster(here: Here, of: SessionPage, code: str | None = None) -> list[Expected]:
    """Who was expected on that day and whoever is marked, by name; with `code` that case alone, expected or not."""
    return [_expected(row) for row in await hot(queries.ROSTER, of.id, of.project_id, of.on, code)]


async def roster_sheet(here: Here, of: SessionPage) -> list[Expected]:
    """The same for paper, written down once with its count: it leaves the site with names on it."""
    people = await roster(here, of)
    await audit.record(here, "document:made", of.id, kind="roster", count=len(people))
    return people


async def record_attendance(
    here: Here, session_id: UUID, marks: Sequence[Marked], *, correction: str = ""
) -> SessionPage:
    """Mark people at a session; each mark is a row, the newest stands. Harmless twice by the key of each.

    An absence leaves a task to ask after the person, which a later "came" takes away again. Raises NotFound for a
    stranger's session or case, Invalid (a field for each code) for whoever was not in care or did not consent on that
    day or when the day lies ahead, Conflict for a cancelled session, KeyReused.
    """
    found = await _held(here, session_id)
    if not rules.may_mark(found.on, here.today):
        raise Invalid({}, rules.NOT_YET_DAY)
    if found.state == "closed" and not correction:
        raise Invalid({"correction": CLOSED_NEEDS_REASON})
    fresh = await _fresh(session_id, marks, await _cases(here, found, marks))
    if fresh:
        await _write(here, found, fresh, correction)
        if found.state == "closed":
            await recompute(here, [case_id for _, case_id in fresh])
        tag = "attendance:corrected" if correction else "attendance:marked"
        await audit.record(here, tag, session_id, count=len(fresh))
    return found


async def doctor_came(here: Here, session_id: UUID, member_id: UUID, *, key: UUID) -> None:
    """Mark a doctor as present. Harmless twice. Raises NotFound, Invalid when the member was no doctor on that day."""
    found = await _held(here, session_id)
    if not rules.may_mark(found.on, here.today):
        raise Invalid({}, rules.NOT_YET_DAY)
    made = await hot(queries.DOCTOR_CAME, key, session_id, member_id, here.now, here.member_id)
    if made:
        await audit.record(here, "doctor:present", session_id, by=member_id)
    elif member_id not in {row["member_id"] for row in await hot(queries.DOCTORS, session_id)}:
        raise Invalid({"doctor": NO_DOCTOR_THEN})


async def doctor_went(here: Here, session_id: UUID, member_id: UUID) -> None:
    """Take a wrong tick away. Harmless twice. Raises NotFound, Conflict once the session is closed."""
    found = await _held(here, session_id)
    if found.state == "closed":
        raise Conflict(DOCTOR_STAYS)
    if await hot(queries.DOCTOR_WENT, session_id, member_id):
        await audit.record(here, "doctor:removed", session_id, by=member_id)


async def close_session(
    here: Here, session_id: UUID, *, key: UUID, kind: Kind | None = None, rest_absent: bool = False
) -> Kind:
    """Close a session as what it was to be, or as another activity; answers as what. Harmless twice by `key`.

    With `rest_absent` whoever is not marked was absent, reason not known. Raises NotFound, Invalid when no doctor is
    marked as present at a CBTx session or somebody is not marked, Conflict when it was cancelled or closed otherwise.
    """
    found = await _held(here, session_id)
    kind = kind or found.kind
    if found.state == "closed":
        return await _closed_before(session_id, key, kind)
    if not rules.may_mark(found.on, here.today):
        raise Invalid({}, rules.NOT_YET_DAY)
    doctors = await hot(queries.DOCTORS, session_id)
    if kind is Kind.CBTX and not doctors:
        raise Invalid({"kind": rules.NO_DOCTOR})
    people = await roster(here, found)
    await _mark_rest(here, found, [one for one in people if one.said is None], key, rest_absent)
    presence = doctors[0]["id"] if kind is Kind.CBTX else None
    try:
        made = await hot(queries.CLOSE, key, session_id, kind, presence, here.now, here.member_id)
    except (asyncpg.CheckViolationError, asyncpg.ForeignKeyViolationError) as error:
        raise Invalid({"kind": rules.NO_DOCTOR}) from error
    if not made:
        raise KeyReused
    await Session.update({Session.state: "closed"}).where(Session.id == session_id)
    await recompute(here, [one.case_id for one in people])
    await audit.record(here, "session:closed", session_id, kind=str(kind), count=len(people))
    return kind


async def _held(here: Here, session_id: UUID) -> SessionPage:
    """The session, held until COMMIT, so that marking, closing and moving take turns."""
    await Session.select(Session.id).where(Session.id == session_id).lock_rows().first()
    found = await session(here, session_id)
    if found.state == "cancelled":
        raise Conflict(NOT_PLANNED)
    return found


async def _cases(here: Here, of: SessionPage, marks: Sequence[Marked]) -> dict[str, UUID]:
    """The cases that are marked, of this session's project and in care on its day."""
    one = marks[0].code if len(marks) == 1 else None
    known = {row.code: row for row in await roster(here, of, one)}
    wrong = {}
    for mark in marks:
        if mark.code not in known:
            alone = await roster(here, of, mark.code)
            if not alone:
                raise NotFound
            known[mark.code] = alone[0]
        if refused := rules.refusal(known[mark.code].stage):
            wrong[mark.code] = refused
        elif too_late(known[mark.code].stopped_on, of.on):
            wrong[mark.code] = STOPPED
    if wrong:
        raise Invalid(wrong)
    return {mark.code: known[mark.code].case_id for mark in marks}


async def _fresh(session_id: UUID, marks: Sequence[Marked], cases: dict[str, UUID]) -> list[tuple[Marked, UUID]]:
    """The marks that are not rows yet."""
    rows = {row["id"]: row for row in await hot(queries.MARKED, [mark.key for mark in marks])}
    fresh = []
    for mark in marks:
        row = rows.get(mark.key)
        if row is None:
            fresh.append((mark, cases[mark.code]))
            continue
        kept = (row["session_id"], row["case_id"], row["mark"], row["reason"])
        if kept != (session_id, cases[mark.code], mark.said.mark, mark.said.reason):
            raise KeyReused
    return fresh


async def _write(here: Here, of: SessionPage, marks: Collection[tuple[Marked, UUID]], correction: str) -> None:
    rows = [
        (one.key, of.id, case_id, one.said.mark, one.said.reason, correction, here.now, here.member_id)
        for one, case_id in marks
    ]
    await many(queries.MARK, rows)
    absent = [case_id for one, case_id in marks if rules.wants_contact(one.said.mark)]
    others = [case_id for one, case_id in marks if not rules.wants_contact(one.said.mark)]
    if absent:
        days = (await packs.settings_of(here)).treatment.contact_within_days
        due_on = rules.contact_due(of.on, here.today, days)
        await many(queries.ASK, [(uuid7(here.now), case_id, of.id, due_on, here.now) for case_id in absent])
    if others:
        await hot(queries.ASK_NO_MORE, of.id, others, here.now, here.member_id)


async def _mark_rest(here: Here, of: SessionPage, rest: list[Expected], key: UUID, rest_absent: bool) -> None:
    if rest and not rest_absent:
        raise Invalid({"rest": NOT_ALL_MARKED})
    unknown = Said(Mark.ABSENT, Reason.UNKNOWN)
    await _write(here, of, [(Marked(uuid5(key, one.code), one.code, unknown), one.case_id) for one in rest], "")


async def _closed_before(session_id: UUID, key: UUID, kind: Kind) -> Kind:
    row = (await hot(queries.CLOSED, session_id))[0]
    if row["id"] != key or row["kind"] != kind:
        raise Conflict
    return kind


def _page(row: Any) -> SessionPage:
    return SessionPage(
        id=row["id"],
        project_id=row["project_id"],
        project=row["project"],
        kind=Kind(row["kind"]),
        title=row["title"],
        on=row["on_date"],
        starts_at=row["starts_at"],
        minutes=row["minutes"],
        place=row["place"],
        state=row["state"],
        backdated=row["backdated"],
        closed_as=Kind(row["closed_as"]) if row["closed_as"] else None,
        closed_at=row["closed_at"],
        closed_by=row["closed_by"],
        changes=tuple(_change(*one) for one in json.loads(row["changes"] or "[]")),
        doctors=tuple(
            Doctor(UUID(id_), called_name, presence is not None)
            for id_, called_name, presence in json.loads(row["doctors"] or "[]")
        ),
    )


def _change(what: str, reason: str, was_at: str, starts_at: str, at: str) -> Change:
    moments = (datetime.fromisoformat(text) for text in (was_at, starts_at, at))
    return Change(what, reason, *moments)


def _expected(row: Any) -> Expected:
    marked = Said(Mark(row["mark"]), Reason(row["reason"]) if row["reason"] else None) if row["mark"] else None
    return Expected(
        case_id=row["case_id"],
        code=row["code"],
        name=thai.on_phone(row["called_name"], row["family_name"]),
        subdistrict_code=row["subdistrict_code"],
        moo=row["moo"],
        stage=Stage(row["stage"]) if row["stage"] else None,
        said=marked,
        correction=row["correction"] or "",
        by=row["by"],
        missed=row["missed"],
        stopped_on=row["stopped_on"],
    )
