"""The district's account on LINE: its token and secret, asked of LINE itself before they are kept."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from khuen import clock, members, web
from khuen.admin.routes_settings import SETTINGS
from khuen.channels import GiveUp, Means, Retry, Uncertain, line
from khuen.errors import Conflict, NotFound
from khuen.ids import uuid7
from khuen.messages import line_accounts
from khuen.messages.line_accounts import NewAccount
from khuen.signin.door import Asked, settings_of
from khuen.tenancy import within
from khuen.words import N_

CONNECTED = N_("Connected. Send a test to yourself on the page Set-up")
DISCONNECTED = N_("Nothing goes by LINE from here any more")
TOKEN = N_("Paste the channel access token from LINE Developers")
SECRET = N_("Paste the channel secret: 32 letters and digits")
UNKNOWN = N_("LINE does not know this token. Issue a new one and paste all of it")
NO_ANSWER = N_("LINE did not answer just now. Nothing was saved. Try again in a minute")
PRACTICE = N_("A practice area is not connected to LINE: nothing leaves it.")


class Connecting(msgspec.Struct):
    key: UUID
    token: Annotated[str, Meta(pattern=r"^[\x21-\x7e]{20,400}$", max_length=400, extra={"error": TOKEN})]
    secret: Annotated[str, Meta(pattern="^[0-9a-f]{32}$", extra={"error": SECRET})]


@get("/{tenant:str}/admin/settings/line", opt=SETTINGS)
async def shown(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    return await _page(request)


@post("/{tenant:str}/admin/settings/line", opt=SETTINGS)
async def connect(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    _refuse_practice(request)
    form, errors = web.read(Connecting, await request.form())
    if form is None:
        if "key" in errors:
            raise NotFound
        return await _page(request, errors=errors, status=422)
    try:  # before the transaction: LINE may be slow
        bot = await line.bot(Means(settings_of(request), form.token))
    except GiveUp:
        return await _page(request, errors={"token": UNKNOWN}, status=422)
    except (Retry, Uncertain):
        return await _page(request, errors={"token": NO_ANSWER}, status=422)
    async with within(here := web.here(request)):
        new = NewAccount(bot.basic_id, bot.user_id, form.token, form.secret)
        await line_accounts.connect(here, form.key, new)
    return web.saved(request, f"/{tenant}/admin/settings/line", text=CONNECTED)


@post("/{tenant:str}/admin/settings/line/removal", opt=SETTINGS)
async def disconnect(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    async with within(here := web.here(request)):
        await line_accounts.disconnect(here)
    return web.saved(request, f"/{tenant}/admin/settings/line", text=DISCONNECTED)


ROUTES: list[Any] = [shown, connect, disconnect]


def _refuse_practice(request: Asked) -> None:
    if request.scope["state"]["tenant"].practice:
        raise Conflict(PRACTICE)


async def _page(request: Asked, *, errors: dict[str, str] | None = None, status: int = 200) -> Response[Any]:
    """What was typed is not shown again: both fields are secrets."""
    here = web.here(request)
    async with within(here):
        account = await line_accounts.account(here)
        names = await members.names(here, [account.set_by] if account else [])
    return web.page(
        request,
        "admin/line.html",
        status=status,
        account=account,
        at=clock.in_words(account.set_at, here.now) if account else "",
        by=names.get(account.set_by, "–") if account else "",
        hook=f"{settings_of(request).origin}/hooks/line/{request.path_params['tenant']}",
        key=uuid7(),
        errors=errors or {},
    )
