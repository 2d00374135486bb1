"""The rows in which a district keeps its settings: each holds all of them, the one with the highest number holds now.

The administrator's pages and the operator's file write here alike (docs/decisions/0015-settings.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import msgspec

from khuen import district
from khuen.district import DistrictSettings
from khuen.tenancy import Here, hot

#: table and key of one setting: ("escalation", "overdue_days"), ("hotlines",)
Leaf: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """One row. `set_by` and `part` (the page) are None when the operator's file wrote it."""

    id: UUID
    number: int
    settings: DistrictSettings
    set_at: datetime
    set_by: UUID | None
    part: str | None


async def newest(here: Here) -> Kept | None:
    """What holds now; None before the district is made."""
    return next(iter(await latest(here, 1)), None)


async def latest(here: Here, limit: int, before: int | None = None) -> list[Kept]:
    """The last rows, the newest first; `before` leaves out that number and those above it."""
    return [_kept(row) for row in await hot(_LATEST, limit, before)]


async def numbered(here: Here, number: int) -> Kept | None:
    rows = await hot(_NUMBERED, number)
    return _kept(rows[0]) if rows else None


async def one(here: Here, row_id: UUID) -> Kept | None:
    rows = await hot(_ONE, row_id)
    return _kept(rows[0]) if rows else None


async def by_part(here: Here) -> dict[str, tuple[datetime, UUID | None]]:
    """When each page was saved last, and by whom; a page that nobody saved yet is left out."""
    return {row["part"]: (row["set_at"], row["set_by"]) for row in await hot(_BY_PART)}


async def add(
    here: Here,
    row_id: UUID,
    number: int,
    settings: DistrictSettings,
    *,
    part: str | None = None,
    file: DistrictSettings | None = None,
) -> bool:
    """Write a row. False when this id or this number stands already: somebody else was first."""
    content = written(settings)
    as_read = written(file) if file else None
    return bool(await hot(_ADD, row_id, number, content, here.now, here.member_id, part, as_read))


async def last_file(here: Here) -> DistrictSettings | None:
    """The settings of the operator's file as it was read last; None when that was not written down yet."""
    rows = await hot(_FILE)
    return _read(rows[0]["file"]) if rows else None


def leaves(settings: DistrictSettings) -> dict[Leaf, Any]:
    """Every setting by table and key, in plain JSON values; lists and texts whole."""
    found: dict[Leaf, Any] = {}
    for table, value in district.settings_content(settings).items():
        if isinstance(value, dict):
            found |= {(table, key): inner for key, inner in value.items()}
        else:
            found[(table,)] = value
    return found


def changes(before: DistrictSettings, after: DistrictSettings) -> dict[Leaf, tuple[Any, Any]]:
    """What differs, each as (from, to) in plain JSON values; None where there is nothing."""
    old, new = leaves(before), leaves(after)
    keys = [*old, *(key for key in new if key not in old)]
    return {key: (old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)}


def over(present: DistrictSettings, values: dict[Leaf, Any]) -> DistrictSettings:
    """The present settings with these plain values in their place; None takes a key of a table away."""
    content = district.settings_content(present)
    for key, value in values.items():
        holder = content
        for name in key[:-1]:
            holder = holder[name]
        if value is None:
            holder.pop(key[-1], None)
        else:
            holder[key[-1]] = value
    return district.settings_from_content(content)


def written(settings: DistrictSettings) -> str:
    return msgspec.json.encode(district.settings_content(settings), order="sorted").decode()


def _kept(row: Any) -> Kept:
    return Kept(row["id"], row["number"], _read(row["content"]), row["set_at"], row["set_by"], row["part"])


def _read(content: str) -> DistrictSettings:
    return district.settings_from_content(msgspec.json.decode(content))


# Rows from before there were numbers have 0 and are told apart by their moment.
_ORDER = "ORDER BY number DESC, set_at DESC, id DESC"
_COLUMNS = "SELECT id, number, content, set_at, set_by, part FROM district_settings WHERE tenant_id = $1"
_LATEST = f"{_COLUMNS} AND ($3::integer IS NULL OR number < $3) {_ORDER} LIMIT $2"
_NUMBERED = f"{_COLUMNS} AND number = $2 {_ORDER} LIMIT 1"
_ONE = f"{_COLUMNS} AND id = $2"
_FILE = f"SELECT file FROM district_settings WHERE tenant_id = $1 AND file IS NOT NULL {_ORDER} LIMIT 1"
_BY_PART = """SELECT DISTINCT ON (part) part, set_at, set_by FROM district_settings
    WHERE tenant_id = $1 AND part IS NOT NULL ORDER BY part, number DESC"""
_ADD = """INSERT INTO district_settings (tenant_id, id, number, content, set_at, set_by, part, file)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING id"""
