"""The practice province behind a real server, and a real Chromium to look at it.

It is never skipped: without a Chromium the tests say how to get one. One Chromium serves all tests of a process and
lives in the event loop of the session, as do the tests that use it (conftest.py) and the sites that it visits.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import pytest
import pytest_asyncio
import uvicorn
from playwright.async_api import Browser, Page, async_playwright

from khuen import practice
from khuen.settings import Settings
from khuen.signin import sessions
from tests import built, databases

if TYPE_CHECKING:
    from tests.conftest import Stage

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--disable-sync",
    "--disable-default-apps",
]


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser: KHUEN_CHROMIUM, else PATH, else playwright's own, else the system's package manager."""
    named = os.environ.get("KHUEN_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, NAMES)), None) or _fetched() or _installed()
    if not found or not Path(found).exists():
        pytest.fail(f"No Chromium ({named or 'not on PATH'}). Run: {sys.executable} -m playwright install chromium")
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            yield launched
        finally:
            await launched.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browser(running: Browser) -> AsyncIterator[Browser]:
    """It has kept nothing of the tests before: what a test opened is closed with it."""
    assert not running.contexts
    yield running
    for context in running.contexts:
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> Page:
    """An empty tab of a phone's width with a Thai locale; the window of a desk: page.set_viewport_size."""
    return await tab(browser)


async def tab(browser: Browser) -> Page:
    """The same, of a browser that has kept nothing."""
    context = await browser.new_context(
        viewport={"width": 360, "height": 740}, locale="th-TH", timezone_id="Asia/Bangkok"
    )
    return await context.new_page()


@dataclass(frozen=True)
class Province:
    """The practice province, served. `settings` opens its rows for the workers that a test lets run."""

    origin: str
    settings: Settings

    async def enter(self, page: Page, role: str, slug: str = "bantuayang") -> None:
        """Sign in as the practice button of this role does, without drawing a page (test_main_job.py presses it)."""
        door, headers = f"{self.origin}/{slug}/sign-in/practice", {"origin": self.origin}
        answer = await page.request.post(door, form={"role": role}, headers=headers)
        assert answer.status == 200 and "/sign-in" not in answer.url, answer.url


@pytest.fixture(scope="session")
def filled(stage: Stage) -> str:
    """Name of a database with the practice province in it, to be copied."""
    name = asyncio.run(databases.copy(stage.superuser, stage.superuser_of))
    asyncio.run(practice.prepare(_settings(stage, name), progress=lambda *_: None))
    return name


@pytest_asyncio.fixture(loop_scope="session")
async def province(stage: Stage, filled: str) -> AsyncIterator[Province]:
    """A copy of the filled database behind a real server on http://localhost."""
    # one name and one address for every test of this process, so that the site is built once
    name = await databases.copy(stage.superuser, stage.superuser_of, filled, name=f"province_{os.getpid()}")
    try:
        async with served(_settings(stage, name)) as settings:
            yield Province(settings.origin, settings)
    finally:
        await databases.drop(stage.superuser, name)


@cache
def _listener() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    return listener


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[Settings]:
    """The site of these settings on this process's port of localhost; answers them with their origin."""
    sessions.forget_all()
    listener = _listener().dup()  # the server closes what it is given
    settings = replace(settings, origin=f"http://localhost:{listener.getsockname()[1]}")
    server = uvicorn.Server(uvicorn.Config(built.app(settings, pool_size=4), log_level="error", log_config=None))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            await asyncio.sleep(0.02)
        yield settings
    finally:
        server.should_exit = True
        await serving
        listener.close()


def _settings(stage: Stage, name: str) -> Settings:
    address = urlunsplit(urlsplit(stage.settings.database_url)._replace(path=f"/{name}"))
    return replace(stage.settings, database_url=address)


def _fetched() -> str | None:
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    if subprocess.run(command, check=False, capture_output=True, timeout=600).returncode:
        return None
    places = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache/ms-playwright"))
    return next((str(p) for p in sorted(places.glob("chromium-*/chrome-linux*/chrome"), reverse=True)), None)


def _installed() -> str | None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    subprocess.run(["apt-get", "install", "-y", "-q", "chromium"], check=False, capture_output=True, timeout=600)
    return shutil.which("chromium")
