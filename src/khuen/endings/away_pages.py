"""The pages of referrals, of a while elsewhere, and of the transfer to another project."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from khuen import clock, undo, web
from khuen.endings import forms, referrals, stays, transfers
from khuen.endings.forms import Asked, Page
from khuen.endings.referrals import NewReferral
from khuen.endings.rules import ANSWERS, CAUSES, DECISIONS, Answer, Cause, Decision
from khuen.endings.service import Subject
from khuen.endings.stays import NewStay
from khuen.endings.transfers import NewTransfer
from khuen.tenancy import Here
from khuen.words import N_

REFERRED = N_("The referral is recorded. The case stays here")
ANSWERED = N_("The answer is recorded")
STAY_BEGUN = N_("Recorded. Visits rest until the day of return")
STAY_CHANGED = N_("The day of return is recorded")
OFFERED = N_("The transfer is offered")
DECIDED = N_("The answer to the transfer is recorded")
WHY = N_("Say why in a few words")
SEE, RECORD, TRANSFER = {"perm": "endings.see"}, {"perm": "endings.record"}, {"perm": "endings.transfer"}

Place = Annotated[str, Meta(min_length=2, max_length=120)]


class ReferralForm(msgspec.Struct):
    key: UUID
    place: Place
    cause: Cause
    note: Annotated[str, Meta(max_length=1000, extra={"lines": True})] = ""


class AnswerForm(msgspec.Struct):
    answer: Answer


class StayForm(msgspec.Struct):
    key: UUID
    place: Place


class ReturnForm(msgspec.Struct):
    what: Literal["returned", "longer"]


class TransferForm(msgspec.Struct):
    key: UUID
    project: UUID
    reason: Annotated[str, Meta(min_length=3, max_length=500, extra={"error": WHY})]


class DecisionForm(msgspec.Struct):
    decision: Decision


@get("/{tenant:str}/cases/{code:str}/referrals", opt=SEE)
async def all_referrals(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[str]:
    return await REFERRALS.show(request, code)


@post("/{tenant:str}/cases/{code:str}/referrals", opt=RECORD)
async def refer(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(ReferralForm, raw)
    on = forms.day(raw, "on", errors)
    if form is None or errors:
        return await REFERRALS.again(request, code, errors)
    new = NewReferral(form.key, form.place, form.cause, on, form.note)

    async def act(here: Here) -> tuple[str, str]:
        return REFERRED, await undo.offer(here, "referral", await referrals.refer(here, code, new))

    return await REFERRALS.acted(request, code, act, "place")


@post("/{tenant:str}/cases/{code:str}/referrals/{referral_id:uuid}/answer", opt=RECORD)
async def answer(
    request: Asked, tenant: FromPath[str], code: FromPath[str], referral_id: FromPath[UUID]
) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(AnswerForm, raw)
    on = forms.day(raw, "on", errors)
    if form is None or errors:
        return await REFERRALS.again(request, code, errors)
    found = form.answer

    async def act(here: Here) -> tuple[str, None]:
        await referrals.answer(here, code, referral_id, found, on)
        return ANSWERED, None

    return await REFERRALS.acted(request, code, act, "answer")


@get("/{tenant:str}/cases/{code:str}/stays", opt=SEE)
async def all_stays(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[str]:
    return await STAYS.show(request, code)


@post("/{tenant:str}/cases/{code:str}/stays", opt=RECORD)
async def begin_stay(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(StayForm, raw)
    from_on, until_on = forms.day(raw, "from", errors), forms.day(raw, "until", errors)
    if form is None or errors:
        return await STAYS.again(request, code, errors)
    new = NewStay(form.key, form.place, from_on, until_on)

    async def act(here: Here) -> tuple[str, str]:
        return STAY_BEGUN, await undo.offer(here, "stay", await stays.begin(here, code, new))

    return await STAYS.acted(request, code, act, "place")


@post("/{tenant:str}/cases/{code:str}/stays/{stay_id:uuid}/return", opt=RECORD)
async def change_stay(
    request: Asked, tenant: FromPath[str], code: FromPath[str], stay_id: FromPath[UUID]
) -> Response[Any]:
    """Came back on a day, or stays longer."""
    raw = await request.form()
    form, errors = web.read(ReturnForm, raw)
    on = forms.day(raw, "on", errors)
    if form is None or errors:
        return await STAYS.again(request, code, errors)
    returned = form.what == "returned"

    async def act(here: Here) -> tuple[str, None]:
        await stays.change(here, code, stay_id, on, returned=returned)
        return STAY_CHANGED, None

    return await STAYS.acted(request, code, act, "what")


@get("/{tenant:str}/cases/{code:str}/transfers", opt=SEE)
async def all_transfers(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[str]:
    return await TRANSFERS.show(request, code)


@post("/{tenant:str}/cases/{code:str}/transfers", opt=TRANSFER)
async def offer(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    form, errors = web.read(TransferForm, await request.form())
    if form is None:
        return await TRANSFERS.again(request, code, errors)
    new = NewTransfer(form.key, form.project, form.reason)

    async def act(here: Here) -> tuple[str, None]:
        await transfers.offer(here, code, new)
        return OFFERED, None

    return await TRANSFERS.acted(request, code, act, "project")


@post("/{tenant:str}/cases/{code:str}/transfers/{transfer_id:uuid}/decision", opt=TRANSFER)
async def decide(
    request: Asked, tenant: FromPath[str], code: FromPath[str], transfer_id: FromPath[UUID]
) -> Response[Any]:
    form, errors = web.read(DecisionForm, await request.form())
    if form is None:
        return await TRANSFERS.again(request, code, errors)
    decision = form.decision

    async def act(here: Here) -> tuple[str, None]:
        await transfers.decide(here, code, transfer_id, decision)
        return DECIDED, None

    return await TRANSFERS.acted(request, code, act, "decision")


ROUTES = [all_referrals, refer, answer, all_stays, begin_stay, change_stay, all_transfers, offer, decide]


async def _referrals(here: Here, case: Subject) -> dict[str, Any]:
    lines = await referrals.of_case(here, case)
    return {"lines": lines, "away": [one for one in lines if one.answer is None], "causes": CAUSES, "answers": ANSWERS}


async def _stays(here: Here, case: Subject) -> dict[str, Any]:
    lines = await stays.of_case(here, case)
    return {"lines": lines, "away": next((one for one in lines if one.returned_on is None), None)}


async def _transfers(here: Here, case: Subject) -> dict[str, Any]:
    lines = await transfers.of_case(here, case)
    return {
        "lines": [(one, clock.in_words(one.offered_at, here.now)) for one in lines],
        "waiting": next((one for one in lines if one.decision is None), None),
        "projects": await transfers.choices(here, case),
        "decisions": DECISIONS,
    }


REFERRALS = Page("referrals", "endings/referrals.html", _referrals, ("place", "cause", "note", "answer"))
STAYS = Page("stays", "endings/stays.html", _stays, ("place", "what"), ("on", "from", "until"))
TRANSFERS = Page("transfers", "endings/transfers.html", _transfers, ("project", "reason"))
