"""The administrator of a district lets people in: one-time links and a sheet of QR codes for a training day."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from khuen import clock, web
from khuen.errors import NotFound
from khuen.ids import uuid7
from khuen.signin import devices
from khuen.signin.door import Asked, settings_of
from khuen.signin.role_names import ROLE_NAMES
from khuen.signin.routes_account import qr
from khuen.words import N_

INVITE = {"perm": "admin.invite"}
NOBODY = N_("Choose at least one person")
TOO_MANY = N_("One sheet holds 20 people. Choose fewer")
NOT_A_BUDDY = N_("A link for a phone is for buddies. Choose the link for a desk for everybody else")


@get("/{tenant:str}/admin/invitations", opt=INVITE)
async def choose(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    return await _page(request, role=request.query_params.get("role", ""))


@post("/{tenant:str}/admin/invitations", opt=INVITE, status_code=200)
async def invite(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    """The links are on this answer only: we keep no more than their hashes."""
    form, place, now = await request.form(), request.scope["state"]["tenant"], clock.now()
    kind = "device" if form.get("kind") == "device" else "password"
    ticked = {value for value in form.getall("account", []) if isinstance(value, str)}
    known = {str(member["account_id"]): member for member in await devices.members(place.tenant_id)}
    if ticked - set(known):
        raise NotFound
    chosen = [member for key, member in known.items() if key in ticked]
    wrong = _wrong(chosen, kind)
    if wrong:
        return await _page(request, status=422, ticked=ticked, kind=kind, errors={"account": wrong})
    links = await devices.invite(
        [(member["account_id"], kind) for member in chosen],
        place.tenant_id,
        _key(form.get("key")),
        request.scope["state"]["session"].account_id,
        settings_of(request),
        now,
    )
    sheet = [_line(request, member, links[member["account_id"]]) for member in chosen]
    return web.page(
        request, "signin/sheet.html", sheet=sheet, kind=kind, until=clock.in_words(now + devices.VALID, now)
    )


async def _page(
    request: Asked,
    *,
    status: int = 200,
    role: str = "",
    ticked: set[str] | None = None,
    kind: str = "device",
    errors: dict[str, str] | None = None,
) -> Response[Any]:
    members = await devices.members(request.scope["state"]["tenant"].tenant_id)
    return web.page(
        request,
        "signin/invitations.html",
        status=status,
        members=[member for member in members if not role or role in member["roles"]],
        roles=[each for each in ROLE_NAMES if any(each in member["roles"] for member in members)],
        names=ROLE_NAMES,
        role=role,
        ticked=sorted(ticked or set()),
        kind=kind,
        key=uuid7(),
        errors=errors or {},
    )


def _wrong(chosen: list[dict[str, Any]], kind: str) -> str | None:
    if not chosen:
        return NOBODY
    if len(chosen) > devices.SHEET:
        return TOO_MANY
    if kind == "device" and any("buddy" not in member["roles"] for member in chosen):
        return NOT_A_BUDDY
    return None


def _line(request: Asked, member: dict[str, Any], token: str) -> dict[str, Any]:
    address = f"{settings_of(request).origin}/sign-in/once/{token}"
    return {"called_name": member["called_name"], "address": address, "qr": qr(address)}


def _key(typed: Any) -> UUID:
    try:
        return UUID(str(typed))
    except ValueError:
        return uuid7()


ROUTES: list[Any] = [choose, invite]
