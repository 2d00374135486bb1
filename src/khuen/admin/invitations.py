"""The administrator of a district lets people in: one-time links and a sheet of QR codes for a training day."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from khuen import clock, web
from khuen.admin import service
from khuen.admin.rules import OFFERED
from khuen.errors import NotFound
from khuen.ids import uuid7
from khuen.signin import devices, staff
from khuen.signin.door import Asked, settings_of
from khuen.signin.role_names import ROLE_NAMES
from khuen.signin.routes_account import qr
from khuen.tenancy import within
from khuen.words import N_

INVITE = {"perm": "admin.invite"}
NOBODY = N_("Choose at least one person")
TOO_MANY = N_("One sheet holds 20 people. Choose fewer")
NOT_A_BUDDY = N_("A link for a phone is for buddies. Choose the link for a desk for everybody else")


class Wanted(msgspec.Struct):
    key: UUID = msgspec.field(default_factory=uuid7)
    kind: Literal["device", "password"] = "password"
    member: Annotated[list[UUID], Meta(extra={"error": NOBODY})] = msgspec.field(default_factory=list)


@get("/{tenant:str}/admin/invitations", opt=INVITE)
async def choose(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    return await _page(request)


@post("/{tenant:str}/admin/invitations", opt=INVITE, status_code=200)
async def invite(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    """The links are on this answer only: we keep no more than their hashes. Who has no account gets one now."""
    here, now = web.here(request), clock.now()
    wanted, _ = web.read(Wanted, await request.form())
    if wanted is None:
        raise NotFound
    async with within(here):
        people = await service.these(here, wanted.member)
    if set(wanted.member) - set(people):
        raise NotFound
    if problem := _wrong([roles for _, roles in people.values()], wanted.kind):
        return await _page(request, status=422, asked=wanted, errors={"member": problem})
    by = request.scope["state"]["session"].account_id
    async with within(here):  # held, so that nobody's end or change of roles is overtaken by the link
        people = await service.these(here, wanted.member, held=True)
        accounts = {
            id_: await staff.let_in(here.tenant_id, id_, name, roles, by=by, now=now)
            for id_, (name, roles) in people.items()
        }
    pairs = [(account_id, str(wanted.kind)) for account_id in accounts.values()]
    links = await devices.invite(pairs, here.tenant_id, wanted.key, by, settings_of(request), now)
    sheet = [_line(request, people[id_][0], links[account_id]) for id_, account_id in accounts.items()]
    ends = now + devices.VALID  # said as a date: the sheet is printed, and "tomorrow" is another day on paper
    until = f"{clock.short(clock.day(ends))} {ends.astimezone(clock.BANGKOK):%H:%M}"
    return web.page(request, "admin/sheet.html", sheet=sheet, kind=wanted.kind, until=until)


async def _page(
    request: Asked, *, status: int = 200, asked: Wanted | None = None, errors: dict[str, str] | None = None
) -> Response[Any]:
    here, asked = web.here(request), asked or Wanted(kind="device")
    role, number = request.query_params.get("role", ""), _number(request.query_params.get("page", ""))
    role = role if role in OFFERED else ""
    async with within(here):
        counts = await service.counts(here)
        shown = await service.colleagues(here, role=role, page=number)
    ways = await staff.entries(here.tenant_id, [one.id for one in shown])
    return web.page(
        request,
        "admin/invitations.html",
        status=status,
        people=[(one, one.id in ways and ways[one.id].opens) for one in shown],
        roles=[each for each in OFFERED if each in counts],
        names=ROLE_NAMES,
        role=role,
        page=number,
        total=counts.get(role, 0),
        pages=-(-counts.get(role, 0) // service.A_PAGE),
        ticked=[str(id_) for id_ in asked.member],
        kind=asked.kind,
        key=uuid7(),
        errors=errors or {},
    )


def _wrong(chosen: list[frozenset[str]], kind: str) -> str | None:
    if not chosen:
        return NOBODY
    if len(chosen) > devices.SHEET:
        return TOO_MANY
    if kind == "device" and any("buddy" not in roles for roles in chosen):
        return NOT_A_BUDDY
    return None


def _line(request: Asked, called_name: str, token: str) -> dict[str, Any]:
    address = f"{settings_of(request).origin}/sign-in/once/{token}"
    return {"called_name": called_name, "address": address, "qr": qr(address)}


def _number(text: str) -> int:
    return max(1, int(text)) if text.isdecimal() and len(text) < 6 else 1


ROUTES: list[Any] = [choose, invite]
