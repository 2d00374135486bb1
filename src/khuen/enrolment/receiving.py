"""A file that was sent becomes a batch with its rows, sealed as they came, and a first guess of its columns."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from khuen import audit, vault
from khuen.cases import service as cases
from khuen.enrolment import columns, queries
from khuen.enrolment.batches import (
    ALL_STATES,
    Batch,
    Content,
    Mapping,
    Source,
    as_json,
    batch,
    remembered,
    seal,
    seal_source,
    unseal,
)
from khuen.enrolment.tables import ImportBatch
from khuen.enrolment.upload import Sheet
from khuen.errors import KeyReused, NotFound
from khuen.ids import uuid7
from khuen.tenancy import Here, hot, many


async def receive(here: Here, key: UUID, file_name: str, content: bytes, sheet: Sheet, project_id: UUID) -> Batch:
    """Keep a file's rows. The same file under the same key again: the batch that is there.

    Raises KeyReused for another file under the key, NotFound for a project that is not here.
    """
    digest = hashlib.sha256(content).digest()
    if project_id not in {project.id for project in await cases.projects(here)}:
        raise NotFound
    headers = columns.guess_headers(sheet.rows)
    body = [(at, row) for at, row in enumerate(sheet.rows) if at > headers.row and any(cell.strip() for cell in row)]
    source = Source(columns.shown(file_name), headers.row, headers.names)
    safe = await vault.open_tenant(here)
    mapping = Mapping(await remembered(headers.names) or columns.guess_fields(headers.names))
    inserted = await (
        ImportBatch.insert(
            ImportBatch(
                id=key,
                member_id=here.member_id,
                file_hash=digest,
                state="uploaded",
                project_id=project_id,
                source_sealed=seal_source(safe, key, source),
                mapping=as_json(mapping),
                total=len(body),
                made_at=here.now,
            )
        )
        .on_conflict((ImportBatch.tenant_id, ImportBatch.id), "DO NOTHING")
        .returning(ImportBatch.id)
    )
    if not inserted:
        return await _again(here, key, digest)
    stored = [(uuid7(here.now), number, Content(row, sheet.formulas.get(number, []))) for number, row in body]
    await many(queries.ADD_ROW, [(id_, key, number, seal(safe, id_, content)) for id_, number, content in stored])
    await audit.record(here, "import:uploaded", key, count=len(body))
    return await batch(here, key)


async def same_file_before(here: Here, batch_id: UUID) -> Any:
    """When a file with the very same bytes was committed before, or None."""
    own = await ImportBatch.select(ImportBatch.file_hash).where(ImportBatch.id == batch_id).first()
    if own is None:
        raise NotFound
    row = (
        await ImportBatch.select(ImportBatch.committed_at)
        .where(
            ImportBatch.file_hash == own["file_hash"],
            ImportBatch.id != batch_id,
            ImportBatch.state == "committed",
        )
        .order_by(ImportBatch.committed_at, ascending=False)
        .first()
    )
    return row["committed_at"] if row else None


async def samples(here: Here, held: Batch, size: int = 3) -> dict[int, list[str]]:
    """Column -> its first filled cells, shown beside the header while columns are matched."""
    safe = await vault.open_tenant(here)
    found: dict[int, list[str]] = {}
    for row in await hot(queries.ROWS, held.id, ALL_STATES, 10):
        for at, cell in enumerate(unseal(safe, row).cells):
            if cell.strip() and len(found.setdefault(at, [])) < size:
                found[at].append(cell[:40])
    return found


async def _again(here: Here, key: UUID, digest: bytes) -> Batch:
    row = await ImportBatch.select(ImportBatch.file_hash, ImportBatch.member_id).where(ImportBatch.id == key).first()
    if row is None or row["file_hash"] != digest or row["member_id"] != here.member_id:
        raise KeyReused
    return await batch(here, key)
