"""The consents of a case: what was agreed to, to read and to print; taken back; and given again after a new talk."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from msgspec import Meta

from khuen import clock, web
from khuen.board import case_page, reading, rules
from khuen.board.case_page import Asking
from khuen.cases import agreements
from khuen.cases import service as cases
from khuen.cases.agreements import Agreements
from khuen.cases.rules import CONSENTS, DECISIONS, ConsentKind, Decision
from khuen.cases.service import Consent, asked_code
from khuen.enrolment.problems import PROBLEMS
from khuen.enrolment.rules import GUARDIAN_UNDER, MARRIED, lacks_guardian, youngest_age
from khuen.errors import NotFound
from khuen.ids import uuid7
from khuen.tenancy import Here, within
from khuen.words import N_

WITHDRAWN, GIVEN = N_("The withdrawal is recorded"), N_("The consent is recorded")
READ_IT = N_("Read the text aloud first, then tick that the person agrees")
OTHER_WORDS = N_("This is not the text that was read. Read the one on this page")
SEE, CONSENT = {"perm": "cases.see"}, {"perm": "cases.consent"}
TAGS = {Decision.GIVEN: "done", Decision.REFUSED: "waiting", Decision.WITHDRAWN: "late"}


class WithdrawForm(msgspec.Struct):
    key: UUID
    kind: ConsentKind


class GiveForm(msgspec.Struct):
    key: UUID
    kind: ConsentKind
    version: str
    agrees: Annotated[bool, Meta(extra={"error": READ_IT})]
    guardian: Annotated[str, Meta(max_length=120)] = ""


@get("/{tenant:str}/cases/{code:str}/agreements", opt=SEE)
async def agreed(request: Asking, tenant: FromPath[str], code: FromPath[str]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        found = await agreements.of_case(here, asked_code(code))
    return _page(request, here, found, {}, {})


@post("/{tenant:str}/cases/{code:str}/agreements", opt=CONSENT)
async def give(request: Asking, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    """Given today, after the text of this case's pack was read aloud. Harmless twice."""
    raw = await request.form()
    form, errors = web.read(GiveForm, raw)
    here = web.here(request)
    async with within(here):
        found = await agreements.of_case(here, asked_code(code))
        if form is not None:
            errors = _wrong(here, found, form)
        if form is not None and not errors:
            guardian = "" if form.guardian == MARRIED else form.guardian
            given = Consent(form.kind, Decision.GIVEN, form.version, here.today, guardian or None)
            await cases.record_consent(here, found.case_id, given, key=form.key)
    if errors:
        return _page(request, here, found, errors, web.typed(raw))
    return web.saved(request, f"/{tenant}/cases/{code}/agreements", text=GIVEN)


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
        text = await agreements.text(here, head.id, kind, stands[kind].version)
    return web.page(
        request,
        "board/consent.html",
        text=text,
        head=head,
        line=stands[kind],
        label=CONSENTS[kind],
        consequence=rules.CONSEQUENCES[kind],
        key=uuid7(),
    )


@post("/{tenant:str}/cases/{code:str}/consents", opt=CONSENT)
async def withdraw(request: Asking, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    form, errors = web.read(WithdrawForm, await request.form())
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


ROUTES: list[Any] = [agreed, give, consents, withdraw]


def _wrong(here: Here, found: Agreements, form: GiveForm) -> dict[str, str]:
    asked = next(one for one in found.each if one.kind is form.kind)
    if not form.agrees:
        return {"agrees": READ_IT}
    if form.version != asked.version:
        return {"agrees": OTHER_WORDS}
    age = youngest_age(found.born_on, found.born_year, here.today)
    lacking = lacks_guardian(age, form.guardian)
    return {"guardian": PROBLEMS[lacking].what} if lacking else {}


def _page(
    request: Asking, here: Here, found: Agreements, errors: dict[str, str], typed: dict[str, str]
) -> Response[str]:
    age = youngest_age(found.born_on, found.born_year, here.today)
    return web.page(
        request,
        "board/agreements.html",
        status=422 if errors else 200,
        it=found,
        each=[(one, [(row, clock.in_words(row.recorded_at, here.now)) for row in one.decisions]) for one in found.each],
        consents=CONSENTS,
        decisions=DECISIONS,
        tags=TAGS,
        today=here.today,
        minor=age is None or age < GUARDIAN_UNDER,
        married=MARRIED,
        new_key=uuid7,
        errors=errors,
        typed=typed,
    )
