"""What is taken out of a meeting: the minutes as a PDF, its tasks as a spreadsheet, the pack to print before it."""

from __future__ import annotations

import asyncio

from litestar import Response, get
from litestar.params import FromPath

from khuen import audit, clock, packs, sheets, web
from khuen.errors import Conflict
from khuen.meetings import agenda, asking, minutes, service, tasks, telling
from khuen.meetings.asking import Asked, which
from khuen.meetings.rules import SECTIONS, TASKS, State
from khuen.tenancy import within
from khuen.words import N_, gettext

SEE = {"perm": "meetings.see"}
NO_MINUTES = N_("There are no minutes before the meeting begins")
HEADERS = (
    N_("Meeting"),
    N_("Matter"),
    N_("Decision"),
    N_("Responsible"),
    N_("Due"),
    N_("State"),
)
#: typst takes a core for a moment: two at a time leave the others a site that answers
_AT_ONCE = asyncio.Semaphore(2)


@get("/{tenant:str}/meetings/{meeting:str}/minutes.pdf", opt=SEE)
async def minutes_pdf(request: Asked, tenant: FromPath[str], meeting: FromPath[str]) -> Response[bytes]:
    """The minutes; a draft, and marked as one, until they are closed."""
    here = web.here(request)
    kind, on = which(meeting)
    async with within(here):
        found = await service.session(here, kind, on)
        if found.state not in (State.HELD, State.CLOSED):
            raise Conflict(NO_MINUTES)
        items = await agenda.items(here, found.id)
        made = await tasks.decisions(here, found.id)
        came = await service.attendance(here, found.id)
        before = await service.before(here, kind, on)
        settings = await packs.settings_of(here)
        await audit.record(here, "document:seen", found.id, kind="minutes")
    title = f"{gettext(minutes.TITLE)}{settings.wording.get('programme', '')} {request.scope['state']['tenant'].name}"
    told = minutes.content(found, items, made, came, before, title=title, thai_digits=settings.meetings.thai_digits)
    async with _AT_ONCE:
        body = await asyncio.to_thread(minutes.render, told)
    headers = {"content-disposition": f'inline; filename="minutes-{meeting}.pdf"'}
    return Response(body, media_type="application/pdf", headers=headers)


@get("/{tenant:str}/meetings/{meeting:str}/tasks.xlsx", opt=SEE)
async def tasks_xlsx(request: Asked, tenant: FromPath[str], meeting: FromPath[str]) -> Response[bytes]:
    """Every decision of the meeting, with its owner, its day and what became of it."""
    here, spoken = web.here(request), web.lang(request)
    async with within(here):
        found = await service.session(here, *which(meeting))
        items = {item.id: item for item in await agenda.items(here, found.id)}
        made = await tasks.decisions(here, found.id)
        await audit.record(here, "export:made", found.id, kind="xlsx", page="tasks", count=len(made), purpose="own")
    rows: list[list[sheets.Cell]] = [[gettext(header, spoken) for header in HEADERS]]
    rows += [
        [
            telling.name(found, spoken),
            telling.subject(items[one.item_id].matter, spoken),
            telling.decided(one.kind, one.text, spoken),
            one.owner,
            clock.numeric(one.due_on),
            gettext(TASKS[one.state], spoken),
        ]
        for one in made
    ]
    return await web.file(request, "xlsx", f"tasks-{meeting}", rows)


@get("/{tenant:str}/meetings/{meeting:str}/pack", opt=SEE)
async def pack(request: Asked, tenant: FromPath[str], meeting: FromPath[str]) -> Response[str]:
    """The agenda on paper, for those who sit at the table: codes only, with room to write."""
    here, spoken = web.here(request), web.lang(request)
    async with within(here):
        found = await service.session(here, *which(meeting))
        kept = [item.matter for item in await agenda.items(here, found.id) if not item.skipped]
        matters = [*kept, *(await agenda.preview(here, found.kind) if found.state == State.PLANNED else [])]
    return web.page(
        request,
        "meetings/pack.html",
        session=found,
        address=meeting,
        title=telling.name(found, spoken),
        day=clock.echo(found.on_date),
        starts=asking.shown(found.starts_at),
        sections=SECTIONS,
        matters=[
            (
                matter.section,
                telling.subject(matter, spoken),
                telling.facts(matter, spoken),
                [telling.promised(one, spoken) for one in matter.promises],
                telling.figures(matter, spoken),
                matter.codes,
            )
            for matter in matters
        ],
    )


ROUTES = [minutes_pdf, tasks_xlsx, pack]
