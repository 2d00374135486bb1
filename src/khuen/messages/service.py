"""Writing messages, taking them back, reading what became of them. Delivery is in delivery.py."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from khuen import members
from khuen.ids import uuid7
from khuen.messages import queries
from khuen.messages.rules import Kind
from khuen.tenancy import Here, hot, many


@dataclass(frozen=True, slots=True)
class NewMessage:
    """One fact to one recipient. `day` is today and `due_at` is now unless said otherwise."""

    kind: Kind
    subject_id: UUID
    recipient_id: UUID
    count: int = 1
    urgent: bool = False
    day: date | None = None
    due_at: datetime | None = None
    id: UUID | None = None


async def compose(
    here: Here,
    kind: Kind,
    *,
    subject: UUID,
    to: Iterable[UUID] | str,
    day: date | None = None,
    urgent: bool = False,
    count: int = 1,
    due_at: datetime | None = None,
) -> None:
    """Write a message for each recipient inside the transaction of the fact; the same fact twice is one message.

    `to` is member ids, or a role: everybody who holds it now. An act that can be undone gives `due_at` 60 s ahead.
    """
    ids = [card.id for card in await members.with_role(here, to)] if isinstance(to, str) else list(to)
    await compose_many(here, [NewMessage(kind, subject, one, count, urgent, day, due_at) for one in ids])


async def compose_many(here: Here, messages: list[NewMessage]) -> None:
    """The same for many facts in one flight."""
    if not messages:
        return
    await many(
        queries.WRITE,
        [
            (
                m.id or uuid7(here.now),
                m.kind,
                m.subject_id,
                m.recipient_id,
                m.day or here.today,
                m.urgent,
                m.count,
                m.due_at or here.now,
                here.now,
            )
            for m in messages
        ],
    )


async def cancel(here: Here, kind: Kind, subject: UUID, *, reason: str = "undone") -> int:
    """Take back what has not gone yet; returns how many. A message that is being sent stays: it cannot be caught."""
    return len(await hot(queries.CANCEL, kind, subject, reason, here.now))
