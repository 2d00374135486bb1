"""The desk without a mouse, and what htmx does when an answer is no page."""

from __future__ import annotations

import re
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from khuen.board import reading
from khuen.errors import Busy
from khuen.words import gettext as th
from tests.browser.keys import SEEN, Keyboard
from tests.province import Province


@pytest_asyncio.fixture(loop_scope="session")
async def desk(province: Province, page: Page) -> Page:
    """The coordinator's urgent lane, nothing pressed yet."""
    await page.set_viewport_size({"width": 1280, "height": 900})
    await province.enter(page, "coordinator")
    await page.goto(f"{province.origin}/bantuayang/board?lane=urgent")
    return page


async def test_a_coordinator_triages_without_a_mouse(desk: Page) -> None:
    keys = Keyboard(desk)
    waiting = await desk.locator("[data-item]").count()
    assert waiting > 2
    await keys.to("[data-item]")
    await keys.press("ArrowDown")
    code = await desk.evaluate("document.activeElement.id")
    await keys.enter()
    await desk.wait_for_url(re.compile(f"/cases/{code}$"))

    await keys.write("note", "โทรแล้ว")
    await keys.enter()
    await expect(desk.locator("#undo")).to_contain_text(th("Acknowledged"))
    await expect(desk.locator("#tab")).to_contain_text("โทรแล้ว")

    await keys.to("#undo button")
    await keys.enter()
    await expect(desk.locator(".notice.success")).to_contain_text(th("Taken back"))
    await desk.goto(desk.url.partition("/cases/")[0] + "/board?lane=urgent")
    assert await desk.locator("[data-item]").count() == waiting


async def test_the_first_stop_leads_past_the_menu(desk: Page) -> None:
    await desk.keyboard.press("Tab")
    assert not await desk.evaluate(SEEN)
    await desk.keyboard.press("Enter")
    await desk.keyboard.press("Tab")
    assert await desk.evaluate("document.activeElement.closest('main') !== null")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (RuntimeError("broken on purpose"), "Something went wrong on our side"),
        (Busy(), "The system is busy for a moment"),
    ],
    ids=["500", "503"],
)
async def test_a_failed_answer_is_told_and_the_page_stays(
    desk: Page, monkeypatch: pytest.MonkeyPatch, fault: Exception, said: str
) -> None:
    async def fails(*_: Any) -> Any:
        raise fault

    await desk.locator("[data-item] a").first.click()
    await desk.wait_for_url(re.compile("/cases/"))
    home, before = desk.url, await desk.locator("#tab").inner_text()
    monkeypatch.setattr(reading, "visits", fails)
    await desk.locator(".tabs a").nth(1).click()
    await expect(desk.locator("#flash")).to_contain_text(th(said))
    assert desk.url == home and await desk.locator("#tab").inner_text() == before
    monkeypatch.undo()
    await desk.locator(".tabs a").nth(1).click()
    await desk.wait_for_url(re.compile("tab=visits"))
    await expect(desk.locator("#tab")).not_to_have_text(before)


async def test_back_after_a_tab_is_the_whole_page(desk: Page) -> None:
    await desk.locator("[data-item] a").first.click()
    await desk.wait_for_url(re.compile("/cases/"))
    await desk.locator(".tabs a").nth(2).click()
    await desk.wait_for_url(re.compile("tab=buddy"))
    await desk.goto(desk.url.partition("/cases/")[0] + "/messages")
    await desk.go_back()
    await expect(desk.locator(".tabs [aria-current]")).to_have_text(th("Buddy"))
    assert await desk.locator("header.site, .main-nav, #facts, .identity").count() == 4
