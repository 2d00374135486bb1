"""One row of an import: looked at, put right, left out."""

from __future__ import annotations

from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from khuen import web
from khuen.enrolment import batches, columns, mending, opening
from khuen.enrolment.import_pages import asked_of, figures, row_values
from khuen.enrolment.mapping import text_of
from khuen.errors import NotFound
from khuen.tenancy import within
from khuen.words import N_

IMPORT = {"perm": "enrolment.import"}
MENDED = N_("Row saved")
LAST_ROW = 1_048_576

Asked: TypeAlias = Request[Any, Any, Any]


@get("/{tenant:str}/imports/{batch_id:uuid}/rows/{number:int}", opt=IMPORT)
async def row(request: Asked, tenant: FromPath[str], batch_id: FromPath[UUID], number: FromPath[int]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        held = await batches.batch(here, batch_id)
        values = await row_values(here, held, _line(number))
    return web.answer(request, whole="enrolment/row.html", part="enrolment/_row_form.html", **values)


@post("/{tenant:str}/imports/{batch_id:uuid}/rows/{number:int}", opt=IMPORT)
async def mend(request: Asked, tenant: FromPath[str], batch_id: FromPath[UUID], number: FromPath[int]) -> Response[Any]:
    form = await request.form()
    here = web.here(request)
    mended = {name: text_of(form, name) for name in columns.FIELDS if name in form}
    async with within(here):
        held = await batches.batch(here, batch_id)
        near = await opening.near_of(here)
        after = await mending.mend(here, batch_id, near, _line(number), mended, text_of(form, "choice"))
        values = await row_values(here, held, _line(number))
        ready = after.state in ("good", "left_out")
        if ready and web.is_htmx(request):
            values |= await figures(here, held, asked_of(_open_page(request)), again=True)
    if ready:
        if web.is_htmx(request):
            return web.piece(request, "enrolment/_mended.html", **values)
        return web.saved(request, f"/{tenant}/imports/{batch_id}", text=MENDED)
    return web.answer(request, whole="enrolment/row.html", part="enrolment/_row_form.html", status=422, **values)


def _open_page(request: Asked) -> dict[str, str]:
    """The query of the page that the browser has open, on which the row is put right."""
    return dict(parse_qsl(urlsplit(request.headers.get("hx-current-url", "")).query))


def _line(number: int) -> int:
    """A row of the sheet as it is counted in the file. Raises NotFound for a number that no sheet has."""
    if not 0 < number <= LAST_ROW:
        raise NotFound
    return number - 1


ROUTES: list[Any] = [row, mend]
