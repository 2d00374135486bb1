"""An import of 5,000 rows with 100 bad ones from the file to the cases, and taking it back."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any
from uuid import UUID

from bench.goals import ALONE, Measured, Scene
from bench.rounds import Spread
from khuen import clock, settings, vault
from khuen.database import connect, connected
from khuen.enrolment import checking, committing, receiving, upload
from khuen.ids import uuid7
from khuen.tenancy import Here, within
from tests.enrolment import messy

ROWS, BAD, ROUNDS, NEAR = 5_000, 100, 3, "3606"


async def import_and_undo(on: Scene) -> list[Measured]:
    """Without a browser between: what the requests of one import do one after the other, in a district of its own."""
    database = await on.stage.database("imports", ALONE)
    own = settings.load(on.stage.environment(database))
    root = await connect(on.stage.superuser_of(database))
    project = await root.fetchrow("SELECT tenant_id, id FROM project LIMIT 1")
    member = await root.fetchval("SELECT id FROM member WHERE tenant_id = $1 LIMIT 1", project["tenant_id"])
    await root.close()
    vault.configure(own.kek, Path(on.stage.engines.data) / "erased-by-bench")
    taken: list[float] = []
    undone: list[float] = []
    busy: list[float] = []
    async with connected(own, size=2):
        for number in range(ROUNDS):
            here = Here(project["tenant_id"], member, frozenset({"coordinator"}), clock.now())
            content = messy.xlsx(messy.make(ROWS, BAD, seed=number))
            started, worked = time.perf_counter(), time.process_time()
            batch_id = await _import(here, project["id"], content)
            taken.append(time.perf_counter() - started)
            busy.append(time.process_time() - worked)
            started = time.perf_counter()
            async with within(here):
                back = await committing.undo_batch(here, batch_id)
            undone.append(time.perf_counter() - started)
            assert back.taken_back == ROWS - BAD, back
    notes = [f"of them {Spread(tuple(busy)):.1f} s are work of this process"]
    return [
        Measured("U14", f"import of {ROWS:,} rows, {BAD} of them bad", 10, 6, Spread(tuple(taken)), "s", True, notes),
        Measured("U14", "taking all of it back", 5, 3, Spread(tuple(undone)), "s", True),
    ]


async def _import(here: Here, project_id: UUID, content: bytes) -> UUID:
    key = uuid7()
    sheet = await upload.read(content)
    async with within(here):
        held = await receiving.receive(here, key, "list.xlsx", content, sheet, project_id)
        work: Any = await checking.begin_check(here, key, held.mapping, NEAR)
    read = await asyncio.to_thread(checking.read_rows, work)
    async with within(here):
        await checking.finish_check(here, work, read)
        await committing.begin_commit(here, key)
    finished = False
    while not finished:
        async with within(here):
            finished = (await committing.continue_batch(here, key)).finished
    return key
