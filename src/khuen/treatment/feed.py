"""A member's own calendar address: times and places of sessions, under a word that says nothing of what they are."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from icalendar import Calendar, Event

from khuen import audit, packs, thai
from khuen.errors import KeyReused, NotFound
from khuen.tenancy import Here, hot
from khuen.treatment import queries

BEHIND, AHEAD = timedelta(days=60), timedelta(days=400)
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Link:
    id: UUID
    made_at: datetime


async def link(here: Here) -> Link | None:
    """The address that this member uses now; what it is cannot be read again."""
    rows = await hot(queries.LINK, here.member_id)
    return Link(rows[0]["id"], rows[0]["made_at"]) if rows else None


async def new_link(here: Here, key: UUID) -> str:
    """Make an address and end the one before; answers its secret part, this once. Raises KeyReused a second time."""
    await hot(queries.UNLINK, here.member_id, here.now)
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    if not await hot(queries.NEW_LINK, key, here.member_id, _hash(token), here.now):
        raise KeyReused
    await audit.record(here, "calendar:linked", here.member_id)
    return token


async def end_link(here: Here) -> None:
    """From now on the address finds nothing. Harmless twice."""
    if await hot(queries.UNLINK, here.member_id, here.now):
        await audit.record(here, "calendar:unlinked", here.member_id)


async def read(here: Here, token: str, title: str, day_off: str) -> bytes:
    """The calendar as iCalendar (RFC 5545), without kind, project, person or number: every session is called `title`,
    every holiday of the district `day_off`.

    Raises NotFound for an address that was never given, was ended, or whose holder works here no longer.
    """
    if thai.refuse(token, 100):
        raise NotFound
    first, last = here.today - BEHIND, here.today + AHEAD
    rows = await hot(queries.FEED, _hash(token), first, last)
    if not rows:
        raise NotFound
    made = Calendar()
    made.add("prodid", "-//Khuen//TH")
    made.add("version", "2.0")
    for row in rows:
        if row["id"] is not None:
            made.add_component(_event(row, title, here.now))
    for on in (await packs.settings_of(here)).holidays.dates:
        if first <= on <= last:
            made.add_component(_day_off(on, day_off, here.now))
    content: bytes = made.to_ical()
    return content


def _event(row: Any, title: str, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"{row['id']}@khuen")
    event.add("dtstamp", now)
    event.add("dtstart", row["starts_at"])
    event.add("dtend", row["starts_at"] + timedelta(minutes=row["minutes"]))
    event.add("summary", title)
    event.add("location", row["place"])
    event.add("sequence", row["changes"])
    event.add("status", "CANCELLED" if row["state"] == "cancelled" else "CONFIRMED")
    return event


def _day_off(on: date, title: str, now: datetime) -> Event:
    """The whole day; it keeps nobody busy."""
    event = Event()
    event.add("uid", f"{on.isoformat()}@khuen")
    event.add("dtstamp", now)
    event.add("dtstart", on)
    event.add("dtend", on + timedelta(days=1))
    event.add("summary", title)
    event.add("transp", "TRANSPARENT")
    return event


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
