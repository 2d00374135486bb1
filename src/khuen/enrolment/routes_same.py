"""The question "the same person?", asked when somebody here resembles who is being enrolled."""

from __future__ import annotations

from typing import Any, TypeAlias
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from khuen import places, web
from khuen.enrolment import drafts, forms, sameness, service
from khuen.enrolment.forms import named
from khuen.errors import Conflict
from khuen.tenancy import within
from khuen.words import N_

ENROL = {"perm": "enrolment.enrol"}
CHOOSE_SAME = N_("Say whether it is the same person")

Asked: TypeAlias = Request[Any, Any, Any]


@get("/{tenant:str}/enrolments/same", opt=ENROL)
async def same(request: Asked, tenant: FromPath[str], d: FromQuery[UUID]) -> Response[Any]:
    return await _same_page(request, tenant, d, {})


@post("/{tenant:str}/enrolments/same", opt=ENROL)
async def decide_same(request: Asked, tenant: FromPath[str], d: FromQuery[UUID]) -> Response[Any]:
    typed = named(await request.form(), ("same",))
    here = web.here(request)
    if not typed.get("same"):
        return await _same_page(request, tenant, d, {"same": CHOOSE_SAME})
    try:
        async with within(here):
            held = await sameness.decide_same(here, d, typed["same"])
            around = await service.around(here)
    except Conflict:
        return await _same_page(request, tenant, d, {"same": CHOOSE_SAME})
    return to_step(tenant, forms.first_open(held.typed, around), d)


async def _same_page(request: Asked, tenant: str, draft_id: UUID, errors: dict[str, str]) -> Response[Any]:
    here = web.here(request)
    async with within(here):
        held = await drafts.draft(here, draft_id)
        found = await sameness.same_people(here, held)
        around = await service.around(here)
    if not found:
        return to_step(tenant, forms.first_open(held.typed, around), draft_id)
    return web.page(
        request,
        "enrolment/same.html",
        status=422 if errors else 200,
        held=held,
        found=[(one, (one.moo, places.label_of(one.subdistrict_code))) for one in found],
        may_be_new=all(one.by != "national_id" for one in found),
        errors=errors,
    )


def to_step(tenant: str, step: str, draft_id: UUID) -> Redirect:
    return Redirect(f"/{tenant}/enrolments/{step}?d={draft_id}", status_code=303)


ROUTES: list[Any] = [same, decide_same]
