"""The livelihood of one person: courses, occupation grants, work, and the forms for them."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from khuen import clock, web
from khuen.cases.rules import STAGES
from khuen.errors import Invalid
from khuen.ids import uuid7
from khuen.tenancy import within
from khuen.training import courses, labels, livelihood, rules, service
from khuen.training.livelihood import NewGrant, NewWork
from khuen.training.rules import Check, Employer, Found, Job, Partner, Refusal, Step, Why
from khuen.treatment import forms
from khuen.words import N_

Asked: TypeAlias = Request[Any, Any, Any]

SEE, RECORD = ({"perm": f"training.{act}"} for act in ("see", "record"))
ENROLLED, GRANT_SAVED = N_("Enrolled in the course"), N_("The grant is written down")
STEP_SAVED, WORK_SAVED = N_("Saved what became of the grant"), N_("The work is written down")
CHECK_SAVED = N_("Saved what came of asking after the work")


class TrainingForm(msgspec.Struct):
    key: UUID
    course: UUID


class GrantForm(msgspec.Struct):
    grant_key: UUID
    source_kind: Partner
    source: Annotated[str, Meta(min_length=2, max_length=120)]
    baht: Annotated[str, Meta(max_length=20)]
    what_for: Annotated[str, Meta(min_length=2, max_length=200)]


class WorkForm(msgspec.Struct):
    work_key: UUID
    job: Job
    employer: Employer


class StepForm(msgspec.Struct):
    key: UUID
    what: str
    granted: Annotated[str, Meta(max_length=20)] = ""
    reason: Refusal | None = None


class CheckForm(msgspec.Struct):
    key: UUID
    found: Found
    months: str = ""
    why: Why | None = None


@get("/{tenant:str}/cases/{code:str}/livelihood", opt=SEE)
async def of_case(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[str]:
    return await _person(request, code, {}, {})


@post("/{tenant:str}/cases/{code:str}/trainings", opt=RECORD)
async def enrol(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(TrainingForm, raw)
    if form is None:
        return await _person(request, code, errors, web.typed(raw))
    here = web.here(request)
    try:
        async with within(here):
            case = await service.subject(here, code)
            await courses.enrol(here, form.course, [case.code], form.key)
    except Invalid as error:
        return await _person(request, code, {"course": error.fields["codes"]}, web.typed(raw))
    return _back(request, code, ENROLLED)


@post("/{tenant:str}/cases/{code:str}/grants", opt=RECORD)
async def apply(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(GrantForm, raw)
    on = forms.day(raw, "applied", errors)
    amount = rules.baht(form.baht) if form else None
    if form and amount is None:
        errors["baht"] = rules.NO_BAHT
    if form is None or on is None or amount is None:
        return await _person(request, code, errors, web.typed(raw))
    here = web.here(request)
    try:
        async with within(here):
            new = NewGrant(form.grant_key, form.source_kind, form.source, amount, form.what_for, on)
            await livelihood.apply(here, code, new)
    except Invalid as error:
        return await _person(request, code, error.fields, web.typed(raw))
    return _back(request, code, GRANT_SAVED)


@get("/{tenant:str}/cases/{code:str}/grants/{grant_id:uuid}", opt=SEE)
async def grant(request: Asked, tenant: FromPath[str], code: FromPath[str], grant_id: FromPath[UUID]) -> Response[str]:
    return await _grant(request, code, grant_id, {}, {})


@post("/{tenant:str}/cases/{code:str}/grants/{grant_id:uuid}", opt=RECORD)
async def step(request: Asked, tenant: FromPath[str], code: FromPath[str], grant_id: FromPath[UUID]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(StepForm, raw)
    on = forms.day(raw, "on", errors)
    amount = rules.baht(form.granted) if form and form.granted else None
    if form and form.granted and amount is None:
        errors["granted"] = rules.NO_BAHT
    if form is None or on is None or errors:
        return await _grant(request, code, grant_id, errors, web.typed(raw))
    here = web.here(request)
    try:
        async with within(here):
            await livelihood.step(here, code, grant_id, form.key, Step(form.what, on, amount), form.reason)
    except Invalid as error:
        return await _grant(request, code, grant_id, error.fields, web.typed(raw))
    return _back(request, code, STEP_SAVED)


@post("/{tenant:str}/cases/{code:str}/work", opt=RECORD)
async def record_work(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(WorkForm, raw)
    since = forms.day(raw, "since", errors)
    if form is None or since is None:
        return await _person(request, code, errors, web.typed(raw))
    here = web.here(request)
    try:
        async with within(here):
            await livelihood.record_work(here, code, NewWork(form.work_key, form.job, form.employer, since))
    except Invalid as error:
        return await _person(request, code, error.fields, web.typed(raw))
    return _back(request, code, WORK_SAVED)


@get("/{tenant:str}/cases/{code:str}/work/{work_id:uuid}", opt=SEE)
async def work(request: Asked, tenant: FromPath[str], code: FromPath[str], work_id: FromPath[UUID]) -> Response[str]:
    return await _work(request, code, work_id, {}, {})


@post("/{tenant:str}/cases/{code:str}/work/{work_id:uuid}", opt=RECORD)
async def check(request: Asked, tenant: FromPath[str], code: FromPath[str], work_id: FromPath[UUID]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(CheckForm, raw)
    on = forms.day(raw, "on", errors)
    if form and form.months not in {"", *map(str, rules.MONTHS)}:
        errors["months"] = web.CHOOSE
    if form is None or on is None or errors:
        return await _work(request, code, work_id, errors, web.typed(raw))
    here = web.here(request)
    new = Check(int(form.months) if form.months else None, form.found, on)
    try:
        async with within(here):
            await livelihood.check_work(here, code, work_id, form.key, new, form.why)
    except Invalid as error:
        return await _work(request, code, work_id, error.fields, web.typed(raw))
    return _back(request, code, CHECK_SAVED)


ROUTES: list[Any] = [of_case, enrol, apply, grant, step, record_work, work, check]


def _back(request: Asked, code: str, text: str) -> Response[Any]:
    return web.saved(request, f"/{request.path_params['tenant']}/cases/{code}/livelihood", text=text)


async def _person(request: Asked, code: str, errors: dict[str, str], typed: dict[str, str]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        found = await livelihood.livelihood(here, code)
    base = {"key": str(uuid7()), "grant_key": str(uuid7()), "work_key": str(uuid7())}
    base |= {"course": "", "source_kind": "", "source": "", "baht": "", "what_for": "", "job": "", "employer": ""}
    base |= forms.parts("applied", here.today) | forms.parts("since", here.today)
    return web.page(
        request,
        "training/livelihood.html",
        status=422 if errors else 200,
        it=found,
        errors=errors,
        typed=base | typed,
        stages=STAGES,
        **_words(),
    )


async def _grant(
    request: Asked, code: str, grant_id: UUID, errors: dict[str, str], typed: dict[str, str]
) -> Response[str]:
    here = web.here(request)
    async with within(here):
        case, found = await livelihood.grant(here, code, grant_id)
    base = {"key": str(uuid7()), "what": "", "granted": "", "reason": ""}
    return web.page(
        request,
        "training/grant.html",
        status=422 if errors else 200,
        case=case,
        it=found,
        at=lambda moment: clock.in_words(moment, here.now),
        errors=errors,
        typed=base | forms.parts("on", here.today) | typed,
        **_words(),
    )


async def _work(
    request: Asked, code: str, work_id: UUID, errors: dict[str, str], typed: dict[str, str]
) -> Response[str]:
    here = web.here(request)
    async with within(here):
        case, found = await livelihood.work(here, code, work_id)
    due = next((str(one.months) for one in found.dates if one.state is rules.State.DUE), "")
    base = {"key": str(uuid7()), "months": due, "found": "", "why": ""}
    return web.page(
        request,
        "training/work.html",
        status=422 if errors else 200,
        case=case,
        it=found,
        at=lambda moment: clock.in_words(moment, here.now),
        errors=errors,
        typed=base | forms.parts("on", here.today) | typed,
        **_words(),
    )


def _words() -> dict[str, Any]:
    return {
        "partners": labels.PARTNERS,
        "outcomes": labels.OUTCOMES,
        "whys": labels.WHYS,
        "grant_words": labels.GRANTS,
        "refusals": labels.REFUSALS,
        "jobs": labels.JOBS,
        "employers": labels.EMPLOYERS,
        "founds": labels.FOUNDS,
        "states": labels.STATES,
        "tags": labels.TAGS,
    }
