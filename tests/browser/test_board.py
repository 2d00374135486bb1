"""The board all day: by keyboard alone, while it refreshes itself, and without scripts."""

from __future__ import annotations

import re

import pytest_asyncio
from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page, expect

from tests.browser.eyes import AXE
from tests.province import Province

BOARD = "/bantuayang/board"


@pytest_asyncio.fixture(loop_scope="session")
async def board(province: Province, page: Page) -> Page:
    """The coordinator's board on a desk, with a clock that can be put forward."""
    await page.set_viewport_size({"width": 1280, "height": 900})
    await page.clock.install()
    await province.enter(page, "coordinator")
    await page.goto(f"{province.origin}{BOARD}?lane=all")
    return page


async def test_rows_are_chosen_and_opened_by_keyboard_alone(board: Page) -> None:
    rows, ticked = board.locator("[data-item]"), board.locator("tbody :checked")
    await board.locator("input[type=search]").focus()
    for _ in range(20):
        await board.keyboard.press("Tab")
        if await rows.first.evaluate("row => row === document.activeElement"):
            break
    for key in ("Space", "ArrowDown", "ArrowDown", "Shift+Space"):
        await board.keyboard.press(key)
    assert await ticked.count() == 3
    await expect(board.locator(".bulk")).to_be_in_viewport()
    await board.locator("[data-tick=none]").click()
    await expect(ticked).to_have_count(0)
    await rows.nth(1).locator("input").click()
    await rows.nth(4).locator("input").click(modifiers=["Shift"])
    await expect(ticked).to_have_count(4)
    await board.locator("[data-tick='']").click()
    await expect(ticked).to_have_count(await rows.count())
    code = await rows.nth(2).get_attribute("id")
    await rows.nth(2).focus()
    await board.keyboard.press("Enter")
    await board.wait_for_url(re.compile(f"/cases/{code}$"))
    await board.go_back()
    await expect(rows.nth(2)).to_be_focused()


async def test_the_board_is_worked_through_with_one_letter_each(board: Page, province: Province) -> None:
    await board.goto(f"{province.origin}{BOARD}?lane=urgent")
    rows = board.locator("[data-item]")
    waiting = await rows.count()
    second = await rows.nth(1).get_attribute("id")
    await board.keyboard.press("j")  # from nowhere to the first row
    await expect(rows.first).to_be_focused()
    await board.keyboard.press("a")
    await expect(rows).to_have_count(waiting - 1)
    await expect(board.locator(f"#{second}")).to_be_focused()  # the next one to look at
    await board.keyboard.press("u")
    await expect(rows).to_have_count(waiting)
    await expect(rows.first).to_be_focused()
    await board.goto(f"{province.origin}{BOARD}?lane=overdue")
    await board.keyboard.press("j")
    await board.keyboard.press("a")  # reminding takes no row away: the next one comes
    await expect(rows.nth(1)).to_be_focused()
    await expect(board.locator("#flash")).to_be_in_viewport()
    await expect(board.locator("#live")).not_to_be_empty()
    await board.goto(f"{province.origin}{BOARD}")
    await board.keyboard.press("j")
    for _ in range(waiting):  # past the end of the first group into the next one
        await board.keyboard.press("j")
    assert await board.evaluate("document.activeElement.closest('table') !== document.querySelector('table')")
    await board.keyboard.press("x")
    await expect(board.locator("tbody :checked")).to_have_count(1)
    await board.keyboard.press("?")
    await expect(board.locator("dialog[open] kbd").first).to_be_visible()
    await board.locator("dialog[open] #letters").uncheck()
    await board.keyboard.press("Escape")
    await expect(board.locator("[data-item]:focus")).to_have_count(1)  # back where one was
    held = await board.evaluate("document.activeElement.id")
    for key in ("k", "x", "a", "?"):
        await board.keyboard.press(key)
    assert (
        await board.evaluate("document.activeElement.id") == held and await board.locator("dialog[open]").count() == 0
    )


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


async def test_a_few_letters_lead_anywhere(board: Page, province: Province) -> None:
    field, options = board.locator("#go-q"), board.locator("#go-list [role=option]")
    asked: list[str] = []
    board.on("request", lambda request: asked.append(request.url))
    row = board.locator("[data-item]").nth(1)
    code = await row.get_attribute("id")
    assert code
    await row.focus()
    await board.keyboard.press("Control+K")
    await expect(field).to_be_focused()
    await expect(options.first).to_have_attribute("aria-selected", "true")
    await board.keyboard.press("ArrowDown")
    assert await field.get_attribute("aria-activedescendant") == await options.nth(1).get_attribute("id")
    await board.evaluate(AXE_SCRIPT)
    assert await board.evaluate("async (how) => (await axe.run('dialog', how)).violations.map((v) => v.id)", AXE) == []
    await board.keyboard.press("Escape")
    await expect(row).to_be_focused()
    await board.keyboard.press("Control+K")
    await field.press_sequentially(code.partition("-")[2].lstrip("0"))
    await board.clock.fast_forward(200)
    await expect(options.first).to_have_text(code)
    await board.keyboard.press("Enter")
    await board.wait_for_url(re.compile(f"/cases/{code}$"))
    await board.keyboard.press("Control+K")
    await field.fill("บัดดี้")
    await board.keyboard.press("Enter")  # before the list is there
    await board.clock.fast_forward(200)
    await board.wait_for_url(re.compile(f"/messages/|/cases/{code}"))
    await expect(board.locator("#flash")).not_to_be_empty()
    await board.locator("[data-go]").click()
    await field.fill("ทดลองชื่อ")
    await board.clock.fast_forward(200)
    await expect(options).to_have_count(1)
    await board.keyboard.press("Enter")
    await board.wait_for_url(re.compile("/search$"))
    assert not [url for url in asked if "%E0%B8" in url or "ทดลอง" in url]


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
    await page.locator(".find").click()
    await page.locator("#q").fill("บัดดี้")
    await page.locator("#where button").first.click()
    await page.locator(".places a[href$='/assignment']").click()
    assert page.url.endswith("/assignment")
    await context.close()
