"""The meetings of a district: planning one, its page, opening and closing it, its agenda, who chaired and who came."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from khuen import clock, web
from khuen.errors import Conflict, Invalid, KeyReused
from khuen.ids import uuid7
from khuen.meetings import agenda, asking, routes_papers, routes_present, routes_tasks, rules, service, tasks, telling
from khuen.meetings.asking import Asked, which
from khuen.meetings.rules import AGENCIES, KINDS, SECTIONS, STATES, Kind, Section, State
from khuen.meetings.service import Came
from khuen.tenancy import within
from khuen.words import N_

PLANNED = N_("The meeting is planned")
OPENED = N_("The agenda stands. The meeting is in session")
RENEWED = N_("The agenda was renewed")
CHANGED = N_("The agenda was changed")
CLOSED = N_("The minutes are closed")
CANCELLED = N_("The meeting is cancelled")
CHAIRED = N_("Who chairs is written down")
ATTENDED = N_("Who came is written down")
WHO = N_("Say who took the chair")
PAST = N_("Choose a day from today on")
SEE, RUN = {"perm": "meetings.see"}, {"perm": "meetings.run"}


@get("/{tenant:str}/meetings", opt=SEE)
async def meetings(request: Asked, tenant: FromPath[str]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        found = await service.listed(here)
    told = [card for card in found if card.state in (State.HELD, State.CLOSED) and card.kind == Kind.WEEKLY]
    chief, all_ = rules.chair_rate(card.by_chief for card in told)
    return web.page(
        request,
        "meetings/meetings.html",
        coming=[_row(request, card) for card in reversed(found) if card.state in (State.PLANNED, State.HELD)],
        past=[_row(request, card) for card in found if card.state == State.CLOSED],
        chief=chief,
        all_=all_,
        states=STATES,
    )


@get("/{tenant:str}/meetings/new", opt=RUN)
async def new(request: Asked, tenant: FromPath[str], kind: FromQuery[str] = "weekly") -> Response[str]:
    return await _new(request, Kind.PROVINCE if kind == Kind.PROVINCE else Kind.WEEKLY)


@post("/{tenant:str}/meetings", opt=RUN)
async def plan(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(asking.PlanForm, raw)
    here = web.here(request)
    on, at = _day(raw.get("on")), asking.read_time(str(raw.get("at", "")))
    if "on" not in errors and (isinstance(on, str) or on < here.today):
        errors["on"] = on if isinstance(on, str) else PAST
    if "at" not in errors and at is None:
        errors["at"] = asking.TIME_WRONG
    if form is None or errors or at is None or isinstance(on, str):
        return await _new(request, Kind.WEEKLY, errors=errors, typed=web.typed(raw))
    try:
        async with within(here):
            made = await service.plan(here, service.New(form.key, form.kind, on, at, form.place))
    except KeyReused:
        raise
    except Conflict as conflict:
        return await _new(request, form.kind, status=409, errors={"on": conflict.text}, typed=web.typed(raw))
    return web.saved(request, f"/{tenant}/meetings/{made.address}", text=PLANNED)


@get("/{tenant:str}/meetings/{meeting:str}", opt=SEE)
async def meeting(request: Asked, tenant: FromPath[str], meeting: FromPath[str]) -> Response[str]:
    return await _page(request, meeting)


@post("/{tenant:str}/meetings/{meeting:str}/opening", opt=RUN)
async def opening(request: Asked, tenant: FromPath[str], meeting: FromPath[str]) -> Response[Any]:
    form = await _form(request, asking.KeyForm)
    here = web.here(request)
    async with within(here):
        await service.open_meeting(here, *which(meeting), form.key)
    return web.saved(request, f"/{tenant}/meetings/{meeting}", text=OPENED)


@post("/{tenant:str}/meetings/{meeting:str}/agenda", opt=RUN)
async def renew(request: Asked, tenant: FromPath[str], meeting: FromPath[str]) -> Response[Any]:
    here = web.here(request)
    async with within(here):
        found = await service.held(here, *which(meeting), State.HELD)
        await agenda.renew(here, found.id, found.kind, found.item_id)
    return web.saved(request, f"/{tenant}/meetings/{meeting}", text=RENEWED)


@post("/{tenant:str}/meetings/{meeting:str}/items", opt=RUN)
async def add(request: Asked, tenant: FromPath[str], meeting: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(asking.ItemForm, raw)
    here = web.here(request)
    if form is not None and form.section not in (Section.ANNOUNCEMENT, Section.OTHER):
        errors = {"section": web.CHOOSE}
    if form is None or errors:
        return await _page(request, meeting, status=422, errors=errors, typed=web.typed(raw))
    try:
        async with within(here):
            found = await service.held(here, *which(meeting), State.PLANNED, State.HELD)
            await agenda.add(here, found.id, form.key, form.section, form.title, no_name=form.no_name)
    except Invalid as wrong:
        return await _page(request, meeting, status=422, errors=wrong.fields, typed=web.typed(raw))
    return web.saved(request, f"/{tenant}/meetings/{meeting}", text=CHANGED)


@post("/{tenant:str}/meetings/{meeting:str}/items/{item_id:uuid}/place", opt=RUN)
async def move(request: Asked, tenant: FromPath[str], meeting: FromPath[str], item_id: FromPath[UUID]) -> Response[Any]:
    form = await _form(request, asking.MoveForm)
    here = web.here(request)
    async with within(here):
        found = await service.held(here, *which(meeting), State.PLANNED, State.HELD)
        await agenda.move(here, found.id, item_id, form.to)
    return web.saved(request, f"/{tenant}/meetings/{meeting}", text=CHANGED)


@post("/{tenant:str}/meetings/{meeting:str}/items/{item_id:uuid}/skip", opt=RUN)
async def skip(request: Asked, tenant: FromPath[str], meeting: FromPath[str], item_id: FromPath[UUID]) -> Response[Any]:
    take_in = (await request.form()).get("take_in") == "yes"
    here = web.here(request)
    async with within(here):
        found = await service.held(here, *which(meeting), State.PLANNED, State.HELD)
        await agenda.leave_out(here, found.id, item_id, skip=not take_in)
    return web.saved(request, f"/{tenant}/meetings/{meeting}", text=CHANGED)


@post("/{tenant:str}/meetings/{meeting:str}/chair", opt=RUN)
async def chair(request: Asked, tenant: FromPath[str], meeting: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(asking.ChairForm, raw)
    if form is not None and form.who == "substitute":
        errors |= {"name": WHO} if len(form.name) < 2 else {}
        errors |= {"reason": asking.WHY} if len(form.reason) < 3 else {}
    if form is None or errors:
        return await _page(request, meeting, status=422, errors=errors, typed=web.typed(raw))
    here = web.here(request)
    async with within(here):
        by_chief = form.who == "chief"
        await service.chair(here, *which(meeting), form.key, by_chief=by_chief, name=form.name, why=form.reason)
    return web.saved(request, f"/{tenant}/meetings/{meeting}", text=CHAIRED)


@post("/{tenant:str}/meetings/{meeting:str}/attendance", opt=RUN)
async def attendance(request: Asked, tenant: FromPath[str], meeting: FromPath[str]) -> Response[Any]:
    raw = web.typed(await request.form())
    form = await _form(request, asking.KeyForm)
    came: dict[str, Came] = {}
    for agency in AGENCIES:
        who = asking.line(raw.get(f"who_{agency}", ""))
        if raw.get(f"came_{agency}") or who:
            came[agency] = Came(bool(raw.get(f"came_{agency}")), who)
    here = web.here(request)
    async with within(here):
        await service.attend(here, *which(meeting), form.key, came)
    return web.saved(request, f"/{tenant}/meetings/{meeting}", text=ATTENDED)


@post("/{tenant:str}/meetings/{meeting:str}/closing", opt=RUN)
async def closing(request: Asked, tenant: FromPath[str], meeting: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(asking.ClosingForm, raw)
    at = asking.read_time(form.ended) if form else None
    if form is not None and at is None:
        errors = {"ended": asking.TIME_WRONG}
    if form is None or errors or at is None:
        return await _page(request, meeting, status=422, errors=errors, typed=web.typed(raw))
    kind, on = which(meeting)
    adopted = "" if form.adopted == "none" else form.adopted
    ending = service.Ending(asking.moment(on, at), form.recorder, form.reviewer, adopted)
    here = web.here(request)
    async with within(here):
        await service.close(here, kind, on, form.key, ending)
    return web.saved(request, f"/{tenant}/meetings/{meeting}", text=CLOSED)


@post("/{tenant:str}/meetings/{meeting:str}/cancellation", opt=RUN)
async def cancellation(request: Asked, tenant: FromPath[str], meeting: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(asking.ReasonForm, raw)
    if form is None:
        wrong = {"cancel" if name == "reason" else name: text for name, text in errors.items()}
        typed = {"cancel": web.typed(raw).get("reason", "")}
        return await _page(request, meeting, status=422, errors=wrong, typed=typed)
    here = web.here(request)
    async with within(here):
        await service.cancel(here, *which(meeting), form.key, form.reason)
    return web.saved(request, f"/{tenant}/meetings", text=CANCELLED)


ROUTES: list[Any] = [
    meetings,
    new,
    plan,
    meeting,
    opening,
    renew,
    add,
    move,
    skip,
    chair,
    attendance,
    closing,
    cancellation,
    *routes_present.ROUTES,
    *routes_tasks.ROUTES,
    *routes_papers.ROUTES,
]


async def _new(
    request: Asked,
    kind: Kind,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
) -> Response[str]:
    here = web.here(request)
    async with within(here):
        past = await service.listed(here)
        next_ = await service.suggested(here, kind, past)
    usual = {
        "key": str(next_.key),
        "kind": next_.kind.value,
        "on": clock.numeric(next_.on),
        "at": asking.shown(next_.at),
        "place": next_.place,
    }
    return web.page(
        request,
        "meetings/new.html",
        status=(status if status != 200 else 422) if errors else 200,
        typed={**usual, **(typed or {})},
        errors=errors or {},
        kinds=KINDS,
        suggested=next_.on,
    )


async def _page(
    request: Asked,
    meeting: str,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
) -> Response[str]:
    here, spoken = web.here(request), web.lang(request)
    async with within(here):
        found = await service.session(here, *which(meeting))
        kept = await agenda.items(here, found.id)
        coming = await agenda.preview(here, found.kind) if found.state == State.PLANNED else []
        made = await tasks.decisions(here, found.id)
        came = await service.attendance(here, found.id)
    decided: dict[UUID, list[str]] = {}
    for one in made:
        words = telling.decided(one.kind, one.text, spoken)
        decided.setdefault(one.item_id, []).append(f"{words} · {one.owner} · {clock.short(one.due_on)}")
    return web.page(
        request,
        "meetings/meeting.html",
        status=status,
        session=found,
        address=meeting,
        title=telling.name(found, spoken),
        may_open=found.state == State.PLANNED and here.today >= found.on_date,
        started=asking.shown(found.opened_at),
        ended=asking.shown(found.ended_at),
        groups=_groups([(item.matter, item) for item in kept] + [(matter, None) for matter in coming], spoken),
        decided=decided,
        count=len(kept),
        made=len(made),
        attendance=came,
        agencies=AGENCIES,
        sections=SECTIONS,
        states=STATES,
        kinds=KINDS,
        errors=errors or {},
        typed=typed or {},
        key=uuid7(),
        me=request.scope["state"]["tenant"].called_name,
        time_now=asking.shown(here.now),
    )


def _groups(matters: list[Any], spoken: str) -> list[tuple[Section, list[tuple[Any, ...]]]]:
    """[(section, [(item or None, subject, facts, promises, figures, codes)])] in the order of the agenda."""
    groups: dict[Section, list[tuple[Any, ...]]] = {}
    for matter, item in matters:
        line = (
            item,
            telling.subject(matter, spoken),
            telling.facts(matter, spoken),
            [telling.promised(one, spoken) for one in matter.promises],
            telling.figures(matter, spoken),
            matter.codes,
        )
        groups.setdefault(matter.section, []).append(line)
    rank = list(Section)
    return sorted(groups.items(), key=lambda group: rank.index(group[0]))


def _row(request: Asked, card: service.Card) -> dict[str, Any]:
    return {
        "card": card,
        "name": telling.name(card, web.lang(request)),
        "day": clock.echo(card.on_date),
        "at": asking.shown(card.starts_at),
    }


def _day(text: Any) -> date | str:
    return clock.parse_date_text(str(text or ""))


async def _form(request: Asked, kind: Any) -> Any:
    form, errors = web.read(kind, await request.form())
    if form is None:
        raise Invalid(errors)
    return form
