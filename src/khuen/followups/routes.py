"""The buddy's phone: today, a check-in, a call for help, my people, me. Every page works without JavaScript."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.exceptions import SerializationException
from litestar.params import FromPath, FromQuery
from msgspec import Meta

from khuen import clock, members, packs, redis, thai, web
from khuen.cases.rules import is_code
from khuen.cases.service import asked_code
from khuen.errors import Invalid, NotFound
from khuen.followups import mine, rules, service, waiting
from khuen.followups.mine import MyPerson
from khuen.followups.rules import HOWS, Group, How
from khuen.followups.service import Sent
from khuen.ids import uuid7
from khuen.places import Where, where
from khuen.tenancy import Here, within
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


@dataclass(frozen=True, slots=True)
class Line:
    """A person as a row or a card shows them; days are in words."""

    person: MyPerson
    place: Where
    late_days: int
    opens: str
    closes: str
    can_visit: bool
    visits: tuple[tuple[str, str], ...]  #: the buddy's last two: (how, when)
    phone: str | None


@get("/{tenant:str}/b/", opt=TODAY)
async def today(request: Asked, tenant: FromPath[str]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        found = await mine.people(here)
    groups: dict[Group, list[Line]] = {group: [] for group in Group}
    for person in found:
        seen_on = clock.day(person.visits[0].at) if person.visits else None
        group = rules.group(person.window, seen_on, person.priority, here.today)
        groups[group].append(_line(here, person))
    first, week = groups[Group.FIRST], groups[Group.WEEK]
    return web.page(
        request,
        "followups/today.html",
        only=_line(here, found[0]) if len(found) == 1 else None,
        first=first[:SHOWN],
        week=week[: SHOWN - len(first[:SHOWN])],
        hidden=max(0, len(first) + len(week) - SHOWN),
        done=groups[Group.DONE],
        left=len(first) + len(week),
        next_day=min((person.window.opens_on for person in found), default=None),
        total=len(found),
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
    async with within(here):
        card = await service.log_check_in(here, Sent(asked_code(code), form.key, form.how, form.happened_at))
    text, told = SAVED, dict[str, Any]()
    if rules.calls_for_help(form.how):
        redis.ping(here.tenant_id)
        at = (card.received_at or here.now).astimezone(clock.BANGKOK)
        told = {"who": ", ".join(card.on_call), "time": f"{at:%H:%M}"} if card.on_call else {}
        text = SENT if told else NOBODY_TOLD
    return web.saved(request, f"/{tenant}/b/", text=text, undo=str(form.key), **told)


@post("/{tenant:str}/b/check-ins", opt=LOG, status_code=200)
async def log_check_ins(request: Asked, tenant: FromPath[str]) -> Response[list[dict[str, object]]]:
    """What waited in a phone: a JSON list of at most 50 answers, told one by one what became of each."""
    read = _queued(await _json(request))
    here = web.here(request)
    async with within(here):
        outcomes = iter(await waiting.log_check_ins(here, [one for one in read if isinstance(one, Sent)]))
    redis.ping(here.tenant_id)
    answers: list[dict[str, object]] = []
    for one in read:
        if isinstance(one, Sent):
            answers.append({"key": str(one.key), "outcome": next(outcomes)})
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
        settings = await packs.settings_of(here)
        colleagues = await _colleagues(here)
    if p and not found:
        raise NotFound
    return web.page(
        request,
        "followups/urgent.html",
        only=_line(here, found[0]) if len(found) == 1 else None,
        lines=[_line(here, person) for person in found],
        hotlines=settings.hotlines,
        colleagues=colleagues,
        key=uuid7(),
    )


@get("/{tenant:str}/b/people", opt=TODAY)
async def my_people(request: Asked, tenant: FromPath[str]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        found = await mine.people(here)
    return web.page(request, "followups/people.html", lines=[_line(here, person) for person in found], hows=HOWS)


@get("/{tenant:str}/b/me", opt=TODAY)
async def me(request: Asked, tenant: FromPath[str]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        visits, people = await mine.month(here)
    return web.page(request, "followups/me.html", visits=visits, people=people)


ROUTES = [today, check_in, log_check_in, log_check_ins, note_form, add_note, urgent, my_people, me]


async def _check_in(request: Asked, code: str, errors: dict[str, str]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        person = await mine.person(here, asked_code(code))
    return web.page(
        request,
        "followups/check_in.html",
        status=422 if errors else 200,
        line=_line(here, person),
        errors=errors,
        key=uuid7(),
        hows=HOWS,
    )


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


async def _colleagues(here: Here) -> list[tuple[str, str, str]]:
    """(name, number to dial, number to read) of the coordinators who can be called."""
    cards = (await members.with_role(here, "coordinator"))[:3]
    reached = await members.contacts(here, [card.id for card in cards])
    numbers = [(card.called_name, reached[card.id].phone) for card in cards if card.id in reached]
    return [(name, number, thai.phone(number).shown) for name, number in numbers if number]


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


def _line(here: Here, person: MyPerson) -> Line:
    return Line(
        person=person,
        place=where(person.subdistrict_code, person.moo),
        late_days=rules.overdue_days(person.window.closes_on, here.today),
        opens=clock.day_ahead(person.window.opens_on, here.today),
        closes=clock.day_ahead(person.window.closes_on, here.today),
        can_visit=person.window.opens_on <= here.today,
        visits=tuple((HOWS[visit.how], clock.day_in_words(clock.day(visit.at), here.today)) for visit in person.visits),
        phone=thai.phone(person.phone).shown if person.phone else None,
    )
