"""People in care for the tests of the rooms: a district that stands, members, and cases opened by the real services."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from khuen import clock, district, members, packs, provision, registry, vault
from khuen.buddies import service as buddies
from khuen.buddies.service import NewAssignment
from khuen.cases import service as cases
from khuen.cases.rules import ConsentKind, Decision
from khuen.cases.service import Consent, NewCase
from khuen.followups import service as followups
from khuen.ids import uuid7
from khuen.members import NewMember
from khuen.paths import folder
from khuen.people import service as people
from khuen.people.service import NewPerson
from khuen.settings import Settings
from khuen.signin import accounts, sessions
from khuen.signin.routes import opened
from khuen.tenancy import Here, within
from tests import built

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)  # ten in the morning in Bangkok
LAHAN, KUT_NAM_SAI = "360607", "360604"
ORIGIN = "http://testserver.local"  # a name with a dot, else the cookie jar of httpx renames it


@dataclass(frozen=True)
class District:
    """One district with its members; `here("somchai")` acts as one of them."""

    tenant_id: UUID
    project_id: UUID
    pack_id: UUID
    people: dict[str, tuple[UUID, frozenset[str]]]
    cases: dict[str, UUID] = field(default_factory=dict)

    def here(self, name: str, now: datetime = NOW) -> Here:
        member_id, roles = self.people[name]
        return Here(self.tenant_id, member_id, roles, now)


async def stand(settings: Settings, slug: str | None = None, **roles: str) -> District:
    """A district as it is when nobody is in care yet. `roles` names its members: somchai="buddy"."""
    vault.configure(settings.kek, settings.erasures_file)
    file = district.read(folder("tenants") / "demo" / "chatturat.toml")
    own = replace(file.tenant, slug=slug or f"d-{uuid7().hex[-12:]}", practice=False, as_of=None)
    await provision.add_tenant(replace(file, tenant=own), NOW - timedelta(days=400))
    tenant_id = next(one.id for one in await registry.active() if one.slug == own.slug)
    here = Here(tenant_id, None, registry.CLOCK, NOW - timedelta(days=400))
    people = {name: (uuid7(), frozenset(role.split("+"))) for name, role in roles.items()}
    async with within(here):
        known = await packs.all_of(here)
        project = next(one for one in await cases.projects(here) if known[one.pack_id].name == "standard")
        await members.add(
            here,
            [
                NewMember(id_, name.capitalize(), tuple(own), "+66812345678", None, LAHAN, "3", "female")
                for name, (id_, own) in people.items()
            ],
        )
    return District(tenant_id, project.id, project.pack_id, people)


def person(**values: Any) -> NewPerson:
    """Somebody invented, with a phone and a house."""
    base = NewPerson(
        uuid7(), "นาย", "ทดลอง", "ตัวอย่าง", "ทด", "male", None, 1995, None, "+66812340000", "99/1", LAHAN, "3"
    )
    return replace(base, **values)


async def open_case(
    here: Here,
    made: District,
    buddy: str | None = None,
    *,
    opened_on: date | None = None,
    safety_note: str = "",
    **values: Any,
) -> str:
    """Register somebody, open their case, give it a buddy and plan the first visit. Answers the code."""
    who = person(**values)
    case_id = uuid7()
    await people.register(here, [who])
    consent = Consent(ConsentKind.TREATMENT, Decision.GIVEN, "2569-1", here.today)
    new = NewCase(
        case_id,
        who.id,
        made.project_id,
        "s113",
        "self",
        here.today,
        consents=(consent,),
        opened_on=opened_on or here.today,
        safety_note=safety_note,
    )
    code = (await cases.open_cases(here, [new]))[case_id]
    if buddy:
        await buddies.assign(here, [NewAssignment(uuid7(), case_id, made.people[buddy][0])])
    await followups.begin(here, [(case_id, new.opened_on or here.today, await packs.pack(here, made.pack_id))])
    made.cases[code] = case_id
    return code


@dataclass
class Site:
    """The whole site over ASGI, with two districts: chatturat, and phon, which must see nothing of it."""

    app: Litestar
    chatturat: District
    phon: District
    clients: dict[str, httpx.AsyncClient]

    async def case(self, buddy: str | None = "somchai", **values: Any) -> str:
        """A case of chatturat, opened by its coordinator now."""
        here = self.chatturat.here("nok", clock.now())
        async with within(here):
            return await open_case(here, self.chatturat, buddy, **values)


@pytest.fixture
async def site(pools: Settings) -> AsyncIterator[Site]:
    sessions.forget_all()
    app = built.app(replace(pools, origin=ORIGIN))
    chatturat = await stand(pools, "chatturat", nok="coordinator", somchai="buddy", mali="buddy", wipa="doctor+clinic")
    phon = await stand(pools, "phon", kanya="coordinator", malee="buddy")
    clients: dict[str, httpx.AsyncClient] = {}
    async with opened(app):
        for made in (chatturat, phon):
            for name, (member_id, roles) in made.people.items():
                clients[name] = await _client(app, made.tenant_id, member_id, name.capitalize(), roles)
        yield Site(app, chatturat, phon, clients)
    for client in clients.values():
        await client.aclose()


async def _client(
    app: Litestar, tenant_id: UUID, member_id: UUID, name: str, roles: frozenset[str]
) -> httpx.AsyncClient:
    """A signed-in browser without scripts; its forms carry the token as a header."""
    account = await accounts.create(name)
    await accounts.admit(account, tenant_id, member_id, name, set(roles))
    token = await sessions.start(account, method="password", now=clock.now())
    session = await sessions.look_up(token, clock.now())
    assert session is not None
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app, raise_app_exceptions=False),
        base_url=ORIGIN,
        headers={"origin": ORIGIN, "sec-fetch-site": "same-origin", "x-csrf-token": session.csrf},
    )
    client.cookies.set("khuen", token, domain="testserver.local")
    return client
