"""The line to PostgreSQL is cut at every message of a check-in, also when only the reply to COMMIT is missing."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from bench.ledger import Ledger, verify
from bench.proxy import Wire, wire
from khuen import database
from khuen.embedded import POSTGRES_SOCKET
from khuen.settings import Settings
from tests.care import Site
from tests.conftest import Stage
from tests.faults.conftest import Sending


@pytest.fixture
async def line(stage: Stage) -> AsyncIterator[tuple[Wire, Path]]:
    with tempfile.TemporaryDirectory(prefix="khuen-") as place:
        async with wire(stage.engines.run / POSTGRES_SOCKET, Path(place)) as made:
            yield made, Path(place)


@pytest.fixture
async def pools(db: Settings, line: tuple[Wire, Path]) -> AsyncIterator[Settings]:
    """In place of the direct ones: every connection runs over the wire."""
    name = urlsplit(db.database_url).path
    far = replace(db, database_url=f"postgresql://{name}?host={line[1]}")
    async with database.connected(far, size=4):
        yield far


def nth(number: int) -> Callable[[bytes], bool]:
    """The n-th thing that is sent from now on."""
    left = iter(range(number, -1, -1))
    return lambda sent: next(left) == 0


async def test_the_reply_to_commit_is_lost_and_the_phone_sends_again(
    site: Site, root: Any, line: tuple[Wire, Path], sending: Sending
) -> None:
    code, ledger, key = await site.case(), Ledger(), uuid4()
    line[0].cut(lambda sent: b"COMMIT" in sent, reply_lost=True)
    assert not await ledger.once(sending(code), key)
    assert line[0].cuts == 1
    assert await root.fetchval("SELECT count(*) FROM check_in WHERE id = $1", key) == 1  # it had been saved
    assert await ledger.once(sending(code), key)
    assert await verify(root, [ledger]) == []
    card = (await site.clients["somchai"].get(f"/chatturat/b/check-in?p={code}")).text
    assert card.count("ครั้งก่อน") + card.count("ครั้งล่าสุด") == 1


async def test_cut_at_every_message_nothing_is_lost_or_doubled(
    site: Site, root: Any, line: tuple[Wire, Path], sending: Sending
) -> None:
    code, ledger = await site.case(), Ledger()
    post = sending(code)
    await ledger.insist(post, uuid4(), pause=0)
    for reply_lost in (False, True):
        for number in range(12):  # a check-in is three messages; signing in anew after a cut is a few more
            line[0].cut(nth(number), reply_lost=reply_lost)
            had = line[0].cuts
            while line[0].cuts == had:
                await ledger.insist(post, uuid4(), pause=0)
    assert line[0].cuts == 24 and ledger.answers["later"] > 10
    assert await verify(root, [ledger]) == []
    assert await root.fetchval("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'") == 0
