"""The buddy's pages: what is on them, what never is, how heavy they are, and how often they ask the database."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import brotli
import html5lib
import pytest

from khuen import assets, clock
from khuen.buddies import service as buddies
from khuen.buddies.service import NewAssignment
from khuen.ids import uuid7
from khuen.tenancy import within
from tests.care import Site
from tests.followups.flights import counted

MARKUP = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<b hx-get='/x'>หนา</b>",
    "{{ 7 * 7 }}",
    "&lt;i&gt;",
]
PAGES = (
    "b/",
    "b/check-in?p={code}",
    "b/urgent?p={code}",
    "b/urgent",
    "b/people",
    "b/visits?p={code}",
    "b/me",
    "b/snapshot",
)
REQUESTS_AT_MOST, BYTES_AT_MOST = 5, 15_000


@pytest.fixture
def calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings are looked at again after a second; on a slow machine that second would pass inside a test."""
    monkeypatch.setattr("khuen.packs._SECONDS", 60.0)


async def give(site: Site, code: str, name: str = "somchai") -> None:
    """One more person for a buddy who has somebody already."""
    here = site.chatturat.here("nok", clock.now())
    new = NewAssignment(uuid7(), site.chatturat.cases[code], site.chatturat.people[name][0], "near by")
    async with within(here):
        await buddies.assign(here, [new])


async def note_path(site: Site, code: str) -> str:
    key = str(uuid7())
    await site.clients["somchai"].post(f"/chatturat/cases/{code}/check-ins", data={"key": key, "how": "well"})
    return f"/chatturat/b/check-ins/{key}/note"


async def test_nobody_to_visit(site: Site) -> None:
    page = await site.clients["somchai"].get("/chatturat/b/")
    assert page.status_code == 200 and "ยังไม่มีคนที่ต้องเยี่ยม" in page.text


async def test_with_one_person_the_answers_are_there_at_once(site: Site) -> None:
    code = await site.case(called_name="สมชาย", family_name="กล้าหาญ", safety_note="อย่าไปคนเดียว")
    page = (await site.clients["somchai"].get("/chatturat/b/")).text
    assert "คุณสมชาย ก." in page and "อย่าไปคนเดียว" in page and "หมู่ 3 ต.ละหาน" in page
    assert page.count('name="how"') == 4 and f"/chatturat/cases/{code}/check-ins" in page
    assert "tel:+66812340000" in page


async def test_several_people_stand_in_three_groups(site: Site) -> None:
    today = clock.day(clock.now())
    calm, late = (
        await site.case(called_name="สงบ"),
        await site.case(None, called_name="ช้า", opened_on=today - timedelta(days=12)),
    )
    seen = await site.case(None, called_name="เจอ")
    for code in (late, seen):
        await give(site, code)
    await site.clients["somchai"].post(f"/chatturat/cases/{seen}/check-ins", data={"key": str(uuid7()), "how": "well"})
    page = (await site.clients["somchai"].get("/chatturat/b/")).text
    first, week, done = (page.index(word) for word in ("ต้องไปก่อน (1)", "สัปดาห์นี้ (1)", "เสร็จแล้ว (1)"))
    assert first < page.index("คุณช้า") < week < page.index("คุณสงบ") < done < page.index("คุณเจอ")
    assert "เลยกำหนด 7 วัน" in page and "3 คน · เสร็จ 1 · เหลือ 2" in page and f"p={calm}" in page
    assert "ขีด" in page and not re.search("เขียว|เหลือง|ส้ม|แดง", page)


async def test_at_most_twelve_are_shown(site: Site) -> None:
    await site.case()
    for _ in range(14):
        await give(site, await site.case(None))
    page = (await site.clients["somchai"].get("/chatturat/b/")).text
    assert page.count('class="person-main"') == 12 and "ดูอีก 3 คน" in page


async def test_after_an_answer_the_bar_offers_undo_and_more(site: Site) -> None:
    code, key = await site.case(), str(uuid7())
    client = site.clients["somchai"]
    await client.post(f"/chatturat/cases/{code}/check-ins", data={"key": key, "how": "well"})
    page = (await client.get("/chatturat/b/")).text
    assert f'action="/chatturat/undo/{key}"' in page and f"/chatturat/b/check-ins/{key}/note" in page
    assert "บันทึกแล้ว" in page and "เยี่ยมครบแล้ว" in page


async def test_the_check_in_page_shows_the_last_two_visits(site: Site, root: Any) -> None:
    code, client = await site.case(), site.clients["somchai"]
    for days, how in ((9, "well"), (5, "not_found"), (1, "worrying")):
        at = (clock.now() - timedelta(days=days)).isoformat()
        await client.post(
            f"/chatturat/cases/{code}/check-ins", data={"key": str(uuid7()), "how": how, "happened_at": at}
        )
    page = (await client.get(f"/chatturat/b/check-in?p={code}")).text
    assert "ครั้งก่อน: น่าเป็นห่วง · เมื่อวาน" in page and "ก่อนหน้านั้น: ไม่พบตัว" in page
    assert page.count('name="how"') == 4 and 'class="bottom"' not in page
    assert await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'case:seen'") == 1


async def test_urgent_has_numbers_to_tap(site: Site) -> None:
    code = await site.case()
    page = (await site.clients["somchai"].get(f"/chatturat/b/urgent?p={code}")).text
    assert 'href="tel:1669"' in page and 'href="tel:+66812345678"' in page and 'value="urgent"' in page


async def test_what_a_buddy_never_sees(site: Site) -> None:
    code = await site.case(
        given_name="ลับสุด", family_name="กลับใจ", called_name="เล็ก", national_id="1101700230708", house="77/7 ถนนลับ"
    )
    pages = [page.format(code=code) for page in PAGES] + [(await note_path(site, code)).removeprefix("/chatturat/")]
    for path in pages:
        page = (await site.clients["somchai"].get(f"/chatturat/{path}")).text
        assert not re.search("ลับสุด|กลับใจ|1101700230708|77/7|s113|ม\\.113|enrolled|ลงทะเบียนแล้ว", page), path


@pytest.mark.parametrize("path", PAGES)
async def test_threat_08_a_buddy_sees_own_present_people_only(site: Site, path: str) -> None:
    code = await site.case(called_name="เฉพาะฉัน")
    for name, slug in (("mali", "chatturat"), ("malee", "phon")):
        page = await site.clients[name].get(f"/{slug}/{path.format(code=code)}")
        assert page.status_code == (404 if "{code}" in path else 200)
        assert "เฉพาะฉัน" not in page.text and (code not in page.text or page.status_code == 404)
    assert (await site.clients["malee"].get(f"/chatturat/{path.format(code=code)}")).status_code == 404
    assert (await site.clients["nok"].get(f"/chatturat/{path.format(code=code)}")).status_code == 403


@pytest.mark.parametrize("path", ["b/check-in?p=CTR-9999", "b/check-in?p=%00", "b/check-in?p=", "b/urgent?p=x"])
async def test_a_person_who_is_not_mine_is_not_found(site: Site, path: str) -> None:
    await site.case()
    assert (await site.clients["somchai"].get(f"/chatturat/{path}")).status_code == 404


async def test_threat_21_stored_text_is_shown_as_text(site: Site) -> None:
    for text in MARKUP:
        code = await site.case(None, called_name=text, family_name=text, moo=text, safety_note=text)
        await give(site, code)
        for path in PAGES:
            tree = html5lib.parse((await site.clients["somchai"].get(f"/chatturat/{path.format(code=code)}")).text)
            for element in tree.iter():
                assert not {name for name in element.attrib if str(name).startswith(("on", "hx-get"))}
                assert element.get("src") != "x"
            scripts = [e for e in tree.iter("{http://www.w3.org/1999/xhtml}script")]
            assert all(str(e.get("src")).startswith("/static/phone.") and not e.text for e in scripts)
    page = (await site.clients["somchai"].get("/chatturat/b/people")).text
    assert "{{ 7 * 7 }}" in page and "&amp;lt;i&amp;gt;" in page


@pytest.mark.parametrize("path", [*PAGES[:-1], "b/outbox", "note"])
async def test_a_page_is_light(site: Site, path: str) -> None:
    code = await site.case(safety_note="อย่าไปคนเดียว")
    for _ in range(12):
        await give(site, await site.case(None))
    address = await note_path(site, code) if path == "note" else f"/chatturat/{path.format(code=code)}"
    page = (await site.clients["somchai"].get(address)).text
    wanted = set(re.findall(r'(?:href|src)="/static/([^"]+)"', page))
    style = next(name for name in wanted if name.endswith(".css"))
    assert len(wanted) + 2 <= REQUESTS_AT_MOST  # the page itself and its manifest
    assert not re.search("<script(?! src=)|@import|style=", page)
    weight = len(brotli.compress(page.encode(), quality=4)) + sum(_weight(name) for name in wanted)
    assert weight <= BYTES_AT_MOST, (weight, style)


def _weight(hashed: str) -> int:
    name = re.sub(r"\.[0-9a-f]{10}(\.\w+)$", r"\1", hashed)
    found = assets.asset(name)
    return len(found.packed or found.body)


@pytest.mark.parametrize(
    ("path", "flights"),
    [
        ("b/", 3),
        ("b/people", 3),
        ("b/me", 3),
        ("b/check-in?p={code}", 4),
        ("b/urgent", 6),
        ("b/visits?p={code}", 5),
        ("b/snapshot", 3),
    ],
)
async def test_how_often_a_page_asks(site: Site, calm: None, path: str, flights: int) -> None:
    code, client = await site.case(), site.clients["somchai"]
    await client.get(f"/chatturat/{path.format(code=code)}")  # keys, packs and settings are held by now
    async with counted() as sent:
        assert (await client.get(f"/chatturat/{path.format(code=code)}")).status_code == 200
    assert len(sent) == flights, sent


@pytest.mark.parametrize("how", ["well", "worrying", "not_found", "urgent"])
async def test_a_check_in_takes_three_flights(site: Site, calm: None, how: str) -> None:
    code, client = await site.case(), site.clients["somchai"]
    for warm in (True, False):
        async with counted() as sent:
            data = {"key": str(uuid7()), "how": how}
            assert (await client.post(f"/chatturat/cases/{code}/check-ins", data=data)).status_code == 303
        assert warm or len(sent) == 3, sent
