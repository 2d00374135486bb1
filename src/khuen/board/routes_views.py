"""Saved views of the board: kept under a name, named anew, removed, begun with; each can be taken back."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from khuen import undo, web, words
from khuen.board import address, lines, rules, views
from khuen.board.service import Asked
from khuen.board.views import Kind
from khuen.errors import Invalid
from khuen.ids import uuid7
from khuen.tenancy import within
from khuen.words import N_

Asking: TypeAlias = Request[Any, Any, Any]

SEE = {"perm": "board.see"}
SAVED = N_("View saved")
CHANGED = {
    "named": N_("New name saved"),
    "removed": N_("View removed"),
    "started": N_("The board begins with this view"),
    "stopped": N_("The board begins with what is to do"),
}
NAME_IT = N_("Give the view a name of 2 to 40 letters")
A_PROJECT, A_BUDDY = N_("one project"), N_("one buddy")

Name: TypeAlias = Annotated[str, Meta(min_length=2, max_length=40, extra={"error": NAME_IT})]


class NameForm(msgspec.Struct):
    key: UUID
    name: Name


class KeyForm(msgspec.Struct):
    key: UUID


class StartForm(msgspec.Struct):
    key: UUID
    kind: Literal["started", "stopped"]


@get("/{tenant:str}/board/views", opt=SEE)
async def mine(request: Asking, tenant: FromPath[str]) -> Response[str]:
    return await _page(request, tenant)


@post("/{tenant:str}/board/views", opt=SEE)
async def save(request: Asking, tenant: FromPath[str]) -> Response[Any]:
    """The filter comes with the form, as the board's own address holds it."""
    raw = await request.form()
    form, errors = web.read(NameForm, raw)
    query = address.query(address.asked(raw)) or "lane=work"
    if form is None:
        return await _page(request, tenant, errors, web.typed(raw), query)
    here = web.here(request)
    try:
        async with within(here):
            await views.save(here, form.key, form.name, query)
            token = await undo.offer(here, "view_change", form.key)
    except Invalid as error:
        return await _page(request, tenant, error.fields, web.typed(raw), query)
    return web.saved(request, f"/{tenant}/board?{query}", text=SAVED, undo=token)


@post("/{tenant:str}/board/views/{view_id:uuid}/name", opt=SEE)
async def name(request: Asking, tenant: FromPath[str], view_id: FromPath[UUID]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(NameForm, raw)
    if form is None:
        return await _page(request, tenant, {f"name-{view_id}": error for error in errors.values()}, web.typed(raw))
    return await _change(request, tenant, view_id, form.key, "named", form.name)


@post("/{tenant:str}/board/views/{view_id:uuid}/removal", opt=SEE)
async def removal(request: Asking, tenant: FromPath[str], view_id: FromPath[UUID]) -> Response[Any]:
    form, errors = web.read(KeyForm, await request.form())
    if form is None:
        raise Invalid(errors)
    return await _change(request, tenant, view_id, form.key, "removed")


@post("/{tenant:str}/board/views/{view_id:uuid}/start", opt=SEE)
async def start(request: Asking, tenant: FromPath[str], view_id: FromPath[UUID]) -> Response[Any]:
    form, errors = web.read(StartForm, await request.form())
    if form is None:
        raise Invalid(errors)
    return await _change(request, tenant, view_id, form.key, form.kind)


ROUTES: list[Any] = [mine, save, name, removal, start]


async def _change(
    request: Asking, tenant: str, view_id: UUID, key: UUID, kind: Kind, text: str | None = None
) -> Response[Any]:
    here = web.here(request)
    async with within(here):
        await views.change(here, view_id, key, kind, text)
        token = await undo.offer(here, "view_change", key)
    return web.saved(request, f"/{tenant}/board/views", text=CHANGED[kind], undo=token)


async def _page(
    request: Asking,
    tenant: str,
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
    query: str = "",
) -> Response[str]:
    """The views; with `query` also the form of the one that could not be saved."""
    here, lang = web.here(request), web.lang(request)
    async with within(here):
        found = await views.mine(here)
    return web.page(
        request,
        "board/views.html",
        status=422 if errors else 200,
        views=[(view, _said(address.of_query(view.query), lang), uuid7()) for view in found],
        errors=errors or {},
        typed=typed or {},
        hidden=address.fields(query),
        key=(typed or {}).get("key") or uuid7(),
    )


def _said(asked: Asked, lang: str) -> str:
    """What a view shows, in words; a project and a buddy by name are on the board itself."""
    texts = [rules.LANES[asked.lane]]
    texts += [text for text, there in ((A_PROJECT, asked.project_id), (A_BUDDY, asked.buddy_id)) if there]
    said = [words.gettext(text, lang) for text in (*texts, rules.SORTS[asked.sort])]
    return " · ".join(filter(None, (lines.place(asked.subdistrict_code, asked.moo, lang), *said)))
