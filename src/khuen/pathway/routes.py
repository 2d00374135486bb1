"""The way of one case: every condition with its evidence, and leaving one out with a reason."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from khuen import access, undo, web
from khuen.cases.rules import STAGES
from khuen.cases.service import asked_code
from khuen.errors import Conflict, KeyReused
from khuen.ids import uuid7
from khuen.pathway import rules, service
from khuen.pathway.rules import ACTS, CONDITIONS, LEADS, STATES, Condition, Line, State
from khuen.pathway.service import Way
from khuen.tenancy import Here, within
from khuen.words import N_

LEFT_OUT = N_("The condition is left out")
WHY = N_("Say why in a few words: the doctor reads it")
SEE, SKIP = {"perm": "cases.see"}, {"perm": "cases.skip"}

Asked: TypeAlias = Request[Any, Any, Any]


class SkipForm(msgspec.Struct):
    key: UUID
    condition: Condition
    reason: Annotated[str, Meta(min_length=3, max_length=300, extra={"error": WHY})]


@get("/{tenant:str}/cases/{code:str}/pathway", opt=SEE)
async def pathway(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[str]:
    return await _page(request, code)


@post("/{tenant:str}/cases/{code:str}/skips", opt=SKIP)
async def skip(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(SkipForm, raw)
    if form is None:
        return await _page(request, code, status=422, errors=errors, typed=web.typed(raw))
    here = web.here(request)
    try:
        async with within(here):
            done = await service.skip(here, asked_code(code), form.condition, form.reason, form.key)
            token = await undo.offer(here, "condition_skip", done)
    except KeyReused:
        raise
    except Conflict as conflict:
        return await _page(request, code, status=409, errors={"reason": str(conflict)}, typed=web.typed(raw))
    return web.saved(request, f"/{tenant}/cases/{code}/pathway", text=LEFT_OUT, undo=token)


ROUTES = [pathway, skip]


async def _page(
    request: Asked,
    code: str,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
) -> Response[str]:
    here = web.here(request)
    async with within(here):
        name, found = await service.seen(here, asked_code(code))
    return web.page(
        request,
        "pathway/pathway.html",
        status=status,
        code=code,
        name=name,
        way=found,
        lines=[(line, _shown(here, line, found)) for line in found.progress.lines],
        conditions=CONDITIONS,
        states=STATES,
        acts=ACTS,
        leads=LEADS,
        stages=STAGES,
        may_skip=rules.may_skip,
        broken_on=found.facts.broken_on if access.may(here.roles, "cases.clinical") else None,
        errors=errors or {},
        typed=typed or {},
        key=uuid7(),
    )


def _shown(here: Here, line: Line, way: Way) -> tuple[int, int, State] | None:
    """(how much, of how much, state), or None for what only clinic and doctor may see: how many tests were negative.

    Whoever coordinates sees how many tests were done, and that the line is met once everything is.
    """
    if line.condition is not Condition.TESTS or access.may(here.roles, "cases.clinical") or line.state is State.SKIPPED:
        return line.have, line.want, line.state
    return (line.want, line.want, State.DONE) if way.progress.ready else None
