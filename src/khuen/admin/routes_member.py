"""One colleague's page: roles, details, the end of their work here, a phone taken away.

Whatever is said at the door (schema auth) is said while the member's row is held: two administrators take turns.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from khuen import audit, clock, members, places, thai, undo, web
from khuen.admin import forms, rules, service
from khuen.admin.forms import Changing, Correcting
from khuen.admin.rules import OFFERED
from khuen.admin.service import DetailsChanged, RolesChanged
from khuen.enrolment.opening import near_of
from khuen.errors import Invalid
from khuen.ids import uuid7
from khuen.members import Details
from khuen.signin import devices, staff
from khuen.signin.door import Asked
from khuen.signin.role_names import ROLE_NAMES
from khuen.signin.staff import Entry, LastAdministrator
from khuen.tenancy import within
from khuen.words import N_

MEMBERS = {"perm": "admin.members"}
CHANGED, CORRECTED = N_("The roles are changed"), N_("The details are saved")
LEFT_BEHIND = N_("The roles are changed. People who wait for another buddy now: %(people)s")
ENDED, PHONE_GONE = N_("Ended. This person cannot sign in here any more"), N_("That phone opens nothing any more")
CHANGED_MEANWHILE = N_("Somebody changed the roles meanwhile. Compare them, then decide again")
NOT_YOURSELF = N_("You cannot end your own membership. Another administrator can")


@get("/{tenant:str}/admin/members/{member_id:uuid}", opt=MEMBERS)
async def member(request: Asked, tenant: FromPath[str], member_id: FromPath[UUID]) -> Response[Any]:
    return await _member(request, member_id)


@post("/{tenant:str}/admin/members/{member_id:uuid}/roles", opt=MEMBERS)
async def change_roles(request: Asked, tenant: FromPath[str], member_id: FromPath[UUID]) -> Response[Any]:
    """Rights go before the district writes it down and come after, so that a crash in between leaves too few."""
    form, errors = web.read(Changing, await request.form())
    if form is None:
        return await _member(request, member_id, errors=errors, status=422)
    here, by, now, chosen = web.here(request), _by(request), clock.now(), [*map(str, form.roles)]
    try:
        async with within(here):
            wanted = await service.wanted_roles(here, member_id, frozenset(form.was), frozenset(chosen))
            await staff.keep_roles(here.tenant_id, member_id, wanted, by=by, now=now)
            waiting = await service.change_roles(here, member_id, wanted)
    except Invalid as error:
        return await _member(request, member_id, errors=error.fields, chosen=chosen, status=422)
    except LastAdministrator as error:
        return await _member(request, member_id, errors={"roles": error.text}, status=409)
    except RolesChanged:
        errors = {"roles": CHANGED_MEANWHILE}
        return await _member(request, member_id, errors=errors, chosen=chosen, differs=True, status=409)
    await _say_at_the_door(request, member_id)
    home = member_id == here.member_id and "tenant_admin" not in wanted
    to = f"/{tenant}/" if home else f"/{tenant}/admin/members/{member_id}"
    return web.saved(request, to, text=LEFT_BEHIND if waiting else CHANGED, people=waiting)


@get("/{tenant:str}/admin/members/{member_id:uuid}/details", opt=MEMBERS)
async def ask_details(request: Asked, tenant: FromPath[str], member_id: FromPath[UUID]) -> Response[Any]:
    return await _details(request, member_id)


@post("/{tenant:str}/admin/members/{member_id:uuid}/details", opt=MEMBERS)
async def correct(request: Asked, tenant: FromPath[str], member_id: FromPath[UUID]) -> Response[Any]:
    raw, here = await request.form(), web.here(request)
    typed = web.typed(raw)
    if raw.get("act") == "search":
        return await _details(request, member_id, typed)
    form, errors = web.read(Correcting, raw)
    about, wrong = forms.details(form) if form else (None, {})
    if form is None or about is None:
        return await _details(request, member_id, typed, errors=errors | wrong, status=422)
    try:
        async with within(here):
            await service.correct(here, member_id, form.was, about, form.reason)
    except DetailsChanged as changed:
        return await _details(request, member_id, typed, differs=changed.present, status=409)
    await _say_at_the_door(request, member_id)
    return web.saved(request, f"/{tenant}/admin/members/{member_id}", text=CORRECTED)


@get("/{tenant:str}/admin/members/{member_id:uuid}/ending", opt=MEMBERS)
async def ask_to_end(request: Asked, tenant: FromPath[str], member_id: FromPath[UUID]) -> Response[Any]:
    return await _confirm(request, member_id, "admin/ending.html")


@post("/{tenant:str}/admin/members/{member_id:uuid}/ending", opt=MEMBERS)
async def end(request: Asked, tenant: FromPath[str], member_id: FromPath[UUID]) -> Response[Any]:
    here = web.here(request)
    if member_id == here.member_id:
        return await _confirm(request, member_id, "admin/ending.html", problem=NOT_YOURSELF, status=409)
    try:
        async with within(here):
            await members.held(member_id)  # a stranger's membership is not found
            await staff.shut_out(here.tenant_id, member_id, by=_by(request), now=clock.now())
            await service.leave(here, member_id)
    except LastAdministrator as error:
        return await _confirm(request, member_id, "admin/ending.html", problem=error.text, status=409)
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
    member,
    change_roles,
    ask_details,
    correct,
    ask_to_end,
    end,
    ask_to_remove_phone,
    remove_phone,
]


async def _say_at_the_door(request: Asked, member_id: UUID) -> None:
    """Name and roles as they stand now, whoever wrote them last, to whoever has an account."""
    here = web.here(request)
    async with within(here):
        present = await service.these(here, [member_id], held=True)
        if member_id in present and await staff.entries(here.tenant_id, [member_id]):
            await staff.let_in(here.tenant_id, member_id, *present[member_id], by=_by(request), now=clock.now())


async def _member(
    request: Asked,
    member_id: UUID,
    *,
    errors: dict[str, str] | None = None,
    chosen: list[str] | None = None,
    differs: bool = False,
    status: int = 200,
) -> Response[Any]:
    """`differs`: what was chosen is shown beside what holds now, and stays ticked."""
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
        gender=forms.GENDERS.get(one.gender or "", ""),
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
        differs=differs,
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


async def _details(
    request: Asked,
    member_id: UUID,
    typed: forms.Typed | None = None,
    *,
    errors: dict[str, str] | None = None,
    differs: Details | None = None,
    status: int = 200,
) -> Response[Any]:
    """The form; `differs` are the details as they are now, when somebody changed them since it was opened."""
    here = web.here(request)
    async with within(here):
        known, near = await members.details(here, member_id), await near_of(here)
    filled = forms.shown(known) if typed is None else typed
    was = filled.get("was") if typed is not None and differs is None else None
    return web.page(
        request,
        "admin/details.html",
        status=status,
        one=known,
        member_id=member_id,
        was=was or rules.mark(members.fields(differs or known)),
        reasons=forms.REASONS,
        now_there=forms.shown(differs) if differs else None,
        now_place=places.where(differs.subdistrict_code, differs.moo) if differs else None,
        errors=errors or {},
        **forms.of_template(filled, near),
    )


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
