"""What is kept of an uploaded file: the batch, its rows sealed as they came, and how its columns are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from khuen import vault
from khuen.enrolment import columns, queries, rows
from khuen.enrolment.rules import Around, Entry
from khuen.enrolment.tables import ImportBatch, ImportMapping
from khuen.errors import NotFound
from khuen.tenancy import Here, hot
from khuen.words import N_

ALL_STATES = ["raw", "good", "bad", "duplicate", "done", "left_out", "undone"]
MOST = 1_000_000  #: rows of a file, and then some
CHANGED_MEANWHILE = N_("This import has moved on meanwhile. Look at its present state")


class Content(msgspec.Struct):
    """What is sealed of one row: cells, columns with formulas, texts mended by hand, a choice about a double."""

    cells: list[str]
    formulas: list[int] = []
    mended: dict[str, str] = {}
    entry: Entry | None = None  #: what the last check understood
    choice: str = ""  #: "new": another person; "same:<person id>": a further case of somebody known


class Source(msgspec.Struct):
    """What is sealed of a file: its name, and the header row with its texts. Any of them may hold somebody's name."""

    file_name: str = ""
    header_row: int = 0
    names: tuple[str, ...] = ()


class Mapping(msgspec.Struct):
    """Column number -> field, and what is said once for everybody."""

    fields: dict[int, str] = {}
    defaults: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Batch:
    id: UUID
    source: Source = field(repr=False)
    state: str
    project_id: UUID | None
    mapping: Mapping
    total: int
    done: int
    made_at: Any
    committed_at: Any
    undone_at: Any
    purged_at: Any

    def may_be(self, *states: str) -> bool:
        """Whether it stands in one of these states and still has its rows."""
        return self.state in states and self.purged_at is None


@dataclass(frozen=True, slots=True)
class Raw:
    """One stored row, opened."""

    id: UUID
    number: int
    content: Content = field(repr=False)


async def batch(here: Here, batch_id: UUID) -> Batch:
    """Raises NotFound."""
    row = await ImportBatch.select().where(ImportBatch.id == batch_id).first()
    if row is None:
        raise NotFound
    return _batch(await vault.open_tenant(here), row)


async def batches(here: Here) -> list[Batch]:
    """The newest fifty imports of the district."""
    found = await ImportBatch.select().order_by(ImportBatch.made_at, ascending=False).limit(50)
    safe = await vault.open_tenant(here)
    return [_batch(safe, row) for row in found]


async def tally(here: Here, batch_id: UUID) -> dict[str, int]:
    """Rows by state."""
    return {row["state"]: row["n"] for row in await hot(queries.TALLY, batch_id)}


def as_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def seal_source(safe: vault.TenantVault, batch_id: UUID, source: Source) -> bytes:
    return safe.seal("import_batch", "source", batch_id, as_json(source))


def _batch(safe: vault.TenantVault, row: dict[str, Any]) -> Batch:
    sealed = row["source_sealed"]
    source = safe.unseal("import_batch", "source", row["id"], sealed) if sealed else "{}"
    return Batch(
        id=row["id"],
        source=msgspec.json.decode(source, type=Source),
        state=row["state"],
        project_id=row["project_id"],
        mapping=msgspec.json.decode(row["mapping"], type=Mapping),
        total=row["total"],
        done=row["done"],
        made_at=row["made_at"],
        committed_at=row["committed_at"],
        undone_at=row["undone_at"],
        purged_at=row["purged_at"],
    )


async def locked(here: Here, batch_id: UUID) -> Batch:
    """Raises NotFound."""
    row = await ImportBatch.select().where(ImportBatch.id == batch_id).lock_rows().first()
    if row is None:
        raise NotFound
    return _batch(await vault.open_tenant(here), row)


async def remembered(names: tuple[str, ...]) -> dict[int, str] | None:
    row = await (
        ImportMapping.select(ImportMapping.mapping).where(ImportMapping.signature == columns.signature(names)).first()
    )
    if row is None:
        return None
    held = msgspec.json.decode(row["mapping"], type=dict[int, str])
    return {at: name for at, name in held.items() if name in columns.FIELDS and at < len(names)}


def seal(safe: vault.TenantVault, row_id: UUID, content: Content) -> bytes:
    return safe.seal("import_row", "content", row_id, as_json(content))


def unseal(safe: vault.TenantVault, row: Any) -> Content:
    return msgspec.json.decode(safe.unseal("import_row", "content", row["id"], row["content_sealed"]), type=Content)


async def waiting(here: Here, batch_id: UUID) -> list[Raw]:
    """The rows that are not in yet and not left out."""
    safe = await vault.open_tenant(here)
    found = await hot(queries.ROWS, batch_id, ["raw", "good", "bad", "duplicate"], MOST)
    return [Raw(row["id"], row["number"], unseal(safe, row)) for row in found]


def typed_texts(held: Batch, content: Content) -> dict[str, str]:
    """Field -> what the file says, or what was mended by hand, or what was said for everybody."""
    typed = dict(held.mapping.defaults)
    for at, name in held.mapping.fields.items():
        cell = content.cells[at] if at < len(content.cells) else ""
        if cell.strip() or name not in typed:
            typed[name] = cell
    return typed | content.mended


def read_row(held: Batch, content: Content, around: Around) -> rows.Row:
    typed = typed_texts(held, content)
    without_result = [
        name
        for at, name in held.mapping.fields.items()
        if at in content.formulas and name not in content.mended and not typed.get(name, "").strip()
    ]
    return rows.read(typed, around, formulas_without_result=without_result)


def written_problems(row: rows.Row) -> str:
    return as_json([[problem.field, problem.code, problem.other] for problem in row.problems])


def read_problems(text: str) -> tuple[rows.Problem, ...]:
    return tuple(rows.Problem(*problem) for problem in msgspec.json.decode(text))


async def count_rows(batch_id: UUID, **more: Any) -> dict[str, int]:
    counts = {row["state"]: row["n"] for row in await hot(queries.TALLY, batch_id)}
    await ImportBatch.update(
        {
            "good": counts.get("good", 0),
            "bad": counts.get("bad", 0) + counts.get("duplicate", 0),
            "done": counts.get("done", 0),
            **more,
        }
    ).where(ImportBatch.id == batch_id)
    return counts
