"""Enrolling one person: five plain pages, the question "the same person?", and the list of drafts."""

from __future__ import annotations

from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from khuen import clock, members, packs, places, thai, web
from khuen.buddies import service as buddies
from khuen.buddies.rules import REASONS
from khuen.cases import service as cases
from khuen.enrolment import forms, rules, service
from khuen.enrolment.forms import STEPS
from khuen.enrolment.import_routes import ROUTES as IMPORTS
from khuen.enrolment.rules import Said
from khuen.enrolment.service import Held
from khuen.errors import Conflict, Invalid, NotFound
from khuen.ids import uuid7
from khuen.tenancy import Here, within
from khuen.words import N_

ENROL = {"perm": "enrolment.enrol"}
ENROLLED, BEGUN, DISCARDED, COUNTED = N_("Enrolled"), N_("Saved"), N_("Draft discarded"), N_("Counted. No name is kept")
NO_PROJECT = Said(N_("Choose the project"), N_("Every case belongs to one project"))
CHOOSE_PLACE = Said(N_("Choose the tambon from the list"), N_("Or clear the search if the address is not known"))
REASON_NEEDED = Said(
    N_("This buddy visits somebody already"), N_("Write why this buddy takes one more person, or choose another")
)
NOT_A_BUDDY = Said(N_("This buddy is no longer here"), N_("Choose another one"))
CHOOSE_SAME = N_("Say whether it is the same person")
_LONGEST = 500

Asked: TypeAlias = Request[Any, Any, Any]


class Begin(msgspec.Struct):
    key: UUID


@get("/{tenant:str}/enrolments", opt=ENROL)
async def drafts(request: Asked, tenant: FromPath[str]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        mine, refused = await service.mine(here), await service.refusals(here)
    lines = [(held, clock.in_words(held.changed_at, here.now), STEPS.get(held.step, STEPS["person"])) for held in mine]
    year = clock.fiscal_year(here.today)
    return web.page(request, "enrolment/drafts.html", drafts=lines, refused=refused, year=year, key=uuid7())


@post("/{tenant:str}/enrolments", opt=ENROL)
async def begin(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    value, errors = web.read(Begin, await request.form())
    if value is None:
        raise Invalid(errors)
    here = web.here(request)
    async with within(here):
        await service.begin(here, value.key)
    return _to(tenant, "person", value.key)


@post("/{tenant:str}/enrolments/places", opt=ENROL)
async def find_place(request: Asked, tenant: FromPath[str]) -> Response[str]:
    """The choices below the search box, while somebody types."""
    typed = _named(await request.form(), ("q", "subdistrict_code"))
    here = web.here(request)
    async with within(here):
        near = (await service.around(here)).near
    return web.piece(request, "enrolment/_places.html", **_places(typed, near))


@post("/{tenant:str}/enrolments/refusal", opt=ENROL)
async def refuse(request: Asked, tenant: FromPath[str], d: FromQuery[UUID]) -> Response[Any]:
    here = web.here(request)
    async with within(here):
        await service.refuse(here, d)
    return web.saved(request, f"/{tenant}/enrolments", text=COUNTED)


@post("/{tenant:str}/enrolments/discard", opt=ENROL)
async def discard(request: Asked, tenant: FromPath[str], d: FromQuery[UUID]) -> Response[Any]:
    here = web.here(request)
    async with within(here):
        await service.discard(here, d)
    return web.saved(request, f"/{tenant}/enrolments", text=DISCARDED)


@get("/{tenant:str}/enrolments/same", opt=ENROL)
async def same(request: Asked, tenant: FromPath[str], d: FromQuery[UUID]) -> Response[Any]:
    return await _same_page(request, tenant, d, {})


@post("/{tenant:str}/enrolments/same", opt=ENROL)
async def decide_same(request: Asked, tenant: FromPath[str], d: FromQuery[UUID]) -> Response[Any]:
    typed = _named(await request.form(), ("same",))
    here = web.here(request)
    if not typed.get("same"):
        return await _same_page(request, tenant, d, {"same": CHOOSE_SAME})
    try:
        async with within(here):
            held = await service.decide_same(here, d, typed["same"])
            around = await service.around(here)
    except Conflict:
        return await _same_page(request, tenant, d, {"same": CHOOSE_SAME})
    return _to(tenant, forms.first_open(held.typed, around), d)


@get("/{tenant:str}/enrolments/{step:str}", opt=ENROL)
async def step_page(request: Asked, tenant: FromPath[str], step: FromPath[str], d: FromQuery[UUID]) -> Response[Any]:
    if step not in STEPS:
        raise NotFound
    here = web.here(request)
    async with within(here):
        held = await service.draft(here, d)
        around = await service.around(here)
        if held.case_id is None and step == "check":
            if (first := forms.first_open(held.typed, around)) != "check":
                return _to(tenant, first, d)
            if not service.decided(held, await service.same_people(here, held)):
                return _to(tenant, "same", d)
        shown = await _values(here, step, held, held.typed)
    if held.case_id is not None:
        return Redirect(f"/{tenant}/cases/{shown['code']}", status_code=303)
    return web.page(request, f"enrolment/{step}.html", errors={}, **shown)


@post("/{tenant:str}/enrolments/{step:str}", opt=ENROL)
async def save_step(request: Asked, tenant: FromPath[str], step: FromPath[str], d: FromQuery[UUID]) -> Response[Any]:
    if step == "check":
        return await _confirm(request, tenant, d)
    if step not in STEPS:
        raise NotFound
    form = await request.form()
    typed = _named(form, (*forms.FIELDS[step], "q"))
    here = web.here(request)
    async with within(here):
        held = await service.draft(here, d)
        around = await service.around(here)
        errors = await _more(here, step, typed) | forms.problems(step, held.typed | typed, around)
        errors |= _unkept(typed)
        searching = step == "address" and form.get("act") == "search"
        if errors or searching:
            shown = await _values(here, step, held, held.typed | typed)
            status = 200 if searching else 422
            after = None
        else:
            held = await service.save(here, d, step, {name: typed[name] for name in forms.FIELDS[step]})
            after = await _next(here, step, held)
    if after is None:
        shown_errors = {} if searching else errors
        return web.page(request, f"enrolment/{step}.html", status=status, errors=shown_errors, **shown)
    return _to(tenant, after, d)


async def _confirm(request: Asked, tenant: str, draft_id: UUID) -> Response[Any]:
    seen = _named(await request.form(), ("seen",))["seen"]
    here = web.here(request)
    try:
        async with within(here):
            done = await service.confirm(here, draft_id, seen)
    except Conflict as conflict:
        async with within(here):
            held = await service.draft(here, draft_id)
            shown = await _values(here, "check", held, held.typed)
        return web.page(request, "enrolment/check.html", status=409, errors={}, conflict=conflict.text, **shown)
    return web.saved(request, f"/{tenant}/cases/{done.code}", text=ENROLLED, undo=done.undo)


async def _same_page(request: Asked, tenant: str, draft_id: UUID, errors: dict[str, str]) -> Response[Any]:
    here = web.here(request)
    async with within(here):
        held = await service.draft(here, draft_id)
        found = await service.same_people(here, held)
        around = await service.around(here)
    if not found:
        return _to(tenant, forms.first_open(held.typed, around), draft_id)
    return web.page(
        request,
        "enrolment/same.html",
        status=422 if errors else 200,
        held=held,
        found=[(one, _place(one.subdistrict_code, one.moo)) for one in found],
        may_be_new=all(one.by != "national_id" for one in found),
        errors=errors,
    )


async def _next(here: Here, step: str, held: Held) -> str:
    if step == "person" and not service.decided(held, await service.same_people(here, held)):
        return "same"
    order = list(STEPS)
    return order[order.index(step) + 1]


async def _more(here: Here, step: str, typed: dict[str, str]) -> dict[str, Said]:
    """What only the district knows: its projects and its buddies."""
    if step == "person":
        ids = {str(project.id) for project in await cases.projects(here)}
        return {} if typed["project"] in ids else {"project": NO_PROJECT}
    if step == "address":
        return {"subdistrict_code": CHOOSE_PLACE} if typed["q"] and not typed["subdistrict_code"] else {}
    if step == "buddy" and typed["buddy"]:
        chosen = {str(one.member_id): one for one in await buddies.everybody(here)}.get(typed["buddy"])
        if chosen is None:
            return {"buddy": NOT_A_BUDDY}
        if chosen.current_cases and len(typed["extra_reason"]) < 3:
            return {"extra_reason": REASON_NEEDED}
    return {}


def _unkept(typed: dict[str, str]) -> dict[str, Said]:
    """Texts that no field can hold: NUL, lone surrogates, pages of text where a name belongs."""
    found = {}
    for name, text in typed.items():
        if problem := thai.refuse(text, _LONGEST):
            code = "too_long" if problem == thai.TOO_LONG else "hidden"
            found[name.removesuffix("_day").removesuffix("_month").removesuffix("_year")] = rules.PROBLEMS[code]
    return found


async def _values(here: Here, step: str, held: Held, typed: dict[str, str]) -> dict[str, Any]:
    """What one page shows besides errors."""
    around = await service.around(here)
    shown: dict[str, Any] = {
        "held": held,
        "typed": _Typed(typed),
        "step": list(STEPS).index(step) + 1,
        "labels": list(STEPS.values()),
        "age": forms.age(typed, around),
    }
    if held.case_id is not None:
        return {"code": (await service.confirm(here, held.id, "")).code}
    if step == "person":
        shown["projects"] = await cases.projects(here)
    elif step == "address":
        shown |= _places(typed, around.near)
    elif step == "consents":
        shown |= await _consents(here, typed, shown["age"])
    elif step == "buddy":
        shown["suggestions"] = [
            (one, _place(one.subdistrict_code, one.moo), [REASONS[reason] for reason in one.reasons])
            for one in await service.suggested(here, held)
        ]
    elif step == "check":
        shown |= await _checked(here, held)
    return shown


def _places(typed: dict[str, str], near: str) -> dict[str, Any]:
    query, chosen = typed.get("q", ""), typed.get("subdistrict_code", "")
    safe = thai.refuse(query, 100) is None
    found = places.find_tambon(thai.canonical(query), near=near) if query and safe else places.tambons(near)
    kept = places.place(chosen) if chosen else None
    if kept is not None and kept not in found:
        found = [kept, *found]
    return {"choices": found[:30], "chosen": chosen, "q": query, "credit": places.CREDIT}


async def _consents(here: Here, typed: dict[str, str], age: int | None) -> dict[str, Any]:
    settings = (await packs.settings_of(here)).enrolment
    projects = {str(project.id): project for project in await cases.projects(here)}
    chosen = projects.get(typed.get("project", ""))
    pack = await packs.pack(here, chosen.pack_id) if chosen else None
    return {
        "versions": pack.consent if pack else None,
        "outside": rules.outside_programme(age, settings.youngest, settings.oldest),
        "youngest": settings.youngest,
        "oldest": settings.oldest,
        "guardian_under": rules.GUARDIAN_UNDER,
        "bases": rules.LEGAL_BASES,
        "proposers": rules.PROPOSERS,
        "today": here.today,
    }


async def _checked(here: Here, held: Held) -> dict[str, Any]:
    around = await service.around(here)
    entry = forms.entry(held.typed, around)
    buddy = held.typed.get("buddy")
    names = await members.names(here, [UUID(buddy)]) if buddy else {}
    projects = {str(project.id): project.name for project in await cases.projects(here)}
    same = held.typed.get("same", "new")
    return {
        "entry": entry,
        "project": projects.get(held.typed.get("project", ""), ""),
        "place": _place(entry.subdistrict_code, entry.moo) if entry else (None, None),
        "phone": thai.phone(entry.phone).shown if entry and entry.phone else "",
        "id_shown": thai.national_id(entry.national_id).printed if entry and entry.national_id else "",
        "buddy": next(iter(names.values()), None),
        "known": same != "new",
        "sexes": rules.SEXES,
        "seen": service.seen_mark(held),
        **await _consents(here, held.typed, forms.age(held.typed, around)),
    }


def _place(subdistrict_code: str | None, moo: str | None) -> tuple[str | None, str | None]:
    """(village number, "ต.ละหาน อ.จัตุรัส …")"""
    found = places.place(subdistrict_code) if subdistrict_code else None
    return moo, found.label if found else None


def _named(form: Any, names: tuple[str, ...]) -> dict[str, str]:
    """The last text of each named field, and nothing else that a browser may send."""
    found = {}
    for name in names:
        texts = [value for value in form.getall(name, []) if isinstance(value, str)]
        # A lone surrogate cannot be sent back to a browser; the mark that stands for it is refused as well.
        found[name] = texts[-1].encode("utf-8", "replace").decode() if texts else ""
    return found


class _Typed(dict[str, str]):
    """What was typed; an empty text for a field that nobody has filled in yet."""

    def __missing__(self, name: str) -> str:
        return ""


def _to(tenant: str, step: str, draft_id: UUID) -> Redirect:
    return Redirect(f"/{tenant}/enrolments/{step}?d={draft_id}", status_code=303)


ROUTES: list[Any] = [
    drafts,
    begin,
    find_place,
    refuse,
    discard,
    same,
    decide_same,
    step_page,
    save_step,
    *IMPORTS,
]
