"""Sign-in with another organisation, against a provider over real HTTP that checks PKCE, redirect_uri and codes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from litestar import Litestar
from markupsafe import escape

from khuen import clock
from khuen.settings import SettingsError
from khuen.signin import identities, provider_file, sessions
from tests.oidc_provider import CLIENT, SECRET, Provider, running
from tests.signin.conftest import SAME_SITE, Browser, Cast

Visit = Callable[..., Browser]
FILES = {
    "generic": '[there]\ntitle = "ที่ทำงาน"\ndiscovery = "{at}/.well-known/openid-configuration"\n',
    "line": '[there]\nkind = "line"\ntitle = "LINE"\nauthorization_endpoint = "{at}/auth"\ntoken_endpoint = "{at}/token"\n',
    "thaid": '[there]\nkind = "thaid"\ntitle = "ThaID"\nissuer = "{at}"\nauthorization_endpoint = "{at}/auth"\n'
    'token_endpoint = "{at}/token"\njwks_uri = "{at}/jwks"\n',
}


@pytest.fixture(params=["generic"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def there(dialect: str, site: Litestar, tmp_path: Path) -> AsyncIterator[Provider]:
    with running(dialect) as provider:
        file = tmp_path / "providers.toml"
        keys = f'client_id = "{CLIENT}"\nclient_secret = "{SECRET}"\n'
        file.write_text(FILES[dialect].format(at=provider.address) + keys)
        site.state.providers = provider_file.load(file)
        yield provider


async def to_provider(browser: Browser, path: str = "/sign-in/with/there") -> str:
    """Follow the link to the provider and let it answer; returns the way back, not yet taken."""
    away = await browser.get(path)
    assert away.status_code == 303, away.text
    async with httpx.AsyncClient() as outside:
        answer = await outside.get(away.headers["location"])
    assert answer.status_code == 302, answer.text
    return str(answer.headers["location"]).removeprefix("http://testserver.local")


async def link(visit: Visit) -> Browser:
    browser = visit()
    await browser.sign_in()
    linked = await browser.get(await to_provider(browser, "/sign-in/with/there?link=1"))
    assert linked.status_code == 303, linked.text
    assert linked.headers["location"] == "/account"
    return browser


@pytest.mark.parametrize("dialect", ["generic", "line", "thaid"], indirect=True)
async def test_a_linked_person_signs_in_there(visit: Visit, there: Provider, cast: Cast, root: Any) -> None:
    there.person = "1101700230705"
    await link(visit)
    browser = visit()
    arrived = await browser.get(await to_provider(browser, "/sign-in/with/there?to=/baan-thod-long/"))
    assert (arrived.status_code, arrived.headers["location"]) == (303, "/baan-thod-long/")
    session = await sessions.look_up(browser.client.cookies["khuen"], clock.now())
    assert session is not None and (session.account_id, session.method) == (cast.coordinator, "with:there")
    assert all(each["code_verifier"] for each in there.seen)
    assert there.seen[0]["basic"] is (there.dialect != "line")
    kept = str(await root.fetch("SELECT * FROM auth.identity")) + str(await root.fetch("SELECT * FROM auth.event"))
    assert there.person not in kept


async def test_the_session_is_a_new_one(visit: Visit, there: Provider) -> None:
    await link(visit)
    browser = visit()
    browser.client.cookies.set("khuen", "attacker-chosen", domain="testserver.local")
    await browser.get(await to_provider(browser))
    assert browser.client.cookies["khuen"] != "attacker-chosen"


async def test_a_stranger_is_not_let_in_and_no_account_is_made(visit: Visit, there: Provider, root: Any) -> None:
    before = await root.fetchval("SELECT count(*) FROM auth.account")
    browser = visit()
    answer = await browser.get(await to_provider(browser))
    assert answer.status_code == 403 and "khuen" not in browser.client.cookies
    assert await root.fetchval("SELECT count(*) FROM auth.account") == before
    assert await root.fetchval("SELECT detail FROM auth.event WHERE tag = 'identity:refused'") == (
        '{"provider":"there","reason":"stranger"}'
    )


@pytest.mark.parametrize(
    ("dialect", "fault", "reason"),
    [
        ("generic", "nonce", "id_token"),
        ("generic", "issuer", "id_token"),
        ("generic", "audience", "id_token"),
        ("generic", "expired", "id_token"),
        ("generic", "signature", "id_token"),
        ("generic", "unsigned", "id_token"),
        ("generic", "confused", "id_token"),
        ("generic", "denies", "denied"),
        ("generic", "state", "state"),
        ("line", "signature", "id_token"),
        ("line", "unsigned", "id_token"),
        ("line", "nonce", "id_token"),
        ("thaid", "signature", "id_token"),
        ("thaid", "audience", "id_token"),
    ],
    indirect=["dialect"],
)
async def test_what_cannot_be_believed_is_refused(
    visit: Visit, there: Provider, root: Any, fault: str, reason: str
) -> None:
    await link(visit)
    there.faults.add(fault)
    browser = visit()
    answer = await browser.get(await to_provider(browser))
    assert answer.status_code == 401 and "khuen" not in browser.client.cookies
    said = await root.fetchval("SELECT detail FROM auth.event WHERE tag = 'identity:refused'")
    assert said == f'{{"provider":"there","reason":"{reason}"}}'


async def test_the_way_back_works_once(visit: Visit, there: Provider, root: Any) -> None:
    await link(visit)
    browser = visit()
    back = await to_provider(browser)
    flow = browser.client.cookies["khuen-flow"]
    assert (await browser.get(back)).status_code == 303
    browser.client.cookies.set("khuen-flow", flow, domain="testserver.local")
    assert (await browser.get(back)).status_code == 401
    assert await root.fetchval("SELECT count(*) FROM auth.flow") == 0


async def test_another_browser_cannot_take_the_way_back(visit: Visit, there: Provider) -> None:
    """Else somebody could be signed in as the attacker without noticing."""
    await link(visit)
    back = await to_provider(visit())
    assert (await visit().get(back)).status_code == 401


async def test_a_wrong_verifier_gets_no_token(visit: Visit, there: Provider, root: Any) -> None:
    await link(visit)
    browser = visit()
    back = await to_provider(browser)
    await root.execute("UPDATE auth.flow SET verifier = 'another'")
    assert (await browser.get(back)).status_code == 401
    assert "token" in await root.fetchval("SELECT detail FROM auth.event WHERE tag = 'identity:refused'")


async def test_a_flow_ends_after_ten_minutes(visit: Visit, there: Provider, root: Any) -> None:
    await link(visit)
    browser = visit()
    back = await to_provider(browser)
    await root.execute("UPDATE auth.flow SET expires_at = expires_at - interval '11 minutes'")
    assert (await browser.get(back)).status_code == 401


async def test_the_link_asks_for_pkce_state_and_nonce(visit: Visit, there: Provider) -> None:
    asked = parse_qs(urlsplit((await visit().get("/sign-in/with/there")).headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"] and len(asked["code_challenge"][0]) == 43
    assert len(asked["state"][0]) >= 43 and len(asked["nonce"][0]) >= 32
    assert asked["redirect_uri"] == ["http://testserver.local/sign-in/back/there"]


async def test_one_name_there_opens_one_account(visit: Visit, there: Provider, cast: Cast) -> None:
    await link(visit)
    browser = visit()
    await browser.as_account(cast.buddy)
    answer = await browser.get(await to_provider(browser, "/sign-in/with/there?link=1"))
    assert answer.headers["location"] == "/account"
    assert await identities.linked(cast.buddy) == set() and await identities.linked(cast.coordinator) == {"there"}


async def test_linking_needs_the_person_here_and_fresh(visit: Visit, there: Provider, cast: Cast, root: Any) -> None:
    assert (await visit().get("/sign-in/with/there?link=1")).status_code == 403
    phone = visit()
    await phone.as_account(cast.buddy, scope="check-in")
    assert (await phone.get("/sign-in/with/there?link=1")).status_code == 403
    browser = visit()
    await browser.sign_in()
    elsewhere = await browser.get("/sign-in/with/there?link=1", headers={"sec-fetch-site": "cross-site"})
    assert elsewhere.status_code == 403
    await root.execute("UPDATE auth.session SET stepped_up_at = stepped_up_at - interval '6 minutes'")
    sessions.forget_all()
    asked = await browser.get("/sign-in/with/there?link=1")
    assert asked.headers["location"] == "/step-up?to=/sign-in/with/there%3Flink%3D1"


async def test_a_link_begun_by_another_account_links_nothing(visit: Visit, there: Provider, cast: Cast) -> None:
    browser = visit()
    await browser.sign_in()
    back = await to_provider(browser, "/sign-in/with/there?link=1")
    flow = browser.client.cookies["khuen-flow"]
    await browser.as_account(cast.buddy)
    browser.client.cookies.set("khuen-flow", flow, domain="testserver.local")
    assert (await browser.get(back)).status_code == 401
    assert await identities.linked(cast.buddy) == set() == await identities.linked(cast.coordinator)


async def test_signing_out_ends_here_first_and_offers_the_other_end(visit: Visit, there: Provider, root: Any) -> None:
    await link(visit)
    browser = visit()
    await browser.get(await to_provider(browser))
    answer = await browser.post("/sign-out")
    assert answer.headers["location"] == "/sign-in?ended=there" and "clear-site-data" in answer.headers
    page = await browser.get("/sign-in?ended=there")
    assert f'href="{there.address}/bye?client_id={CLIENT}&amp;post_logout_redirect_uri=' in page.text


async def test_a_provider_that_is_away_is_said_calmly(visit: Visit, site: Litestar, tmp_path: Path) -> None:
    file = tmp_path / "providers.toml"
    file.write_text('[there]\ndiscovery = "http://127.0.0.1:9/x"\nclient_id = "a"\nclient_secret = "b"\n')
    site.state.providers = provider_file.load(file)
    answer = await visit().get("/sign-in/with/there")
    assert answer.status_code == 503 and 'name="password"' in answer.text
    assert (await visit().get("/sign-in/with/nobody")).status_code == 404


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[x", "providers.toml"),
        ('[x]\nkind = "facebook"', "kind must be one of"),
        ('[x]\nclient_id = "a"', "client_secret is missing"),
        ('[x]\nclient_id = "a"\nclient_secret = "b"', "needs discovery"),
        ('[x]\nkind = "line"\nclient_id = "a"\nclient_secret = "b"\nscopes = "openid"', "does not know scopes"),
        (
            '[x]\nkind = "line"\nclient_id = "a"\nclient_secret = "b"\nalgorithms = ["HS256", "RS256"]',
            "cannot be mixed",
        ),
        ("x = 1", "must be a table"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "providers.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=complaint) as refused:
        provider_file.load(file)
    assert str(file) in str(refused.value)


def test_a_secret_may_stand_in_a_file_and_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("very secret\n")
    file = tmp_path / "providers.toml"
    file.write_text(f'[line]\nkind = "line"\nclient_id = "a"\nclient_secret_file = "{tmp_path / "secret"}"\n')
    line = provider_file.load(file)["line"]
    assert line.client_secret == "very secret" and "very secret" not in repr(line)
    assert (line.algorithms, line.issuer) == (("HS256",), "https://access.line.me")


async def test_a_form_that_outlived_its_session_comes_along(visit: Visit, there: Provider, root: Any) -> None:
    browser = await link(visit)
    token = await browser.csrf()
    await root.execute("UPDATE auth.session SET ended_at = now()")
    sessions.forget_all()
    typed = {"_csrf": token, "lang": "th", "note": "ยังไม่ได้บันทึก"}
    ended = await browser.client.post("/account/language", data=typed, headers=SAME_SITE)
    (held,) = set(re.findall(r'name="held" value="([^"]+)"', ended.text))
    assert ended.status_code == 401 and 'action="/sign-in/with/there"' in ended.text
    leaving = await browser.post("/sign-in/with/there", {"held": held, "to": ""})
    _, _, away = leaving.headers["refresh"].partition("url=")
    assert leaving.status_code == 200 and escape(away) in leaving.text
    async with httpx.AsyncClient() as outside:
        back = str((await outside.get(away)).headers["location"]).removeprefix("http://testserver.local")
    arrived = await browser.get(back)
    assert arrived.status_code == 200 and "ยังไม่ได้บันทึก" in arrived.text
    assert await root.fetchval("SELECT count(*) FROM auth.flow") == 0


async def test_a_linked_name_is_unlinked_and_opens_nothing_any_more(visit: Visit, there: Provider, root: Any) -> None:
    browser = await link(visit)
    assert "/account/linked/there/removal" in (await browser.get("/account")).text
    for _ in range(2):
        assert (await browser.post("/account/linked/there/removal")).headers["location"] == "/account"
    assert (await visit().get(await to_provider(visit()))).status_code in (401, 403)
    assert await root.fetchval("SELECT count(*) FROM auth.identity") == 0
    assert await root.fetchval("SELECT count(*) FROM auth.event WHERE tag = 'identity:unlinked'") == 1
    assert (await browser.post("/account/linked/elsewhere/removal")).status_code == 404


async def test_the_last_way_in_stays(visit: Visit, there: Provider, cast: Cast, root: Any) -> None:
    browser = await link(visit)
    await root.execute("UPDATE auth.account SET password_hash = NULL")
    refused = await browser.post("/account/linked/there/removal")
    assert refused.status_code == 409 and "ทางเข้าทางเดียว" in refused.text
    assert await identities.linked(cast.coordinator) == {"there"}


async def test_unlinking_asks_first_who_is_there(visit: Visit, there: Provider, cast: Cast, root: Any) -> None:
    browser = await link(visit)
    await root.execute("UPDATE auth.session SET stepped_up_at = stepped_up_at - interval '10 minutes'")
    sessions.forget_all()
    assert "removal" not in (await browser.get("/account")).text
    assert (await browser.post("/account/linked/there/removal")).status_code == 403
    assert await identities.linked(cast.coordinator) == {"there"}
