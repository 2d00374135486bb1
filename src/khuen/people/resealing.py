"""Sealing again under another person's key: whatever belongs to rows that change hands, found by the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from khuen.people.catalogue import Catalogue
from khuen.tenancy import hot, many
from khuen.vault import PersonVault, TenantVault, WrongKey

# The only texts put into SQL here are names of tables and columns, quoted by the database that they come from.


async def reseal(
    catalogue: Catalogue, moved: Mapping[str, Iterable[UUID]], old: PersonVault, new: PersonVault, safe: TenantVault
) -> None:
    """Seal under `new` what is sealed under `old` in these rows and all that belong to them.

    Raises RuntimeError for bytes that no key opens which may have sealed them: a merge must not lose a note in silence.
    """
    waiting = {table: set(ids) for table, ids in moved.items() if table != "person"}
    passed: dict[str, set[UUID]] = {}
    while waiting:
        table, ids = waiting.popitem()
        ids -= passed.setdefault(table, set())
        if not ids:
            continue
        passed[table] |= ids
        await _reseal_rows(table, catalogue.sealed.get(table, ()), ids, old, new, safe)
        for link in catalogue.leading(table):
            rows = await hot(
                f"SELECT id FROM {link.table} WHERE tenant_id = $1 AND {link.column} = ANY ($2)", list(ids)
            )
            waiting.setdefault(link.table, set()).update(row["id"] for row in rows)


def again(
    table: str, column: str, from_id: UUID, to_id: UUID, sealed: bytes, old: PersonVault, new: PersonVault
) -> bytes | None:
    """The same text under the other key and in the other row; None when the old key does not open it."""
    for label in labels(column):
        try:
            return new.seal(table, label, to_id, old.unseal(table, label, from_id, sealed))
        except WrongKey:
            continue
    return None


def labels(column: str) -> tuple[str, str]:
    """What a sealed column is called in its own seal: by the house's custom without the ending, or as it stands."""
    return column.removesuffix("_sealed"), column


async def _reseal_rows(
    table: str, columns: tuple[str, ...], ids: set[UUID], old: PersonVault, new: PersonVault, safe: TenantVault
) -> None:
    name = table.rpartition(".")[2]
    for column in columns:
        rows: list[Any] = await hot(
            f"SELECT id, {column} AS sealed FROM {table}"
            f" WHERE tenant_id = $1 AND id = ANY ($2) AND {column} IS NOT NULL ORDER BY id",
            list(ids),
        )
        changed = []
        for row in rows:
            sealed = again(name, column, row["id"], row["id"], row["sealed"], old, new)
            if sealed is not None:
                changed.append((row["id"], sealed))
            elif not any(_opens(own, name, column, row) for own in (new, safe)):
                raise RuntimeError(f"{table}.{column}: neither the person's key nor the district's opens it")
        if changed:
            await many(f"UPDATE {table} SET {column} = $3 WHERE tenant_id = $1 AND id = $2", changed)


def _opens(own: PersonVault, table: str, column: str, row: Any) -> bool:
    for label in labels(column):
        try:
            own.unseal(table, label, row["id"], row["sealed"])
        except WrongKey:
            continue
        return True
    return False
