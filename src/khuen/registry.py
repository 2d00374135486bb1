"""Which districts there are, as the sign-in role sees them: for jobs, which visit one district after another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from khuen import clock, thai
from khuen.signin.rows import reading
from khuen.tenancy import Here

CLOCK = frozenset({"clock"})


@dataclass(frozen=True, slots=True)
class District:
    id: UUID
    slug: str
    practice: bool
    as_of: date | None

    def here(self) -> Here:
        """The clock's own place in this district, now; a historical practice district is held at its as-of date."""
        return Here(self.id, None, CLOCK, clock.held_at(self.as_of, clock.now()))


async def active() -> list[District]:
    """Every district that is not suspended, in a fixed order. Raises Busy."""
    async with reading() as connection:
        rows = await connection.fetch(
            "SELECT id, slug, practice, as_of FROM auth.tenant WHERE state = 'active' ORDER BY id"
        )
    return [District(**row) for row in rows]


async def named(slug: str) -> District | None:
    """The district of an address, unless it is suspended. Raises Busy."""
    if thai.refuse(slug):
        return None
    async with reading() as connection:
        row = await connection.fetchrow(
            "SELECT id, slug, practice, as_of FROM auth.tenant WHERE slug = $1 AND state = 'active'", slug
        )
    return District(**row) if row else None
