"""The buddy's phone: today, a check-in, a call for help, my people, me. Every page works without JavaScript."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.exceptions import SerializationException
from litestar.params import FromPath, FromQuery
from msgspec import Meta

from khuen import clock, redis, web
from khuen.cases.rules import is_code
from khuen.cases.service import asked_code
from khuen.errors import Invalid, KeyReused, NotFound
from khuen.followups import lines, mine, phones, routes_phone, rules, service, waiting
from khuen.followups.rules import HOWS, Group, How
from khuen.followups.service import Sent
from khuen.ids import uuid7
from khuen.tenancy import within
from khuen.words import N_

SHOWN = 12
LARGEST_BATCH = 50
SAVED = N_("Saved")
SENT = N_("Sent to %(who)s at %(time)s")
NOBODY_TOLD = N_("Saved, but nobody could be told. Please call")
NOTE_SAVED = N_("Your story is kept")
NOT_A_BATCH = N_("Send a list of at most 50 answers")
TODAY, LOG = {"perm": "followups.today"}, {"perm": "followups.log"}

Asked: TypeAlias = Request[Any, Any, Any]
Moment = Annotated[datetime, Meta(tz=True)]


class CheckInForm(msgspec.Struct):
    key: UUID
    how: How
    happened_at: Moment | None = None


class Queued(msgspec.Struct, kw_only=True):
    """One answer that waited in a phone."""

    code: str
    key: UUID
    how: How
    happened_at: Moment


class NoteForm(msgspec.Struct):
    key: UUID
    note: Annotated[str, Meta(max_length=2000, extra={"lines": True})]


@get("/{tenant:str}/b/", opt=TODAY)
async def today(request: Asked, tenant: FromPath[str], near: FromQuery[str | None] = None) -> Response[str]:
    """Groups of people; `near` is whoever was just visited: their neighbours come first."""
    here = web.here(request)
    async with within(here):
        found = [lines.line(here, person) for person in await mine.people(here)]
    beside = lines.neighbours(found, near)
    groups = lines.grouped([one for one in found if one not in beside])
    first, week = groups[Group.FIRST], groups[Group.WEEK]
    room = max(0, SHOWN - len(beside))
    return web.page(
        request,
        "followups/today.html",
        only=found[0] if len(found) == 1 else None,
        near=beside,
        first=first[:room],
        week=week[: max(0, room - len(first))],
        hidden=max(0, len(first) + len(week) - room),
        done=groups[Group.DONE],
        left=len(beside) + len(first) + len(week),
        next_day=min((one.person.window.opens_on for one in found), default=None),
        total=len(found),
        beginner=bool(found) and not any(one.visits for one in found),
        key=uuid7(),
        hows=HOWS,
        tell_more={SAVED, SENT, NOBODY_TOLD},
    )


@get("/{tenant:str}/b/check-in", opt=TODAY)
async def check_in(request: Asked, tenant: FromPath[str], p: FromQuery[str]) -> Response[str]:
    return await _check_in(request, p, {})


@post("/{tenant:str}/cases/{code:str}/check-ins", opt=LOG)
async def log_check_in(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    form, errors = web.read(CheckInForm, await request.form())
    if form is not None and not _possible(form.happened_at):
        form, errors = None, {"happened_at": web.WRONG}
    if form is None:
        return await _check_in(request, code, errors)
    here = web.here(request)
    try:
        async with within(here):
            card = await service.log_check_in(here, Sent(asked_code(code), form.key, form.how, form.happened_at))
    except KeyReused:
        return await _both(request, code, form)
    text, told = SAVED, dict[str, Any]()
    if rules.calls_for_help(form.how):
        redis.ping(here.tenant_id)
        at = (card.received_at or here.now).astimezone(clock.BANGKOK)
        told = {"who": ", ".join(card.on_call), "time": f"{at:%H:%M}"} if card.on_call else {}
        text = SENT if told else NOBODY_TOLD
    return web.saved(request, f"/{tenant}/b/?near={code}", text=text, undo=str(form.key), **told)


@post("/{tenant:str}/b/check-ins", opt=LOG, status_code=200)
async def log_check_ins(request: Asked, tenant: FromPath[str]) -> Response[list[dict[str, object]]]:
    """What waited in a phone: a JSON list of at most 50 answers, told one by one, in order, what became of each.

    `kept` is the answer that stands under the key when it is another one; `told` and `when` are of an urgent one.
    """
    read = _queued(await _json(request))
    here = web.here(request)
    async with within(here):
        outcomes = iter(await waiting.log_check_ins(here, [one for one in read if isinstance(one, Sent)]))
    redis.ping(here.tenant_id)
    answers: list[dict[str, object]] = []
    for one in read:
        if isinstance(one, Sent):
            answers.append(_told(str(one.key), next(outcomes)))
        else:
            answers.append({"key": one, "outcome": "invalid"})
    return Response(answers)


@get("/{tenant:str}/b/check-ins/{check_in_id:uuid}/note", opt=LOG)
async def note_form(request: Asked, tenant: FromPath[str], check_in_id: FromPath[UUID]) -> Response[str]:
    return await _note_form(request, check_in_id, {}, {"key": str(uuid7()), "note": ""})


@post("/{tenant:str}/b/check-ins/{check_in_id:uuid}/note", opt=LOG)
async def add_note(request: Asked, tenant: FromPath[str], check_in_id: FromPath[UUID]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(NoteForm, raw)
    if form is None:
        return await _note_form(request, check_in_id, errors, {"key": str(uuid7()), "note": "", **web.typed(raw)})
    here = web.here(request)
    async with within(here):
        await service.add_note(here, check_in_id, form.key, form.note)
    return web.saved(request, f"/{tenant}/b/", text=NOTE_SAVED)


@get("/{tenant:str}/b/urgent", opt=LOG)
async def urgent(request: Asked, tenant: FromPath[str], p: FromQuery[str | None] = None) -> Response[str]:
    here = web.here(request)
    async with within(here):
        found = await mine.people(here, asked_code(p) if p else None)
        calls = await phones.calls(here)
    if p and not found:
        raise NotFound
    people = [lines.line(here, person) for person in found]
    return web.page(
        request,
        "followups/urgent.html",
        only=people[0] if len(people) == 1 else None,
        lines=people,
        calls=calls,
        key=uuid7(),
    )


@get("/{tenant:str}/b/people", opt=TODAY)
async def my_people(request: Asked, tenant: FromPath[str]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        found = await mine.people(here)
    return web.page(request, "followups/people.html", lines=[lines.line(here, person) for person in found], hows=HOWS)


@get("/{tenant:str}/b/visits", opt=TODAY)
async def visits(request: Asked, tenant: FromPath[str], p: FromQuery[str]) -> Response[str]:
    """What this buddy told of one person, newest first."""
    here = web.here(request)
    async with within(here):
        person, told = await mine.history(here, asked_code(p))
    shown = [(HOWS[visit.how], clock.in_words(visit.at, here.now)) for visit in told]
    return web.page(request, "followups/visits.html", line=lines.line(here, person), visits=shown)


@get("/{tenant:str}/b/me", opt=TODAY)
async def me(request: Asked, tenant: FromPath[str]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        visits, people = await mine.month(here)
    month = clock.month_in_words(here.today)
    return web.page(request, "followups/me.html", visits=visits, people=people, month=month, sizes=routes_phone.SIZES)


ROUTES: list[Any] = [
    today,
    check_in,
    log_check_in,
    log_check_ins,
    note_form,
    add_note,
    urgent,
    my_people,
    visits,
    me,
    *routes_phone.ROUTES,
]


async def _check_in(
    request: Asked, code: str, errors: dict[str, str], both: tuple[str, str] | None = None
) -> Response[str]:
    """`both`: what was tapped now, and what stands already under the key of the form."""
    here = web.here(request)
    async with within(here):
        person = await mine.person(here, asked_code(code))
    return web.page(
        request,
        "followups/check_in.html",
        status=422 if errors else 409 if both else 200,
        line=lines.line(here, person),
        errors=errors,
        both=both,
        key=uuid7(),
        hows=HOWS,
    )


async def _both(request: Asked, code: str, form: CheckInForm) -> Response[str]:
    """The form was sent before with another answer: both are shown, and a further tap is a visit of its own."""
    here = web.here(request)
    try:
        async with within(here):
            own = await mine.check_in(here, form.key)
    except NotFound:
        raise KeyReused from None
    if own.code != code:
        raise KeyReused
    return await _check_in(request, code, {}, (HOWS[form.how], HOWS[own.how]))


def _told(key: str, became: waiting.Became) -> dict[str, object]:
    said: dict[str, object] = {"key": key, "outcome": became.outcome}
    if became.kept:
        said["kept"] = became.kept
    if became.told and became.received_at:
        said |= {"told": [", ".join(became.told)], "when": clock.time_of_day(became.received_at)}
    return said


async def _note_form(request: Asked, check_in_id: UUID, errors: dict[str, str], typed: dict[str, str]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        own = await mine.check_in(here, check_in_id)
    return web.page(
        request,
        "followups/note.html",
        status=422 if errors else 200,
        own=own,
        when=clock.in_words(own.at, here.now),
        how=HOWS[own.how],
        errors=errors,
        typed=typed,
    )


async def _json(request: Asked) -> list[Any]:
    try:
        sent = await request.json()
    except (SerializationException, RecursionError):
        sent = None
    if not isinstance(sent, list) or len(sent) > LARGEST_BATCH:
        raise Invalid({}, NOT_A_BATCH)
    return sent


def _queued(sent: list[Any]) -> list[Sent | str]:
    """Answers that can be written; of the others only the key as it was sent, to name them by."""
    read: list[Sent | str] = []
    for one in sent:
        try:
            item = msgspec.convert(one, Queued)
        except msgspec.ValidationError:
            item = None
        if item is not None and is_code(item.code) and _possible(item.happened_at):
            read.append(Sent(item.code, item.key, item.how, item.happened_at))
        else:
            read.append(str(one.get("key", ""))[:36] if isinstance(one, dict) else "")
    return read


def _possible(moment: datetime | None) -> bool:
    """A phone that lost its clock says 1970; what lies further off is no date that can be kept."""
    return moment is None or 1969 <= moment.year <= 2200
