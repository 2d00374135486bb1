"""Finding a case by whatever somebody remembers of it; what was typed is in no address."""

from __future__ import annotations

from typing import Any

import pytest

from khuen.people.rules import asked
from tests.care import Site

ID = "1101700230708"


async def search(site: Site, text: str, name: str = "nok", **headers: str) -> Any:
    return await site.clients[name].post("/chatturat/search", data={"q": text}, headers=headers)


@pytest.mark.parametrize(
    "text",
    ["สมมุ", "นายสมมุติ ใจ", "ใจดี", "ctr-1", "CTR-0001", "081-234-0000", "๐๘๑๒๓๔๐๐๐๐", ID, "1-1017-00230-70-8", "0708"],
)
async def test_a_case_is_found_by(site: Site, text: str) -> None:
    await site.case(given_name="สมมุติ", family_name="ใจดี", national_id=ID)
    answer = await search(site, text)
    assert answer.status_code == 200 and "CTR-0001" in answer.text and "location" not in answer.headers
    assert text not in str(answer.url)


@pytest.mark.parametrize("text", ["ไม่มี", "CTR-9999", "9999", "%", "_", "' OR 1=1 --", "*"])
async def test_nothing_is_found_by(site: Site, text: str) -> None:
    await site.case(given_name="สมมุติ", family_name="ใจดี", national_id=ID)
    answer = await search(site, text)
    assert answer.status_code == 200 and "ไม่พบผู้เข้าร่วม" in answer.text


@pytest.mark.parametrize("text", ["a\x00b", "ก" * 101, "\ud800"])
async def test_what_cannot_be_searched_is_an_empty_page(site: Site, text: str) -> None:
    data = f"q={'ก' * 101}" if len(text) > 100 else "q=a%00b" if "\x00" in text else "q=%ED%A0%80"
    answer = await site.clients["nok"].post(
        "/chatturat/search", content=data, headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 200


async def test_a_search_leaves_one_audit_row_without_the_text(site: Site, root: Any) -> None:
    await site.case(given_name="สมมุติ", family_name="ใจดี")
    await search(site, "สมมุติ")
    assert await root.fetchval("SELECT detail FROM audit WHERE tag = 'person:found'") == '{"count":1}'


async def test_htmx_gets_the_piece(site: Site) -> None:
    await site.case(given_name="สมมุติ", family_name="ใจดี")
    piece = (await search(site, "สมมุติ", **{"hx-request": "true"})).text
    page = (await search(site, "สมมุติ")).text
    assert "<html" not in piece and piece.strip() in page


async def test_threat_08_another_district_finds_nobody(site: Site) -> None:
    await site.case(given_name="สมมุติ", family_name="ใจดี", national_id=ID)
    assert (await search(site, "สมมุติ", "kanya")).status_code == 404
    theirs = await site.clients["kanya"].post("/phon/search", data={"q": ID})
    assert "CTR-0001" not in theirs.text and "ไม่พบผู้เข้าร่วม" in theirs.text
    assert (await search(site, "สมมุติ", "somchai")).status_code == 403


def test_what_is_asked() -> None:
    assert asked("  นาย สมชาย ใจ ").name == asked("สมชายใจ").name
    assert asked("cpm 7").code == "CPM-0007" and asked("CPM-12345").code == "CPM-12345"
    assert asked("1234").last_four == "1234" and asked("๑๒๓๔").last_four == "1234"
    assert asked("081 234 0000").phone == "+66812340000"
    assert asked(ID).national_id == ID and asked(ID).phone is None
    assert asked("12345678901234567").national_id is None
    assert asked("").name is None and asked("???").name is None
