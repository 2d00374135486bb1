"""Ways to reach somebody. A new way is one module with these three names, and one line in CHANNELS.

    EXACTLY_ONCE         whether the service takes the same key twice as one message
    address(contact)     where this recipient is reached, or None
    ready(means)         whether the operator, or the district, has set it up
    send(…)              returns a Receipt, or raises Retry, GiveUp or Uncertain

A channel gets an address and a text, never a person; it opens no transaction and writes no row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from khuen.members import Contact
from khuen.settings import Settings


@dataclass(frozen=True, slots=True)
class Texts:
    """One message in every form a channel may want."""

    line: str
    sms: str
    subject: str
    body: str
    html: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    key: UUID  #: of the try; the same key means the same message
    address: str = field(repr=False)
    texts: Texts = field(repr=False)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The service took it. That is not delivery: nobody tells us that."""

    reference: str


@dataclass(frozen=True, slots=True)
class Means:
    """What a district can send with: the operator's settings, and its own account."""

    settings: Settings
    line_token: str | None = field(default=None, repr=False)


class Retry(Exception):
    """Not taken, and certainly not sent: try again later, not before `after` when the service said so."""

    def __init__(self, said: str, after: timedelta = timedelta()) -> None:
        super().__init__(said)
        self.after = after


class GiveUp(Exception):
    """Refused for good, and certainly not sent."""


class Uncertain(Exception):
    """The line was lost at a moment when it may have been taken."""


class Channel(Protocol):
    EXACTLY_ONCE: bool

    def address(self, contact: Contact) -> str | None: ...

    def ready(self, means: Means) -> bool: ...

    async def send(self, outgoing: Outgoing, means: Means) -> Receipt: ...


from khuen.channels import email, line, log, push, sms  # noqa: E402 — they use the names above

CHANNELS: dict[str, Channel] = {"log": log, "line": line, "push": push, "sms": sms, "email": email}
"""The one table of channels."""

ORDER = ("line", "push", "sms", "email")
"""Which way is tried first in a real district. A practice district has the log only: nothing leaves it."""

EXACTLY_ONCE = frozenset(name for name, channel in CHANNELS.items() if channel.EXACTLY_ONCE)


def set_up(means: Means, *, practice: bool) -> tuple[str, ...]:
    """The channels of a district, in order. Practice is a property of the district's row, not of the server."""
    return ("log",) if practice else tuple(name for name in ORDER if CHANNELS[name].ready(means))


def addresses(channels: tuple[str, ...], contact: Contact) -> dict[str, str]:
    """channel -> address of one recipient, in order; channels that cannot reach them are left out."""
    found = ((name, CHANNELS[name].address(contact)) for name in channels)
    return {name: address for name, address in found if address is not None}
