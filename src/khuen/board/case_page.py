"""The case page: its head, one of its tabs, and what was typed when a form on it is shown again."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeAlias

from litestar import Request, Response

from khuen import clock, places, thai, web
from khuen.board import lines, reading, rules
from khuen.board.next_step import next_step
from khuen.board.reading import Entry
from khuen.cases.rules import CONSENTS, DECISIONS, STAGES
from khuen.cases.service import asked_code
from khuen.enrolment.rules import LEGAL_BASES, PROPOSERS
from khuen.followups.rules import HOWS
from khuen.ids import uuid7
from khuen.pathway import service as pathway
from khuen.tenancy import Here, within
from khuen.words import N_

Asking: TypeAlias = Request[Any, Any, Any]

TABS = {
    "path": N_("Path"),
    "visits": N_("Visits"),
    "buddy": N_("Buddy"),
    "opened": N_("Who opened this file"),
}
EDITS = ("name", "safety")
#: what an entry of the timeline is called; %(what)s is its answer, stage or name
HAPPENED = {
    "step": N_("Stage: %(what)s"),
    "check_in": N_("Visit: %(what)s"),
    "consent": N_("%(more)s: %(what)s"),
    "buddy": N_("Buddy: %(what)s"),
    "buddy_ended": N_("No longer buddy: %(what)s"),
    "acknowledged": N_("Acknowledged"),
}
OPENED_AS = {
    "case:seen": N_("Opened the case"),
    "document:seen": N_("Looked at the contact details"),
    "person:named": N_("Had the name shown"),
}


async def shown(
    request: Asking,
    code: str,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
    edit: str | None = None,
    conflict: tuple[str, str, str] | None = None,
    **more: Any,
) -> Response[Any]:
    """The whole page, or the tab that htmx asks for. Read in one transaction that also writes who saw it."""
    here = web.here(request)
    tab = request.query_params.get("tab", "path")
    tab = tab if tab in TABS else "path"
    async with within(here):
        entries = await _tab(here, asked_code(code), tab)
        head = await reading.case(here, code, page=tab)
        piece = web.is_htmx(request) and request.method == "GET"
        way = None if piece else await pathway.way(here, code)
    base = f"/{request.path_params['tenant']}/cases/{code}"
    values: dict[str, Any] = {
        "head": head,
        "tab": tab,
        "tabs": [(base if one == "path" else f"{base}?tab={one}", label, one == tab) for one, label in TABS.items()],
        "entries": entries,
    }
    if way is None:
        return web.piece(request, "board/_tab.html", **values)
    if edit is None and request.method == "GET":
        asked = request.query_params.get("edit")
        edit = asked if asked in EDITS else None
    asked_for = {"contact": None, "phone_shown": "", "phone_was": None, **more}
    return web.page(
        request,
        "board/case.html",
        status=status,
        **values,
        code=code,
        tambon=places.tambon_of(head.subdistrict_code) or "",
        buddy_phone_shown=thai.phone(head.buddy_phone).shown if head.buddy_phone else "",
        errors=errors or {},
        typed=typed or {},
        edit=edit,
        conflict=conflict,
        key=uuid7(),
        stages=STAGES,
        hows=HOWS,
        legal_bases=LEGAL_BASES,
        proposers=PROPOSERS,
        consent_words=CONSENTS,
        decision_words=DECISIONS,
        acts=rules.ACTS,
        needs=rules.NEEDS,
        step=next_step(head.facts, way.progress.act, head.waits_hours, here.today, lines.allowed(here)),
        seen_in_words=clock.in_words(head.seen_at, here.now) if head.seen_at else "",
        buddy_since=clock.day_of_sentence(clock.day(head.buddy_since), here.today) if head.buddy_since else "",
        **asked_for,
    )


async def _tab(here: Here, code: str, tab: str) -> list[dict[str, Any]]:
    """The entries of one tab as the timeline shows them; what people wrote stays plain text."""
    if tab == "buddy":
        return [_buddy(here, row) for row in await reading.buddies_of(here, code)]
    read = {"path": reading.timeline, "visits": reading.visits, "opened": reading.opened_by}[tab]
    return [_entry(here, entry) for entry in await read(here, code)]


def _entry(here: Here, entry: Entry) -> dict[str, Any]:
    what, more = entry.what, entry.more
    if entry.kind == "step":
        what = STAGES.get(what or "", what)
    elif entry.kind == "check_in":
        what = HOWS.get(what or "", what)
    elif entry.kind == "consent":
        what, more = DECISIONS.get(what or "", what), CONSENTS.get(more or "", more)
    own = entry.own_at
    apart = own is not None and abs((entry.at - own).total_seconds()) >= 60
    return {
        "at_text": clock.in_words(entry.at, here.now),
        "own_text": _own_time(here, own, entry.at) if own is not None and apart else "",
        "title": HAPPENED.get(entry.kind) or OPENED_AS.get(entry.kind, entry.kind),
        "what": what,
        "more": more,
        "text": more if entry.kind in ("check_in", "step", "acknowledged") else None,
        "undone": entry.undone,
        "by": entry.by,
    }


def _own_time(here: Here, own: datetime, at: datetime) -> str:
    """The time on the phone; with its day when that is another one."""
    if clock.day(own) == clock.day(at):
        return clock.time_of_day(own)
    return clock.in_words(own, here.now)


def _buddy(here: Here, row: Any) -> dict[str, Any]:
    ended = clock.in_words(row["ended_at"], here.now) if row["ended_at"] else None
    return {
        "at_text": clock.in_words(row["started_at"], here.now),
        "own_text": "",
        "title": N_("Buddy: %(what)s"),
        "what": row["buddy"],
        "more": None,
        "text": row["end_reason"] or row["extra_reason"],
        "undone": False,
        "ended": ended,
        "by": row["by"],
    }
