"""The board: its lanes, the acts on chosen rows, and the file that is taken out of it."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from khuen import access, clock, places, redis, sheets, web, words
from khuen.board import acting, lines, routes_case, routes_turns, rules, service
from khuen.board.back import way_back
from khuen.board.rules import Facts, Lane, Sort
from khuen.board.service import Asked, Board, Choices
from khuen.cases.rules import STAGES, is_code
from khuen.errors import Invalid
from khuen.followups.rules import HOWS, overdue_days
from khuen.ids import uuid7
from khuen.tenancy import Here, within
from khuen.thai import initial
from khuen.words import N_

Asking: TypeAlias = Request[Any, Any, Any]

NUDGED = N_("Buddies asked to visit: %(asked)s. Left out: %(left)s")
CHOOSE_ROWS = N_("Tick the people first")
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
COLOURS = {"green": N_("Green"), "yellow": N_("Yellow"), "orange": N_("Orange"), "red": N_("Red")}
_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
}


class Chosen(msgspec.Struct):
    key: UUID
    code: list[str] = []


class ExportForm(msgspec.Struct):
    form: str = "xlsx"
    code: list[str] = []


@get("/{tenant:str}/board", opt={"perm": "board.see"})
async def board(request: Asking, tenant: FromPath[str]) -> Response[Any]:
    """The page; for htmx the list alone, or 204 when it is what the browser shows already."""
    here, asked = web.here(request), _asked(request.query_params)
    asks_again = web.is_htmx(request)
    async with within(here):
        found = await service.board(here, asked, whole=not asks_again)
    values = _shown(request, tenant, here, asked, found)
    if not asks_again:
        return web.page(
            request,
            "board/board.html",
            **values,
            **_filters(asked, found.choices),
            everybody=found.everybody,
            key=uuid7(),
        )
    answer = web.piece(request, "board/_list.html", **values)
    mark = hashlib.blake2b(answer.content.encode(), digest_size=9).hexdigest()
    if request.query_params.get("seen") == mark:
        return Response(None, status_code=204)
    answer.content += f'<input type="hidden" id="seen" name="seen" value="{mark}">'
    return answer


@post("/{tenant:str}/board/nudges", opt={"perm": "messages.nudge"})
async def nudges(request: Asking, tenant: FromPath[str]) -> Response[Any]:
    form, errors = web.read(Chosen, await request.form())
    if form is None:
        raise Invalid(errors)
    codes = known_codes(form.code)
    here = web.here(request)
    async with within(here):
        asked, left = await acting.nudge_many(here, codes, form.key)
    redis.ping(here.tenant_id)
    return web.saved(request, way_back(request, tenant), text=NUDGED, asked=asked, left=left)


@post("/{tenant:str}/board/exports", opt={"perm": "board.export"}, status_code=200)
async def exports(request: Asking, tenant: FromPath[str]) -> Response[bytes]:
    """The chosen rows, or without any every row of the lane with its filters."""
    raw = await request.form()
    form, _errors = web.read(ExportForm, raw)
    kind = form.form if form and form.form in _TYPES else "xlsx"
    codes = [code for code in (form.code if form else []) if is_code(code)]
    here, asked = web.here(request), _asked(raw)
    async with within(here):
        found = await service.export(here, asked, codes, form=kind)
    clinical = access.may(here.roles, "cases.clinical")
    lang = _lang(request)
    rows: list[list[sheets.Cell]] = [_headers(clinical, lang), *(_line(here, row, clinical, lang) for row in found)]
    body = await asyncio.to_thread(sheets.as_csv if kind == "csv" else sheets.as_xlsx, rows)
    name = f"board-{here.today.isoformat()}.{kind}"
    return Response(body, media_type=_TYPES[kind], headers={"content-disposition": f'attachment; filename="{name}"'})


def known_codes(codes: list[str]) -> list[str]:
    """The codes that were ticked. Raises Invalid when there is none."""
    found = [code for code in dict.fromkeys(codes) if is_code(code)][: service.PAGE]
    if not found:
        raise Invalid({}, CHOOSE_ROWS)
    return found


ROUTES: list[Any] = [board, nudges, exports, *routes_turns.ROUTES, *routes_case.ROUTES]


def _asked(raw: Any) -> Asked:
    """A filter that nobody offered is no filter."""
    given = web.typed(raw)
    code, _, moo = given.get("place", "").partition("-")
    tambon = code if code.isascii() and code.isdecimal() and len(code) == 6 else None
    page = given.get("page", "")
    return Asked(
        lane=_one_of(Lane, given.get("lane"), Lane.WORK),
        subdistrict_code=tambon,
        moo=moo[:8] or None if tambon else None,
        project_id=_id(given.get("project")),
        buddy_id=_id(given.get("buddy")),
        sort=_one_of(Sort, given.get("sort"), Sort.PRESSING),
        page=int(page) if page.isascii() and page.isdecimal() and 0 < len(page) < 5 and int(page) else 1,
        choosing="filters" in given,
    )


def _one_of(kind: Any, text: str | None, otherwise: Any) -> Any:
    return kind(text) if text in set(kind) else otherwise


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _query(asked: Asked, **more: str) -> str:
    """The address of a board like this one; what is as usual is left out."""
    place = "-".join(filter(None, (asked.subdistrict_code, asked.moo)))
    given = {
        "lane": "" if asked.lane is Lane.WORK else asked.lane.value,
        "place": place,
        "project": str(asked.project_id or ""),
        "buddy": str(asked.buddy_id or ""),
        "sort": "" if asked.sort is Sort.PRESSING else asked.sort.value,
        **more,
    }
    return urlencode({name: value for name, value in given.items() if value or name == "page"})


def _shown(request: Asking, tenant: str, here: Here, asked: Asked, found: Board) -> dict[str, Any]:
    base = f"/{tenant}/board"
    total = found.counts[asked.lane]
    return {
        "asked": asked,
        "groups": lines.groups(here, asked.lane, found, _lang(request)),
        "lanes": [
            (
                f"{base}?{_query(asked, lane='' if lane is Lane.WORK else lane.value)}".rstrip("?"),
                label,
                found.counts.get(lane),
                lane == asked.lane,
            )
            for lane, label in rules.LANES.items()
        ],
        "total": total,
        "pages": max(1, -(-total // service.PAGE)),
        "pager_base": f"{base}?{_query(asked, page='')}",
        "query": _query(asked, **({"page": str(asked.page)} if asked.page > 1 else {})),
        "today": here.today,
        "stamp": f"{here.now.astimezone(clock.BANGKOK):%H:%M}",
        "hidden": parse_qsl(_query(asked)),
        "nobody": not found.somebody,
        "acts": rules.ACTS,
        "act_pages": rules.PAGES,
    }


def _filters(asked: Asked, choices: Choices | None) -> dict[str, Any]:
    if choices is None:
        return {"choosing": f"?{_query(asked, filters='1')}"}
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
        "sorts": rules.SORTS,
        "place": "-".join(filter(None, (asked.subdistrict_code, asked.moo))),
        "choosing": None,
    }


def _lang(request: Asking) -> str:
    return "en" if request.cookies.get("lang") == "en" else "th"


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
        _day(row["opened_on"]),
        _day(row["closes_on"]),
        late,
        lines.test(tested, here.today, lang),
        say(HOWS[row["last_how"]]) if row["last_how"] else "",
    ]
    return [*cells, say(COLOURS[row["colour"]]) if row["colour"] else ""] if clinical else cells


def _day(on: Any) -> str:
    """31/1/2569, as the import reads it back."""
    return f"{on.day}/{on.month}/{clock.buddhist(on)}" if on else ""
