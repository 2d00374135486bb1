"""`python -m bench.faults`: break things under load and count what is lost. Seeded: the same seed breaks alike.

Phones send check-ins without pause and never give up on one; whatever breaks, each check-in that was acknowledged
must stand exactly once, with its audit row in an unbroken chain. Short forms of these are in tests/faults.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

import uvloop

from bench import crowd, data, load
from bench import stage as stages
from bench.data import Phone, Size
from bench.ledger import Ledger, verify
from bench.proxy import wire
from bench.stage import HOME, Site, Stage
from khuen.database import connect
from khuen.embedded import POSTGRES_SOCKET
from khuen.paths import folder

DISTRICTS = Size(tenants=8, cases=8 * 10, check_ins=8 * 10 * 4, largest=10, phones=8, practice=True)
DATABASE = "faulted"
SERVING_AGAIN = 10.0  #: seconds after which something is wrong
DELIVERED = 75.0  #: a dead worker's lease ends within 60


@dataclass
class Scene:
    stage: Stage
    chance: random.Random
    site: Site
    phones: list[Phone]
    csrf: dict[str, str]
    ledgers: list[Ledger] = field(default_factory=lambda: [Ledger() for _ in range(8)])
    slowest: float = 0.0

    def post(self, number: int, how: str = "well") -> Callable[[UUID], Awaitable[tuple[int, bool]]]:
        phone = self.phones[number]

        async def send(key: UUID) -> tuple[int, bool]:
            body = f"_csrf={self.csrf[phone.token]}&key={key}&how={how}"
            path, kind = f"/{phone.slug}/cases/{phone.code}/check-ins", "application/x-www-form-urlencoded"
            answer = await asyncio.wait_for(
                load.ask(self.site, load.post(phone, path, body, self.csrf[phone.token], kind)), 30
            )
            if not answer:
                raise ConnectionError("no answer")
            return int(answer[9:12]), b"\r\nretry-after: " in answer

        return send

    @asynccontextmanager
    async def under_load(self, how: str = "well") -> AsyncIterator[None]:
        over = asyncio.Event()
        sending = [
            asyncio.create_task(ledger.visit(self.post(number, how), over.is_set))
            for number, ledger in enumerate(self.ledgers)
        ]
        try:
            await self.going_on()
            yield
        finally:
            over.set()
            await asyncio.gather(*sending)

    async def going_on(self) -> None:
        """Until every phone has been acknowledged once more. Raises TimeoutError."""
        had, started = [len(ledger.acknowledged) for ledger in self.ledgers], time.monotonic()
        async with asyncio.timeout(60):
            while any(len(ledger.acknowledged) == n for ledger, n in zip(self.ledgers, had, strict=True)):
                await asyncio.sleep(0.02)
        self.slowest = max(self.slowest, time.monotonic() - started)

    async def moment(self) -> None:
        await asyncio.sleep(self.chance.uniform(0.1, 0.6))


async def postgres(on: Scene, times: int) -> str:
    """kill -9 of the postmaster; its watch starts it again."""
    async with on.under_load():
        for _ in range(times):
            await on.moment()
            _kill(on.stage.engines.postgres.process)
            await on.going_on()
    return f"PostgreSQL killed {times} times"


async def site(on: Scene, times: int) -> str:
    async with on.under_load():
        for _ in range(times):
            await on.moment()
            _kill(on.site.process)
            on.site.process.wait()
            on.site = stages.serve(on.stage, DATABASE)
            await on.going_on()
    return f"the site killed {times} times"


async def worker(on: Scene, times: int) -> str:
    """Urgent check-ins make a message each; the worker that delivers them is killed, and the last one ends the work."""
    async with on.under_load("urgent"):
        for _ in range(times):
            running = _worker(on.stage)
            await asyncio.sleep(on.chance.uniform(1.5, 3.0))
            _kill(running)
            running.wait()
    running, began = _worker(on.stage), time.monotonic()
    try:
        said = await _delivered(on)
    finally:
        running.terminate()
        running.wait()
    return f"the worker killed {times} times; {said}; the last one after {time.monotonic() - began:.0f} s"


async def _delivered(on: Scene) -> str:
    """Wait until no urgent message waits. Raises AssertionError when one still does, or went out twice."""
    root, began = await connect(on.stage.superuser_of(DATABASE)), time.monotonic()
    try:
        while waiting := await root.fetchval(_WAITING):
            if time.monotonic() - began > DELIVERED:
                raise AssertionError(f"{waiting} messages still wait after {DELIVERED:.0f} s")
            await asyncio.sleep(0.5)
        states = dict(await root.fetch("SELECT state, count(*) FROM message WHERE urgent GROUP BY state"))
        twice = await root.fetchval(
            "SELECT count(*) FROM (SELECT 1 FROM message_attempt WHERE outcome = 'accepted'"
            " GROUP BY tenant_id, message_id HAVING count(*) > 1) twice"
        )
    finally:
        await root.close()
    if twice:
        raise AssertionError(f"{twice} messages were accepted twice")
    return "messages: " + ", ".join(f"{count:,} {state}" for state, count in sorted(states.items()))


_WAITING = "SELECT count(*) FROM message WHERE urgent AND state IN ('waiting', 'sending')"


async def redis(on: Scene, times: int) -> str:
    """kill -9 (it forgets everything, as a FLUSHALL does), and away for a while."""
    async with on.under_load("urgent"):
        for _ in range(times):
            await on.moment()
            _kill(on.stage.engines.redis.process)
            await on.going_on()
    bad = sum(ledger.answers["later"] + ledger.answers["line broke"] for ledger in on.ledgers)
    if bad:
        raise AssertionError(f"{bad} answers were worse because Redis was away")
    return f"Redis killed {times} times"


async def cuts(on: Scene, times: int) -> str:
    """The line to PostgreSQL cut at a message of chance; in every second cut it was done and only the reply is lost."""
    with tempfile.TemporaryDirectory(prefix="khuen-") as place:
        async with wire(on.stage.engines.run / POSTGRES_SOCKET, Path(place)) as line:
            on.site.stop()
            on.site = stages.serve(on.stage, DATABASE, host=Path(place))
            await on.site.ready()
            ambiguous = 0
            for number in range(times):
                left = iter(range(on.chance.randint(0, 8), -1, -1))
                commits = number % 4 == 3
                line.cut(
                    (lambda sent: b"COMMIT" in sent) if commits else (lambda sent, left=left: next(left) == 0),
                    reply_lost=number % 2 == 1,
                )
                had, ambiguous = line.cuts, ambiguous + commits
                while line.cuts == had:
                    phone = on.chance.randrange(8)
                    await on.ledgers[phone].insist(on.post(phone), uuid4(), pause=0)
            on.site.stop()
    on.site = stages.serve(on.stage, DATABASE)
    await on.site.ready()
    return f"the line cut {times} times, {ambiguous} times after COMMIT was sent and before its reply came"


async def absent(on: Scene, times: int) -> str:
    """No Redis at all, for so many seconds: the site and a worker go on by looking at the rows."""
    on.site.stop()
    nowhere = {"KHUEN_REDIS_URL": "unix:///nowhere/redis.sock"}
    on.site = stages.serve(on.stage, DATABASE, more=nowhere)
    await on.site.ready()
    running = _worker(on.stage, nowhere)
    try:
        async with on.under_load("urgent"):
            await asyncio.sleep(times)
        said = await _delivered(on)
    finally:
        running.terminate()
        running.wait()
    bad = sum(ledger.answers["later"] + ledger.answers["line broke"] for ledger in on.ledgers)
    if bad:
        raise AssertionError(f"{bad} answers were worse because Redis was absent")
    return f"Redis absent for {times} s; {said}"


async def phones(on: Scene, times: int) -> str:
    """So many waves of a thousand phones that come back at once (bench/crowd.py)."""
    told, took = Counter[str](), 0.0
    root = await connect(on.stage.superuser_of(DATABASE))
    try:
        for _ in range(times):
            there = await root.fetchval("SELECT count(*) FROM check_in")
            wave, began = crowd.Crowd(on.site, on.phones, on.csrf, on.chance), time.monotonic()
            await wave.come_back()
            took, told = max(took, time.monotonic() - began), told + wave.told
            on.ledgers[0].acknowledged += wave.keys()
            rows = await root.fetchval("SELECT count(*) FROM check_in") - there
            if rows != crowd.PHONES * crowd.WAITED:
                raise AssertionError(f"{rows:,} rows instead of {crowd.PHONES * crowd.WAITED:,}")
    finally:
        await root.close()
    said = ", ".join(f"{count:,} × {answer}" for answer, count in sorted(told.items()))
    return (
        f"{crowd.PHONES:,} phones with {crowd.WAITED} answers each, sent twice, {times} times in {took:.0f} s: {said}"
    )


FAULTS: dict[str, tuple[Callable[[Scene, int], Awaitable[str]], int]] = {
    "postgres": (postgres, 20),
    "site": (site, 20),
    "worker": (worker, 10),
    "redis": (redis, 20),
    "cuts": (cuts, 500),
    "absent": (absent, 600),
    "phones": (phones, 1),
}
SIZES = {"phones": crowd.DISTRICTS}  #: of what is loaded; DISTRICTS else


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.faults", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(FAULTS), default=list(FAULTS))
    parser.add_argument(
        "--times", type=int, help="how often each breaks (20, 20, 10, 20, 500; absent: seconds, 600; phones: waves, 1)"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--home", type=Path, default=HOME)
    given = parser.parse_args()
    with stages.engines(given.home) as stage:
        sys.exit(uvloop.run(_break(stage, given)))


async def _break(stage: Stage, given: argparse.Namespace) -> int:
    failed = 0
    watching = asyncio.create_task(stage.engines.watch())
    for name in given.only:
        fault, usual = FAULTS[name]
        await stage.database(DATABASE, SIZES.get(name, DISTRICTS))
        root = await connect(stage.superuser_of(DATABASE))
        phones = await data.phones(root, "buddy")
        await root.close()
        running = stages.serve(stage, DATABASE)
        await running.ready()
        on = Scene(stage, random.Random(given.seed), running, phones, await load.tokens(running, phones))
        try:
            said, wrong = await fault(on, given.times or usual), []
        except (AssertionError, TimeoutError) as error:
            said, wrong = name, [str(error) or "nobody was served again within a minute"]
        finally:
            on.site.stop()
        root = await connect(stage.superuser_of(DATABASE))
        wrong += await verify(root, on.ledgers)
        await root.close()
        if on.slowest > SERVING_AGAIN:
            wrong.append(f"it took {on.slowest:.1f} s until everybody was served again")
        failed += bool(wrong)
        _print(said, on, wrong)
    watching.cancel()
    return int(failed > 0)


def _print(said: str, on: Scene, wrong: list[str]) -> None:
    whole = Ledger()
    for ledger in on.ledgers:
        whole.answers.update(ledger.answers)
    print(f"{said}: {whole}; everybody served again after {on.slowest:.1f} s at most" if whole.answers else said)
    for line in wrong or ["0 acknowledged check-ins lost, 0 doubled, every chain whole"]:
        print(f"    {'WRONG: ' if wrong else ''}{line}", flush=True)


def _worker(stage: Stage, more: Mapping[str, str] = MappingProxyType({})) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "khuen", "work"],
        env=stage.environment(DATABASE) | more,
        cwd=folder("src").parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _kill(process: Any) -> None:
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
