"""Who waits for time with the doctor after a slip, in the whole district."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from khuen import thai
from khuen.endings import queries
from khuen.endings.rules import Slot
from khuen.tenancy import Here, hot


@dataclass(frozen=True, slots=True)
class Waiting:
    """`on` is the day that was booked. What the slip was is told on its own page only."""

    id: UUID
    code: str
    name: str
    subdistrict_code: str | None
    moo: str | None
    buddy: str | None
    asked_at: datetime
    state: Slot
    on: date | None


async def waiting(here: Here) -> list[Waiting]:
    """Time that is asked for or booked: what has no day yet first, then by day. One statement."""
    return [
        Waiting(
            id=row["id"],
            code=row["code"],
            name=thai.on_phone(row["called_name"], row["family_name"]),
            subdistrict_code=row["subdistrict_code"],
            moo=row["moo"],
            buddy=row["buddy"],
            asked_at=row["asked_at"],
            state=Slot(row["state"]),
            on=row["on_date"],
        )
        for row in await hot(queries.SLOTS_WAITING)
    ]
