"""Telling people of what is due: the morning's digests, the escalations, whether a message still holds, the nudge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from khuen import audit, packs
from khuen.errors import Conflict, KeyReused, NotFound, TooMany
from khuen.followups import reminder_queries as queries
from khuen.messages import rules
from khuen.messages import service as messages
from khuen.messages.delivery import Due
from khuen.messages.rules import Kind
from khuen.msgid import N_
from khuen.screening import alerts
from khuen.tenancy import Here, hot

NUDGE_EVERY = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Nudged:
    """The message that was written, or the one that stood there already."""

    message_id: UUID
    buddy: str


async def compose_digests(here: Here) -> int:
    """One message a day for each buddy with visits due and each coordinator with people to look after.

    Returns how many were new; a second run on the same day makes none.
    """
    due = await hot(queries.COMPOSE_DUE, here.today, here.now)
    attention = await hot(queries.COMPOSE_ATTENTION, here.today, here.now)
    return len(due) + len(attention)


async def compose_escalations(here: Here) -> int:
    """Tell those whom the district named of each visit that is too long overdue, once. Returns how many were new."""
    chosen = (await packs.settings_of(here)).escalation
    latest = here.today - timedelta(days=chosen.overdue_days)
    return len(await hot(queries.COMPOSE_ESCALATIONS, here.today, here.now, latest, list(chosen.overdue_to)))


async def compose_week(here: Here) -> int:
    """On the first working day of a week: how many visits are overdue, for those who hear of overdue ones.

    Returns how many messages were new.
    """
    chosen = await packs.settings_of(here)
    if not rules.begins_week(here.today, chosen.holidays.dates):
        return 0
    return len(await hot(queries.COMPOSE_WEEK, here.today, here.now, list(chosen.escalation.overdue_to)))


async def still_true(here: Here, due: list[Due]) -> dict[UUID, int]:
    """Message id -> the present count of what it speaks of; 0 when the visit was made or the answer taken back."""
    by_kind: dict[Kind, list[Due]] = {}
    for one in due:
        by_kind.setdefault(Kind(one.kind), []).append(one)
    counts: dict[UUID, int] = {}
    for kind, some in by_kind.items():
        counts |= await _STILL[kind](here, some)
    return counts


async def nudge(here: Here, code: str, key: UUID) -> Nudged:
    """Ask the buddy of a case to visit. The key is the message's id: a second press changes nothing.

    Raises NotFound, Conflict when nobody visits the person, TooMany within the cool-down, KeyReused.
    """
    nudged = (await _nudge(here, {code: key}))[code]
    if isinstance(nudged, Exception):
        raise nudged
    return nudged


async def nudge_many(here: Here, keys: Mapping[str, UUID]) -> dict[str, str | None]:
    """The same for many cases, code -> key, in a fixed number of flights: for each code None when its buddy is asked,
    else the message id of why not: nobody visits, or the buddy was asked a short while ago.

    Raises NotFound for a code that is not here, KeyReused.
    """
    answers = await _nudge(here, keys)
    return {code: None if isinstance(one, Nudged) else one.text for code, one in answers.items()}


async def _nudge(here: Here, keys: Mapping[str, UUID]) -> dict[str, Nudged | Conflict | TooMany]:
    cases = {row["code"]: row for row in await hot(queries.NUDGED_CASES, list(keys))}
    if cases.keys() != keys.keys():
        raise NotFound
    written = {row["id"]: row["subject_id"] for row in await hot(queries.NUDGES_OF, list(keys.values()))}
    ids = [case["id"] for case in cases.values()]
    since = here.now - NUDGE_EVERY
    last = {row["subject_id"]: row["made_at"] for row in await hot(queries.LAST_NUDGES, ids, since, here.today)}
    answers: dict[str, Nudged | Conflict | TooMany] = {}
    new = []
    for code, key in keys.items():
        case = cases[code]
        if written.get(key, case["id"]) != case["id"]:
            raise KeyReused
        if key not in written and (refused := _refused(here, case, last.get(case["id"]))):
            answers[code] = refused
            continue
        answers[code] = Nudged(key, case["called_name"] or "")
        if key not in written:
            new.append(messages.NewMessage(Kind.NUDGE, case["id"], case["member_id"], id=key))
    await messages.compose_many(here, new)
    await audit.record_many(here, [audit.entry(here, "message:nudged", one.subject_id) for one in new])
    return answers


def _refused(here: Here, case: Any, last: datetime | None) -> Conflict | TooMany | None:
    if case["member_id"] is None:
        return Conflict(N_("Nobody visits this person yet. Assign a buddy first."))
    if last is None:
        return None
    wait = last + NUDGE_EVERY - here.now
    return TooMany(N_("The buddy was asked a short while ago."), retry_after=max(1, int(wait.total_seconds())))


# --- does a message still speak of something true? -------------------------------------------------------------------


async def _still_due(here: Here, due: list[Due]) -> dict[UUID, int]:
    rows = await hot(queries.STILL_DUE, here.today, [one.recipient_id for one in due])
    people = {row["id"]: row["people"] for row in rows}
    return {one.id: people.get(one.recipient_id, 0) for one in due}


async def _still_overdue(here: Here, due: list[Due]) -> dict[UUID, int]:
    rows = await hot(queries.STILL_OVERDUE, here.today, [one.subject_id for one in due])
    days = {row["id"]: row["days"] for row in rows}
    return {one.id: days.get(one.subject_id, 0) for one in due}


async def _still_wanting(here: Here, due: list[Due]) -> dict[UUID, int]:
    rows = await hot(queries.STILL_WANTING)
    return {one.id: rows[0]["people"] for one in due}


async def _still_late(here: Here, due: list[Due]) -> dict[UUID, int]:
    rows = await hot(queries.OVERDUE, here.today)
    return {one.id: rows[0]["people"] for one in due}


async def _not_withdrawn(here: Here, due: list[Due]) -> dict[UUID, int]:
    gone = _ids(await hot(queries.WITHDRAWN, [one.subject_id for one in due]))
    return {one.id: int(one.subject_id not in gone) for one in due}


async def _still_alarming(here: Here, due: list[Due]) -> dict[UUID, int]:
    known = await alerts.alerted(here, [one.subject_id for one in due])
    return {one.id: int(one.subject_id in known and known[one.subject_id].stands) for one in due}


async def _still_nudged(here: Here, due: list[Due]) -> dict[UUID, int]:
    wanted = _ids(await hot(queries.STILL_NUDGED, [one.id for one in due]))
    return {one.id: int(one.id in wanted) for one in due}


async def _still_away(here: Here, due: list[Due]) -> dict[UUID, int]:
    away = _ids(await hot(queries.STILL_AWAY, [one.subject_id for one in due]))
    return {one.id: int(one.subject_id in away) for one in due}


def _ids(rows: Iterable[Any]) -> set[UUID]:
    return {row["id"] for row in rows}


_STILL = {
    Kind.VISIT_DUE_DIGEST: _still_due,
    Kind.OVERDUE_ESCALATION: _still_overdue,
    Kind.WORRYING_DIGEST: _still_wanting,
    Kind.WEEK: _still_late,
    Kind.URGENT_CHECK_IN: _not_withdrawn,
    Kind.NUDGE: _still_nudged,
    Kind.ALERT: _still_alarming,
    Kind.RETURN_DUE: _still_away,
}
