"""The right rows go in, the result comes out as a file, and for a day all of it can be taken back."""

from __future__ import annotations

import asyncio
import time
from typing import Any, TypeAlias
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from khuen import clock, web, words
from khuen.enrolment import batches, committing, listing, workbook
from khuen.enrolment.import_pages import STATES, all_in, said
from khuen.enrolment.routes_import import spreadsheet, to_batch
from khuen.errors import NotFound
from khuen.tenancy import within
from khuen.words import N_

IMPORT = {"perm": "enrolment.import"}
HEADINGS = (N_("State"), N_("Message"))
UNDONE = N_("The import was undone")
BUDGET = 4.0  #: seconds of one request in which chunks are put in; then the page shows how far it is

Asked: TypeAlias = Request[Any, Any, Any]


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
    return to_batch(tenant, batch_id)


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
    return web.piece(request, "enrolment/_progress.html", batch=held, done=counts.get("done", 0), total=all_in(counts))


@get("/{tenant:str}/imports/{batch_id:uuid}/result.xlsx", opt=IMPORT)
async def result(request: Asked, tenant: FromPath[str], batch_id: FromPath[UUID]) -> Response[bytes]:
    here = web.here(request)
    async with within(here):
        held = await batches.batch(here, batch_id)
        found = await listing.result_rows(here, held)
    rows = [
        workbook.ResultRow(one.number, one.cells, words.gettext(STATES[one.state]), said(held, one.problems))
        for one in found
    ]
    content = await asyncio.to_thread(workbook.result, held.source.header_row, held.source.names, rows, words.gettext)
    return spreadsheet(content, f"khuen-import-{clock.day(held.made_at).isoformat()}.xlsx")


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


ROUTES: list[Any] = [commit, progress, result, ask_undo, undo]
