"""A form that arrives after its session ended is shown back to its author, and to nobody else."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from khuen import clock
from khuen.signin import accounts, held, sessions
from tests.signin.conftest import PASSWORD, SAME_SITE, Browser, Cast

Visit = Callable[..., Browser]
TYPED = {"lang": "en", "note": 'บรรทัดหนึ่ง\nบรรทัดสอง <b>"สาม"</b>', "empty": ""}


async def interrupted(browser: Browser, cast: Cast, path: str = "/account/language", **more: Any) -> Any:
    """The coordinator's form is on screen, the session ends, the form is sent."""
    await browser.as_account(cast.coordinator)
    token = await browser.csrf()
    await sessions.end_all_others(cast.coordinator, None, clock.now())
    return await browser.client.post(path, data={"_csrf": token, **TYPED}, headers=SAME_SITE, **more)


def held_in(text: str) -> str:
    found = re.search(r'name="held" value="([^"]*)"', text)
    assert found is not None
    return html.unescape(found[1])


async def test_the_text_survives_signing_in(visit: Visit, cast: Cast) -> None:
    browser = visit()
    refused = await interrupted(browser, cast)
    assert refused.status_code == 401 and TYPED["note"] not in refused.text
    back = await browser.sign_in(held=held_in(refused.text))
    assert back.status_code == 200 and 'action="/account/language"' in back.text
    assert html.escape(TYPED["note"].split("\n")[1]) in back.text
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', back.text))
    assert fields["lang"] == "en" and fields["_csrf"] == await browser.csrf() and fields["empty"] == ""
    again = await browser.client.post("/account/language", data=fields, headers=SAME_SITE)
    assert again.status_code == 303
    account = await accounts.find(cast.coordinator)
    assert account is not None and account.lang == "en"


async def test_another_person_does_not_get_it(visit: Visit, cast: Cast) -> None:
    await accounts.create("คนอื่น ตัวอย่าง", login="other", password=PASSWORD)
    browser = visit()
    sealed = held_in((await interrupted(browser, cast)).text)
    browser.client.cookies.clear()
    other = await browser.sign_in("other", held=sealed)
    assert other.status_code == 303 and "note" not in other.text


async def test_it_waits_through_a_wrong_password_and_a_code(visit: Visit, cast: Cast) -> None:
    browser = visit()
    sealed = held_in((await interrupted(browser, cast)).text)
    wrong = await browser.sign_in(password="wrong", held=sealed)
    assert wrong.status_code == 422 and held_in(wrong.text) == sealed


async def test_a_changed_or_old_one_is_nothing(visit: Visit, cast: Cast) -> None:
    browser = visit()
    sealed = held_in((await interrupted(browser, cast)).text)
    assert (await browser.sign_in(held=sealed[:-8] + "AAAAAAA=")).status_code == 303
    assert (await browser.sign_in(held="ไม่ใช่")).status_code == 303
    session = await sessions.look_up(browser.client.cookies["khuen"], clock.now())
    assert session is not None
    assert held.unseal_form(sealed, session, cast.settings, clock.now()) is not None
    assert held.unseal_form(sealed, session, cast.settings, clock.now() + timedelta(hours=13)) is None


async def test_htmx_gets_a_piece_and_keeps_its_form(visit: Visit, cast: Cast) -> None:
    browser = visit()
    await browser.as_account(cast.coordinator)
    token = await browser.csrf()
    await sessions.end_all_others(cast.coordinator, None, clock.now())
    headers = {**SAME_SITE, "hx-request": "true", "x-csrf-token": token}
    piece = await browser.client.post("/account/language", data=TYPED, headers=headers)
    assert piece.status_code == 401 and "<html" not in piece.text and held_in(piece.text)
    assert piece.headers["hx-push-url"] == "false"


async def test_a_form_from_before_a_new_sign_in_is_offered_again(visit: Visit, cast: Cast) -> None:
    """Its token is old, so it is refused; but its author need not type it once more."""
    browser = visit()
    await browser.sign_in()
    old = await browser.csrf()
    await browser.sign_in()
    refused = await browser.client.post("/account/language", data={"_csrf": old, **TYPED}, headers=SAME_SITE)
    assert refused.status_code == 403 and 'action="/account/language"' in refused.text
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', refused.text))
    assert fields["_csrf"] == await browser.csrf() != old
    assert (await browser.client.post("/account/language", data=fields, headers=SAME_SITE)).status_code == 303
    for data, headers in (({"_csrf": old}, {"sec-fetch-site": "cross-site"}), ({"_csrf": f"{'0' * 16}.x"}, SAME_SITE)):
        answer = await browser.client.post("/account/language", data={**data, **TYPED}, headers=headers)
        assert answer.status_code == 403 and 'action="/account/language"' not in answer.text


async def test_files_are_left_out_with_a_word_about_it(visit: Visit, cast: Cast) -> None:
    browser = visit()
    refused = await interrupted(browser, cast, files={"photo": ("a.jpg", b"\xff\xd8", "image/jpeg")})
    back = await browser.sign_in(held=held_in(refused.text))
    assert back.status_code == 200 and "photo" not in back.text and "ไฟล์" in back.text


@pytest.mark.parametrize("headers", [{}, {"sec-fetch-site": "cross-site"}, {"origin": "https://elsewhere.example"}])
async def test_what_another_site_sends_is_not_kept(visit: Visit, cast: Cast, headers: dict[str, str]) -> None:
    browser = visit()
    answer = await browser.client.post(
        "/account/language", data={"_csrf": f"{sessions.whose(cast.coordinator)}.x", **TYPED}, headers=headers
    )
    assert answer.status_code == 401 and held_in(answer.text) == ""


async def test_a_form_without_an_author_is_not_kept(visit: Visit, cast: Cast) -> None:
    answer = await visit().client.post("/account/language", data=TYPED, headers=SAME_SITE)
    assert answer.status_code == 401 and held_in(answer.text) == ""


async def test_hidden_characters_and_huge_forms_do_no_harm(visit: Visit, cast: Cast) -> None:
    author = f"{sessions.whose(cast.coordinator)}.x"
    for text in ("a\x00b", "\u202eabc", "x" * 300_000):
        answer = await visit().client.post("/account/language", data={"_csrf": author, "note": text}, headers=SAME_SITE)
        assert answer.status_code == 401
