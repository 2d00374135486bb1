"""My account: where I am signed in, my passkeys, my authenticator app, linked sign-ins, the language."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

import segno
from litestar import Response, get, post
from litestar.enums import MediaType
from litestar.params import FromPath
from litestar.response import Redirect
from markupsafe import Markup

from khuen import access, clock, web
from khuen.errors import Invalid, NotAllowed, NotFound
from khuen.signin import accounts, devices, identities, passkeys, sessions, totp
from khuen.signin.door import Asked, choices, device_cookie, settings_of
from khuen.signin.entering import drop_cookie, set_lang, text
from khuen.signin.identities import LastWayIn
from khuen.signin.passkeys import PasskeyRefused
from khuen.words import N_, SPOKEN

SIGNED_IN = {"perm": access.SIGNED_IN}
CODE_WRONG = N_("This code is not right. Check that the clock of the phone is right, and type the newest code")
NOT_ADDED = N_("The passkey could not be added. Please try once more")


@get("/account", opt=SIGNED_IN)
async def account(request: Asked) -> Response[Any]:
    return await _page(request)


@post("/account/sessions/{session_id:uuid}/end", opt=SIGNED_IN, status_code=200)
async def end_session(request: Asked, session_id: FromPath[UUID]) -> Response[Any]:
    await sessions.end(_mine(request).account_id, session_id, clock.now())
    return web.saved(request, "/account", text=N_("That session has ended"))


@post("/account/sessions/end-others", opt=SIGNED_IN, status_code=200)
async def end_others(request: Asked) -> Response[Any]:
    mine = _mine(request)
    await sessions.end_all_others(mine.account_id, mine.id, clock.now())
    return web.saved(request, "/account", text=N_("All other sessions have ended"))


@post("/account/device/removal", opt=SIGNED_IN, status_code=200)
async def forget_phone(request: Asked) -> Response[Any]:
    """This phone opens nothing any more, and forgets what it kept."""
    mine = _mine(request)
    if mine.device_id is None:
        raise NotFound
    await devices.revoke(mine.account_id, mine.device_id, clock.now())
    response: Response[Any] = Redirect("/sign-in", status_code=303)
    drop_cookie(request, response, device_cookie(request))
    response.headers["clear-site-data"] = '"cache", "cookies", "storage"'
    return response


@post("/account/passkeys/options", opt=SIGNED_IN, status_code=200, media_type=MediaType.JSON)
async def passkey_options(request: Asked) -> dict[str, str]:
    mine = _rights_grow(request)
    known = await accounts.find(mine.account_id)
    if known is None:
        raise NotAllowed
    asked = await passkeys.ask_to_register(known, settings_of(request), clock.now())
    return {"challenge": str(asked.id), "options": asked.options}


@post("/account/passkeys", opt=SIGNED_IN, status_code=200)
async def add_passkey(request: Asked) -> Response[Any]:
    mine, form = _rights_grow(request), await request.form()
    name = devices.name_of(request.headers.get("user-agent", ""))
    try:
        await passkeys.register(
            mine.account_id,
            text(form, "challenge", 40),
            text(form, "credential", 20_000),
            name,
            settings_of(request),
            clock.now(),
        )
    except PasskeyRefused:
        return await _page(request, status=422, errors={"passkeys": NOT_ADDED})
    return web.saved(request, "/account", text=N_("The passkey is added. You can sign in with it from now on"))


@post("/account/passkeys/{passkey:str}/removal", opt=SIGNED_IN, status_code=200)
async def remove_passkey(request: Asked, passkey: FromPath[str]) -> Response[Any]:
    mine = _rights_grow(request)
    try:
        passkey_id = base64.urlsafe_b64decode(passkey + "=" * (-len(passkey) % 4))
    except ValueError:
        raise NotFound from None
    await passkeys.remove(mine.account_id, passkey_id, clock.now())
    return web.saved(request, "/account", text=N_("The passkey is removed"))


@post("/account/linked/{provider:str}/removal", opt=SIGNED_IN, status_code=200)
async def unlink(request: Asked, provider: FromPath[str]) -> Response[Any]:
    mine = _rights_grow(request)
    if provider not in await identities.linked(mine.account_id) and provider not in dict(choices(request)):
        raise NotFound
    try:
        await identities.unlink(provider, mine.account_id, clock.now())
    except LastWayIn as last:
        return await _page(request, status=409, errors={"linked": last.text})
    return web.saved(request, "/account", text=N_("Not linked any more. It opens nothing here"))


@get("/account/code", opt=SIGNED_IN)
async def ask_code(request: Asked) -> Response[Any]:
    """A new secret as QR; it counts only after one code was right."""
    mine = _whole(request)
    if not mine.fresh(clock.now()):
        return Redirect("/step-up?to=/account/code")
    secret, sealed = totp.new_secret(mine.account_id, settings_of(request))
    return await _code_page(request, secret, sealed)


@post("/account/code", opt=SIGNED_IN, status_code=200)
async def confirm_code(request: Asked) -> Response[Any]:
    mine, form = _rights_grow(request), await request.form()
    try:
        sealed = base64.urlsafe_b64decode(text(form, "sealed", 500))
    except ValueError:
        sealed = b""
    if await totp.confirm(mine.account_id, sealed, text(form, "code", 20), settings_of(request), clock.now()):
        return web.saved(request, "/account", text=N_("The authenticator app is set up"))
    secret = totp.opened(mine.account_id, sealed, settings_of(request))
    if secret is None:
        raise Invalid({"code": CODE_WRONG})
    return await _code_page(request, secret, sealed, status=422, errors={"code": CODE_WRONG})


@post("/account/code/removal", opt=SIGNED_IN, status_code=200)
async def remove_code(request: Asked) -> Response[Any]:
    await totp.switch_off(_rights_grow(request).account_id, clock.now())
    return web.saved(request, "/account", text=N_("The authenticator app is switched off"))


@post("/account/language", opt=SIGNED_IN, status_code=200)
async def set_language(request: Asked) -> Response[Any]:
    lang = text(await request.form(), "lang", 5)
    if lang not in SPOKEN:
        raise Invalid({"lang": web.CHOOSE})
    await accounts.set_lang(_mine(request).account_id, lang)
    response = web.saved(request, "/account", text=N_("The language is changed"))
    set_lang(response, lang)
    return response


async def _page(request: Asked, *, status: int = 200, errors: dict[str, str] | None = None) -> Response[Any]:
    mine, now = _mine(request), clock.now()
    return web.page(
        request,
        "signin/account.html",
        status=status,
        mine=mine,
        whole=mine.scope == "full" and mine.practice_tenant_id is None,
        fresh=mine.fresh(now),
        account=await accounts.find(mine.account_id),
        sessions=[
            {**row, "at_text": clock.in_words(row["seen_at"], now)}
            for row in await sessions.list_for(mine.account_id, now)
        ],
        passkeys=[
            {**row, "key": base64.urlsafe_b64encode(row["id"]).rstrip(b"=").decode(), "at_text": _last_used(row, now)}
            for row in await passkeys.list_for(mine.account_id)
        ],
        providers=choices(request),
        linked=(linked := await identities.linked(mine.account_id)),
        forgotten=sorted(linked - dict(choices(request)).keys()),
        errors=errors or {},
    )


def _last_used(row: dict[str, Any], now: Any) -> str:
    return clock.in_words(row["last_used_at"] or row["created_at"], now)


async def _code_page(
    request: Asked, secret: str, sealed: bytes, *, status: int = 200, errors: dict[str, str] | None = None
) -> Response[Any]:
    known = await accounts.find(_mine(request).account_id)
    address = totp.address_for_app(secret, (known and known.login) or "khuen")
    return web.page(
        request,
        "signin/new_code.html",
        status=status,
        qr=qr(address),
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        sealed=base64.urlsafe_b64encode(sealed).decode(),
        errors=errors or {},
    )


def qr(content: str) -> Markup:
    """An SVG for a page; attributes only, because the policy of the site allows no inline style."""
    drawn = segno.make(content, error="m").svg_inline(scale=4, border=2, dark="#000", light="#fff", omitsize=True)
    return Markup(drawn)


def _mine(request: Asked) -> sessions.Session:
    session: sessions.Session = request.scope["state"]["session"]
    return session


def _whole(request: Asked) -> sessions.Session:
    """Raises NotAllowed for a session that holds the buddy's work or a practice role only."""
    mine = _mine(request)
    if mine.scope != "full" or mine.practice_tenant_id is not None:
        raise NotAllowed
    return mine


def _rights_grow(request: Asked) -> sessions.Session:
    """The same, and the person proved who they are within five minutes. Raises NotAllowed."""
    mine = _whole(request)
    if not mine.fresh(clock.now()):
        raise NotAllowed(N_("Please confirm once more that it is you, then try again."))
    return mine


ROUTES: list[Any] = [
    account,
    end_session,
    end_others,
    forget_phone,
    passkey_options,
    add_passkey,
    remove_passkey,
    unlink,
    ask_code,
    confirm_code,
    remove_code,
    set_language,
]
