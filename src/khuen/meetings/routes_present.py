"""The meeting in the room: one matter at a time, by code. The secretary's screen decides, a second one follows.

A name is never here: the chair sees one at a time, on a page of their own, and it is written down.
"""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from khuen import access, clock, places, web
from khuen.cases.service import asked_code
from khuen.errors import Conflict, Invalid
from khuen.ids import uuid7
from khuen.meetings import agenda, asking, naming, rules, service, tasks, telling
from khuen.meetings.asking import Asked, which
from khuen.meetings.rules import DECISIONS, SECTIONS, State, Task
from khuen.tenancy import within
from khuen.undo import offer
from khuen.words import N_

DECIDED = N_("The decision is written down")
HEARD = N_("Written down")
DAY_WRONG = N_("Choose a day from today on")
SEE, RUN, NAME = {"perm": "meetings.see"}, {"perm": "meetings.run"}, {"perm": "meetings.name"}


@get("/{tenant:str}/meetings/{meeting:str}/present", opt=SEE)
async def present(
    request: Asked, tenant: FromPath[str], meeting: FromPath[str], screen: FromQuery[str] = ""
) -> Response[Any]:
    """The secretary's slide; for everybody else, and on the projector, the same slide following it."""
    follows = bool(screen) or not access.may(web.here(request).roles, "meetings.run")
    values = await _slide(request, meeting, follows=follows)
    if not web.is_htmx(request):
        return web.page(request, "meetings/present.html", **values)
    answer = web.piece(request, "meetings/_slide.html", **values)
    mark = hashlib.blake2b(answer.content.encode(), digest_size=9).hexdigest()
    if request.query_params.get("seen") == mark:
        return Response(None, status_code=204)
    answer.content += f'<input type="hidden" id="seen" name="seen" value="{mark}">'
    return answer


@post("/{tenant:str}/meetings/{meeting:str}/present/{item_id:uuid}", opt=RUN)
async def show(request: Asked, tenant: FromPath[str], meeting: FromPath[str], item_id: FromPath[UUID]) -> Response[Any]:
    """The secretary turns to another matter."""
    here = web.here(request)
    async with within(here):
        await service.show(here, *which(meeting), item_id)
    return Redirect(f"/{tenant}/meetings/{meeting}/present", status_code=303)


@post("/{tenant:str}/meetings/{meeting:str}/items/{item_id:uuid}/decisions", opt=RUN)
async def decide(
    request: Asked, tenant: FromPath[str], meeting: FromPath[str], item_id: FromPath[UUID]
) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(asking.DecisionForm, raw)
    here = web.here(request)
    due = clock.parse_date_text(form.due) if form else ""
    if form is not None and form.kind not in DECISIONS:
        errors["kind"] = web.CHOOSE
    if form is not None and (isinstance(due, str) or not here.today <= due <= clock.add_months(here.today, 12)):
        errors["due"] = due if isinstance(due, str) else DAY_WRONG
    if form is not None and form.kind == "other" and not form.text:
        errors["text"] = web.REQUIRED
    if form is None or errors or isinstance(due, str):
        return await _again(request, meeting, errors, web.typed(raw))
    new = tasks.New(form.key, item_id, form.kind, form.text, form.owner, due)
    try:
        async with within(here):
            await tasks.decide(here, *which(meeting), new, no_name=form.no_name)
            token = await offer(here, "decision", form.key)
    except Invalid as wrong:
        return await _again(request, meeting, wrong.fields, web.typed(raw))
    return web.saved(request, f"/{tenant}/meetings/{meeting}/present", text=DECIDED, undo=token)


@post("/{tenant:str}/meetings/{meeting:str}/promises/{decision_id:uuid}", opt=RUN)
async def hear(
    request: Asked, tenant: FromPath[str], meeting: FromPath[str], decision_id: FromPath[UUID]
) -> Response[Any]:
    """What the meeting hears of an earlier decision: done, or let go."""
    form, errors = web.read(asking.ResultForm, await request.form())
    if form is None or form.state not in (Task.DONE, Task.DROPPED):
        raise Invalid(errors or {"state": web.CHOOSE})
    here = web.here(request)
    async with within(here):
        await tasks.hear(here, *which(meeting), decision_id, form.key, form.state)
    return web.saved(request, f"/{tenant}/meetings/{meeting}/present", text=HEARD)


@get("/{tenant:str}/meetings/{meeting:str}/name/{code:str}", opt=NAME)
async def name_form(
    request: Asked, tenant: FromPath[str], meeting: FromPath[str], code: FromPath[str]
) -> Response[str]:
    """Asks why; no name yet."""
    here = web.here(request)
    async with within(here):
        await naming.asked(here, *which(meeting), asked_code(code))
    values: dict[str, Any] = {"code": code, "address": meeting, "errors": {}, "named": None}
    values["reasons"] = naming.REASONS
    return web.page(request, "meetings/name.html", **values)


@post("/{tenant:str}/meetings/{meeting:str}/name/{code:str}", opt=NAME, status_code=200)
async def name(request: Asked, tenant: FromPath[str], meeting: FromPath[str], code: FromPath[str]) -> Response[str]:
    """One name, in the answer itself: it is in no address and is not kept. Written down with the reason's row."""
    raw = await request.form()
    form, errors = web.read(asking.NameForm, raw)
    if form is not None and form.reason not in naming.REASONS:
        form, errors = None, {"reason": web.CHOOSE}
    here = web.here(request)
    named = None
    async with within(here):
        if form is None:
            await naming.asked(here, *which(meeting), asked_code(code))
        else:
            named = await naming.name(here, *which(meeting), asked_code(code), form.reason)
    return web.page(
        request,
        "meetings/name.html",
        status=422 if form is None else 200,
        code=code,
        address=meeting,
        errors=errors,
        named=named,
        reasons=naming.REASONS,
        place=places.where(named.subdistrict_code, named.moo) if named else None,
    )


ROUTES = [present, show, decide, hear, name_form, name]


async def _again(request: Asked, meeting: str, errors: dict[str, str], typed: dict[str, str]) -> Response[str]:
    """The slide with what was typed."""
    values = await _slide(request, meeting, follows=False)
    return web.page(request, "meetings/present.html", status=422, **values | {"errors": errors, "typed": typed})


async def _slide(request: Asked, meeting: str, *, follows: bool) -> dict[str, Any]:
    """What a slide shows. The forms are the secretary's alone, and only while the meeting is in session."""
    here, spoken = web.here(request), web.lang(request)
    async with within(here):
        found = await service.session(here, *which(meeting))
        if found.state not in (State.HELD, State.CLOSED):
            raise Conflict(service.NOT_HELD)
        items = [item for item in await agenda.items(here, found.id) if not item.skipped]
        made = await tasks.decisions(here, found.id)
        runs = not follows and found.state == State.HELD
        owners = await tasks.owners(here) if runs else []
    at = next((place for place, item in enumerate(items) if item.id == found.item_id), 0)
    item = items[at]
    sections = list(dict.fromkeys(one.matter.section for one in items))
    return {
        "session": found,
        "address": meeting,
        "title": telling.name(found, spoken),
        "chair": found.chair if found.by_chief else found.substitute,
        "item": item,
        "subject": telling.subject(item.matter, spoken),
        "facts": telling.facts(item.matter, spoken),
        "figures": telling.figures(item.matter, spoken),
        "promises": [(one, *telling.promised(one, spoken)) for one in item.matter.promises],
        "section": SECTIONS[item.matter.section],
        "section_at": (sections.index(item.matter.section) + 1, len(sections)),
        "item_at": (at + 1, len(items)),
        "previous": items[at - 1].id if at else None,
        "next": items[at + 1].id if at + 1 < len(items) else None,
        "made": [
            (telling.decided(one.kind, one.text, spoken), one.owner, clock.short(one.due_on))
            for one in made
            if one.item_id == item.id
        ],
        "follows": follows,
        "runs": runs,
        "owners": owners,
        "choices": DECISIONS,
        "usual": rules.USUAL.get(item.matter.section, "other"),
        "due": clock.numeric(rules.due_by_habit(found.kind, found.on_date)),
        "me": str(here.member_id),
        "errors": {},
        "typed": {},
        "keys": [uuid7() for _ in range(1 + 2 * len(item.matter.promises))],
        "done": Task.DONE.value,
        "dropped": Task.DROPPED.value,
        "open_states": {state.value for state in rules.UNRESOLVED},
    }
