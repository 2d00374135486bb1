"""Giving a case its buddy, taking it back, suggesting who would suit."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from khuen import audit
from khuen.buddies import queries
from khuen.buddies.rules import Candidate, Home, Suggestion, suggest
from khuen.buddies.tables import Assignment
from khuen.cases.tables import CaseFile
from khuen.errors import Conflict, Invalid, KeyReused, NotFound
from khuen.ids import uuid7
from khuen.msgid import N_
from khuen.tenancy import Here, hot, many

TAKEN = N_("This person has a buddy already, or the buddy visits somebody else. Give a reason for a further person")
REASON_NEEDED = N_("Say why the buddy changes")
NOT_A_BUDDY = N_("This member is not a buddy")
UNSUITED = N_("This buddy was ruled out for this person. See below why, and lift it there if it no longer holds")
UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class NewAssignment:
    """`extra_reason` lets a buddy visit a further person."""

    id: UUID
    case_id: UUID
    member_id: UUID
    extra_reason: str | None = None
    batch_id: UUID | None = None  #: what one press assigned together


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open case that a buddy is sought for."""

    id: UUID
    code: str
    opened_on: date
    called_name: str
    family_name: str
    subdistrict_code: str | None
    moo: str | None


@dataclass(frozen=True, slots=True)
class Held:
    """One buddy of a case, now (`ended_at` is None) or before."""

    id: UUID
    member_id: UUID
    called_name: str
    started_at: datetime
    ended_at: datetime | None
    end_reason: str | None
    extra_reason: str | None


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody looks at who chooses a buddy for one case; `wish` is the gender asked for."""

    suggested: list[Suggestion]
    everybody: list[Candidate]
    wish: str | None


async def assign(here: Here, new: list[NewAssignment]) -> None:
    """Give cases their buddies; harmless twice.

    Raises Conflict when a case has a current buddy or a buddy another current case without `extra_reason`, Invalid
    when a member is no buddy or is unsuited, NotFound for a case that is not here, KeyReused when an id stands for
    another assignment.
    """
    known = await _known(new)
    fresh = [one for one in new if one.id not in known]
    if not fresh:
        return
    may_visit = {row["id"] for row in await hot(queries.MAY_VISIT, [one.member_id for one in fresh])}
    if any(one.member_id not in may_visit for one in fresh):
        raise Invalid({"member_id": NOT_A_BUDDY})
    pairs = [one.case_id for one in fresh], [one.member_id for one in fresh]
    if await hot(queries.UNSUITED_PAIRS, *pairs):
        raise Invalid({"member_id": UNSUITED})
    try:
        await many(
            queries.ASSIGN,
            [
                (one.id, one.case_id, one.member_id, here.now, one.extra_reason, one.batch_id, here.member_id)
                for one in fresh
            ],
        )
    except asyncpg.UniqueViolationError as error:
        raise Conflict(TAKEN) from error
    except asyncpg.ForeignKeyViolationError as error:
        raise NotFound from error
    if len(fresh) == 1:
        await audit.record(here, "assignment:made", fresh[0].case_id)
    elif fresh:
        await audit.record(here, "assignment:made", count=len(fresh))


async def end(here: Here, case_id: UUID, reason: str) -> bool:
    """End the current assignment of a case; False when there is none."""
    return await _end(here, [case_id], reason)


async def end_of_member(here: Here, member_id: UUID, reason: str) -> int:
    """Nobody is visited by this member any more; answers how many people wait for another buddy now."""
    rows = await hot(queries.END_OF_MEMBER, member_id, here.now, reason)
    for row in rows:
        await audit.record(here, "assignment:ended", row["id"])
    return len(rows)


async def take_up_again(here: Here, member_id: UUID, reason: str, since: datetime) -> int:
    """Whom this member visited until lately, when it ended for this very reason and nobody visits them now.

    Answers how many they are. For whoever takes back within a minute what `end_of_member` did.
    """
    rows = await hot(queries.LEFT_BEHIND, member_id, reason, since)
    again = [NewAssignment(uuid7(here.now), row["case_id"], member_id, row["extra_reason"]) for row in rows]
    await assign(here, again)
    return len(again)


async def replace(here: Here, new: NewAssignment, reason: str | None) -> None:
    """Another buddy from now on; the one before is kept in the history with `reason`. Harmless twice; raises as assign.

    Raises Invalid when there is one before and no reason.
    """
    await replace_many(here, [new], reason)


async def replace_many(here: Here, new: list[NewAssignment], reason: str | None) -> None:
    """The same for many cases at once, in a fixed number of flights: all or nobody."""
    if not new:
        return
    # Behind the lock the same form, sent twice at once, finds what the first one wrote. Check-ins do not wait for it.
    cases = [one.case_id for one in new]
    await CaseFile.select(CaseFile.id).where(CaseFile.id.is_in(cases)).order_by(CaseFile.id).lock_rows("NO KEY UPDATE")
    known = await _known(new)
    fresh = [one for one in new if one.id not in known]
    if not fresh:
        return
    held = [one.case_id for one in fresh]
    if reason is not None:
        await _end(here, held, reason)
    elif await Assignment.exists().where(Assignment.case_id.is_in(held), Assignment.ended_at.is_null()):
        raise Invalid({"reason": REASON_NEEDED})
    await assign(here, fresh)


async def assigned_together(batch_id: UUID) -> set[UUID]:
    """The cases that one press gave their buddies, whatever became of them since."""
    rows = await Assignment.select(Assignment.case_id).where(Assignment.batch_id == batch_id)
    return {row["case_id"] for row in rows}


async def undo_assignment(here: Here, assignment_id: UUID) -> None:
    """Take an assignment back: it ends, marked as undone, and whom it replaced is the buddy again. Harmless twice.

    Raises NotFound, Conflict when the buddy of before has somebody else meanwhile.
    """
    row = await Assignment.select().where(Assignment.id == assignment_id).lock_rows().first()
    if row is None:
        raise NotFound
    if row["ended_at"] is None:
        await _take_back(here, [row["case_id"]], row["started_at"])


async def undo_matching(here: Here, batch_id: UUID) -> None:
    """Take back what one press assigned together and nobody changed since. Harmless twice; raises Conflict as above."""
    standing = Assignment.batch_id == batch_id, Assignment.ended_at.is_null()
    rows = await Assignment.select().where(*standing).order_by(Assignment.id).lock_rows()
    if rows:
        await _take_back(here, [row["case_id"] for row in rows], rows[0]["started_at"])


async def suggestions(here: Here, case_ids: Collection[UUID]) -> dict[UUID, list[Suggestion]]:
    """Who would suit each of these cases, best first. The first ones suit all of them best together."""
    return suggest(await _homes(case_ids), await _candidates())


async def choice(here: Here, case_id: UUID) -> Choice:
    """Who would suit this case, everybody there is, and what the person asks for."""
    homes, everybody = await _homes([case_id]), await _candidates()
    return Choice(suggest(homes, everybody)[case_id], everybody, homes[0].wish)


async def suggestions_for(here: Here, home: Home) -> list[Suggestion]:
    """Who would suit somebody who has no case yet, best first."""
    return suggest([home], await _candidates())[home.case_id]


async def waiting(here: Here, limit: int = 50) -> list[Waiting]:
    """Open cases without a buddy, the longest waiting first."""
    return [Waiting(**dict(row)) for row in await hot(queries.UNASSIGNED, limit)]


async def history(here: Here, case_id: UUID) -> list[Held]:
    """The buddies of a case, newest first."""
    return [Held(**dict(row)) for row in await hot(queries.HISTORY, case_id)]


async def open_case(here: Here, code: str) -> Waiting:
    """An open case for whoever may assign. Raises NotFound."""
    rows = await hot(queries.CASE, code)
    if not rows:
        raise NotFound
    return Waiting(**dict(rows[0]))


async def everybody(here: Here) -> list[Candidate]:
    """Every buddy with how many people they visit now."""
    return await _candidates()


async def _take_back(here: Here, case_ids: list[UUID], started_at: datetime) -> None:
    """All end first, so that two who changed their buddies with each other can change back."""
    await _end(here, case_ids, UNDONE)
    before = await hot(queries.REPLACED, case_ids, started_at)
    await assign(
        here,
        [NewAssignment(uuid7(here.now), row["case_id"], row["member_id"], row["extra_reason"]) for row in before],
    )


async def _end(here: Here, case_ids: list[UUID], reason: str) -> bool:
    ended = [row["id"] for row in await hot(queries.END, case_ids, here.now, reason)]
    if len(ended) == 1:
        await audit.record(here, "assignment:ended", ended[0])
    else:
        await audit.record_many(here, [audit.entry(here, "assignment:ended", case_id) for case_id in ended])
    return bool(ended)


async def _homes(case_ids: Collection[UUID]) -> list[Home]:
    return [
        Home(row["id"], row["subdistrict_code"], row["moo"], row["sex"], row["wish"], frozenset(row["unsuited"] or ()))
        for row in await hot(queries.HOMES, list(case_ids))
    ]


async def _candidates() -> list[Candidate]:
    return [
        Candidate(row["id"], row["called_name"], row["subdistrict_code"], row["moo"], row["gender"], row["cases"])
        for row in await hot(queries.CANDIDATES)
    ]


async def _known(new: list[NewAssignment]) -> set[UUID]:
    if not new:
        return set()
    rows = await Assignment.select(Assignment.id, Assignment.case_id, Assignment.member_id).where(
        Assignment.id.is_in([one.id for one in new])
    )
    wanted = {one.id: (one.case_id, one.member_id) for one in new}
    if any((row["case_id"], row["member_id"]) != wanted[row["id"]] for row in rows):
        raise KeyReused
    return {row["id"] for row in rows}
