"""Messages a second to LINE over HTTP on loopback: worker processes as they run for real, durable commits, each once.

`python -m bench.messages` is the stand-in for LINE by itself: it prints its address and serves until it is ended.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from bench.data import Size
from bench.goals import Measured, Scene
from bench.rounds import Spread
from bench.stage import Stage
from khuen import registry, vault
from khuen.channels import Means, line
from khuen.database import connect, connected
from khuen.ids import uuid7
from khuen.messages import line_accounts, links, service
from khuen.messages.line_accounts import NewAccount
from khuen.messages.rules import Kind
from khuen.paths import folder
from khuen.settings import Settings
from khuen.tenancy import Here, hot, within
from tests.line_api import BASIC_ID, BOT, SECRET, TOKEN, line_server

DISTRICTS, EACH = 20, 50
SIZE = Size(tenants=DISTRICTS, cases=DISTRICTS * 4, check_ins=DISTRICTS * 16, largest=4)
ROUNDS = 3


async def to_line(on: Scene) -> list[Measured]:
    name = await on.stage.database("messages", SIZE)
    settings = on.stage.settings_of(name)
    vault.configure(settings.kek)
    found = []
    async with _line() as address, connected(settings):
        await _connect_all()
        for workers in (1, 2):
            rates = [await _deliver(on.stage, name, settings, address, workers) for _ in range(ROUNDS)]
            what = f"messages to LINE, {workers} worker{'s' if workers > 1 else ''}"
            found.append(Measured("P20", what, 40, 100, Spread(tuple(rates)), "/s"))
    return found


async def _deliver(stage: Stage, name: str, settings: Settings, address: str, workers: int) -> float:
    """Messages a second from the first to the last. Raises AssertionError when LINE counts another number."""
    means = Means(Settings("", {}, None, bytes(32), line_api=address), TOKEN)
    before = (await line.usage(means)).used
    await _write()
    root = await connect(stage.superuser_of(name))
    try:
        with _workers(stage, name, address, workers):
            while await root.fetchval("SELECT count(*) FROM message WHERE state IN ('waiting', 'sending')"):
                await asyncio.sleep(0.2)
        took = await root.fetchval(
            "SELECT extract(epoch FROM max(settled_at) - min(settled_at)) FROM"
            " (SELECT settled_at FROM message WHERE state = 'sent' ORDER BY settled_at DESC LIMIT $1) last",
            DISTRICTS * EACH,
        )
    finally:
        await root.close()
    sent = (await line.usage(means)).used - before
    if sent != DISTRICTS * EACH:
        raise AssertionError(f"LINE took {sent} messages instead of {DISTRICTS * EACH}")
    return DISTRICTS * EACH / float(took)


async def _connect_all() -> None:
    """Each district has an account, and its first member is linked."""
    for number, district in enumerate(await registry.active()):
        async with within(here := district.here()):
            member = (await hot("SELECT id FROM member WHERE tenant_id = $1 ORDER BY id LIMIT 1"))[0]["id"]
            own = Here(here.tenant_id, member, frozenset({"buddy"}), here.now)
            await line_accounts.connect(own, uuid7(), NewAccount(BASIC_ID, BOT, TOKEN, SECRET))
            await links.ask_code(own, uuid7())
            code = (await links.own(own)).code
            assert code is not None
            await links.link(here, code, f"U{number:032x}")


async def _write() -> None:
    for district in await registry.active():
        async with within(here := district.here()):
            member = (await hot("SELECT id FROM member WHERE tenant_id = $1 ORDER BY id LIMIT 1"))[0]["id"]
            new = [service.NewMessage(Kind.URGENT_CHECK_IN, uuid7(), member, urgent=True) for _ in range(EACH)]
            await service.compose_many(here, new)


@contextmanager
def _workers(stage: Stage, name: str, address: str, number: int) -> Iterator[None]:
    env = stage.environment(name) | {"KHUEN_LINE_API": address}
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "khuen", "work"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(number)
    ]
    try:
        yield
    finally:
        for one in running:
            one.terminate()
        for one in running:
            one.wait()


@asynccontextmanager
async def _line() -> AsyncIterator[str]:
    """LINE in a process of its own, so that it takes no time from whoever measures."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.messages", env=_env({}), stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.terminate()
        await process.wait()
        await line.close()


def _env(more: dict[str, str]) -> dict[str, str]:
    root = folder("templates").parent
    return {**os.environ, **more, "PYTHONPATH": f"{root}/src:{root}"}


async def _serve() -> None:
    async with line_server() as server:
        print(server.address, flush=True)
        while True:
            await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(_serve())
