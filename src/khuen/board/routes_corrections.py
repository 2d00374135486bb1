"""What is corrected or withdrawn on a case page: name, safety note, phone, consents."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from msgspec import Meta

from khuen import thai, web
from khuen.board import case_page, corrections, reading, rules
from khuen.board.case_page import Asking
from khuen.board.corrections import Changed, Name
from khuen.cases import service as cases
from khuen.cases.rules import ConsentKind, Decision
from khuen.cases.service import asked_code
from khuen.errors import NotFound
from khuen.ids import uuid7
from khuen.tenancy import within
from khuen.words import N_

CORRECTED = N_("The correction is saved")
WITHDRAWN = N_("The withdrawal is recorded")
CORRECT, CONSENT = {"perm": "cases.correct"}, {"perm": "cases.consent"}


class NameForm(msgspec.Struct):
    key: UUID
    was: str
    given_name: Annotated[str, Meta(max_length=60)]
    family_name: Annotated[str, Meta(max_length=60)]
    prefix: Annotated[str, Meta(max_length=20)] = ""


class SafetyForm(msgspec.Struct):
    was: Annotated[str, Meta(max_length=500, extra={"lines": True})] = ""
    safety_note: Annotated[str, Meta(max_length=500, extra={"lines": True})] = ""


class PhoneForm(msgspec.Struct):
    was: str = ""
    phone: str = ""


class ConsentForm(msgspec.Struct):
    key: UUID
    kind: ConsentKind


@post("/{tenant:str}/cases/{code:str}/name", opt=CORRECT)
async def name(request: Asking, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(NameForm, raw)
    if form is None:
        return await case_page.shown(request, code, status=422, errors=errors, typed=web.typed(raw), edit="name")
    here = web.here(request)
    new = Name(form.prefix, form.given_name, form.family_name)
    try:
        async with within(here):
            await corrections.correct_name(here, asked_code(code), form.was, new, form.key)
    except Changed as changed:
        return await _changed(request, code, N_("Name"), changed, "name", web.typed(raw))
    return web.saved(request, f"/{tenant}/cases/{code}", text=CORRECTED)


@post("/{tenant:str}/cases/{code:str}/safety-note", opt=CORRECT)
async def safety_note(request: Asking, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(SafetyForm, raw)
    if form is None:
        return await case_page.shown(request, code, status=422, errors=errors, typed=web.typed(raw), edit="safety")
    here = web.here(request)
    try:
        async with within(here):
            await corrections.correct_safety_note(here, asked_code(code), form.was, form.safety_note)
    except Changed as changed:
        return await _changed(request, code, N_("Safety note"), changed, "safety", web.typed(raw))
    return web.saved(request, f"/{tenant}/cases/{code}", text=CORRECTED)


@post("/{tenant:str}/cases/{code:str}/phone", opt=CORRECT)
async def phone(request: Asking, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, _errors = web.read(PhoneForm, raw)
    read = thai.phone(form.phone) if form and form.phone else thai.Phone()
    if form is None or read.problem:
        wrong = {"phone": read.problem or web.WRONG}
        was = str(raw.get("was", ""))
        return await case_page.shown(request, code, status=422, errors=wrong, typed=web.typed(raw), phone_was=was)
    here = web.here(request)
    try:
        async with within(here):
            await corrections.correct_phone(here, asked_code(code), form.was, read.e164)
    except Changed as changed:
        both = Changed(thai.phone(changed.present).shown if changed.present else "", read.shown)
        return await _changed(request, code, N_("Phone"), both, None, {})
    return web.saved(request, f"/{tenant}/cases/{code}", text=CORRECTED)


@get("/{tenant:str}/cases/{code:str}/consents", opt=CONSENT)
async def consents(
    request: Asking, tenant: FromPath[str], code: FromPath[str], kind: FromQuery[str] = ""
) -> Response[Any]:
    """What a withdrawal means, before it is recorded: it cannot be undone."""
    here = web.here(request)
    async with within(here):
        head = await reading.case(here, asked_code(code), page="consents")
        stands = {line.kind: line for line in head.consents}
        if kind not in stands or stands[kind].decision != Decision.GIVEN:
            raise NotFound
        text = await cases.agreed_text(here, head.id, kind, stands[kind].version)
    return web.page(
        request,
        "board/consent.html",
        text=text,
        head=head,
        line=stands[kind],
        label=rules.CONSENTS[kind],
        consequence=rules.CONSEQUENCES[kind],
        key=uuid7(),
    )


@post("/{tenant:str}/cases/{code:str}/consents", opt=CONSENT)
async def withdraw_consent(request: Asking, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    form, errors = web.read(ConsentForm, await request.form())
    if form is None:
        return await case_page.shown(request, code, status=422, errors=errors)
    here = web.here(request)
    async with within(here):
        head = await reading.case(here, asked_code(code), page="consents")
        stands = {line.kind: line for line in head.consents}
        if form.kind not in stands or stands[form.kind].decision == Decision.REFUSED:
            raise NotFound
        if stands[form.kind].decision == Decision.GIVEN:
            decided = cases.Consent(form.kind, Decision.WITHDRAWN, stands[form.kind].version, here.today)
            await cases.record_consent(here, head.id, decided, key=form.key)
    return web.saved(request, f"/{tenant}/cases/{code}", text=WITHDRAWN)


ROUTES = [name, safety_note, phone, consents, withdraw_consent]


async def _changed(
    request: Asking, code: str, label: str, changed: Changed, edit: str | None, typed: dict[str, str]
) -> Response[Any]:
    return await case_page.shown(
        request, code, status=409, conflict=(label, changed.present, changed.typed), edit=edit, typed=typed
    )
