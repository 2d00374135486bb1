"""The pages in a real Chromium: with scripts, without, by keyboard; axe, targets and sideways scroll at three widths."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser import eyes
from tests.enrolment import messy
from tests.province import Province

SHOTS = os.environ.get("KHUEN_SHOTS")  #: a folder: then every page is photographed at 360 and 1280 px


async def look(tab: Page, name: str) -> None:
    """No fault on this page, at any width."""
    assert await eyes.faults(tab, tab.url) == [], name
    for width in (360, 1280) if SHOTS else ():
        await tab.set_viewport_size({"width": width, "height": 900})
        await tab.screenshot(path=str(Path(SHOTS or "") / f"{name}-{width}.png"), full_page=True)


async def test_an_enrolment_by_keyboard(province: Province, page: Page) -> None:
    await province.enter(page, "coordinator")
    await page.goto(f"{province.origin}/bantuayang/enrolments")
    await look(page, "drafts")
    await page.get_by_role("button", name="เริ่มลงทะเบียน").press("Enter")
    await page.wait_for_url("**/enrolments/person**")
    await look(page, "person")
    if await page.locator("input[type=radio][name=project]").count():
        await page.locator("input[name=project]").first.press("Space")
    await page.get_by_label("นามสกุล").fill("ทดสอบหน้าจอ")
    await page.get_by_label("เลขประจำตัวประชาชน").fill("1101700230709")
    await page.get_by_label("เลขประจำตัวประชาชน").press("Enter")
    assert await page.evaluate("document.activeElement.className") == "error-summary"
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/person-errors-1280.png", full_page=True)
    await page.locator("#given_name").fill("ทดลอง")
    await page.locator("#birth-year").fill("๒๕๓๘")
    await page.locator("#national_id").fill("1101700230708")
    await page.locator("#national_id").press("Enter")
    await page.wait_for_url("**/enrolments/address**")
    await page.get_by_label("ค้นหาตำบล").press_sequentially("ละหาน")
    choice = page.locator("input[name=subdistrict_code][value='360607']")
    await choice.wait_for()
    await choice.press("Space")
    await page.locator("#moo").fill("3")
    await look(page, "address")
    await page.locator("#q").fill("ละหาน")
    await page.locator("input[name=subdistrict_code][value='360607']").check()
    await page.get_by_role("button", name="บันทึกและไปต่อ").press("Enter")
    await page.wait_for_url("**/enrolments/consents**")
    await look(page, "consents")
    for name in ("treatment", "sharing", "contact", "proposed_by", "legal_basis"):
        await page.locator(f"input[name={name}]").first.press("Space")
    await page.get_by_role("button", name="บันทึกและไปต่อ").press("Enter")
    await page.wait_for_url("**/enrolments/buddy**")
    await look(page, "buddy")
    await page.get_by_role("button", name="บันทึกและไปต่อ").press("Enter")
    await page.wait_for_url("**/enrolments/check**")
    await look(page, "check")
    await page.get_by_role("button", name="ยืนยันลงทะเบียน").press("Enter")
    await page.wait_for_url("**/cases/**")
    assert await page.locator("#undo form").count() == 1
    await page.goto(f"{province.origin}/bantuayang/enrolments")
    await page.get_by_role("button", name="เริ่มลงทะเบียน").click()
    if await page.locator("input[type=radio][name=project]").count():
        await page.locator("input[name=project]").first.check()
    await page.locator("#given_name").fill("ทดลอง")
    await page.locator("#family_name").fill("ทดสอบหน้าจอ")
    await page.get_by_role("button", name="บันทึกและไปต่อ").click()
    await page.wait_for_url("**/enrolments/same**")
    await look(page, "same")


@pytest.mark.parametrize("scripts", [True, False])
async def test_an_import(province: Province, browser: Browser, scripts: bool) -> None:
    context = await browser.new_context(java_script_enabled=scripts, locale="th-TH")
    tab = await context.new_page()
    await province.enter(tab, "coordinator")
    await tab.goto(f"{province.origin}/bantuayang/imports")
    if scripts:
        await look(tab, "imports")
    if await tab.locator("input[type=radio][name=project]").count():
        await tab.locator("input[name=project]").first.check()
    sheet = messy.make(200, 100, seed=2 + scripts)
    file = {"name": "รายชื่อ.xlsx", "mimeType": "application/octet-stream", "buffer": messy.xlsx(sheet)}
    await tab.locator("#file").set_input_files(file)  # type: ignore[arg-type]
    await tab.get_by_role("button", name="ส่งไฟล์และตรวจ").click()
    await tab.wait_for_url("**/imports/*-*")
    if scripts:
        await look(tab, "batch")
        again = await context.new_page()
        await again.goto(f"{tab.url}?columns_again=1")
        await look(again, "mapping")
    number = next(cell for cell, code in sheet.wrong.items() if code == "phone")[1:]
    if not await tab.locator(f"#row-{number}").count():
        await tab.goto(f"{tab.url}?kind=phone")
    await tab.locator(f"#row-{number} a", has_text="แก้ไข").click()
    field = tab.locator("#phone")
    await field.wait_for()
    if scripts and SHOTS:
        await tab.set_viewport_size({"width": 1280, "height": 900})
        await tab.screenshot(path=f"{SHOTS}/row-inline-1280.png")
    await field.fill("0812345678")
    await tab.get_by_role("button", name="บันทึกแถว").click()
    if scripts:
        await expect(field).to_have_count(0)  # the answer took the place of the form, whose error says "ไม่ถูกต้อง"
        await expect(tab.locator(f"#row-{number} td.long")).to_have_text(re.compile(r"^\s*ถูกต้อง"))
        await expect(tab.locator(f"#row-{number} th")).to_be_focused()
        await expect(tab.locator("#import-sieve")).to_contain_text("รอแก้ไข (99)")
        await expect(tab.locator("#live")).to_contain_text("99")
        await look(tab, "mended")
    await tab.get_by_role("button", name="นำเข้าแถวที่ถูก 101 แถว").click()
    await tab.get_by_text("ลงทะเบียนแล้ว 101 ราย").wait_for()
    if scripts:
        await look(tab, "committed")
    await tab.get_by_role("link", name="ยกเลิกการนำเข้านี้").click()
    if scripts:
        await look(tab, "undo")
    await tab.get_by_role("button", name="ยกเลิกการนำเข้านี้").click()
    await tab.get_by_text("ปิดทุกรายที่นำเข้ามาแล้ว").wait_for()
    await context.close()
