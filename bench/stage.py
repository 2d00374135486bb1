"""What is measured: engines with durable commits, databases kept between runs, and the site as it is shipped."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from bench import data
from bench.data import Size
from khuen import bootstrap, clock, embedded, schema, settings
from khuen.database import connect
from khuen.paths import folder
from khuen.settings import Settings

HOME = Path(__file__).parent / ".data"
KEK = base64.b64encode(bytes(range(32))).decode()
ORIGIN = "http://bench.local"
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
#: the generator and pgbench on one core, the site on another; PostgreSQL may use them all
GENERATOR, SITE = CORES[:1], CORES[1:2]


@dataclass(frozen=True)
class Stage:
    engines: embedded.Engines
    settings: Settings

    def superuser_of(self, name: str) -> str:
        return _named(self.engines.superuser_url, name)

    def settings_of(self, name: str) -> Settings:
        return replace(self.settings, database_url=_named(self.settings.database_url, name))

    async def database(self, name: str, size: Size) -> str:
        """A fresh copy of what is kept under this name, made when it is missing, of another day or another schema."""
        if not await self.holds(name, size):
            await self.keep(name, size)
        root = await asyncpg.connect(self.engines.superuser_url)
        try:
            await root.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            await root.execute(f"CREATE DATABASE {name} TEMPLATE kept_{name} STRATEGY FILE_COPY OWNER khuen_owner")
        finally:
            await root.close()
        await bootstrap.seal_database(self.superuser_of(name))
        return name

    async def holds(self, name: str, size: Size) -> bool:
        """Whether `kept_NAME` is here with this much in it, of today and of the present schema."""
        root = await asyncpg.connect(self.engines.superuser_url)
        try:
            said = await root.fetchval(
                "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = $1", f"kept_{name}"
            )
        finally:
            await root.close()
        return bool(said == _mark(size))

    async def keep(self, name: str, size: Size) -> None:
        """Make `kept_NAME` anew."""
        root = await asyncpg.connect(self.engines.superuser_url)
        try:
            await root.execute(f"DROP DATABASE IF EXISTS kept_{name} WITH (FORCE)")
            await self._make(f"kept_{name}", size, clock.day(clock.now()))
            await root.execute(f"COMMENT ON DATABASE kept_{name} IS '{_mark(size)}'")
        finally:
            await root.close()

    async def _make(self, name: str, size: Size, today: Any) -> None:
        started = time.monotonic()
        print(f"  loading {size.tenants:,} districts, {size.check_ins:,} check-ins …", flush=True)
        await bootstrap.prepare(self.superuser_of(name), self.engines.passwords)
        await schema.migrate(self.settings_of(name).dsn("owner"))
        connection = await connect(self.superuser_of(name))
        try:
            await data.load(connection, size, today)
        finally:
            await connection.close()
        print(f"  loaded in {time.monotonic() - started:.0f} s", flush=True)

    def environment(self, name: str) -> dict[str, str]:
        env = embedded.environment(self.engines) | {"KHUEN_DATABASE_URL": self.settings_of(name).database_url}
        here = folder("src")  # the site of this very tree, whatever else is installed
        env |= {"PYTHONPATH": f"{here}:{here.parent}", "PATH": os.environ["PATH"]}
        return env | {"KHUEN_KEK": KEK, "KHUEN_ORIGIN": ORIGIN}


@dataclass(frozen=True)
class Site:
    """One web process behind a socket file."""

    process: subprocess.Popen[bytes]
    socket: Path

    async def ready(self, seconds: float = 30) -> None:
        """Raises RuntimeError when it does not answer in time."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up and self.process.poll() is None:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_unix_connection(str(self.socket))
                writer.write(b"GET /healthz HTTP/1.1\r\nhost: bench.local\r\nconnection: close\r\n\r\n")
                answer = await reader.read()
                writer.close()
                if b" 200 " in answer[:20]:
                    return
            await asyncio.sleep(0.05)
        raise RuntimeError(f"the site does not start: exit code {self.process.poll()}")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def engines(home: Path) -> Iterator[Stage]:
    """PostgreSQL with fsync on, and Redis. Main thread only."""
    home.mkdir(parents=True, exist_ok=True)
    started = embedded.start(home / "engines", durable=True)
    try:
        env = embedded.environment(started) | {"KHUEN_KEK": KEK, "KHUEN_ORIGIN": ORIGIN}
        yield Stage(started, settings.load(env))
    finally:
        started.stop()


@contextlib.asynccontextmanager
async def site(stage: Stage, database: str, command: tuple[str, ...] = ("khuen", "serve")) -> AsyncIterator[Site]:
    """`khuen serve` with one process, or another site (a module and its first arguments) over the same database."""
    running = serve(stage, database, command)
    try:
        await running.ready()
        yield running
    finally:
        running.stop()


def serve(
    stage: Stage,
    database: str,
    command: tuple[str, ...] = ("khuen", "serve"),
    host: Path | None = None,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Site:
    """Start it without waiting. `host`: the folder of the database's socket, when it is not the server's own; `more`
    of the environment."""
    place = stage.engines.run / f"{command[0].rpartition('.')[2]}-{database}.sock"
    place.unlink(missing_ok=True)
    with (HOME if HOME.exists() else stage.engines.data).joinpath("site.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command, "--uds", str(place)],
            env=stage.environment(database)
            | ({"KHUEN_DATABASE_URL": f"postgresql:///{database}?host={host}"} if host else {})
            | more,
            cwd=folder("src").parent,
            stdout=log,
            stderr=log,
            preexec_fn=lambda: pin(SITE),
        )
    return Site(process, place)


def pin(cores: list[int]) -> None:
    """Keep this process on these cores; nothing happens where that cannot be asked for."""
    if cores and len(CORES) > 1:
        os.sched_setaffinity(0, cores)


def postgres_pids(stage: Stage) -> list[int]:
    """The postmaster (behind `unshare` it is a child) and its backends."""
    assert stage.engines.postgres.process is not None
    found, wave = [], [stage.engines.postgres.process.pid]
    while wave:
        found += wave
        wave = [child for pid in wave for child in _children(pid)]
    return found


def cpu_seconds(pids: list[int]) -> float:
    """User and system time of these processes and of children that have ended."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(int(value) for value in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _named(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _mark(size: Size) -> str:
    """Changes with the day, the schema and the loader."""
    files = [*sorted(folder("migrations").glob("*.py")), Path(data.__file__)]
    source = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
    return f"{size} {clock.day(clock.now())} {source}"
