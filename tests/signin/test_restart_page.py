"""The button with which a practice district begins again: what it says, who may press it, how often, and where never."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from khuen import clock
from khuen.access import ROLES
from khuen.ids import uuid7
from khuen.signin import accounts, limits, restarts
from tests.signin.conftest import Browser, Cast

Visit = Callable[..., Browser]
PAGE = "/baan-tua-yang/sign-in/restart"


@pytest.fixture
async def filled(cast: Cast) -> None:
    """The practice districts of the cast, as if the simulation had filled them; each has a coordinator's button."""
    for tenant_id in (cast.practice, cast.historical):
        await restarts.remember(tenant_id, 1, clock.day(clock.now()), clock.now())
        await accounts.practice_account(tenant_id, "coordinator", uuid7(), "ทดลอง ตัวอย่าง")


async def test_the_practice_page_offers_it_and_says_what_it_does(visit: Visit, filled: None) -> None:
    browser, other = visit(), visit()
    page = (await browser.get("/baan-tua-yang/sign-in")).text
    assert "เริ่มใหม่ทุกคืน" in page and f'<a href="{PAGE}">เริ่มใหม่เดี๋ยวนี้</a>' in page
    assert "ขณะนี้ไม่มีใครฝึกอยู่" in (await browser.get(PAGE)).text
    await other.post("/baan-tua-yang/sign-in/practice", {"role": "coordinator"})
    ask = (await browser.get(PAGE)).text
    assert "ฝึกอยู่ 1 คน" in ask and "จะหายไป" in ask and "<script" not in ask


async def test_asked_it_says_how_far_it_is_and_looks_again_by_itself(visit: Visit, cast: Cast, filled: None) -> None:
    browser = visit()
    for _ in range(2):
        assert (await browser.post(PAGE)).headers["location"] == PAGE
    waiting = await browser.get(PAGE)
    assert waiting.headers["refresh"] == "2" and "จะเริ่มในไม่กี่วินาที" in waiting.text
    work = await restarts.take(clock.now())
    assert work is not None and work.tenant_id == cast.practice
    for step, said in (("inventing", "ขั้นที่ 1 จาก 2"), ("writing", "ขั้นที่ 2 จาก 2")):
        await restarts.say(work, step, clock.now())
        assert said in (await browser.get(PAGE)).text
    assert "กำลังเริ่มใหม่อยู่" in (await browser.get("/baan-tua-yang/sign-in")).text
    assert "กำลังเริ่มใหม่อยู่" not in (await browser.get("/adeet/sign-in")).text


async def test_when_it_is_done_everybody_is_on_the_practice_page(
    visit: Visit, cast: Cast, root: Any, filled: None
) -> None:
    practising, watching = visit(), visit()
    await practising.post("/baan-tua-yang/sign-in/practice", {"role": "coordinator"})
    token = await practising.csrf()
    await watching.post(PAGE)
    work = await restarts.take(clock.now())
    assert work is not None
    await root.execute(
        "INSERT INTO auth.tenant (id, slug, name, short_name, area_path, practice, state, created_at)"
        " VALUES ($1, $2, 'ใหม่', 'ใหม่', '36', true, 'suspended', $3)",
        work.id,
        work.meanwhile,
        clock.now(),
    )
    await restarts.remember(work.id, 1, clock.day(clock.now()), clock.now())
    assert await restarts.change_places(work, clock.now()) and not await restarts.change_places(work, clock.now())
    done = await watching.get(PAGE)
    assert done.headers["location"] == "/baan-tua-yang/sign-in"
    assert "เริ่มใหม่แล้ว" in (await watching.get("/baan-tua-yang/sign-in")).text
    out = await practising.get("/baan-tua-yang/admin/members")
    assert (out.status_code, out.headers["location"]) == (303, "/baan-tua-yang/sign-in")
    sent = await practising.client.post(
        "/baan-tua-yang/admin/members", data={"_csrf": token}, headers={"sec-fetch-site": "same-origin"}
    )
    assert sent.status_code == 401 and 'href="/baan-tua-yang/sign-in"' in sent.text and "password" not in sent.text


async def test_no_district_but_a_practice_one_begins_again_whoever_asks(
    visit: Visit, cast: Cast, root: Any, filled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every district of the cast and one that is not there, for every role of the real one, and for nobody."""
    monkeypatch.setattr(limits, "RESTART", limits.ASKING)
    districts = {"baan-thod-long": 404, "nowhere": 404, "baan-tua-yang": 303, "adeet": 303}
    for number, role in enumerate([None, *sorted(ROLES)]):
        browser = visit(f"192.0.2.{number + 1}")
        if role is not None:
            account = await accounts.create(f"ทดลอง {role}")
            await accounts.admit(account, cast.real, uuid7(), f"ทดลอง {role}", {role})
            await browser.as_account(account)
        for slug, expected in districts.items():
            assert (await browser.post(f"/{slug}/sign-in/restart")).status_code == expected, (slug, role)
            shown = await browser.get(f"/{slug}/sign-in/restart")
            assert shown.status_code == (404 if expected == 404 else 200), (slug, role)
        assert "เริ่มใหม่" not in (await browser.get("/baan-thod-long/sign-in")).text
    refused = await root.fetch("SELECT tenant_id FROM auth.event WHERE tag = 'practice:refused'")
    assert [row["tenant_id"] for row in refused] == [cast.real] * (len(ROLES) + 1)
    asked = await root.fetch("SELECT tenant_id FROM auth.practice_restart ORDER BY asked_at")
    assert {row["tenant_id"] for row in asked} == {cast.practice, cast.historical} and len(asked) == 2


async def test_a_practice_district_that_was_not_simulated_offers_nothing(visit: Visit, cast: Cast) -> None:
    assert "restart" not in (await visit().get("/baan-tua-yang/sign-in")).text
    assert (await visit().post(PAGE)).status_code == 404


async def test_nobody_keeps_a_district_beginning_again(visit: Visit, filled: None) -> None:
    """Counted by address and by district."""
    assert [(await visit("192.0.2.9").post(PAGE)).status_code for _ in range(7)] == [303] * 6 + [429]
    other = visit("192.0.2.10")
    assert (await other.post(PAGE)).status_code == 429
    assert (await other.post("/adeet/sign-in/restart")).status_code == 303
    assert re.search(r"\d", (await other.post(PAGE)).headers["retry-after"])
