"""Phones that vanish in the middle of sending, over a real socket and a real server."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import structlog
import uvicorn

from bench.ledger import Ledger
from khuen.ids import uuid7
from tests.care import Site
from tests.faults.conftest import Sending

_OPEN = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = 'khuen_app' AND state LIKE 'idle in transaction%'"""


@pytest.fixture
async def socket(site: Site) -> AsyncIterator[Path]:
    with tempfile.TemporaryDirectory(prefix="khuen-") as place:
        path = Path(place) / "site.sock"
        server = uvicorn.Server(
            uvicorn.Config(site.app, uds=str(path), lifespan="off", log_config=None, timeout_graceful_shutdown=2)
        )
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield path
        finally:
            server.should_exit = True
            await serving


async def test_twelve_phones_that_hang_up_leave_no_transaction_open(
    site: Site, root: Any, socket: Path, sending: Sending
) -> None:
    code = await site.case()
    client = site.clients["somchai"]
    head = (
        f"POST /chatturat/cases/{code}/check-ins HTTP/1.1\r\nhost: testserver.local\r\n"
        f"origin: http://testserver.local\r\nsec-fetch-site: same-origin\r\ncookie: khuen={client.cookies['khuen']}\r\n"
        f"x-csrf-token: {client.headers['x-csrf-token']}\r\ncontent-type: application/x-www-form-urlencoded\r\n"
        "content-length: 60\r\n\r\n"
    ).encode()
    writers = []
    for _ in range(12):  # more than there are connections to the database
        _reader, writer = await asyncio.open_unix_connection(str(socket))
        writer.write(head + b"key=0199")
        await writer.drain()
        writers.append(writer)
    await asyncio.sleep(0.3)
    assert await root.fetchval(_OPEN) == 0  # the whole body first, the transaction later
    ledger = Ledger()
    await asyncio.wait_for(ledger.insist(sending(code), uuid7()), 5)  # and meanwhile the others are served
    with structlog.testing.capture_logs() as lines:
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0.3)
    assert [line["log_level"] for line in lines] == ["info"] * 12  # not an error: nobody need look at it
    assert await root.fetchval(_OPEN) == 0
    await asyncio.wait_for(ledger.insist(sending(code), uuid7()), 5)
    assert ledger.answers["later"] == 0
