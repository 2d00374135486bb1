"""A spreadsheet from upload to undo. Every act is a plain form; htmx only spares a page load."""

from __future__ import annotations

import asyncio
import time
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from khuen import clock, places, web, words
from khuen.cases import service as cases
from khuen.enrolment import batches, columns, committing, importing, opening, rules, upload, workbook
from khuen.enrolment.batches import Batch, Mapping
from khuen.errors import Invalid, NotFound, TooLarge
from khuen.ids import uuid7
from khuen.tenancy import Here, within
from khuen.words import N_

IMPORT = {"perm": "enrolment.import"}
NO_FILE = N_("Choose a file first")
NO_PROJECT = N_("Choose the project")
MENDED, UNDONE = N_("Row saved"), N_("The import was undone")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PAGE, LAST_PAGE, LAST_ROW = 50, 10_000, 1_048_576
BUDGET = 4.0  #: seconds of one request in which chunks are put in; then the page shows how far it is
SHOWN_STATES = {
    "problems": ["bad", "duplicate"],
    "good": ["good"],
    "done": ["done"],
    "left_out": ["left_out"],
    "all": ["raw", "good", "bad", "duplicate", "done", "left_out", "undone"],
}
STATES = {
    "raw": N_("Not checked"),
    "good": N_("Right"),
    "bad": N_("To be corrected"),
    "duplicate": N_("Perhaps here already"),
    "done": N_("Imported"),
    "left_out": N_("Left out"),
    "undone": N_("Taken back"),
}
HEADINGS = (N_("State"), N_("Message"))

Asked: TypeAlias = Request[Any, Any, Any]


@get("/{tenant:str}/imports", opt=IMPORT)
async def imports(request: Asked, tenant: FromPath[str]) -> Response[str]:
    return await _list(request, {})


@post("/{tenant:str}/imports", opt=IMPORT)
async def receive(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    form = await request.form()
    file, project, key = form.get("file"), _uuid(form.get("project")), _uuid(form.get("key"))
    errors = {}
    if not isinstance(file, UploadFile) or not file.filename:
        errors["file"] = NO_FILE
    if project is None or key is None:
        errors["project"] = NO_PROJECT
    if errors or not isinstance(file, UploadFile) or project is None or key is None:
        return await _list(request, errors)
    content = await file.read()
    try:
        sheet = await upload.read(content)
    except (Invalid, TooLarge) as refused:
        return await _list(request, refused.fields if isinstance(refused, Invalid) else {"file": upload.TOO_LARGE})
    here = web.here(request)
    async with within(here):
        held = await importing.receive(here, key, file.filename, content, sheet, project)
        remembered = not columns.incomplete(held.mapping.fields, {}) and held.state == "uploaded"
    if remembered:
        await _check(here, held.id, held.mapping)
    return _to(tenant, held.id)


@get("/{tenant:str}/imports/template.xlsx", opt=IMPORT)
async def template(request: Asked, tenant: FromPath[str]) -> Response[bytes]:
    return _file(await asyncio.to_thread(workbook.template, words.gettext), "khuen-template.xlsx")


@get("/{tenant:str}/imports/{batch_id:uuid}", opt=IMPORT)
async def show(
    request: Asked,
    tenant: FromPath[str],
    batch_id: FromPath[UUID],
    show: FromQuery[str] = "problems",
    kind: FromQuery[str] = "",
    page: FromQuery[int] = 1,
    columns_again: FromQuery[str] = "",
) -> Response[str]:
    here = web.here(request)
    async with within(here):
        held = await batches.batch(here, batch_id)
        if held.state == "uploaded" or (columns_again and held.state == "checked"):
            values = await _mapping_values(here, held, held.mapping, {})
            template_name = "enrolment/mapping.html"
        else:
            chosen = kind if kind in rules.PROBLEMS else ""
            values = await _batch_values(here, held, show, chosen, min(max(1, page), LAST_PAGE))
            template_name = "enrolment/batch.html"
    return web.page(request, template_name, **values)


@get("/{tenant:str}/imports/{batch_id:uuid}/progress", opt=IMPORT)
async def progress(request: Asked, tenant: FromPath[str], batch_id: FromPath[UUID]) -> Response[Any]:
    """How far a commit is, for the poll of the page."""
    here = web.here(request)
    async with within(here):
        held = await batches.batch(here, batch_id)
        counts = await batches.tally(here, batch_id)
    if held.state != "committing":
        response: Response[Any] = Response("", status_code=200)
        response.headers["hx-redirect"] = f"/{tenant}/imports/{batch_id}"
        return response
    return web.piece(request, "enrolment/_progress.html", batch=held, done=counts.get("done", 0), total=_total(counts))


@post("/{tenant:str}/imports/{batch_id:uuid}/mapping", opt=IMPORT)
async def map_columns(request: Asked, tenant: FromPath[str], batch_id: FromPath[UUID]) -> Response[Any]:
    form = await request.form()
    here = web.here(request)
    async with within(here):
        held = await batches.batch(here, batch_id)
    mapping = _mapping(form, held)
    errors = columns.incomplete(mapping.fields, mapping.defaults) | _wrong_defaults(mapping, here.today)
    if errors:
        async with within(here):
            values = await _mapping_values(here, held, mapping, errors, form)
        return web.page(request, "enrolment/mapping.html", status=422, **values)
    await _check(here, batch_id, mapping)
    return _to(tenant, batch_id)


@get("/{tenant:str}/imports/{batch_id:uuid}/rows/{number:int}", opt=IMPORT)
async def row(request: Asked, tenant: FromPath[str], batch_id: FromPath[UUID], number: FromPath[int]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        held = await batches.batch(here, batch_id)
        values = await _row_values(here, held, _line(number))
    return web.answer(request, whole="enrolment/row.html", part="enrolment/_row_form.html", **values)


@post("/{tenant:str}/imports/{batch_id:uuid}/rows/{number:int}", opt=IMPORT)
async def mend(request: Asked, tenant: FromPath[str], batch_id: FromPath[UUID], number: FromPath[int]) -> Response[Any]:
    form = await request.form()
    here = web.here(request)
    mended = {name: _text(form, name) for name in columns.FIELDS if name in form}
    async with within(here):
        held = await batches.batch(here, batch_id)
        near = await opening.near_of(here)
        after = await importing.mend(here, batch_id, near, _line(number), mended, _text(form, "choice"))
        values = await _row_values(here, held, _line(number))
    if after.state in ("good", "left_out"):
        if web.is_htmx(request):
            return web.piece(request, "enrolment/_row.html", **values)
        return web.saved(request, f"/{tenant}/imports/{batch_id}", text=MENDED)
    return web.answer(request, whole="enrolment/row.html", part="enrolment/_row_form.html", status=422, **values)


@post("/{tenant:str}/imports/{batch_id:uuid}/commit", opt=IMPORT)
async def commit(request: Asked, tenant: FromPath[str], batch_id: FromPath[UUID]) -> Response[Any]:
    """Begin, or go on where a process died. Puts in as many rows as a few seconds allow."""
    here = web.here(request)
    async with within(here):
        await committing.begin_commit(here, batch_id)
    until = time.monotonic() + BUDGET
    while time.monotonic() < until:
        async with within(here):
            if (await committing.continue_batch(here, batch_id)).finished:
                break
    return _to(tenant, batch_id)


@get("/{tenant:str}/imports/{batch_id:uuid}/result.xlsx", opt=IMPORT)
async def result(request: Asked, tenant: FromPath[str], batch_id: FromPath[UUID]) -> Response[bytes]:
    here = web.here(request)
    async with within(here):
        held = await batches.batch(here, batch_id)
        found = await importing.result_rows(here, held)
    rows = [
        workbook.ResultRow(one.number, one.cells, words.gettext(STATES[one.state]), _said(held, one.problems))
        for one in found
    ]
    content = await asyncio.to_thread(workbook.result, held.header_row, held.names, rows, words.gettext)
    return _file(content, f"khuen-import-{clock.day(held.made_at).isoformat()}.xlsx")


@get("/{tenant:str}/imports/{batch_id:uuid}/undo", opt=IMPORT)
async def ask_undo(request: Asked, tenant: FromPath[str], batch_id: FromPath[UUID]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        held = await batches.batch(here, batch_id)
        if not committing.may_undo(held, here.now):
            raise NotFound
        preview = await committing.undo_preview(here, batch_id)
    return web.page(request, "enrolment/undo.html", batch=held, preview=preview)


@post("/{tenant:str}/imports/{batch_id:uuid}/undo", opt=IMPORT)
async def undo(request: Asked, tenant: FromPath[str], batch_id: FromPath[UUID]) -> Response[Any]:
    here = web.here(request)
    async with within(here):
        await committing.undo_batch(here, batch_id)
    return web.saved(request, f"/{tenant}/imports/{batch_id}", text=UNDONE)


async def _check(here: Here, batch_id: UUID, mapping: Mapping) -> None:
    async with within(here):
        work = await importing.begin_check(here, batch_id, mapping, await opening.near_of(here))
    read = await asyncio.to_thread(importing.read_rows, work)
    async with within(here):
        await importing.finish_check(here, work, read)


async def _list(request: Asked, errors: dict[str, str]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        found = await batches.batches(here)
        projects = await cases.projects(here)
    lines = [(held, clock.in_words(held.made_at, here.now)) for held in found]
    return web.page(
        request,
        "enrolment/imports.html",
        status=422 if errors else 200,
        batches=lines,
        projects=projects,
        errors=errors,
        key=uuid7(),
    )


async def _mapping_values(
    here: Here, held: Batch, mapping: Mapping, errors: dict[str, str], form: Any = None
) -> dict[str, Any]:
    samples = await importing.samples(here, held)
    defaults = {name: _text(form, f"default_{name}") for name in columns.DEFAULTS} if form is not None else {}
    parts = {part: _text(form, f"default_agreed_on_{part}") for part in ("day", "month", "year")} if form else {}
    return {
        "batch": held,
        "columns": [
            (at, columns.cell(0, at)[:-1], name, samples.get(at, []), mapping.fields.get(at, ""))
            for at, name in enumerate(held.names)
        ],
        "fields": columns.FIELDS,
        "defaults": defaults or mapping.defaults,
        "agreed": parts,
        "bases": rules.LEGAL_BASES,
        "proposers": rules.PROPOSERS,
        "before": await importing.same_file_before(here, held.id),
        "errors": errors,
    }


async def _batch_values(here: Here, held: Batch, show: str, kind: str, page: int) -> dict[str, Any]:
    counts = await batches.tally(here, held.id)
    states = SHOWN_STATES.get(show, SHOWN_STATES["problems"])
    near = await opening.near_of(here)
    size = PAGE if held.state in ("checked", "committed") else 0
    found, total = await importing.page(here, held, near, states, kind or None, page, size)
    before = await importing.same_file_before(here, held.id) if held.state == "checked" else None
    return {
        "batch": held,
        "counts": counts,
        "kinds": await importing.kinds(here, held.id),
        "problems": rules.PROBLEMS,
        "fields": columns.FIELDS,
        "states": STATES,
        "rows": [(one, _matches(one)) for one in found],
        "total": total,
        "page": page,
        "pages": max(1, -(-total // PAGE)),
        "show": show if show in SHOWN_STATES else "problems",
        "kind": kind,
        "done": counts.get("done", 0),
        "in_all": _total(counts),
        "before": clock.in_words(before, here.now) if before else None,
        "may_undo": committing.may_undo(held, here.now),
    }


async def _row_values(here: Here, held: Batch, number: int) -> dict[str, Any]:
    one = await importing.one(here, held, await opening.near_of(here), number)
    wrong: dict[str, rules.Said] = {}
    for problem in one.problems:
        wrong.setdefault(problem.field, rules.PROBLEMS[problem.code])
    mapped = set(held.mapping.fields.values()) | set(held.mapping.defaults) | set(wrong)
    return {
        "batch": held,
        "row": one,
        "matches": _matches(one),
        "wrong": wrong,
        "shown": [name for name in columns.FIELDS if name in mapped],
        "problems": rules.PROBLEMS,
        "fields": columns.FIELDS,
        "states": STATES,
        "twice_id": any(p.field == "national_id" and p.code in rules.DUPLICATES for p in one.problems),
        "doubled": next((p.other for p in one.problems if p.code == "same_in_file" and p.other is not None), None),
    }


def _matches(one: importing.Shown) -> list[tuple[opening.Resembling, str]]:
    found = []
    for match in one.matches:
        place = places.place(match.subdistrict_code) if match.subdistrict_code else None
        found.append((match, place.label if place else ""))
    return found


def _mapping(form: Any, held: Batch) -> Mapping:
    fields = {}
    for at in range(len(held.names)):
        name = _text(form, f"column_{at}")
        if name in columns.FIELDS:
            fields[at] = name
    defaults = {name: _text(form, f"default_{name}") for name in columns.DEFAULTS if name != "agreed_on"}
    agreed = [_text(form, f"default_agreed_on_{part}").strip() for part in ("day", "month", "year")]
    defaults["agreed_on"] = "/".join(agreed) if any(agreed) else ""
    return Mapping(fields, {name: text for name, text in defaults.items() if text})


def _wrong_defaults(mapping: Mapping, today: date) -> dict[str, str]:
    """Choices that are none of ours, and a day that is no day."""
    around = rules.Around(today)
    readers = {
        "legal_basis": rules.legal_basis,
        "proposed_by": rules.proposed_by,
        "agreed_on": lambda text: rules.agreed_on(text, around),
        "treatment": rules.consent,
    }
    errors = {}
    for name, text in mapping.defaults.items():
        try:
            readers[name](text)
        except rules.Wrong as wrong:
            errors[f"default_{name}"] = rules.PROBLEMS[str(wrong)].what
    return errors


def _said(held: Batch, problems: tuple[Any, ...]) -> str:
    at = {name: column for column, name in held.mapping.fields.items()}
    said = []
    for problem in problems:
        what, how = (words.gettext(text) for text in rules.PROBLEMS[problem.code])
        label = words.gettext(columns.FIELDS[problem.field])
        place = columns.cell(0, at[problem.field])[:-1] + " " if problem.field in at else ""
        said.append(f"{place}{label}: {what} {how}")
    return " · ".join(said)


def _line(number: int) -> int:
    """A row of the sheet as it is counted in the file. Raises NotFound for a number that no sheet has."""
    if not 0 < number <= LAST_ROW:
        raise NotFound
    return number - 1


def _total(counts: dict[str, int]) -> int:
    return counts.get("done", 0) + counts.get("good", 0)


def _text(form: Any, name: str) -> str:
    """The last text of a field, without lone surrogates, which no page could send back."""
    texts = [value for value in form.getall(name, []) if isinstance(value, str)]
    return texts[-1].encode("utf-8", "replace").decode() if texts else ""


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _file(content: bytes, name: str) -> Response[bytes]:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=XLSX, headers=headers)


def _to(tenant: str, batch_id: UUID) -> Redirect:
    return Redirect(f"/{tenant}/imports/{batch_id}", status_code=303)


ROUTES: list[Any] = [imports, receive, template, show, progress, map_columns, row, mend, commit, result, ask_undo, undo]
