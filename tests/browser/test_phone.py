"""A buddy's phone at 360 px with a weak signal or none: a day in the field, a line that drops answers, what is wiped.

What HTTP alone can say stands in tests/followups/test_phone.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest_asyncio
from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from khuen import clock, registry
from khuen.buddies import service as buddies
from khuen.buddies.service import NewAssignment
from khuen.cases import service as cases
from khuen.ids import uuid7
from khuen.signin import sessions
from khuen.tenancy import Here, within
from khuen.words import gettext as th
from tests import care
from tests.browser import eyes
from tests.province import Province

SLUG, PIN = "bantuayang", "482913"
AGENT = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/107.0.0.0 Mobile Safari/537.36"
)
KEYS = """(name) => new Promise((good) => { const open = indexedDB.open(name); open.onsuccess = () => {
  const read = open.result.transaction("all").objectStore("all").getAllKeys();
  read.onsuccess = () => { open.result.close(); good(read.result); }; }; })"""
COUNT = "SELECT count(*) FROM check_in WHERE tenant_id = $1 AND member_id = $2 AND received_at >= $3"


@dataclass
class Phone:
    province: Province
    context: BrowserContext
    here: Here
    root: Any
    since: Any
    codes: list[str]

    @property
    def base(self) -> str:
        return f"{self.province.origin}/{SLUG}/b/"

    async def open(self, path: str = "") -> Page:
        page = await self.context.new_page()
        await page.goto(self.base + path)
        return page

    async def written(self) -> int:
        count: int = await self.root.fetchval(COUNT, self.here.tenant_id, self.here.member_id, self.since)
        return count

    async def wait_for(self, count: int) -> None:
        for _ in range(150):
            if await self.written() >= count:
                break
            await asyncio.sleep(0.2)
        assert await self.written() == count


@asynccontextmanager
async def phone(
    province: Province, browser: Browser, root: Any, people: int = 1, **more: Any
) -> AsyncIterator[tuple[Phone, Page]]:
    """A buddy of the practice province, signed in on a phone, with so many people to visit."""
    context = await browser.new_context(
        viewport={"width": 360, "height": 640},
        is_mobile=True,
        has_touch=True,
        user_agent=AGENT,
        locale="th-TH",
        timezone_id="Asia/Bangkok",
        **more,
    )
    page = await context.new_page()
    await province.enter(page, "buddy")
    await page.goto(f"{province.origin}/{SLUG}/b/")
    here = await _buddy(root)
    codes = await _people(here, people - 1)
    yield Phone(province, context, here, root, clock.now(), codes), page
    await context.close()


async def _buddy(root: Any) -> Here:
    tenant_id = next(one.id for one in await registry.active() if one.slug == SLUG)
    member_id = await root.fetchval(
        "SELECT m.member_id FROM auth.membership m JOIN auth.account a ON a.id = m.account_id"
        " JOIN auth.membership_role r ON r.account_id = m.account_id AND r.role = 'buddy'"
        " WHERE m.tenant_id = $1 AND a.practice_tenant_id = $1 ORDER BY a.id LIMIT 1",
        tenant_id,
    )
    return Here(tenant_id, member_id, frozenset({"coordinator"}), clock.now())


async def _people(here: Here, further: int) -> list[str]:
    async with within(here):
        project = (await cases.projects(here))[0]
        made = care.District(here.tenant_id, project.id, project.pack_id, {})
        codes = [await care.open_case(here, made, called_name=f"ทดลอง{n}") for n in range(further)]
        assert here.member_id is not None
        for code in codes:
            new = NewAssignment(uuid7(), made.cases[code], here.member_id, "ใกล้บ้าน")
            await buddies.assign(here, [new])
    return codes


@pytest_asyncio.fixture(loop_scope="session")
async def root(stage: Any, province: Province) -> AsyncIterator[Any]:
    """A superuser's connection to the province, to count behind the walls."""
    from urllib.parse import urlsplit

    from khuen import database

    name = urlsplit(province.settings.database_url).path.lstrip("/")
    connection = await database.connect(stage.superuser_of(name))
    yield connection
    await connection.close()


async def ready(page: Page, path: str) -> None:
    """The PIN is chosen, the snapshot is sealed, the worker holds the shell."""
    for _ in range(10):
        await page.goto(path + "me")
        if not await page.locator("#shell").count():  # a machine that is slow for three seconds shows the shell
            break
    await page.fill("#pin", PIN)
    await page.locator("form.choose button").tap()
    await expect(page.locator("form.clear")).to_be_visible()
    assert await page.evaluate("async () => !!(await get(document.body.dataset.phone, 'snap')).data")
    await page.evaluate("async () => (await navigator.serviceWorker.ready).active.state")


async def unlock(page: Page) -> None:
    await page.locator("form.enter:visible, [data-code]:visible, .visit:visible").first.wait_for()
    if await page.locator("form.enter").is_visible():
        await page.fill("#pin", PIN)
        await page.locator("form.enter button").tap()
        await expect(page.locator("form.enter")).to_be_hidden()


async def keeps(page: Page) -> tuple[int, bool, bool]:
    """(answers that wait, whether the snapshot is there, whether the PIN is)"""
    # the page reads itself anew once something was sent: its script has to be there again
    await page.wait_for_function("typeof items === 'function'")
    found = await page.evaluate(
        "async () => { const n = document.body.dataset.phone;"
        " return [(await items(n)).filter(waits).length, !!await get(n, 'snap'), !!await get(n, 'pin')]; }"
    )
    return found[0], found[1], found[2]


async def test_a_day_in_the_field_without_a_signal(province: Province, browser: Browser, root: Any) -> None:
    """Forty visits by two taps each, a page that is killed, and forty rows in the order in which they were made."""
    async with phone(province, browser, root, people=41) as (own, page):
        await own.context.clock.install()
        await ready(page, own.base)
        await own.context.set_offline(True)
        await page.goto(own.base)
        await unlock(page)
        assert await page.locator("[data-code]:visible").count() == 12
        faults = [await look(page)]
        told: list[str] = []
        for n in range(40):
            if n % 10 == 9:
                await own.context.clock.fast_forward("06:00:00")
                await page.goto(own.base)
                await unlock(page)
            row = page.locator("section [data-code]:visible a").first
            told.append(str(await row.evaluate("(e) => e.closest('[data-code]').dataset.code")))
            await row.tap()  # the first tap
            if n == 0:
                faults.append(await look(page))
            how = "urgent" if n == 5 else "well"
            await page.locator(f".answers:visible button[value={how}]").tap()  # the second
            await expect(page.locator("#net")).to_contain_text(f"รอส่ง {n + 1}")
        await page.goto(own.base + "urgent")
        faults.append(await look(page))
        await expect(page.locator("a[href='tel:1669']")).to_be_visible()
        await page.close()
        again = await own.open("outbox")
        await expect(again.locator("#items .card")).to_have_count(40)
        faults.append(await look(again))
        assert not any(faults), faults
        assert len(set(told)) == 40 and await own.written() == 0
        await own.context.set_offline(False)
        await again.locator("form.send button").tap()
        await own.wait_for(40)
        await expect(again.locator("#net")).to_contain_text(th("Everything is sent"))
        rows = await root.fetch(
            "SELECT c.code, i.happened_at, i.planned_at, i.received_at FROM check_in i"
            " JOIN case_file c ON c.tenant_id = i.tenant_id AND c.id = i.case_id"
            " WHERE i.tenant_id = $1 AND i.received_at >= $2 ORDER BY i.happened_at",
            own.here.tenant_id,
            own.since,
        )
        assert [row["code"] for row in rows] == told
        assert all(row["planned_at"] <= row["received_at"] for row in rows)


async def look(page: Page) -> list[str]:
    """What eyes find on the page as it stands: axe, targets of 48 px, sideways scroll."""
    if not await page.evaluate("!!window.axe"):
        await page.evaluate(AXE_SCRIPT)
    return await eyes.present(page, 48, True)


async def test_a_line_that_drops_answers_doubles_nothing(province: Province, browser: Browser, root: Any) -> None:
    """Two hundred answers over a jump of 24 hours, two tabs, every third reply lost after the server took it, a tab
    that is killed: two hundred rows. And never two sendings at once."""
    async with phone(province, browser, root, people=3, service_workers="block") as (own, page):
        flying, most, number = 0, 0, 0

        async def drop(route: Route) -> None:
            nonlocal flying, most, number
            flying += 1
            number += 1
            most = max(most, flying)
            mine = number
            await route.fetch()
            await asyncio.sleep(0.05)
            flying -= 1
            if mine % 3 == 1:
                await route.abort()
            else:
                await route.fulfill(response=await route.fetch())  # and the request is sent twice

        await page.goto(own.base + "outbox")
        await own.context.set_offline(True)
        await page.evaluate(
            "async (codes) => { const n = document.body.dataset.phone, now = Date.now();"
            " for (let i = 0; i < 200; i++) await put(n, { key: crypto.randomUUID(), code: codes[i % codes.length],"
            " how: 'well', at: new Date(now + (i < 100 ? 0 : 864e5) + i * 1e3).toJSON() }); }",
            own.codes,
        )
        await page.close()
        await own.context.set_offline(False)
        await own.context.route("**/b/check-ins", drop)
        first, second = await asyncio.gather(own.open("outbox"), own.open("outbox"))
        await own.wait_for(50)
        assert most == 1
        await first.close()  # what it was sending is still on its way when the other one goes on
        for _ in range(20):
            if (await keeps(second))[0] == 0:
                break
            await second.reload()
            await second.wait_for_timeout(500)
        assert (await keeps(second))[0] == 0
        assert await own.written() == 200
        await own.context.unroute_all(behavior="wait")


async def test_threat_38_what_a_phone_keeps_is_wiped(province: Province, browser: Browser, root: Any) -> None:
    async with phone(province, browser, root) as (own, page):
        code = str(await page.locator("form.answers").first.get_attribute("data-of"))
        await ready(page, own.base)
        assert (await keeps(page))[1:] == (True, True)
        held = await page.evaluate(
            "async () => { const out = []; for (const n of await caches.keys()) for (const r of await (await"
            " caches.open(n)).matchAll()) out.push(await r.clone().text()); const s = await"
            " get(document.body.dataset.phone, 'snap'); return [out.join(), new TextDecoder().decode(s.data),"
            " s.own.extractable]; }"
        )
        assert "tel:1669" in held[0] and code not in held[0] + held[1] and held[2] is False
        # five wrong PINs
        await own.context.set_offline(True)
        await page.goto(own.base)
        for _ in range(5):
            await page.fill("#pin", "000000")
            await page.locator("form.enter button").tap()
            await page.wait_for_function("() => !document.querySelector('#pin').value")
            await page.wait_for_timeout(300)
        assert (await keeps(page))[1:] == (False, False)
        await expect(page.locator("form.enter")).to_be_hidden()
        await own.context.set_offline(False)
        # the session is ended elsewhere: an answer that waits is kept, and says how to go on
        await ready(page, own.base)
        await own.context.set_offline(True)
        await page.goto(own.base)
        await unlock(page)
        await page.locator(".answers:visible button[value=well]").tap()
        await expect(page.locator("#undo")).to_contain_text(th("Saved"))
        session = await root.fetchrow("SELECT id, account_id FROM auth.session ORDER BY created_at DESC LIMIT 1")
        await sessions.end(session["account_id"], session["id"], clock.now())
        await own.context.set_offline(False)
        name = str(await page.evaluate("document.body.dataset.phone"))
        await page.goto(own.base)  # leads to the door; the worker has asked meanwhile
        assert page.url.endswith("/sign-in")
        left = await page.evaluate(KEYS, name)
        assert len(left) == 1 and left[0] not in ("snap", "pin")
        await province.enter(page, "buddy")
        await page.goto(own.base)
        await own.wait_for(1)
        # signing out
        await ready(page, own.base)
        await page.locator("form.out button").tap()
        await page.wait_for_url("**/sign-in")
        assert await page.evaluate("async () => [await caches.keys(), (await indexedDB.databases()).length]") == [[], 0]
