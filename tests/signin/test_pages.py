"""Every page of sign-in opens, in both languages, with nothing inline."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from khuen import clock
from khuen.signin import devices
from tests.signin.conftest import Browser, Cast

Visit = Callable[..., Browser]


@pytest.mark.parametrize("path", ["/sign-in", "/baan-thod-long/sign-in", "/baan-tua-yang/sign-in", "/sign-in/pin"])
async def test_the_door_opens_for_everybody(visit: Visit, path: str) -> None:
    answer = await visit().get(path)
    assert answer.status_code == 200 and "set-cookie" not in answer.headers
    assert "<style" not in answer.text and " style=" not in answer.text and "onclick" not in answer.text


@pytest.mark.parametrize(
    "path", ["/account", "/account/code", "/tenants", "/step-up", "/baan-thod-long/admin/invitations"]
)
async def test_the_pages_behind_it_ask_to_sign_in_first(visit: Visit, cast: Cast, path: str) -> None:
    browser = visit()
    shut = await browser.get(path)
    assert shut.status_code == 401 and f'name="to" value="{path}"' in shut.text
    await browser.sign_in()
    assert (await browser.get(path)).status_code == 200
    browser.client.cookies.set("lang", "en")
    assert '<html lang="en">' in (await browser.get(path)).text


async def test_an_unknown_district_has_no_door(visit: Visit) -> None:
    assert (await visit().get("/nowhere/sign-in")).status_code == 404


async def test_a_phone_may_only_set_its_pin_and_leave(visit: Visit, cast: Cast) -> None:
    browser = visit()
    await browser.as_account(cast.buddy, scope="check-in")
    assert (await browser.get("/account")).status_code == 200
    assert (await browser.get("/account/code")).status_code == 403
    assert (await browser.get("/step-up")).status_code == 403
    assert (await browser.post("/account/passkeys/options")).status_code == 403


async def test_a_link_shows_whose_it_is(visit: Visit, cast: Cast) -> None:
    made = await devices.invite(
        [(cast.buddy, "device")], cast.real, cast.member, cast.coordinator, cast.settings, clock.now()
    )
    shown = await visit().get(f"/sign-in/once/{made[cast.buddy]}")
    assert shown.status_code == 200 and "ทดลอง ตัวอย่าง" in shown.text
