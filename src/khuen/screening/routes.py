"""Screening of one case: what was done, a form to fill in, a filled form, the colour. Works without JavaScript."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from msgspec import Meta

from khuen import access, clock, packs, redis, web
from khuen.cases.service import asked_code
from khuen.errors import Invalid, NotFound
from khuen.ids import uuid7
from khuen.screening import rules, service
from khuen.screening.forms import Filled, Form
from khuen.screening.instruments import CURRENT, words
from khuen.screening.rules import Colour, Instrument, Item, Reason, Result, Tool
from khuen.screening.service import Overview
from khuen.tenancy import within
from khuen.words import N_

SAVED = N_("Saved")
TOLD = N_("Saved. Told at once: %(who)s")
NOBODY_TOLD = N_("Saved, but nobody on duty could be told. Please call yourself")
WITHDRAWN = N_("The form counts no longer")
DECIDED = N_("The colour is decided")
NO_ANSWER = N_("Item %(n)s has no answer yet")
IN_THE_FUTURE = N_("This day has not come yet")
TOO_LONG_AGO = N_("This day is more than five years ago. Please check the year")
LONGEST_AGO = timedelta(days=5 * 366)
NOTE = Meta(max_length=2000, extra={"lines": True})

SEE_DONE, SEE = {"perm": "screening.see_done"}, {"perm": "screening.see"}
RECORD, DECIDE = {"perm": "screening.record"}, {"perm": "screening.decide"}

Asked: TypeAlias = Request[Any, Any, Any]


class ScreeningForm(msgspec.Struct):
    """The answers are read by the instrument, item by item."""

    key: UUID
    replaces: UUID | None = None
    note: Annotated[str, NOTE] = ""
    reason: Annotated[str, Meta(max_length=500)] = ""


class WithdrawalForm(msgspec.Struct):
    key: UUID
    reason: Annotated[str, Meta(max_length=500)]


class ColourForm(msgspec.Struct):
    key: UUID
    colour: Colour
    reason: Annotated[str, NOTE] = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the overview: an instrument, or one substance of it."""

    tool: Tool
    name: str
    title: str
    done_on: str | None
    by: str | None
    scores: tuple[tuple[str, int, str], ...] = ()  #: (part, points, band)
    trend: tuple[int, ...] = ()  #: the points of every standing form, oldest first
    substance: str = ""
    form_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """An item with those that are asked only after certain answers to it."""

    item: Item
    opens: frozenset[str]
    then: tuple[Node, ...]


@get("/{tenant:str}/cases/{code:str}/screening", opt=SEE_DONE)
async def overview(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[str]:
    here = web.here(request)
    sees = access.may(here.roles, "screening.see")
    async with within(here):
        found = await service.overview(here, asked_code(code), results=sees)
        hotlines = (await packs.settings_of(here)).hotlines
    step = rules.next_step(found.results, found.decided) if sees else None
    lines = _lines(found) if sees else _done_lines(found)
    wanted = {*rules.CORE, step.tool if step else None}
    return web.page(
        request,
        "screening/overview.html",
        head=found.head,
        lines=[line for line in lines if line.done_on or line.tool in wanted],
        others=[line for line in lines if not line.done_on and line.tool not in wanted],
        sees=sees,
        forms=[(form, _scores(form.instrument, form.result)) for form in found.forms],
        decisions=[(choice, clock.in_words(choice.at, here.now)) for choice in found.decisions],
        suggestion=rules.suggest(found.results),
        step=step,
        step_name=CURRENT[step.tool].name if step and step.tool else "",
        to_hospital=sees and rules.to_hospital(found.results, found.head.colour),
        danger=sees and rules.in_danger(found.results, found.decided),
        hotlines=hotlines,
    )


@get("/{tenant:str}/cases/{code:str}/urgent", opt=SEE_DONE)
async def urgent(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Redirect:
    """Where an alert leads: its address says nothing of health."""
    return Redirect(f"/{tenant}/cases/{asked_code(code)}/screening", status_code=303)


@get("/{tenant:str}/cases/{code:str}/screening/{instrument:str}", opt=RECORD)
async def empty_form(
    request: Asked,
    tenant: FromPath[str],
    code: FromPath[str],
    instrument: FromPath[str],
    corrects: FromQuery[UUID | None] = None,
) -> Response[str]:
    today = web.here(request).today
    day = {"taken_on_day": str(today.day), "taken_on_month": str(today.month), "taken_on_year": str(today.year + 543)}
    return await _form_page(request, code, _instrument(instrument), corrects, day)


@post("/{tenant:str}/cases/{code:str}/screening/{instrument:str}", opt=RECORD)
async def record(
    request: Asked, tenant: FromPath[str], code: FromPath[str], instrument: FromPath[str]
) -> Response[Any]:
    made, raw, here = _instrument(instrument), await request.form(), web.here(request)
    form, errors = web.read(ScreeningForm, raw)
    on = clock.parse_date(*(str(raw.get(f"taken_on_{part}", "")) for part in ("day", "month", "year")))
    if isinstance(on, str):
        errors["taken_on"] = on
    elif not here.today - LONGEST_AGO <= on <= here.today:
        errors["taken_on"] = IN_THE_FUTURE if on > here.today else TOO_LONG_AGO
    if form and form.replaces and not form.reason:
        errors["reason"] = web.REQUIRED
    answers = {item.id: str(raw.get(item.id, "")) for item in made.items}
    missing = rules.unanswered(made, answers)
    if form is None or isinstance(on, str) or errors or missing:
        replaces = form.replaces if form else None
        return await _form_page(request, code, made, replaces, web.typed(raw), errors=errors, missing=missing)
    filled = Filled(form.key, made.tool, on, answers, form.note, form.replaces, form.reason if form.replaces else "")
    async with within(here):
        saved = await service.record(here, asked_code(code), filled)
    return _after(request, f"/{tenant}/cases/{code}/screening", SAVED, saved.told)


@get("/{tenant:str}/cases/{code:str}/screenings/{screening_id:uuid}", opt=SEE)
async def filled_form(
    request: Asked, tenant: FromPath[str], code: FromPath[str], screening_id: FromPath[UUID]
) -> Response[str]:
    return await _filled_page(request, code, screening_id)


@post("/{tenant:str}/cases/{code:str}/screenings/{screening_id:uuid}/withdrawal", opt=RECORD)
async def withdraw(
    request: Asked, tenant: FromPath[str], code: FromPath[str], screening_id: FromPath[UUID]
) -> Response[Any]:
    form, errors = web.read(WithdrawalForm, await request.form())
    if form is None:
        return await _filled_page(request, code, screening_id, errors)
    here = web.here(request)
    async with within(here):
        await service.withdraw(here, asked_code(code), screening_id, form.key, form.reason)
    return web.saved(request, f"/{tenant}/cases/{code}/screening", text=WITHDRAWN)


@get("/{tenant:str}/cases/{code:str}/colour", opt=DECIDE)
async def colour_form(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[str]:
    return await _colour_page(request, code, {}, {})


@post("/{tenant:str}/cases/{code:str}/colour", opt=DECIDE)
async def decide(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw, here = await request.form(), web.here(request)
    form, errors = web.read(ColourForm, raw)
    if form is None:
        return await _colour_page(request, code, errors, web.typed(raw))
    try:
        async with within(here):
            saved = await service.decide(here, asked_code(code), form.key, form.colour, form.reason)
    except Invalid as wrong:
        return await _colour_page(request, code, wrong.fields, web.typed(raw))
    return _after(request, f"/{tenant}/cases/{code}/screening", DECIDED, saved.told)


ROUTES = [overview, urgent, empty_form, record, filled_form, withdraw, colour_form, decide]


def _after(request: Asked, to: str, text: str, told: tuple[str, ...] | None) -> Response[Any]:
    """Back to the overview; after a danger it says who was told, and the bell rings."""
    if told is None:
        return web.saved(request, to, text=text)
    redis.ping(web.here(request).tenant_id)
    if not told:
        return web.saved(request, to, text=NOBODY_TOLD)
    return web.saved(request, to, text=TOLD, who=", ".join(told))


async def _form_page(
    request: Asked,
    code: str,
    made: Instrument,
    corrects: UUID | None,
    typed: Mapping[str, str],
    *,
    errors: dict[str, str] | None = None,
    missing: list[Item] | None = None,
) -> Response[str]:
    """An empty form, the one that is corrected, or what was typed with what is missing."""
    here = web.here(request)
    async with within(here):
        head, before = await service.empty_form(here, asked_code(code), corrects)
    if before and before.result.tool is not made.tool:
        raise NotFound
    fresh = errors is None
    answers = (
        dict(before.result.answers) if before and fresh else {item.id: typed.get(item.id, "") for item in made.items}
    )
    faults: dict[str, Any] = {item.id: Reason(NO_ANSWER, {"n": item.number}) for item in missing or []}
    if before and fresh:
        on = before.result.taken_on
        day = {"taken_on_day": str(on.day), "taken_on_month": str(on.month), "taken_on_year": str(on.year + 543)}
        typed = {**typed, **day, "note": before.note}
    return web.page(
        request,
        "screening/form.html",
        status=200 if fresh else 422,
        head=head,
        instrument=made,
        nodes=_tree(made.items, None),
        answers=answers,
        typed=typed,
        errors={**(errors or {}), **faults},
        corrects=corrects,
        key=uuid7(),
    )


async def _filled_page(
    request: Asked, code: str, screening_id: UUID, errors: dict[str, str] | None = None
) -> Response[str]:
    here = web.here(request)
    async with within(here):
        head, found = await service.form(here, asked_code(code), screening_id)
    return web.page(
        request,
        "screening/filled.html",
        status=422 if errors else 200,
        head=head,
        form=found,
        instrument=found.instrument,
        answers=_answers(found),
        scores=_scores(found.instrument, found.result),
        recorded=clock.in_words(found.result.recorded_at, here.now),
        errors=errors or {},
        key=uuid7(),
    )


async def _colour_page(request: Asked, code: str, errors: dict[str, str], typed: dict[str, str]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        found = await service.overview(here, asked_code(code), results=True)
    if not found.head.has_consent:
        raise service.NoConsent
    suggestion = rules.suggest(found.results)
    return web.page(
        request,
        "screening/colour.html",
        status=422 if errors else 200,
        head=found.head,
        suggestion=suggestion,
        chosen=typed.get("colour", suggestion.colour or ""),
        colours=list(Colour),
        typed=typed,
        errors=errors,
        key=uuid7(),
    )


def _lines(found: Overview) -> list[Line]:
    """Every instrument that was done or is part of a first screening; of V2 one line for each main substance."""
    newest = rules.latest(found.results)
    by = {form.result.id: form.by for form in found.forms}
    lines = []
    for tool, made in CURRENT.items():
        own = [(substance, result) for (known, substance), result in newest.items() if known is tool]
        lines += [_line(made, substance, result, by[result.id], found.results) for substance, result in own]
        if not own:
            lines.append(Line(tool, made.name, made.title, None, None))
    return lines


def _line(made: Instrument, substance: str, result: Result, by: str | None, results: list[Result]) -> Line:
    same = [one for one in results if one.tool is made.tool and one.answers.get("substance", "") == substance]
    trend = tuple(one.points for one in sorted(same, key=lambda one: one.order))
    asked = next((item for item in made.items if item.id == "substance"), None)
    option = asked.option(substance) if asked else None
    day, said = clock.short(result.taken_on), tuple(_scores(made, result))
    return Line(made.tool, made.name, made.title, day, by, said, trend, option.label if option else "", result.id)


def _done_lines(found: Overview) -> list[Line]:
    """That each of them was done: no score, and none of those that are asked because of a result."""
    done = {one.tool: one for one in found.done}
    return [
        Line(tool, made.name, made.title, clock.short(done[tool].taken_on), done[tool].by)
        if tool in done
        else Line(tool, made.name, made.title, None, None)
        for tool, made in CURRENT.items()
        if tool not in rules.FOLLOWING and (tool in done or tool in rules.CORE)
    ]


def _scores(made: Instrument, result: Result) -> list[tuple[str, int, str]]:
    """(part, points, words of the band); of many parts those with points, or the first when none has any."""
    found = [(*words(made, one.part, one.band), one.points) for one in result.scores]
    kept = [(label, points, band) for label, band, points in found if points or len(found) == 1]
    return kept or [("", 0, found[0][1])]


def _answers(form: Form) -> list[tuple[Item, str, int | None]]:
    """(item, words of the answer, points when it counts), of the items that were asked."""
    given = form.result.answers
    rows = []
    for item in rules.asked(form.instrument, given):
        option = item.option(given.get(item.id))
        if option:
            rows.append((item, option.label, option.points if item.scored else None))
    return rows


def _tree(items: tuple[Item, ...], under: str | None) -> tuple[Node, ...]:
    nodes = []
    for item in items:
        if (item.when.item if item.when else None) == under:
            opened = [one.when.values for one in items if one.when and one.when.item == item.id]
            nodes.append(Node(item, frozenset().union(*opened), _tree(items, item.id)))
    return tuple(nodes)


def _instrument(text: str) -> Instrument:
    if text not in set(Tool):
        raise NotFound
    return CURRENT[Tool(text)]
