"""One name, for the chair, on the chair's own page: with a reason, written down, and only with the person's consent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from khuen import audit
from khuen.errors import Conflict, NotFound
from khuen.meetings import queries, service
from khuen.meetings.rules import Kind, State
from khuen.msgid import N_
from khuen.tenancy import Here, hot

#: why a chair may want to know; the code stands in the audit row
REASONS: dict[str, str] = {
    "visit": N_("I will visit in person"),
    "family": N_("I know the family and will talk with them"),
    "work": N_("I will find work or money for this person"),
    "safety": N_("Somebody's safety is at stake"),
}
WITHHELD = N_("This person did not agree to be named to police and administration. Ask the coordinator to pass it on")


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody whose case is on the agenda, as the chair gets to know them."""

    case_id: UUID
    name: str = field(repr=False)
    called_name: str = field(repr=False)
    subdistrict_code: str | None
    moo: str | None


async def asked(here: Here, kind: Kind, on: date, code: str) -> None:
    """Whether a name may be asked for. Raises NotFound when the case is not on the agenda, Conflict as `name` does."""
    await _found(here, kind, on, code)


async def name(here: Here, kind: Kind, on: date, code: str, reason: str) -> Named:
    """The name, and the audit row with the code of the reason.

    Raises NotFound, Conflict when the meeting is not in session or the consent to sharing does not stand (B02: sharing
    with police and administration is never a condition of treatment).
    """
    row = await _found(here, kind, on, code)
    await audit.record(here, "person:named", row["case_id"], page="meeting", reason=reason)
    full = f"{row['prefix']}{row['given_name']} {row['family_name']}".strip()
    return Named(row["case_id"], full, row["called_name"], row["subdistrict_code"], row["moo"])


async def _found(here: Here, kind: Kind, on: date, code: str) -> Any:
    meeting = await service.session(here, kind, on)
    rows = await hot(queries.NAMED, meeting.id, code)
    if not rows:
        raise NotFound
    if meeting.state != State.HELD:
        raise Conflict(service.NOT_HELD)
    if not rows[0]["shares"]:
        raise Conflict(WITHHELD)
    return rows[0]
