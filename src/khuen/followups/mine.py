"""What a buddy sees: whom they visit now, their own check-ins, their month."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from khuen import audit, clock, packs, thai, vault
from khuen.errors import NotFound
from khuen.followups import queries
from khuen.followups.rules import How, Window
from khuen.rule_pack import RulePack
from khuen.tenancy import Here, hot


@dataclass(frozen=True, slots=True)
class Visit:
    id: UUID
    how: How
    at: datetime


@dataclass(frozen=True, slots=True)
class MyPerson:
    """Somebody a buddy visits now: never a surname in full, a legal basis, a colour or a reason for the priority."""

    case_id: UUID
    code: str
    name: str
    subdistrict_code: str | None
    moo: str | None
    safety_note: str
    window: Window
    priority: int
    visits: tuple[Visit, ...]  #: the buddy's own last two, newest first
    phone: str | None = field(repr=False)
    sessions: tuple[int, int] = (0, 0)  #: sessions attended with a doctor, of how many
    meeting_at: datetime | None = None  #: the next group session of the project


@dataclass(frozen=True, slots=True)
class OwnCheckIn:
    id: UUID
    case_id: UUID
    person_id: UUID
    code: str
    name: str
    how: How
    at: datetime


async def people(here: Here, code: str | None = None) -> list[MyPerson]:
    """Whom this buddy visits now, the most pressing first; with `code` only that one. One statement."""
    rows = await hot(queries.MINE, here.member_id, code, here.now, here.today)
    safe = await vault.open_tenant(here) if any(row["wrapped"] for row in rows) else None
    return [_my_person(safe, row, await packs.pack(here, row["pack_id"])) for row in rows]


async def person(here: Here, code: str) -> MyPerson:
    """One of them, with an audit row. Raises NotFound."""
    found = await people(here, code)
    if not found:
        raise NotFound
    await audit.record(here, "case:seen", found[0].case_id, page="visit")
    return found[0]


async def history(here: Here, code: str) -> tuple[MyPerson, list[Visit]]:
    """One of them with the buddy's own visits, newest first, at most 50; with an audit row. Raises NotFound."""
    one = await person(here, code)
    rows = await hot(queries.HISTORY, here.member_id, code)
    return one, [Visit(row["id"], How(row["how"]), row["planned_at"]) for row in rows]


async def check_in(here: Here, check_in_id: UUID) -> OwnCheckIn:
    """A check-in by whoever made it, while they still visit the person. Raises NotFound."""
    rows = await hot(queries.OWN, check_in_id, here.member_id)
    if not rows:
        raise NotFound
    row = rows[0]
    name = thai.on_phone(row["called_name"], row["family_name"])
    return OwnCheckIn(
        row["id"], row["case_id"], row["person_id"], row["code"], name, How(row["how"]), row["planned_at"]
    )


async def month(here: Here) -> tuple[int, int]:
    """(visits, people visited) of this buddy in the present month."""
    first = here.today.replace(day=1)
    start = datetime.combine(first, datetime.min.time(), clock.BANGKOK)
    end = datetime.combine(clock.add_months(first, 1), datetime.min.time(), clock.BANGKOK)
    row = (await hot(queries.MONTH, here.member_id, start, end))[0]
    return row["visits"], row["people"]


def _my_person(safe: vault.TenantVault | None, row: Any, pack: RulePack) -> MyPerson:
    phone = None
    if safe and row["wrapped"] and row["phone_sealed"]:
        own = safe.unwrap(row["person_id"], row["key_id"], row["wrapped"])
        phone = own.unseal("person", "phone", row["person_id"], row["phone_sealed"])
    visits = zip(row["ids"] or (), row["hows"] or (), row["times"] or (), strict=True)
    return MyPerson(
        case_id=row["case_id"],
        code=row["code"],
        name=thai.on_phone(row["called_name"], row["family_name"]),
        subdistrict_code=row["subdistrict_code"],
        moo=row["moo"],
        safety_note=row["safety_note"],
        window=Window(row["opens_on"], row["due_on"], row["closes_on"]),
        priority=row["priority"],
        visits=tuple(Visit(id_, How(how), at) for id_, how, at in visits),
        phone=phone,
        sessions=(row["sessions"], pack.pathway.cbtx_sessions),
        meeting_at=row["meeting_at"],
    )
