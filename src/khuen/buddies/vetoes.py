"""Who must not be whose buddy, what a person asks of a buddy, and a volunteer who declines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from khuen import audit
from khuen.buddies import queries, service
from khuen.buddies.rules import Why
from khuen.buddies.tables import BuddyWish, Unsuited
from khuen.errors import Conflict, Invalid, KeyReused, NotFound
from khuen.msgid import N_
from khuen.tenancy import Here, hot

RULED_OUT_ALREADY = N_("This buddy is ruled out already")
DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class RuledOut:
    """A member who must not be the buddy of a case."""

    id: UUID
    member_id: UUID
    called_name: str
    why: str
    note: str
    at: datetime
    by: str | None


@dataclass(frozen=True, slots=True)
class Mine:
    id: UUID
    code: str
    called_name: str
    family_name: str


async def ruled_out(here: Here, case_id: UUID) -> list[RuledOut]:
    """Whom nobody may assign to a case, the latest first."""
    return [RuledOut(**dict(row)) for row in await hot(queries.UNSUITED, case_id)]


async def rule_out(here: Here, case_id: UUID, member_id: UUID, why: Why, note: str, key: UUID) -> None:
    """Never match these two. The present buddy stays until another one is assigned. Harmless twice by `key`.

    Raises NotFound, Conflict when they are ruled out already, KeyReused when the key stands for another pair.
    """
    try:
        fresh = await hot(queries.UNSUIT, key, case_id, member_id, why, note, here.now, here.member_id)
    except asyncpg.UniqueViolationError as error:
        raise Conflict(RULED_OUT_ALREADY) from error
    except asyncpg.ForeignKeyViolationError as error:
        raise NotFound from error
    if fresh:
        await audit.record(here, "buddy:ruled_out", case_id, reason=str(why))
        return
    first = await Unsuited.select().where(Unsuited.id == key).first()
    if first is None or (first["case_id"], first["member_id"], first["why"]) != (case_id, member_id, why):
        raise KeyReused


async def lift(here: Here, case_id: UUID, unsuited_id: UUID) -> None:
    """They may be matched again. Harmless twice. Raises NotFound."""
    row = (
        await Unsuited.select(Unsuited.lifted_at)
        .where(Unsuited.id == unsuited_id, Unsuited.case_id == case_id)
        .lock_rows()
        .first()
    )
    if row is None:
        raise NotFound
    if row["lifted_at"] is None:
        values = {Unsuited.lifted_at: here.now, Unsuited.lifted_by: here.member_id}
        await Unsuited.update(values).where(Unsuited.id == unsuited_id)
        await audit.record(here, "buddy:allowed_again", case_id)


async def ask_for(here: Here, case_id: UUID, gender: str | None, key: UUID) -> None:
    """What the person asks of a buddy. Harmless twice by `key`. Raises KeyReused when it stands for another wish."""
    if await hot(queries.WISH, key, case_id, gender, here.now, here.member_id):
        await audit.record(here, "buddy:wished", case_id)
        return
    first = await BuddyWish.select().where(BuddyWish.id == key).first()
    if first is None or (first["case_id"], first["gender"]) != (case_id, gender):
        raise KeyReused


async def mine(here: Here, code: str) -> Mine:
    """A person whom this member visits now. Raises NotFound."""
    rows = await hot(queries.MINE, code, here.member_id)
    if not rows:
        raise NotFound
    return Mine(**dict(rows[0]))


async def decline(here: Here, code: str, why: Why, note: str, key: UUID) -> None:
    """A volunteer does not go on with a person: the assignment ends, the two are never matched again, and the case
    waits for a buddy. Harmless twice by `key`. Raises NotFound, Invalid for a reason that is not the volunteer's.
    """
    if why not in (Why.RELATIVE, Why.CONFLICT, Why.DECLINED):
        raise Invalid({"why": N_("Please choose one of the answers")})
    done = await Unsuited.select(Unsuited.by_id).where(Unsuited.id == key).first()
    if done:
        if done["by_id"] != here.member_id:
            raise KeyReused
        return
    assert here.member_id is not None
    case = await mine(here, code)
    await rule_out(here, case.id, here.member_id, why, note, key)
    await service.end(here, case.id, DECLINED)
