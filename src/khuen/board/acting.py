"""The acts of the board that go across rooms: asking many buddies, another buddy for many, taking back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from khuen import audit
from khuen import undo as offers
from khuen.board import queries
from khuen.buddies import service as buddies
from khuen.buddies.rules import Suggestion
from khuen.endings import undoing
from khuen.enrolment import service as enrolment
from khuen.errors import NotFound
from khuen.followups import reminders
from khuen.followups import service as followups
from khuen.meetings import tasks
from khuen.pathway import service as pathway
from khuen.people import merging, pairs
from khuen.tenancy import Here, hot


@dataclass(frozen=True, slots=True)
class Turn:
    """A case that may get another buddy, with who would suit."""

    case_id: UUID
    code: str
    called_name: str
    family_name: str
    subdistrict_code: str | None
    moo: str | None
    member_id: UUID | None
    buddy: str | None
    suggestions: tuple[Suggestion, ...] = ()


async def nudge_many(here: Here, codes: Collection[str], key: UUID) -> tuple[int, int]:
    """Ask the buddies of these cases to visit: (asked, left out because nobody visits or one was just asked).

    Each message has an id made of `key` and its case, so a second press asks nobody twice.
    """
    asked = await reminders.nudge_many(here, {code: uuid5(key, code) for code in codes})
    return asked, len(set(codes)) - asked


async def turns(here: Here, codes: Collection[str]) -> list[Turn]:
    """The open cases among these, each with the buddies who would suit. A stranger's code finds nothing."""
    rows = await hot(queries.CHOSEN, list(codes))
    suited = await buddies.suggestions(here, [row["id"] for row in rows])
    return [
        Turn(
            row["id"],
            row["code"],
            row["called_name"],
            row["family_name"],
            row["subdistrict_code"],
            row["moo"],
            row["member_id"],
            row["buddy"],
            tuple(one for one in suited[row["id"]] if one.member_id != row["member_id"]),
        )
        for row in rows
    ]


async def reassign(here: Here, chosen: dict[str, UUID], reason: str, key: UUID) -> int:
    """Another buddy for each of these cases; the one before is kept with `reason`. Answers how many.

    Harmless twice: each assignment has an id made of `key` and its case, and `key` is the batch that undo takes back.
    Raises NotFound for a case or a buddy that was not offered, Conflict.
    """
    offered = {turn.code: turn for turn in await turns(here, chosen)}
    if set(offered) != set(chosen):
        raise NotFound
    for code, member_id in chosen.items():
        turn = offered[code]
        if member_id == turn.member_id:
            continue  # a second press finds it done
        load = {one.member_id: one.current_cases for one in turn.suggestions}
        if member_id not in load:
            raise NotFound
        extra = reason if load[member_id] else None
        new = buddies.NewAssignment(uuid5(key, code), turn.case_id, member_id, extra, key)
        await buddies.replace(here, new, reason)
    return len(chosen)


async def take_back(here: Here, token: str) -> bool:
    """Take back what the token stands for; False when that was done already.

    Raises NotFound for a stranger's token, Ended when its time is over, and what the room's own function raises.
    """
    kind, subject, unused = await offers.take(here, token)
    if unused:
        await _TAKES_BACK[kind](here, subject)
        await audit.record(here, "undo:used", subject, kind=kind)
    return unused


#: which function takes which kind of act back
_TAKES_BACK: dict[str, Callable[[Here, UUID], Awaitable[Any]]] = {
    "check_in": followups.withdraw,
    "acknowledgement": followups.undo_acknowledgement,
    "assignment": buddies.undo_assignment,
    "matching": buddies.undo_matching,
    "enrolment": enrolment.take_back,
    "condition_skip": pathway.undo_skip,
    "pair_decision": pairs.reopen_of,
    "merge": merging.undo,
    **undoing.TAKES_BACK,
    **tasks.TAKES_BACK,
}
