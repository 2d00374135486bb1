"""Ruling a buddy out for a person, what the person asks for, and a volunteer's own "not this one"."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from msgspec import Meta

from khuen import thai, web
from khuen.buddies import service, vetoes
from khuen.buddies.routes import CHOOSE_BUDDY, assignment_page
from khuen.buddies.rules import Why
from khuen.cases.service import asked_code
from khuen.errors import Conflict, KeyReused
from khuen.ids import uuid7
from khuen.tenancy import within
from khuen.words import N_

RULED_OUT, LIFTED = N_("The buddy is ruled out for this person"), N_("The two may be matched again")
WISH_KEPT = N_("The wish is kept")
DECLINED = N_("Thank you for saying so. The coordinator looks for somebody else")
ASSIGN, DECLINE = {"perm": "buddies.assign"}, {"perm": "buddies.decline"}

Asked: TypeAlias = Request[Any, Any, Any]


class RuleOutForm(msgspec.Struct):
    key: UUID
    ruled: Annotated[UUID, Meta(extra={"error": CHOOSE_BUDDY})]
    why: Why
    note: Annotated[str, Meta(max_length=200)] = ""


class WishForm(msgspec.Struct):
    key: UUID
    gender: Literal["female", "male", "any"]


class DeclineForm(msgspec.Struct):
    key: UUID
    why: Why
    note: Annotated[str, Meta(max_length=200)] = ""


@post("/{tenant:str}/cases/{code:str}/unsuited", opt=ASSIGN)
async def rule_out(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(RuleOutForm, raw)
    if form is None:
        return await assignment_page(request, code, errors, web.typed(raw), 422)
    here = web.here(request)
    try:
        async with within(here):
            case = await service.open_case(here, asked_code(code))
            await vetoes.rule_out(here, case.id, form.ruled, form.why, form.note, form.key)
    except KeyReused:
        raise
    except Conflict as error:
        return await assignment_page(request, code, {"ruled": error.text}, web.typed(raw), error.status)
    return web.saved(request, f"/{tenant}/cases/{code}/assignment", text=RULED_OUT)


@post("/{tenant:str}/cases/{code:str}/unsuited/{unsuited_id:uuid}/lifting", opt=ASSIGN)
async def lift(
    request: Asked, tenant: FromPath[str], code: FromPath[str], unsuited_id: FromPath[UUID]
) -> Response[Any]:
    here = web.here(request)
    async with within(here):
        case = await service.open_case(here, asked_code(code))
        await vetoes.lift(here, case.id, unsuited_id)
    return web.saved(request, f"/{tenant}/cases/{code}/assignment", text=LIFTED)


@post("/{tenant:str}/cases/{code:str}/buddy-wish", opt=ASSIGN)
async def wish(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(WishForm, raw)
    if form is None:
        return await assignment_page(request, code, errors, web.typed(raw), 422)
    here = web.here(request)
    async with within(here):
        case = await service.open_case(here, asked_code(code))
        await vetoes.ask_for(here, case.id, None if form.gender == "any" else form.gender, form.key)
    return web.saved(request, f"/{tenant}/cases/{code}/assignment", text=WISH_KEPT)


@get("/{tenant:str}/b/decline", opt=DECLINE)
async def ask_decline(request: Asked, tenant: FromPath[str], p: FromQuery[str]) -> Response[str]:
    return await _decline(request, p, {}, {}, 200)


@post("/{tenant:str}/b/decline", opt=DECLINE)
async def decline(request: Asked, tenant: FromPath[str], p: FromQuery[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(DeclineForm, raw)
    if form is None or form.why not in OWN:
        return await _decline(request, p, errors or {"why": web.CHOOSE}, web.typed(raw), 422)
    here = web.here(request)
    async with within(here):
        await vetoes.decline(here, asked_code(p), form.why, form.note, form.key)
    return web.saved(request, f"/{tenant}/b/", text=DECLINED)


ROUTES = [rule_out, lift, wish, ask_decline, decline]

#: what a volunteer may say of themselves
OWN = {
    Why.RELATIVE: N_("We are relatives"),
    Why.CONFLICT: N_("We or our families are at odds"),
    Why.DECLINED: N_("I cannot go on for now"),
}


async def _decline(
    request: Asked, code: str, errors: dict[str, str], typed: dict[str, str], status: int
) -> Response[str]:
    here = web.here(request)
    async with within(here):
        case = await vetoes.mine(here, asked_code(code))
    return web.page(
        request,
        "buddies/decline.html",
        status=status,
        code=case.code,
        name=thai.on_phone(case.called_name, case.family_name),
        whys=OWN,
        errors=errors,
        typed=typed,
        key=uuid7(),
    )
