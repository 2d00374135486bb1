"""The lists: their index, one of them on the screen, and the same as a file or on paper."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from khuen import access, sheets, web, words
from khuen.cases import sharing
from khuen.cases.rules import OWN_WORK, PURPOSES, Recipient
from khuen.errors import NotAllowed
from khuen.lists import catalogue, rules, service
from khuen.lists.columns import CODE, Column, Told
from khuen.lists.listed import Listed
from khuen.lists.reading import Found, Row
from khuen.tenancy import Here, within
from khuen.words import N_

Asking: TypeAlias = Request[Any, Any, Any]

SEE = {"perm": "lists.see"}
PRINT = "print"
NOT_TO_HAND = N_("To stand on this list tells how somebody is: it is for our own work alone")
CUT = N_("The first %(count)s of %(total)s rows. Choose a shorter time for the others.")


class OutForm(msgspec.Struct):
    form: str = "xlsx"
    purpose: str = OWN_WORK
    period: str = ""


@get("/{tenant:str}/lists", opt=SEE)
async def index(request: Asking, tenant: FromPath[str]) -> Response[str]:
    here = web.here(request)
    groups = [
        (heading, [one for one in some if access.may(here.roles, one.permission)]) for heading, some in catalogue.GROUPS
    ]
    return web.page(request, "lists/index.html", groups=[group for group in groups if group[1]])


@get("/{tenant:str}/lists/{name:str}", opt=SEE)
async def one(request: Asking, tenant: FromPath[str], name: FromPath[str]) -> Response[str]:
    return await _page(request, _allowed(request, name), {})


@post("/{tenant:str}/lists/{name:str}/exports", opt=SEE, status_code=200)
async def take_out(request: Asking, tenant: FromPath[str], name: FromPath[str]) -> Response[Any]:
    """A file, or the page that is printed. For police and administration only the one list that may leave."""
    listed = _allowed(request, name)
    form, errors = web.read(OutForm, await request.form())
    here = web.here(request)
    if form is None or form.purpose not in PURPOSES:
        return await _page(request, listed, errors or {"purpose": web.CHOOSE})
    kind = form.form if form.form in (*sheets.TYPES, PRINT) else "xlsx"
    if form.purpose == OWN_WORK:
        return await _ours(request, listed, rules.period(form.period), kind)
    if not listed.may_leave:
        return await _page(request, listed, {"purpose": NOT_TO_HAND})
    if not access.may(here.roles, "cases.hand_over"):
        raise NotAllowed
    async with within(here):
        handed = await sharing.hand(here, Recipient(form.purpose), None, form=kind, page=listed.name)
    lang = web.lang(request)
    rows, notes = sharing.table(handed, lang), sharing.notes(handed, here.today, lang)
    return await _out(request, listed, kind, "programme", rows, notes, [])


ROUTES: list[Any] = [index, one, take_out]


def _allowed(request: Asking, name: str) -> Listed:
    """Raises NotFound, NotAllowed."""
    listed = service.named(name)
    if not access.may(web.here(request).roles, listed.permission):
        raise NotAllowed
    return listed


async def _page(request: Asking, listed: Listed, errors: dict[str, str]) -> Response[str]:
    here, lang = web.here(request), web.lang(request)
    period = rules.period(request.query_params.get("period", ""))
    number = _number(request.query_params.get("page", ""))
    async with within(here):
        found = await service.page(here, listed, period, number, results=_results(here), lang=lang)
    columns = _columns(here, listed)
    return web.page(
        request,
        "lists/list.html",
        status=422 if errors else 200,
        it=listed,
        columns=columns,
        rows=[
            [
                (cell, _leads(listed, row) if column is CODE else None, column)
                for column, cell in zip(columns, _cells(columns, row, here, lang), strict=True)
            ]
            for row in found.rows
        ],
        total=found.total,
        number=number,
        pages=max(1, -(-found.total // rules.PAGE)),
        period=period.value,
        periods=rules.PERIODS,
        purposes=PURPOSES if listed.may_leave and access.may(here.roles, "cases.hand_over") else {},
        errors=errors,
    )


async def _ours(request: Asking, listed: Listed, period: rules.Period, kind: str) -> Response[Any]:
    here, lang = web.here(request), web.lang(request)
    async with within(here):
        found = await service.take_out(here, listed, period, form=kind, results=_results(here), lang=lang)
    columns = _columns(here, listed)
    rows: list[list[sheets.Cell]] = [[words.gettext(column.title, lang) for column in columns]]
    rows += [_cells(columns, row, here, lang) for row in found.rows]
    figures = [column.figure for column in columns]
    return await _out(request, listed, kind, listed.name, rows, _notes(found, lang), figures)


async def _out(
    request: Asking,
    listed: Listed,
    kind: str,
    name: str,
    rows: list[list[sheets.Cell]],
    notes: list[str],
    figures: list[bool],
) -> Response[Any]:
    if kind != PRINT:
        return await web.file(request, kind, name, rows, notes)
    head = list(zip(rows[0], figures or [False] * len(rows[0]), strict=True))
    return web.page(
        request,
        "lists/paper.html",
        it=listed,
        title=words.gettext(listed.title, web.lang(request)),
        head=head,
        rows=rows[1:],
        notes=notes,
        today=web.here(request).today,
    )


def _notes(found: Found, lang: str) -> list[str]:
    notes = [words.gettext(sharing.OURS, lang)]
    if found.total > len(found.rows):
        notes.append(words.gettext(CUT, lang) % {"count": len(found.rows), "total": found.total})
    return notes


def _columns(here: Here, listed: Listed) -> list[Column]:
    return [column for column in listed.columns if not column.needs or access.may(here.roles, column.needs)]


def _cells(columns: list[Column], row: Row, here: Here, lang: str) -> list[sheets.Cell]:
    told = Told(row, here.today, lang)
    return [column.cell(told) for column in columns]


def _leads(listed: Listed, row: Row) -> str | None:
    """The address of what a row is about, within the district."""
    return None if listed.leads_to is None else f"cases/{row['code']}/{listed.leads_to}".rstrip("/")


def _results(here: Here) -> bool:
    return access.may(here.roles, "treatment.results")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 5 and int(text) else 1
