"""Finding a case. The typed text travels in the body of a POST: no address and no log may hold a name or a number."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from khuen import audit, web
from khuen.cases import service
from khuen.cases.rules import STAGES
from khuen.cases.service import FoundCase
from khuen.places import where
from khuen.tenancy import within

SEARCH = {"perm": "people.search"}

Asked: TypeAlias = Request[Any, Any, Any]


class SearchForm(msgspec.Struct):
    q: Annotated[str, Meta(max_length=100)] = ""


@get("/{tenant:str}/search", opt=SEARCH)
async def search_page(request: Asked, tenant: FromPath[str]) -> Response[str]:
    return web.page(request, "cases/search.html", asked=False, found=[])


@post("/{tenant:str}/search", opt=SEARCH, status_code=200)
async def search(request: Asked, tenant: FromPath[str]) -> Response[str]:
    form, _ = web.read(SearchForm, await request.form())
    text = form.q if form else ""
    here = web.here(request)
    found: list[FoundCase] = []
    if text:
        async with within(here):
            found = await service.find(here, text)
            await audit.record(here, "person:found", count=len(found))
    return web.answer(
        request,
        whole="cases/search.html",
        part="cases/_found.html",
        asked=bool(text),
        found=[(case, where(case.subdistrict_code, case.moo), STAGES[case.stage]) for case in found],
    )


ROUTES = [search_page, search]
