"""The one-time link, the phone that it binds, and its PIN."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from khuen import clock
from khuen.errors import Ended
from khuen.ids import uuid7
from khuen.signin import accounts, devices, sessions
from tests.signin.conftest import Browser, Cast

Visit = Callable[..., Browser]
PIN = "480216"
ANDROID = {"user-agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"}


async def link(cast: Cast, account: Any, purpose: str, **more: Any) -> str:
    made = await devices.invite(
        [(account, purpose)], cast.real, uuid7(), cast.coordinator, cast.settings, more.get("now", clock.now())
    )
    return f"/sign-in/once/{made[account]}"


async def bound(visit: Visit, cast: Cast, pin: str = PIN) -> Browser:
    browser = visit()
    await browser.post(await link(cast, cast.buddy, "device"))
    assert (await browser.post("/account/pin", {"pin": pin, "again": pin})).status_code == 303
    return browser


async def left(browser: Browser) -> Browser:
    """The session is gone, the phone's own cookie stays."""
    await browser.post("/sign-out")
    return browser


async def test_looking_uses_nothing_up_and_the_button_does(visit: Visit, cast: Cast, root: Any) -> None:
    browser, path = visit(), await link(cast, cast.buddy, "device")
    for _ in range(3):
        shown = await browser.get(path, headers=ANDROID)
        assert shown.status_code == 200 and "ทดลอง ตัวอย่าง" in shown.text and "Chrome · Android" in shown.text
    assert "khuen" not in browser.client.cookies
    used = await browser.post(path)
    assert (used.status_code, used.headers["location"]) == (303, "/account/pin")
    session = await sessions.look_up(browser.client.cookies["khuen"], clock.now())
    assert session is not None and session.scope == "check-in" and session.memberships[0].roles == {"buddy"}
    assert (await visit().get(path)).status_code == 410
    assert (await visit().post(path)).status_code == 410
    assert await root.fetchval("SELECT count(*) FROM auth.device") == 1


async def test_five_at_once_use_a_link_once(cast: Cast, root: Any) -> None:
    """All five look before the first one uses it up."""
    token = (await link(cast, cast.buddy, "device")).rpartition("/")[2]
    tries = (devices.bind(token, "", clock.now()) for _ in range(5))
    ended = [one for one in await asyncio.gather(*tries, return_exceptions=True) if isinstance(one, Ended)]
    assert len(ended) == 4 and await root.fetchval("SELECT count(*) FROM auth.device") == 1


@pytest.mark.parametrize("path", ["/sign-in/once/unknown", "/sign-in/once/%00", "/sign-in/once/%F0%9F%92%A9"])
async def test_an_unknown_link_looks_like_a_used_one(visit: Visit, path: str) -> None:
    answer = await visit().get(path)
    assert answer.status_code == 410 and "ผู้ประสานงาน" in answer.text


async def test_a_link_ends_after_a_day(visit: Visit, cast: Cast) -> None:
    early = clock.now() - timedelta(hours=24, seconds=1)
    assert (await visit().get(await link(cast, cast.buddy, "device", now=early))).status_code == 410


async def test_a_link_of_somebody_who_left_opens_nothing(visit: Visit, cast: Cast) -> None:
    path = await link(cast, cast.buddy, "device")
    await accounts.disable(cast.buddy)
    assert (await visit().get(path)).status_code == 410


async def test_the_pin_opens_the_phone_again(visit: Visit, cast: Cast) -> None:
    browser = await left(await bound(visit, cast))
    assert "ทดลอง ตัวอย่าง" in (await browser.get("/sign-in/pin")).text
    opened = await browser.post("/sign-in/pin", {"pin": "๔๘๐๒๑๖"})
    assert opened.status_code == 303
    session = await sessions.look_up(browser.client.cookies["khuen"], clock.now())
    assert session is not None and session.scope == "check-in" and session.device_id is not None


async def test_five_wrong_pins_lock_the_phone(visit: Visit, cast: Cast, root: Any) -> None:
    inside = await bound(visit, cast)
    browser = visit()
    browser.client.cookies.set("khuen-device", inside.client.cookies["khuen-device"], domain="testserver.local")
    for remaining in (4, 3, 2, 1):
        wrong = await browser.post("/sign-in/pin", {"pin": "000000"})
        assert wrong.status_code == 422 and f"{remaining} ครั้ง" in wrong.text
    assert "ล็อก" in (await browser.post("/sign-in/pin", {"pin": "000000"})).text
    browser.client.cookies.set("khuen-device", inside.client.cookies["khuen-device"], domain="testserver.local")
    assert (await browser.post("/sign-in/pin", {"pin": PIN})).status_code == 422
    sessions.forget_all()
    assert (await inside.get("/account")).status_code == 401  # whoever holds the phone is out as well
    assert await root.fetchval("SELECT count(*) FROM auth.event WHERE tag = 'device:revoked'") == 1


async def test_many_pins_at_once_get_five_tries(visit: Visit, cast: Cast, root: Any) -> None:
    device_token = (await bound(visit, cast)).client.cookies["khuen-device"]
    device = await devices.known_device(device_token)
    assert device is not None
    tried = await asyncio.gather(*(devices.enter_pin(device, f"{n:06}", clock.now()) for n in range(40)))
    assert all(each.account_id is None for each in tried)
    assert await root.fetchval("SELECT pin_misses FROM auth.device") == 5
    assert await devices.known_device(device_token) is None


async def test_a_right_pin_forgets_the_wrong_ones(visit: Visit, cast: Cast) -> None:
    browser = await left(await bound(visit, cast))
    for _ in range(3):
        for _ in range(3):
            await browser.post("/sign-in/pin", {"pin": "999999"})
        assert (await browser.post("/sign-in/pin", {"pin": PIN})).status_code == 303
        await left(browser)


@pytest.mark.parametrize(
    ("pin", "again", "field"),
    [
        ("12345", "12345", "pin"),
        ("111111", "111111", "pin"),
        ("123456", "123456", "pin"),
        ("987654", "987654", "pin"),
        ("48021x", "48021x", "pin"),
        (PIN, "480217", "again"),
        ("", "", "pin"),
        ("๑๒๓๔๕๖", "๑๒๓๔๕๖", "pin"),
    ],
)
async def test_a_pin_that_will_not_do(visit: Visit, cast: Cast, pin: str, again: str, field: str) -> None:
    browser = visit()
    await browser.post(await link(cast, cast.buddy, "device"))
    answer = await browser.post("/account/pin", {"pin": pin, "again": again})
    assert answer.status_code == 422 and f'id="{field}-error"' in answer.text


async def test_a_lost_phone_is_removed_by_its_owner(visit: Visit, cast: Cast) -> None:
    browser = await bound(visit, cast)
    gone = await browser.post("/account/device/removal")
    assert gone.status_code == 303 and '"cookies"' in gone.headers["clear-site-data"]
    assert (await browser.get("/account")).status_code == 401


async def test_a_new_phone_shuts_the_lost_one_out(visit: Visit, cast: Cast) -> None:
    lost = await bound(visit, cast)
    found = await bound(visit, cast, "731940")
    assert (await lost.get("/account")).status_code == 401
    assert (await lost.post("/sign-in/pin", {"pin": PIN})).status_code == 422
    assert (await found.get("/account")).status_code == 200


async def test_a_desk_link_sets_login_and_password(visit: Visit, cast: Cast) -> None:
    browser, path = visit(), await link(cast, cast.buddy, "password")
    short = await browser.post(path, {"login": "tdlong", "password": "short"})
    assert short.status_code == 422 and 'id="password-error"' in short.text and 'value="tdlong"' in short.text
    taken = await browser.post(path, {"login": "SOMMUT", "password": "a long enough password"})
    assert taken.status_code == 422 and 'id="login-error"' in taken.text
    done = await browser.post(path, {"login": " TDLong ", "password": "a long enough password"})
    assert (done.status_code, done.headers["location"]) == (303, "/baan-thod-long/")
    assert (await visit().get(path)).status_code == 410
    assert (await visit().sign_in("tdlong", "a long enough password")).status_code == 303


@pytest.mark.parametrize("login", ["", "ab", "x" * 41, "a b", "a\x00b", "<script>", "สมมุติ\u202e"])
async def test_a_login_that_will_not_do_keeps_the_link_good(visit: Visit, cast: Cast, login: str) -> None:
    browser, path = visit(), await link(cast, cast.buddy, "password")
    answer = await browser.post(path, {"login": login, "password": "a long enough password"})
    assert answer.status_code == 422 and (await browser.get(path)).status_code == 200


async def test_a_new_password_ends_every_session_before_it(visit: Visit, cast: Cast) -> None:
    thief = visit()
    await thief.sign_in()
    await visit().post(
        await link(cast, cast.coordinator, "password"), {"login": "sommut", "password": "a quite new password"}
    )
    sessions.forget_all()
    assert (await thief.get("/account")).status_code == 401
