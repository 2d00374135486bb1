"""The people of a district as its administrator sees and changes them. Their way in is signin/staff.py."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from khuen import audit, members, undo
from khuen.admin import queries, rules
from khuen.buddies import service as buddies
from khuen.errors import Conflict, Invalid, KeyReused, NotFound
from khuen.members import Details, NewMember
from khuen.messages import links
from khuen.msgid import N_
from khuen.tenancy import Here, hot
from khuen.words import gettext

A_PAGE = 50
WORKS_NO_MORE = N_("No longer works here")
BUDDY_NO_MORE = N_("No longer a buddy")


class RolesChanged(Conflict):
    """Somebody changed this member's roles after the form was opened."""


class DetailsChanged(Conflict):
    """Somebody changed this member's details after the form was opened; `present` is what stands there."""

    def __init__(self, present: Details) -> None:
        super().__init__()
        self.present = present


@dataclass(frozen=True, slots=True)
class Colleague:
    """One line of the list."""

    id: UUID
    called_name: str
    roles: frozenset[str]
    subdistrict_code: str | None
    moo: str | None
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class Term:
    """A role, from when to when; held now when `ended_at` is None."""

    role: str
    since_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Member:
    """One page. `people` is of how many they are the buddy now: the number only."""

    id: UUID
    called_name: str
    roles: frozenset[str]
    terms: tuple[Term, ...]
    subdistrict_code: str | None
    moo: str | None
    gender: str | None
    joined_at: datetime
    people: int

    def before_last_change(self) -> tuple[datetime, frozenset[str]] | None:
        """When the roles changed last, and what was held until then; None while they are as at the beginning."""
        at = max((one.ended_at or one.since_at for one in self.terms), default=self.joined_at)
        held = [one.role for one in self.terms if one.since_at < at and (one.ended_at is None or one.ended_at >= at)]
        return (at, frozenset(held)) if held else None


async def colleagues(here: Here, *, role: str = "", name: str = "", page: int = 1) -> list[Colleague]:
    """Fifty people who work here now, in Thai dictionary order."""
    rows = await hot(queries.PEOPLE, role, name, (page - 1) * A_PAGE, A_PAGE)
    return [Colleague(**{**dict(row), "roles": frozenset(row["roles"])}) for row in rows]


async def counts(here: Here) -> dict[str, int]:
    """How many hold each role now; "" is everybody, whatever they hold."""
    return {row["role"]: row["people"] for row in await hot(queries.COUNTS)}


async def these(here: Here, ids: Collection[UUID], *, held: bool = False) -> dict[UUID, tuple[str, frozenset[str]]]:
    """Called name and roles of those among these who work here now, in Thai dictionary order.

    `held`: nobody else changes them, or ends their work, before COMMIT.
    """
    if held:
        await hot(queries.HOLD, list(ids))
    rows = await hot(queries.THESE, list(ids))
    return {row["id"]: (row["called_name"], frozenset(row["roles"])) for row in rows}


async def one(here: Here, member_id: UUID) -> Member:
    """Raises NotFound for a stranger and for whoever has left."""
    rows = await hot(queries.ONE, member_id)
    if not rows or rows[0]["left_at"] is not None:
        raise NotFound
    terms = tuple(Term(**row) for row in await hot(queries.ROLES, member_id))
    current = await hot(queries.CURRENT, member_id)
    row = rows[0]
    return Member(
        row["id"],
        row["called_name"],
        frozenset(term.role for term in terms if term.ended_at is None),
        terms,
        row["subdistrict_code"],
        row["moo"],
        row["gender"],
        row["joined_at"],
        current[0]["people"],
    )


async def join(here: Here, new: NewMember) -> None:
    """Somebody begins to work here; `new.id` is the key of the form, so a form that is sent again changes nothing.

    Raises Invalid (roles) and KeyReused (the same key, somebody else).
    """
    if problem := rules.refused(frozenset(), frozenset(new.roles), own=False):
        raise Invalid({"roles": problem})
    rows = await hot(queries.ONE, new.id)
    if not rows:
        await members.add(here, [new])
        rows = await hot(queries.ONE, new.id)
    if rows[0]["joined_at"] != here.now:  # an earlier form, or one that was sent at the same time
        await _same(here, rows[0], new)
        return
    await audit.record(here, "member:joined", new.id)
    for role in sorted(new.roles):
        await audit.record(here, "role:granted", new.id, role=role)


async def wanted_roles(here: Here, member_id: UUID, was: frozenset[str], chosen: frozenset[str]) -> frozenset[str]:
    """What a member will hold after the form that showed `was`. Their row is held until COMMIT: write it before that.

    Raises NotFound, Invalid (roles), and RolesChanged when somebody changed them since, unless to the very same.
    """
    before = await members.held(member_id)
    wanted = rules.after(before, chosen)
    if was != before & frozenset(rules.OFFERED) and wanted != before:
        raise RolesChanged
    if problem := rules.refused(before, wanted, own=member_id == here.member_id):
        raise Invalid({"roles": problem})
    return wanted


async def change_roles(here: Here, member_id: UUID, wanted: frozenset[str]) -> int:
    """From now on exactly these roles; answers how many people wait for another buddy because this one is none now.

    Whoever is made a buddy again within a minute visits them again, unless somebody else does. Raises NotFound.
    """
    before, reason = await members.held(member_id), gettext(BUDDY_NO_MORE)
    await members.set_roles(here, member_id, wanted)
    if "buddy" in before - wanted:
        return await buddies.end_of_member(here, member_id, reason)
    if "buddy" in wanted - before:
        await buddies.take_up_again(here, member_id, reason, here.now - timedelta(seconds=undo.SECONDS))
    return 0


async def correct(here: Here, member_id: UUID, was: str, new: Details, reason: str) -> None:
    """Change who somebody is and how they are reached, while their row is held. Harmless twice.

    `was` is rules.mark of the details that the form showed. Raises NotFound and DetailsChanged.
    """
    await members.held(member_id)
    before = await members.details(here, member_id)
    if new == before:
        return
    if was != rules.mark(members.fields(before)):
        raise DetailsChanged(before)
    await members.correct(here, member_id, new)
    await audit.record(here, "member:corrected", member_id, fields=_changed(before, new), reason=reason)


def _changed(before: Details, after: Details) -> str:
    return rules.changed(members.fields(before), members.fields(after))


async def leave(here: Here, member_id: UUID) -> None:
    """Somebody works here no longer; whoever they visited waits for another buddy. Raises NotFound."""
    await members.leave(here, member_id)
    await links.end_of(here, member_id)
    await buddies.end_of_member(here, member_id, gettext(WORKS_NO_MORE))


async def _same(here: Here, row: Any, new: NewMember) -> None:
    contact = await members.contact(here, new.id)  # also of somebody who has left since
    there = Details(
        row["called_name"], contact.phone, contact.email, row["subdistrict_code"], row["moo"], row["gender"]
    )
    first = {term["role"] for term in await hot(queries.ROLES, new.id) if term["since_at"] == row["joined_at"]}
    if there != Details(**members.fields(new)) or first != set(new.roles):
        raise KeyReused
