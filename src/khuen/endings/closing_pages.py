"""The page of the end of treatment and of the file."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from khuen import clock, undo, web
from khuen.cases.rules import Stage
from khuen.endings import closing, episodes, forms, rules, treatment
from khuen.endings.closing import NewEnding
from khuen.endings.forms import Asked, Page
from khuen.endings.rules import ENDINGS, Ending
from khuen.endings.service import Subject
from khuen.tenancy import Here
from khuen.words import N_

COMPLETED = N_("The end of treatment is recorded. The follow-up rounds are planned")
CLOSED = N_("The case is closed. It can be opened again within 24 hours")
REOPENED = N_("The case is open again")
REOPENED_ALONE = N_("The case is open again. The buddy of before visits somebody else: assign a new one")
WHY = N_("Say why in a few words")
SEE, CLOSE = {"perm": "endings.see"}, {"perm": "endings.close"}


class CompletionForm(msgspec.Struct):
    key: UUID


class ClosureForm(msgspec.Struct):
    key: UUID
    kind: Ending
    note: Annotated[str, Meta(max_length=1000, extra={"lines": True})] = ""


class ReopeningForm(msgspec.Struct):
    why: Annotated[str, Meta(min_length=3, max_length=300, extra={"error": WHY})]


@get("/{tenant:str}/cases/{code:str}/endings", opt=SEE)
async def endings(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[str]:
    """How the case stands, what is still open of it, and the forms that end it."""
    return await PAGE.show(request, code)


@post("/{tenant:str}/cases/{code:str}/treatment-end", opt={"perm": "endings.complete"})
async def complete(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(CompletionForm, raw)
    on = forms.day(raw, "treated", errors)
    if form is None or errors:
        return await PAGE.again(request, code, errors)
    key = form.key

    async def act(here: Here) -> tuple[str, str]:
        done = await treatment.complete(here, code, key, on)
        return COMPLETED, await undo.offer(here, "treatment_end", done)

    return await PAGE.acted(request, code, act, "treated", fields={"on": "treated"})


@post("/{tenant:str}/cases/{code:str}/closure", opt=CLOSE)
async def close(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(ClosureForm, raw)
    on = forms.day(raw, "on", errors)
    if form is None or errors:
        return await PAGE.again(request, code, errors)
    new = NewEnding(form.key, form.kind, on, form.note)

    async def act(here: Here) -> tuple[str, None]:
        await closing.close(here, code, new)
        return CLOSED, None

    return await PAGE.acted(request, code, act, "kind")


@post("/{tenant:str}/cases/{code:str}/reopening", opt=CLOSE)
async def reopen(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    form, errors = web.read(ReopeningForm, await request.form())
    if form is None:
        return await PAGE.again(request, code, errors)
    why = form.why

    async def act(here: Here) -> tuple[str, None]:
        with_buddy = await closing.reopen(here, code, why)
        return REOPENED if with_buddy else REOPENED_ALONE, None

    return await PAGE.acted(request, code, act, "why")


ROUTES = [endings, complete, close, reopen]


async def _values(here: Here, case: Subject) -> dict[str, Any]:
    ended = await closing.of_case(here, case)
    others = await episodes.of_person(here, case)
    latest = ended[0] if ended and not ended[0].reopened else None
    return {
        "ended": [(one, *_when(here, one)) for one in ended],
        "may_reopen": case.closed and latest is not None and rules.may_reopen(latest.at, here.now),
        "choices": [(kind, ENDINGS[kind]) for kind in await closing.choices(here, case)],
        "endings": ENDINGS,
        "work": await closing.open_work(here, case),
        "episodes": others,
        "may_begin": case.closed and all(one.stage == Stage.CLOSED for one in others),
    }


def _when(here: Here, one: closing.Ended) -> tuple[str, str]:
    """(when it was closed, when it was opened again) in words."""
    again = clock.in_words(one.reopened[0], here.now) if one.reopened else ""
    return clock.in_words(one.at, here.now), again


PAGE = Page("endings", "endings/endings.html", _values, ("kind", "note", "why"), ("on", "treated"))
