"""Who would suit whom: near first, then free, then of the same gender. Pure; no figure here is clinical."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import numpy as np

from khuen.msgid import N_

SHOWN = 5


class Why(StrEnum):
    """Why two people are never matched: no buddy is a relative (docs/domain.md), and a volunteer may decline."""

    RELATIVE = "relative"
    CONFLICT = "conflict"
    DECLINED = "declined"
    ASKED = "asked"
    OTHER = "other"


WHYS: dict[str, str] = {
    Why.RELATIVE: N_("They are relatives"),
    Why.CONFLICT: N_("There is a conflict between them or their families"),
    Why.DECLINED: N_("The volunteer declined"),
    Why.ASKED: N_("The person in care asked for somebody else"),
    Why.OTHER: N_("Another reason"),
}


class Reason(StrEnum):
    SAME_VILLAGE = "same_village"
    SAME_TAMBON = "same_tambon"
    FREE = "free"
    SAME_GENDER = "same_gender"
    WISHED = "wished"
    FORMER = "former"


REASONS: dict[str, str] = {
    Reason.SAME_VILLAGE: N_("same village"),
    Reason.SAME_TAMBON: N_("same tambon"),
    Reason.FREE: N_("visits nobody yet"),
    Reason.SAME_GENDER: N_("same gender"),
    Reason.WISHED: N_("as the person wished"),
    Reason.FORMER: N_("was the buddy before"),
}
#: nearness outweighs everything else together: a buddy who lives there can be there
_WORTH = {
    Reason.SAME_VILLAGE: 8.0,
    Reason.SAME_TAMBON: 4.0,
    Reason.FREE: 2.0,
    Reason.SAME_GENDER: 1.0,
    Reason.WISHED: 3.0,
}
_PER_CASE = 3.0
#: a wish that is not met weighs as much as the way to another tambon and back
_AGAINST_WISH = 8.0
_NEVER = -1e6


@dataclass(frozen=True, slots=True)
class Home:
    """Where a person in care lives. `gender` is female, male, other or None; `wish` is the buddy's gender asked for."""

    case_id: UUID
    subdistrict_code: str | None
    moo: str | None
    gender: str | None
    wish: str | None = None
    unsuited: frozenset[UUID] = frozenset()  #: members who must not be their buddy


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member with the buddy's role."""

    member_id: UUID
    called_name: str
    subdistrict_code: str | None
    moo: str | None
    gender: str | None
    current_cases: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    member_id: UUID
    called_name: str
    subdistrict_code: str | None
    moo: str | None
    current_cases: int
    reasons: tuple[Reason, ...]
    proposed: bool = False  #: the one in the matching that suits everybody best together


def reasons(home: Home, buddy: Candidate) -> tuple[Reason, ...]:
    """What speaks for this buddy, the strongest first."""
    same_tambon = home.subdistrict_code is not None and home.subdistrict_code == buddy.subdistrict_code
    same_village = same_tambon and home.moo is not None and home.moo == buddy.moo
    found = {
        Reason.SAME_VILLAGE: same_village,
        Reason.SAME_TAMBON: same_tambon and not same_village,
        Reason.FREE: buddy.current_cases == 0,
        Reason.SAME_GENDER: home.wish is None and home.gender is not None and home.gender == buddy.gender,
        Reason.WISHED: home.wish is not None and home.wish == buddy.gender,
    }
    return tuple(reason for reason, holds in found.items() if holds)


def worth(home: Home, buddy: Candidate) -> float:
    """How well they suit; every person a buddy visits already counts against another one."""
    against = _AGAINST_WISH if home.wish is not None and home.wish != buddy.gender else 0.0
    return sum(_WORTH[reason] for reason in reasons(home, buddy)) - _PER_CASE * buddy.current_cases - against


def suggest(homes: Sequence[Home], buddies: Sequence[Candidate], shown: int = SHOWN) -> dict[UUID, list[Suggestion]]:
    """For each person the buddies who would suit, best first; at most `shown`.

    The proposed ones come first and are the matching that suits all of them best together (Hungarian method): no
    buddy is proposed twice, and nobody who is unsuited is listed. Whoever is left over when free buddies run out has
    nobody proposed.
    """
    if not homes or not buddies:
        return {home.case_id: [] for home in homes}
    table = np.array(
        [[_NEVER if buddy.member_id in home.unsuited else worth(home, buddy) for buddy in buddies] for home in homes]
    )
    chosen = _together(table, buddies)
    return {
        home.case_id: [
            _suggestion(home, buddies[n], n == chosen.get(row)) for n in _order(table[row], chosen.get(row))[:shown]
        ]
        for row, home in enumerate(homes)
    }


def _together(table: np.ndarray, buddies: Sequence[Candidate]) -> dict[int, int]:
    """{row: column} of the best matching between people and buddies who visit nobody yet."""
    from scipy.optimize import linear_sum_assignment  # half a second of every start, for one page

    free = [n for n, buddy in enumerate(buddies) if buddy.current_cases == 0]
    rows, columns = linear_sum_assignment(table[:, free], maximize=True)
    found = {int(row): free[int(column)] for row, column in zip(rows, columns, strict=True)}
    return {row: column for row, column in found.items() if table[row, column] > _NEVER}


def _order(worths: np.ndarray, first: int | None) -> list[int]:
    order = [int(n) for n in np.argsort(-worths, kind="stable") if worths[n] > _NEVER]
    return order if first is None else [first, *(n for n in order if n != first)]


def _suggestion(home: Home, buddy: Candidate, proposed: bool) -> Suggestion:
    return Suggestion(
        buddy.member_id,
        buddy.called_name,
        buddy.subdistrict_code,
        buddy.moo,
        buddy.current_cases,
        reasons(home, buddy),
        proposed,
    )
