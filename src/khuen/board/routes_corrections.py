"""What is corrected on a case page: name, safety note, phone."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.params import FromPath
from msgspec import Meta

from khuen import thai, web
from khuen.board import case_page, corrections
from khuen.board.case_page import Asking
from khuen.board.corrections import Changed, Name
from khuen.cases.service import asked_code
from khuen.tenancy import within
from khuen.words import N_

CORRECTED = N_("The correction is saved")
CORRECT = {"perm": "cases.correct"}


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


ROUTES = [name, safety_note, phone]


async def _changed(
    request: Asking, code: str, label: str, changed: Changed, edit: str | None, typed: dict[str, str]
) -> Response[Any]:
    return await case_page.shown(
        request, code, status=409, conflict=(label, changed.present, changed.typed), edit=edit, typed=typed
    )
