"""A messy spreadsheet on its whole way, by the services alone, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from uuid import UUID

import pytest

from khuen.enrolment import batches, columns, committing, importing, upload
from khuen.enrolment.batches import Mapping
from khuen.ids import uuid7
from khuen.settings import Settings
from khuen.tenancy import Here, within
from tests import care
from tests.enrolment import messy

NEAR = "3606"


async def received(here: Here, project_id: UUID, content: bytes, key: UUID | None = None) -> batches.Batch:
    sheet = await upload.read(content)
    async with within(here):
        return await importing.receive(here, key or uuid7(), "รายชื่อ.xlsx", content, sheet, project_id)


async def checked(here: Here, batch_id: UUID, mapping: Mapping) -> dict[str, int]:
    async with within(here):
        work = await importing.begin_check(here, batch_id, mapping, NEAR)
    read = await asyncio.to_thread(importing.read_rows, work)
    async with within(here):
        await importing.finish_check(here, work, read)
        return await batches.tally(here, batch_id)


async def committed(here: Here, batch_id: UUID) -> committing.Progress:
    async with within(here):
        await committing.begin_commit(here, batch_id)
    while True:
        async with within(here):
            progress = await committing.continue_batch(here, batch_id)
        if progress.finished:
            return progress


async def test_five_thousand(pools: Settings) -> None:
    made = await care.stand(pools, nok="coordinator")
    here = made.here("nok")
    sheet = messy.make(5000, 100)
    content = messy.xlsx(sheet)
    t = time.time()
    batch = await received(here, made.project_id, content)
    print("received", time.time() - t)
    print(batch.names, batch.mapping.fields)
    counts = await checked(here, batch.id, batch.mapping)
    print("checked", time.time() - t, counts)
    async with within(here):
        held = await batches.batch(here, batch.id)
        rows, total = await importing.page(here, held, NEAR, ["bad", "duplicate"], None, 1, 200)
    found = {row.cells[p.field]: p.code for row in rows for p in row.problems}
    print({k: v for k, v in found.items() if sheet.wrong.get(k) != v}, {k: v for k, v in sheet.wrong.items() if found.get(k) != v})
    t = time.time()
    print(await committed(here, batch.id), time.time() - t)
    async with within(here):
        print(await batches.tally(here, batch.id))
    t = time.time()
    async with within(here):
        undone = await committing.undo_batch(here, batch.id)
    print(undone, time.time() - t)
    assert 0
