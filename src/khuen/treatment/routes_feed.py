"""A member's own calendar address: the page that makes and ends it, and what a calendar reads there."""

from __future__ import annotations

from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from khuen import clock, registry, web, words
from khuen.errors import Invalid, NotFound
from khuen.ids import uuid7
from khuen.tenancy import within
from khuen.treatment import feed
from khuen.words import N_

Asked: TypeAlias = Request[Any, Any, Any]

SEE = {"perm": "treatment.see"}
ENDED = N_("The address is ended")
TITLE = N_("Group meeting")
DAY_OFF = N_("Day off")


class KeyForm(msgspec.Struct):
    key: UUID


@get("/{tenant:str}/calendar", opt=SEE)
async def my_calendar(request: Asked, tenant: FromPath[str]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        link = await feed.link(here)
    made = clock.in_words(link.made_at, here.now) if link else ""
    return web.page(request, "treatment/my_calendar.html", made=made, address="", key=uuid7())


@post("/{tenant:str}/calendar/address", opt=SEE)
async def new_address(request: Asked, tenant: FromPath[str]) -> Response[str]:
    """The address is shown this once: the answer is the page itself, and a second sending makes no second one."""
    form, errors = web.read(KeyForm, await request.form())
    if form is None:
        raise Invalid(errors)
    here = web.here(request)
    async with within(here):
        token = await feed.new_link(here, form.key)
    address = f"{request.app.state.settings.origin}/{tenant}/calendar/{token}"
    return web.page(
        request, "treatment/my_calendar.html", made=clock.in_words(here.now, here.now), address=address, key=uuid7()
    )


@post("/{tenant:str}/calendar/ending", opt=SEE)
async def end_address(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    here = web.here(request)
    async with within(here):
        await feed.end_link(here)
    return web.saved(request, f"/{tenant}/calendar", text=ENDED)


@get("/{tenant:str}/calendar/{token:str}", opt={"perm": "public"})
async def read(request: Asked, tenant: FromPath[str], token: FromPath[str]) -> Response[bytes]:
    """What a calendar reads, without a session: the address itself is the key."""
    district = await registry.named(tenant)
    if district is None:
        raise NotFound
    here = district.here()
    async with within(here):
        content = await feed.read(here, token, words.gettext(TITLE), words.gettext(DAY_OFF))
    return Response(content, media_type="text/calendar; charset=utf-8")


ROUTES = [my_calendar, new_address, end_address, read]
