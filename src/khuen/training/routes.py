"""Courses: the list, adding and correcting one, its people, their hours and certificates, paper and files."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from khuen import clock, sheets, web, words
from khuen.errors import Invalid
from khuen.ids import uuid7
from khuen.tenancy import within
from khuen.training import courses, labels, livelihood, routes_person, rules
from khuen.training.courses import Course, Facts, Trainee
from khuen.training.rules import Outcome, Partner, Result, Why
from khuen.treatment import forms
from khuen.words import N_

Asked: TypeAlias = Request[Any, Any, Any]

SEE, RECORD = ({"perm": f"training.{act}"} for act in ("see", "record"))
MADE, CORRECTED = N_("The course is written down"), N_("The course is corrected")
ENROLLED, ENROLLED_NOBODY = N_("%(count)s people enrolled"), N_("Everybody was enrolled already")
RESULT_SAVED = N_("Saved how the person did")
NO_CODE = N_("Enter one or more case codes")
HEADERS = (
    N_("Case"),
    N_("Person"),
    N_("Hours attended"),
    N_("How it ended"),
    N_("Reason"),
    N_("Number of the certificate"),
    N_("Day of the certificate"),
)


class CourseForm(msgspec.Struct):
    key: UUID
    kind: Partner
    partner: Annotated[str, Meta(min_length=2, max_length=120)]
    skill: Annotated[str, Meta(min_length=2, max_length=120)]
    place: Annotated[str, Meta(min_length=2, max_length=120)]
    hours: Annotated[int, Meta(ge=1, le=2000)]
    seats: Annotated[int, Meta(ge=1, le=1000)]


class PeopleForm(msgspec.Struct):
    key: UUID
    codes: Annotated[str, Meta(max_length=2000, extra={"lines": True, "error": NO_CODE})]


class ResultForm(msgspec.Struct):
    key: UUID
    outcome: Outcome
    hours: Annotated[int, Meta(ge=0, le=2000)] = 0
    why: Why | None = None
    certificate: Annotated[str, Meta(max_length=60)] = ""


class ExportForm(msgspec.Struct):
    form: str = "xlsx"


@get("/{tenant:str}/courses", opt=SEE)
async def list_courses(request: Asked, tenant: FromPath[str]) -> Response[str]:
    here, page = web.here(request), _page(request.query_params.get("page", ""))
    begins, ends = _fiscal_year(here.today)
    async with within(here):
        found, total = await courses.courses(here, page)
        given = await livelihood.totals(here, begins, ends)
    return web.page(
        request,
        "training/courses.html",
        lines=[(one, *_when(one, here.today)) for one in found],
        totals=given,
        year=clock.fiscal_year(here.today),
        sums=[sum(getattr(one, name) for one in given) for name in ("grants", "asked", "granted", "handed_over")],
        number=page,
        pages=-(-total // courses.PAGE),
        total=total,
        partners=labels.PARTNERS,
    )


@get("/{tenant:str}/courses/new", opt=RECORD)
async def new_course(request: Asked, tenant: FromPath[str]) -> Response[str]:
    return _form(request, None, {}, {})


@post("/{tenant:str}/courses", opt=RECORD)
async def add_course(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    key, facts, errors = _facts(raw)
    if key is None or facts is None:
        return _form(request, None, errors, web.typed(raw))
    here = web.here(request)
    try:
        async with within(here):
            await courses.add_course(here, key, facts)
    except Invalid as error:
        return _form(request, None, error.fields, web.typed(raw))
    return web.saved(request, f"/{tenant}/courses/{key}", text=MADE)


@get("/{tenant:str}/courses/{course_id:uuid}", opt=SEE)
async def one_course(request: Asked, tenant: FromPath[str], course_id: FromPath[UUID]) -> Response[str]:
    return await _course(request, course_id, {}, {})


@get("/{tenant:str}/courses/{course_id:uuid}/correction", opt=RECORD)
async def correction(request: Asked, tenant: FromPath[str], course_id: FromPath[UUID]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        found = await courses.course(here, course_id)
    return _form(request, found, {}, {})


@post("/{tenant:str}/courses/{course_id:uuid}/correction", opt=RECORD)
async def correct(request: Asked, tenant: FromPath[str], course_id: FromPath[UUID]) -> Response[Any]:
    raw = await request.form()
    key, facts, errors = _facts(raw)
    here = web.here(request)
    async with within(here):
        found = await courses.course(here, course_id)
        if key and facts:
            try:
                await courses.correct_course(here, course_id, key, facts)
            except Invalid as error:
                errors = error.fields
    if errors:
        return _form(request, found, errors, web.typed(raw))
    return web.saved(request, f"/{tenant}/courses/{course_id}", text=CORRECTED)


@post("/{tenant:str}/courses/{course_id:uuid}/people", opt=RECORD)
async def enrol(request: Asked, tenant: FromPath[str], course_id: FromPath[UUID]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(PeopleForm, raw)
    if form is None:
        return await _course(request, course_id, errors, web.typed(raw))
    here = web.here(request)
    try:
        async with within(here):
            codes = [code.upper() for code in re.split(r"[\s,;]+", form.codes) if code]
            count = await courses.enrol(here, course_id, codes, form.key)
    except Invalid as error:
        return await _course(request, course_id, error.fields, web.typed(raw))
    text = ENROLLED if count else ENROLLED_NOBODY
    return web.saved(request, f"/{tenant}/courses/{course_id}", text=text, count=count)


@get("/{tenant:str}/courses/{course_id:uuid}/people/{code:str}", opt=SEE)
async def trainee(
    request: Asked, tenant: FromPath[str], course_id: FromPath[UUID], code: FromPath[str]
) -> Response[str]:
    return await _trainee(request, course_id, code, {}, {})


@post("/{tenant:str}/courses/{course_id:uuid}/people/{code:str}", opt=RECORD)
async def record_result(
    request: Asked, tenant: FromPath[str], course_id: FromPath[UUID], code: FromPath[str]
) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(ResultForm, raw)
    asked = any(str(raw.get(f"certified_on_{part}", "")).strip() for part in ("day", "month", "year"))
    on = forms.day(raw, "certified_on", errors) if asked else None
    if form is None or errors:
        return await _trainee(request, course_id, code, errors, web.typed(raw))
    here = web.here(request)
    why = form.why if form.outcome is Outcome.NOT_FINISHED else None
    try:
        async with within(here):
            made = Result(form.hours, form.outcome, why, form.certificate, on)
            await courses.record_result(here, course_id, code, form.key, made)
    except Invalid as error:
        return await _trainee(request, course_id, code, error.fields, web.typed(raw))
    return web.saved(request, f"/{tenant}/courses/{course_id}", text=RESULT_SAVED)


@get("/{tenant:str}/courses/{course_id:uuid}/sheet", opt=SEE)
async def sheet(request: Asked, tenant: FromPath[str], course_id: FromPath[UUID]) -> Response[str]:
    """The list of a course on paper. It leaves the site: neither project nor stage stands on it."""
    here = web.here(request)
    async with within(here):
        found, people = await courses.sheet(here, course_id)
    there = [one for one in people if rules.holds_seat(one.result.outcome)]
    return web.page(request, "training/sheet.html", it=found, people=there)


@post("/{tenant:str}/courses/{course_id:uuid}/exports", opt=SEE, status_code=200)
async def export(request: Asked, tenant: FromPath[str], course_id: FromPath[UUID]) -> Response[bytes]:
    form, _errors = web.read(ExportForm, await request.form())
    kind = form.form if form and form.form in sheets.TYPES else "xlsx"
    here, lang = web.here(request), web.lang(request)
    async with within(here):
        _found, people = await courses.sheet(here, course_id, form=kind)
    head: list[sheets.Cell] = [words.gettext(text, lang) for text in HEADERS]
    rows = [head, *(_line(one, lang) for one in people)]
    return await web.file(request, kind, "course", rows)


ROUTES: list[Any] = [
    list_courses,
    new_course,
    add_course,
    one_course,
    correction,
    correct,
    enrol,
    trainee,
    record_result,
    sheet,
    export,
    *routes_person.ROUTES,
]


def _facts(raw: Any) -> tuple[UUID | None, Facts | None, dict[str, str]]:
    form, errors = web.read(CourseForm, raw)
    first, last = forms.day(raw, "from", errors), forms.day(raw, "until", errors)
    if form is None or first is None or last is None:
        return None, None, errors
    facts = Facts(form.kind, form.partner, form.skill, form.place, first, last, form.hours, form.seats)
    return form.key, facts, {}


def _form(request: Asked, found: Course | None, errors: dict[str, str], typed: dict[str, str]) -> Response[str]:
    today = web.here(request).today
    base = {"key": str(uuid7()), "kind": "", "partner": "", "skill": "", "place": "", "hours": "", "seats": ""}
    first, last = today, today
    if found:
        it, first, last = found.facts, found.facts.from_on, found.facts.until_on
        base |= {"kind": it.kind.value, "partner": it.partner, "skill": it.skill, "place": it.place}
        base |= {"hours": str(it.hours), "seats": str(it.seats)}
    return web.page(
        request,
        "training/course_form.html",
        status=422 if errors else 200,
        it=found,
        errors=errors,
        typed=base | forms.parts("from", first) | forms.parts("until", last) | typed,
        partners=labels.PARTNERS,
    )


async def _course(request: Asked, course_id: UUID, errors: dict[str, str], typed: dict[str, str]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        found = await courses.course(here, course_id)
        people = await courses.trainees(here, course_id)
    return web.page(
        request,
        "training/course.html",
        status=422 if errors else 200,
        it=found,
        people=people,
        when=_when(found, here.today),
        errors=errors,
        typed={"codes": "", "key": str(uuid7())} | typed,
        partners=labels.PARTNERS,
        outcomes=labels.OUTCOMES,
        whys=labels.WHYS,
        tags=labels.TAGS,
    )


async def _trainee(
    request: Asked, course_id: UUID, code: str, errors: dict[str, str], typed: dict[str, str]
) -> Response[str]:
    here = web.here(request)
    async with within(here):
        found, person, rows = await courses.trainee(here, course_id, code)
    now = person.result
    base = {"key": str(uuid7()), "hours": str(now.hours), "outcome": now.outcome.value, "why": now.why or ""}
    base |= {"certificate": now.certificate, "certified_on_day": "", "certified_on_month": "", "certified_on_year": ""}
    base |= forms.parts("certified_on", now.certified_on) if now.certified_on else {}
    return web.page(
        request,
        "training/trainee.html",
        status=422 if errors else 200,
        it=found,
        person=person,
        rows=[(row, clock.in_words(row.at, here.now)) for row in rows],
        errors=errors,
        typed=base | typed,
        outcomes=labels.OUTCOMES,
        whys=labels.WHYS,
    )


def _page(text: str) -> int:
    """The number of a page; whatever else was asked for is the first."""
    return max(1, int(text)) if re.fullmatch("[0-9]{1,4}", text) else 1


def _when(one: Course, today: date) -> tuple[str, str]:
    """(what stands beside a course, how the tag looks)."""
    if today < one.facts.from_on:
        return N_("Begins later"), "waiting"
    return (N_("Over"), "done") if today > one.facts.until_on else (N_("Being held"), "new")


def _fiscal_year(today: date) -> tuple[date, date]:
    begins = date(today.year - (today.month < 10), 10, 1)
    return begins, clock.add_months(begins, 12) - timedelta(days=1)


def _line(one: Trainee, lang: str) -> list[sheets.Cell]:
    now = one.result
    return [
        one.code,
        one.full_name,
        now.hours,
        words.gettext(labels.OUTCOMES[now.outcome], lang),
        words.gettext(labels.WHYS[now.why], lang) if now.why else "",
        now.certificate,
        clock.short(now.certified_on) if now.certified_on else "",
    ]
