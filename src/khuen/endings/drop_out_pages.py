"""The page of a drop-out: one proposes, another one decides."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from khuen import access, clock, undo, web
from khuen.endings import drop_outs, forms
from khuen.endings.drop_outs import NewProposal
from khuen.endings.forms import Asked, Page
from khuen.endings.rules import PROPOSALS, REASONS, Proposal, Reason
from khuen.endings.service import Subject
from khuen.tenancy import Here
from khuen.words import N_

PROPOSED = N_("Proposed. Clinic or doctor decide")
CONFIRMED = N_("The drop-out is confirmed and the case closed")
REJECTED = N_("Not confirmed: the case goes on")
TRIED = N_("Say what was tried: calls, visits, the family")


class ProposalForm(msgspec.Struct):
    key: UUID
    reason: Reason
    tried: Annotated[str, Meta(min_length=3, max_length=1000, extra={"lines": True, "error": TRIED})]


class DecisionForm(msgspec.Struct):
    decision: Literal["confirmed", "rejected"]
    answer: Annotated[str, Meta(max_length=500)] = ""


@get("/{tenant:str}/cases/{code:str}/drop-outs", opt={"perm": "endings.see"})
async def proposals(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[str]:
    return await PAGE.show(request, code)


@post("/{tenant:str}/cases/{code:str}/drop-outs", opt={"perm": "endings.close"})
async def propose(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(ProposalForm, raw)
    on = forms.day(raw, "on", errors)
    if form is None or errors:
        return await PAGE.again(request, code, errors)
    new = NewProposal(form.key, on, form.reason, form.tried)

    async def act(here: Here) -> tuple[str, str]:
        return PROPOSED, await undo.offer(here, "drop_out", await drop_outs.propose(here, code, new))

    return await PAGE.acted(request, code, act, "reason")


@post("/{tenant:str}/cases/{code:str}/drop-outs/{drop_out_id:uuid}/decision", opt={"perm": "endings.confirm"})
async def decide(
    request: Asked, tenant: FromPath[str], code: FromPath[str], drop_out_id: FromPath[UUID]
) -> Response[Any]:
    """A second member says yes or no; never whoever proposed it."""
    form, errors = web.read(DecisionForm, await request.form())
    if form is None:
        return await PAGE.again(request, code, errors)
    said = form.answer
    decide_so, text = (drop_outs.confirm, CONFIRMED) if form.decision == "confirmed" else (drop_outs.reject, REJECTED)

    async def act(here: Here) -> tuple[str, None]:
        await decide_so(here, code, drop_out_id, said)
        return text, None

    return await PAGE.acted(request, code, act, "answer")


ROUTES = [proposals, propose, decide]


async def _values(here: Here, case: Subject) -> dict[str, Any]:
    lines = await drop_outs.of_case(here, case, clinical=access.may(here.roles, "cases.clinical"))
    return {
        "lines": [(line, clock.in_words(line.proposed_at, here.now)) for line in lines],
        "waiting": any(line.state is Proposal.OPEN for line in lines),
        "by_rule": drop_outs.may_propose(case),
        "threshold": case.pack.pathway.drop_out_missed,
        "reasons": REASONS,
        "proposals": PROPOSALS,
    }


PAGE = Page("drop-outs", "endings/drop_outs.html", _values, ("reason", "tried", "answer"), tab="endings")
