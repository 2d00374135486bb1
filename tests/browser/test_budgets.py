"""What a page costs on a weak line, counted by the browser: bytes as they came over the wire, and requests.

The budgets are those of docs/design-system.md. `BUDGETS` are (role, path, most KB cold, most requests cold, most KB warm).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from playwright.async_api import Browser, Page

from khuen import clock, district, provision
from khuen.ids import uuid7
from khuen.paths import folder
from khuen.signin import accounts, devices, sessions
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
    # the buddy's script is 4 KB without its headers: tests/followups/test_phone.py
    assert cold.scripts <= (4.5 if role == "buddy" else 25) * KB, cold
    warm = await load(tab, url)
    assert warm.bytes <= warm_kb * KB, warm


DOOR_KB, DOOR_REQUESTS = 15, 3
#: every page of signing in: what a visitor opens, and what a member opens to prove who they are
DOORS = (
    "/sign-in",
    "/bantuayang/sign-in",
    "/bantuayang/sign-in/restart",
    "/tamdee/sign-in",
    "/bantuayang/board",
    "/tamdee/board",
    "/sign-in/once/{token}",
    "/sign-in/pin",
    "/step-up",
    "/account/pin",
)


async def test_every_page_of_the_door_is_light_and_works_without_scripts(province: Province, browser: Browser) -> None:
    """A practice district's and a real one's, opened by a visitor whose browser has kept nothing."""
    token, cookies = await _a_real_district(province)
    for path in DOORS:
        for scripts in (True, False):
            context = await browser.new_context(java_script_enabled=scripts)
            if path in ("/step-up", "/account/pin", "/sign-in/pin"):
                await context.add_cookies([dict(one) for one in cookies])  # type: ignore[arg-type]
            tab = await context.new_page()
            cold = await load(tab, province.origin + path.format(token=token))
            assert cold.bytes <= DOOR_KB * KB and cold.requests <= DOOR_REQUESTS, (path, cold)
            assert cold.bytes > 4 * KB and await tab.locator("main h1").count() == 1, path
            assert await tab.locator("link[rel=stylesheet]").count() == 1 and not await tab.locator("[hx-get]").count()
            await context.close()


async def _a_real_district(province: Province) -> tuple[str, list[dict[str, str]]]:
    """(an unused one-time link's token, the cookies of a member with a bound phone) of a district that is no practice."""
    base, settings, now = district.read(folder("tenants") / "demo" / "phon.toml"), province.settings, clock.now()
    tenant = replace(base.tenant, slug="tamdee", name="อำเภอทำดี (ตัวอย่าง)", practice=False, as_of=None)
    await provision.add_tenant(replace(base, tenant=tenant), now)
    tenant_id = await provision.tenant_of("tamdee")
    assert tenant_id
    account = await accounts.create("ทดลอง ตัวอย่าง", login="tamdee", password="รหัสผ่านที่ยาวพอ")
    await accounts.admit(account, tenant_id, uuid7(), "ทดลอง ตัวอย่าง", {"buddy", "coordinator"})
    links = await devices.invite([(account, "device")], tenant_id, uuid7(), None, settings, now)
    _, device_id, phone = await devices.bind(links[account], "Chrome · Android", now)
    await devices.set_pin(device_id, "480216")
    session = await sessions.start(account, method="password", now=now, device_id=device_id)
    unused = await devices.invite([(account, "password")], tenant_id, uuid7(), None, settings, now)
    named = {"khuen": session, "khuen-device": phone}
    return unused[account], [{"name": n, "value": v, "url": province.origin} for n, v in named.items()]


_COOKIE = {"name", "value", "domain", "path", "httpOnly", "secure", "sameSite"}


async def _own_person(province: Province, browser: Browser) -> str:
    page = await (await browser.new_context()).new_page()
    await province.enter(page, "buddy")
    action = await page.locator("form[action$='/check-ins']").first.get_attribute("action")
    assert action is not None
    return action.split("/")[-2]
