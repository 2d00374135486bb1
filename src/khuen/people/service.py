"""Registering, finding and correcting people. The caller writes the audit row of a find; a change writes its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from khuen import sound, thai, vault
from khuen.errors import Conflict, NotFound
from khuen.ids import uuid7
from khuen.msgid import N_
from khuen.people import queries
from khuen.people.rules import Asked, SameBy, pair, strength
from khuen.people.tables import Person
from khuen.tenancy import Here, hot, many

SAME_ID = N_("Another person here already has this national ID. Search for it, then go on with that person")
ENOUGH = 5  #: whoever is found by letters; with fewer, names that sound alike are shown behind them
LARGEST_GROUP = 8  #: people of one name, sound or phone; beyond it the likeness says nothing
FEW = 20  #: somebody enrols a person or two; whom a whole import resembles is found in the night
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
    born_year: int | None = None
    same_phone: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    person_id: UUID
    given_name: str
    family_name: str
    called_name: str
    subdistrict_code: str | None
    moo: str | None
    born_year: int | None
    alike: bool = False  #: found by the sound of the name only


@dataclass(frozen=True, slots=True)
class Contact:
    """Unsealed for one page; None where nothing was given."""

    phone: str | None = field(repr=False)
    house: str | None = field(repr=False)
    national_id: str | None = field(repr=False)


async def register(here: Here, new: list[NewPerson]) -> None:
    """Write people, sealed; a row that is there already stays as it is. Whoever looks like one of them is remembered
    for the queue of duplicates.

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
    if len(new) <= FEW:
        await _keep_pairs(here, new)


async def likely_same(here: Here, new: list[NewPerson], *, sounds: bool = False) -> dict[UUID, list[Match]]:
    """For each new person those already here with the same id, phone or full name, the strongest reason first.

    `sounds` looks also for names that sound alike with the same year of birth. A person is never their own match: a
    form that was sent twice finds nothing.
    """
    safe = await vault.open_tenant(here)
    matches: dict[UUID, list[Match]] = {person.id: [] for person in new}
    for start in range(0, len(new), _CHUNK):
        await _match(safe, new[start : start + _CHUNK], matches, sounds)
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
        asked.sound,
        ENOUGH,
    )
    return [
        Found(
            row["id"],
            row["given_name"],
            row["family_name"],
            row["called_name"],
            row["subdistrict_code"],
            row["moo"],
            born_year(row),
            row["alike"],
        )
        for row in rows
    ]


async def living(here: Here, person_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Whom these ids stand for now: themselves, or the person that they were merged into. Held, so that no merge
    comes in between; a stranger's id is not in the answer."""
    rows = await hot(queries.LIVING, list(person_ids))
    return {row["id"]: row["merged_into"] or row["id"] for row in rows}


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


def name_keys(given_name: str, family_name: str) -> dict[str, Any]:
    """The columns that sort, search and compare a name, in the order of the insert."""
    return {
        "sort_key": thai.sort_key(f"{given_name} {family_name}"),
        "search_name": thai.search_prefix(given_name, family_name),
        "search_family": thai.search_prefix(family_name),
        "sound_name": sound.of(given_name, family_name),
        "sound_family": sound.of(family_name),
        "sound_version": sound.VERSION,
    }


def born_year(row: Any) -> int | None:
    """The common year of birth, whether a day is known or only the year."""
    year: int | None = row["born_on"].year if row["born_on"] else row["born_year"]
    return year


async def _keep_pairs(here: Here, new: list[NewPerson]) -> None:
    matches = await likely_same(here, new, sounds=True)
    rows = []
    for person in new:
        for match in matches[person.id] if len(matches[person.id]) < LARGEST_GROUP else ():
            by, strong = looks_alike(person, match)
            if strong:
                rows.append((uuid7(here.now), *pair(person.id, match.person_id), by, strong, here.now))
    if rows:
        await many(queries.KEEP_PAIR, rows)


def looks_alike(person: NewPerson, match: Match) -> tuple[SameBy, int]:
    """(why, how strongly) a registered person looks like this one; 0 is not at all."""
    same_name = thai.search_prefix(person.given_name, person.family_name) == thai.search_prefix(
        match.given_name, match.family_name
    )
    by = SameBy.NAME if match.by is SameBy.PHONE and same_name else match.by
    same_given = thai.search_prefix(person.given_name) == thai.search_prefix(match.given_name)
    known = person.born_year is not None and match.born_year is not None
    alike = person.born_year == match.born_year if known else None
    return by, strength(by, born_alike=alike, same_phone=match.same_phone, same_given=same_given)


def _row(here: Here, safe: vault.TenantVault, own: vault.PersonVault, person: NewPerson) -> tuple[Any, ...]:
    def sealed(column: str, text: str | None) -> bytes | None:
        return own.seal("person", column, person.id, text) if text else None

    id_ = person.national_id
    return (
        person.id,
        person.prefix,
        person.given_name,
        person.family_name,
        *name_keys(person.given_name, person.family_name).values(),
        person.called_name,
        thai.search_prefix(person.called_name),
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


async def _match(safe: vault.TenantVault, new: list[NewPerson], matches: dict[UUID, list[Match]], sounds: bool) -> None:
    asking: dict[tuple[SameBy, bytes | str], list[UUID]] = defaultdict(list)
    for person in new:
        if person.national_id:
            asking[SameBy.NATIONAL_ID, safe.blind("national_id", person.national_id)].append(person.id)
        if person.phone:
            asking[SameBy.PHONE, safe.blind("phone", person.phone)].append(person.id)
        asking[SameBy.NAME, thai.search_prefix(person.given_name, person.family_name)].append(person.id)
        if sounds and person.born_year:
            asking[SameBy.SOUND, sound.of(person.given_name, person.family_name)].append(person.id)
    born = {person.id: person.born_year for person in new}
    phones = {person.id: safe.blind("phone", person.phone) for person in new if person.phone}
    wanted = {by: [value for kind, value in asking if kind is by] for by in SameBy}
    columns = {
        SameBy.NATIONAL_ID: "national_id_index",
        SameBy.PHONE: "phone_index",
        SameBy.NAME: "search_name",
        SameBy.SOUND: "sound_name",
    }
    rows = await hot(queries.LIKELY_SAME, *(wanted[by] for by in columns))
    for by, column in columns.items():
        for row in rows:
            for asker in asking.get((by, row[column]), ()):
                if by is SameBy.SOUND and born[asker] != born_year(row):
                    continue
                if asker != row["id"] and all(match.person_id != row["id"] for match in matches[asker]):
                    same_phone = row["phone_index"] is not None and row["phone_index"] == phones.get(asker)
                    matches[asker].append(_matched(row, by, same_phone))


def _matched(row: Any, by: SameBy, same_phone: bool) -> Match:
    return Match(
        row["id"],
        by,
        row["called_name"],
        row["given_name"],
        row["family_name"],
        row["subdistrict_code"],
        row["moo"],
        born_year(row),
        same_phone,
    )
