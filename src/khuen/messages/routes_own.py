"""How messages reach me: linking my LINE by a code that works once, and ending it."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from khuen import access, assets, clock, members, thai, web
from khuen.channels import Means, push
from khuen.errors import Invalid, NotFound
from khuen.ids import uuid7
from khuen.messages import links, reaching
from khuen.messages.links import Own
from khuen.signin.door import Asked, settings_of
from khuen.signin.routes_account import qr
from khuen.tenancy import within
from khuen.words import N_

OWN = {"perm": "messages.own"}
NO_SERVICE = N_("The service of this browser for notices is not known here. Try Chrome")
TAKEN, NO_MORE = N_("Notices come to this phone from now on"), N_("No notices come to a phone any more")
UNLINKED = N_("Your LINE is not linked any more")
_SEND = "https://line.me/R/oaMessage/{}/?{}"  #: opens LINE with the code written already (docs/channels.md)


class Asking(msgspec.Struct):
    key: UUID


class Subscribing(msgspec.Struct):
    key: UUID
    endpoint: Annotated[str, Meta(max_length=push.LONGEST, extra={"error": NO_SERVICE})]


@get("/{tenant:str}/my-messages", opt=OWN)
async def shown(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    here, settings = web.here(request), settings_of(request)
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
        push=push.public_key(settings) if push.ready(Means(settings)) else None,
        pushed=clock.in_words(own.push_at, here.now) if own.push_at else None,
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


@get("/{tenant:str}/my-messages/worker.js", opt=OWN)
async def worker(request: Asked, tenant: FromPath[str]) -> Response[bytes]:
    """Under this address, because a worker is in charge of the pages beside it and no others."""
    return Response(assets.asset("push-worker.js").body, media_type="text/javascript")


@post("/{tenant:str}/my-messages/push", opt=OWN)
async def subscribe(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    form, errors = web.read(Subscribing, await request.form())
    if form is None or not push.known(form.endpoint, settings_of(request)):
        raise Invalid(errors or {"endpoint": NO_SERVICE})
    async with within(here := web.here(request)):
        await reaching.take_push(here, form.key, form.endpoint)
    return web.saved(request, f"/{tenant}/my-messages", text=TAKEN)


@post("/{tenant:str}/my-messages/push/removal", opt=OWN)
async def unsubscribe(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    async with within(here := web.here(request)):
        assert here.member_id is not None
        await reaching.forget(here, "push", here.member_id)
    return web.saved(request, f"/{tenant}/my-messages", text=NO_MORE)


ROUTES: list[Any] = [shown, ask_code, unlink, worker, subscribe, unsubscribe]


def _time(own: Own) -> str:
    return f"{own.code_ends_at.astimezone(clock.BANGKOK):%H:%M}" if own.code_ends_at else ""
