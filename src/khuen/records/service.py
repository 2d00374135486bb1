"""Pairs, merges and corrections beside the cases that they concern."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from khuen import audit
from khuen.errors import Conflict, KeyReused, NotFound
from khuen.msgid import N_
from khuen.people import corrections, merging, pairs
from khuen.people.corrections import Line, Values
from khuen.people.pairs import Shown, Waiting
from khuen.people.rules import Field
from khuen.records import queries
from khuen.tenancy import Here, hot

TWO_OPEN = N_("Both have an open case: %(first)s and %(second)s. Close the one that was opened by mistake, then merge")


@dataclass(frozen=True, slots=True)
class OfPerson:
    """One case of a person."""

    id: UUID
    code: str
    stage: str
    opened_on: date


@dataclass(frozen=True, slots=True)
class Listed:
    """A pair of the queue with the cases of both."""

    pair: Waiting
    first: tuple[OfPerson, ...]
    second: tuple[OfPerson, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One of two records as it is compared. Numbers are whole here: the page shows their last four digits only."""

    person_id: UUID
    registered_at: datetime
    behind: int  #: records that were merged into it before
    cases: tuple[OfPerson, ...]
    fields: Mapping[Field, Values] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Compared:
    pair: Waiting
    first: Side
    second: Side
    differing: frozenset[Field]
    mark: str
    blocked: tuple[str, str] | None  #: the codes of two open cases, one of which must be closed first

    @property
    def kept(self) -> UUID:
        """Which record goes on: the one whose case is open, else the one that was registered first."""
        return _kept(self.first, self.second)


@dataclass(frozen=True, slots=True)
class Known:
    """Whose case a code is."""

    case_id: UUID
    code: str
    person_id: UUID
    name: str


async def queue(here: Here, shown: Shown, limit: int, offset: int) -> tuple[list[Listed], int]:
    """One page of the pairs, with the cases of both, and how many there are."""
    found, total = await pairs.queue(here, shown, limit, offset)
    held = await _cases([id_ for pair in found for id_ in (pair.first_id, pair.second_id)])
    return [Listed(pair, held.get(pair.first_id, ()), held.get(pair.second_id, ())) for pair in found], total


async def compare(here: Here, pair_id: UUID) -> Compared:
    """Two records side by side, opened, which is written down for each. Raises NotFound."""
    pair = await pairs.one(here, pair_id)
    ids = [pair.first_id, pair.second_id]
    held, rows = await _cases(ids), {row["id"]: row for row in await hot(queries.SIDES, ids)}
    if len(rows) < 2:
        raise NotFound
    first, second = [
        Side(id_, rows[id_]["created_at"], rows[id_]["behind"], held.get(id_, ()), await corrections.present(here, id_))
        for id_ in ids
    ]
    mark = await merging.seen(here, *ids)
    for side in (first, second):
        seen = [case.id for case in side.cases] or [side.person_id]
        for subject in seen:
            await audit.record(here, "document:seen", subject, page="duplicates")
    differing = frozenset(one for one in Field if first.fields[one] != second.fields[one])
    return Compared(pair, first, second, differing, mark, _blocked(first.cases, second.cases))


async def merge(here: Here, pair_id: UUID, key: UUID, standing: Mapping[Field, str], mark: str) -> UUID:
    """Make the two of a pair one person; `standing` says "first" or "second" for a field. Answers the merge's id.

    Raises NotFound, KeyReused, Conflict: both have an open case, or something was changed meanwhile.
    """
    made = await merging.of_key(here, key)
    if made is not None:
        if set(await pairs.ids(here, pair_id)) != {made.kept_id, made.merged_id}:
            raise KeyReused
        return key
    pair = await pairs.one(here, pair_id)
    ids = {"first": pair.first_id, "second": pair.second_id}
    held, rows = await _cases(list(ids.values())), {row["id"]: row for row in await hot(queries.SIDES, [*ids.values()])}
    blocked = _blocked(held.get(pair.first_id, ()), held.get(pair.second_id, ()))
    if blocked:
        raise Conflict(TWO_OPEN, first=blocked[0], second=blocked[1])
    first, second = [Side(id_, rows[id_]["created_at"], 0, held.get(id_, ()), {}) for id_ in ids.values()]
    kept = _kept(first, second)
    merged = second.person_id if kept == first.person_id else first.person_id
    await merging.merge(here, key, kept, merged, {one: ids[side] for one, side in standing.items()}, mark)
    return key


async def merges(here: Here, limit: int, offset: int) -> tuple[list[Any], int]:
    """One page of the merges, the newest first, and how many there are."""
    rows = await hot(queries.MERGES, limit, offset)
    return rows, rows[0]["total"] if rows else 0


async def known(here: Here, code: str) -> Known:
    """Raises NotFound."""
    rows = await hot(queries.OF_CODE, code)
    if not rows:
        raise NotFound
    row = rows[0]
    return Known(row["id"], row["code"], row["person_id"], f"{row['prefix']}{row['given_name']} {row['family_name']}")


async def corrected(here: Here, code: str) -> tuple[Known, Mapping[Field, Values], list[Line]]:
    """Whose case it is, what stands in each field, and what was corrected; written down as seen. Raises NotFound."""
    whose = await known(here, code)
    stands = await corrections.present(here, whose.person_id)
    lines = await corrections.history(here, whose.person_id)
    await audit.record(here, "document:seen", whose.case_id, page="corrections")
    return whose, stands, lines


def _kept(first: Side, second: Side) -> UUID:
    def rank(side: Side) -> tuple[bool, datetime, UUID]:
        return not any(case.stage != "closed" for case in side.cases), side.registered_at, side.person_id

    return min(first, second, key=rank).person_id


def _blocked(first: tuple[OfPerson, ...], second: tuple[OfPerson, ...]) -> tuple[str, str] | None:
    one, other = ([case.code for case in cases if case.stage != "closed"] for cases in (first, second))
    return (one[0], other[0]) if one and other else None


async def _cases(person_ids: list[UUID]) -> dict[UUID, tuple[OfPerson, ...]]:
    found: dict[UUID, tuple[OfPerson, ...]] = {}
    for row in await hot(queries.CASES, person_ids):
        case = OfPerson(row["id"], row["code"], row["stage"], row["opened_on"])
        found[row["person_id"]] = (*found.get(row["person_id"], ()), case)
    return found
