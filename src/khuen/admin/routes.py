"""The people who work here: the list, the search, adding somebody. One person's page is routes_member.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from khuen import clock, members, places, thai, web
from khuen.admin import (
    forms,
    invitations,
    routes_audit,
    routes_holidays,
    routes_line,
    routes_member,
    routes_settings,
    routes_setup,
    routes_wording,
    service,
)
from khuen.admin.rules import OFFERED
from khuen.enrolment.opening import near_of
from khuen.ids import uuid7
from khuen.members import NewMember
from khuen.signin import staff
from khuen.signin.door import Asked
from khuen.signin.role_names import ROLE_NAMES
from khuen.signin.staff import Entry
from khuen.tenancy import Here, within
from khuen.words import N_

MEMBERS = routes_member.MEMBERS
JOINED = N_("Added. The next step is a link for the first sign-in")


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the list, in words."""

    id: UUID
    called_name: str
    roles: frozenset[str]
    place: places.Where
    since: str
    last: str
    opens: bool
    phone: bool


@get("/{tenant:str}/admin/members", opt=MEMBERS)
async def people(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    asked, number = request.query_params.get("role", ""), request.query_params.get("page", "")
    role = asked if asked in OFFERED else ""
    page = max(1, int(number)) if number.isdecimal() and len(number) < 6 else 1
    here = web.here(request)
    async with within(here):
        counts = await service.counts(here)
        found = await service.colleagues(here, role=role, page=page)
    return await _list(request, found, counts, role=role, page=page)


@post("/{tenant:str}/admin/members/search", opt=MEMBERS, status_code=200)
async def search(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    """What is looked for is a name: it stays out of addresses and logs."""
    typed = (await request.form()).get("q", "")
    text = thai.canonical(typed) if isinstance(typed, str) and not thai.refuse(typed, 80) else ""
    if not text:
        return Redirect(f"/{tenant}/admin/members", status_code=303)
    here = web.here(request)
    async with within(here):
        counts = await service.counts(here)
        found = await service.colleagues(here, name=text)
    return await _list(request, found, counts, q=text)


@get("/{tenant:str}/admin/members/new", opt=MEMBERS)
async def new(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    return await _form(request, {}, [], {})


@post("/{tenant:str}/admin/members/places", opt=MEMBERS, status_code=200)
async def find_place(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    """The choices below the search box, while somebody types."""
    typed, here = web.typed(await request.form()), web.here(request)
    async with within(here):
        near = await near_of(here)
    return web.piece(request, "_places.html", **forms.tambons(typed, near))


@post("/{tenant:str}/admin/members", opt=MEMBERS)
async def join(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    """First the district knows the member, then sign-in the account: what a crash leaves in between opens nothing,
    and the same form, or an invitation, brings it to its end."""
    raw, here = await request.form(), web.here(request)
    typed, roles = web.typed(raw), [one for one in raw.getall("roles", []) if isinstance(one, str)]
    if raw.get("act") == "search":
        return await _form(request, typed, roles, {})
    form, errors = web.read(forms.Joining, raw)
    about, wrong = forms.details(form) if form else (None, {})
    if form is None or about is None:
        return await _form(request, typed, roles, errors | wrong, status=422)
    async with within(here):
        await service.join(here, NewMember(form.key, roles=tuple(sorted(set(form.roles))), **members.fields(about)))
    async with within(here):
        present = await service.these(here, [form.key], held=True)
        if form.key in present:
            await staff.let_in(here.tenant_id, form.key, *present[form.key], by=_by(request), now=clock.now())
    if form.key not in present:  # has left since; a form that is sent again brings nobody back
        return web.saved(request, f"/{tenant}/admin/members", text=routes_member.ENDED)
    return web.saved(request, f"/{tenant}/admin/members/{form.key}", text=JOINED)


ROUTES: list[Any] = [
    people,
    search,
    new,
    find_place,
    join,
    *routes_member.ROUTES,
    *invitations.ROUTES,
    *routes_settings.ROUTES,
    *routes_holidays.ROUTES,
    *routes_wording.ROUTES,
    *routes_line.ROUTES,
    *routes_setup.ROUTES,
    *routes_audit.ROUTES,
]


async def _list(
    request: Asked,
    found: list[service.Colleague],
    counts: dict[str, int],
    *,
    role: str = "",
    page: int = 1,
    q: str = "",
) -> Response[Any]:
    here = web.here(request)
    ways = await staff.entries(here.tenant_id, [one.id for one in found])
    total = counts.get(role, 0)
    return web.page(
        request,
        "admin/members.html",
        lines=[_line(one, ways.get(one.id), here) for one in found],
        counts=[(each, counts[each]) for each in ("", *OFFERED) if counts.get(each)],
        names=ROLE_NAMES,
        role=role,
        page=page,
        pages=-(-total // service.A_PAGE),
        total=total,
        q=q,
    )


def _line(one: service.Colleague, way: Entry | None, here: Here) -> Line:
    return Line(
        one.id,
        one.called_name,
        one.roles,
        places.where(one.subdistrict_code, one.moo),
        clock.short(clock.day(one.joined_at)),
        clock.short(clock.day(way.last_at)) if way and way.last_at else "",
        way is not None and way.opens,
        way is not None and way.phone_id is not None,
    )


async def _form(
    request: Asked, typed: forms.Typed, roles: list[str], errors: dict[str, str], *, status: int = 200
) -> Response[Any]:
    here = web.here(request)
    async with within(here):
        near = await near_of(here)
    return web.page(
        request,
        "admin/new.html",
        status=status,
        key=typed.get("key") or uuid7(),
        roles=[(each, ROLE_NAMES[each]) for each in OFFERED],
        chosen_roles=roles,
        errors=errors,
        **forms.of_template(typed, near),
    )


def _by(request: Asked) -> UUID:
    account_id: UUID = request.scope["state"]["session"].account_id
    return account_id
