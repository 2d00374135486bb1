"""What a page costs on a weak line, counted by the browser: bytes as they came over the wire, and requests.

The budgets are those of docs/design-system.md. `BUDGETS` are (role, path, most KB cold, most requests cold, most KB warm).
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, Page

from tests.browser.conftest import Province

KB = 1024
BUDGETS = {
    "buddy today": ("buddy", "b/", 15, 5, 15),
    "check-in": ("buddy", "b/check-in?p={mine}", 15, 5, 15),
    "board": ("coordinator", "board", 80, 12, 20),
    "case": ("coordinator", "cases/BTY-0030", 80, 12, 20),
    "enrolment": ("coordinator", "enrolments", 80, 12, 20),
    "import": ("coordinator", "imports", 80, 12, 20),
    "messages": ("coordinator", "messages", 80, 12, 20),
    "members": ("tenant_admin", "admin/members", 80, 12, 20),
}


@dataclass
class Cost:
    bytes: int = 0
    requests: int = 0
    scripts: int = 0


async def load(page: Page, url: str) -> Cost:
    """Open an address and add up what came over the wire for it; what the browser had kept costs nothing."""
    cost, kinds = Cost(), {}
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Network.enable")
    devtools.on("Network.responseReceived", lambda event: kinds.update({event["requestId"]: event["type"]}))

    def finished(event: dict[str, object]) -> None:
        size = int(str(event["encodedDataLength"]).split(".")[0])
        if size:
            cost.bytes += size
            cost.requests += 1
            cost.scripts += size if kinds.get(event["requestId"]) == "Script" else 0

    devtools.on("Network.loadingFinished", finished)
    await page.goto(url, wait_until="networkidle")
    await devtools.detach()
    return cost


@pytest.mark.parametrize("name", BUDGETS)
async def test_a_page_keeps_to_its_budget(province: Province, browser: Browser, name: str) -> None:
    role, path, cold_kb, requests, warm_kb = BUDGETS[name]
    mine = await _own_person(province, browser) if "{mine}" in path else ""
    page = await (await browser.new_context()).new_page()
    await province.enter(page, role)
    url = f"{province.origin}/bantuayang/{path.format(mine=mine)}"
    cookies = await page.context.cookies()
    fresh = await browser.new_context()  # signed in, and nothing kept from the pages before
    await fresh.add_cookies([{k: v for k, v in cookie.items() if k in _COOKIE} for cookie in cookies])  # type: ignore[misc]
    tab = await fresh.new_page()
    cold = await load(tab, url)
    assert cold.bytes <= cold_kb * KB and cold.requests <= requests, cold
    assert cold.scripts <= (4 if role == "buddy" else 25) * KB, cold
    warm = await load(tab, url)
    assert warm.bytes <= warm_kb * KB, warm


async def test_the_door_is_light(province: Province, browser: Browser) -> None:
    tab = await (await browser.new_context()).new_page()
    cold = await load(tab, f"{province.origin}/bantuayang/sign-in")
    assert cold.bytes <= 80 * KB, cold


_COOKIE = {"name", "value", "domain", "path", "httpOnly", "secure", "sameSite"}


async def _own_person(province: Province, browser: Browser) -> str:
    page = await (await browser.new_context()).new_page()
    await province.enter(page, "buddy")
    action = await page.locator("form[action$='/check-ins']").first.get_attribute("action")
    assert action is not None
    return action.split("/")[-2]
