"""Registering, finding and correcting people. The caller writes the audit row of a find; a change writes its own."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from khuen import audit, thai, vault
from khuen.errors import Conflict, KeyReused, NotFound
from khuen.msgid import N_
from khuen.people import queries
from khuen.people.rules import Asked, SameBy
from khuen.people.tables import Person, PersonName
from khuen.tenancy import Here, hot, many

SAME_ID = N_("Another person here already has this national ID. Search for it, then go on with that person")
_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person as a form or a spreadsheet gives them; text is canonical already."""

    id: UUID
    prefix: str
    given_name: str
    family_name: str
    called_name: str
    sex: str | None = None
    born_on: date | None = None
    born_year: int | None = None  #: common era
    national_id: str | None = field(default=None, repr=False)  #: 13 digits
    phone: str | None = field(default=None, repr=False)  #: E.164
    house: str | None = field(default=None, repr=False)  #: house number and road
    subdistrict_code: str | None = None
    moo: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """Somebody registered who may be the same person, and why."""

    person_id: UUID
    by: SameBy
    called_name: str
    given_name: str
    family_name: str
    subdistrict_code: str | None
    moo: str | None


@dataclass(frozen=True, slots=True)
class Found:
    person_id: UUID
    given_name: str
    family_name: str
    called_name: str
    subdistrict_code: str | None
    moo: str | None
    born_year: int | None


@dataclass(frozen=True, slots=True)
class Contact:
    """Unsealed for one page; None where nothing was given."""

    phone: str | None = field(repr=False)
    house: str | None = field(repr=False)
    national_id: str | None = field(repr=False)


async def register(here: Here, new: list[NewPerson]) -> None:
    """Write people, sealed; a row that is there already stays as it is.

    Raises Conflict when one of them carries the national id of somebody else who is registered here.
    """
    for start in range(0, len(new), _CHUNK):
        chunk = new[start : start + _CHUNK]
        safe = await vault.open_tenant(here)
        keys = await vault.make_person_keys(here, [person.id for person in chunk])
        try:
            await many(queries.REGISTER, [_row(here, safe, keys[person.id], person) for person in chunk])
        except asyncpg.UniqueViolationError as error:
            raise Conflict(SAME_ID) from error


async def likely_same(here: Here, new: list[NewPerson]) -> dict[UUID, list[Match]]:
    """For each new person those already here with the same id, phone or full name, the strongest reason first.

    A person is never their own match: a form that was sent twice finds nothing.
    """
    safe = await vault.open_tenant(here)
    matches: dict[UUID, list[Match]] = {person.id: [] for person in new}
    for start in range(0, len(new), _CHUNK):
        await _match(safe, new[start : start + _CHUNK], matches)
    return matches


async def search(here: Here, asked: Asked, limit: int = 20) -> list[Found]:
    """People by the beginning of a name, a phone number, a national id or its last four; in Thai dictionary order."""
    safe = await vault.open_tenant(here)

    def blind(kind: str, value: str | None) -> bytes | None:
        return safe.blind(kind, value) if value else None

    rows = await hot(
        queries.FOUND,
        asked.name,
        blind("national_id", asked.national_id),
        blind("last4", asked.last_four),
        blind("phone", asked.phone),
        limit,
    )
    return [
        Found(
            row["id"],
            row["given_name"],
            row["family_name"],
            row["called_name"],
            row["subdistrict_code"],
            row["moo"],
            row["born_on"].year if row["born_on"] else row["born_year"],
        )
        for row in rows
    ]


async def contact(here: Here, person_id: UUID) -> Contact:
    """Phone, house and national id, unsealed. Raises NotFound; Erased when the person's key is gone."""
    sealed = (
        await Person.select(Person.phone_sealed, Person.house_sealed, Person.national_id_sealed)
        .where(Person.id == person_id)
        .first()
    )
    if sealed is None:
        raise NotFound
    own = await vault.person(here, person_id)

    def opened(column: str) -> str | None:
        content = sealed[f"{column}_sealed"]
        return own.unseal("person", column, person_id, content) if content else None

    return Contact(opened("phone"), opened("house"), opened("national_id"))


async def rename(here: Here, person_id: UUID, *, prefix: str, given_name: str, family_name: str, key: UUID) -> None:
    """Correct a name; the one before is kept with who changed it. `key` is the id of the kept row: harmless twice.

    Raises NotFound, KeyReused when the key stands for another person.
    """
    before = await Person.select().where(Person.id == person_id).lock_rows().first()
    if before is None:
        raise NotFound
    kept = PersonName(
        id=key,
        person_id=person_id,
        prefix=before["prefix"],
        given_name=before["given_name"],
        family_name=before["family_name"],
        until_at=here.now,
        changed_by=here.member_id,
    )
    fresh = (
        await PersonName.insert(kept)
        .on_conflict((PersonName.tenant_id, PersonName.id), "DO NOTHING")
        .returning(PersonName.id)
    )
    if not fresh:
        if not await PersonName.exists().where(PersonName.id == key, PersonName.person_id == person_id):
            raise KeyReused
        return
    names = {"prefix": prefix, "given_name": given_name, "family_name": family_name}
    await Person.update(names | _searched(given_name, family_name)).where(Person.id == person_id)
    await audit.record(here, "person:corrected", person_id, fields="name")


async def correct_phone(here: Here, person_id: UUID, phone: str | None) -> None:
    """Another number (E.164), or none. Raises Erased."""
    safe, own = await vault.open_tenant(here), await vault.person(here, person_id)
    await Person.update(
        {
            Person.phone_sealed: own.seal("person", "phone", person_id, phone) if phone else None,
            Person.phone_index: safe.blind("phone", phone) if phone else None,
        }
    ).where(Person.id == person_id)
    await audit.record(here, "person:corrected", person_id, fields="phone")


def _row(here: Here, safe: vault.TenantVault, own: vault.PersonVault, person: NewPerson) -> tuple[Any, ...]:
    def sealed(column: str, text: str | None) -> bytes | None:
        return own.seal("person", column, person.id, text) if text else None

    id_ = person.national_id
    return (
        person.id,
        person.prefix,
        person.given_name,
        person.family_name,
        person.called_name,
        *_searched(person.given_name, person.family_name).values(),
        person.sex,
        person.born_on,
        person.born_year,
        sealed("national_id", id_),
        safe.blind("national_id", id_) if id_ else None,
        safe.blind("last4", id_[-4:]) if id_ else None,
        sealed("phone", person.phone),
        safe.blind("phone", person.phone) if person.phone else None,
        sealed("house", person.house),
        person.subdistrict_code,
        person.moo,
        here.now,
        here.member_id,
    )


def _searched(given_name: str, family_name: str) -> dict[str, str]:
    """The columns that sort and search a name, in the order of the insert."""
    return {
        "sort_key": thai.sort_key(f"{given_name} {family_name}"),
        "search_name": thai.search_prefix(given_name, family_name),
        "search_family": thai.search_prefix(family_name),
    }


async def _match(safe: vault.TenantVault, new: list[NewPerson], matches: dict[UUID, list[Match]]) -> None:
    asking: dict[tuple[SameBy, bytes | str], list[UUID]] = defaultdict(list)
    for person in new:
        if person.national_id:
            asking[SameBy.NATIONAL_ID, safe.blind("national_id", person.national_id)].append(person.id)
        if person.phone:
            asking[SameBy.PHONE, safe.blind("phone", person.phone)].append(person.id)
        asking[SameBy.NAME, thai.search_prefix(person.given_name, person.family_name)].append(person.id)
    wanted = {by: [value for kind, value in asking if kind is by] for by in SameBy}
    columns = {
        SameBy.NATIONAL_ID: "national_id_index",
        SameBy.PHONE: "phone_index",
        SameBy.NAME: "search_name",
    }
    rows = await hot(queries.LIKELY_SAME, wanted[SameBy.NATIONAL_ID], wanted[SameBy.PHONE], wanted[SameBy.NAME])
    for by, column in columns.items():
        for row in rows:
            for asker in asking.get((by, row[column]), ()):
                if asker != row["id"] and all(match.person_id != row["id"] for match in matches[asker]):
                    matches[asker].append(_matched(row, by))


def _matched(row: Any, by: SameBy) -> Match:
    return Match(
        row["id"],
        by,
        row["called_name"],
        row["given_name"],
        row["family_name"],
        row["subdistrict_code"],
        row["moo"],
    )
