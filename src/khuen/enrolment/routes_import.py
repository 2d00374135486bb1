"""A spreadsheet from upload to check: the file, its columns, the page that shows what its rows are.

Every act is a plain form; htmx only spares a page load.
"""

from __future__ import annotations

import asyncio
from typing import Any, TypeAlias
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from khuen import clock, web, words
from khuen.cases import service as cases
from khuen.enrolment import batches, checking, columns, opening, receiving, upload, workbook
from khuen.enrolment.batches import Mapping
from khuen.enrolment.import_pages import asked_of, batch_values, mapping_values
from khuen.enrolment.mapping import read_mapping, wrong_defaults
from khuen.errors import Invalid, TooLarge
from khuen.ids import uuid7
from khuen.tenancy import Here, within
from khuen.words import N_

IMPORT = {"perm": "enrolment.import"}
NO_FILE = N_("Choose a file first")
NO_PROJECT = N_("Choose the project")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LAST_PAGE = 10_000

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
        held = await receiving.receive(here, key, file.filename, content, sheet, project)
        remembered = not columns.incomplete(held.mapping.fields, {}) and held.state == "uploaded"
    if remembered:
        await _check(here, held.id, held.mapping)
    return to_batch(tenant, held.id)


@get("/{tenant:str}/imports/template.xlsx", opt=IMPORT)
async def template(request: Asked, tenant: FromPath[str]) -> Response[bytes]:
    return spreadsheet(await asyncio.to_thread(workbook.template, words.gettext), "khuen-template.xlsx")


@get("/{tenant:str}/imports/{batch_id:uuid}", opt=IMPORT)
async def show(
    request: Asked,
    tenant: FromPath[str],
    batch_id: FromPath[UUID],
    page: FromQuery[int] = 1,
    columns_again: FromQuery[str] = "",
) -> Response[str]:
    here = web.here(request)
    async with within(here):
        held = await batches.batch(here, batch_id)
        if held.may_be("uploaded") or (columns_again and held.may_be("checked")):
            values = await mapping_values(here, held, held.mapping, {})
            template_name = "enrolment/mapping.html"
        else:
            values = await batch_values(here, held, asked_of(request.query_params), min(max(1, page), LAST_PAGE))
            template_name = "enrolment/batch.html"
    return web.page(request, template_name, **values)


@post("/{tenant:str}/imports/{batch_id:uuid}/mapping", opt=IMPORT)
async def map_columns(request: Asked, tenant: FromPath[str], batch_id: FromPath[UUID]) -> Response[Any]:
    form = await request.form()
    here = web.here(request)
    async with within(here):
        held = await batches.batch(here, batch_id)
    mapping = read_mapping(form, held)
    errors = columns.incomplete(mapping.fields, mapping.defaults) | wrong_defaults(mapping, here.today)
    if errors:
        async with within(here):
            values = await mapping_values(here, held, mapping, errors, form)
        return web.page(request, "enrolment/mapping.html", status=422, **values)
    await _check(here, batch_id, mapping)
    return to_batch(tenant, batch_id)


async def _check(here: Here, batch_id: UUID, mapping: Mapping) -> None:
    async with within(here):
        work = await checking.begin_check(here, batch_id, mapping, await opening.near_of(here))
    read = await asyncio.to_thread(checking.read_rows, work)
    async with within(here):
        await checking.finish_check(here, work, read)


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


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(text) if isinstance(text, str) else None
    except ValueError:
        return None


def spreadsheet(content: bytes, name: str) -> Response[bytes]:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=XLSX, headers=headers)


def to_batch(tenant: str, batch_id: UUID) -> Redirect:
    return Redirect(f"/{tenant}/imports/{batch_id}", status_code=303)


ROUTES: list[Any] = [imports, receive, template, show, map_columns]
