"""The administrator's first page: what is still to be set up, and a test of the way messages go."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from khuen import clock, members, web
from khuen.admin import service, setup
from khuen.errors import NotFound
from khuen.ids import uuid7
from khuen.messages.rules import CHANNELS, REASONS, STATES
from khuen.signin import staff
from khuen.signin.door import Asked
from khuen.tenancy import within
from khuen.words import N_

SETUP = {"perm": "admin.members"}
ON_ITS_WAY = N_("The test is on its way")


class Testing(msgspec.Struct):
    key: UUID


@get("/{tenant:str}/admin", opt=SETUP)
async def begin(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    here = web.here(request)
    assert here.member_id is not None
    async with within(here):
        doctors = await service.colleagues(here, role="doctor")
    ways = await staff.entries(here.tenant_id, [one.id for one in doctors])
    enters = any(way.opens for way in ways.values())
    async with within(here):
        steps, last = await setup.steps(here, doctor_enters=enters), await setup.last_test(here)
        contact = await members.contact(here, here.member_id)
    done = sum(step.done for step in steps)
    return web.page(
        request,
        "admin/setup.html",
        steps=sorted(steps, key=lambda step: step.done),
        done=done,
        total=len(steps),
        email=contact.email,
        key=uuid7(),
        **_told(request, last),
    )


@get("/{tenant:str}/admin/test-messages", opt=SETUP)
async def how_it_went(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    """The piece that asks again while the test is under way."""
    async with within(here := web.here(request)):
        last = await setup.last_test(here)
    return web.piece(request, "admin/_tested.html", **_told(request, last))


@post("/{tenant:str}/admin/test-messages", opt=SETUP)
async def test(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    form, _ = web.read(Testing, await request.form())
    if form is None:
        raise NotFound
    async with within(here := web.here(request)):
        await setup.test(here, form.key)
    return web.saved(request, f"/{tenant}/admin", text=ON_ITS_WAY)


ROUTES: list[Any] = [begin, how_it_went, test]


def _told(request: Asked, last: setup.Test | None) -> dict[str, Any]:
    here = web.here(request)
    return {
        "last": last,
        "at": clock.in_words(last.made_at, here.now) if last else "",
        "state": STATES[last.state] if last else "",
        "reason": REASONS[last.reason] if last and last.reason else "",
        "channel": CHANNELS[last.channel] if last and last.channel else "",
    }
