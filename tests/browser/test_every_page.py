"""Every page a role can reach from its home, at four widths and with text twice as large: axe,
targets, sideways scroll, console."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page

from tests.browser import eyes
from tests.province import Province, tab

#: Where a role begins; one page of each kind that its menus and lists lead to is looked at (a nurse sees a doctor's).
#: Roles that share pages are walked together: a page made of the same parts is looked at once.
ROLES = [{"coordinator": "board", "doctor": "board", "chair": "chair"}, {"buddy": "b/"}, {"tenant_admin": "admin"}]
MOST_PAGES = 40


def kind(path: str) -> str:
    """One address for all pages of a kind: /bantuayang/cases/BTY-0001 is /bantuayang/cases/*."""
    path = re.sub(r"/[0-9a-f]{8}-[0-9a-f-]{27}", "/*", path)
    path = re.sub(r"/lists/[a-z-]+", "/lists/*", path)
    path = re.sub(r"/\d{4}-\d\d-\d\d(-province)?", "/*", path)
    return re.sub(r"/[A-Z]{2,5}-\d+", "/*", path)


async def walk(page: Page, origin: str, start: str, known: set[str], *, phone: bool) -> dict[str, list[str]]:
    """{path: its faults} of the pages that links lead to, one of each kind, breadth first."""
    seen: dict[str, list[str]] = {}
    waiting, kinds = [start], {kind(urlsplit(start).path)}
    while waiting and len(seen) < MOST_PAGES:
        url = waiting.pop(0)
        seen[urlsplit(url).path] = await eyes.faults(page, url, phone=phone and "/b/" in url, known=known)
        hrefs = await page.evaluate("[...document.querySelectorAll('a[href]')].map(a => a.href)")
        for href in hrefs:
            parts = urlsplit(href)
            if not href.startswith(origin) or parts.path.endswith((".xlsx", ".csv", ".pdf")) or "download" in href:
                continue
            if kind(parts.path) not in kinds:
                kinds.add(kind(parts.path))
                waiting.append(href)
    return seen


@pytest.mark.parametrize("roles", ROLES, ids=" ".join)
async def test_every_page_of_a_role(province: Province, browser: Browser, roles: dict[str, str]) -> None:
    known: set[str] = set()
    for role, start in roles.items():
        page = await tab(browser)
        await province.enter(page, role)
        home = f"{province.origin}/bantuayang/{start}"
        seen = await walk(page, province.origin, home, known, phone=role == "buddy")
        assert len(seen) >= 2, seen
        assert not any(seen.values()), f"{role}: {told(seen)}"
        await page.context.close()


def told(seen: dict[str, list[str]]) -> str:
    return "\n".join(f"{path}\n  " + "\n  ".join(found) for path, found in seen.items() if found)


async def test_every_page_of_a_visitor(province: Province, page: Page) -> None:
    seen: dict[str, list[str]] = {}
    for path in ("/", "/sign-in", "/bantuayang/sign-in", "/components", "/no-such-place", "/bantuayang/board"):
        seen[path] = [f for f in await eyes.faults(page, province.origin + path) if "status of 40" not in f]
    assert not any(seen.values()), told(seen)
