"""The follow-up rounds: the page of one case with its form, and the coordinator's list of what is to do."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from msgspec import Meta

from khuen import clock, undo, web
from khuen.cases.rules import STAGES
from khuen.errors import Conflict, Invalid, KeyReused
from khuen.followups import rounds
from khuen.followups.round_rules import METHODS, RESULTS, STATES, Method, Result, State
from khuen.followups.rounds import NewResult
from khuen.ids import uuid7
from khuen.places import where
from khuen.tenancy import within
from khuen.words import N_

RECORDED = N_("The round is recorded")
SEE, RECORD = {"perm": "rounds.see"}, {"perm": "rounds.record"}

Asked: TypeAlias = Request[Any, Any, Any]


class ResultForm(msgspec.Struct):
    key: UUID
    number: Annotated[int, Meta(ge=1, le=50)]
    result: Result
    method: Method
    note: Annotated[str, Meta(max_length=1000, extra={"lines": True})] = ""


@get("/{tenant:str}/cases/{code:str}/follow-up", opt=SEE)
async def follow_up(
    request: Asked, tenant: FromPath[str], code: FromPath[str], n: FromQuery[int | None] = None
) -> Response[str]:
    """The rounds of one case; `n` chooses the one that the form records."""
    return await _page(request, code, n)


@post("/{tenant:str}/cases/{code:str}/follow-up", opt=RECORD)
async def record(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(ResultForm, raw)
    on = clock.parse_date(*(str(raw.get(f"on_{part}", "")) for part in ("day", "month", "year")))
    if isinstance(on, str):
        errors["on"] = on
    if form is None or isinstance(on, str):
        return await _page(request, code, _number(raw), status=422, errors=errors, typed=web.typed(raw))
    here = web.here(request)
    try:
        async with within(here):
            new = NewResult(form.key, form.number, on, form.result, form.method, form.note)
            token = await undo.offer(here, "follow_up_result", await rounds.record(here, code, new))
    except Invalid as wrong:
        return await _page(request, code, form.number, status=422, errors=wrong.fields, typed=web.typed(raw))
    except KeyReused:
        raise
    except Conflict as conflict:
        errors = {"result": conflict.text}
        return await _page(request, code, form.number, status=409, errors=errors, typed=web.typed(raw))
    return web.saved(request, f"/{tenant}/cases/{code}/follow-up", text=RECORDED, undo=token)


@get("/{tenant:str}/follow-ups", opt=SEE)
async def to_do(
    request: Asked, tenant: FromPath[str], show: FromQuery[str] = "all", page: FromQuery[int] = 1
) -> Response[str]:
    """Rounds that can be made now, the first to be lost first."""
    here, late = web.here(request), show == "late"
    page = min(max(page, 1), 10_000)
    async with within(here):
        found = await rounds.to_do(here, late=late, page=page)
    return web.page(
        request,
        "followups/to_do.html",
        lines=[(line, where(line.subdistrict_code, line.moo), clock.short(line.lost_on)) for line in found.lines],
        total=found.total,
        late=late,
        page=page,
        pages=max(1, -(-found.total // rounds.PAGE)),
        names=ROUND_UNITS,
        states=STATES,
    )


ROUTES = [follow_up, record, to_do]

#: "2w" and "6m" in words
ROUND_UNITS = {"w": N_("%(n)s weeks"), "m": N_("%(n)s months")}


async def _page(
    request: Asked,
    code: str,
    number: int | None,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
) -> Response[str]:
    here = web.here(request)
    async with within(here):
        found = await rounds.of_case(here, code)
    able = [line for line in found.lines if line.state in (State.OPEN, State.LATE)]
    chosen = next((line for line in found.lines if line.round.number == number), able[0] if able else None)
    today = {"on_day": here.today.day, "on_month": here.today.month, "on_year": clock.buddhist(here.today)}
    return web.page(
        request,
        "followups/rounds.html",
        status=status,
        found=found,
        base=f"/{request.path_params['tenant']}/cases/{code}",
        code=code,
        lines=[(line, [(one, clock.in_words(one.at, here.now)) for one in line.results]) for line in found.lines],
        chosen=chosen if chosen and chosen.state is not State.COMING else None,
        names=ROUND_UNITS,
        states=STATES,
        stages=STAGES,
        results=RESULTS,
        methods=METHODS,
        errors=errors or {},
        typed={"result": "", "method": "", "note": "", **today, **(typed or {})},
        key=uuid7(),
    )


def _number(raw: Any) -> int | None:
    text = str(raw.get("number", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 3 else None
