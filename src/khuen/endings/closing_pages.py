"""The pages of the end of treatment, of a drop-out, and of the file."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from khuen import access, clock, undo, web
from khuen.cases.rules import Stage
from khuen.endings import closing, drop_outs, episodes, forms, rules, service, treatment
from khuen.endings.closing import NewEnding
from khuen.endings.drop_outs import NewProposal
from khuen.endings.forms import Asked
from khuen.endings.rules import ENDINGS, PROPOSALS, REASONS, Ending, Proposal, Reason
from khuen.errors import Conflict, Invalid, KeyReused
from khuen.tenancy import within
from khuen.words import N_

COMPLETED = N_("The end of treatment is recorded. The follow-up rounds are planned")
CLOSED = N_("The case is closed. It can be opened again within 24 hours")
REOPENED = N_("The case is open again")
REOPENED_ALONE = N_("The case is open again. The buddy of before visits somebody else: assign a new one")
PROPOSED = N_("Proposed. Clinic or doctor decide")
CONFIRMED = N_("The drop-out is confirmed and the case closed")
REJECTED = N_("Not confirmed: the case goes on")
WHY = N_("Say why in a few words")
TRIED = N_("Say what was tried: calls, visits, the family")
SEE, CLOSE = {"perm": "endings.see"}, {"perm": "endings.close"}


class CompletionForm(msgspec.Struct):
    key: UUID


class ClosureForm(msgspec.Struct):
    key: UUID
    kind: Ending
    note: Annotated[str, Meta(max_length=1000, extra={"lines": True})] = ""


class ReopeningForm(msgspec.Struct):
    why: Annotated[str, Meta(min_length=3, max_length=300, extra={"error": WHY})]


class ProposalForm(msgspec.Struct):
    key: UUID
    reason: Reason
    tried: Annotated[str, Meta(min_length=3, max_length=1000, extra={"lines": True, "error": TRIED})]


class DecisionForm(msgspec.Struct):
    decision: Literal["confirmed", "rejected"]
    answer: Annotated[str, Meta(max_length=500)] = ""


@get("/{tenant:str}/cases/{code:str}/endings", opt=SEE)
async def endings(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[str]:
    """How the case stands, what is still open of it, and the forms that end it."""
    return await _page(request, code)


@post("/{tenant:str}/cases/{code:str}/treatment-end", opt={"perm": "endings.complete"})
async def complete(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(CompletionForm, raw)
    on = forms.day(raw, "treated", errors)
    if form is None or errors:
        return await _page(request, code, status=422, errors=errors, typed=web.typed(raw))
    here = web.here(request)
    try:
        async with within(here):
            done = await treatment.complete(here, code, form.key, on)
            token = await undo.offer(here, "treatment_end", done)
    except Invalid as wrong:
        errors = {"treated": wrong.fields["on"]}
        return await _page(request, code, status=422, errors=errors, typed=web.typed(raw))
    except KeyReused:
        raise
    except Conflict as conflict:
        errors = {"treated": conflict.text}
        return await _page(request, code, status=409, errors=errors, typed=web.typed(raw))
    return web.saved(request, f"/{tenant}/cases/{code}/endings", text=COMPLETED, undo=token)


@post("/{tenant:str}/cases/{code:str}/closure", opt=CLOSE)
async def close(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(ClosureForm, raw)
    on = forms.day(raw, "on", errors)
    if form is None or errors:
        return await _page(request, code, status=422, errors=errors, typed=web.typed(raw))
    here = web.here(request)
    try:
        async with within(here):
            await closing.close(here, code, NewEnding(form.key, form.kind, on, form.note))
    except Invalid as wrong:
        return await _page(request, code, status=422, errors=wrong.fields, typed=web.typed(raw))
    except KeyReused:
        raise
    except Conflict as conflict:
        return await _page(request, code, status=409, errors={"kind": conflict.text}, typed=web.typed(raw))
    return web.saved(request, f"/{tenant}/cases/{code}/endings", text=CLOSED)


@post("/{tenant:str}/cases/{code:str}/reopening", opt=CLOSE)
async def reopen(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(ReopeningForm, raw)
    if form is None:
        return await _page(request, code, status=422, errors=errors, typed=web.typed(raw))
    here = web.here(request)
    try:
        async with within(here):
            with_buddy = await closing.reopen(here, code, form.why)
    except Conflict as conflict:
        return await _page(request, code, status=409, errors={"why": conflict.text}, typed=web.typed(raw))
    text = REOPENED if with_buddy else REOPENED_ALONE
    return web.saved(request, f"/{tenant}/cases/{code}/endings", text=text)


@get("/{tenant:str}/cases/{code:str}/drop-outs", opt=SEE)
async def proposals(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[str]:
    return await _drop_outs(request, code)


@post("/{tenant:str}/cases/{code:str}/drop-outs", opt=CLOSE)
async def propose(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(ProposalForm, raw)
    on = forms.day(raw, "on", errors)
    if form is None or errors:
        return await _drop_outs(request, code, status=422, errors=errors, typed=web.typed(raw))
    here = web.here(request)
    try:
        async with within(here):
            done = await drop_outs.propose(here, code, NewProposal(form.key, on, form.reason, form.tried))
            token = await undo.offer(here, "drop_out", done)
    except Invalid as wrong:
        return await _drop_outs(request, code, status=422, errors=wrong.fields, typed=web.typed(raw))
    except KeyReused:
        raise
    except Conflict as conflict:
        return await _drop_outs(request, code, status=409, errors={"reason": conflict.text}, typed=web.typed(raw))
    return web.saved(request, f"/{tenant}/cases/{code}/drop-outs", text=PROPOSED, undo=token)


@post("/{tenant:str}/cases/{code:str}/drop-outs/{drop_out_id:uuid}/decision", opt={"perm": "endings.confirm"})
async def decide(
    request: Asked, tenant: FromPath[str], code: FromPath[str], drop_out_id: FromPath[UUID]
) -> Response[Any]:
    """A second member says yes or no; never whoever proposed it."""
    raw = await request.form()
    form, errors = web.read(DecisionForm, raw)
    if form is None:
        return await _drop_outs(request, code, status=422, errors=errors, typed=web.typed(raw))
    here = web.here(request)
    act, text = (drop_outs.confirm, CONFIRMED) if form.decision == "confirmed" else (drop_outs.reject, REJECTED)
    try:
        async with within(here):
            await act(here, code, drop_out_id, form.answer)
    except Conflict as conflict:
        return await _drop_outs(request, code, status=409, errors={"answer": conflict.text}, typed=web.typed(raw))
    return web.saved(request, f"/{tenant}/cases/{code}/drop-outs", text=text)


ROUTES = [endings, complete, close, reopen, proposals, propose, decide]


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
        case = await service.seen(here, code, "endings")
        ended = await closing.of_case(here, case)
        choices = await closing.choices(here, case)
        work = await closing.open_work(here, case)
        others = await episodes.of_person(here, case)
    latest = ended[0] if ended and not ended[0].reopened else None
    shown = {"kind": "", "note": "", "why": ""} | (typed or {})
    shown = forms.fill_day(forms.fill_day(shown, "on", here.today), "treated", here.today)
    return forms.page(
        request,
        "endings/endings.html",
        case,
        "endings",
        status=status,
        errors=errors,
        ended=[(one, *_when(here.now, one)) for one in ended],
        may_reopen=case.closed and latest is not None and rules.may_reopen(latest.at, here.now),
        choices=[(kind, ENDINGS[kind]) for kind in choices],
        endings=ENDINGS,
        work=work,
        episodes=others,
        may_begin=case.closed and all(one.stage == Stage.CLOSED for one in others),
        typed=shown,
    )


async def _drop_outs(
    request: Asked,
    code: str,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
) -> Response[str]:
    here = web.here(request)
    async with within(here):
        case = await service.seen(here, code, "drop-outs")
        lines = await drop_outs.of_case(here, case, clinical=access.may(here.roles, "cases.clinical"))
    return forms.page(
        request,
        "endings/drop_outs.html",
        case,
        "endings",
        status=status,
        errors=errors,
        lines=[(line, clock.in_words(line.proposed_at, here.now)) for line in lines],
        waiting=any(line.state is Proposal.OPEN for line in lines),
        by_rule=drop_outs.may_propose(case),
        threshold=case.pack.pathway.drop_out_missed,
        reasons=REASONS,
        proposals=PROPOSALS,
        typed=forms.fill_day({"reason": "", "tried": "", "answer": ""} | (typed or {}), "on", here.today),
    )


def _when(now: Any, one: closing.Ended) -> tuple[str, str]:
    """(when it was closed, when it was opened again) in words."""
    return clock.in_words(one.at, now), clock.in_words(one.reopened[0], now) if one.reopened else ""
