"""Enrolling one person: five plain pages, and the list of drafts."""

from __future__ import annotations

from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from khuen import clock, web
from khuen.enrolment import (
    again,
    drafts,
    forms,
    routes_commit,
    routes_import,
    routes_rows,
    routes_same,
    sameness,
    service,
)
from khuen.enrolment.drafts import Held
from khuen.enrolment.enrol_pages import place_choices, sheet_of, unkept, values_of, wrong_here
from khuen.enrolment.forms import STEPS, named
from khuen.enrolment.routes_same import to_step
from khuen.errors import Conflict, Invalid, NotFound
from khuen.ids import uuid7
from khuen.people import pairs
from khuen.tenancy import Here, within
from khuen.words import N_

ENROL = {"perm": "enrolment.enrol"}
ENROLLED, BEGUN, DISCARDED, COUNTED = N_("Enrolled"), N_("Saved"), N_("Draft discarded"), N_("Counted. No name is kept")

Asked: TypeAlias = Request[Any, Any, Any]


class Begin(msgspec.Struct):
    """`again` is the code of a closed case whose person begins again."""

    key: UUID
    again: str | None = None


@get("/{tenant:str}/enrolments", opt=ENROL)
async def my_drafts(request: Asked, tenant: FromPath[str]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        mine, refused, waiting = await drafts.mine(here), await drafts.refusals(here), await pairs.waiting(here)
    lines = [(held, clock.in_words(held.changed_at, here.now), STEPS.get(held.step, STEPS["person"])) for held in mine]
    year = clock.fiscal_year(here.today)
    return web.page(
        request, "enrolment/drafts.html", drafts=lines, refused=refused, year=year, pairs=waiting, key=uuid7()
    )


@post("/{tenant:str}/enrolments", opt=ENROL)
async def begin(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    value, errors = web.read(Begin, await request.form())
    if value is None:
        raise Invalid(errors)
    here = web.here(request)
    async with within(here):
        if value.again:
            await again.begin_again(here, value.key, value.again)
        else:
            await drafts.begin(here, value.key)
    return to_step(tenant, "person", value.key)


@post("/{tenant:str}/enrolments/places", opt=ENROL)
async def find_place(request: Asked, tenant: FromPath[str]) -> Response[str]:
    """The choices below the search box, while somebody types."""
    typed = named(await request.form(), ("q", "subdistrict_code"))
    here = web.here(request)
    async with within(here):
        near = (await service.around(here)).near
    return web.piece(request, "_places.html", **place_choices(typed, near))


@post("/{tenant:str}/enrolments/refusal", opt=ENROL)
async def refuse(request: Asked, tenant: FromPath[str], d: FromQuery[UUID]) -> Response[Any]:
    here = web.here(request)
    async with within(here):
        await drafts.refuse(here, d)
    return web.saved(request, f"/{tenant}/enrolments", text=COUNTED)


@post("/{tenant:str}/enrolments/discard", opt=ENROL)
async def discard(request: Asked, tenant: FromPath[str], d: FromQuery[UUID]) -> Response[Any]:
    here = web.here(request)
    async with within(here):
        await drafts.discard(here, d)
    return web.saved(request, f"/{tenant}/enrolments", text=DISCARDED)


@get("/{tenant:str}/enrolments/consent-sheet", opt=ENROL)
async def consent_sheet(request: Asked, tenant: FromPath[str], d: FromQuery[UUID]) -> Response[str]:
    """The three texts with places to sign, for a district that keeps paper."""
    here = web.here(request)
    async with within(here):
        held = await drafts.draft(here, d)
        shown = await sheet_of(here, held)
    return web.page(request, "enrolment/consent_sheet.html", **shown)


@get("/{tenant:str}/enrolments/{step:str}", opt=ENROL)
async def step_page(request: Asked, tenant: FromPath[str], step: FromPath[str], d: FromQuery[UUID]) -> Response[Any]:
    if step not in STEPS:
        raise NotFound
    here = web.here(request)
    async with within(here):
        held = await drafts.draft(here, d)
        around = await service.around(here)
        if held.case_id is None and step == "check":
            if (first := forms.first_open(held.typed, around)) != "check":
                return to_step(tenant, first, d)
            if not sameness.decided(held, await sameness.same_people(here, held)):
                return to_step(tenant, "same", d)
        shown = await values_of(here, step, held, held.typed)
    if held.case_id is not None:
        return Redirect(f"/{tenant}/cases/{shown['code']}", status_code=303)
    return web.page(request, f"enrolment/{step}.html", errors={}, **shown)


@post("/{tenant:str}/enrolments/{step:str}", opt=ENROL)
async def save_step(request: Asked, tenant: FromPath[str], step: FromPath[str], d: FromQuery[UUID]) -> Response[Any]:
    if step == "check":
        return await _confirm(request, tenant, d)
    if step not in STEPS:
        raise NotFound
    form = await request.form()
    typed = named(form, (*forms.FIELDS[step], "q"))
    here = web.here(request)
    async with within(here):
        held = await drafts.draft(here, d)
        around = await service.around(here)
        errors = await wrong_here(here, step, held.typed | typed) | forms.problems(step, held.typed | typed, around)
        errors |= unkept(typed)
        searching = step == "address" and form.get("act") == "search"
        if errors or searching:
            shown = await values_of(here, step, held, held.typed | typed)
            status = 200 if searching else 422
            after = None
        else:
            held = await drafts.save(here, d, step, {name: typed[name] for name in forms.FIELDS[step]})
            after = await _next(here, step, held)
    if after is None:
        shown_errors = {} if searching else errors
        return web.page(request, f"enrolment/{step}.html", status=status, errors=shown_errors, **shown)
    return to_step(tenant, after, d)


async def _confirm(request: Asked, tenant: str, draft_id: UUID) -> Response[Any]:
    seen = named(await request.form(), ("seen",))["seen"]
    here = web.here(request)
    try:
        async with within(here):
            done = await service.confirm(here, draft_id, seen)
    except Conflict as conflict:
        async with within(here):
            held = await drafts.draft(here, draft_id)
            shown = await values_of(here, "check", held, held.typed)
        return web.page(request, "enrolment/check.html", status=409, errors={}, conflict=conflict.text, **shown)
    return web.saved(request, f"/{tenant}/cases/{done.code}", text=ENROLLED, undo=done.undo)


async def _next(here: Here, step: str, held: Held) -> str:
    if step == "person" and not sameness.decided(held, await sameness.same_people(here, held)):
        return "same"
    order = list(STEPS)
    return order[order.index(step) + 1]


ROUTES: list[Any] = [
    my_drafts,
    begin,
    find_place,
    refuse,
    discard,
    *routes_same.ROUTES,
    consent_sheet,
    step_page,
    save_step,
    *routes_import.ROUTES,
    *routes_rows.ROUTES,
    *routes_commit.ROUTES,
]
