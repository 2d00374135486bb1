"""Passkeys in a real browser, with the authenticator that Chromium has for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, CDPSession, Page, expect

from khuen.settings import Settings
from khuen.signin import accounts, passkeys
from tests.province import served

PASSWORD = "ทดสอบ รหัสผ่านยาวพอ"


@pytest_asyncio.fixture(loop_scope="session")
async def origin(db: Settings) -> AsyncIterator[str]:
    """The site on http://localhost, which browsers count as a secure place."""
    async with served(db) as settings:
        yield settings.origin


async def authenticator(page: Page, *, verified: bool = True) -> tuple[CDPSession, str]:
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    made = await devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": verified,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return devtools, made["authenticatorId"]


async def enter(page: Page) -> None:
    await page.get_by_label("ชื่อผู้ใช้").fill("sommut")
    await page.get_by_label("รหัสผ่าน").fill(PASSWORD)
    await page.get_by_role("button", name="เข้าสู่ระบบ", exact=True).click()
    await page.wait_for_url("**/tenants")


async def test_add_a_passkey_and_sign_in_with_it(origin: str, page: Page) -> None:
    coordinator = await accounts.create("สมมุติ ใจดี", login="sommut", password=PASSWORD)
    devtools, key = await authenticator(page)

    await page.goto(f"{origin}/sign-in")
    await enter(page)
    await page.goto(f"{origin}/account")
    await page.get_by_role("button", name="เพิ่มพาสคีย์ของเครื่องนี้").click()
    await expect(page.get_by_text("เพิ่มพาสคีย์แล้ว")).to_be_visible()
    assert len(await passkeys.list_for(coordinator)) == 1

    await page.get_by_role("button", name="ออกจากระบบ").click()
    await expect(page).to_have_url(f"{origin}/sign-in")
    await page.get_by_role("button", name="เข้าสู่ระบบด้วยพาสคีย์").click()
    await page.wait_for_url("**/tenants")
    await page.goto(f"{origin}/account")
    await expect(page.get_by_role("heading", name="บัญชีของฉัน")).to_be_visible()

    await page.get_by_role("button", name="ออกจากระบบ").click()
    await devtools.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    await page.get_by_role("button", name="เข้าสู่ระบบด้วยพาสคีย์").click()
    await expect(page.get_by_text("ใช้พาสคีย์บนเครื่องนี้ไม่สำเร็จ")).to_be_visible()


async def test_threat_38_the_back_button_shows_nothing_after_signing_out(origin: str, page: Page) -> None:
    await accounts.create("สมมุติ ใจดี", login="sommut", password=PASSWORD)
    await page.goto(f"{origin}/sign-in")
    await enter(page)
    await page.goto(f"{origin}/account")
    await page.get_by_role("button", name="ออกจากระบบ").click()
    await page.go_back()
    await expect(page.get_by_role("heading", name="กรุณาเข้าสู่ระบบ")).to_be_visible()
    assert "สมมุติ ใจดี" not in await page.content()


async def test_without_scripts_no_passkey_is_offered_and_the_password_works(origin: str, browser: Browser) -> None:
    await accounts.create("สมมุติ ใจดี", login="sommut", password=PASSWORD)
    page = await (await browser.new_context(java_script_enabled=False)).new_page()
    await page.goto(f"{origin}/sign-in")
    await expect(page.get_by_role("button", name="เข้าสู่ระบบด้วยพาสคีย์")).to_be_hidden()
    await enter(page)
    await page.goto(f"{origin}/account")
    await expect(page.get_by_role("heading", name="บัญชีของฉัน")).to_be_visible()


@pytest.mark.parametrize("width", [360, 768, 1280])
async def test_the_doors_are_open_to_everybody(origin: str, page: Page, width: int) -> None:
    await accounts.create("สมมุติ ใจดี", login="sommut", password=PASSWORD)
    await authenticator(page)
    await page.set_viewport_size({"width": width, "height": 800})
    await page.goto(f"{origin}/sign-in")
    await looks_right(page)
    await enter(page)
    for path in ("/account", "/account/code", "/step-up", "/tenants"):
        shown = await page.goto(origin + path)
        assert shown is not None and shown.status == 200
        await looks_right(page)


async def looks_right(page: Page) -> None:
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url
