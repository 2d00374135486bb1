"""How messages reach me: linking my LINE by a code that works once, and ending it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from khuen import access, clock, members, thai, web
from khuen.errors import NotFound
from khuen.ids import uuid7
from khuen.messages import links
from khuen.messages.links import Own
from khuen.signin.door import Asked
from khuen.signin.routes_account import qr
from khuen.tenancy import within
from khuen.words import N_

OWN = {"perm": "messages.own"}
UNLINKED = N_("Your LINE is not linked any more")
_SEND = "https://line.me/R/oaMessage/{}/?{}"  #: opens LINE with the code written already (docs/channels.md)


class Asking(msgspec.Struct):
    key: UUID


@get("/{tenant:str}/my-messages", opt=OWN)
async def shown(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    here = web.here(request)
    assert here.member_id is not None
    async with within(here):
        own = await links.own(here)
        reached = await members.contact(here, here.member_id)
    link = _SEND.format(quote(own.basic_id), quote(own.code)) if own.basic_id and own.code else None
    return web.page(
        request,
        "messages/own.html",
        layout="buddy.html" if access.may(here.roles, "followups.today") else "base.html",
        own=own,
        linked=clock.in_words(own.linked_at, here.now) if own.linked_at else None,
        link=link,
        picture=qr(link) if link else None,
        until=_time(own),
        phone=thai.phone(reached.phone).shown if reached.phone else None,
        email=reached.email,
        key=uuid7(),
    )


@post("/{tenant:str}/my-messages/line-codes", opt=OWN)
async def ask_code(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    form, _ = web.read(Asking, await request.form())
    if form is None:
        raise NotFound
    async with within(here := web.here(request)):
        await links.ask_code(here, form.key)
    return web.saved(request, f"/{tenant}/my-messages", text=N_("Send this code to the account of the district"))


@post("/{tenant:str}/my-messages/line/removal", opt=OWN)
async def unlink(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    async with within(here := web.here(request)):
        await links.unlink(here)
    return web.saved(request, f"/{tenant}/my-messages", text=UNLINKED)


ROUTES: list[Any] = [shown, ask_code, unlink]


def _time(own: Own) -> str:
    return f"{own.code_ends_at.astimezone(clock.BANGKOK):%H:%M}" if own.code_ends_at else ""
