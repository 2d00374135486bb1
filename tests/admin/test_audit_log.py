"""The audit as its administrator reads it: by code and never by name, page by page, as a file, and whether it is whole."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import openpyxl

from khuen import audit
from khuen.admin import audit_log
from khuen.admin.audit_words import ACTS, PAGES, THINGS
from khuen.board.case_page import TABS
from khuen.endings import away_pages, closing_pages, drop_out_pages, slip_pages
from khuen.ids import uuid7
from khuen.tenancy import within
from khuen.words import gettext as th
from tests.admin.conftest import Office

SRC = Path(audit.__file__).parent

LOG = "/chatturat/admin/audit"


def lines(page: str) -> list[str]:
    body = page[page.index("<tbody") : page.index("</tbody>")] if "<tbody" in page else ""
    return [re.sub(r"<[^>]+>", " ", row) for row in body.split("<tr>")[1:]]


def test_every_act_has_words() -> None:
    assert set(ACTS) == audit.TAGS
    assert set(THINGS) == {tag.partition(":")[0] for tag in audit.TAGS}


async def test_lines_are_found_by_code_member_thing_and_day_and_name_nobody_in_care(office: Office) -> None:
    code = await office.in_care()
    admin = office.clients["dao"]
    whole = (await admin.get(LOG)).text
    assert "ลับเฉพาะ" not in whole and "ห้ามเห็น" not in whole
    of_case = lines((await admin.get(f"{LOG}?code={code.lower()}")).text)
    assert of_case and all(code in line for line in of_case) and any("เปิดราย" in line for line in of_case)
    by_nok = lines((await admin.get(f"{LOG}?member={office.id('nok')}")).text)
    assert by_nok and all("Nok" in line for line in by_nok)
    things = lines((await admin.get(f"{LOG}?thing=assignment&member={office.id('nok')}")).text)
    assert things and all("จับคู่บัดดี้" in line for line in things)
    assert lines((await admin.get(f"{LOG}?day=1/1/2560")).text) == []
    for wrong in ("code=ลับเฉพาะ", "day=วันไหน"):
        assert (await admin.get(f"{LOG}?{wrong}")).status_code == 422
    foreign = await office.clients["kanya"].get(f"/phon/admin/audit?code={code}")
    assert code not in lines(foreign.text)


async def test_what_was_found_about_a_person_is_not_told(office: Office) -> None:
    async with within(here := office.here("dao")):
        await audit.record(here, "colour:decided", uuid7(), colour="red", reason="very_private")
        await audit.record(here, "case:seen", uuid7(), page="screening")
        found = await audit_log.lines(here, audit_log.Asked(), 2)
    assert [line.detail for line in found] == [{"page": "screening"}, {}]
    page = (await office.clients["dao"].get(LOG)).text
    assert "very_private" not in page and "red" not in lines(page)[1]


async def test_pages_follow_each_other_without_gap_or_double(office: Office) -> None:
    async with within(here := office.here("dao")):
        await audit.record_many(here, [audit.entry(here, "work:checked", count=n) for n in range(120)])
    seen, address = [], f"{LOG}?thing=work"
    while address:
        page = (await office.clients["dao"].get(address)).text
        seen += [int(re.findall(r"จำนวน (\d+)", line)[0]) for line in lines(page)]
        further = re.search(r'href="([^"]+)">ก่อนหน้านี้', page)
        address = further[1].replace("&amp;", "&") if further else ""
    assert seen == list(range(119, -1, -1))


def test_every_part_of_a_case_that_is_looked_at_has_words() -> None:
    pages = (away_pages.REFERRALS, away_pages.STAYS, away_pages.TRANSFERS, drop_out_pages.PAGE, closing_pages.PAGE)
    said = {page for file in SRC.rglob("*.py") for page in re.findall(r'page="([^"]+)"', file.read_text())}
    assert {*TABS, *(page.path for page in (*pages, slip_pages.SLIPS)), *said} - {"case"} <= set(PAGES)


async def test_a_file_is_safe_and_written_down(office: Office, root: Any) -> None:
    member = office.id("nok")
    await root.execute("UPDATE member SET called_name = '=1+1' WHERE id = $1", member)
    async with within(here := office.own.here("nok")):
        await audit.record(here, "case:seen", uuid7(), page="board")
    for form in ("csv", "xlsx"):
        answer = await office.clients["dao"].post(f"{LOG}/exports", data={"form": form, "member": str(member)})
        assert f'.{form}"' in answer.headers["content-disposition"]
        if form == "csv":
            assert answer.content.startswith(b"\xef\xbb\xbf") and "'=1+1" in answer.text
        else:
            sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
            assert sheet["C2"].value == "=1+1" and sheet["C2"].data_type == "s"
    rows = await root.fetch("SELECT detail FROM audit WHERE tag = 'export:made' ORDER BY seq")
    assert [json.loads(row["detail"])["how"] for row in rows] == ["csv", "xlsx"]


async def test_a_file_that_does_not_hold_every_line_says_so(office: Office, monkeypatch: Any) -> None:
    async with within(here := office.here("dao")):
        await audit.record_many(here, [audit.entry(here, "work:checked", count=n) for n in range(3)])
    said = th("The newest %(count)s lines. Choose a day, a colleague or a case for older ones.")
    for most, told in ((3, False), (2, True)):
        monkeypatch.setattr(audit_log, "EXPORTED", most)
        answer = await office.clients["dao"].post(f"{LOG}/exports", data={"form": "csv", "thing": "work"})
        assert (said % {"count": most} in answer.text) is told


async def test_the_chain_is_checked_in_pieces_and_a_changed_row_is_named(
    office: Office, root: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(audit_log, "PIECE", 2)
    monkeypatch.setattr(audit_log, "AT_ONCE", 2)
    async with within(here := office.here("dao")):
        await audit.record_many(here, [audit.entry(here, "work:checked", count=n) for n in range(9)])
    key, presses = str(uuid7()), 0
    while presses < 9:
        answer = await office.clients["dao"].post(f"{LOG}/checks", data={"key": key}, headers={"hx-request": "true"})
        presses += 1
        if "ครบถ้วนถึง" in answer.text:
            break
        assert f'value="{key}"' in answer.text and 'hx-trigger="load"' in answer.text
    assert 3 <= presses < 9 and "ตรวจแล้วครบถ้วนถึงรายการที่" in (await office.clients["boon"].get(LOG)).text
    changed = await root.fetchval("SELECT max(seq) - 4 FROM audit")
    await root.execute("UPDATE audit SET detail = '{}' WHERE seq = $1", changed)
    key = str(uuid7())
    for _ in range(6):
        await office.clients["dao"].post(f"{LOG}/checks", data={"key": key})
    assert f"บันทึกไม่ครบถ้วน ที่รายการ {changed}" in (await office.clients["dao"].get(LOG)).text
    await root.execute("DELETE FROM audit WHERE seq >= $1", changed)
    async with within(here := office.here("dao")):
        check = await audit_log.check(here, uuid7(), None)
        while not check.ended_at:
            check = await audit_log.check(here, check.id, None)
    assert (check.reason, check.broken_seq) == ("cut", changed)
