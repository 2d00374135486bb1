"""The case page with its tabs, and what is done on it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from msgspec import Meta

from khuen import clock, places, thai, undo, web
from khuen.board import rules, service
from khuen.board.back import way_back
from khuen.board.service import Changed, Entry, Name
from khuen.cases import service as cases
from khuen.cases.rules import STAGES, ConsentKind, Decision
from khuen.cases.service import asked_code
from khuen.enrolment.rules import LEGAL_BASES, PROPOSERS
from khuen.errors import Conflict, Ended, KeyReused, NotFound
from khuen.followups import service as followups
from khuen.followups.rules import HOWS
from khuen.ids import uuid7
from khuen.tenancy import Here, within
from khuen.words import N_

Asking: TypeAlias = Request[Any, Any, Any]

ACKNOWLEDGED = N_("Acknowledged")
CORRECTED = N_("The correction is saved")
WITHDRAWN = N_("The withdrawal is recorded")
TAKEN_BACK = N_("Taken back")
ALREADY_BACK = N_("This was taken back already")
TOO_LATE = N_("The time for taking this back has passed. Open the page and correct it there.")
MOVED_ON = N_("There is a newer answer of the buddy. Look at it, then decide.")
TABS = {
    "path": N_("Path"),
    "visits": N_("Visits"),
    "buddy": N_("Buddy"),
    "opened": N_("Who opened this file"),
}
EDITS = ("name", "safety")
#: what an entry of the timeline is called; %(what)s is its answer, stage or name
HAPPENED = {
    "step": N_("Stage: %(what)s"),
    "check_in": N_("Visit: %(what)s"),
    "consent": N_("%(more)s: %(what)s"),
    "buddy": N_("Buddy: %(what)s"),
    "buddy_ended": N_("No longer buddy: %(what)s"),
    "acknowledged": N_("Acknowledged"),
}
OPENED_AS = {
    "case:seen": N_("Opened the case"),
    "document:seen": N_("Looked at the contact details"),
    "person:named": N_("Had the name shown"),
}
SEE, CORRECT = {"perm": "cases.see"}, {"perm": "cases.correct"}


class AcknowledgeForm(msgspec.Struct):
    key: UUID
    seen: UUID | None = None
    note: Annotated[str, Meta(max_length=300)] = ""


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


@get("/{tenant:str}/cases/{code:str}", opt=SEE)
async def case(request: Asking, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    """The page, or for htmx one of its tabs."""
    return await _page(request, code)


@post("/{tenant:str}/cases/{code:str}/acknowledgements", opt={"perm": "cases.acknowledge"})
async def acknowledge(request: Asking, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    form, errors = web.read(AcknowledgeForm, await request.form())
    if form is None:
        return await _page(request, code, status=422, errors=errors)
    here = web.here(request)
    try:
        async with within(here):
            done = await followups.acknowledge(here, asked_code(code), form.key, form.note, seen=form.seen)
            token = await undo.offer(here, "acknowledgement", done)
    except KeyReused:
        raise
    except Conflict:
        return await _page(request, code, status=409, conflict=(MOVED_ON, "", ""))
    return web.saved(request, way_back(request, tenant, f"cases/{code}"), text=ACKNOWLEDGED, undo=token)


@post("/{tenant:str}/cases/{code:str}/contact", opt=SEE, status_code=200)
async def contact(request: Asking, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    """Phone, house and national id, for whoever asked for them; never part of the page itself."""
    here = web.here(request)
    async with within(here):
        found = await service.contact(here, asked_code(code))
    phone = thai.phone(found.phone).shown if found.phone else ""
    shown: dict[str, Any] = {"contact": found, "phone_shown": phone, "phone_was": found.phone or ""}
    if web.is_htmx(request):
        return web.piece(request, "board/_contact.html", code=code, errors={}, typed={}, **shown)
    return await _page(request, code, **shown)


@post("/{tenant:str}/cases/{code:str}/name", opt=CORRECT)
async def name(request: Asking, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(NameForm, raw)
    if form is None:
        return await _page(request, code, status=422, errors=errors, typed=web.typed(raw), edit="name")
    here = web.here(request)
    new = Name(form.prefix, form.given_name, form.family_name)
    try:
        async with within(here):
            await service.correct_name(here, asked_code(code), form.was, new, form.key)
    except Changed as changed:
        return await _changed(request, code, N_("Name"), changed, "name", web.typed(raw))
    return web.saved(request, f"/{tenant}/cases/{code}", text=CORRECTED)


@post("/{tenant:str}/cases/{code:str}/safety-note", opt=CORRECT)
async def safety_note(request: Asking, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(SafetyForm, raw)
    if form is None:
        return await _page(request, code, status=422, errors=errors, typed=web.typed(raw), edit="safety")
    here = web.here(request)
    try:
        async with within(here):
            await service.correct_safety_note(here, asked_code(code), form.was, form.safety_note)
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
        return await _page(request, code, status=422, errors=wrong, typed=web.typed(raw), phone_was=was)
    here = web.here(request)
    try:
        async with within(here):
            await service.correct_phone(here, asked_code(code), form.was, read.e164)
    except Changed as changed:
        both = Changed(thai.phone(changed.present).shown if changed.present else "", read.shown)
        return await _changed(request, code, N_("Phone"), both, None, {})
    return web.saved(request, f"/{tenant}/cases/{code}", text=CORRECTED)


@get("/{tenant:str}/cases/{code:str}/consents", opt={"perm": "cases.consent"})
async def consents(
    request: Asking, tenant: FromPath[str], code: FromPath[str], kind: FromQuery[str] = ""
) -> Response[Any]:
    """What a withdrawal means, before it is recorded: it cannot be undone."""
    here = web.here(request)
    async with within(here):
        head = await service.case(here, asked_code(code), page="consents")
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


@post("/{tenant:str}/cases/{code:str}/consents", opt={"perm": "cases.consent"})
async def withdraw_consent(request: Asking, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    form, errors = web.read(ConsentForm, await request.form())
    if form is None:
        return await _page(request, code, status=422, errors=errors)
    here = web.here(request)
    async with within(here):
        head = await service.case(here, asked_code(code), page="consents")
        stands = {line.kind: line for line in head.consents}
        if form.kind not in stands or stands[form.kind].decision == Decision.REFUSED:
            raise NotFound
        if stands[form.kind].decision == Decision.GIVEN:
            decided = cases.Consent(form.kind, Decision.WITHDRAWN, stands[form.kind].version, here.today)
            await cases.record_consent(here, head.id, decided, key=form.key)
    return web.saved(request, f"/{tenant}/cases/{code}", text=WITHDRAWN)


@post("/{tenant:str}/undo/{token:str}", opt={"perm": "undo"})
async def take_back(request: Asking, tenant: FromPath[str], token: FromPath[str]) -> Response[Any]:
    here = web.here(request)
    try:
        async with within(here):
            fresh = await service.take_back(here, token)
    except Ended:
        raise Ended(TOO_LATE) from None
    home = "board" if "coordinator" in here.roles else "b/" if "buddy" in here.roles else ""
    return web.saved(request, way_back(request, tenant, home), text=TAKEN_BACK if fresh else ALREADY_BACK)


ROUTES = [
    case,
    acknowledge,
    contact,
    name,
    safety_note,
    phone,
    consents,
    withdraw_consent,
    take_back,
]


async def _page(
    request: Asking,
    code: str,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
    edit: str | None = None,
    conflict: tuple[str, str, str] | None = None,
    **more: Any,
) -> Response[Any]:
    """The whole page, or the tab that htmx asks for. Read in one transaction that also writes who saw it."""
    here = web.here(request)
    tab = request.query_params.get("tab", "path")
    tab = tab if tab in TABS else "path"
    async with within(here):
        entries = await _tab(here, asked_code(code), tab)
        head = await service.case(here, code, page=tab)
    base = f"/{request.path_params['tenant']}/cases/{code}"
    values: dict[str, Any] = {
        "head": head,
        "tab": tab,
        "tabs": [(base if one == "path" else f"{base}?tab={one}", label, one == tab) for one, label in TABS.items()],
        "entries": entries,
    }
    if web.is_htmx(request) and request.method == "GET":
        return web.piece(request, "board/_tab.html", **values)
    if edit is None and request.method == "GET":
        asked = request.query_params.get("edit")
        edit = asked if asked in EDITS else None
    shown = {"contact": None, "phone_shown": "", "phone_was": None, **more}
    return web.page(
        request,
        "board/case.html",
        status=status,
        **values,
        code=code,
        tambon=places.tambon_of(head.subdistrict_code) or "",
        buddy_phone_shown=thai.phone(head.buddy_phone).shown if head.buddy_phone else "",
        errors=errors or {},
        typed=typed or {},
        edit=edit,
        conflict=conflict,
        key=uuid7(),
        stages=STAGES,
        hows=HOWS,
        legal_bases=LEGAL_BASES,
        proposers=PROPOSERS,
        consent_words=rules.CONSENTS,
        decision_words=rules.DECISIONS,
        acts=rules.ACTS,
        needs=rules.NEEDS,
        seen_in_words=clock.in_words(head.seen_at, here.now) if head.seen_at else "",
        buddy_since=clock.day_of_sentence(clock.day(head.buddy_since), here.today) if head.buddy_since else "",
        **shown,
    )


async def _changed(
    request: Asking, code: str, label: str, changed: Changed, edit: str | None, typed: dict[str, str]
) -> Response[Any]:
    return await _page(
        request, code, status=409, conflict=(label, changed.present, changed.typed), edit=edit, typed=typed
    )


async def _tab(here: Here, code: str, tab: str) -> list[dict[str, Any]]:
    """The entries of one tab as the timeline shows them; what people wrote stays plain text."""
    if tab == "buddy":
        return [_buddy(here, row) for row in await service.buddies_of(here, code)]
    read = {"path": service.timeline, "visits": service.visits, "opened": service.opened_by}[tab]
    return [_entry(here, entry) for entry in await read(here, code)]


def _entry(here: Here, entry: Entry) -> dict[str, Any]:
    what, more = entry.what, entry.more
    if entry.kind == "step":
        what = STAGES.get(what or "", what)
    elif entry.kind == "check_in":
        what = HOWS.get(what or "", what)
    elif entry.kind == "consent":
        what, more = rules.DECISIONS.get(what or "", what), rules.CONSENTS.get(more or "", more)
    own = entry.own_at
    apart = own is not None and abs((entry.at - own).total_seconds()) >= 60
    return {
        "at_text": clock.in_words(entry.at, here.now),
        "own_text": _own_time(here, own, entry.at) if own is not None and apart else "",
        "title": HAPPENED.get(entry.kind) or OPENED_AS.get(entry.kind, entry.kind),
        "what": what,
        "more": more,
        "text": more if entry.kind in ("check_in", "step", "acknowledged") else None,
        "undone": entry.undone,
        "by": entry.by,
    }


def _own_time(here: Here, own: datetime, at: datetime) -> str:
    """The time on the phone; with its day when that is another one."""
    if clock.day(own) == clock.day(at):
        return f"{own.astimezone(clock.BANGKOK):%H:%M}"
    return clock.in_words(own, here.now)


def _buddy(here: Here, row: Any) -> dict[str, Any]:
    ended = clock.in_words(row["ended_at"], here.now) if row["ended_at"] else None
    return {
        "at_text": clock.in_words(row["started_at"], here.now),
        "own_text": "",
        "title": N_("Buddy: %(what)s"),
        "what": row["buddy"],
        "more": None,
        "text": row["end_reason"] or row["extra_reason"],
        "undone": False,
        "ended": ended,
        "by": row["by"],
    }
