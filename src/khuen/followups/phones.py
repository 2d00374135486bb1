"""When a buddy's phone was last heard of, and how its clock goes: whoever stays silent is a person to call."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from khuen import members, packs, thai
from khuen.district import Hotline
from khuen.followups import queries, rules
from khuen.ids import uuid7
from khuen.tenancy import Here, hot

QUIET_AFTER = timedelta(days=3)
_WRITTEN_EVERY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Quiet:
    """A buddy to call. `ahead_hours` is 0 while the clock of the phone is right within a day."""

    member_id: UUID
    called_name: str
    subdistrict_code: str | None
    moo: str | None
    seen_at: datetime
    silent: bool
    ahead_hours: int
    people: int
    closes_on: date | None  #: the end of the first window among their people
    phone: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Calls:
    """Whom a buddy can call: the district's hotlines, and (name, number to dial, number to read) of coordinators."""

    hotlines: tuple[Hotline, ...]
    colleagues: list[tuple[str, str, str]]


async def calls(here: Here) -> Calls:
    cards = (await members.with_role(here, "coordinator"))[:3]
    reached = await members.contacts(here, [card.id for card in cards])
    numbers = [(card.called_name, reached[card.id].phone) for card in cards if card.id in reached]
    shown = [(name, number, thai.phone(number).shown) for name, number in numbers if number]
    return Calls((await packs.settings_of(here)).hotlines, shown)


async def seen(here: Here, clock_says: datetime | None) -> None:
    """This member's phone is in contact; its clock is compared, never refused. At most one write in ten minutes."""
    ahead = round((clock_says - here.now) / timedelta(hours=1)) if clock_says else 0
    ahead = ahead if abs(ahead) > rules.CLOCK_SKEW / timedelta(hours=1) else 0
    bound = max(-100_000, min(ahead, 100_000))
    await hot(queries.SEEN, uuid7(here.now), here.member_id, here.now, bound, here.now - _WRITTEN_EVERY)


async def quiet(here: Here) -> list[Quiet]:
    """Buddies with somebody in care whose phone was silent for three days or whose clock is wrong, longest first."""
    since = here.now - QUIET_AFTER
    rows = await hot(queries.QUIET, since, int(rules.CLOCK_SKEW / timedelta(hours=1)))
    reached = await members.contacts(here, [row["id"] for row in rows]) if rows else {}
    return [
        Quiet(
            row["id"],
            row["called_name"],
            row["subdistrict_code"],
            row["moo"],
            row["seen_at"],
            row["seen_at"] < since,
            row["ahead_hours"],
            row["people"],
            row["closes_on"],
            reached[row["id"]].phone if row["id"] in reached else None,
        )
        for row in rows
    ]
