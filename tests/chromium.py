"""Print the path of a Chromium that starts, fetched if there is none, or end with the one command to run."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str:
    if given := os.environ.get("KHUEN_CHROMIUM"):
        return given if starts(given) else stop(f"KHUEN_CHROMIUM={given} does not start.")
    return next((path for source in sources() if (path := source()) and starts(path)), None) or stop(
        "No Chromium here, and none could be fetched. Run:  sudo apt-get install -y chromium\n"
        "(other systems: install Chrome or Chromium), or set KHUEN_CHROMIUM to the path of one."
    )


def sources() -> Iterator[Callable[[], str | None]]:
    yield on_path
    yield playwrights
    yield fetched_by_playwright
    if os.geteuid() == 0 and shutil.which("apt-get"):
        yield fetched_by_apt


def on_path() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def playwrights() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.path.exists(path) else None


def fetched_by_playwright() -> str | None:
    run([sys.executable, "-m", "playwright", "install", "chromium"])
    return playwrights()


def fetched_by_apt() -> str | None:
    run(["apt-get", "update", "-qq"])
    run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"])
    return on_path()


def starts(path: str) -> bool:
    try:
        return subprocess.run([path, "--version"], check=False, capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def run(command: list[str]) -> None:
    """Standard output carries the path and nothing else."""
    print("$", *command, file=sys.stderr)
    subprocess.run(command, check=False, stdout=sys.stderr, stdin=subprocess.DEVNULL)


def stop(why: str) -> str:
    sys.exit(why)


if __name__ == "__main__":
    print(find())
