"""The page of the follow-up rounds of a case, with the form that records one."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from msgspec import Meta

from khuen import clock, undo, web
from khuen.endings import aftercare, forms
from khuen.endings.forms import Asked, Page
from khuen.endings.service import Subject
from khuen.followups import rounds
from khuen.followups.round_rules import METHODS, RESULTS, STATES, UNITS, Method, Result, State, tells_use
from khuen.followups.rounds import NewResult
from khuen.tenancy import Here
from khuen.words import N_

RECORDED = N_("The round is recorded")
USE_TOLD = N_("The round is recorded. The buddy is asked to visit, and time with the doctor is asked for")


class ResultForm(msgspec.Struct):
    key: UUID
    number: Annotated[int, Meta(ge=1, le=50)]
    result: Result
    method: Method
    note: Annotated[str, Meta(max_length=1000, extra={"lines": True})] = ""


@get("/{tenant:str}/cases/{code:str}/follow-up", opt={"perm": "rounds.see"})
async def follow_up(
    request: Asked, tenant: FromPath[str], code: FromPath[str], n: FromQuery[int | None] = None
) -> Response[str]:
    """The rounds of one case; `n` chooses the one that the form records."""
    return await _page(n).show(request, code)


@post("/{tenant:str}/cases/{code:str}/follow-up", opt={"perm": "rounds.record"})
async def record(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(ResultForm, raw)
    on = forms.day(raw, "on", errors)
    page = _page(_number(raw))
    if form is None or errors:
        return await page.again(request, code, errors)
    new = NewResult(form.key, form.number, on, form.result, form.method, form.note)

    async def act(here: Here) -> tuple[str, str]:
        told = await aftercare.record(here, code, new)
        return USE_TOLD if told else RECORDED, await undo.offer(here, "follow_up_result", new.key)

    return await page.acted(request, code, act, "result")


ROUTES = [follow_up, record]


def _page(number: int | None) -> Page:
    """With the form of that round, or of the first one that can be recorded now."""

    async def values(here: Here, case: Subject) -> dict[str, Any]:
        found = await rounds.of_case(here, case.id, case.person_id, case.treated_until)
        able = [line for line in found.lines if line.state in (State.OPEN, State.LATE)]
        chosen = next((line for line in found.lines if line.round.number == number), able[0] if able else None)
        told = [[(one, clock.in_words(one.at, here.now)) for one in line.results] for line in found.lines]
        return {
            "found": found,
            "lines": list(zip(found.lines, told, strict=True)),
            "chosen": chosen if chosen and chosen.state is not State.COMING else None,
            "names": UNITS,
            "tells_use": tells_use,
            "states": STATES,
            "results": RESULTS,
            "methods": METHODS,
        }

    return Page("follow-up", "endings/rounds.html", values, ("result", "method", "note"))


def _number(raw: Any) -> int | None:
    text = str(raw.get("number", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 3 else None
