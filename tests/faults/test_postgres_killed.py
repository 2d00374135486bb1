"""kill -9 of PostgreSQL while buddies log check-ins, with durable commits."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bench.ledger import Ledger, verify
from khuen import bootstrap, clock, database, embedded, schema, settings
from khuen.buddies import service as buddies
from khuen.buddies.service import NewAssignment
from khuen.ids import uuid7
from khuen.tenancy import within
from tests.care import Site
from tests.conftest import KEK, Stage
from tests.faults.conftest import Sending


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """In place of the quick engines that all tests share: these keep what they acknowledged."""
    folder = Path(tempfile.mkdtemp(prefix="khuen-durable-"))
    engines = embedded.start(folder / "engines", durable=True)
    try:
        env = embedded.environment(engines) | {"KHUEN_KEK": KEK, "KHUEN_ORIGIN": "http://testserver"}
        loaded = replace(settings.load(env), seals_dir=folder / "seals", erasures_file=folder / "erased")
        made = Stage(engines, loaded, engines.superuser_url)
        asyncio.run(bootstrap.prepare(made.superuser_of("khuen"), engines.passwords))
        asyncio.run(schema.migrate(loaded.dsn("owner")))
        yield made
    finally:
        engines.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def test_killed_under_load_pages_are_calm_and_no_check_in_is_lost_or_doubled(
    stage: Stage, db: settings.Settings, site: Site, sending: Sending
) -> None:
    codes = [await site.case(), await site.case(None), await site.case(None)]
    for code in codes[1:]:
        await _give(site, code)
    watching = asyncio.create_task(stage.engines.watch())
    ledgers = [Ledger() for _ in range(6)]
    over = asyncio.Event()
    phones = [asyncio.create_task(ledger.visit(sending(codes[n % 3]), over.is_set)) for n, ledger in enumerate(ledgers)]
    try:
        for _ in range(2):
            await asyncio.sleep(0.4)
            had = len(ledgers[0].acknowledged)
            assert stage.engines.postgres.process is not None
            os.kill(stage.engines.postgres.process.pid, signal.SIGKILL)
            async with asyncio.timeout(60):  # how fast it is on a machine without other work: `make faults`
                page = await _first_page_after(site)
                assert "ลองใหม่" in page or "อีกครั้ง" in page
                while len(ledgers[0].acknowledged) == had:
                    await asyncio.sleep(0.02)
    finally:
        over.set()
        await asyncio.gather(*phones)
        watching.cancel()
    assert sum(ledger.answers["later"] for ledger in ledgers) > 0
    after = await database.connect(stage.superuser_of(urlsplit(db.database_url).path.lstrip("/")))
    try:
        assert await verify(after, ledgers) == []
    finally:
        await after.close()
    assert (await site.clients["somchai"].get("/chatturat/b/")).status_code == 200


async def _first_page_after(site: Site) -> str:
    """The text of the calm page that a browser sees while the database is away. It says when to come again."""
    while True:
        answer = await site.clients["mali"].get("/chatturat/b/")
        if answer.status_code == 503:
            assert answer.headers["retry-after"] and answer.headers["content-type"].startswith("text/html")
            return answer.text
        assert answer.status_code == 200
        await asyncio.sleep(0)


async def _give(site: Site, code: str) -> None:
    here = site.chatturat.here("nok", clock.now())
    async with within(here):
        buddy = site.chatturat.people["somchai"][0]
        await buddies.assign(here, [NewAssignment(uuid7(), site.chatturat.cases[code], buddy, "บัดดี้ไม่พอ")])
