"""Text messages and web pushes over real HTTP: what each answer means, and where a push is never sent."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import ECKey

from khuen import clock, vault
from khuen.channels import push
from khuen.ids import uuid7
from khuen.messages import reaching
from khuen.outgoing import BANNED
from khuen.paths import folder
from khuen.settings import Settings
from khuen.tenancy import hot, within
from tests.post import Post, calm, open_district, rows, urgent
from workers import messages as worker

KEY = bytes(range(1, 33))
NOTHING = Settings("", {}, None, bytes(32))


class Service:
    """A gateway and a push service in one, in this event loop."""

    def __init__(self) -> None:
        self.address, self.status, self.body = "", 201, dict[str, Any]()
        self.heard: list[tuple[str, Any, dict[str, Any], bytes]] = []

    async def take(self, request: web.Request) -> web.Response:
        raw = await request.read()
        self.heard.append((request.path, request.headers, dict(await request.post()), raw))
        headers = {"location": f"{self.address}/elsewhere", "retry-after": "60"}
        return web.json_response(self.body, status=self.status, headers=headers)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    made = Service()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


async def _phone(post: Post, number: str = "+66812345678") -> None:
    async with within(here := post.here()):
        sealed = (await vault.open_tenant(here)).seal("member", "phone", post.buddy, number)
        await hot("UPDATE member SET phone_sealed = $3 WHERE tenant_id = $1 AND id = $2", post.buddy, sealed)


def _texting(settings: Settings, service: Service) -> Settings:
    return replace(
        settings, sms_gateway="thaibulksms", sms_api=service.address, sms_key="k", sms_secret="s", sms_sender="KHUEN"
    )


TAKEN = {"phone_number_list": [{"number": "66812345678", "message_id": "m1", "used_credit": 1}]}


@pytest.mark.parametrize(
    ("status", "body", "ends"),
    [
        (201, TAKEN, ("sent", None)),
        (200, {"bad_phone_number_list": [{"number": "1", "message": "no"}]}, ("given_up", "refused")),
        (401, {}, ("given_up", "refused")),
        (302, {}, ("given_up", "refused")),
        (429, {}, ("waiting", "busy")),
        (503, {}, ("uncertain", "connection_lost")),
    ],
)
async def test_a_text_message(
    pools: Settings, service: Service, status: int, body: dict[str, Any], ends: tuple[str, str | None]
) -> None:
    post = await open_district(pools, email=None)
    await _phone(post)
    service.status, service.body = status, body
    await calm(post)
    for _ in range(2):
        await worker.deliver(_texting(pools, service), post.district)
    [row] = await rows(post)
    assert (row["state"], row["reason"], row["channel"]) == (*ends, "sms") and len(service.heard) == 1
    path, headers, form, _ = service.heard[0]
    assert path == "/sms" and headers["Authorization"] == "Basic " + base64.b64encode(b"k:s").decode()
    assert (form["msisdn"], form["sender"]) == ("66812345678", "KHUEN")
    assert form["message"].endswith("/chatturat/board") and "สมมุติ" not in form["message"]


async def _subscribed(post: Post, endpoint: str) -> None:
    async with within(here := post.here(None, post.buddy, "buddy")):
        key = uuid7()
        for _ in range(2):
            await reaching.take_push(here, key, endpoint)


async def test_a_push_is_empty_and_signed(pools: Settings, service: Service) -> None:
    post = await open_district(pools, email=None)
    settings = replace(pools, push_key=KEY, push_test=service.address)
    await _subscribed(post, f"{service.address}/send/abc")
    await calm(post)
    await worker.deliver(settings, post.district)
    [row], [attempt] = await rows(post), await rows(post, "message_attempt")
    assert (row["state"], row["channel"]) == ("sent", "push")
    [(path, headers, _, raw)] = service.heard
    assert (path, raw, headers["topic"]) == ("/send/abc", b"", attempt["id"].hex)
    scheme, token, key = headers["authorization"].replace(", k=", " t=").split(" t=")
    assert (scheme, key) == ("vapid", push.public_key(settings))
    point = base64.urlsafe_b64decode(key + "=")
    x, y = (base64.urlsafe_b64encode(half).rstrip(b"=").decode() for half in (point[1:33], point[33:]))
    claims = jwt.decode(token, ECKey.import_key({"kty": "EC", "crv": "P-256", "x": x, "y": y}), ["ES256"]).claims
    assert claims["aud"] == service.address and 0 < claims["exp"] - clock.now().timestamp() < 24 * 3600


async def test_a_browser_that_is_gone_is_forgotten_and_the_next_way_taken(pools: Settings, service: Service) -> None:
    post = await open_district(pools, email=None)
    await _phone(post)
    settings = replace(_texting(pools, service), push_key=KEY, push_test=service.address)
    await _subscribed(post, f"{service.address}/send/abc")
    service.status = 410
    await urgent(post)
    await worker.deliver(settings, post.district)
    service.status, service.body = 201, TAKEN
    await worker.deliver(settings, post.district)
    [row] = await rows(post)
    assert (row["state"], row["channel"]) == ("sent", "sms")
    async with within(here := post.here()):
        assert (await reaching.contacts(here, [post.buddy]))[post.buddy].push is None
        assert not await hot("SELECT 1 FROM push_subscription WHERE tenant_id = $1 AND endpoint_sealed IS NOT NULL")


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/x",
        "https://fcm.googleapis.com:8443/x",
        "https://fcm.googleapis.com@169.254.169.254/x",
        "https://169.254.169.254/latest/meta-data",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://localhost/x",
        "https://fcm.googleapis.com.evil.example/x",
        "https://evilnotify.windows.com/x",
        "https://fcm.googleapis.com\\@127.0.0.1/x",
        "https://fcm.googleapis.com/" + "x" * 1000,
        "https://ｆcm.googleapis.com/x",
        "https://[fcm.googleapis.com/x",
        "file:///etc/passwd",
        "",
    ],
)
def test_threat_34_a_push_goes_to_known_services_only(endpoint: str) -> None:
    assert not push.known(endpoint, NOTHING)


async def test_threat_34_a_service_inside_the_house_is_not_called(pools: Settings, service: Service) -> None:
    """What was kept before a service left the list, or came by another way, is checked again before the call."""
    post = await open_district(pools, email=None)
    await _subscribed(post, f"{service.address}/send/abc")
    await calm(post)
    for _ in range(2):
        await worker.deliver(replace(pools, push_key=KEY), post.district)
    assert ((await rows(post))[0]["state"], service.heard) == ("given_up", [])


@pytest.mark.parametrize("host", ["fcm.googleapis.com", "web.push.apple.com", "sg2p.notify.windows.com"])
def test_known_services_are_known(host: str) -> None:
    assert push.known(f"https://{host}/send/abc:def-_", NOTHING)


def test_the_notice_on_a_phone_says_only_that_something_waits() -> None:
    script = (folder("static") / "push-worker.js").read_text()
    said = re.findall(r'showNotification\("([^"]*)"', script)
    assert said == ["มีงานรอ"] and not BANNED.search(said[0])
