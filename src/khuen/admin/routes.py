"""The people who work here: the list, one page for each; adding, changing roles, ending, taking a phone away."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Meta

from khuen import audit, clock, members, places, thai, undo, web
from khuen.admin import invitations, service
from khuen.admin.rules import CHOOSE_ROLE, OFFERED
from khuen.enrolment.opening import near_of
from khuen.errors import Conflict, Invalid
from khuen.ids import uuid7
from khuen.members import NewMember
from khuen.signin import devices, staff
from khuen.signin.door import Asked
from khuen.signin.role_names import ROLE_NAMES
from khuen.signin.staff import Entry, LastAdministrator
from khuen.tenancy import Here, within
from khuen.words import N_

MEMBERS = {"perm": "admin.members"}
JOINED, CHANGED = N_("Added. The next step is a link for the first sign-in"), N_("The roles are changed")
ENDED, PHONE_GONE = N_("Ended. This person cannot sign in here any more"), N_("That phone opens nothing any more")
NO_PLACE = N_("Not known")
NAME = N_("Write the name that colleagues use")
EMAIL_WRONG = N_("This is no e-mail address. Check it, or leave it empty")
MOO_WRONG = N_("The village number is a number, for example 3")
CHANGED_MEANWHILE = N_("Somebody changed the roles meanwhile. They are shown as they are now")
NOT_YOURSELF = N_("You cannot end your own membership. Another administrator can")
GENDERS = {"female": N_("Woman"), "male": N_("Man"), "other": N_("Other")}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")

Role = Literal["coordinator", "buddy", "clinic", "doctor", "chair", "hospital_director", "tenant_admin"]


class Joining(msgspec.Struct):
    key: UUID
    called_name: Annotated[str, Meta(min_length=2, max_length=80, extra={"error": NAME})]
    roles: Annotated[list[Role], Meta(extra={"error": CHOOSE_ROLE})]
    phone: str | None = None
    email: Annotated[str, Meta(max_length=120)] | None = None
    subdistrict_code: Annotated[str, Meta(pattern="^[0-9]{6}$")] | None = None
    moo: Annotated[str, Meta(max_length=3, extra={"error": MOO_WRONG})] | None = None
    gender: Literal["female", "male", "other"] | None = None


class Changing(msgspec.Struct):
    """`was` are the roles as the form showed them."""

    roles: list[Role] = []
    was: list[str] = []


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
    return await _form(request, {"key": str(uuid7())}, [], {})


@post("/{tenant:str}/admin/members/places", opt=MEMBERS, status_code=200)
async def find_place(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    """The choices below the search box, while somebody types."""
    typed, here = web.typed(await request.form()), web.here(request)
    async with within(here):
        near = await near_of(here)
    return web.piece(request, "_places.html", **_places(typed, near))


@post("/{tenant:str}/admin/members", opt=MEMBERS)
async def join(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    """First the district knows the member, then sign-in the account: what a crash leaves in between opens nothing,
    and the same form, or an invitation, brings it to its end."""
    raw, here = await request.form(), web.here(request)
    typed, roles = web.typed(raw), [one for one in raw.getall("roles", []) if isinstance(one, str)]
    if raw.get("act") == "search":
        return await _form(request, typed, roles, {})
    form, errors = web.read(Joining, raw)
    person, wrong = _person(form) if form else (None, {})
    if person is None:
        return await _form(request, typed, roles, errors | wrong, status=422)
    async with within(here):
        await service.join(here, person)
        present = await service.these(here, [person.id])
    if person.id not in present:  # has left since; a form that is sent again brings nobody back
        return web.saved(request, f"/{tenant}/admin/members", text=ENDED)
    name, held = present[person.id]
    await staff.let_in(here.tenant_id, person.id, name, held, by=_by(request), now=clock.now())
    return web.saved(request, f"/{tenant}/admin/members/{person.id}", text=JOINED)


@get("/{tenant:str}/admin/members/{member_id:uuid}", opt=MEMBERS)
async def member(request: Asked, tenant: FromPath[str], member_id: FromPath[UUID]) -> Response[Any]:
    return await _member(request, member_id)


@post("/{tenant:str}/admin/members/{member_id:uuid}/roles", opt=MEMBERS)
async def change_roles(request: Asked, tenant: FromPath[str], member_id: FromPath[UUID]) -> Response[Any]:
    """Rights go before the district writes it down and come after, so that a crash in between leaves too few."""
    form, errors = web.read(Changing, await request.form())
    if form is None:
        return await _member(request, member_id, errors=errors, status=422)
    here, by, now = web.here(request), _by(request), clock.now()
    try:
        async with within(here):
            wanted = await service.wanted_roles(here, member_id, frozenset(form.was), frozenset(form.roles))
        await staff.keep_roles(here.tenant_id, member_id, wanted, by=by, now=now)
        async with within(here):
            await members.set_roles(here, member_id, wanted)
            name = (await service.these(here, [member_id]))[member_id][0]
        if await staff.entries(here.tenant_id, [member_id]):
            await staff.let_in(here.tenant_id, member_id, name, wanted, by=by, now=now)
    except Invalid as error:
        return await _member(request, member_id, errors=error.fields, chosen=list(form.roles), status=422)
    except LastAdministrator as error:
        return await _member(request, member_id, errors={"roles": error.text}, status=409)
    except Conflict:
        return await _member(request, member_id, errors={"roles": CHANGED_MEANWHILE}, status=409)
    home = member_id == here.member_id and "tenant_admin" not in wanted
    return web.saved(request, f"/{tenant}/" if home else f"/{tenant}/admin/members/{member_id}", text=CHANGED)


@get("/{tenant:str}/admin/members/{member_id:uuid}/ending", opt=MEMBERS)
async def ask_to_end(request: Asked, tenant: FromPath[str], member_id: FromPath[UUID]) -> Response[Any]:
    return await _confirm(request, member_id, "admin/ending.html")


@post("/{tenant:str}/admin/members/{member_id:uuid}/ending", opt=MEMBERS)
async def end(request: Asked, tenant: FromPath[str], member_id: FromPath[UUID]) -> Response[Any]:
    here = web.here(request)
    if member_id == here.member_id:
        return await _confirm(request, member_id, "admin/ending.html", problem=NOT_YOURSELF, status=409)
    async with within(here):
        await members.held(member_id)  # a stranger's membership is not found
    try:
        await staff.shut_out(here.tenant_id, member_id, by=_by(request), now=clock.now())
    except LastAdministrator as error:
        return await _confirm(request, member_id, "admin/ending.html", problem=error.text, status=409)
    async with within(here):
        await members.leave(here, member_id)
    return web.saved(request, f"/{tenant}/admin/members", text=ENDED)


@get("/{tenant:str}/admin/members/{member_id:uuid}/phone-removal", opt=MEMBERS)
async def ask_to_remove_phone(request: Asked, tenant: FromPath[str], member_id: FromPath[UUID]) -> Response[Any]:
    return await _confirm(request, member_id, "admin/phone.html")


@post("/{tenant:str}/admin/members/{member_id:uuid}/phone-removal", opt=MEMBERS)
async def remove_phone(request: Asked, tenant: FromPath[str], member_id: FromPath[UUID]) -> Response[Any]:
    here = web.here(request)
    async with within(here):
        await members.held(member_id)
    way = (await staff.entries(here.tenant_id, [member_id])).get(member_id)
    if way and way.phone_id:
        await devices.revoke(way.account_id, way.phone_id, clock.now(), reason="administrator", by=_by(request))
        async with within(here):
            await audit.record(here, "member:phone_removed", member_id, device=way.phone_id)
    return web.saved(request, f"/{tenant}/admin/members/{member_id}", text=PHONE_GONE)


ROUTES: list[Any] = [
    people,
    search,
    new,
    find_place,
    join,
    member,
    change_roles,
    ask_to_end,
    end,
    ask_to_remove_phone,
    remove_phone,
    *invitations.ROUTES,
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
    request: Asked, typed: dict[str, str], roles: list[str], errors: dict[str, str], *, status: int = 200
) -> Response[Any]:
    here = web.here(request)
    async with within(here):
        near = await near_of(here)
    names = ("called_name", "phone", "email", "moo", "gender")
    return web.page(
        request,
        "admin/new.html",
        status=status,
        typed={name: typed.get(name, "") for name in names},
        key=typed.get("key") or uuid7(),
        roles=[(each, ROLE_NAMES[each]) for each in OFFERED],
        chosen_roles=roles,
        genders=GENDERS,
        errors=errors,
        **_places(typed, near),
    )


def _places(typed: dict[str, str], near: str) -> dict[str, Any]:
    found = places.choices(typed.get("q", ""), typed.get("subdistrict_code", ""), near)
    return {"no_place": NO_PLACE, **found}


def _person(form: Joining) -> tuple[NewMember | None, dict[str, str]]:
    errors: dict[str, str] = {}
    phone = thai.phone(form.phone) if form.phone else None
    if phone and phone.problem:
        errors["phone"] = phone.problem
    if form.email and not _EMAIL.fullmatch(form.email):
        errors["email"] = EMAIL_WRONG
    moo = thai.arabic(form.moo) if form.moo else None
    if moo and not moo.isdecimal():
        errors["moo"] = MOO_WRONG
    if form.subdistrict_code and places.place(form.subdistrict_code) is None:
        errors["subdistrict_code"] = web.WRONG
    if errors:
        return None, errors
    roles = tuple(sorted(set(form.roles)))
    number = phone.e164 if phone else None
    return (
        NewMember(form.key, form.called_name, roles, number, form.email, form.subdistrict_code, moo, form.gender),
        {},
    )


async def _member(
    request: Asked,
    member_id: UUID,
    *,
    errors: dict[str, str] | None = None,
    chosen: list[str] | None = None,
    status: int = 200,
) -> Response[Any]:
    here = web.here(request)
    async with within(here):
        one = await service.one(here, member_id)
        contact = await members.contact(here, member_id)
    way = (await staff.entries(here.tenant_id, [member_id])).get(member_id)
    held = [each for each in OFFERED if each in one.roles]
    return web.page(
        request,
        "admin/member.html",
        status=status,
        one=one,
        place=places.where(one.subdistrict_code, one.moo),
        phone=thai.phone(contact.phone).shown if contact.phone else "",
        email=contact.email or "",
        way=way,
        way_days=_days(way, here.now),
        since=clock.short(clock.day(one.joined_at)),
        terms=[
            (term.role, clock.short(clock.day(term.since_at)), term.ended_at and clock.short(clock.day(term.ended_at)))
            for term in one.terms
        ],
        roles=[(each, ROLE_NAMES[each]) for each in OFFERED],
        held=held,
        chosen=held if chosen is None else chosen,
        before=_before(one, here.now),
        own=member_id == here.member_id,
        key=uuid7(),
        errors=errors or {},
        names=ROLE_NAMES,
    )


def _before(one: service.Member, now: datetime) -> list[str]:
    """The roles before a change of the last minute, for the button that takes it back."""
    changed = one.before_last_change()
    if changed is None or now - changed[0] > timedelta(seconds=undo.SECONDS):
        return []
    return [each for each in OFFERED if each in changed[1]]


def _days(way: Entry | None, now: datetime) -> dict[str, str]:
    moments = {"last": way.last_at, "phone": way.phone_since} if way else {}
    return {name: clock.short(clock.day(at)) for name, at in moments.items() if at}


async def _confirm(
    request: Asked, member_id: UUID, template: str, *, problem: str | None = None, status: int = 200
) -> Response[Any]:
    here = web.here(request)
    async with within(here):
        one = await service.one(here, member_id)
    way = (await staff.entries(here.tenant_id, [member_id])).get(member_id)
    return web.page(request, template, status=status, one=one, way=way, problem=problem)


def _by(request: Asked) -> UUID:
    account_id: UUID = request.scope["state"]["session"].account_id
    return account_id
