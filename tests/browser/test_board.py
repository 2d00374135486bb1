"""The board all day: by keyboard alone, while it refreshes itself, and without scripts."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import Province

BOARD = "/bantuayang/board"


@pytest.fixture
async def board(province: Province, page: Page) -> Page:
    """The coordinator's board on a desk, with a clock that can be put forward."""
    await page.set_viewport_size({"width": 1280, "height": 900})
    await page.clock.install()
    await province.enter(page, "coordinator")
    await page.goto(f"{province.origin}{BOARD}?lane=all")
    return page


async def test_rows_are_chosen_and_opened_by_keyboard_alone(board: Page) -> None:
    await board.keyboard.press("Control+K")
    await expect(board.locator("input[type=search]")).to_be_focused()
    rows = board.locator("[data-item]")
    for _ in range(20):
        await board.keyboard.press("Tab")
        if await rows.first.evaluate("row => row === document.activeElement"):
            break
    for key in ("Space", "ArrowDown", "ArrowDown", "Shift+Space"):
        await board.keyboard.press(key)
    assert await board.locator("tbody :checked").count() == 3
    await expect(board.locator(".bulk")).to_be_in_viewport()
    code = await rows.nth(2).get_attribute("id")
    await board.keyboard.press("Enter")
    await board.wait_for_url(re.compile(f"/cases/{code}$"))


async def test_a_refresh_keeps_the_place_and_waits_while_rows_are_ticked(board: Page) -> None:
    asked: list[str] = []
    board.on("request", lambda request: asked.append(request.url) if "hx-request" in request.headers else None)
    row = board.locator("[data-item]").nth(4)
    await row.focus()
    async with board.expect_response(lambda answer: BOARD in answer.url):
        await board.clock.fast_forward(3100)
    await expect(row).to_be_focused()
    await board.keyboard.press("Space")
    before = len(asked)
    await board.clock.fast_forward(10_000)
    assert len(asked) == before and await row.locator("input").is_checked()
    await board.keyboard.press("Space")
    async with board.expect_response(lambda answer: BOARD in answer.url):
        await board.clock.fast_forward(3100)
    assert len(asked) > before


async def test_a_tab_is_an_address_and_back_is_the_page_before(board: Page, province: Province) -> None:
    await board.locator("[data-item] a").first.click()
    await board.wait_for_url(re.compile(r"/cases/[A-Z]+-\d+$"))
    home = board.url
    await board.locator(".tabs a").nth(2).click()
    await expect(board.locator(".tabs [aria-current]")).to_be_focused()
    assert board.url == f"{home}?tab=buddy"
    await board.go_back()
    await expect(board.locator(".tabs a").first).to_have_attribute("aria-current", "page")
    assert board.url == home


async def test_without_scripts_everything_on_the_board_works(province: Province, browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = await context.new_page()
    await province.enter(page, "coordinator")
    await page.goto(province.origin + BOARD)
    await page.locator(".lanes a").nth(1).click()
    assert page.url.endswith("lane=urgent")
    urgent = await page.locator("[data-item]").count()
    assert urgent > 0
    await page.locator("button[form=act]").first.click()
    assert page.url.endswith("lane=urgent") and await page.locator("[data-item]").count() == urgent - 1
    await page.locator("#undo button").click()
    await page.goto(f"{province.origin}{BOARD}?lane=urgent")
    assert await page.locator("[data-item]").count() == urgent
    await page.locator("[data-item] a").first.click()
    await page.locator("#contact button").click()
    assert await page.locator("#contact dd").count() == 3
    await context.close()
