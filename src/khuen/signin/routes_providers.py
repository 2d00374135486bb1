"""Signing in with another organisation: a link that leads there, and the address it comes back to."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath
from litestar.response import Redirect

from khuen import access, clock, web
from khuen.errors import NotAllowed, NotFound
from khuen.signin import accounts, identities, limits, providers
from khuen.signin.door import Asked, cookie_name, page_of, settings_of
from khuen.signin.entering import drop_cookie, enter, limiter_of, local, text
from khuen.signin.provider_file import Provider
from khuen.signin.providers import ProviderRefused
from khuen.words import N_

PUBLIC = {"perm": access.PUBLIC}
STRANGER = N_("This account is not linked here yet. Ask the coordinator for a link, then add it under your account")
REFUSED = N_("Signing in there did not work. Try once more, or sign in another way")
OTHERS = N_("It opens somebody else's account already")


@get("/sign-in/with/{provider:str}", opt=PUBLIC)
async def go(request: Asked, provider: FromPath[str]) -> Response[Any]:
    """With ?link=1 the way back links the name there to the account that is signed in here."""
    there, now = _known(request, provider), clock.now()
    await limiter_of(request).take("provider", limits.address(request), limits.ASKING, now)
    session, link = request.scope["state"]["session"], request.query_params.get("link") == "1"
    if link:
        if session is None or session.scope != "full" or session.practice_tenant_id is not None:
            raise NotAllowed
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise NotAllowed
        if not session.fresh(now):
            return Redirect(f"/step-up?to=/sign-in/with/{there.id}%3Flink%3D1")
    to = local(request.query_params.get("to", "/account" if link else "/"))
    try:
        url, state = await providers.begin(there, to, session.account_id if link else None, settings_of(request), now)
    except ProviderRefused:
        return page_of(request, status=503, refused=REFUSED)
    response: Response[Any] = Redirect(url, status_code=303)
    _remember_flow(request, response, state)
    return response


@post("/sign-in/with/{provider:str}", opt=PUBLIC, status_code=200)
async def carry(request: Asked, provider: FromPath[str]) -> Response[Any]:
    """The same with a form that outlived its session: it waits here, sealed, while its author is away.

    The answer is a page that goes on by itself: no form of this site may lead to another one, not even by a redirect.
    """
    there, now, form = _known(request, provider), clock.now(), await request.form()
    await limiter_of(request).take("provider", limits.address(request), limits.ASKING, now)
    kept = {"to": text(form, "to", 500), "held": text(form, "held")}
    try:
        url, state = await providers.begin(there, local(kept["to"]), None, settings_of(request), now, kept["held"])
    except ProviderRefused:
        return page_of(request, status=503, refused=REFUSED, **kept)
    response = web.page(request, "signin/leaving.html", title=there.title, url=url)
    response.headers["refresh"] = f"0;url={url}"
    _remember_flow(request, response, state)
    return response


@get("/sign-in/back/{provider:str}", opt=PUBLIC)
async def back(request: Asked, provider: FromPath[str]) -> Response[Any]:
    there, now = _known(request, provider), clock.now()
    query, cookie = request.query_params, request.cookies.get(_flow_cookie(request), "")
    account_id = None
    try:
        flow = await providers.take_flow(there, query.get("state", ""), cookie, now)
        account_id = flow.account_id
        if "code" not in query:
            raise ProviderRefused("denied")
        subject = await providers.finish(there, query["code"], flow, settings_of(request))
    except ProviderRefused as refused:
        await identities.refuse(there, refused.reason, account_id, now)
        response: Response[Any] = page_of(request, status=401, refused=REFUSED)
    else:
        response = await _arrive(request, there, subject, flow)
    drop_cookie(request, response, _flow_cookie(request))
    return response


async def _arrive(request: Asked, there: Provider, subject: str, flow: providers.Flow) -> Response[Any]:
    now, session = clock.now(), request.scope["state"]["session"]
    if flow.account_id is not None:
        if session is None or session.account_id != flow.account_id:
            return page_of(request, status=401, refused=REFUSED)
        if not await identities.link(there, subject, flow.account_id, now):
            return web.saved(request, "/account", text=OTHERS)
        return web.saved(request, flow.goes_to, text=N_("Linked. You can sign in with it from now on"))
    account_id = await identities.account_of(there, subject)
    account = await accounts.find(account_id) if account_id else None
    if account is None:
        await identities.refuse(there, "stranger", None, now)
        return page_of(request, status=403, refused=STRANGER)
    return await enter(request, account, method=f"with:{there.id}", now=now, to=flow.goes_to, form=flow.held)


def _known(request: Asked, provider: str) -> Provider:
    there: Provider | None = request.app.state.providers.get(provider)
    if there is None:
        raise NotFound
    return there


def _remember_flow(request: Asked, response: Response[Any], state: str) -> None:
    response.set_cookie(
        Cookie(
            key=_flow_cookie(request),
            value=state,
            path="/",
            httponly=True,
            secure=settings_of(request).secure,
            samesite="lax",
            max_age=int(providers.VALID.total_seconds()),
        )
    )


def _flow_cookie(request: Asked) -> str:
    return cookie_name(settings_of(request)) + "-flow"


ROUTES: list[Any] = [go, carry, back]
