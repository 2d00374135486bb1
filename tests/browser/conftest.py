"""A real Chromium for the tests of this folder. It is never skipped: without one the tests say how to get it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

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


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """Launched in the test's own event loop, so that a site in the same loop can answer it."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            yield launched
        finally:
            await launched.close()


@pytest.fixture
async def page(browser: Browser) -> Page:
    """An empty tab of a phone's width with a Thai locale; the window of a desk: page.set_viewport_size."""
    context = await browser.new_context(
        viewport={"width": 360, "height": 740}, locale="th-TH", timezone_id="Asia/Bangkok"
    )
    return await context.new_page()


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
