"""The coordinator gives people their buddies: one at a time, or all who wait with one press."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias
from uuid import UUID, uuid5

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from khuen import audit, clock, thai, undo, web
from khuen.buddies import service, vetoes
from khuen.buddies.rules import REASONS, WHYS, Suggestion
from khuen.buddies.service import NewAssignment, Waiting
from khuen.cases.service import asked_code
from khuen.errors import Conflict, Invalid
from khuen.ids import uuid7
from khuen.places import Where, where
from khuen.tenancy import within
from khuen.words import N_

A_PAGE = 50
ASSIGNED = N_("The buddy is assigned")
MATCHED = N_("Buddies assigned: %(n)s")
CHOOSE_BUDDY = N_("Choose a buddy")
ASSIGN = {"perm": "buddies.assign"}

Asked: TypeAlias = Request[Any, Any, Any]


class AssignmentForm(msgspec.Struct):
    key: UUID
    member_id: Annotated[UUID, Meta(extra={"error": CHOOSE_BUDDY})]
    extra_reason: Annotated[str, Meta(min_length=3, max_length=200)] | None = None
    reason: Annotated[str, Meta(min_length=3, max_length=200)] | None = None


class MatchingForm(msgspec.Struct):
    """`pair` is "case id:member id", once for each person who gets a buddy."""

    key: UUID
    pair: Annotated[list[str], Meta(max_length=A_PAGE, extra={"limit": 80, "error": CHOOSE_BUDDY})]


@get("/{tenant:str}/cases/{code:str}/assignment", opt=ASSIGN)
async def assignment(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[str]:
    return await assignment_page(request, code, {}, {}, 200)


@post("/{tenant:str}/cases/{code:str}/assignment", opt=ASSIGN)
async def assign(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(AssignmentForm, raw)
    if form is None:
        return await assignment_page(request, code, errors, web.typed(raw), 422)
    here = web.here(request)
    try:
        async with within(here):
            case = await service.open_case(here, asked_code(code))
            await service.replace(
                here, NewAssignment(form.key, case.id, form.member_id, form.extra_reason), form.reason
            )
            token = await undo.offer(here, "assignment", form.key)
    except Invalid as error:
        return await assignment_page(request, code, error.fields, web.typed(raw), error.status)
    except Conflict as error:
        return await assignment_page(request, code, {"extra_reason": error.text}, web.typed(raw), error.status)
    return web.saved(request, f"/{tenant}/cases/{code}", text=ASSIGNED, undo=token)


@get("/{tenant:str}/matching", opt=ASSIGN)
async def matching(request: Asked, tenant: FromPath[str]) -> Response[str]:
    return await _matching(request, {}, 200)


@post("/{tenant:str}/matching", opt=ASSIGN)
async def match(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    form, errors = web.read(MatchingForm, await request.form())
    pairs = _pairs(form) if form else None
    if form is None or pairs is None:
        return await _matching(request, errors or {"pair": web.WRONG}, 422)
    here = web.here(request)
    try:
        async with within(here):
            await service.assign(here, pairs)
            token = await undo.offer(here, "matching", form.key)
    except Conflict as error:
        return await _matching(request, {"pair": error.text}, error.status)
    return web.saved(request, f"/{tenant}/matching", text=MATCHED, undo=token, n=len(pairs))


ROUTES = [assignment, assign, matching, match]


async def assignment_page(
    request: Asked, code: str, errors: dict[str, str], typed: dict[str, str], status: int
) -> Response[str]:
    """Who suits, who is ruled out and what the person asks for; after a wrong form with what was typed."""
    here = web.here(request)
    async with within(here):
        case = await service.open_case(here, asked_code(code))
        held = await service.history(here, case.id)
        choice, out = await service.choice(here, case.id), await vetoes.ruled_out(here, case.id)
        await audit.record(here, "case:seen", case.id, page="assignment")
    return web.page(
        request,
        "buddies/assignment.html",
        status=status,
        case=case,
        name=thai.on_phone(case.called_name, case.family_name),
        place=where(case.subdistrict_code, case.moo),
        current=held[0] if held and held[0].ended_at is None else None,
        suggested=[(one, where(one.subdistrict_code, one.moo)) for one in choice.suggested],
        everybody=[(one.member_id, one.called_name) for one in choice.everybody],
        ruled_out=[(one, clock.in_words(one.at, here.now)) for one in out],
        wish=choice.wish,
        whys=WHYS,
        reasons=REASONS,
        errors=errors,
        typed={"member_id": "", "extra_reason": "", "reason": "", "note": "", "why": "", "ruled": "", **typed},
        key=uuid7(),
    )


async def _matching(request: Asked, errors: dict[str, str], status: int) -> Response[str]:
    here = web.here(request)
    async with within(here):
        cases = await service.waiting(here, A_PAGE)
        suggested = await service.suggestions(here, [case.id for case in cases])
    return web.page(
        request,
        "buddies/matching.html",
        status=status,
        rows=[_row(case, suggested.get(case.id, [])) for case in cases],
        reasons=REASONS,
        errors=errors,
        key=uuid7(),
    )


def _row(case: Waiting, suggested: list[Suggestion]) -> tuple[Waiting, str, Where, list[tuple[Suggestion, Where]]]:
    """(case, name, place, the buddies who visit nobody yet with their places)."""
    free = [(one, where(one.subdistrict_code, one.moo)) for one in suggested if one.current_cases == 0]
    return case, thai.on_phone(case.called_name, case.family_name), where(case.subdistrict_code, case.moo), free


def _pairs(form: MatchingForm) -> list[NewAssignment] | None:
    try:
        read = [tuple(UUID(part) for part in pair.split(":")) for pair in form.pair]
        return [
            NewAssignment(uuid5(form.key, str(case_id)), case_id, member_id, batch_id=form.key)
            for case_id, member_id in read
        ]
    except ValueError:
        return None
