"""A roster in a real Chromium: marked by keyboard alone, saved row by row, and the same without scripts."""

from __future__ import annotations

from playwright.async_api import Browser, Page, expect

from tests.province import Province


async def _today(province: Province, tab: Page) -> None:
    """The session of the day, in the practice district."""
    await province.enter(tab, "coordinator")
    await tab.goto(f"{province.origin}/bantuayang/sessions")
    await tab.locator(".person:has-text('วันนี้') a").first.click()
    await tab.wait_for_url("**/sessions/*")  # with its script, which the first key needs
    await expect(tab.locator(".roster").first).to_be_visible()


async def test_a_row_is_ticked_and_unticked_by_keyboard_and_keeps_the_focus(province: Province, page: Page) -> None:
    await _today(province, page)
    row = page.locator(".roster").nth(2)
    own = await row.get_attribute("id")
    before, away = [int(text) for text in (await page.locator("#counts b").all_inner_texts())[:2]]
    await row.focus()
    for came, absent in ((1, 0), (0, 1), (1, 0)):
        await expect(page.locator(".htmx-added, .htmx-settling")).to_have_count(0)  # the new row is listened to
        await page.keyboard.press("Space")
        await expect(page.locator("#counts b").nth(0)).to_have_text(str(before + came))
        await expect(page.locator("#counts b").nth(1)).to_have_text(str(away + absent))
        assert await page.evaluate("document.activeElement.id") == own
    await page.keyboard.press("ArrowDown")
    assert await page.evaluate("document.activeElement.id") != own
    await page.reload()
    await expect(page.locator(f"[id='{own}'] input[type=checkbox]")).to_be_checked()


async def test_a_roster_is_saved_without_scripts(province: Province, browser: Browser) -> None:
    tab = await (await browser.new_context(java_script_enabled=False)).new_page()
    await _today(province, tab)
    row = tab.locator(".roster").nth(5)
    own = await row.get_attribute("id")
    await row.locator("select").select_option("ill")
    await tab.get_by_role("button", name="บันทึกผู้มา").click()
    await expect(tab.locator("#flash")).to_contain_text("บันทึกผู้มาแล้ว")
    await expect(tab.locator(f"[id='{own}'] select")).to_have_value("ill")
    await tab.context.close()
