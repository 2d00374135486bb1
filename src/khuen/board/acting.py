"""The acts of the board that go across rooms: asking many buddies, another buddy for many, taking back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID, uuid5

from khuen import audit
from khuen import undo as offers
from khuen.board import queries, views
from khuen.buddies import service as buddies
from khuen.buddies.rules import Suggestion
from khuen.buddies.service import NewAssignment
from khuen.cases.rules import Stage
from khuen.endings import undoing
from khuen.enrolment import service as enrolment
from khuen.errors import KeyReused, NotFound
from khuen.followups import reminders
from khuen.followups import service as followups
from khuen.meetings import tasks
from khuen.msgid import N_
from khuen.pathway import service as pathway
from khuen.people import merging, pairs
from khuen.tenancy import Here, hot

Told: TypeAlias = dict[str, list[str]]
"""What became of many cases that were acted on at once: message id -> codes; first those that were done."""

NUDGED = N_("Buddy asked to visit")
MATCHED = N_("Has a buddy now")
HAS_BUDDY = N_("Had a buddy already")
NOBODY_FREE = N_("No free buddy suits: choose one by hand")
CLOSED = N_("The case is closed")


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


async def nudge_many(here: Here, codes: Collection[str], key: UUID) -> Told:
    """Ask the buddies of these cases to visit, and tell what became of each.

    Each message has an id made of `key` and its case, so a second press asks nobody twice. Raises NotFound, KeyReused.
    """
    asked = await reminders.nudge_many(here, {code: uuid5(key, code) for code in codes})
    return _told(NUDGED, {code: asked[code] for code in codes})


async def match_many(here: Here, codes: Collection[str], key: UUID) -> Told:
    """Give each of these cases the free buddy who is proposed for it, and tell what became of each.

    All are matched together, so nobody is proposed twice; `key` is the batch that undo takes back, and a second press
    finds it. Raises NotFound for a code that is not here, KeyReused, Conflict when somebody was quicker.
    """
    rows = await hot(queries.CHOSEN, list(codes))
    if len(rows) != len(set(codes)):
        raise NotFound
    done = await buddies.assigned_together(key)
    if done - {row["id"] for row in rows}:
        raise KeyReused
    waiting = [row["id"] for row in rows if row["member_id"] is None and row["stage"] != Stage.CLOSED]
    suited = await buddies.suggestions(here, [] if done else waiting)
    proposed = {id_: one.member_id for id_, some in suited.items() for one in some[:1] if one.proposed}
    ids = {row["id"]: uuid5(key, row["code"]) for row in rows}
    await buddies.assign(here, [NewAssignment(ids[id_], id_, who, batch_id=key) for id_, who in proposed.items()])
    matched = done | proposed.keys()
    return _told(MATCHED, {row["code"]: _why_not(row) if row["id"] not in matched else None for row in rows})


async def turns(here: Here, codes: Collection[str]) -> list[Turn]:
    """The open cases among these, each with the buddies who would suit. A stranger's code finds nothing."""
    rows = [row for row in await hot(queries.CHOSEN, list(codes)) if row["stage"] != Stage.CLOSED]
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


async def reassign(here: Here, chosen: dict[str, UUID], reason: str, key: UUID) -> None:
    """Another buddy for each of these cases; the one before is kept with `reason`.

    Harmless twice: each assignment has an id made of `key` and its case, and `key` is the batch that undo takes back.
    Raises NotFound for a case or a buddy that was not offered, Conflict.
    """
    offered = {turn.code: turn for turn in await turns(here, chosen)}
    if set(offered) != set(chosen):
        raise NotFound
    new: list[NewAssignment] = []
    for code, member_id in chosen.items():
        turn = offered[code]
        if member_id == turn.member_id:
            continue  # a second press finds it done
        load = {one.member_id: one.current_cases for one in turn.suggestions}
        if member_id not in load:
            raise NotFound
        more = load[member_id] or any(one.member_id == member_id for one in new)
        extra = reason if more else None
        new.append(NewAssignment(uuid5(key, code), turn.case_id, member_id, extra, key))
    await buddies.replace_many(here, new, reason)


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
    "view_change": views.undo,
    **undoing.TAKES_BACK,
    **tasks.TAKES_BACK,
}


def _told(done: str, outcome: Mapping[str, str | None]) -> Told:
    """The codes by what became of them: first the done ones, then by the reason why not."""
    told: Told = {done: []}
    for code, why_not in outcome.items():
        told.setdefault(why_not or done, []).append(code)
    return told


def _why_not(row: Any) -> str:
    if row["stage"] == Stage.CLOSED:
        return CLOSED
    return HAS_BUDDY if row["member_id"] is not None else NOBODY_FREE
