"""The coordinator's nudge: one press asks the buddy of a case to visit."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath

from khuen import redis, web
from khuen.cases.rules import is_code
from khuen.errors import Invalid, NotFound
from khuen.followups import reminders
from khuen.tenancy import within
from khuen.words import N_

ASKED = N_("The buddy is asked to visit")


class NudgeForm(msgspec.Struct):
    key: UUID


@post("/{tenant:str}/cases/{code:str}/nudges", opt={"perm": "messages.nudge"})
async def nudge(request: Request[Any, Any, Any], tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    """Back to the case; in a practice area to the message, which shows the text that would have gone out."""
    form, errors = web.read(NudgeForm, await request.form())
    if form is None:
        raise Invalid(errors)
    if not is_code(code):
        raise NotFound
    here = web.here(request)
    async with within(here):
        written = await reminders.nudge(here, code, form.key)
    redis.ping(here.tenant_id)
    practice = request.scope["state"]["tenant"].practice
    to = f"/{tenant}/messages/{written.message_id}" if practice else f"/{tenant}/cases/{code}"
    return web.saved(request, to, text=ASKED)


ROUTES = [nudge]
