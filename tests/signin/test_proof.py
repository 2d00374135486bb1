"""Passkeys, codes of an authenticator app, and proving once more who you are."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyotp
import pytest

from khuen import clock
from khuen.ids import uuid7
from khuen.signin import accounts, passkeys, sessions, totp
from khuen.signin.passkeys import PasskeyRefused
from tests.signin.authenticator import Authenticator
from tests.signin.conftest import ORIGIN, PASSWORD, Browser, Cast

Visit = Callable[..., Browser]


async def with_passkey(visit: Visit, cast: Cast) -> tuple[Browser, Authenticator]:
    browser, key = visit(), Authenticator(ORIGIN)
    await browser.sign_in()
    asked = (await browser.post("/account/passkeys/options")).json()
    form = {"challenge": asked["challenge"], "credential": key.create(asked["options"])}
    assert (await browser.post("/account/passkeys", form)).status_code == 303
    return browser, key


async def answered(browser: Browser, key: Authenticator, ask: str) -> dict[str, str]:
    asked = (await browser.post(ask)).json()
    return {"challenge": asked["challenge"], "credential": key.get(asked["options"])}


async def test_a_passkey_signs_in_by_itself(visit: Visit, cast: Cast) -> None:
    _, key = await with_passkey(visit, cast)
    browser = visit()
    assert (
        await browser.post("/sign-in/passkey", await answered(browser, key, "/sign-in/passkey/options"))
    ).status_code == 303
    session = await sessions.look_up(browser.client.cookies["khuen"], clock.now())
    assert session is not None and (session.account_id, session.method) == (cast.coordinator, "passkey")


async def test_an_answer_works_once(visit: Visit, cast: Cast) -> None:
    _, key = await with_passkey(visit, cast)
    browser = visit()
    form = await answered(browser, key, "/sign-in/passkey/options")
    assert (await browser.post("/sign-in/passkey", form)).status_code == 303
    assert (await visit().post("/sign-in/passkey", form)).status_code == 422


@pytest.mark.parametrize(
    "fault", ["other site", "not verified", "old challenge", "garbage", "unknown key", "other purpose"]
)
async def test_an_answer_that_does_not_fit_opens_nothing(visit: Visit, cast: Cast, fault: str, root: Any) -> None:
    mine, key = await with_passkey(visit, cast)
    browser = visit()
    if fault == "other site":
        key.origin = "https://elsewhere.example"
    if fault == "not verified":
        key.flags = 0x01
    if fault == "unknown key":
        key = Authenticator(ORIGIN)
    asking = (mine, "/step-up/options") if fault == "other purpose" else (browser, "/sign-in/passkey/options")
    form = await answered(asking[0], key, asking[1])
    if fault == "garbage":
        form["credential"] = '{"id": 7}'
    if fault == "old challenge":
        await root.execute("UPDATE auth.challenge SET expires_at = expires_at - interval '6 minutes'")
    assert (await browser.post("/sign-in/passkey", form)).status_code == 422
    assert "khuen" not in browser.client.cookies


async def test_a_key_that_cannot_verify_is_not_added(visit: Visit, cast: Cast) -> None:
    browser, key = visit(), Authenticator(ORIGIN, verifies=False)
    await browser.sign_in()
    asked = (await browser.post("/account/passkeys/options")).json()
    refused = await browser.post(
        "/account/passkeys", {"challenge": asked["challenge"], "credential": key.create(asked["options"])}
    )
    assert refused.status_code == 422 and await passkeys.list_for(cast.coordinator) == []


async def test_a_removed_passkey_opens_nothing(visit: Visit, cast: Cast) -> None:
    mine, key = await with_passkey(visit, cast)
    name = urlsafe_b64encode(key.id).rstrip(b"=").decode()
    stranger = visit()
    other = await accounts.create("คนอื่น ตัวอย่าง", login="other", password=PASSWORD)
    await accounts.admit(other, cast.real, uuid7(), "คนอื่น ตัวอย่าง", {"coordinator"})
    await stranger.sign_in("other")
    await stranger.post(f"/account/passkeys/{name}/removal")
    assert len(await passkeys.list_for(cast.coordinator)) == 1
    assert (await mine.post(f"/account/passkeys/{name}/removal")).status_code == 303
    browser = visit()
    assert (
        await browser.post("/sign-in/passkey", await answered(browser, key, "/sign-in/passkey/options"))
    ).status_code == 422


async def test_a_disabled_account_has_no_passkey(visit: Visit, cast: Cast) -> None:
    _, key = await with_passkey(visit, cast)
    await accounts.disable(cast.coordinator)
    browser = visit()
    assert (
        await browser.post("/sign-in/passkey", await answered(browser, key, "/sign-in/passkey/options"))
    ).status_code == 422


async def test_somebody_elses_challenge_adds_no_key(cast: Cast) -> None:
    account, key = await accounts.find(cast.coordinator), Authenticator(ORIGIN)
    assert account is not None
    asked = await passkeys.ask_to_register(account, cast.settings, clock.now())
    with pytest.raises(PasskeyRefused):
        await passkeys.register(cast.buddy, str(asked.id), key.create(asked.options), "", cast.settings, clock.now())


async def stale(browser: Browser, root: Any) -> None:
    """Six minutes pass."""
    await root.execute("UPDATE auth.session SET stepped_up_at = stepped_up_at - interval '6 minutes'")
    sessions.forget_all()


async def test_what_matters_asks_who_you_are_after_five_minutes(visit: Visit, cast: Cast, root: Any) -> None:
    browser, key = await with_passkey(visit, cast)
    await stale(browser, root)
    assert (await browser.post("/account/passkeys/options")).status_code == 403
    assert (await browser.get("/account/code")).headers["location"] == "/step-up?to=/account/code"
    before = browser.client.cookies["khuen"]
    passed = await browser.post("/step-up", {**await answered(browser, key, "/step-up/options"), "to": "/account/code"})
    assert (passed.status_code, passed.headers["location"]) == (303, "/account/code")
    assert browser.client.cookies["khuen"] != before
    assert (await browser.get("/account/code")).status_code == 200
    browser.client.cookies.set("khuen", before, domain="testserver.local")
    assert (await browser.get("/account")).status_code == 401


async def test_the_password_proves_it_too_and_a_wrong_one_does_not(visit: Visit, cast: Cast, root: Any) -> None:
    browser = visit()
    await browser.sign_in()
    await stale(browser, root)
    assert (await browser.post("/step-up", {"password": "wrong"})).status_code == 422
    assert (await browser.post("/account/passkeys/options")).status_code == 403
    assert (await browser.post("/step-up", {"password": PASSWORD})).status_code == 303
    assert (await browser.post("/account/passkeys/options")).status_code == 200


async def test_another_persons_passkey_proves_nothing(visit: Visit, cast: Cast, root: Any) -> None:
    _, key = await with_passkey(visit, cast)
    await accounts.create("คนอื่น ตัวอย่าง", login="other", password=PASSWORD)
    browser = visit()
    await browser.sign_in("other")
    await stale(browser, root)
    assert (await browser.post("/step-up", await answered(browser, key, "/step-up/options"))).status_code == 422
    assert (await browser.post("/account/passkeys/options")).status_code == 403


async def app_of(browser: Browser) -> pyotp.TOTP:
    """Set the authenticator app up as a person does: read the key on the page, type one code."""
    page = (await browser.get("/account/code")).text
    secret = re.search(r"((?:[A-Z2-7]{4} ){7}[A-Z2-7]{4})", page)
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)
    assert secret is not None and sealed is not None and "<svg" in page
    app = pyotp.TOTP(secret[1].replace(" ", ""))
    wrong = await browser.post("/account/code", {"sealed": sealed[1], "code": "abc"})
    assert wrong.status_code == 422 and secret[1] in wrong.text
    assert (await browser.post("/account/code", {"sealed": sealed[1], "code": app.now()})).status_code == 303
    return app


async def test_the_code_is_asked_after_the_password_and_works_once(visit: Visit, cast: Cast, root: Any) -> None:
    browser = visit()
    await browser.sign_in()
    app = await app_of(browser)
    kept = await root.fetchval("SELECT totp_sealed FROM auth.account WHERE id = $1", cast.coordinator)
    assert app.secret.encode() not in bytes(kept)

    other = visit()
    asked = await other.sign_in(to="/baan-thod-long/")
    assert asked.status_code == 200 and "khuen" not in other.client.cookies
    ticket = re.search(r'name="ticket" value="([^"]+)"', asked.text)
    assert ticket is not None
    form = {"ticket": ticket[1], "to": "/baan-thod-long/"}
    assert (await other.post("/sign-in/code", {**form, "code": "000000"})).status_code == 422
    # Codes by their step, not by the clock: a test may straddle the half minute.
    step = await root.fetchval("SELECT totp_last_step FROM auth.account WHERE id = $1", cast.coordinator)
    used = await other.post("/sign-in/code", {**form, "code": app.generate_otp(step)})
    assert used.status_code == 422  # the code that set it up was used
    later = app.generate_otp(step + 1)
    done = await other.post("/sign-in/code", {**form, "code": later})
    assert (done.status_code, done.headers["location"]) == (303, "/baan-thod-long/")
    assert (await visit().post("/sign-in/code", {**form, "code": later})).status_code == 422


async def test_codes_are_guessed_no_faster_than_passwords(visit: Visit, cast: Cast) -> None:
    browser = visit()
    await browser.sign_in()
    await app_of(browser)
    asked = await visit().sign_in()
    ticket = re.search(r'name="ticket" value="([^"]+)"', asked.text)
    assert ticket is not None
    answers = [
        (await visit().post("/sign-in/code", {"ticket": ticket[1], "code": f"{n:06}"})).status_code for n in range(8)
    ]
    assert answers == [422] * 6 + [429] * 2


async def test_a_ticket_ends_and_cannot_be_made(visit: Visit, cast: Cast) -> None:
    for ticket in ("", "AAAA", "ไทย"):
        answer = await visit().post("/sign-in/code", {"ticket": ticket, "code": "123456"})
        assert answer.status_code == 422 and 'name="password"' in answer.text


async def test_a_secret_is_sealed_for_its_account(cast: Cast) -> None:
    secret, sealed = totp.new_secret(cast.coordinator, cast.settings)
    assert totp.opened(cast.coordinator, sealed, cast.settings) == secret
    assert totp.opened(cast.buddy, sealed, cast.settings) is None
    assert totp.opened(cast.coordinator, sealed, replace(cast.settings, kek=bytes(32))) is None


async def test_it_is_switched_off_again(visit: Visit, cast: Cast) -> None:
    browser = visit()
    await browser.sign_in()
    await app_of(browser)
    assert (await browser.post("/account/code/removal")).status_code == 303
    assert (await visit().sign_in()).status_code == 303


async def test_my_sessions_end_from_my_account(visit: Visit, cast: Cast) -> None:
    here, there = visit(), visit()
    await here.sign_in()
    await there.sign_in()
    page = (await here.get("/account")).text
    (address,) = re.findall(r'action="(/account/sessions/[0-9a-f-]{36}/end)"', page)
    assert (await here.post(address)).status_code == 303
    assert (await there.get("/account")).status_code == 401
    assert (await here.get("/account")).status_code == 200


async def test_a_strangers_session_does_not_end(visit: Visit, cast: Cast) -> None:
    mine, stranger = visit(), visit()
    await mine.sign_in()
    session = await sessions.look_up(mine.client.cookies["khuen"], clock.now())
    assert session is not None
    await stranger.as_account(cast.buddy)
    assert (await stranger.post(f"/account/sessions/{session.id}/end")).status_code == 303
    sessions.forget_all()
    assert (await mine.get("/account")).status_code == 200


async def test_the_language_follows_the_account(visit: Visit, cast: Cast) -> None:
    browser = visit()
    await browser.sign_in()
    assert (await browser.post("/account/language", {"lang": "en"})).status_code == 303
    assert (await browser.post("/account/language", {"lang": "xx"})).status_code == 422
    other = visit()
    await other.sign_in()
    assert '<html lang="en">' in (await other.get("/account")).text


async def test_several_districts_are_offered_and_one_is_entered(visit: Visit, cast: Cast) -> None:
    browser = visit()
    await accounts.admit(cast.coordinator, cast.practice, uuid7(), "สมมุติ ใจดี", {"coordinator"})
    await browser.sign_in()
    page = (await browser.get("/tenants")).text
    assert 'href="/baan-thod-long/"' in page and 'href="/baan-tua-yang/"' in page
