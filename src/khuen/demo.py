"""`khuen demo`: engines, schema, a practice province, site and workers in one process; everything under one folder."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import shutil
import signal
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import uvicorn

from khuen import bootstrap, embedded, logs, practice, schema
from khuen import settings as environment
from khuen.app import create_app
from khuen.practice import retired
from khuen.settings import Settings

_TENANTS = (
    "SELECT slug, name FROM auth.tenant WHERE practice AND state = 'active' ORDER BY as_of DESC NULLS FIRST, slug"
)


def run(home: Path, *, port: int, fresh: bool) -> None:
    """Serve until interrupted. A second start finds everything in place."""
    started = time.monotonic()
    if fresh:
        shutil.rmtree(home, ignore_errors=True)
    home.mkdir(mode=0o711, parents=True, exist_ok=True)  # engines of another account must reach their own part
    signal.signal(signal.SIGTERM, _leave)  # until the site has its own: also then the engines stop in their order
    engines = embedded.start(home / "engines")
    try:
        settings = _settings(home, engines, _free_port(port))
        logs.configure(replace(settings, log_format="plain"), quiet=True)
        asyncio.run(_serve(settings, engines, started))
    finally:
        engines.stop()


def _leave(number: int, _: object) -> None:
    sys.exit(128 + number)


def _settings(home: Path, engines: embedded.Engines, port: int) -> Settings:
    env = embedded.environment(engines) | {
        "KHUEN_KEK": _kek(home / "kek"),
        "KHUEN_ORIGIN": f"http://localhost:{port}",
        "KHUEN_DEMO": "True",
        "KHUEN_SEALS_DIR": str(home / "seals"),
        "KHUEN_ERASURES_FILE": str(home / "erasures"),
        "KHUEN_SIGNING_KEYS_DIR": str(home / "signing-keys"),
    }
    return environment.load(env)


def _kek(path: Path) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(base64.b64encode(os.urandom(32)).decode())
    return path.read_text()


def _free_port(wanted: int) -> int:
    for port in range(wanted, wanted + 50):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise SystemExit(f"khuen: no free port between {wanted} and {wanted + 49}")


async def _serve(settings: Settings, engines: embedded.Engines, started: float) -> None:
    from workers.main import run as work

    superuser = engines.superuser_url.replace("/postgres?", "/khuen?")
    await bootstrap.prepare(superuser, engines.passwords)
    await schema.migrate(settings.dsn("owner"))
    await schema.check_walls(settings)
    await practice.prepare(settings, progress=show_progress)
    port = int(settings.origin.rpartition(":")[2])
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(settings),
            host="127.0.0.1",
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=5,
        )
    )
    helpers: list[asyncio.Task[Any]] = [
        asyncio.create_task(engines.watch()),
        asyncio.create_task(work(settings, handle_signals=False)),
    ]
    helpers.append(asyncio.create_task(_welcome(server, settings, started)))
    helpers.append(asyncio.create_task(retired.throw_away(settings.dsn("owner"))))
    try:
        await server.serve()
    finally:
        for helper in helpers:
            helper.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)


def show_progress(text: str, done: int, total: int) -> None:
    """One line that counts up."""
    end = "\n" if done >= total else ""
    print(f"\r  {text} {done:,}/{total:,}".ljust(60), end=end, flush=True)


async def _welcome(server: uvicorn.Server, settings: Settings, started: float) -> None:
    while not server.started:
        await asyncio.sleep(0.02)
    connection = await asyncpg.connect(settings.dsn("auth"))
    rows = await connection.fetch(_TENANTS)
    await connection.close()
    lines = [
        "",
        f"  คืนสู่ชุมชน (Khuen) is ready after {time.monotonic() - started:.1f} s: {settings.origin}",
        "",
        "  Practice districts; choose a role on the page, no password:",
        *(f"    {settings.origin}/{row['slug']}/sign-in    {row['name']}" for row in rows),
        "",
        f"  The parts every page is made of: {settings.origin}/components",
        "  Ctrl+C stops everything. The data stays for the next start.",
        "",
    ]
    print("\n".join(lines), file=sys.stdout, flush=True)
