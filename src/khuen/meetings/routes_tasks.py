"""What somebody promised at a meeting, and the chair's own page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from khuen import access, clock, undo, web
from khuen.errors import Invalid
from khuen.ids import uuid7
from khuen.meetings import agenda, asking, rules, service, tasks, telling
from khuen.meetings.asking import Asked
from khuen.meetings.rules import STATES, TASKS, Kind, State, Task
from khuen.meetings.service import Card
from khuen.tenancy import Here, within
from khuen.words import N_

TOLD = N_("Written down. The next meeting sees it")


@get("/{tenant:str}/tasks", opt={"perm": "tasks.see"})
async def my_tasks(
    request: Asked, tenant: FromPath[str], whose: FromQuery[str] = "", task: FromQuery[UUID | None] = None
) -> Response[str]:
    return await _tasks(request, everybodys=whose == "all", chosen=task)


@post("/{tenant:str}/tasks/{decision_id:uuid}/results", opt={"perm": "tasks.see"})
async def tell(request: Asked, tenant: FromPath[str], decision_id: FromPath[UUID]) -> Response[Any]:
    """Done, or why not. Somebody else's task is told by the coordinator only."""
    raw = await request.form()
    form, errors = web.read(asking.ResultForm, raw)
    if form is not None and form.state not in (Task.DONE, Task.NOT_DONE):
        errors = {"state": web.CHOOSE}
    if form is not None and form.state == Task.NOT_DONE and len(form.reason) < 3:
        errors = {"reason": asking.WHY}
    here = web.here(request)
    anybodys = access.may(here.roles, "meetings.run")
    try:
        if form is None or errors:
            raise Invalid(errors)
        async with within(here):
            reason = form.reason if form.state == Task.NOT_DONE else ""
            await tasks.tell(here, decision_id, form.key, form.state, reason, anybodys=anybodys, no_name=form.no_name)
            token = await undo.offer(here, "task_step", form.key)
    except Invalid as wrong:
        return await _tasks(
            request, everybodys=anybodys, chosen=decision_id, errors=wrong.fields, typed=web.typed(raw), own=decision_id
        )
    to = f"/{tenant}/tasks?whose=all" if raw.get("whose") == "all" else f"/{tenant}/tasks"
    return web.saved(request, to, text=TOLD, undo=token)


@get("/{tenant:str}/chair", opt={"perm": "meetings.chair"})
async def chair(request: Asked, tenant: FromPath[str]) -> Response[str]:
    """Where a chair begins: today's meeting with the matter that is being talked about, and their own tasks."""
    here, spoken = web.here(request), web.lang(request)
    async with within(here):
        found = await service.listed(here)
        now = _now(found)
        item = await _shown(here, now)
        mine = await tasks.listed(here, everybodys=False)
    told = [card for card in found if card.state in (State.HELD, State.CLOSED) and card.kind == Kind.WEEKLY]
    chief, all_ = rules.chair_rate(card.by_chief for card in told)
    to_do = [line for line in mine if line.state in rules.UNRESOLVED]
    return web.answer(
        request,
        whole="meetings/chair.html",
        part="meetings/_chair_now.html",
        now=now,
        now_name=telling.name(now, spoken) if now else "",
        now_day=clock.echo(now.on_date) if now else "",
        now_at=asking.shown(now.starts_at) if now else "",
        is_today=now is not None and now.on_date == here.today,
        item=item,
        subject=telling.subject(item.matter, spoken) if item else "",
        facts=telling.facts(item.matter, spoken) if item else [],
        states=STATES,
        to_do=len(to_do),
        late=sum(rules.late_days(line.due_on, line.state, here.today) > 0 for line in to_do),
        past=[(card, telling.name(card, spoken), clock.echo(card.on_date)) for card in found if card.state == "closed"][
            :5
        ],
        chief=chief,
        all_=all_,
    )


ROUTES = [my_tasks, tell, chair]


def _now(found: list[Card]) -> Card | None:
    """The meeting in session, else the next one planned."""
    in_session = [card for card in found if card.state == State.HELD]
    planned = [card for card in reversed(found) if card.state == State.PLANNED]
    return next(iter([*in_session, *planned]), None)


async def _shown(here: Here, now: Card | None) -> agenda.Item | None:
    """The matter that the secretary shows."""
    if now is None or now.state != State.HELD:
        return None
    session = await service.session(here, Kind(now.kind), now.on_date)
    return next((item for item in await agenda.items(here, now.id) if item.id == session.item_id), None)


async def _tasks(
    request: Asked,
    *,
    everybodys: bool,
    chosen: UUID | None,
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
    own: UUID | None = None,
) -> Response[str]:
    here, spoken = web.here(request), web.lang(request)
    async with within(here):
        found = await tasks.listed(here, everybodys=everybodys)
        if own is not None:
            await tasks.own(here, own, anybodys=everybodys)
    lines = [_line(here, line, spoken) for line in found]
    return web.page(
        request,
        "meetings/tasks.html",
        status=422 if errors else 200,
        to_do=[line for line in lines if line["open"]],
        finished=[line for line in lines if not line["open"]],
        everybodys=everybodys,
        cut=len(found) == tasks.MOST,
        chosen=chosen,
        any_=access.may(here.roles, "meetings.run"),
        errors=errors or {},
        typed=typed or {},
        key=uuid7(),
        states=TASKS,
    )


def _line(here: Here, line: tasks.Line, spoken: str) -> dict[str, Any]:
    return {
        "id": line.id,
        "what": telling.decided(line.kind, line.text, spoken),
        "about": line.code or line.title,
        "owner": line.owner,
        "mine": line.owner_id == here.member_id,
        "due": clock.day_of_sentence(line.due_on, here.today),
        "late": rules.late_days(line.due_on, line.state, here.today),
        "state": line.state,
        "reason": line.reason or "",
        "stopped": line.stopped,
        "open": line.state in rules.UNRESOLVED,
        "meeting": rules.address(line.meeting_kind, line.on_date),
        "number": f"{line.number}/{line.fiscal_year}",
    }
