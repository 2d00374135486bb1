"""Chatturat with its coordinator, chair and clinic, and Phon, which must see nothing of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from khuen import clock
from khuen.cases import service as cases
from khuen.cases.rules import ConsentKind, Decision
from khuen.cases.service import Consent
from khuen.followups import service as followups
from khuen.followups.rules import How
from khuen.followups.service import Sent
from khuen.ids import uuid7
from khuen.settings import Settings
from khuen.signin import sessions
from khuen.signin.routes import opened
from khuen.tenancy import within
from tests import built, care
from tests.care import Site

BASE = "/chatturat/meetings"


class Room(Site):
    """The site, with what meetings are about."""

    @property
    def today(self) -> str:
        return f"{BASE}/{clock.day(clock.now()).isoformat()}"

    async def urgent(self, buddy: str = "somchai", **values: object) -> str:
        """A case whose buddy calls for help."""
        code = await self.case(buddy, **values)
        here = self.chatturat.here(buddy, clock.now())
        async with within(here):
            await followups.log_check_in(here, Sent(code, uuid7(), How.URGENT))
        return code

    async def shares(self, code: str, decision: Decision = Decision.GIVEN) -> None:
        """The consent to sharing with police and administration."""
        here = self.chatturat.here("nok", clock.now())
        async with within(here):
            given = Consent(ConsentKind.SHARING, decision, "2569-1", here.today)
            await cases.record_consent(here, self.chatturat.cases[code], given, key=uuid7())

    async def plan(self, days: int = 0, **fields: str) -> httpx.Response:
        on = clock.day(clock.now()) + timedelta(days=days)
        form = {
            "key": str(uuid7()),
            "kind": "weekly",
            "on": f"{on.day}/{on.month}/{clock.buddhist(on)}",
            "at": "9.30",
            "place": "ที่ว่าการอำเภอ",
        }
        return await self.clients["nok"].post(BASE, data=form | fields)

    async def post(self, path: str, *, by: str = "nok", **fields: str) -> httpx.Response:
        """One act on today's meeting."""
        return await self.clients[by].post(f"{self.today}/{path}", data={"key": str(uuid7())} | fields)

    async def open(self) -> None:
        assert (await self.plan()).status_code == 303
        assert (await self.post("opening")).status_code == 303

    async def get(self, path: str = "", who: str = "nok") -> httpx.Response:
        return await self.clients[who].get(f"{self.today}{path}")


@pytest.fixture
async def room(pools: Settings) -> AsyncIterator[Room]:
    sessions.forget_all()
    app = built.app(replace(pools, origin=care.ORIGIN))
    staff = {"nok": "coordinator", "anan": "chair", "wipa": "doctor+clinic", "somchai": "buddy", "mali": "buddy"}
    chatturat = await care.stand(pools, "chatturat", **staff)
    phon = await care.stand(pools, "phon", kanya="coordinator")
    clients: dict[str, httpx.AsyncClient] = {}
    async with opened(app):
        for made in (chatturat, phon):
            for name, (member_id, roles) in made.people.items():
                clients[name] = await care._client(app, made.tenant_id, member_id, name.capitalize(), roles)
        yield Room(app, chatturat, phon, clients)
    for client in clients.values():
        await client.aclose()
