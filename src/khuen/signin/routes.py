"""Signing in with a password, and signing out; other ways in have their own files."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from litestar import Litestar, Response, get, post
from litestar.response import Redirect

from khuen import access, clock, thai, web
from khuen.errors import TooMany
from khuen.signin import (
    accounts,
    familiar,
    keys,
    limits,
    provider_file,
    providers,
    routes_account,
    routes_once,
    routes_passkeys,
    routes_practice,
    routes_providers,
    sessions,
    totp,
)
from khuen.signin.door import Asked, cookie_name, familiar_cookie, page_of, settings_of
from khuen.signin.entering import NOT_RIGHT, drop_cookie, enter, limiter_of, text, told_to_wait
from khuen.words import N_

PUBLIC, SIGNED_IN = {"perm": access.PUBLIC}, {"perm": access.SIGNED_IN}
#: set by static/phone.js while answers wait in the browser
WAITING_COOKIE = "khuen-waiting"
CODE_WITHIN = timedelta(minutes=5)
CODE_NOT_RIGHT = N_("This code is not right, or was used already. Wait for the next one")
TOO_LATE = N_("That took too long. Please sign in again")
_AFTER_PASSWORD = "after password"  # noqa: S105


@asynccontextmanager
async def opened(app: Litestar) -> AsyncIterator[None]:
    """What sign-in holds while the site runs: the providers and the limiter. Raises SettingsError."""
    app.state.providers = provider_file.load(app.state.settings.providers_file)
    async with limits.opened(app):
        yield


@get("/sign-in", opt=PUBLIC)
async def ask(request: Asked) -> Response[Any]:
    ended = request.app.state.providers.get(request.query_params.get("ended", ""))
    left = (ended.title, await providers.way_out(ended, settings_of(request))) if ended else None
    return page_of(request, left=left if left and left[1] else None)


@post("/sign-in", opt=PUBLIC, status_code=200)
async def with_password(request: Asked) -> Response[Any]:
    now, form = clock.now(), await request.form()
    login, password = text(form, "login", 200), text(form, "password", 1000)
    kept = {"to": text(form, "to", 500), "held": text(form, "held")}
    if thai.refuse(login) or not login.strip() or not password:
        return page_of(request, status=422, refused=NOT_RIGHT, login="", **kept)
    try:
        await limiter_of(request).take("address", limits.address(request), limits.ADDRESS, now)
        await limiter_of(request).take("account", accounts.login_of(login), limits.ACCOUNT, now)
    except TooMany as wait:
        return told_to_wait(request, wait, "signin/sign_in.html", login=login, **kept)
    account = await accounts.by_password(login, password, now, _district_pace(request, login, now))
    if account is None:
        return page_of(request, status=422, refused=NOT_RIGHT, login=login, **kept)
    if account.totp:
        return _ask_code(request, _ticket(request, account.id, now), kept)
    await limiter_of(request).give_back("account", accounts.login_of(login))
    return await enter(request, account, method="password", now=now, to=kept["to"], form=kept["held"])


@post("/sign-in/code", opt=PUBLIC, status_code=200)
async def with_code(request: Asked) -> Response[Any]:
    """The second step of a sign-in with a password. The first is carried in a sealed ticket for five minutes."""
    now, form = clock.now(), await request.form()
    ticket = text(form, "ticket", 500)
    kept = {"to": text(form, "to", 500), "held": text(form, "held")}
    account_id = _of_ticket(request, ticket, now)
    account = await accounts.find(account_id) if account_id else None
    if account is None:
        return page_of(request, status=422, refused=TOO_LATE, **kept)
    try:
        await limiter_of(request).take("code", str(account.id), limits.ACCOUNT, now)
    except TooMany as wait:
        return told_to_wait(request, wait, "signin/code.html", ticket=ticket, errors={}, **kept)
    if not await totp.check(account.id, text(form, "code", 20), settings_of(request), now):
        return _ask_code(request, ticket, kept, status=422, errors={"code": CODE_NOT_RIGHT})
    await limiter_of(request).give_back("code", str(account.id))
    await limiter_of(request).give_back("account", account.login or "")
    return await enter(request, account, method="password+code", now=now, to=kept["to"], form=kept["held"])


@post("/sign-out", opt=PUBLIC, status_code=200)
async def leave(request: Asked) -> Response[Any]:
    """Our session ends first; what the browser keeps is cleared; then the provider's page is offered.

    Where answers of a buddy wait to be sent, the phone's own script has taken everything else away and says so; without
    its word nothing is thrown away before somebody decided it.
    """
    session: sessions.Session | None = request.scope["state"]["session"]
    waits, said = WAITING_COOKIE in request.cookies, text(await request.form(), "kept", 10)
    if waits and session is not None and said not in ("yes", "no"):
        return web.page(request, "signin/waiting.html")
    to = "/sign-in"
    if session is not None:
        await sessions.end(session.account_id, session.id, clock.now())
        provider = request.app.state.providers.get(session.method.removeprefix("with:"))
        to = f"/sign-in?ended={provider.id}" if provider else to
        practice = next((m for m in session.memberships if m.tenant_id == session.practice_tenant_id), None)
        to = f"/{practice.slug}/sign-in" if practice else to
    response: Response[Any] = Redirect(to, status_code=303)
    drop_cookie(request, response, cookie_name(settings_of(request)))
    # Not "cookies": a bound phone stays bound, its PIN opens it again.
    response.headers["clear-site-data"] = '"cache"' if waits and said == "yes" else '"cache", "storage"'
    if waits and said != "yes":
        response.delete_cookie(WAITING_COOKIE)
    return response


@get("/tenants", opt=SIGNED_IN)
async def switch(request: Asked) -> Response[Any]:
    return web.page(request, "signin/tenants.html", memberships=request.scope["state"]["session"].memberships)


def _district_pace(request: Asked, login: str, now: datetime) -> accounts.MayTry:
    """Many tries at one district's accounts make strangers' browsers wait, without a word about whose account is whose:
    what is not tried is answered as wrong, and a login that nobody has counts for a district of its own."""

    async def may_try(account_id: UUID | None, districts: list[str]) -> bool:
        if account_id is not None and familiar.is_familiar(familiar_cookie(request), account_id, settings_of(request)):
            return True
        try:
            for counted in districts or [accounts.login_of(login)]:
                await limiter_of(request).take("district", counted, limits.DISTRICT, now)
        except TooMany:
            return False
        return True

    return may_try


def _ask_code(
    request: Asked, ticket: str, kept: dict[str, str], *, status: int = 200, errors: dict[str, str] | None = None
) -> Response[Any]:
    shown = {"ticket": ticket, "errors": errors or {}, "refused": None, "seconds": 0}
    return web.page(request, "signin/code.html", status=status, **shown, **kept)


def _ticket(request: Asked, account_id: UUID, now: datetime) -> str:
    content = json.dumps([str(account_id), now.timestamp()]).encode()
    return base64.urlsafe_b64encode(keys.seal(settings_of(request).kek, _AFTER_PASSWORD, content)).decode()


def _of_ticket(request: Asked, ticket: str, now: datetime) -> UUID | None:
    try:
        content = keys.unseal(settings_of(request).kek, _AFTER_PASSWORD, base64.urlsafe_b64decode(ticket))
    except ValueError:
        return None
    if content is None:
        return None
    account_id, at = json.loads(content)
    return UUID(account_id) if now.timestamp() - at <= CODE_WITHIN.total_seconds() else None


ROUTES: list[Any] = [
    ask,
    with_password,
    with_code,
    leave,
    switch,
    *routes_practice.ROUTES,
    *routes_passkeys.ROUTES,
    *routes_once.ROUTES,
    *routes_providers.ROUTES,
    *routes_account.ROUTES,
]
