"""What a page costs on a weak line, counted by the browser: bytes as they came over the wire, and requests.

The budgets are those of docs/design-system.md. `BUDGETS` are (role, path, most KB cold, most requests cold, most KB warm).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from playwright.async_api import Browser, Page

from khuen import clock, district, provision
from khuen.ids import uuid7
from khuen.paths import folder
from khuen.signin import accounts, devices, sessions
from tests.province import Province

KB = 1024
BUDGETS = (
    ("buddy", "b/", 15, 5, 15),
    ("buddy", "b/check-in?p={mine}", 15, 5, 15),
    ("coordinator", "board", 80, 12, 20),
    ("coordinator", "cases/BTY-0030", 80, 12, 20),
    ("coordinator", "enrolments", 80, 12, 20),
    ("coordinator", "imports", 80, 12, 20),
    ("coordinator", "messages", 80, 12, 20),
    ("tenant_admin", "admin/members", 80, 12, 20),
)


@dataclass
class Cost:
    bytes: int = 0
    requests: int = 0
    scripts: int = 0


async def load(page: Page, url: str, *, cold: bool = True) -> Cost:
    """Open an address and add up what came over the wire for it.

    `cold` uses nothing that the browser has kept, but keeps what comes; otherwise what it had kept costs nothing.
    """
    cost, kinds = Cost(), {}
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Network.enable")
    await devtools.send("Network.setCacheDisabled", {"cacheDisabled": cold})
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


async def test_every_page_keeps_to_its_budget(province: Province, browser: Browser) -> None:
    """The roles side by side, each in a browser of its own."""
    await asyncio.gather(*(_keep_to_their_budgets(province, browser, role) for role in {one[0] for one in BUDGETS}))


async def _keep_to_their_budgets(province: Province, browser: Browser, role: str) -> None:
    page = await (await browser.new_context(service_workers="block")).new_page()
    await province.enter(page, role)
    for path, cold_kb, requests, warm_kb in (rest for whose, *rest in BUDGETS if whose == role):
        mine = await _own_person(province, page) if "{mine}" in path else ""
        url = f"{province.origin}/bantuayang/{path.format(mine=mine)}"
        cold = await load(page, url)
        assert cold.bytes <= cold_kb * KB and cold.requests <= requests, (path, cold)
        # the buddy's script is 4 KB without its headers: tests/followups/test_phone.py
        assert cold.scripts <= (4.5 if role == "buddy" else 25) * KB, (path, cold)
        warm = await load(page, url, cold=False)
        assert warm.bytes <= warm_kb * KB and warm.bytes < cold.bytes, (path, cold, warm)


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
PROVING = DOORS[-3:]


async def test_every_page_of_the_door_is_light_and_works_without_scripts(province: Province, browser: Browser) -> None:
    """A practice district's and a real one's, opened by a visitor whose browser has kept nothing."""
    token, cookies = await _a_real_district(province)

    async def opens(paths: Iterable[str], scripts: bool) -> None:
        page = await (await browser.new_context(java_script_enabled=scripts)).new_page()
        for path in paths:
            await page.context.clear_cookies()
            if path in PROVING:
                await page.context.add_cookies([dict(one) for one in cookies])  # type: ignore[arg-type]
            cost = await load(page, province.origin + path.format(token=token))
            assert 4 * KB < cost.bytes <= DOOR_KB * KB and cost.requests <= DOOR_REQUESTS, (path, cost)
            assert await page.locator("main h1").count() == 1, path
            assert (
                await page.locator("link[rel=stylesheet]").count() == 1 and not await page.locator("[hx-get]").count()
            )

    await asyncio.gather(opens(DOORS, True), opens(DOORS, False))


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


async def _own_person(province: Province, page: Page) -> str:
    """The code of somebody whom this buddy visits, without opening a page."""
    today = await page.request.get(f"{province.origin}/bantuayang/b/")
    found = re.search(r"/cases/([A-Z]+-[0-9]+)/check-ins", await today.text())
    assert found
    return found[1]
