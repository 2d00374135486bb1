"""Sessions: the calendar of a week or a month, planning, moving, cancelling. One session: `routes_session.py`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from khuen import clock, packs, public_holidays, web
from khuen.cases import service as cases
from khuen.errors import Invalid
from khuen.ids import uuid7
from khuen.tenancy import within
from khuen.treatment import (
    asking,
    calendar_rules,
    forms,
    routes_feed,
    routes_person,
    routes_session,
    service,
    sessions,
)
from khuen.treatment.calendar_rules import Weekly
from khuen.treatment.rules import KINDS, Kind
from khuen.treatment.sessions import Line, NewSession
from khuen.words import N_

Asked: TypeAlias = Request[Any, Any, Any]

SEE, SCHEDULE = {"perm": "treatment.see"}, {"perm": "treatment.schedule"}
PLANNED = N_("%(count)s sessions planned, %(off)s of them fall on a holiday and are cancelled")
PLANNED_ONE = N_("The session is planned")
MOVED, CANCELLED, RESTORED = (
    N_("The session is moved"),
    N_("The session is cancelled"),
    N_("The session is held after all"),
)
WHAT = N_("Say which activity it is")
NO_TIME = N_("Enter a time such as 13:30")
STATES = {
    "cancelled": N_("Cancelled"),
    "today": N_("Today"),
    "open": N_("Not closed yet"),
    "planned": N_("Planned"),
    "cbtx": N_("Closed as CBTx"),
    "other": N_("Closed as another activity"),
}
_TAGS = {"cancelled": "done", "today": "new", "open": "late", "planned": "waiting", "cbtx": "done", "other": "done"}


class SessionForm(msgspec.Struct):
    key: UUID
    project: UUID
    kind: Kind
    place: Annotated[str, Meta(max_length=120)]
    minutes: Annotated[int, Meta(ge=10, le=720)]
    at: Annotated[str, Meta(max_length=10)]
    title: Annotated[str, Meta(max_length=120)] = ""
    repeats: str = ""


class MoveForm(msgspec.Struct):
    key: UUID
    at: Annotated[str, Meta(max_length=10)]
    reason: Annotated[str, Meta(min_length=2, max_length=200)]


class CancelForm(msgspec.Struct):
    key: UUID
    cancel_reason: Annotated[str, Meta(min_length=2, max_length=200)]


class KeyForm(msgspec.Struct):
    key: UUID


@dataclass(frozen=True, slots=True)
class Shown:
    """A session as a line of the calendar shows it."""

    line: Line
    time: str
    state: str
    tag: str


@get("/{tenant:str}/sessions", opt=SEE)
async def calendar(request: Asked, tenant: FromPath[str]) -> Response[str]:
    """`w` is any day of the week shown, `m` of the month."""
    here = web.here(request)
    month = "m" in request.query_params
    first, last = _span(request.query_params.get("m" if month else "w", ""), here.today, month=month)
    async with within(here):
        lines = await sessions.calendar(here, first, last)
        absences = await asking.open_absences(here, here.today)
        off = (await packs.settings_of(here)).holidays
    days: dict[date, list[Shown]] = {}
    for line in lines:
        days.setdefault(line.on, []).append(_shown(line, here.today))
    before = first - timedelta(days=1)
    return web.page(
        request,
        "treatment/calendar.html",
        first=first,
        last=last,
        month=month,
        days=[(clock.echo(on), some) for on, some in days.items()],
        before=before if month else calendar_rules.monday(before),
        after=last + timedelta(days=1),
        today=here.today,
        kinds=KINDS,
        states=STATES,
        late=len(absences),
        holidays=[
            (clock.echo(on), public_holidays.name_of(on, off.names)) for on in sorted(off.dates) if first <= on <= last
        ],
    )


@get("/{tenant:str}/sessions/new", opt=SCHEDULE)
async def new_session(request: Asked, tenant: FromPath[str]) -> Response[str]:
    return await _new(request, {}, {})


@post("/{tenant:str}/sessions", opt=SCHEDULE)
async def plan(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(SessionForm, raw)
    on = forms.day(raw, "on", errors)
    until = forms.day(raw, "until", errors) if raw.get("repeats") else None
    at = calendar_rules.read_time(form.at) if form else None
    if form and at is None:
        errors["at"] = NO_TIME
    if form and form.kind is Kind.OTHER and not form.title:
        errors["title"] = WHAT
    if errors or form is None or on is None or at is None:
        return await _new(request, errors, web.typed(raw))
    here = web.here(request)
    new = NewSession(form.project, form.kind, form.title if form.kind is Kind.OTHER else "", form.place, form.minutes)
    text: str = PLANNED_ONE
    told: dict[str, Any] = {}
    try:
        async with within(here):
            if until:
                count, off = await sessions.plan_series(here, form.key, new, Weekly(on.weekday(), at, on, until))
                text, told = PLANNED, {"count": count, "off": off}
            else:
                await sessions.add_session(here, form.key, new, calendar_rules.moment(on, at))
    except Invalid as error:
        return await _new(request, error.fields, web.typed(raw))
    return web.saved(request, f"/{tenant}/sessions?w={on}", text=text, **told)


@get("/{tenant:str}/sessions/{session_id:uuid}/move", opt=SCHEDULE)
async def move_form(request: Asked, tenant: FromPath[str], session_id: FromPath[UUID]) -> Response[str]:
    return await _move(request, session_id, {}, {})


@post("/{tenant:str}/sessions/{session_id:uuid}/move", opt=SCHEDULE)
async def move(request: Asked, tenant: FromPath[str], session_id: FromPath[UUID]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(MoveForm, raw)
    on = forms.day(raw, "on", errors)
    at = calendar_rules.read_time(form.at) if form else None
    if form and at is None:
        errors["at"] = NO_TIME
    if errors or form is None or on is None or at is None:
        return await _move(request, session_id, errors, web.typed(raw))
    here = web.here(request)
    return await _changed(
        request,
        session_id,
        MOVED,
        sessions.move(here, session_id, form.key, calendar_rules.moment(on, at), form.reason),
    )


@post("/{tenant:str}/sessions/{session_id:uuid}/cancellation", opt=SCHEDULE)
async def cancel(request: Asked, tenant: FromPath[str], session_id: FromPath[UUID]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(CancelForm, raw)
    if form is None:
        return await _move(request, session_id, errors, web.typed(raw))
    here = web.here(request)
    return await _changed(
        request, session_id, CANCELLED, sessions.cancel(here, session_id, form.key, form.cancel_reason)
    )


@post("/{tenant:str}/sessions/{session_id:uuid}/restoration", opt=SCHEDULE)
async def restore(request: Asked, tenant: FromPath[str], session_id: FromPath[UUID]) -> Response[Any]:
    form, errors = web.read(KeyForm, await request.form())
    if form is None:
        raise Invalid(errors)
    here = web.here(request)
    return await _changed(request, session_id, RESTORED, sessions.restore(here, session_id, form.key))


ROUTES = [
    calendar,
    new_session,
    plan,
    move_form,
    move,
    cancel,
    restore,
    *routes_session.ROUTES,
    *routes_person.ROUTES,
    *routes_feed.ROUTES,
]


async def _changed(request: Asked, session_id: UUID, text: str, act: Any) -> Response[Any]:
    async with within(web.here(request)):
        await act
    return web.saved(request, f"/{request.path_params['tenant']}/sessions/{session_id}", text=text)


async def _new(request: Asked, errors: dict[str, str], typed: dict[str, str]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        projects = await cases.projects(here)
        settings = await packs.settings_of(here)
    week = here.today + timedelta(days=7)
    base = {
        "key": str(uuid7()),
        "project": str(projects[0].id) if projects else "",
        "kind": Kind.CBTX.value,
        "title": "",
        "place": "",
        "minutes": "120",
        "at": "09:00",
        "repeats": "",
        **forms.parts("on", week),
        **forms.parts("until", clock.add_months(week, 4)),
    }
    return web.page(
        request,
        "treatment/new.html",
        status=422 if errors else 200,
        errors=errors,
        typed={**base, **({"repeats": ""} | typed if typed else {})},
        projects=[(str(project.id), project.name) for project in projects],
        kinds=KINDS,
        holidays=[
            f"{clock.short(on)} {public_holidays.name_of(on, settings.holidays.names)}".strip()
            for on in sorted(settings.holidays.dates)
            if here.today <= on <= here.today + timedelta(180)
        ],
    )


async def _move(request: Asked, session_id: UUID, errors: dict[str, str], typed: dict[str, str]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        found = await service.session(here, session_id)
    base = {"at": clock.time_of_day(found.starts_at), "reason": "", "cancel_reason": "", **forms.parts("on", found.on)}
    return web.page(
        request,
        "treatment/move.html",
        status=422 if errors else 200,
        it=found,
        when=clock.echo(found.on),
        time=clock.time_of_day(found.starts_at),
        errors=errors,
        typed=base | typed,
        key=uuid7(),
        cancel_key=uuid7(),
        kinds=KINDS,
    )


def _span(text: str, today: date, *, month: bool) -> tuple[date, date]:
    try:
        on = date.fromisoformat(text)
    except ValueError:
        on = today
    if not 2000 <= on.year <= 2200:
        on = today
    if month:
        first = on.replace(day=1)
        return first, clock.add_months(first, 1) - timedelta(days=1)
    return calendar_rules.monday(on), calendar_rules.monday(on) + timedelta(days=6)


def _shown(line: Line, today: date) -> Shown:
    state = line.state
    if line.closed_as:
        state = line.closed_as.value
    elif state == "planned":
        state = "today" if line.on == today else "open" if line.on < today else "planned"
    return Shown(line, clock.time_of_day(line.starts_at), STATES[state], _TAGS[state])
