"""Every page a role can reach from its home, at three widths: axe, targets, sideways scroll, console; and its weight."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page

from tests.browser import eyes
from tests.browser.conftest import Province

#: where a role begins; one page of each kind that its menus and lists lead to is looked at (a nurse sees a doctor's)
ROLES = {"coordinator": "board", "buddy": "b/", "doctor": "board", "tenant_admin": "admin/members", "chair": ""}
MOST_PAGES = 40


def kind(path: str) -> str:
    """One address for all pages of a kind: /bantuayang/cases/BTY-0001 is /bantuayang/cases/*."""
    path = re.sub(r"/[0-9a-f]{8}-[0-9a-f-]{27}", "/*", path)
    return re.sub(r"/[A-Z]{2,5}-\d+", "/*", path)


async def reachable(page: Page, origin: str, start: str) -> list[str]:
    """Addresses of the pages that links lead to, one of each kind, breadth first."""
    found, waiting, kinds = [], [start], {kind(urlsplit(start).path)}
    while waiting and len(found) < MOST_PAGES:
        url = waiting.pop(0)
        answer = await page.goto(url)
        assert answer is not None and answer.status == 200, (url, answer and answer.status)
        found.append(url)
        for href in await page.evaluate("[...document.querySelectorAll('a[href]')].map(a => a.href)"):
            parts = urlsplit(href)
            if not href.startswith(origin) or parts.path.endswith((".xlsx", ".csv")) or "download" in href:
                continue
            if kind(parts.path) not in kinds:
                kinds.add(kind(parts.path))
                waiting.append(href)
    return found


@pytest.mark.parametrize("role", ROLES)
async def test_every_page_of_a_role(province: Province, page: Page, role: str) -> None:
    await province.enter(page, role)
    phone = role == "buddy"
    pages = await reachable(page, province.origin, f"{province.origin}/bantuayang/{ROLES[role]}")
    assert len(pages) >= (2 if ROLES[role] else 1), pages
    faults: dict[str, list[str]] = {}
    for url in pages:
        tab = await page.context.new_page()
        if found := await eyes.faults(tab, url, phone=phone and "/b/" in url):
            faults[urlsplit(url).path] = found
        await tab.close()
    assert not faults, "\n".join(f"{path}\n  " + "\n  ".join(found) for path, found in faults.items())


async def test_every_page_of_a_visitor(province: Province, page: Page) -> None:
    faults: dict[str, list[str]] = {}
    for path in ("/", "/sign-in", "/bantuayang/sign-in", "/components", "/no-such-place", "/bantuayang/board"):
        tab = await page.context.new_page()
        found = [f for f in await eyes.faults(tab, province.origin + path) if "status of 40" not in f]
        if found:
            faults[path] = found
        await tab.close()
    assert not faults, "\n".join(f"{path}\n  " + "\n  ".join(found) for path, found in faults.items())
