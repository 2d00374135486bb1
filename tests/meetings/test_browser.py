"""A whole meeting in a browser: thirty cases walked by keyboard, decisions made in place, closed, minutes fetched."""

from __future__ import annotations

import re
from datetime import timedelta

from playwright.async_api import Page, expect

from khuen import clock, registry
from khuen.meetings import agenda
from khuen.pathway import service as pathway
from khuen.tenancy import hot, within
from khuen.words import gettext as th
from tests.province import Province

#: everything that is written on the slide, with its size
SMALLEST = """() => Math.min(...[...document.querySelectorAll('body *')]
  .filter((e) => e.checkVisibility() && !e.closest('.sr, option')
    && [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()))
  .map((e) => parseFloat(getComputedStyle(e).fontSize)))"""


async def busy_week() -> list[str]:
    """Many visits overdue, many missed sessions, some without a buddy; answers the names that nobody may see."""
    district = next(one for one in await registry.active() if one.slug == "bantuayang")
    async with within(here := district.here()):
        rows = await hot(
            "SELECT c.id FROM case_file c WHERE c.tenant_id = $1 AND c.stage = 'in_treatment' ORDER BY c.code LIMIT 24"
        )
        ids = [row["id"] for row in rows]
        await hot(
            "UPDATE visit_due SET closes_on = $3::date - 9, due_on = $3 - 10, opens_on = $3 - 11"
            " WHERE tenant_id = $1 AND case_id = ANY ($2)",
            ids[:12],
            here.today,
        )
        await pathway.heard(here, {id_: {"missed": 2} for id_ in ids[12:]})
        await hot(
            "UPDATE assignment SET ended_at = $2, end_reason = 'test' WHERE tenant_id = $1 AND ended_at IS NULL"
            " AND case_id IN (SELECT c.id FROM case_file c WHERE c.tenant_id = $1 AND c.stage = 'awaiting_doctor')",
            here.now - timedelta(days=20),
        )
        names = await hot("SELECT p.family_name FROM person p WHERE p.tenant_id = $1")
        assert len(await agenda.preview(here, "weekly")) >= 30
    return [row["family_name"] for row in names]


async def turn(page: Page, key: str) -> None:
    async with page.expect_navigation():
        await page.keyboard.press(key)


async def test_a_meeting_of_thirty_cases_is_walked_by_keyboard(province: Province, page: Page) -> None:
    families = set(await busy_week())
    await page.set_viewport_size({"width": 1280, "height": 800})
    await province.enter(page, "coordinator")
    today = f"{province.origin}/bantuayang/meetings/{clock.day(clock.now()).isoformat()}"
    await page.goto(today)
    await page.get_by_role("button", name=th("Open the meeting")).click()
    await page.get_by_role("link", name=th("Walk the agenda")).click()
    await page.wait_for_url("**/present*")
    assert await page.evaluate(SMALLEST) >= 28

    projector = await page.context.new_page()
    await projector.set_viewport_size({"width": 1280, "height": 720})
    await projector.goto(f"{today}/present?screen=1")
    assert await projector.evaluate(SMALLEST) >= 28

    codes, decided = [], 0
    while True:
        heading = await page.locator("h1").inner_text()
        slide = await page.locator("#slide").inner_text()
        if re.fullmatch("BTY-[0-9]{4}", heading):
            codes.append(heading)
        assert not [
            name for name in families if re.search(rf"(?<!\w){name}(?!\w)", slide.split(th("Decided before"))[0])
        ]
        if len(codes) % 5 == 1 and decided <= len(codes) // 5:
            await page.locator("[name=text]").focus()
            await page.keyboard.type("รายงานครั้งหน้า")
            await turn(page, "Enter")
            await expect(page.locator("h1")).to_have_text(heading)
            await expect(page.locator(".made")).to_contain_text("รายงานครั้งหน้า")
            decided += 1
        if not await page.locator("[data-turn=next]").count():
            break
        await turn(page, "PageDown")
    assert len(set(codes)) == len(codes) >= 30 and decided >= 6
    await turn(page, "PageUp")
    await expect(projector.locator("h1")).to_have_text(await page.locator("h1").inner_text(), timeout=8000)
    assert not await projector.locator("form, a[href]").count()

    await page.goto(today)
    await page.locator("#came_police").check()
    await page.get_by_role("button", name=th("Save who came")).click()
    await page.get_by_role("button", name=th("Close the minutes")).click()
    await expect(page.locator("#flash")).to_contain_text(th("The minutes are closed"))
    paper = await page.request.get(f"{today}/minutes.pdf")
    assert paper.status == 200 and (await paper.body()).startswith(b"%PDF")
    await page.goto(f"{province.origin}/bantuayang/tasks?whose=all")
    assert await page.get_by_text("รายงานครั้งหน้า").count() >= decided


async def test_what_was_begun_is_not_lost_by_one_press(province: Province, page: Page) -> None:
    await province.enter(page, "coordinator")
    today = f"{province.origin}/bantuayang/meetings/{clock.day(clock.now()).isoformat()}"
    await page.goto(today)
    await page.get_by_role("button", name=th("Open the meeting")).click()
    await page.goto(f"{today}/present")
    heading = await page.locator("h1").inner_text()
    await page.locator("[name=text]").fill("ยังเขียนไม่จบ")
    await page.keyboard.press("ArrowRight")  # moves the caret, not the slide
    await page.keyboard.press("PageDown")
    await expect(page.locator("#said")).to_have_text(th("The decision is not saved yet. Press once more to leave it."))
    assert await page.locator("h1").inner_text() == heading
    await turn(page, "PageDown")
    await expect(page.locator("h1")).not_to_have_text(heading)
