"""The certificate of one case: its papers, what the doctor asks, a corrected paper, and taking one back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from khuen import audit, clock, clockwork, web
from khuen.cases.rules import STAGES
from khuen.certificates import asking, issuing, queue_page, rules, service
from khuen.certificates.asking import AnswerForm, Asked, CorrectionForm, RevocationForm
from khuen.certificates.rules import CORRECTED, ENDED, REVOKED, Kind
from khuen.certificates.service import NewDecision
from khuen.errors import Conflict, Invalid, KeyReused
from khuen.ids import uuid7
from khuen.tenancy import Here, within
from khuen.words import N_

F = TypeVar("F", bound=msgspec.Struct)
SEE, ANSWER, DECIDE = ({"perm": f"certificates.{act}"} for act in ("see", "answer", "decide"))
ANSWERED = N_("The doctor reads your answer")
CORRECTS = N_("The corrected paper waits for your signature")
REVOKED_NOW = N_("Revoked. Whoever checks the paper reads it from now on")


@get("/{tenant:str}/cases/{code:str}/certificate", opt=SEE)
async def of_case(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[str]:
    return await _page(request, code)


@post("/{tenant:str}/cases/{code:str}/certificate/answers", opt=ANSWER)
async def answer(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    async def act(here: Here, form: AnswerForm) -> None:
        await service.answer(here, code, form.said, form.key)

    refused = await _tried(request, code, AnswerForm, act, "said")
    return refused or web.saved(request, f"/{tenant}/cases/{code}/certificate", text=ANSWERED)


@post("/{tenant:str}/cases/{code:str}/certificate/corrections", opt=DECIDE)
async def correct(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    async def act(here: Here, form: CorrectionForm) -> None:
        new = NewDecision(form.key, Kind.CERTIFIED, bytes.fromhex(form.seen), why=form.why)
        await service.decide(here, code, new)

    refused = await _tried(request, code, CorrectionForm, act, "why")
    return refused or web.saved(request, f"/{tenant}/doctor?show=reviewed", text=CORRECTS)


@post("/{tenant:str}/cases/{code:str}/certificate/{paper_id:str}/revocation", opt=DECIDE)
async def revoke(request: Asked, tenant: FromPath[str], code: FromPath[str], paper_id: FromPath[str]) -> Response[Any]:
    async def act(here: Here, form: RevocationForm) -> None:
        await issuing.revoke(here, code, asking.uuid_of(paper_id), form.why, form.note, form.key)

    if refused := await _tried(request, code, RevocationForm, act, "why"):
        return refused
    await clockwork.ask_for("issue_certificates", clock.now())
    return web.saved(request, f"/{tenant}/cases/{code}/certificate", text=REVOKED_NOW)


@get("/{tenant:str}/cases/{code:str}/certificate/{paper_id:str}/file.pdf", opt=SEE)
async def file(request: Asked, tenant: FromPath[str], code: FromPath[str], paper_id: FromPath[str]) -> Response[bytes]:
    here = web.here(request)
    async with within(here):
        content, _number = await issuing.pdf(here, code, asking.uuid_of(paper_id))
    headers = {"content-disposition": f'inline; filename="certificate-{code}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


ROUTES = [of_case, answer, correct, revoke, file]


async def _tried(
    request: Asked, code: str, kind: type[F], act: Callable[[Here, F], Awaitable[None]], field: str
) -> Response[Any] | None:
    """Read the form and act in one transaction: None when it was done, else the page with what is wrong, and with what
    was written. A refusal that belongs to no field is said at `field`."""
    raw, here = await request.form(), web.here(request)
    form, errors = web.read(kind, raw)
    if form is None:
        return await _page(request, code, status=422, errors=errors, typed=web.typed(raw))
    try:
        async with within(here):
            await act(here, form)
    except KeyReused:
        raise
    except (Invalid, Conflict) as refused:
        errors = refused.fields if isinstance(refused, Invalid) else {field: str(refused)}
        return await _page(request, code, status=refused.status, errors=errors, typed=web.typed(raw))
    return None


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
        found = await service.one(here, code)
        papers = await issuing.papers(here, found.evidence)
        await audit.record(here, "case:seen", found.evidence.case_id, page="certificate")
    said = found.evidence.said
    return web.page(
        request,
        "certificates/case.html",
        status=status,
        code=code,
        base=f"/{request.path_params['tenant']}/cases/{code}",
        line=found,
        asked=bool(said) and said[-1].kind in (Kind.ASKED, Kind.DECLINED),
        papers=papers,
        spoken=rules.spoken,
        stages=STAGES,
        states=rules.STATES,
        kinds=queue_page.KINDS,
        ended=ENDED,
        corrected=[(str(why), ENDED[why]) for why in CORRECTED],
        revoked=[(str(why), ENDED[why]) for why in REVOKED],
        key=uuid7(),
        errors=errors or {},
        typed=typed or {},
    )
