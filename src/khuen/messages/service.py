"""Writing messages, taking them back, reading what became of them, asking for another try. delivery.py sends them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from khuen import audit, members
from khuen.errors import Conflict, NotFound
from khuen.ids import uuid7
from khuen.messages import queries, rules
from khuen.messages.rules import Kind
from khuen.msgid import N_
from khuen.tenancy import Here, hot, many

PAGE = 50
SHOWN_FOR = timedelta(days=30)


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


@dataclass(frozen=True, slots=True)
class Line:
    """A message as the coordinator sees it. `recipient` is a member's called name."""

    id: UUID
    kind: str
    day: date
    urgent: bool
    count: int
    state: str
    due_at: datetime
    channel: str | None
    reason: str | None
    made_at: datetime
    settled_at: datetime | None
    recipient: str

    def may_retry(self, now: datetime) -> bool:
        return rules.may_retry(self.state, self.day, self.made_at, urgent=self.urgent, now=now)


@dataclass(frozen=True, slots=True)
class Try:
    channel: str
    started_at: datetime
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """Which messages; None is all of them."""

    state: str | None = None
    kind: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Outbox:
    """The messages of the last 30 days. `states` counts all of them, `reasons` those of the asked state and kind."""

    lines: list[Line]
    states: dict[str, int]
    reasons: dict[str, int]
    total: int
    page: int
    pages: int


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


async def outbox(here: Here, asked: Asked, page: int = 1) -> Outbox:
    """What was sent, waits, failed and why; newest first, 50 a page."""
    since = here.now - SHOWN_FOR
    counts = await hot(queries.COUNTS, since)
    states: dict[str, int] = {}
    reasons: dict[str, int] = {}
    total = 0
    for row in counts:
        states[row["state"]] = states.get(row["state"], 0) + row["messages"]
        if asked.state in (None, row["state"]) and asked.kind in (None, row["kind"]):
            if row["reason"]:
                reasons[row["reason"]] = reasons.get(row["reason"], 0) + row["messages"]
            total += row["messages"] if asked.reason in (None, row["reason"]) else 0
    pages = max(1, -(-total // PAGE))
    page = min(max(page, 1), pages)
    rows = await hot(queries.LIST, since, asked.state, asked.kind, asked.reason, PAGE, (page - 1) * PAGE)
    return Outbox([Line(**row) for row in rows], states, reasons, total, page, pages)


async def message(here: Here, message_id: UUID) -> tuple[Line, list[Try]]:
    """One message with every try, the newest first. Raises NotFound."""
    rows = await hot(queries.ONE, message_id)
    if not rows:
        raise NotFound
    return Line(**rows[0]), [Try(**row) for row in await hot(queries.ATTEMPTS, message_id)]


async def retry(here: Here, message_id: UUID) -> None:
    """Try again what was given up or is in doubt, on every channel. Harmless twice: what waits already, waits.

    Raises NotFound, and Conflict when it was sent, cancelled, or has lost its sense.
    """
    line, _ = await message(here, message_id)
    if line.state in ("waiting", "sending"):
        return
    if not line.may_retry(here.now):
        raise Conflict(N_("This message cannot be sent again."))
    if await hot(queries.RETRY, message_id, here.now):
        await audit.record(here, "message:retried", message_id, kind=line.kind, reason=line.reason or "")
