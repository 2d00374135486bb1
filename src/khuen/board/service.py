"""Reading the board: the counts of its lanes and a page of one of them, and the same rows for a file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any
from uuid import UUID

import msgspec

from khuen import audit
from khuen.board import queries, rules
from khuen.board.rules import MASKS, Lane, Sort
from khuen.cases import sharing
from khuen.cases.rules import OWN_WORK, Recipient
from khuen.tenancy import Here, hot

PAGE = 50
LARGEST_EXPORT = 10_000
MOST_BUDDIES = 200  #: of whom a filter lets one choose; among more nobody finds anybody


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the board says; None is no filter."""

    lane: Lane = Lane.WORK
    subdistrict_code: str | None = None
    moo: str | None = None
    project_id: UUID | None = None
    buddy_id: UUID | None = None
    sort: Sort = Sort.PRESSING
    page: int = 1
    choosing: bool = False  #: the filters are to be shown

    @property
    def filtered(self) -> bool:
        return any((self.subdistrict_code, self.moo, self.project_id, self.buddy_id))

    @property
    def narrowed(self) -> bool:
        """Whether more is asked for than the whole district in its usual order."""
        return self.filtered or self.sort is not Sort.PRESSING


@dataclass(frozen=True, slots=True)
class Choices:
    """What the filters offer: (id, name), and (tambon code, village number).

    `buddies` are those of the chosen place; when they are too many only the chosen one, and `narrow` is true.
    """

    projects: tuple[tuple[str, str], ...]
    buddies: tuple[tuple[str, str], ...]
    narrow: bool
    places: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Board:
    """`rows` are records of the statement, for `board.lines` to put into words.

    ALL is counted only when it is asked for; `everybody` counts the district and is None on a piece.
    """

    rows: list[Any]
    counts: dict[Lane, int]
    somebody: bool
    everybody: int | None
    choices: Choices | None


async def board(here: Here, asked: Asked, *, whole: bool = True) -> Board:
    """The counts of the lanes and one page of one of them, in one statement; what the filters offer is one more."""
    where = here.today, MASKS[asked.lane], PAGE, (asked.page - 1) * PAGE
    if asked.narrowed:
        found = await hot(queries.WHOLE_NARROWED if whole else queries.LIST_NARROWED, *where, *_filters(asked))
    else:
        found = await hot(queries.WHOLE if whole else queries.LIST, *where)
        found.sort(key=itemgetter("press", "case_id"))
    head = found[0]
    counts = rules.counts(zip(head["counted"] or (), head["numbers"] or (), strict=True))
    if asked.lane is not Lane.ALL:
        del counts[Lane.ALL]
    return Board(
        rows=found if head["code"] else [],
        counts=counts,
        somebody=head["somebody"],
        everybody=head["everybody"],
        choices=await _choices(asked) if whole and (asked.choosing or asked.narrowed) else None,
    )


async def export(here: Here, asked: Asked, codes: Collection[str], *, form: str) -> tuple[list[Any], bool]:
    """(the rows of the lane, or of the chosen codes; whether there are more than a file holds); written down once."""
    found, more = await _rows(here, asked, codes)
    await audit.record(here, "export:made", kind=form, count=len(found), page="board", purpose=OWN_WORK)
    return found, more


async def hand(
    here: Here, asked: Asked, codes: Collection[str], recipient: Recipient, *, form: str
) -> tuple[sharing.Handed, bool]:
    """(the chosen codes or everybody whom the filters leave, whatever their lane; whether there are more).

    The lane is left aside because it tells how somebody is.
    """
    found, more = await _rows(here, replace(asked, lane=Lane.ALL), codes)
    return await sharing.hand(here, recipient, [row["code"] for row in found], form=form, page="board"), more


async def _rows(here: Here, asked: Asked, codes: Collection[str]) -> tuple[list[Any], bool]:
    where = here.today, MASKS[asked.lane], LARGEST_EXPORT + 1, 0
    found = await hot(queries.EXPORT, *where, *_filters(asked, codes))
    return found[:LARGEST_EXPORT], len(found) > LARGEST_EXPORT


def _filters(asked: Asked, codes: Collection[str] = ()) -> tuple[Any, ...]:
    """$6 to $12 of the narrowed statements."""
    place = asked.subdistrict_code, asked.moo
    return *place, asked.project_id, asked.buddy_id, list(codes) or None, asked.sort, asked.lane is Lane.WORK


async def _choices(asked: Asked) -> Choices:
    place = asked.subdistrict_code, asked.moo
    head = (await hot(queries.CHOICES, *place, asked.buddy_id, MOST_BUDDIES + 1))[0]

    def pairs(name: str) -> tuple[Any, ...]:
        return tuple(tuple(pair) for pair in msgspec.json.decode(head[name] or "[]"))

    buddies = pairs("buddies")
    if narrow := len(buddies) > MOST_BUDDIES:
        buddies = tuple(pair for pair in buddies if pair[0] == str(asked.buddy_id))
    return Choices(pairs("projects"), buddies, narrow, pairs("places"))
