"""The one-time link, and the PIN of the phone that it bound."""

from __future__ import annotations

from typing import Any

import asyncpg
from litestar import Response, get, post
from litestar.params import FromPath

from khuen import access, clock, thai, web
from khuen.errors import NotAllowed, NotFound
from khuen.signin import accounts, devices, limits, passwords, sessions
from khuen.signin.door import Asked, device_cookie, page_of
from khuen.signin.entering import drop_cookie, enter, limiter_of, set_device, text
from khuen.web import REQUIRED
from khuen.words import N_

PUBLIC, SIGNED_IN = {"perm": access.PUBLIC}, {"perm": access.SIGNED_IN}
PIN_SIX = N_("A PIN has 6 digits")
PIN_EASY = N_("This PIN is easy to guess. Choose another one")
PIN_DIFFERS = N_("The two PINs are not the same")
LOCKED = N_("This phone is locked after 5 wrong PINs. Ask the coordinator for a new link")
SHORT = N_("A password needs at least 12 characters. Several words are easy to remember")
TAKEN = N_("Somebody else has this user name. Choose another one")
LOGIN_PLAIN = N_("Letters, digits, dot, dash or underscore, 3 to 40 of them")


@get("/sign-in/once/{token:str}", opt=PUBLIC)
async def look(request: Asked, token: FromPath[str]) -> Response[Any]:
    """Who this link is for and which device holds it. Looking uses nothing up: previews look too."""
    found = await devices.invitation(token, clock.now())
    return _once_page(request, token, found, {}, found.login or "")


@post("/sign-in/once/{token:str}", opt=PUBLIC, status_code=200)
async def use(request: Asked, token: FromPath[str]) -> Response[Any]:
    now, form = clock.now(), await request.form()
    await limiter_of(request).take("once", limits.address(request), limits.ADDRESS, now)
    found = await devices.invitation(token, now)
    if found.purpose == "device":
        return await _bind(request, token)
    login, password = text(form, "login", 200), text(form, "password", 1000)
    errors = _wrong(login, password)
    if not errors:
        try:
            await devices.take_password(token, login, password, now)
        except asyncpg.UniqueViolationError:
            errors = {"login": TAKEN}
    if errors:
        return _once_page(request, token, found, errors, login, status=422)
    sessions.forget(found.account_id)
    return await _go_in(request, found, method="invitation", to=f"/{found.slug}/")


@get("/account/pin", opt=SIGNED_IN)
async def ask_new_pin(request: Asked) -> Response[Any]:
    _on_phone(request)
    return web.page(request, "signin/new_pin.html", errors={})


@post("/account/pin", opt=SIGNED_IN, status_code=200)
async def set_pin(request: Asked) -> Response[Any]:
    device_id, form = _on_phone(request).device_id, await request.form()
    pin, again = (_digits(text(form, name, 20)) for name in ("pin", "again"))
    errors = {}
    if len(pin) != 6 or not pin.isdecimal():
        errors["pin"] = PIN_SIX
    elif devices.easy(pin):
        errors["pin"] = PIN_EASY
    elif pin != again:
        errors["again"] = PIN_DIFFERS
    if errors or device_id is None:
        return web.page(request, "signin/new_pin.html", status=422, errors=errors)
    await devices.set_pin(device_id, pin)
    return web.saved(request, "/", text=N_("The PIN is set. It opens this phone from now on"))


@get("/sign-in/pin", opt=PUBLIC)
async def ask_pin(request: Asked) -> Response[Any]:
    device = await _device(request)
    if device is None or not device.has_pin:
        return page_of(request, on_bound_device=False)
    return _pin_page(request, device.called_name)


@post("/sign-in/pin", opt=PUBLIC, status_code=200)
async def with_pin(request: Asked) -> Response[Any]:
    now, form = clock.now(), await request.form()
    kept = {"to": text(form, "to", 500), "held": text(form, "held")}
    device = await _device(request)
    if device is None or not device.has_pin:
        return _locked(request, kept)
    tried = await devices.enter_pin(device, _digits(text(form, "pin", 20)), now)
    account = await accounts.find(tried.account_id) if tried.account_id else None
    if account is not None:
        return await enter(
            request,
            account,
            method="pin",
            now=now,
            to=kept["to"],
            form=kept["held"],
            device_id=device.id,
            scope=sessions.CHECK_IN,
        )
    if tried.left == 0:
        return _locked(request, kept)
    return _pin_page(request, device.called_name, left=tried.left, status=422, **kept)


async def _bind(request: Asked, token: str) -> Response[Any]:
    now = clock.now()
    found, device_id, device_token = await devices.bind(
        token, devices.name_of(request.headers.get("user-agent", "")), now
    )
    response = await _go_in(
        request, found, method="invitation", to="/account/pin", device_id=device_id, scope=sessions.CHECK_IN
    )
    set_device(request, response, device_token)
    return response


async def _go_in(request: Asked, found: devices.Invitation, **more: Any) -> Response[Any]:
    account = await accounts.find(found.account_id)
    if account is None:
        raise NotFound
    return await enter(request, account, now=clock.now(), **more)


def _wrong(login: str, password: str) -> dict[str, str]:
    errors = {}
    plain = login.strip().replace(".", "").replace("-", "").replace("_", "")
    if not login.strip():
        errors["login"] = REQUIRED
    elif thai.refuse(login) or not 3 <= len(login.strip()) <= 40 or not plain.isalnum():
        errors["login"] = LOGIN_PLAIN
    if not passwords.SHORTEST <= len(password) <= passwords.LONGEST:
        errors["password"] = SHORT
    return errors


def _on_phone(request: Asked) -> sessions.Session:
    session: sessions.Session = request.scope["state"]["session"]
    if session.device_id is None:
        raise NotAllowed
    return session


async def _device(request: Asked) -> devices.Device | None:
    token = request.cookies.get(device_cookie(request))
    return await devices.known_device(token) if token else None


def _locked(request: Asked, kept: dict[str, str]) -> Response[Any]:
    response = page_of(request, status=422, refused=LOCKED, on_bound_device=False, **kept)
    drop_cookie(request, response, device_cookie(request))
    return response


def _once_page(
    request: Asked, token: str, found: devices.Invitation, errors: dict[str, str], login: str, *, status: int = 200
) -> Response[Any]:
    device = devices.name_of(request.headers.get("user-agent", ""))
    return web.page(
        request, "signin/once.html", status=status, token=token, found=found, errors=errors, login=login, device=device
    )


def _pin_page(
    request: Asked, called_name: str, *, left: int | None = None, status: int = 200, **kept: str
) -> Response[Any]:
    values = {"to": "", "held": "", **kept}
    return web.page(request, "signin/pin.html", status=status, called_name=called_name, left=left, **values)


def _digits(typed: str) -> str:
    return thai.arabic(typed).strip()


ROUTES: list[Any] = [look, use, ask_new_pin, set_pin, ask_pin, with_pin]
