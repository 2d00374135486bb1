"""A Redis of one's own to kill, and workers as processes to kill."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import ConnectionError as NoConnection

from khuen.programs import find_programs
from khuen.settings import ROLES, Settings


class OwnRedis:
    """A bare Redis on a socket; `kill` is kill -9, `start` begins again with nothing in it."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "redis.sock"
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        command = [
            find_programs().redis,
            "--port",
            "0",
            "--unixsocket",
            self.socket,
            "--dir",
            self.folder,
            "--save",
            "",
        ]
        self.process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL)
        for _ in range(200):
            try:
                if self.client().ping():
                    return
            except (NoConnection, FileNotFoundError):
                time.sleep(0.02)
        raise AssertionError("Redis did not start")

    def client(self) -> Redis:
        return Redis(unix_socket_path=str(self.socket))

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def own_redis() -> Iterator[OwnRedis]:
    with tempfile.TemporaryDirectory(prefix="khuen-r-") as folder:
        engine = OwnRedis(Path(folder))
        engine.start()
        try:
            yield engine
        finally:
            engine.kill()


class Worker:
    """A worker process and what it said."""

    def __init__(self, settings: Settings, lease: float) -> None:
        self.said = tempfile.TemporaryFile()  # noqa: SIM115 — as long as the process
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.workers.a_worker", str(lease)],
            env={**os.environ, **_environment(settings)},
            stderr=self.said,
            cwd=Path(__file__).parents[2],
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    async def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self.process.wait, 30)

    def text(self) -> str:
        self.said.seek(0)
        return self.said.read().decode()


def _environment(settings: Settings) -> dict[str, str]:
    env = {f"KHUEN_DATABASE_{role.upper()}_PASSWORD": settings.passwords[role] for role in ROLES}
    env |= {"KHUEN_DATABASE_URL": settings.database_url, "KHUEN_KEK": base64.b64encode(settings.kek).decode()}
    env |= {"KHUEN_ORIGIN": settings.origin, "KHUEN_MAIL_FROM": settings.mail_from}
    env |= {"KHUEN_SMTP_URL": settings.smtp_url} if settings.smtp_url else {}
    return env | ({"KHUEN_REDIS_URL": settings.redis_url} if settings.redis_url else {})
