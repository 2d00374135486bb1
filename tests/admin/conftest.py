"""Two administrators and the people who work with them; a district beside them that must see nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from khuen import clock
from khuen.settings import Settings
from khuen.signin import sessions
from khuen.signin.routes import opened
from khuen.tenancy import Here, within
from tests import built, care

PEOPLE = "/chatturat/admin/members"


@dataclass
class Office:
    app: Litestar
    own: care.District
    foreign: care.District
    clients: dict[str, httpx.AsyncClient]

    def id(self, name: str) -> UUID:
        return (self.own if name in self.own.people else self.foreign).people[name][0]

    def here(self, name: str) -> Here:
        return self.own.here(name, clock.now())

    async def roles(self, root: Any, member_id: UUID) -> tuple[set[str], set[str]]:
        """(as the district knows them, as sign-in knows them), now."""
        there = await root.fetch("SELECT role FROM member_role WHERE member_id = $1 AND ended_at IS NULL", member_id)
        door = await root.fetch(
            "SELECT r.role FROM auth.membership m JOIN auth.membership_role r USING (account_id, tenant_id)"
            " WHERE m.member_id = $1 AND m.ended_at IS NULL AND r.ended_at IS NULL",
            member_id,
        )
        return {row["role"] for row in there}, {row["role"] for row in door}

    async def account(self, root: Any, member_id: UUID) -> UUID:
        found: UUID = await root.fetchval("SELECT account_id FROM auth.membership WHERE member_id = $1", member_id)
        return found

    async def in_care(self) -> str:
        """The code of a person whom somchai visits."""
        here = self.here("nok")
        async with within(here):
            return await care.open_case(here, self.own, "somchai", given_name="ลับเฉพาะ", family_name="ห้ามเห็น")


@pytest.fixture
async def office(pools: Settings, root: Any) -> AsyncIterator[Office]:
    sessions.forget_all()
    app = built.app(replace(pools, origin=care.ORIGIN))
    own = await care.stand(
        pools, "chatturat", dao="tenant_admin", boon="tenant_admin", nok="coordinator", somchai="buddy", wipa="doctor"
    )
    foreign = await care.stand(pools, "phon", kanya="tenant_admin", malee="buddy")
    made = Office(app, own, foreign, {})
    async with opened(app):
        for one in (own, foreign):
            for name, (member_id, roles) in one.people.items():
                made.clients[name] = await care._client(app, one.tenant_id, member_id, name.capitalize(), roles)
        await root.execute("UPDATE auth.account SET password_hash = 'x'")  # they chose one before
        yield made
    for client in made.clients.values():
        await client.aclose()
