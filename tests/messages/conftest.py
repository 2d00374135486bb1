"""The outbox seen by signed-in people: a coordinator of the district, its buddy, a coordinator of another one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import httpx
import pytest

from khuen import clock
from khuen.settings import Settings
from khuen.signin import accounts, sessions
from khuen.signin.routes import opened
from tests import built
from tests.post import Post, open_district

ORIGIN = "http://testserver.local"


@dataclass
class Browser:
    """Signed in, same origin, with the form token."""

    client: httpx.AsyncClient
    token: str

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers=headers)

    async def post(self, path: str, **data: str) -> httpx.Response:
        session = await sessions.look_up(self.token, clock.now())
        assert session is not None
        return await self.client.post(
            path, data={"_csrf": session.csrf, **data}, headers={"sec-fetch-site": "same-origin"}
        )


@dataclass
class Desk:
    settings: Settings
    post: Post
    other: Post
    nok: Browser
    somchai: Browser
    kanya: Browser


@pytest.fixture
async def desk(pools: Settings) -> AsyncIterator[Desk]:
    sessions.forget_all()
    settings = replace(pools, origin=ORIGIN)
    post, other = await open_district(settings), await open_district(settings, "phon")
    app = built.app(settings)
    async with opened(app):

        async def browser(district: Post, member: UUID, role: str) -> Browser:
            account = await accounts.create("สมมุติ ใจดี")
            await accounts.admit(account, district.district.id, member, "สมมุติ ใจดี", {role})
            token = await sessions.start(account, method="password", now=clock.now())
            transport: Any = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            client = httpx.AsyncClient(transport=transport, base_url=ORIGIN)
            client.cookies.set("khuen", token, domain="testserver.local")
            return Browser(client, token)

        yield Desk(
            settings,
            post,
            other,
            await browser(post, post.coordinator, "coordinator"),
            await browser(post, post.buddy, "buddy"),
            await browser(other, other.coordinator, "coordinator"),
        )
