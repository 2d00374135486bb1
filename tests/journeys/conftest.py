"""A district with four people to come, everybody who works for them, and a day that the test moves.

The day is moved as an operator moves it: the district is a practice one with an as-of date, and publishing its file
again with another date is `khuen tenant add`. Nothing of the site is told that it is tested.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

import pytest_asyncio
from playwright.async_api import Browser, Page

from khuen import clock, district, members, provision, vault
from khuen.cases import service as cases
from khuen.district import TenantFile
from khuen.ids import uuid7
from khuen.members import NewMember
from khuen.paths import folder
from khuen.settings import Settings
from khuen.signin import accounts, sessions
from khuen.tenancy import Here, within
from tests.province import served
from workers import followups, pathway, treatment

SLUG, LAHAN = "lahan", "360607"
JOINED = date(2023, 12, 18)
#: name -> (roles, village number); one buddy in each of four villages
COLLEAGUES = {
    "นก": (("coordinator",), None),
    "หญิง": (("clinic",), None),
    "วิภา": (("doctor",), None),
    "มาลี": (("buddy",), "1"),
    "สมศักดิ์": (("buddy",), "2"),
    "อุดม": (("buddy",), "3"),
    "ปราณี": (("buddy",), "4"),
}


@dataclass
class Place:
    """The district, served. `people` are the members by name."""

    settings: Settings
    browser: Browser
    file: TenantFile
    tenant_id: UUID
    people: dict[str, UUID]
    today: date
    _tokens: dict[str, str] = field(default_factory=dict)

    async def be_on(self, on: date) -> None:
        """From now on the district lives on this day, and the clock has been through the night before it."""
        self.file = replace(self.file, tenant=replace(self.file.tenant, as_of=on))
        await provision.add_tenant(self.file, clock.now())
        sessions.forget_all()  # else a session of the last second still lives on the day before
        for night in (followups.recompute, followups.recompute_rounds, pathway.settle, treatment.recompute):
            assert await night() == 0
        self.today = on

    def here(self, name: str, on: date | None = None) -> Here:
        """This member on a day, for what is done through the service that the page uses."""
        at = clock.held_at(on or self.today, clock.now())
        return Here(self.tenant_id, self.people[name], frozenset(COLLEAGUES[name][0]), at)

    async def desk(self, name: str) -> Page:
        return await self._enter(name, 1280, 900)

    async def phone(self, name: str) -> Page:
        return await self._enter(name, 360, 740)

    def url(self, path: str) -> str:
        return f"{self.settings.origin}/{SLUG}/{path}"

    async def _enter(self, name: str, width: int, height: int) -> Page:
        """A browser of their own in which this member is signed in."""
        if name not in self._tokens:
            account = await accounts.create(name)
            await accounts.admit(account, self.tenant_id, self.people[name], name, set(COLLEAGUES[name][0]))
            self._tokens[name] = await sessions.start(account, method="password", now=clock.now())
        context = await self.browser.new_context(viewport={"width": width, "height": height}, locale="th-TH")
        await context.add_cookies([{"name": "khuen", "value": self._tokens[name], "url": self.settings.origin}])
        return await context.new_page()


@pytest_asyncio.fixture(loop_scope="session")
async def place(db: Settings, browser: Browser) -> AsyncIterator[Place]:
    async with served(db) as settings:
        vault.configure(settings.kek, settings.erasures_file)
        read = district.read(folder("tenants") / "demo" / "chatturat.toml")
        file = replace(read, tenant=replace(read.tenant, slug=SLUG, as_of=JOINED))
        await provision.add_tenant(file, clock.now())
        tenant_id = await provision.tenant_of(SLUG)
        assert tenant_id
        made = Place(settings, browser, file, tenant_id, {name: uuid7() for name in COLLEAGUES}, JOINED)
        async with within(made.here("นก")) as transaction:
            await members.add(
                transaction.here,
                [
                    NewMember(made.people[name], name, roles, "+66200001234", None, LAHAN, moo, "female")
                    for name, (roles, moo) in COLLEAGUES.items()
                ],
            )
            assert len(await cases.projects(transaction.here)) == 2
        yield made
