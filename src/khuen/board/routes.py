"""The board: its lanes, the acts on chosen rows, and the file that is taken out of it."""

from __future__ import annotations

import hashlib
from typing import Any, TypeAlias

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from khuen import access, clock, places, sheets, web, words
from khuen.board import (
    address,
    lines,
    routes_case,
    routes_chosen,
    routes_going,
    routes_turns,
    routes_views,
    rules,
    service,
    views,
)
from khuen.board.rules import Facts
from khuen.board.service import Asked, Board, Choices
from khuen.cases import sharing
from khuen.cases.rules import OWN_WORK, PURPOSES, STAGES, Recipient, is_code
from khuen.errors import Invalid, NotAllowed
from khuen.followups.rules import HOWS, overdue_days
from khuen.ids import uuid7
from khuen.tenancy import Here, within
from khuen.thai import initial
from khuen.words import N_

Asking: TypeAlias = Request[Any, Any, Any]

HEADERS = (
    N_("Case"),
    N_("Called"),
    N_("Group"),
    N_("Stage"),
    N_("Project"),
    N_("Subdistrict"),
    N_("Village no."),
    N_("Buddy"),
    N_("Opened"),
    N_("Visit by"),
    N_("Days late"),
    N_("Test"),
    N_("Last answer"),
)
COLOUR = N_("Colour")
CUT = N_("A file holds the first %(count)s rows. Filter the board for the others.")


class ExportForm(msgspec.Struct):
    form: str = "xlsx"
    purpose: str = OWN_WORK
    code: list[str] = []


@get("/{tenant:str}/board", opt={"perm": "board.see"})
async def board(request: Asking, tenant: FromPath[str]) -> Response[Any]:
    """The page; for htmx the list alone, or 204 when it is what the browser shows already."""
    here, asked = web.here(request), address.asked(request.query_params)
    asks_again = web.is_htmx(request)
    async with within(here):
        beside = None if asks_again else await views.beside(here)
        found = await service.board(here, asked, whole=not asks_again)
    if beside and not request.query_params and (begins := next((one for one in beside.views if one.starts), None)):
        return Redirect(f"/{tenant}/board?{begins.query}", status_code=303)
    values = _shown(request, tenant, here, asked, found)
    if beside is not None:
        return web.page(
            request,
            "board/board.html",
            **values,
            **_filters(asked, found.choices),
            **_beside(tenant, asked, beside),
            everybody=found.everybody,
            purposes=PURPOSES,
            key=uuid7(),
        )
    answer = web.piece(request, "board/_list.html", **values)
    mark = hashlib.blake2b(answer.content.encode(), digest_size=9).hexdigest()
    if request.query_params.get("seen") == mark:
        return Response(None, status_code=204)
    answer.content += f'<input type="hidden" id="seen" name="seen" value="{mark}">'
    return answer


@post("/{tenant:str}/board/exports", opt={"perm": "board.export"}, status_code=200)
async def exports(request: Asking, tenant: FromPath[str]) -> Response[bytes]:
    """The chosen rows, or without any every row of the lane with its filters, for our own work.

    To be handed to police or administration: the same people, wherever they stand, as far as they agreed.
    """
    raw = await request.form()
    form, errors = web.read(ExportForm, raw)
    if form is None or form.purpose not in PURPOSES:
        raise Invalid(errors or {"purpose": web.CHOOSE})
    kind = form.form if form.form in sheets.TYPES else "xlsx"
    codes = [code for code in form.code if is_code(code)]
    here, asked, lang = web.here(request), address.asked(raw), web.lang(request)
    if form.purpose != OWN_WORK:
        if not access.may(here.roles, "cases.hand_over"):
            raise NotAllowed
        async with within(here):
            handed, more = await service.hand(here, asked, codes, Recipient(form.purpose), form=kind)
        notes = sharing.notes(handed, here.today, lang) + _cut(more, lang)
        return await web.file(request, kind, "programme", sharing.table(handed, lang), notes)
    async with within(here):
        found, more = await service.export(here, asked, codes, form=kind)
    clinical = access.may(here.roles, "cases.clinical")
    rows = [_headers(clinical, lang), *(_line(here, row, clinical, lang) for row in found)]
    return await web.file(request, kind, "board", rows, [words.gettext(sharing.OURS, lang), *_cut(more, lang)])


ROUTES: list[Any] = [
    board,
    exports,
    *routes_chosen.ROUTES,
    *routes_turns.ROUTES,
    *routes_views.ROUTES,
    *routes_going.ROUTES,
    *routes_case.ROUTES,
]


def _shown(request: Asking, tenant: str, here: Here, asked: Asked, found: Board) -> dict[str, Any]:
    base = f"/{tenant}/board"
    total = found.counts[asked.lane]
    page = {"page": str(asked.page)} if asked.page > 1 else {}
    return {
        "asked": asked,
        "groups": lines.groups(here, asked.lane, found, web.lang(request)),
        "lanes": [
            (
                f"{base}?{address.query(asked, lane=lane.value)}",
                label,
                found.counts.get(lane),
                lane == asked.lane,
            )
            for lane, label in rules.LANES.items()
        ],
        "total": total,
        "most": service.LARGEST_EXPORT,
        "pages": max(1, -(-total // service.PAGE)),
        "pager_base": f"{base}?{address.query(asked, page='')}",
        "query": address.query(asked, **page),
        "today": here.today,
        "stamp": clock.time_of_day(here.now),
        "hidden": address.fields(address.query(asked)),
        "nobody": not found.somebody,
        "acts": rules.ACTS,
        "act_pages": rules.PAGES,
        "tick_all": f"{base}?{address.query(asked, **page, tick='all')}",
        "ticked": request.query_params.get("tick") == "all",
    }


def _beside(tenant: str, asked: Asked, beside: views.Beside) -> dict[str, Any]:
    """The saved views, whether this one could be saved, and the pairs that wait."""
    query = address.query(asked)
    known = {view.query for view in beside.views}
    return {
        "views": [
            (f"/{tenant}/board?{view.query}", view.name, view.query == (query or "lane=work")) for view in beside.views
        ],
        "saves": bool(query) and query not in known and len(known) < views.MOST,
        "pairs": beside.pairs,
    }


def _filters(asked: Asked, choices: Choices | None) -> dict[str, Any]:
    if choices is None:
        return {"choosing": f"?{address.query(asked, filters='1')}"}
    named = []
    for code, moo in choices.places:
        place = places.place(code)
        if place is not None:
            named.append((place.tambon, moo, code))
    wholes = sorted({(tambon, code) for tambon, _moo, code in named})
    villages = sorted({(tambon, int(moo) if moo.isdecimal() else 0, moo, code) for tambon, moo, code in named if moo})
    return {
        "place_choices": [(code, tambon, None) for tambon, code in wholes]
        + [(f"{code}-{moo}", tambon, moo) for tambon, _n, moo, code in villages],
        "project_choices": choices.projects,
        "buddy_choices": choices.buddies,
        "too_many_buddies": choices.narrow,
        "sorts": rules.SORTS,
        "place": address.place(asked),
        "choosing": None,
    }


def _cut(more: bool, lang: str) -> list[str]:
    """The line below the rows of a file that does not hold them all."""
    return [words.gettext(CUT, lang) % {"count": f"{service.LARGEST_EXPORT:,}"}] if more else []


def _headers(clinical: bool, lang: str) -> list[sheets.Cell]:
    return [words.gettext(text, lang) for text in (*HEADERS, *((COLOUR,) if clinical else ()))]


def _line(here: Here, row: Any, clinical: bool, lang: str) -> list[sheets.Cell]:
    def say(text: str) -> str:
        return words.gettext(text, lang)

    late = overdue_days(row["closes_on"], here.today)
    tested = Facts(row["stage"], True, test_on=row["test_on"], coloured=row["colour"] is not None)
    cells: list[sheets.Cell] = [
        row["code"],
        f"{row['called_name']} {initial(row['family_name'])}",
        say(rules.LANES[rules.first_lane(row["bits"])]),
        say(STAGES[row["stage"]]),
        row["project"],
        lines.place(row["subdistrict_code"], None, lang),
        row["moo"] or "",
        row["buddy"] or "",
        clock.numeric(row["opened_on"]),
        clock.numeric(row["closes_on"]),
        late,
        lines.test(tested, here.today, lang),
        say(HOWS[row["last_how"]]) if row["last_how"] else "",
    ]
    return [*cells, say(rules.COLOURS[row["colour"]]) if row["colour"] else ""] if clinical else cells
