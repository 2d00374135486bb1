"""Two records of one person become one, and can become two again. Why in this way: docs/decisions/0013-people.md.

One transaction moves every row that names the record which is given up, by the catalogue of foreign keys; what is
sealed is sealed again under the key of the one that stays. The record given up stays as an empty row that points there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from khuen import audit, vault
from khuen.erasure import NOBODY
from khuen.errors import Conflict, Ended, KeyReused, NotFound
from khuen.ids import uuid7
from khuen.msgid import N_
from khuen.people import catalogue, queries
from khuen.people.catalogue import Catalogue
from khuen.people.resealing import again, reseal
from khuen.people.rules import COLUMNS, Field
from khuen.people.tables import Person, PersonMerge, PersonName
from khuen.tenancy import Here, hot

CHANGED = N_("One of the two records was changed meanwhile. Compare them once more")
MERGED_ALREADY = N_("One of the two records was merged with another meanwhile")
BOTH_HAVE_ONE = N_("Both records have something of which a person can have only one. Ask for help before merging")
MOVED_ON = N_("Something was changed since the merge, so it cannot be taken back as a whole")
FORGOTTEN = N_("This person asked to be forgotten. What was merged cannot be parted again")

Image = dict[str, Any]  #: a row as JSON
#: made of the name, and made again whenever the folds change: no change by anybody
_MADE_AGAIN = frozenset(
    {"sort_key", "search_name", "search_family", "search_called", "sound_name", "sound_family", "sound_version"}
)


class Before(msgspec.Struct):
    """All that a merge changed, as it was, and the moved rows and the person who stays as they were left."""

    people: dict[str, Image]
    left: dict[str, Image]
    moved: dict[str, dict[str, Image]]  #: "table column" -> id -> the row as it was left
    names: list[str]  #: former names that the merge wrote down


@dataclass(frozen=True, slots=True)
class Pair:
    """Two living people as they stand, held until COMMIT."""

    kept: Image = field(repr=False)
    merged: Image = field(repr=False)
    own: dict[UUID, vault.PersonVault] = field(repr=False)

    @property
    def ids(self) -> tuple[UUID, UUID]:
        return UUID(self.kept["id"]), UUID(self.merged["id"])


@dataclass(frozen=True, slots=True)
class Merge:
    id: UUID
    kept_id: UUID
    merged_id: UUID
    at: datetime
    undone_at: datetime | None


async def seen(here: Here, one: UUID, other: UUID) -> str:
    """A mark of two people as they stand, for the form that compares them. Raises NotFound."""
    return _mark(_pair(await hot(queries.FAMILY_SEEN, [one, other]), one, other))


async def merge(here: Here, key: UUID, kept: UUID, merged: UUID, standing: Mapping[Field, UUID], mark: str) -> None:
    """Make `kept` and `merged` one person. `standing` says whose value of a field stays; by default that of `kept`,
    or the other's where `kept` has none. `mark` is `seen` of what was compared. Harmless twice by `key`.

    Raises NotFound, KeyReused, Conflict when either was changed or merged meanwhile.
    """
    if await _made(key, kept, merged):
        return
    images = await _held(kept, merged)
    if await _made(key, kept, merged):  # again, behind the lock: the same form may have been sent twice
        return
    if _mark(images) != mark:
        raise Conflict(CHANGED)
    pair = Pair(images[kept], images[merged], await vault.persons(here, [kept, merged]))
    known = await catalogue.read()
    moved = await _move(known, kept, merged)
    safe = await vault.open_tenant(here)
    await reseal(known, _tables(moved), pair.own[merged], pair.own[kept], safe)
    names = await _keep_name(here, pair, standing)
    await _join(pair, standing)
    before = Before(
        {str(kept): pair.kept, str(merged): pair.merged},
        await _images("person", [kept, merged]),
        {link: await _images(link.split()[0], ids) for link, ids in moved.items()},
        names,
    )
    await _write_down(here, key, pair, before)


async def undo(here: Here, merge_id: UUID) -> None:
    """Part two records again, each as it was. Harmless twice.

    Raises NotFound; Conflict when a moved row or the person was changed since; Ended after an erasure.
    """
    found = await get(here, merge_id)
    await hot(queries.FAMILY, [found.kept_id, found.merged_id])
    row = await PersonMerge.select().where(PersonMerge.id == merge_id).first()
    if row is None:
        raise NotFound
    if row["undone_at"] is not None:
        return
    own = await vault.persons(here, [found.kept_id, found.merged_id])
    if row["before_sealed"] is None or len(own) < 2:
        raise Ended(FORGOTTEN)
    before = _opened(own, found, row["before_sealed"])
    await _check(before)
    known = await catalogue.read()
    moved = {link: [UUID(id_) for id_ in images] for link, images in before.moved.items()}
    for link, ids in moved.items():
        await _point(link, ids, found.merged_id)
    safe = await vault.open_tenant(here)
    await reseal(known, _tables(moved), own[found.kept_id], own[found.merged_id], safe)
    if before.names:
        await PersonName.delete().where(PersonName.id.is_in([UUID(id_) for id_ in before.names]))
    for person_id in (found.kept_id, found.merged_id):  # this order: an identity number goes back to the other
        await _restore(before.people[str(person_id)])
    await PersonMerge.update({PersonMerge.undone_at: here.now, PersonMerge.undone_by: here.member_id}).where(
        PersonMerge.id == merge_id
    )
    for subject in (found.kept_id, found.merged_id):
        await audit.record(here, "person:parted", subject)


async def get(here: Here, merge_id: UUID) -> Merge:
    """Raises NotFound."""
    made = await of_key(here, merge_id)
    if made is None:
        raise NotFound
    return made


async def of_key(here: Here, key: UUID) -> Merge | None:
    """What a form made when it was sent before."""
    row = await PersonMerge.select().where(PersonMerge.id == key).first()
    if row is None:
        return None
    return Merge(row["id"], row["kept_id"], row["merged_id"], row["at"], row["undone_at"])


async def gather(here: Here, since: datetime) -> None:
    """Bring over what was written for a record in the very moment in which it was merged. Harmless twice."""
    rows = await PersonMerge.select().where(PersonMerge.at >= since, PersonMerge.undone_at.is_null())
    for row in rows:
        kept, merged = await _living(row["kept_id"]), row["merged_id"]
        own = await vault.persons(here, [kept, row["kept_id"], merged])
        if not {kept, merged} <= own.keys():
            continue
        await hot(queries.FAMILY, [kept, merged])
        known, safe = await catalogue.read(), await vault.open_tenant(here)
        await _move(known, kept, merged)
        own_rows = {link.table: await _named(link.table, link.column, kept) for link in known.to_person}
        for old in {row["kept_id"], merged} - {kept}:
            await reseal(known, own_rows, own[old], own[kept], safe)


async def _made(key: UUID, kept: UUID, merged: UUID) -> bool:
    row = await PersonMerge.select().where(PersonMerge.id == key).first()
    if row is not None and {row["kept_id"], row["merged_id"]} != {kept, merged}:
        raise KeyReused
    return row is not None


async def _held(one: UUID, other: UUID) -> dict[UUID, Image]:
    """Both people and whoever was merged into them, locked once, in the order of their ids.

    Raises NotFound; Conflict when somebody joined them while we waited: reaching for that row too would break the
    order, and two merges could wait for each other.
    """
    locked = await hot(queries.FAMILY, [one, other])
    images = _pair(locked, one, other)
    if {row["id"] for row in await hot(queries.FAMILY_SEEN, [one, other])} != {row["id"] for row in locked}:
        raise Conflict(CHANGED)
    return images


def _pair(family: list[Any], one: UUID, other: UUID) -> dict[UUID, Image]:
    """The rows of the two. Raises NotFound, Conflict when one of them was merged already."""
    rows = {row["id"]: row for row in family}
    if one == other or not {one, other} <= rows.keys() or any(rows[id_]["erased_at"] for id_ in (one, other)):
        raise NotFound
    if any(rows[id_]["merged_into"] for id_ in (one, other)):
        raise Conflict(MERGED_ALREADY)
    return {id_: msgspec.json.decode(rows[id_]["image"]) for id_ in (one, other)}


def _mark(images: Mapping[UUID, Image]) -> str:
    both = [images[id_] for id_ in sorted(images)]
    return blake2b(msgspec.json.encode(both, order="deterministic"), digest_size=12).hexdigest()


async def _move(known: Catalogue, kept: UUID, merged: UUID) -> dict[str, list[UUID]]:
    """Let every row that names `merged` name `kept`: "table column" -> ids. Raises Conflict."""
    moved = {}
    for link in known.to_person:
        ids = await _named(link.table, link.column, merged)
        if ids:
            await _point(f"{link.table} {link.column}", ids, kept)
            moved[f"{link.table} {link.column}"] = ids
    return moved


async def _named(table: str, column: str, person_id: UUID) -> list[UUID]:
    rows = await hot(f"SELECT id FROM {table} WHERE tenant_id = $1 AND {column} = $2 ORDER BY id", person_id)
    return [row["id"] for row in rows]


async def _point(link: str, ids: list[UUID], person_id: UUID) -> None:
    table, column = link.split()
    try:
        await hot(f"UPDATE {table} SET {column} = $3 WHERE tenant_id = $1 AND id = ANY ($2)", ids, person_id)
    except asyncpg.UniqueViolationError as error:
        raise Conflict(BOTH_HAVE_ONE) from error


async def _images(table: str, ids: list[UUID]) -> dict[str, Image]:
    rows = await hot(
        f"SELECT id, to_jsonb(t)::text AS image FROM {table} t WHERE tenant_id = $1 AND id = ANY ($2)", ids
    )
    return {str(row["id"]): msgspec.json.decode(row["image"]) for row in rows}


def _tables(moved: Mapping[str, list[UUID]]) -> dict[str, list[UUID]]:
    found: dict[str, list[UUID]] = {}
    for link, ids in moved.items():
        found.setdefault(link.split()[0], []).extend(ids)
    return found


def _from_other(pair: Pair, standing: Mapping[Field, UUID]) -> list[Field]:
    """The fields whose value comes from the record that is given up."""
    merged = pair.ids[1]

    def has(image: Image, one: Field) -> bool:
        return any(image[column] for column in COLUMNS[one] if column != "sound_version")

    return [
        one
        for one in Field
        if (standing[one] == merged if one in standing else not has(pair.kept, one) and has(pair.merged, one))
    ]


async def _keep_name(here: Here, pair: Pair, standing: Mapping[Field, UUID]) -> list[str]:
    """The name that does not stand is found by a search none the less: as a former name of the one person."""
    gone = pair.kept if Field.NAME in _from_other(pair, standing) else pair.merged
    if not gone["search_name"] or pair.kept["search_name"] == pair.merged["search_name"]:
        return []
    columns = ("prefix", "given_name", "family_name", "search_name", "search_family", "sound_name", "sound_version")
    new = uuid7(here.now)
    await PersonName.insert(
        PersonName(
            id=new,
            person_id=pair.ids[0],
            until_at=here.now,
            changed_by=here.member_id,
            **{column: gone[column] for column in columns},
        )
    )
    return [str(new)]


async def _join(pair: Pair, standing: Mapping[Field, UUID]) -> None:
    """Empty the record that is given up, then put what stands into the other: an identity number is one's only."""
    kept, merged = pair.ids
    image = dict(pair.kept)
    for one in _from_other(pair, standing):
        for column in COLUMNS[one]:
            image[column] = pair.merged[column]
            if column.endswith("_sealed") and image[column]:
                sealed = again("person", column, merged, kept, _bytes(image[column]), pair.own[merged], pair.own[kept])
                if sealed is None:
                    raise vault.WrongKey(f"person.{column}")
                image[column] = "\\x" + sealed.hex()
    # Whoever was registered first counts, so that taking back an import never takes back somebody older.
    image["created_at"] = min(pair.kept["created_at"], pair.merged["created_at"])
    await hot(
        f"UPDATE person SET {NOBODY}, sex = NULL, born_year = NULL, subdistrict_code = NULL, merged_into = $3"
        " WHERE tenant_id = $1 AND id = $2",
        merged,
        kept,
    )
    await _restore(image)


async def _restore(image: Image) -> None:
    """Make a row of `person` what its image says, whatever columns it has."""
    columns = ", ".join(f'"{column}"' for column in image if column not in ("tenant_id", "id"))
    await hot(
        f"UPDATE person SET ({columns}) = (SELECT {columns} FROM jsonb_populate_record(NULL::person, $3::jsonb))"
        " WHERE tenant_id = $1 AND id = $2",
        UUID(image["id"]),
        msgspec.json.encode(image).decode(),
    )


async def _check(before: Before) -> None:
    """Raises Conflict when a row that the merge touched is no longer as the merge left it."""
    wanted = {"person": before.left}
    for link, images in before.moved.items():
        wanted[link.split()[0]] = wanted.get(link.split()[0], {}) | images
    for table, images in wanted.items():
        stands = await _images(table, [UUID(id_) for id_ in images])
        for id_, image in images.items():
            now = stands.get(id_, {})  # a column that is newer than the merge is not in the image
            if any(now.get(column) != value for column, value in image.items() if column not in _MADE_AGAIN):
                raise Conflict(MOVED_ON)


async def _write_down(here: Here, key: UUID, pair: Pair, before: Before) -> None:
    """Sealed under both keys, one within the other: whichever of the two is forgotten, nobody reads it again."""
    kept, merged = pair.ids
    text = msgspec.json.encode(before).decode()
    inner = pair.own[kept].seal("person_merge", "before", key, text).hex()
    await PersonMerge.insert(
        PersonMerge(
            id=key,
            kept_id=kept,
            merged_id=merged,
            before_sealed=pair.own[merged].seal("person_merge", "before", key, inner),
            at=here.now,
            by_id=here.member_id,
        )
    )
    for subject in (kept, merged):
        await audit.record(here, "person:merged", subject)


def _opened(own: Mapping[UUID, vault.PersonVault], found: Merge, sealed: bytes) -> Before:
    inner = own[found.merged_id].unseal("person_merge", "before", found.id, sealed)
    text = own[found.kept_id].unseal("person_merge", "before", found.id, bytes.fromhex(inner))
    return msgspec.json.decode(text, type=Before)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("\\x"))


async def _living(person_id: UUID) -> UUID:
    row = await Person.select(Person.merged_into).where(Person.id == person_id).first()
    return row["merged_into"] if row and row["merged_into"] else person_id
