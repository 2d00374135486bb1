"""The doors that need no password: practice roles, and leaving again; and that no other site can press a button."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from litestar import Litestar

from khuen import clock
from khuen.access import ROLES
from khuen.ids import uuid7
from khuen.signin import accounts, routes, sessions
from khuen.signin.middleware import SessionMiddleware
from tests.signin.conftest import ORIGIN, SAME_SITE, Browser, Cast

Visit = Callable[..., Browser]


@pytest.fixture
async def practice(cast: Cast) -> dict[str, Any]:
    """An account for every role in the practice district."""
    return {
        role: await accounts.practice_account(cast.practice, role, uuid7(), f"สมมุติ {role}")
        for role in sorted(ROLES - {"operator"})
    }


async def test_a_practice_district_shows_one_button_per_role(visit: Visit, practice: dict[str, Any]) -> None:
    shown = (await visit().get("/baan-tua-yang/sign-in")).text
    assert set(re.findall(r'name="role" value="(\w+)"', shown)) == set(practice)
    assert 'name="password"' not in shown and "noindex" in shown


@pytest.mark.parametrize("role", sorted(ROLES - {"operator"}))
async def test_a_button_opens_that_role_in_that_district_only(
    visit: Visit, cast: Cast, practice: dict[str, Any], role: str
) -> None:
    browser = visit()
    answer = await browser.post("/baan-tua-yang/sign-in/practice", {"role": role})
    assert (answer.status_code, answer.headers["location"]) == (303, "/baan-tua-yang/")
    session = await sessions.look_up(browser.client.cookies["khuen"], clock.now())
    assert session is not None
    assert [(m.tenant_id, m.roles) for m in session.memberships] == [(cast.practice, {role})]
    assert (await browser.get("/baan-thod-long/admin/invitations")).status_code == 404
    assert (await browser.get("/account/code")).status_code == 403


@pytest.mark.parametrize("role", [*sorted(ROLES), "clock", "nobody", ""])
async def test_u19_a_real_district_has_no_buttons_and_leaves_a_trace(
    visit: Visit, cast: Cast, practice: dict[str, Any], root: Any, role: str
) -> None:
    browser = visit()
    assert "practice" not in (await browser.get("/baan-thod-long/sign-in")).text.replace("baan-", "")
    answer = await browser.post("/baan-thod-long/sign-in/practice", {"role": role})
    assert answer.status_code == 404 and "khuen" not in browser.client.cookies
    traces = await root.fetch("SELECT tag, detail, tenant_id FROM auth.event WHERE tag = 'sign-in:refused'")
    assert [(t["tenant_id"], t["detail"]) for t in traces] == [(cast.real, '{"method":"practice"}')]


async def test_u19_even_a_practice_account_planted_in_a_real_district(visit: Visit, cast: Cast, root: Any) -> None:
    await root.execute("UPDATE auth.account SET practice_tenant_id = $2 WHERE id = $1", cast.coordinator, cast.real)
    assert (await visit().post("/baan-thod-long/sign-in/practice", {"role": "coordinator"})).status_code == 404


@pytest.mark.parametrize("role", ["operator", "clock", "nobody", ""])
async def test_a_practice_district_has_no_other_roles(visit: Visit, practice: dict[str, Any], role: str) -> None:
    assert (await visit().post("/baan-tua-yang/sign-in/practice", {"role": role})).status_code == 404


async def test_a_practice_account_is_refused_for_a_real_district(cast: Cast) -> None:
    with pytest.raises(ValueError, match="practice"):
        await accounts.practice_account(cast.real, "doctor", uuid7(), "สมมุติ หมอ")


async def test_a_historical_district_lives_on_its_day(visit: Visit, cast: Cast) -> None:
    await accounts.practice_account(cast.historical, "coordinator", uuid7(), "สมมุติ ใจดี")
    browser, seen = visit(), {}
    await browser.post("/adeet/sign-in/practice", {"role": "coordinator"})

    async def look(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope["state"])

    cookie = f"khuen={browser.client.cookies['khuen']}".encode()
    scope: Any = {"type": "http", "method": "GET", "path": "/adeet/board", "headers": [(b"cookie", cookie)]}
    await SessionMiddleware(cast.settings).handle(scope, None, None, look)  # type: ignore[arg-type]
    assert str(seen["here"].today) == "2025-09-01" and seen["tenant"].slug == "adeet"


async def test_threat_38_signing_out_clears_what_a_shared_phone_keeps(visit: Visit, root: Any) -> None:
    browser = visit()
    await browser.sign_in()
    before = browser.client.cookies["khuen"]
    page = await browser.get("/account")
    assert (
        page.headers["cache-control"] == "no-store"
        and "frame-ancestors 'none'" in page.headers["content-security-policy"]
    )
    assert page.headers["x-content-type-options"] == "nosniff"
    answer = await browser.post("/sign-out")
    assert answer.status_code == 303 and answer.headers["location"] == "/sign-in"
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert "khuen" not in browser.client.cookies
    browser.client.cookies.set("khuen", before, domain="testserver.local")
    assert (await browser.get("/account")).status_code == 401
    assert await root.fetchval("SELECT count(*) FROM auth.event WHERE tag = 'session:ended'") == 1


async def test_signing_out_twice_is_harmless(visit: Visit) -> None:
    assert [(await visit().post("/sign-out")).status_code for _ in range(2)] == [303, 303]


def unsafe_paths() -> list[str]:
    fill = {"tenant:str": "baan-thod-long", "provider:str": "line", "token:str": "x", "passkey:str": "eA"}
    paths = {
        path
        for handler in routes.ROUTES
        if not handler.http_methods <= {"GET", "HEAD", "OPTIONS"}
        for path in handler.paths
    }
    filled = [re.sub(r"\{([^}]+)\}", lambda m: fill.get(m[1], str(UUID(int=1))), path) for path in sorted(paths)]
    return filled


@pytest.mark.parametrize("path", unsafe_paths())
async def test_threat_20_no_other_site_presses_a_button(visit: Visit, cast: Cast, path: str) -> None:
    browser, other = visit(), visit()
    await browser.as_account(cast.coordinator)
    await other.as_account(cast.buddy)
    mine, others = await browser.csrf(), await other.csrf()
    tries = [
        ({}, SAME_SITE),
        ({"_csrf": others}, SAME_SITE),
        ({"_csrf": mine}, {"sec-fetch-site": "cross-site"}),
        ({"_csrf": mine}, {"sec-fetch-site": "same-site"}),
        ({"_csrf": mine}, {"origin": "https://elsewhere.example"}),
    ]
    for data, headers in tries:
        assert (await browser.client.post(path, data=data, headers=headers)).status_code == 403, (data, headers)
    assert (await browser.get("/account")).status_code == 200  # nothing happened


async def test_threat_20_nor_signs_anybody_in(visit: Visit) -> None:
    for headers in ({}, {"sec-fetch-site": "cross-site"}, {"origin": "https://elsewhere.example"}):
        answer = await visit().client.post("/sign-in", data={"login": "sommut", "password": "x"}, headers=headers)
        assert answer.status_code == 403
    ours = await visit().client.post("/sign-in", data={"login": "sommut", "password": "x"}, headers={"origin": ORIGIN})
    assert ours.status_code == 422


async def test_threat_19_a_disabled_account_gets_401_within_a_second(site: Litestar, visit: Visit, cast: Cast) -> None:
    for redis in (site.state.limiter.redis, None):
        site.state.limiter.redis = redis
        somebody = await accounts.create("ทดลอง ตัวอย่าง")
        browser = visit()
        await browser.as_account(somebody)
        assert (await browser.get("/account")).status_code == 200
        await accounts.disable(somebody)
        await asyncio.sleep(1.0)
        assert (await browser.get("/account")).status_code == 401
