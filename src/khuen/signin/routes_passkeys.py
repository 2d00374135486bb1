"""Signing in with a passkey, and proving once more that it is you before something that matters."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.enums import MediaType
from litestar.response import Redirect

from khuen import access, audit, clock, web
from khuen.errors import NotAllowed, TooMany
from khuen.signin import accounts, limits, passkeys, sessions
from khuen.signin.door import Asked, page_of, settings_of
from khuen.signin.entering import enter, limiter_of, local, set_session, text, told_to_wait
from khuen.signin.passkeys import PasskeyRefused
from khuen.signin.rows import writing
from khuen.words import N_

PUBLIC, SIGNED_IN = {"perm": access.PUBLIC}, {"perm": access.SIGNED_IN}
NOT_KNOWN = N_("This passkey was not accepted. Try once more, or sign in another way")
WRONG_PASSWORD = N_("The password is not right")


@post("/sign-in/passkey/options", opt=PUBLIC, status_code=200, media_type=MediaType.JSON)
async def options(request: Asked) -> dict[str, str]:
    now = clock.now()
    await limiter_of(request).take("passkey", limits.address(request), limits.ASKING, now)
    return _for_browser(await passkeys.ask_to_sign_in(settings_of(request), now))


@post("/sign-in/passkey", opt=PUBLIC, status_code=200)
async def with_passkey(request: Asked) -> Response[Any]:
    """No wait for the account: whoever guesses passwords cannot keep its owner out."""
    now, form = clock.now(), await request.form()
    kept = {"to": text(form, "to", 500), "held": text(form, "held")}
    await limiter_of(request).take("passkey", limits.address(request), limits.ASKING, now)
    try:
        account_id = await passkeys.verify(
            "sign-in", text(form, "challenge", 40), text(form, "credential", 20_000), settings_of(request), now
        )
    except PasskeyRefused:
        async with writing() as connection:
            await audit.record_event(connection, now, "sign-in:refused", method="passkey")
        return page_of(request, status=422, refused=NOT_KNOWN, **kept)
    account = await accounts.find(account_id)
    if account is None:
        return page_of(request, status=422, refused=NOT_KNOWN, **kept)
    return await enter(request, account, method="passkey", now=now, to=kept["to"], form=kept["held"])


@get("/step-up", opt=SIGNED_IN)
async def ask_again(request: Asked) -> Response[Any]:
    return await _page(request, local(request.query_params.get("to", "/account")))


@post("/step-up/options", opt=SIGNED_IN, status_code=200, media_type=MediaType.JSON)
async def step_up_options(request: Asked) -> dict[str, str]:
    session = _full(request)
    return _for_browser(await passkeys.ask_to_step_up(session.account_id, settings_of(request), clock.now()))


@post("/step-up", opt=SIGNED_IN, status_code=200)
async def step_up(request: Asked) -> Response[Any]:
    """A passkey, or the password again; the session goes on under a new token."""
    session, now, form = _full(request), clock.now(), await request.form()
    to = local(text(form, "to", 500))
    try:
        passed = await _proved(request, session, form)
    except TooMany as wait:
        account = await accounts.find(session.account_id)
        return told_to_wait(request, wait, "signin/step_up.html", to=to, errors={}, account=account)
    if not passed:
        async with writing() as connection:
            await audit.record_event(connection, now, "step-up:refused", session.account_id)
        by_passkey = bool(text(form, "credential", 20_000))
        errors = {} if by_passkey else {"password": WRONG_PASSWORD}
        return await _page(request, to, status=422, errors=errors, refused=NOT_KNOWN if by_passkey else None)
    response: Response[Any] = Redirect(to, status_code=303)
    set_session(request, response, await sessions.rotate(session, now), sessions.LONGEST)
    return response


async def _proved(request: Asked, session: sessions.Session, form: Any) -> bool:
    now, credential = clock.now(), text(form, "credential", 20_000)
    if credential:
        challenge = text(form, "challenge", 40)
        try:
            await passkeys.verify("step-up", challenge, credential, settings_of(request), now, session.account_id)
        except PasskeyRefused:
            return False
        return True
    account = await accounts.find(session.account_id)
    if account is None or not account.login:
        return False
    await limiter_of(request).take("account", account.login, limits.ACCOUNT, now)
    return await accounts.by_password(account.login, text(form, "password", 1000), now) is not None


def _full(request: Asked) -> sessions.Session:
    """The session, if it may do more than the buddy's work. Raises NotAllowed."""
    session: sessions.Session = request.scope["state"]["session"]
    if session.scope != "full" or session.practice_tenant_id is not None:
        raise NotAllowed
    return session


async def _page(request: Asked, to: str, *, status: int = 200, **values: Any) -> Response[Any]:
    account = await accounts.find(_full(request).account_id)
    shown = {"errors": {}, "refused": None, "seconds": 0, **values}
    return web.page(request, "signin/step_up.html", status=status, to=to, account=account, **shown)


def _for_browser(asked: passkeys.Asked) -> dict[str, str]:
    return {"challenge": str(asked.id), "options": asked.options}


ROUTES: list[Any] = [options, with_passkey, ask_again, step_up_options, step_up]
