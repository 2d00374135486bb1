"""Reading one case: the head of its page, each of its tabs, and the contact details that are asked for one by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from khuen import audit, clock, vault
from khuen.board import queries, rules
from khuen.board.rules import Facts
from khuen.errors import NotFound
from khuen.people import service as people
from khuen.people.service import Contact
from khuen.tenancy import Here, hot

NEWEST = 200  #: entries of a tab
#: what counts as opening somebody's file
SEEN_TAGS = ("case:seen", "document:seen", "person:named")


@dataclass(frozen=True, slots=True)
class ConsentLine:
    kind: str
    decision: str
    version: str
    decided_on: date


@dataclass(frozen=True, slots=True)
class CaseHead:
    """Who a case is about and where it stands: never a number, a phone or a house; those are asked for one by one."""

    id: UUID
    code: str
    person_id: UUID
    prefix: str
    given_name: str
    family_name: str
    called_name: str
    age: int | None
    stage: str
    colour: str | None
    legal_basis: str
    proposed_by: str
    agreed_on: date
    opened_on: date
    safety_note: str
    project: str
    subdistrict_code: str | None
    moo: str | None
    buddy: str | None
    buddy_since: datetime | None
    buddy_phone: str | None
    attention_id: UUID | None
    last_how: str | None
    seen_at: datetime | None
    consents: tuple[ConsentLine, ...]
    facts: Facts
    waits_hours: int  #: since when nobody visits


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. `own_at` is the phone's clock; `undone` when it was taken back."""

    kind: str
    at: datetime
    by: str | None
    what: str | None = None
    own_at: datetime | None = None
    more: str | None = None
    undone: bool = False


async def case(here: Here, code: str, *, page: str) -> CaseHead:
    """One case for whoever may see cases, with the audit row of having been seen. Raises NotFound."""
    rows = await hot(queries.CASE, code, *audit.entry(here, "case:seen", page=page).values)
    if not rows:
        raise NotFound
    if rows[0]["audit_seq"] is None:
        raise RuntimeError("the audit chain of this district was never started")
    return await _head(here, rows[0])


async def timeline(here: Here, code: str) -> list[Entry]:
    return [Entry(**dict(row)) for row in await hot(queries.TIMELINE, code, NEWEST)]


async def visits(here: Here, code: str) -> list[Entry]:
    """The buddy's visits with what was told about them, opened for this page."""
    rows = await hot(queries.VISITS, code, NEWEST)
    sealed = [row for row in rows if row["note_sealed"] and row["wrapped"]]
    own = None
    if sealed:
        safe = await vault.open_tenant(here)
        own = safe.unwrap(sealed[0]["person_id"], sealed[0]["key_id"], sealed[0]["wrapped"])
    return [_visit(own, row) for row in rows]


async def buddies_of(here: Here, code: str) -> list[Any]:
    return await hot(queries.BUDDIES, code, NEWEST)


async def opened_by(here: Here, code: str) -> list[Entry]:
    """Who opened this file, newest first."""
    rows = await hot(queries.OPENED, code, NEWEST, list(SEEN_TAGS))
    return [Entry(row["tag"], row["at"], row["by"], msgspec.json.decode(row["detail"]).get("page")) for row in rows]


async def contact(here: Here, code: str) -> Contact:
    """Phone, house and national id, unsealed and written down. Raises NotFound."""
    head = await case(here, code, page="contact")
    found = await people.contact(here, head.person_id)
    await audit.record(here, "document:seen", head.id, page="contact")
    return found


async def _head(here: Here, row: Any) -> CaseHead:
    visits = row["rank"], row["opens_on"], row["closes_on"]
    facts = Facts(row["stage"], row["member_id"] is not None, *visits, test_on=row["test_on"])
    since = rules.alone_since(row["made_at"], row["opened_on"], row["left_at"])
    hours = 0 if facts.has_buddy else rules.waited_hours(since, here.now)
    phone = None
    if row["buddy_phone"]:
        safe = await vault.open_tenant(here)
        phone = safe.unseal("member", "phone", row["member_id"], row["buddy_phone"])
    return CaseHead(
        id=row["id"],
        code=row["code"],
        person_id=row["person_id"],
        prefix=row["prefix"],
        given_name=row["given_name"],
        family_name=row["family_name"],
        called_name=row["called_name"],
        age=_age(row, here.today),
        stage=row["stage"],
        colour=row["colour"],
        legal_basis=row["legal_basis"],
        proposed_by=row["proposed_by"],
        agreed_on=row["agreed_on"],
        opened_on=row["opened_on"],
        safety_note=row["safety_note"],
        project=row["project"],
        subdistrict_code=row["subdistrict_code"],
        moo=row["moo"],
        buddy=row["buddy"],
        buddy_since=row["started_at"],
        buddy_phone=phone,
        attention_id=row["attention_id"],
        last_how=row["last_how"],
        seen_at=row["seen_at"],
        consents=tuple(
            ConsentLine(kind, decision, version, date.fromisoformat(decided_on))
            for kind, decision, version, decided_on in msgspec.json.decode(row["consents"] or "[]")
        ),
        facts=facts,
        waits_hours=hours,
    )


def _age(row: Any, today: date) -> int | None:
    if row["born_on"]:
        return clock.age(row["born_on"], today)
    return today.year - row["born_year"] if row["born_year"] else None


def _visit(own: vault.PersonVault | None, row: Any) -> Entry:
    note = None
    if own is not None and row["note_sealed"]:
        note = own.unseal("check_in_note", "note", row["note_id"], row["note_sealed"])
    return Entry("check_in", row["at"], row["by"], row["how"], row["own_at"], note, row["undone"])
