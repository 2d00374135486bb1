"""What every way of signing in has in common: the page, the cookie, the way on, and a form that was held back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from litestar import Response
from litestar.datastructures import Cookie
from litestar.response import Redirect

from khuen import web
from khuen.errors import TooMany
from khuen.signin import familiar, held, sessions
from khuen.signin.accounts import Account
from khuen.signin.devices import name_of
from khuen.signin.door import (
    Asked,
    cookie_name,
    device_cookie,
    familiar_cookie,
    familiar_name,
    page_of,
    settings_of,
)
from khuen.signin.limits import Limiter
from khuen.words import N_

NOT_RIGHT = N_("The user name or password is not right. If it is, wait ten minutes or use a passkey")
WAIT = N_("Too many tries. You can try again in %(seconds)s seconds, or sign in with a passkey now")
_BY_PASSWORD = frozenset({"password", "password+code", "invitation"})
DEVICE_LASTS = timedelta(days=400)  # the longest a browser keeps a cookie


async def enter(
    request: Asked,
    account: Account,
    *,
    method: str,
    now: datetime,
    to: str = "",
    form: str = "",
    device_id: UUID | None = None,
    scope: str = "full",
    practice: tuple[UUID, str] | None = None,
) -> Response[Any]:
    """Start a session, end the one before it in this browser, and go `to` a place of this site.

    `form` is a held form, sealed: its author sees it first, anybody else never.
    """
    before: sessions.Session | None = request.scope["state"].get("session")
    if before is not None:
        await sessions.end(before.account_id, before.id, now)
    token = await sessions.start(
        account.id,
        method=method,
        now=now,
        device_id=device_id,
        practice=practice,
        scope=scope,
        agent=name_of(request.headers.get("user-agent", "")),
    )
    response: Response[Any] | None = await _held_page(request, token, form, now) if form else None
    response = response or Redirect(local(to), status_code=303)
    set_session(request, response, token, sessions.ON_BOUND_DEVICE if scope == sessions.CHECK_IN else sessions.LONGEST)
    set_lang(response, account.lang)
    if account.has_password and method in _BY_PASSWORD:
        before_ = familiar.with_this(familiar_cookie(request), account.id, settings_of(request))
        response.set_cookie(_cookie(request, familiar_name(settings_of(request)), before_, familiar.KEPT))
    return response


def set_session(request: Asked, response: Response[Any], token: str, lasts: timedelta) -> None:
    response.set_cookie(_cookie(request, cookie_name(settings_of(request)), token, lasts))


def set_device(request: Asked, response: Response[Any], token: str) -> None:
    response.set_cookie(_cookie(request, device_cookie(request), token, DEVICE_LASTS))


def drop_cookie(request: Asked, response: Response[Any], name: str) -> None:
    response.set_cookie(_cookie(request, name, "", timedelta(0)))


def set_lang(response: Response[Any], lang: str) -> None:
    response.set_cookie(Cookie(key="lang", value=lang, path="/", samesite="lax", max_age=31_536_000))


def told_to_wait(request: Asked, wait: TooMany, template: str, **values: Any) -> Response[str]:
    """The same page with the wait in words; what was typed and held stays."""
    shown = {"refused": WAIT, "seconds": wait.retry_after, **values}
    if template == "signin/sign_in.html":
        response = page_of(request, status=429, **shown)
    else:
        response = web.page(request, template, status=429, **shown)
    response.headers["retry-after"] = str(wait.retry_after)
    return response


def local(to: str) -> str:
    """A path of this site, or the front door: nobody is sent elsewhere after signing in."""
    fits = to.startswith("/") and not to.startswith("//") and "\\" not in to and to.isprintable() and len(to) < 500
    return to if fits else "/"


def text(form: Any, name: str, longest: int = 300_000) -> str:
    """One typed field as it is; empty when it is missing, a file, or too long."""
    value = form.get(name, "")
    return value if isinstance(value, str) and len(value) <= longest else ""


def limiter_of(request: Asked) -> Limiter:
    found: Limiter = request.app.state.limiter
    return found


async def _held_page(request: Asked, token: str, form: str, now: datetime) -> Response[Any] | None:
    session = await sessions.look_up(token, now)
    kept = held.unseal_form(form, session, settings_of(request), now) if session else None
    if kept is None:
        return None
    request.scope["state"]["session"] = session
    return held.offer(request, kept)


def _cookie(request: Asked, name: str, value: str, lasts: timedelta) -> Cookie:
    return Cookie(
        key=name,
        value=value,
        path="/",
        httponly=True,
        secure=settings_of(request).secure,
        samesite="lax",
        max_age=int(lasts.total_seconds()),
    )
