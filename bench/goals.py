"""The goals, each with its floor and the figure to reach for, and how each is measured."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bench import data, load, pgbench
from bench import stage as stages
from bench.data import Phone, Size
from bench.load import Run
from bench.rounds import Spread, pairs, ratios
from bench.stage import Site, Stage
from khuen import clock
from khuen.board import queries as board
from khuen.board.rules import MASKS, Lane
from khuen.database import connect

NATION = Size(tenants=878, cases=878 * 60, check_ins=878 * 60 * 6, largest=60, phones=878)
ALONE = Size(tenants=1, cases=60, check_ins=360, largest=60, phones=878)
FULL = Size(
    tenants=878, cases=240_000, check_ins=8_000_000, largest=1_700
)  # the largest district has six times the mean
AT_ONCE = 8  #: phones of the goals that are not about how many there are


@dataclass(frozen=True)
class Measured:
    """One line of the table. `low` means that less is better."""

    goal: str
    what: str
    floor: float
    reach: float
    seen: Spread
    unit: str = ""
    low: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        ahead = (lambda limit: self.seen.middle <= limit) if self.low else (lambda limit: self.seen.middle >= limit)
        return "reached" if ahead(self.reach) else "met" if ahead(self.floor) else "NOT MET"


@dataclass
class Scene:
    """The nation's database with its site, and who is signed in there."""

    stage: Stage
    site: Site
    buddies: list[Phone]
    coordinators: list[Phone]
    csrf: dict[str, str]
    root: Any
    database: str
    seconds: float

    def few(self) -> load.Requests:
        return load.check_ins(self.buddies[:AT_ONCE], self.csrf)

    async def check_ins(self, connections: int = 8) -> Run:
        return await load.run(self.stage, self.site, self.few(), self.seconds, connections)

    async def run(self, requests: load.Requests) -> Run:
        return await load.run(self.stage, self.site, requests, self.seconds)


@asynccontextmanager
async def scene(stage: Stage, name: str, size: Size, seconds: float) -> AsyncIterator[Scene]:
    database = await stage.database(name, size)
    root = await connect(stage.superuser_of(database))
    buddies, coordinators = await data.phones(root, "buddy"), await data.phones(root, "coordinator")
    await root.execute("UPDATE auth.session SET seen_at = now()")
    try:
        async with stages.site(stage, database) as site:
            csrf = await load.tokens(site, buddies)
            yield Scene(stage, site, buddies, coordinators, csrf, root, database, seconds)
    finally:
        await root.close()


async def share_of_pgbench(on: Scene) -> list[Measured]:
    scripts = await pgbench.check_ins(on.root, on.buddies[:AT_ONCE], on.stage.engines.data / "scripts")

    async def bare(clients: int) -> pgbench.Result:
        return await pgbench.run(on.stage, on.database, scripts, on.seconds, clients)

    eight = await pairs(on.check_ins, lambda: bare(8))
    site = [run for run, _ in eight]
    notes = [
        f"{Spread(tuple(run.rate for run in site)):.0f} /s against {Spread(tuple(b.rate for _, b in eight)):.0f} /s",
        f"CPU for each: site {_cpu(site, 'site_cpu'):.0f} µs, PostgreSQL {_cpu(site, 'postgres_cpu'):.0f} µs"
        f" (pgbench's {Spread(tuple(b.postgres_cpu for _, b in eight)):.0f}), generator {_cpu(site, 'own_cpu'):.0f} µs",
    ]
    one = await pairs(lambda: on.check_ins(1), lambda: bare(1))
    waits = f"{_ms(run.p50 for run, _ in one):.2f} ms against {_ms(b.p50 for _, b in one):.2f} ms"
    return [
        Measured("P6", "check-in, share of pgbench with its SQL", 25, 33, _percent(eight), "%", notes=notes),
        Measured(
            "P7", "check-in at one connection, p50 / pgbench", 4, 2.6, ratios(one, lambda r: r.p50), "×", True, [waits]
        ),
    ]


async def share_of_stand_in(on: Scene) -> list[Measured]:
    few = on.coordinators[:AT_ONCE]
    piece, page = (load.pages(few, _board, more) for more in ("hx-request: true\r\n", ""))
    async with stages.site(on.stage, on.database, ("bench.standin",)) as other:

        async def bare() -> Run:
            return await load.run(on.stage, other, load.pages(few, _board), on.seconds)

        found = await pairs(lambda: on.run(piece), bare)
        whole = await pairs(lambda: on.run(page), bare, rounds=1)
    ours, theirs = [a for a, _ in found], [b for _, b in found]
    notes = [
        f"{Spread(tuple(r.rate for r in ours)):.0f} /s against {Spread(tuple(b.rate for b in theirs)):.0f} /s;"
        f" the whole page with its filters: {_percent(whole):.0f} %",
        f"CPU for each: site {_cpu(ours, 'site_cpu'):.0f} µs against {_cpu(theirs, 'site_cpu'):.0f} µs,"
        f" PostgreSQL {_cpu(ours, 'postgres_cpu'):.0f} µs against {_cpu(theirs, 'postgres_cpu'):.0f} µs",
    ]
    return [
        Measured("P8", "board's list of 50, share of the stand-in's", 50, 70, _percent(found), "%", notes=notes),
        await _wire(on, few[0]),
    ]


def _board(phone: Phone) -> str:
    """Everybody: 50 rows, of which a small district's work of the day has fewer."""
    return f"/{phone.slug}/board?lane=all"


async def _wire(on: Scene, phone: Phone) -> Measured:
    sizes = {}
    for name, more in (("page", ""), ("piece", "hx-request: true\r\n")):
        request = f"GET {_board(phone)} HTTP/1.1\r\n{load.heads(phone)}{more}\r\n".encode()
        head, _, body = (await load.ask(on.site, request)).partition(b"\r\n\r\n")
        sizes[name] = len(body) / 1000
        if b"content-encoding: br" not in head.lower():
            raise load.BadAnswer("the board came uncompressed")
    notes = [f"the whole page with its filters: {sizes['page']:.1f} kB"]
    return Measured("P20", "board's list of 50 over the wire", 6, 4, Spread((sizes["piece"],)), "kB", True, notes)


async def many_against_one(stage: Stage, on: Scene) -> list[Measured]:
    """The same number of signed-in people in one district alone, and one in each of 878."""

    async with scene(stage, "alone", ALONE, on.seconds) as one:
        for at in (on, one):  # every district has been seen once, as on any morning
            await load.each_once(at.site, [(phone, _board(phone)) for phone in at.coordinators])
        rates = []
        for ask in (
            lambda at: at.run(load.check_ins(at.buddies, at.csrf)),
            lambda at: at.run(load.pages(at.coordinators, _board)),
        ):
            rates.append(await pairs(lambda ask=ask: ask(on), lambda ask=ask: ask(one)))
    found = []
    for name, floor, reach, pair in (("check-ins", 0.9, 0.95, rates[0]), ("list", 0.8, 0.9, rates[1])):
        many, alone = (Spread(tuple(run.rate for run in side)) for side in zip(*pair, strict=True))
        notes = [f"{many:.0f} /s against {alone:.0f} /s"]
        found.append(
            Measured(
                "P9", f"878 districts against 1: {name}", floor, reach, ratios(pair, lambda r: r.rate), "×", notes=notes
            )
        )
    return found


async def new_column(on: Scene) -> list[Measured]:
    owner = await connect(on.stage.settings_of(on.database).dsn("owner"))
    seconds = []
    try:
        for _ in range(5):
            started = time.perf_counter()
            await owner.execute("SET lock_timeout = '2s'; ALTER TABLE case_file ADD COLUMN bench_note text")
            seconds.append(time.perf_counter() - started)
            await owner.execute("ALTER TABLE case_file DROP COLUMN bench_note")
    finally:
        await owner.close()
    return [Measured("P13", "a nullable column more for 878 districts", 1, 0.1, Spread(tuple(seconds)), "s", True)]


async def batches(on: Scene) -> list[Measured]:
    few = on.buddies[:AT_ONCE]
    found = await pairs(lambda: on.run(load.batches(few, on.csrf, 20)), on.check_ins)
    spread = Spread(tuple(20 * a.rate / b.rate for a, b in found))
    many, single = Spread(tuple(20 * a.rate for a, _ in found)), Spread(tuple(b.rate for _, b in found))
    notes = [f"{many:.0f} /s against {single:.0f} /s"]
    return [Measured("P16", "20 check-ins that waited: one request against 20", 3, 5, spread, "×", notes=notes)]


async def aborted(on: Scene) -> list[Measured]:
    """Before and after in turn; between them phones hang up in the middle of the body and right after it."""
    left, found = [], []
    await on.check_ins()
    for _ in range(4):
        before = await on.check_ins()
        await asyncio.gather(*(hang_up(on, number, half=number % 2 == 0) for number in range(200)))
        left.append(await _left_open(on))
        found.append((await on.check_ins(), before))
    return [
        Measured("P17", "transactions left open by 200 hang-ups", 0, 0, Spread(tuple(map(float, left))), "", True),
        Measured("P17", "rate after them / before", 0.95, 0.95, ratios(found, lambda r: r.rate), "×"),
    ]


async def _left_open(on: Scene) -> int:
    """Connections in a transaction that nobody ends; what had come in whole may still be being saved for a moment."""
    await asyncio.sleep(0.5)
    while await on.root.fetchval(BUSY, on.database, 0.0):
        await asyncio.sleep(0.05)
        if left := await on.root.fetchval(BUSY, on.database, 2.0):
            return int(left)
    return 0


#: connections in a transaction that has lasted for more than so many seconds
BUSY = """SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND usename IN ('khuen_app', 'khuen_auth')
    AND state <> 'idle' AND clock_timestamp() - xact_start > make_interval(secs => $2)"""


async def hang_up(on: Scene, number: int, *, half: bool) -> None:
    """One phone that sends half of a check-in, or all of it, and is gone before the answer."""
    request = load.check_ins([on.buddies[number % AT_ONCE]], on.csrf)(0)
    cut = request.index(b"\r\n\r\n") + 40 if half else len(request)
    _reader, writer = await asyncio.open_unix_connection(str(on.site.socket))
    writer.write(request[:cut])
    await writer.drain()
    await asyncio.sleep(0.02)
    writer.transport.abort()


async def eight_million(stage: Stage) -> list[Measured]:
    """Server time of the statements as the site sends them (prepared, planned once), warm, in the largest district.

    As khuen_app under its policies; planning counts, where a statement is planned anew.
    """
    name = "kept_eight_million"
    if not await stage.holds("eight_million", FULL):
        await stage.keep("eight_million", FULL)
    root, app = await connect(stage.superuser_of(name)), await connect(stage.settings_of(name).dsn("app"))
    try:
        tenant = await root.fetchval("SELECT id FROM auth.tenant WHERE slug = 'd1'")
        found = []
        for what, floor, reach, sql, values in _statements():
            seen = await _server_time(app, tenant, sql, values)
            found.append(Measured("P19", f"8 million check-ins: {what}", floor, reach, seen, "ms", True))
        whole = await _server_time(app, tenant, board.WHOLE, _statements()[0][4])
        found[0].notes.append(f"with the number of all in care, for a whole page: {whole:.2f} ms")
        return found
    finally:
        await app.close()
        await root.close()


def _statements() -> list[tuple[str, float, float, str, list[Any]]]:
    today = clock.day(clock.now())
    quarter = clock.now() - timedelta(days=90)
    return [
        ("list of 50", 1, 0.3, board.LIST, [today, MASKS[Lane.WORK], 50, 0]),
        ("timeline of a case", 0.5, 0.1, board.VISITS, ["KH-00777", 50]),
        ("90 days of a district", 10, 5, NINETY_DAYS, [quarter]),
    ]


#: what a district's figures of a quarter read
NINETY_DAYS = "SELECT how, count(*) FROM check_in WHERE tenant_id = $1 AND planned_at >= $2 GROUP BY how"


async def _server_time(connection: Any, tenant: Any, sql: str, values: list[Any]) -> Spread:
    given = ", ".join(f"'{value}'" for value in (tenant, *values))
    await connection.execute(f"PREPARE measured AS {sql}")
    seen = []
    for _ in range(50):
        await connection.execute(f"BEGIN; SET LOCAL app.tenant_id = '{tenant}'")
        rows = await connection.fetch(f"EXPLAIN (ANALYZE, TIMING OFF, BUFFERS OFF) EXECUTE measured ({given})")
        await connection.execute("COMMIT")
        seen.append(sum(float(line.split()[2]) for (line,) in rows if line.startswith(("Planning T", "Execution T"))))
    await connection.execute("DEALLOCATE measured")
    return Spread(tuple(seen[10:]))


def _percent(found: list[tuple[Any, Any]]) -> Spread:
    return Spread(tuple(100 * a.rate / b.rate for a, b in found))


def _cpu(runs: list[Run], of: str) -> Spread:
    return Spread(tuple(run.per_request(getattr(run, of)) for run in runs))


def _ms(seconds: Any) -> Spread:
    return Spread(tuple(1000 * value for value in seconds))
