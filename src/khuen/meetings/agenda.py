"""The matters of a meeting: built from data, frozen when it opens, added to, put in another order, left out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from khuen import audit, clock, packs, thai
from khuen.errors import Conflict, Invalid, NotFound
from khuen.ids import uuid7
from khuen.meetings import queries, rules
from khuen.meetings.rules import Facts, Matter, Promise, Section
from khuen.meetings.tables import AgendaItem
from khuen.msgid import N_
from khuen.tenancy import Here, hot, many

NAMES_SOMEBODY = N_("This seems to hold somebody's name. Write the code instead")
DECIDED = N_("Something was decided about this matter, so it stays")


@dataclass(frozen=True, slots=True)
class Item:
    """One matter as the meeting sees it."""

    id: UUID
    matter: Matter
    place: int
    skipped: bool


async def preview(here: Here, kind: str) -> list[Matter]:
    """What would come before the meeting if it opened now."""
    return await _build(here, None, kind, ())


async def freeze(here: Here, meeting_id: UUID, kind: str) -> UUID:
    """Keep the agenda as it is now; answers the first matter. What was added beforehand stays."""
    await _refresh(here, meeting_id, kind, set())
    return next(item.id for item in await items(here, meeting_id) if not item.skipped)


async def renew(here: Here, meeting_id: UUID, kind: str, shown: UUID | None) -> None:
    """Let the agenda follow what is known now: new matters come in, facts are renewed, what is settled goes.

    What was added by hand, left out, promised earlier, decided about or is `shown` just now stays.
    """
    await _refresh(here, meeting_id, kind, await _decided(meeting_id) | {shown})
    await audit.record(here, "agenda:refreshed", meeting_id)


async def items(here: Here, meeting_id: UUID) -> list[Item]:
    """In the order in which they are walked."""
    return [Item(row["id"], _matter(row), row["place"], row["skipped"]) for row in await hot(queries.ITEMS, meeting_id)]


async def add(here: Here, meeting_id: UUID, key: UUID, section: Section, title: str, *, no_name: bool) -> None:
    """A matter in the meeting's own words, at the end of its section. Harmless twice. Raises Invalid: see `check`."""
    await check(here, "title", title, no_name=no_name)
    found = await items(here, meeting_id)
    if key in {item.id for item in found}:
        return
    rank = list(Section)
    order = [(item.id, item.matter, False) for item in found]
    at = sum(rank.index(matter.section) <= rank.index(section) for _, matter, _ in order)
    order.insert(at, (key, Matter(section, title=title), True))
    await _write(here, meeting_id, order, [])
    await audit.record(here, "agenda:changed", meeting_id, how="added")


async def move(here: Here, meeting_id: UUID, item_id: UUID, to: int) -> None:
    """Put a matter in another place, counted from 1. Harmless twice. Raises NotFound."""
    found = await items(here, meeting_id)
    moving = next((item for item in found if item.id == item_id), None)
    if moving is None:
        raise NotFound
    rest = [item for item in found if item.id != item_id]
    rest.insert(max(0, min(to - 1, len(rest))), moving)
    await _write(here, meeting_id, [(item.id, item.matter, False) for item in rest], [])
    await audit.record(here, "agenda:changed", meeting_id, how="moved")


async def leave_out(here: Here, meeting_id: UUID, item_id: UUID, *, skip: bool) -> None:
    """Leave a matter out of this meeting, or take it in again. Harmless twice. Raises NotFound and Conflict."""
    if item_id not in {item.id for item in await items(here, meeting_id)}:
        raise NotFound
    if skip and item_id in await _decided(meeting_id):
        raise Conflict(DECIDED)
    await AgendaItem.update({AgendaItem.skipped_at: here.now if skip else None}).where(AgendaItem.id == item_id)
    await audit.record(here, "agenda:changed", meeting_id, how="left_out" if skip else "taken_in")


async def retell(here: Here, meeting_id: UUID, promise_id: UUID, state: str, reason: str) -> None:
    """The meeting has heard what became of an earlier decision."""
    for item in await items(here, meeting_id):
        promises = tuple(
            replace(one, state=state, reason=reason) if one.id == promise_id else one for one in item.matter.promises
        )
        if promises != item.matter.promises:
            await hot(queries.RETELL, item.id, item.place, facts(replace(item.matter, promises=promises)))


async def check(here: Here, field: str, text: str, *, no_name: bool) -> None:
    """What goes on a projector and into minutes must not name anybody in care. Raises Invalid at the field.

    Names are found by their letters, so an ordinary word may look like one: `no_name` is somebody's word that it is.
    """
    if text and not no_name:
        words = thai.canonical(text).split()
        if (await hot(queries.NAMES_SOMEBODY, thai.squash(text), words))[0]["found"]:
            raise Invalid({field: NAMES_SOMEBODY})


async def _refresh(here: Here, meeting_id: UUID, kind: str, decided: Collection[UUID | None]) -> None:
    kept = await items(here, meeting_id)
    told = [promise.id for item in kept for promise in item.matter.promises]
    new = {_mark(matter): matter for matter in await _build(here, meeting_id, kind, told)}
    order: list[tuple[UUID, Matter, bool]] = []
    gone = []
    for item in kept:
        found = new.pop(_mark(item.matter), None)
        if found is not None:
            order.append((item.id, replace(found, section=item.matter.section), False))
        elif _stays(item, decided):
            order.append((item.id, item.matter, False))
        else:
            gone.append(item.id)
    order += [(uuid7(here.now), matter, True) for matter in new.values()]
    rank = {section: number for number, section in enumerate(Section)}
    order.sort(key=lambda one: rank[one[1].section])  # stable: what was put in another order stays so
    await _write(here, meeting_id, order, gone)


async def _build(here: Here, meeting_id: UUID | None, kind: str, told: Collection[UUID]) -> list[Matter]:
    limits = (await packs.settings_of(here)).meetings
    known = await packs.all_of(here)
    cases = [
        Facts(
            row["case_id"],
            row["code"],
            row["stage"],
            row["rank"],
            row["closes_on"],
            row["sessions"],
            known[row["pack_id"]].pathway.cbtx_sessions if row["pack_id"] in known else 0,
            row["missed"],
            row["ready"],
            clock.day(row["alone_since"]) if row["alone_since"] else None,
            row["stage_since"],
        )
        for row in await hot(queries.CASES)
    ]
    promises = [Promise(**row) for row in await hot(queries.PROMISES, meeting_id, kind, list(told))]
    figures = dict((await hot(queries.FIGURES, here.today, here.now - timedelta(days=7)))[0])
    return rules.agenda(cases, promises, figures, limits, here.today)


def _mark(matter: Matter) -> tuple[object, ...]:
    """What makes two matters the same: the case, else the section with the promise it is about or what was typed."""
    if matter.case_id is not None:
        return (matter.case_id,)
    return (matter.section, *(promise.id for promise in matter.promises), *([matter.title] if matter.title else []))


async def _decided(meeting_id: UUID) -> set[UUID | None]:
    return {row["item_id"] for row in await hot(queries.DECISIONS, meeting_id)}


def _stays(item: Item, decided: Collection[UUID | None]) -> bool:
    by_hand = item.matter.section in (Section.ANNOUNCEMENT, Section.OTHER)
    return by_hand or item.skipped or bool(item.matter.promises) or item.id in decided


async def _write(here: Here, meeting_id: UUID, order: list[tuple[UUID, Matter, bool]], gone: list[UUID]) -> None:
    if gone:
        await hot(queries.DROP, gone)
    numbered = list(enumerate(order, start=1))
    new = [
        (id_, meeting_id, m.section, place, m.case_id, m.title, facts(m), here.now, here.member_id)
        for place, (id_, m, fresh) in numbered
        if fresh
    ]
    await many(queries.ITEM, new)
    await many(queries.RETELL, [(id_, place, facts(matter)) for place, (id_, matter, fresh) in numbered if not fresh])


def facts(matter: Matter) -> str:
    """What is frozen: all but what has a column of its own, so that an erased case leaves an empty matter."""
    told = msgspec.to_builtins(matter)
    return msgspec.json.encode({k: v for k, v in told.items() if k not in ("section", "case_id", "title")}).decode()


def _matter(row: Any) -> Matter:
    own = {name: row[name] for name in ("section", "case_id", "title")}
    frozen = msgspec.convert({**msgspec.json.decode(row["facts"]), **own}, Matter)
    return rules.without(frozen, row["stopped"] or ())
