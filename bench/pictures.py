"""The pictures of the README, taken from a running `make demo`: python -m bench.pictures http://localhost:8000"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

FOLDER = Path(__file__).parent.parent / "docs" / "images"
DESK, PHONE = {"width": 1280, "height": 860}, {"width": 360, "height": 740}


def main() -> None:
    origin = sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://localhost:8000"
    browser_path = os.environ.get("KHUEN_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"])
        _take(browser, origin, "coordinator", "board", "board", DESK)
        _take(browser, origin, "coordinator", "cases/BTY-0030", "case", DESK)
        _take(browser, origin, "buddy", "b/", "buddy", PHONE)
        browser.close()


def _take(browser: Browser, origin: str, role: str, path: str, name: str, size: dict[str, int]) -> None:
    page = browser.new_context(viewport=size, locale="th-TH").new_page()  # type: ignore[arg-type]
    page.goto(f"{origin}/bantuayang/sign-in")
    page.locator(f"form:has(input[name=role][value={role}]) button").click()
    page.goto(f"{origin}/bantuayang/{path}")
    page.screenshot(path=FOLDER / f"{name}.png")
    page.context.close()


if __name__ == "__main__":
    main()
