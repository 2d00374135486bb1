"""Correcting one field of a person: what stood before stays on record, sealed, with who, when and why."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from khuen import audit, thai, vault
from khuen.errors import Conflict, KeyReused, NotFound
from khuen.people import queries
from khuen.people.rules import Field, Reason
from khuen.people.service import SAME_ID, name_keys
from khuen.people.tables import Person, PersonCorrection, PersonName
from khuen.tenancy import Here, hot

NEWEST = 100
#: what a field is made of, as text; "" is nothing. The day is ISO, the year common, the phone E.164
PARTS: dict[Field, tuple[str, ...]] = {
    Field.NAME: ("prefix", "given_name", "family_name"),
    Field.CALLED_NAME: ("called_name",),
    Field.BIRTH: ("born_on", "born_year"),
    Field.SEX: ("sex",),
    Field.ADDRESS: ("subdistrict_code", "moo", "house"),
    Field.PHONE: ("phone",),
    Field.NATIONAL_ID: ("national_id",),
}
_SEALED = ("house", "phone", "national_id")

Values = Mapping[str, str]


class Changed(Conflict):
    """The field is no longer what the form showed: `present` stands now, `typed` was sent."""

    def __init__(self, present: Values, typed: Values) -> None:
        super().__init__()
        self.present = present
        self.typed = typed


@dataclass(frozen=True, slots=True)
class Line:
    """One correction, opened. `reverts` is the one it took back."""

    id: UUID
    field: Field
    reason: Reason
    at: datetime
    by: str | None
    undone: bool
    reverts: UUID | None
    before: Values = dataclasses.field(repr=False)
    after: Values = dataclasses.field(repr=False)
    note: str = dataclasses.field(repr=False)


async def present(here: Here, person_id: UUID) -> dict[Field, Values]:
    """Every field as it stands, unsealed. Raises NotFound."""
    row = await Person.select().where(Person.id == person_id, Person.merged_into.is_null()).first()
    if row is None:
        raise NotFound
    own = await vault.person(here, person_id)
    return {one: _values(own, row, one) for one in Field}


async def mark(here: Here, values: Values) -> str:
    """What a form carries instead of the values that it showed: nothing can be read from it."""
    safe = await vault.open_tenant(here)
    return safe.blind("correction", _text(values)).hex()[:32]


async def correct(
    here: Here,
    person_id: UUID,
    one: Field,
    values: Values,
    *,
    was: str | None,
    reason: Reason,
    note: str = "",
    key: UUID,
) -> None:
    """Put `values` (all of PARTS) in the place of a field that still has the mark `was`. Harmless twice by `key`.

    Raises NotFound, Changed, KeyReused, Conflict when somebody else here has this national id.
    """
    row, own = await _held(here, person_id)
    known = await PersonCorrection.select().where(PersonCorrection.id == key).first()
    if known is not None:
        if (known["person_id"], known["field"]) != (person_id, one):
            raise KeyReused
        return
    stands = _values(own, row, one)
    if stands == dict(values):
        return
    if was is not None and was != await mark(here, stands):
        raise Changed(stands, values)
    if one is Field.NAME:
        await PersonName.insert(_former(here, person_id, key, stands))
    await _replace(here, own, person_id, one, values)
    await _write_down(here, own, person_id, key, one, stands, values, reason, note)


async def take_back(here: Here, person_id: UUID, correction_id: UUID, *, key: UUID) -> None:
    """Put a field back to what it was before one correction. Harmless twice.

    Raises NotFound, Changed when the field was corrected again since.
    """
    row, own = await _held(here, person_id)
    rows = await hot(queries.CORRECTIONS, person_id, NEWEST)
    line = next((_line(own, found) for found in rows if found["id"] == correction_id), None)
    if line is None:
        raise NotFound
    if line.undone:
        return
    stands = _values(own, row, line.field)
    if stands != line.after:
        raise Changed(stands, line.before)
    if line.field is Field.NAME:
        await PersonName.delete().where(PersonName.id == correction_id)
    await _replace(here, own, person_id, line.field, line.before)
    await _write_down(
        here, own, person_id, key, line.field, line.after, line.before, Reason.UNDO, "", reverts=correction_id
    )


async def history(here: Here, person_id: UUID) -> list[Line]:
    """The newest corrections, opened. Raises Erased."""
    rows = await hot(queries.CORRECTIONS, person_id, NEWEST)
    own = await vault.person(here, person_id) if rows else None
    return [_line(own, row) for row in rows if own is not None]


async def _held(here: Here, person_id: UUID) -> tuple[Any, vault.PersonVault]:
    rows = await hot(queries.HELD, person_id)
    if not rows:
        raise NotFound
    return rows[0], await vault.person(here, person_id)


def _values(own: vault.PersonVault, row: Any, one: Field) -> dict[str, str]:
    found = {}
    for part in PARTS[one]:
        content = row[f"{part}_sealed"] if part in _SEALED else row[part]
        if part in _SEALED and content is not None:
            content = own.unseal("person", part, row["id"], content)
        found[part] = "" if content is None else str(content)
    return found


async def _replace(here: Here, own: vault.PersonVault, person_id: UUID, one: Field, values: Values) -> None:
    safe = await vault.open_tenant(here)
    columns: dict[str, Any] = {}
    for part in PARTS[one]:
        text = values[part] or None
        if part in _SEALED:
            columns[f"{part}_sealed"] = own.seal("person", part, person_id, text) if text else None
        else:
            columns[part] = text
    if one is Field.NAME:
        columns = dict(values) | name_keys(values["given_name"], values["family_name"])
    elif one is Field.CALLED_NAME:
        columns = {"called_name": values["called_name"], "search_called": thai.search_prefix(values["called_name"])}
    elif one is Field.BIRTH:
        columns = {
            "born_on": date.fromisoformat(values["born_on"]) if values["born_on"] else None,
            "born_year": int(values["born_year"]) if values["born_year"] else None,
        }
    elif one in (Field.PHONE, Field.NATIONAL_ID):
        columns |= _indexes(safe, one, values[one])
    try:
        await Person.update(columns).where(Person.id == person_id)
    except asyncpg.UniqueViolationError as error:
        raise Conflict(SAME_ID) from error


def _indexes(safe: vault.TenantVault, one: Field, text: str) -> dict[str, bytes | None]:
    found = {f"{one}_index": safe.blind(one, text) if text else None}
    if one is Field.NATIONAL_ID:
        found["national_id_last4_index"] = safe.blind("last4", text[-4:]) if text else None
    return found


async def _write_down(
    here: Here,
    own: vault.PersonVault,
    person_id: UUID,
    key: UUID,
    one: Field,
    before: Values,
    after: Values,
    reason: Reason,
    note: str,
    reverts: UUID | None = None,
) -> None:
    def seal(column: str, text: str) -> bytes:
        return own.seal("person_correction", column, key, text)

    await PersonCorrection.insert(
        PersonCorrection(
            id=key,
            person_id=person_id,
            field=one,
            before_sealed=seal("before", _text(before)),
            after_sealed=seal("after", _text(after)),
            note_sealed=seal("note", note) if note else None,
            reason=reason,
            at=here.now,
            by_id=here.member_id,
            reverts_id=reverts,
        )
    )
    await audit.record(here, "person:corrected", person_id, fields=str(one), reason=str(reason))


def _former(here: Here, person_id: UUID, key: UUID, name: Values) -> PersonName:
    keys = name_keys(name["given_name"], name["family_name"])
    return PersonName(
        id=key,
        person_id=person_id,
        until_at=here.now,
        changed_by=here.member_id,
        prefix=name["prefix"],
        given_name=name["given_name"],
        family_name=name["family_name"],
        **{column: keys[column] for column in ("search_name", "search_family", "sound_name", "sound_version")},
    )


def _line(own: vault.PersonVault, row: Any) -> Line:
    def opened(column: str) -> str:
        return own.unseal("person_correction", column, row["id"], row[f"{column}_sealed"])

    return Line(
        row["id"],
        Field(row["field"]),
        Reason(row["reason"]),
        row["at"],
        row["by"],
        row["undone"],
        row["reverts_id"],
        msgspec.json.decode(opened("before"), type=dict[str, str]),
        msgspec.json.decode(opened("after"), type=dict[str, str]),
        opened("note") if row["note_sealed"] else "",
    )


def _text(values: Values) -> str:
    return msgspec.json.encode(dict(values), order="sorted").decode()
