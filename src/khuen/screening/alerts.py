"""A danger is told at once, on every channel that reaches whoever is on duty; the text holds a case code only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from khuen import members, packs
from khuen.messages import service as messages
from khuen.messages.rules import Kind
from khuen.screening import queries
from khuen.tenancy import Here, hot


@dataclass(frozen=True, slots=True)
class Alerted:
    """The case that an alert speaks of, and whether the form or decision behind it still stands."""

    code: str
    stands: bool


async def tell(here: Here, subject: UUID) -> tuple[str, ...]:
    """Write an urgent message to everybody who holds a role that the district named; answers their called names.

    The subject is the form or decision: the same one is told once.
    """
    roles = (await packs.settings_of(here)).escalation.urgent_to
    found = {card.id: card.called_name for role in roles for card in await members.with_role(here, role)}
    await messages.compose(here, Kind.ALERT, subject=subject, to=found, urgent=True)
    return tuple(found.values())


async def cancel(here: Here, subject: UUID) -> None:
    """Take back what has not gone yet: the form was wrong."""
    await messages.cancel(here, Kind.ALERT, subject, reason="no_longer_due")


async def alerted(here: Here, subjects: Collection[UUID]) -> dict[UUID, Alerted]:
    """What alerts speak of, by their subject."""
    rows = await hot(queries.ALERTED, list(subjects))
    return {row["id"]: Alerted(row["code"], row["stands"]) for row in rows}
