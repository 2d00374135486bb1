"""The case page with its tabs, its contact details, and the acts that take a press: acknowledge, take back."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from khuen import thai, undo, web
from khuen.board import acting, case_page, reading, routes_consents, routes_corrections
from khuen.board.back import way_back
from khuen.board.case_page import Asking
from khuen.cases.service import asked_code
from khuen.errors import Conflict, Ended, KeyReused
from khuen.followups import service as followups
from khuen.tenancy import within
from khuen.words import N_

ACKNOWLEDGED = N_("Acknowledged")
TAKEN_BACK = N_("Taken back")
ALREADY_BACK = N_("This was taken back already")
TOO_LATE = N_("The time for taking this back has passed. Open the page and correct it there.")
MOVED_ON = N_("There is a newer answer of the buddy. Look at it, then decide.")
SEE = {"perm": "cases.see"}


class AcknowledgeForm(msgspec.Struct):
    key: UUID
    seen: UUID | None = None
    note: Annotated[str, Meta(max_length=300)] = ""


@get("/{tenant:str}/cases/{code:str}", opt=SEE)
async def case(request: Asking, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    """The page, or for htmx one of its tabs."""
    return await case_page.shown(request, code)


@post("/{tenant:str}/cases/{code:str}/acknowledgements", opt={"perm": "cases.acknowledge"})
async def acknowledge(request: Asking, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    form, errors = web.read(AcknowledgeForm, await request.form())
    if form is None:
        return await case_page.shown(request, code, status=422, errors=errors)
    here = web.here(request)
    try:
        async with within(here):
            done = await followups.acknowledge(here, asked_code(code), form.key, form.note, seen=form.seen)
            token = await undo.offer(here, "acknowledgement", done)
    except KeyReused:
        raise
    except Conflict:
        return await case_page.shown(request, code, status=409, conflict=(MOVED_ON, "", ""))
    return web.saved(request, way_back(request, tenant, f"cases/{code}"), text=ACKNOWLEDGED, undo=token)


@post("/{tenant:str}/cases/{code:str}/contact", opt=SEE, status_code=200)
async def contact(request: Asking, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    """Phone, house and national id, for whoever asked for them; never part of the page itself."""
    here = web.here(request)
    async with within(here):
        found = await reading.contact(here, asked_code(code))
    phone = thai.phone(found.phone).shown if found.phone else ""
    shown: dict[str, Any] = {"contact": found, "phone_shown": phone, "phone_was": found.phone or ""}
    if web.is_htmx(request):
        return web.piece(request, "board/_contact.html", code=code, errors={}, typed={}, **shown)
    return await case_page.shown(request, code, **shown)


@post("/{tenant:str}/undo/{token:str}", opt={"perm": "undo"})
async def take_back(request: Asking, tenant: FromPath[str], token: FromPath[str]) -> Response[Any]:
    here = web.here(request)
    try:
        async with within(here):
            fresh = await acting.take_back(here, token)
    except Ended:
        raise Ended(TOO_LATE) from None
    home = "board" if "coordinator" in here.roles else "b/" if "buddy" in here.roles else ""
    return web.saved(request, way_back(request, tenant, home), text=TAKEN_BACK if fresh else ALREADY_BACK)


ROUTES = [case, acknowledge, contact, take_back, *routes_consents.ROUTES, *routes_corrections.ROUTES]
