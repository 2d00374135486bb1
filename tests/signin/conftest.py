"""A small cast for sign-in: one real district, one practice district, and somebody to sign in."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from khuen import assets, clock, front
from khuen.admin import routes as admin
from khuen.ids import uuid7
from khuen.settings import Settings
from khuen.signin import accounts, routes, sessions
from tests import built

ORIGIN = "http://testserver.local"  # a name with a dot, else the cookie jar of httpx renames it
DOORS = [assets.serve, *front.ROUTES, *routes.ROUTES, *admin.ROUTES]
PASSWORD = "ทดสอบ รหัสผ่านยาวพอ"


@dataclass(frozen=True)
class Cast:
    settings: Settings
    real: UUID
    practice: UUID
    historical: UUID
    coordinator: UUID
    buddy: UUID
    member: UUID


@pytest.fixture
async def cast(pools: Settings, root: Any) -> Cast:
    sessions.forget_all()
    real, practice, historical = uuid7(), uuid7(), uuid7()
    for tenant_id, slug, is_practice, as_of in (
        (real, "baan-thod-long", False, None),
        (practice, "baan-tua-yang", True, None),
        (historical, "adeet", True, date(2025, 9, 1)),
    ):
        await root.execute(
            "INSERT INTO auth.tenant (id, slug, name, short_name, area_path, practice, as_of, created_at)"
            " VALUES ($1, $2, 'อำเภอ' || $2, $2, '36', $3, $4, $5)",
            tenant_id,
            slug,
            is_practice,
            as_of,
            clock.now(),
        )
    coordinator = await accounts.create("สมมุติ ใจดี", login="sommut", password=PASSWORD)
    buddy = await accounts.create("ทดลอง ตัวอย่าง")
    member = uuid7()
    await accounts.admit(coordinator, real, member, "สมมุติ ใจดี", {"coordinator", "tenant_admin"})
    await accounts.admit(buddy, real, uuid7(), "ทดลอง ตัวอย่าง", {"buddy", "clinic"})
    own = replace(pools, origin=ORIGIN)
    return Cast(own, real, practice, historical, coordinator, buddy, member)


SAME_SITE = {"sec-fetch-site": "same-origin"}


@dataclass
class Browser:
    """A browser without scripts: keeps cookies, and fills in the form token of the page it is on."""

    client: httpx.AsyncClient

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.client.get(path, **more)

    async def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> httpx.Response:
        """As the site's own form does: same origin, with the token of the present session."""
        return await self.client.post(
            path, data={"_csrf": await self.csrf(), **(data or {})}, headers=SAME_SITE, **more
        )

    async def csrf(self) -> str:
        token = self.client.cookies.get("khuen")
        session = await sessions.look_up(token, clock.now()) if token else None
        return session.csrf if session else ""

    async def sign_in(self, login: str = "sommut", password: str = PASSWORD, **more: str) -> httpx.Response:
        return await self.post("/sign-in", {"login": login, "password": password, **more})

    async def as_account(self, account_id: UUID, **more: Any) -> None:
        self.client.cookies.clear()
        token = await sessions.start(account_id, **{"method": "password", "now": clock.now(), **more})
        self.client.cookies.set("khuen", token, domain="testserver.local")


@pytest.fixture
async def site(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Litestar]:
    """The site in this test's event loop, with its doors only: the rooms behind them have their own tests."""
    monkeypatch.setattr("khuen.app.ROUTES", DOORS)
    app = built.app(cast.settings)
    async with routes.opened(app):  # the pools are open already
        app.state.limiter.key = os.urandom(32)  # Redis is shared by all tests
        yield app


@pytest.fixture
def visit(site: Litestar) -> Callable[..., Browser]:
    """A new browser, at an address of its own when told."""

    def opened(address: str = "192.0.2.7") -> Browser:
        transport = httpx.ASGITransport(app=site, raise_app_exceptions=False, client=(address, 5000))
        return Browser(httpx.AsyncClient(transport=transport, base_url=ORIGIN))

    return opened
