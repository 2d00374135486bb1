"""The doctor's queue: one person after the other with the evidence inline; what was certified waits to be signed."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from khuen import web
from khuen.certificates import asking, queue_page, routes_case, routes_signing, service
from khuen.certificates.asking import Asked, DecisionForm, SignerForm
from khuen.certificates.rules import Kind
from khuen.certificates.service import NewDecision, Signer
from khuen.errors import Conflict, Invalid, KeyReused
from khuen.tenancy import within
from khuen.words import N_

DECIDE = {"perm": "certificates.decide"}
CERTIFIED = N_("Certified. It waits for your signature")
TOLD = N_("The coordinator sees it on the page of the case")
TAKEN_BACK = N_("Taken back")
KNOWN = N_("Your name and licence are kept")


@get("/{tenant:str}/doctor", opt=DECIDE)
async def queue(request: Asked, tenant: FromPath[str]) -> Response[str]:
    return await queue_page.page(request)


@post("/{tenant:str}/doctor/decisions", opt=DECIDE)
async def decide(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    typed = web.typed(await request.form())
    typed["said"] = typed.get(f"said-{typed.get('code')}", "")  # each person of the page has a field of their own
    form, errors = web.read(DecisionForm, typed)
    if form is None:
        return await queue_page.page(request, status=422, errors=errors, typed=typed)
    here = web.here(request)
    new = NewDecision(form.key, form.kind, bytes.fromhex(form.seen), form.said)
    try:
        async with within(here):
            await service.decide(here, form.code, new)
    except KeyReused:
        raise
    except (Invalid, Conflict) as refused:
        fields = refused.fields if isinstance(refused, Invalid) else {"said": str(refused)}
        wrong = {f"said-{form.code}": text for text in fields.values()}
        return await queue_page.page(request, status=refused.status, errors=wrong, typed=typed)
    return web.saved(request, f"/{tenant}/doctor", text=CERTIFIED if form.kind is Kind.CERTIFIED else TOLD)


@post("/{tenant:str}/doctor/decisions/{assessment_id:str}/removal", opt=DECIDE)
async def take_back(request: Asked, tenant: FromPath[str], assessment_id: FromPath[str]) -> Response[Any]:
    here = web.here(request)
    async with within(here):
        await service.take_back(here, asking.uuid_of(assessment_id))
    return web.saved(request, f"/{tenant}/doctor", text=TAKEN_BACK)


@post("/{tenant:str}/doctor/signer", opt=DECIDE)
async def sign_as(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(SignerForm, raw)
    if form is None:
        return await queue_page.page(request, status=422, errors=errors, typed=web.typed(raw))
    here = web.here(request)
    async with within(here):
        await service.sign_as(here, Signer(form.full_name, form.licence))
    return web.saved(request, f"/{tenant}/doctor", text=KNOWN)


ROUTES = [queue, decide, take_back, sign_as, *routes_signing.ROUTES, *routes_case.ROUTES]
