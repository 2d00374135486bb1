"""Signing in with a password: what is guessed, by whom and how often, and what the answer gives away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from argon2 import PasswordHasher
from litestar import Litestar, Request

from khuen import clock
from khuen.database import Pools
from khuen.errors import TooMany
from khuen.ids import uuid7
from khuen.signin import accounts, devices, familiar, limits, passkeys, passwords, routes
from tests.signin.authenticator import Authenticator
from tests.signin.conftest import ORIGIN, PASSWORD, Browser, Cast

Visit = Callable[..., Browser]


@pytest.fixture
def hashing(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Counts what reaches argon2; the hashing itself is left out where thousands come."""
    seen: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Any:
            seen.append(str(hash))
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "HASHER", Counting(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobodys.cache_clear()
    return seen


async def test_the_right_password_opens_the_door(visit: Visit, root: Any) -> None:
    browser = visit()
    answer = await browser.sign_in(to="/baan-thod-long/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/baan-thod-long/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "path=/" in cookie and "domain" not in cookie
    assert (await browser.get("/account")).status_code == 200
    assert await root.fetchval("SELECT count(*) FROM auth.event WHERE tag = 'session:started'") == 1


async def test_over_https_the_cookie_is_bound_to_the_host(site: Litestar, visit: Visit, cast: Cast) -> None:
    site.state.settings = replace(cast.settings, origin="https://testserver.local")
    cookies = (await visit().sign_in()).headers.get_list("set-cookie")
    (cookie,) = [each for each in cookies if each.startswith("__Host-khuen=")]
    assert "secure" in cookie.lower()


async def test_parameters_of_the_hash(cast: Cast, root: Any) -> None:
    kept = await root.fetchval("SELECT password_hash FROM auth.account WHERE id = $1", cast.coordinator)
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_an_old_session_of_this_browser_ends_when_it_signs_in_again(visit: Visit, root: Any) -> None:
    browser = visit()
    await browser.sign_in()
    before = browser.client.cookies["khuen"]
    await browser.sign_in()
    assert browser.client.cookies["khuen"] != before
    assert await root.fetchval("SELECT count(*) FROM auth.session WHERE ended_at IS NULL") == 1


async def test_threat_18_a_cookie_set_by_an_attacker_is_not_adopted(visit: Visit) -> None:
    browser = visit()
    browser.client.cookies.set("khuen", "attacker-chosen", domain="testserver.local")
    assert (await browser.get("/account")).status_code == 401
    await browser.sign_in()
    assert browser.client.cookies["khuen"] != "attacker-chosen"
    assert (await browser.get("/account")).status_code == 200


@pytest.mark.parametrize(
    "to", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "/\tx", ""]
)
async def test_nobody_is_sent_to_another_site(visit: Visit, to: str) -> None:
    assert (await visit().sign_in(to=to)).headers["location"] == "/"


async def test_threat_25_unknown_and_known_accounts_get_the_same_answer(
    visit: Visit, cast: Cast, hashing: list[str]
) -> None:
    await accounts.disable(await accounts.create("ปิดแล้ว", login="closed", password=PASSWORD))
    seen = {}
    for number, login in enumerate(("sommut", "nobody", "closed"), 1):
        before = len(hashing)
        async with statements() as asked:
            answer = await visit(f"192.0.2.{number}").sign_in(login, "wrong password")
        told = answer.text.replace(f'value="{login}"', "")
        headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
        seen[login] = (answer.status_code, told, headers, asked, len(hashing) - before)
    assert seen["sommut"] == seen["nobody"] == seen["closed"]
    assert (seen["sommut"][0], seen["sommut"][4]) == (422, 1) and len(seen["sommut"][3]) >= 2
    assert all(compared.startswith("$argon2id$v=19$m=") for compared in hashing)  # a malformed one costs nothing


@pytest.mark.parametrize("redis", [True, False])
async def test_threat_23_ten_thousand_guesses_check_at_most_twenty(
    site: Litestar, visit: Visit, cast: Cast, hashing: list[str], redis: bool
) -> None:
    """From 1,000 addresses, a hundred at a time; meanwhile the owner signs in with a passkey."""
    if not redis:
        site.state.limiter.redis = None
    guesses, width = (10_000, 100) if redis else (1_000, 4)
    key = await passkey_of(cast)

    async def guess(number: int) -> int:
        limiter, now = site.state.limiter, clock.now()
        try:
            await limiter.take("address", f"198.51.{number % 1000 // 250}.{number % 250}", limits.ADDRESS, now)
            await limiter.take("account", "sommut", limits.ACCOUNT, now)
        except TooMany:
            return 0
        await accounts.by_password("sommut", f"guess {number}", now)
        return 1

    checked = 0
    for first in range(0, guesses, width):
        checked += sum(await asyncio.gather(*(guess(n) for n in range(first, first + width))))
    assert 5 <= checked == len(hashing) <= 20

    refused = await visit().sign_in()
    assert refused.status_code == 429 and int(refused.headers["retry-after"]) > 0 and "data-passkey" in refused.text
    assert len(hashing) == checked
    owner = visit("203.0.113.5")
    asked = (await owner.post("/sign-in/passkey/options")).json()
    arrived = await owner.post(
        "/sign-in/passkey", {"challenge": asked["challenge"], "credential": key.get(asked["options"])}
    )
    assert arrived.status_code == 303
    assert (await owner.get("/account")).status_code == 200


async def test_threat_23_the_waits_double_and_end(cast: Cast, site: Litestar) -> None:
    """The rule in PostgreSQL, with a clock of its own: five free, then after 30, 60, 120 seconds and so on."""
    limiter, began = limits.Limiter(cast.settings, None), clock.now()
    passed = []
    for second in range(0, 7200, 5):
        try:
            await limiter.take("account", "x", limits.ACCOUNT, began + timedelta(seconds=second))
        except TooMany:
            continue
        passed.append(second)
    assert passed[:9] == [0, 5, 10, 15, 20, 50, 110, 230, 470]
    assert max(sum(1 for other in passed if start <= other < start + 3600) for start in passed) <= 20


COLLEAGUES, GUESSES = 200, 2_000


async def test_threat_23_a_district_under_attack_is_checked_slowly_and_keeps_nobody_out_who_was_there_before(
    site: Litestar, visit: Visit, cast: Cast, hashing: list[str], monkeypatch: Any
) -> None:
    """2,000 guesses from 1,000 addresses, spread over 200 accounts of one district, so that no account's own wait helps.

    The district's wait is longer than this test. Meanwhile a passkey, a bound phone and a browser of old open the door; another district's people sign in as ever.
    """
    monkeypatch.setattr(limits, "DISTRICT", replace(limits.DISTRICT, wait=600))
    logins = [f"colleague{number}" for number in range(COLLEAGUES)]
    for login in logins:
        account = await accounts.create("ทดลอง", login=login, password=PASSWORD)
        await accounts.admit(account, cast.real, uuid7(), "ทดลอง", {"coordinator"})
    elsewhere = await accounts.create("ทดลอง อื่น", login="elsewhere", password=PASSWORD)
    await accounts.admit(elsewhere, cast.historical, uuid7(), "ทดลอง อื่น", {"coordinator"})
    key, old, phone = await passkey_of(cast), visit("203.0.113.4"), await phone_of(cast, visit)
    assert (await old.sign_in()).status_code == 303
    await old.post("/sign-out")
    hashing.clear()
    request = Request({"type": "http", "headers": [], "app": site, "litestar_app": site, "state": {}})  # type: ignore[typeddict-item]

    async def guess(number: int) -> None:
        login, limiter, now = logins[number % COLLEAGUES], site.state.limiter, clock.now()
        with suppress(TooMany):
            await limiter.take("address", f"198.51.{number % 1000 // 250}.{number % 250}", limits.ADDRESS, now)
            await limiter.take("account", login, limits.ACCOUNT, now)
            may_try = routes._district_pace(request, login, now)
            if await may_try(UUID(int=number), [str(cast.real)]):
                await accounts.by_password(login, f"guess {number}", now)

    for first in range(0, GUESSES, 100):
        await asyncio.gather(*(guess(number) for number in range(first, first + 100)))
    assert len(hashing) == 60, "sixty free ones and one more, of which the sign-in before was the first"
    assert (await visit().sign_in()).status_code == 422, "a strange browser is told what a wrong guess is told"
    assert (await visit().sign_in("elsewhere")).status_code == 303
    assert (await old.sign_in()).status_code == 303
    assert (await phone.post("/sign-in/pin", {"pin": "480216"})).status_code == 303
    owner = visit("203.0.113.5")
    asked = (await owner.post("/sign-in/passkey/options")).json()
    credential = {"challenge": asked["challenge"], "credential": key.get(asked["options"])}
    assert (await owner.post("/sign-in/passkey", credential)).status_code == 303


@pytest.mark.parametrize("redis", [True, False])
async def test_threat_25_an_attack_on_a_district_tells_nobody_who_works_there(
    site: Litestar, visit: Visit, cast: Cast, hashing: list[str], monkeypatch: Any, redis: bool
) -> None:
    if not redis:
        site.state.limiter.redis = None
    monkeypatch.setattr(limits, "DISTRICT", limits.Pace(free=1, wait=600))
    for number in range(2):
        await visit(f"192.0.2.{100 + number}").sign_in(password="wrong")
    seen = {}
    for number, login in enumerate(("sommut", "nobody"), 1):
        await visit(f"192.0.2.{number}").sign_in(login, "wrong")
        before = len(hashing)
        async with statements() as asked:
            answer = await visit(f"192.0.2.{number}").sign_in(login)  # with the right password
        headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
        seen[login] = (
            answer.status_code,
            answer.text.replace(f'value="{login}"', ""),
            headers,
            asked,
            len(hashing) - before,
        )
    assert seen["sommut"] == seen["nobody"] and (seen["sommut"][0], seen["sommut"][4]) == (422, 1)


def test_a_browser_remembers_eight_people_and_believes_only_its_own_marks(cast: Cast) -> None:
    people, cookie = [uuid7() for _ in range(9)], ""
    for one in people:
        cookie = familiar.with_this(cookie, one, cast.settings)
    known = [familiar.is_familiar(cookie, one, cast.settings) for one in people]
    assert known == [False, *[True] * 8]
    other = replace(cast.settings, kek=bytes(32))
    for forged in ("", ".", "x" * 32, "é" * 40, familiar.with_this("", people[1], other), str(people[1])):
        assert not familiar.is_familiar(forged, people[1], cast.settings)
    assert familiar.with_this("junk." * 50, people[0], cast.settings).count(".") == 0


async def test_a_good_sign_in_forgets_the_tries_before(visit: Visit) -> None:
    for _ in range(4):
        for _ in range(3):
            assert (await visit().sign_in(password="wrong")).status_code == 422
        assert (await visit().sign_in()).status_code == 303


async def test_threat_24_a_forged_forwarded_header_is_the_same_address(site: Litestar, visit: Visit) -> None:
    assert await counted_as(site, "192.0.2.7", "203.0.113.1") == "192.0.2.7"
    assert await counted_as(site, "192.0.2.7", "203.0.113.2, 203.0.113.3") == "192.0.2.7"


async def test_threat_24_behind_our_proxy_the_last_foreign_address_counts(site: Litestar, cast: Cast) -> None:
    site.state.settings = replace(cast.settings, trusted_proxies=frozenset({"10.0.0.1", "10.1.0.0/16"}))
    assert await counted_as(site, "10.0.0.1", "203.0.113.9") == "203.0.113.9"
    assert await counted_as(site, "10.0.0.1", "1.2.3.4, 203.0.113.9, 10.1.2.3") == "203.0.113.9"
    assert await counted_as(site, "192.0.2.7", "203.0.113.9") == "192.0.2.7"
    assert await counted_as(site, "10.0.0.1", "") == "10.0.0.1"


async def test_threat_24_a_guesser_cannot_leave_the_bucket(site: Litestar, visit: Visit, monkeypatch: Any) -> None:
    monkeypatch.setattr(limits, "ADDRESS", limits.Pace(free=3, wait=60))
    browser = visit()
    answers = [
        (
            await browser.client.post(
                "/sign-in",
                data={"login": f"someone{n}", "password": "guess"},
                headers={"sec-fetch-site": "same-origin", "x-forwarded-for": f"203.0.113.{n}"},
            )
        ).status_code
        for n in range(6)
    ]
    assert answers == [422, 422, 422, 422, 429, 429]


@asynccontextmanager
async def statements() -> AsyncIterator[list[str]]:
    """What every connection of the sign-in pool is asked meanwhile."""
    asked: list[str] = []

    def note(record: Any) -> None:
        asked.append(record.query)

    async with AsyncExitStack() as stack:
        every = [await stack.enter_async_context(Pools.sign_in().acquire()) for _ in range(Pools.sign_in().get_size())]
        for connection in every:
            connection.add_query_logger(note)
    yield asked
    async with AsyncExitStack() as stack:
        every = [await stack.enter_async_context(Pools.sign_in().acquire()) for _ in range(Pools.sign_in().get_size())]
        for connection in every:
            connection.remove_query_logger(note)


async def counted_as(site: Litestar, client: str, forwarded: str) -> str:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    scope: Any = {
        "type": "http",
        "client": (client, 1),
        "headers": headers,
        "app": site,
        "litestar_app": site,
        "state": {},
    }
    return limits.address(Request(scope))


async def phone_of(cast: Cast, visit: Visit) -> Browser:
    """The buddy's browser on a phone that was bound with a PIN, signed out."""
    links = await devices.invite([(cast.buddy, "device")], cast.real, uuid7(), None, cast.settings, clock.now())
    _, device_id, token = await devices.bind(links[cast.buddy], "Chrome · Android", clock.now())
    await devices.set_pin(device_id, "480216")
    browser = visit("203.0.113.6")
    browser.client.cookies.set("khuen-device", token, domain="testserver.local")
    return browser


async def passkey_of(cast: Cast) -> Authenticator:
    """A passkey of the coordinator."""
    key, account = Authenticator(ORIGIN), await accounts.find(cast.coordinator)
    assert account is not None
    asked = await passkeys.ask_to_register(account, cast.settings, clock.now())
    await passkeys.register(account.id, str(asked.id), key.create(asked.options), "โทรศัพท์", cast.settings, clock.now())
    return key
