"""The views of the board that a member saved: a filter under a name of their own, seen by nobody else.

The name is free text and may say more than it should, so it is sealed under the district's key; the filter itself
holds no free text. Every change is a row, and undo takes the row back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from khuen import access, audit, vault
from khuen.board import view_queries as queries
from khuen.errors import Invalid, KeyReused, NotFound
from khuen.msgid import N_
from khuen.tenancy import Here, hot

MOST = 12  #: more than that nobody finds again
TOO_MANY = N_("You have twelve saved views. Remove one first")

Kind = Literal["named", "removed", "started", "stopped"]


@dataclass(frozen=True, slots=True)
class View:
    id: UUID
    query: str  #: as `address.query` writes it
    name: str = field(repr=False)
    starts: bool  #: the board begins with it


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside a board. `pairs` is None for whoever does not look after records."""

    views: tuple[View, ...]
    pairs: int | None


async def beside(here: Here) -> Beside:
    """The views of this member and how many pairs of records wait, in one statement."""
    rows = await hot(queries.BESIDE, here.member_id, here.today, access.may(here.roles, "people.duplicates"))
    return Beside(await _opened(here, [row for row in rows if row["id"]]), rows[0]["pairs"])


async def mine(here: Here) -> tuple[View, ...]:
    """The views of this member, the oldest first."""
    return await _opened(here, await hot(queries.MINE, here.member_id))


async def save(here: Here, key: UUID, name: str, query: str) -> None:
    """Keep this filter under a name. Harmless twice by `key`, which is also the change that undo takes back.

    Raises Invalid when there are too many, KeyReused.
    """
    saved = await hot(queries.SAVED, key)
    if saved and (saved[0]["member_id"], saved[0]["query"]) != (here.member_id, query):
        raise KeyReused
    if not saved:
        if len(await hot(queries.MINE, here.member_id)) >= MOST:
            raise Invalid({"name": TOO_MANY})
        await hot(queries.SAVE, key, here.member_id, query, here.now)
    await change(here, key, key, "named", name)


async def change(here: Here, view_id: UUID, key: UUID, kind: Kind, name: str | None = None) -> None:
    """Name it anew, remove it, or begin with it or no longer. Harmless twice by `key`.

    Raises NotFound for a view that is not one's own, KeyReused.
    """
    safe = await vault.open_tenant(here)
    before = await hot(queries.CHANGED, key, here.member_id)
    if before:
        if (before[0]["view_id"], before[0]["kind"], _name(safe, key, before[0])) != (view_id, kind, name):
            raise KeyReused
        return
    if not await hot(queries.OWN, view_id, here.member_id):
        raise NotFound
    sealed = safe.seal("view_change", "name", key, name) if name is not None else None
    await hot(queries.CHANGE, key, view_id, kind, sealed, here.now, here.member_id)
    await audit.record(here, "view:changed", view_id, kind=kind)


async def undo(here: Here, change_id: UUID) -> None:
    """Take a change back; of the first name that is the view itself. Harmless twice."""
    await hot(queries.UNDO, change_id, here.member_id, here.now)


async def _opened(here: Here, rows: list[Any]) -> tuple[View, ...]:
    if not rows:
        return ()
    safe = await vault.open_tenant(here)
    return tuple(
        View(row["id"], row["query"], _name(safe, row["name_id"], row) or "", bool(row["starts"])) for row in rows
    )


def _name(safe: vault.TenantVault, change_id: UUID, row: Any) -> str | None:
    sealed = row["name_sealed"]
    return safe.unseal("view_change", "name", change_id, sealed) if sealed is not None else None
