"""The case page: what it shows to whom, who opened it, and what is corrected on it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from khuen import clock
from khuen.cases import service as cases
from khuen.ids import uuid7
from khuen.pathway import service as pathway
from khuen.tenancy import within
from tests.care import Site
from tests.followups.flights import counted

PHONE, HOUSE = "081-234-0000", "99/1"


async def page(site: Site, code: str, query: str = "", who: str = "nok", **headers: str) -> Any:
    return await site.clients[who].get(f"/chatturat/cases/{code}{query}", headers=headers)


async def post(site: Site, code: str, place: str, who: str = "nok", **data: str) -> Any:
    return await site.clients[who].post(f"/chatturat/cases/{code}/{place}", data=data)


async def seen(root: Any, tag: str = "case:seen") -> int:
    found: int = await root.fetchval("SELECT count(*) FROM audit WHERE tag = $1", tag)
    return found


@pytest.mark.parametrize("tab", ["path", "visits", "buddy", "opened"])
async def test_each_tab_is_a_page_and_a_piece_and_writes_who_saw_it(site: Site, root: Any, tab: str) -> None:
    code = await site.case()
    key = str(uuid7())
    await site.clients["somchai"].post(f"/chatturat/cases/{code}/check-ins", data={"key": key, "how": "worrying"})
    await site.clients["somchai"].post(
        f"/chatturat/b/check-ins/{key}/note", data={"key": str(uuid7()), "note": "นอนไม่หลับ"}
    )
    before = await seen(root)
    whole, part = await page(site, code, f"?tab={tab}"), await page(site, code, f"?tab={tab}", **{"hx-request": "true"})
    assert (whole.status_code, part.status_code, await seen(root)) == (200, 200, before + 2)
    assert "<html" in whole.text and "<html" not in part.text
    assert ("นอนไม่หลับ" in part.text) is (tab == "visits")


async def test_a_tab_is_four_flights_and_the_page_one_more_for_the_way(site: Site) -> None:
    code = await site.case()
    await page(site, code)
    for tab in ("path", "visits", "buddy", "opened"):
        for headers, flights in (({}, 5), ({"hx-request": "true"}, 4)):
            async with counted() as sent:
                await page(site, code, f"?tab={tab}", **headers)
            assert len(sent) == flights, (tab, sent)


async def test_the_next_step_is_what_the_way_says(site: Site, root: Any) -> None:
    """The same words and the same button on both pages; a test that is due comes before going on, never its result."""
    code = await site.case()
    await root.execute("UPDATE visit_due SET attention_rank = 0, closes_on = closes_on + 30")
    for where in ("", "/pathway"):
        text = (await page(site, code, where)).text
        assert "นัดคัดกรอง" in text and re.search(
            f'class="button primary" href="/chatturat/cases/{code}/screening"', text
        )
    here = site.chatturat.here("nok", clock.now())
    async with within(here):
        await pathway.heard(here, {site.chatturat.cases[code]: {"screened_on": here.today, "started_on": here.today}})
        await cases.record_test_days([(site.chatturat.cases[code], here.today)])
    assert "ถึงกำหนดตรวจปัสสาวะ" in (await page(site, code)).text
    for who, lead in (("nok", "/treatment"), ("wipa", "/treatment?record=test#record-test")):
        assert f'class="button primary" href="/chatturat/cases/{code}{lead}"' in (await page(site, code, who=who)).text


async def test_contact_is_shown_only_when_asked_and_written_down(site: Site, root: Any) -> None:
    code = await site.case()
    assert PHONE not in (await page(site, code)).text and HOUSE not in (await page(site, code)).text
    shown = await post(site, code, "contact")
    assert PHONE in shown.text and HOUSE in shown.text
    assert await seen(root, "document:seen") == 1
    assert "เปิดดูข้อมูลติดต่อ" in (await page(site, code, "?tab=opened")).text


async def test_the_legal_basis_is_for_coordinator_clinic_and_doctor(site: Site) -> None:
    code = await site.case()
    for who in ("nok", "wipa"):
        assert "มาตรา 113" in (await page(site, code, who=who)).text
    assert (await page(site, code, who="somchai")).status_code == 403


async def test_the_title_says_the_code_and_no_name(site: Site) -> None:
    code = await site.case()
    title = re.search("<title>(.*?)</title>", (await page(site, code)).text)
    assert title and code in title[1] and "ทดลอง" not in title[1]


async def test_both_times_stand_beside_a_late_answer(site: Site) -> None:
    code = await site.case()
    data = {"key": str(uuid7()), "how": "well", "happened_at": "2026-11-20T11:40:00+07:00"}
    await site.clients["somchai"].post(f"/chatturat/cases/{code}/check-ins", data=data)
    assert "บันทึกบนเครื่อง 20\N{NO-BREAK SPACE}พ.ย. 11:40" in (await page(site, code)).text


async def test_a_name_is_corrected_and_the_old_one_kept(site: Site, root: Any) -> None:
    code = await site.case()
    data = {"key": str(uuid7()), "was": "นายทดลอง ตัวอย่าง", "given_name": "ทดสอบ", "family_name": "ใจดี"}
    for _ in range(2):
        assert (await post(site, code, "name", **data, prefix="นาย")).status_code == 303
    assert "นายทดสอบ ใจดี" in (await page(site, code)).text
    assert await root.fetchval("SELECT given_name FROM person_name") == "ทดลอง"
    assert await root.fetchval("SELECT count(*) FROM person_name") == 1


async def test_who_comes_second_sees_both_versions(site: Site, root: Any) -> None:
    code = await site.case(safety_note="มีสุนัข")
    assert (await post(site, code, "safety-note", was="มีสุนัข", safety_note="อย่าไปคนเดียว")).status_code == 303
    answer = await post(site, code, "safety-note", was="มีสุนัข", safety_note="ไปตอนเช้า")
    assert answer.status_code == 409 and "อย่าไปคนเดียว" in answer.text and "ไปตอนเช้า" in answer.text
    assert await root.fetchval("SELECT safety_note FROM case_file") == "อย่าไปคนเดียว"


async def test_a_phone_is_corrected_and_found_by_its_new_number(site: Site) -> None:
    code = await site.case()
    wrong = await post(site, code, "phone", was="+66812340000", phone="12")
    assert wrong.status_code == 422 and 'href="#phone"' in wrong.text
    assert (await post(site, code, "phone", was="+66812340000", phone="๐๘๙-๑๑๑-๒๒๒๒")).status_code == 303
    assert "089-111-2222" in (await post(site, code, "contact")).text
    assert code in (await site.clients["nok"].post("/chatturat/search", data={"q": "0891112222"})).text
    stale = await post(site, code, "phone", was="+66812340000", phone="0891112223")
    assert stale.status_code == 409 and "089-111-2222" in stale.text


async def test_fields_that_nobody_offered_change_nothing(site: Site, root: Any) -> None:
    """Threat 16: only named fields of a form are read."""
    code = await site.case()
    extra = {"tenant_id": str(site.phon.tenant_id), "stage": "certified", "colour": "red", "legal_basis": "court"}
    assert (await post(site, code, "safety-note", was="", safety_note="มีสุนัข", **extra)).status_code == 303
    row = await root.fetchrow("SELECT tenant_id, stage, colour, legal_basis FROM case_file WHERE code = $1", code)
    assert tuple(row) == (site.chatturat.tenant_id, "enrolled", None, "s113")


async def test_a_consent_is_withdrawn_after_a_page_that_says_what_it_means(site: Site, root: Any) -> None:
    code, key = await site.case(), str(uuid7())
    asked = await page(site, code, "/consents?kind=treatment")
    assert asked.status_code == 200 and "เลิกทำภายหลังไม่ได้" in asked.text
    for sent in (key, key, str(uuid7())):  # once more, and from a page that another person left open
        assert (await post(site, code, "consents", key=sent, kind="treatment")).status_code == 303
    rows = await root.fetch("SELECT decision FROM consent ORDER BY recorded_at")
    assert [row["decision"] for row in rows] == ["given", "withdrawn"]
    assert (await page(site, code, "/consents?kind=treatment")).status_code == 404
    assert (await page(site, code, "/consents?kind=sharing")).status_code == 404


async def test_threat_21_what_people_write_stays_text(site: Site) -> None:
    evil = '<b hx-get="/x">"\'><script>alert(1)</script>{{7*7}}'
    code = await site.case(safety_note=evil, given_name=evil, family_name=evil, house=evil)
    for text in ((await page(site, code)).text, (await post(site, code, "contact")).text):
        assert "<script>alert" not in text and "<b hx-get" not in text and "&lt;script&gt;" in text
