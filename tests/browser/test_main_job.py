"""The main job from end to end in a real browser, and once more without JavaScript.

A coordinator imports a messy list, enrols somebody with consent and gives them a buddy; a buddy logs a visit on a
phone; a worker composes and delivers what is due; the board shows all of it.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from khuen import clock, registry
from khuen.words import gettext as th
from tests.enrolment import messy
from tests.province import Province
from workers import followups, messages

SLUG = "bantuayang"


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
async def test_the_main_job(province: Province, browser: Browser, tmp_path: Path, scripts: bool) -> None:
    desk = await (
        await browser.new_context(java_script_enabled=scripts, viewport={"width": 1280, "height": 900})
    ).new_page()
    phone = await (
        await browser.new_context(java_script_enabled=scripts, viewport={"width": 360, "height": 740})
    ).new_page()
    for page, role in ((desk, "coordinator"), (phone, "buddy")):
        await page.goto(f"{province.origin}/{SLUG}/sign-in")
        await page.locator(f"form:has(input[name=role][value={role}]) button").click()
        await page.wait_for_load_state()

    await imports_a_messy_list(desk, province, tmp_path)
    code = await enrols_somebody(desk, province)
    await gives_a_buddy(desk, province, code)
    visited = await logs_a_visit(phone, province)
    await the_workers_remind(province)
    await sees_it_all(desk, province, code, visited)


async def imports_a_messy_list(page: Page, province: Province, folder: Path) -> None:
    file = folder / "รายชื่อ.xlsx"
    made = messy.make(count=60, bad=20, today=clock.day(clock.now()))
    file.write_bytes(messy.xlsx(made))
    await page.goto(f"{province.origin}/{SLUG}/imports")
    await page.set_input_files("#file", file)
    await page.locator("input[name=project]").first.check()
    await page.get_by_role("button", name=th("Send and check")).click()
    await page.get_by_role("link", name=th("Match the columns again")).click()
    await page.get_by_role("button", name=th("Check the rows")).click()
    await expect(page.locator(".lead")).to_contain_text("40")
    wrong = page.get_by_role("table", name=th("Rows"))
    await expect(wrong).to_be_visible()
    assert re.search(r"\b[A-Z]\d+\b", await wrong.inner_text()), "a bad row names its cell"
    await page.locator("form[action$='/commit'] button").click()
    await _until(page, page.locator("#flash, main").get_by_text(re.compile("40")).first)


async def enrols_somebody(page: Page, province: Province) -> str:
    await page.goto(f"{province.origin}/{SLUG}/enrolments")
    await page.locator(f"form[action='/{SLUG}/enrolments'] button").click()
    await page.locator("input[name=project]").first.check()
    await page.fill("[name=given_name]", "ทดลองเรียน")
    await page.fill("[name=family_name]", "ตัวอย่างใหม่")
    await page.fill("[name=birth_day]", "๕")
    await page.fill("[name=birth_month]", "๓")
    await page.fill("[name=birth_year]", "2540")
    await page.fill("[name=phone]", "081-234-5678")
    await _go_on(page)
    await page.fill("[name=q]", "ซับใหญ่")
    await page.locator("button[name=act][value=search]").click()
    await page.get_by_label(re.compile("ต.ซับใหญ่ อ.ซับใหญ่")).first.check()
    await page.fill("[name=moo]", "3")
    await _go_on(page)
    for kind, decision in (("treatment", "given"), ("sharing", "refused"), ("contact", "given")):
        await page.check(f"input[name={kind}][value={decision}]")
    await page.check("input[name=proposed_by][value=family]")
    await page.check("input[name=legal_basis][value=s113]")
    await _go_on(page)
    await page.check("input[name=buddy][value='']")
    await _go_on(page)
    await page.get_by_role("button", name=th("Enrol this person")).click()
    await page.wait_for_url(re.compile(r"/cases/[A-Z]+-\d+"))
    return page.url.rpartition("/")[2].partition("?")[0]


async def gives_a_buddy(page: Page, province: Province, code: str) -> None:
    await page.goto(f"{province.origin}/{SLUG}/cases/{code}/assignment")
    await page.get_by_role("button", name=th("Assign"), exact=True).click()
    await page.wait_for_load_state()
    await page.goto(f"{province.origin}/{SLUG}/cases/{code}")
    await expect(page.locator("main")).not_to_contain_text(th("Assign a buddy"))


async def logs_a_visit(page: Page, province: Province) -> str:
    """The practice buddy's one person is open on the first page: one tap. Answers the person's code."""
    await page.goto(f"{province.origin}/{SLUG}/b/")
    form = page.locator("form[action$='/check-ins']").first
    code = re.search(r"cases/([A-Z]+-\d+)/", await form.get_attribute("action") or "")
    assert code
    await form.locator("button[value=well]").click()
    await expect(page.locator("#undo, .undo").first).to_contain_text(th("Saved"))
    return code[1]


async def the_workers_remind(province: Province) -> None:
    """The clock's own jobs, at the district's reminder time of this very day, then rounds until nothing is due."""
    today = clock.day(clock.now())
    at = datetime(today.year, today.month, today.day, 7, 30, tzinfo=clock.BANGKOK)
    for due_at in (at, at + timedelta(minutes=5)):
        assert await followups.compose_reminders(due_at) == 0
        assert await followups.escalate(due_at) == 0
    for district in await registry.active():
        while await messages.deliver(province.settings, district):
            pass


async def sees_it_all(page: Page, province: Province, code: str, visited: str) -> None:
    await page.goto(f"{province.origin}/{SLUG}/messages")
    today = page.get_by_role("row").filter(has_text="วันนี้")
    await expect(today.first).to_contain_text(th("Sent"))
    assert await today.count() > 5
    await page.goto(f"{province.origin}/{SLUG}/cases/{visited}")
    await expect(page.locator("main")).to_contain_text("วันนี้")
    await page.goto(f"{province.origin}/{SLUG}/board")
    lanes = await page.locator("main").inner_text()
    assert "เลยกำหนด" in lanes and "ยังไม่มีบัดดี้" in lanes
    await page.goto(f"{province.origin}/{SLUG}/cases/{code}")
    await expect(page.locator("main")).to_contain_text("ทดลองเรียน")


async def _go_on(page: Page) -> None:
    before = page.url
    await page.get_by_role("button", name=th("Save and go on")).click()
    await page.wait_for_url(lambda url: url != before)


async def _until(page: Page, sight: object, tries: int = 40) -> None:
    """Wait for a page that works by itself, or by being loaded again where there are no scripts."""
    for _ in range(tries):
        if "committing" not in await page.content() and not await page.locator("progress").count():
            return
        await page.wait_for_timeout(500)
        await page.reload()
    raise AssertionError("the import did not end")
