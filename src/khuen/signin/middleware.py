"""Puts the person, and the district they stand in, into the request. Writes nothing and sets no cookie."""

from __future__ import annotations

from typing import Any

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from khuen import access, clock, web
from khuen.settings import Settings
from khuen.signin import held, restarts, sessions
from khuen.signin.door import cookie_name
from khuen.tenancy import Here

_NOBODY_ASKS = ("/static/", "/healthz", "/readyz", "/metrics")


class SessionMiddleware(ASGIMiddleware):
    """Cookie -> session -> the membership that the first part of the path names -> Here."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.cookie = cookie_name(settings)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        state: dict[str, Any] = scope.setdefault("state", {})
        state.update(session=None, tenant=None, here=None, held=None, outdated=None, practice_door=None)
        if not scope["path"].startswith(_NOBODY_ASKS):
            request = web.Asking(scope, receive, send)
            now = clock.now()
            if token := request.cookies.get(self.cookie):
                state["session"] = await sessions.look_up(token, now)
            if state["session"] is not None:
                _enter(state, scope["path"], now)
                if _loses_a_form(request):
                    state["outdated"] = await held.outdated(request, state["session"], self.settings)
            elif request.route_handler.opt.get("perm") != access.PUBLIC:
                state["practice_door"] = await restarts.practice_at(_slug(scope["path"]))
                if request.method == "POST":
                    state["held"] = await held.seal_form(request, self.settings, now)
        await next_app(scope, receive, send)


def _enter(state: dict[str, Any], path: str, now: Any) -> None:
    slug = _slug(path)
    for membership in state["session"].memberships:
        if membership.slug == slug:
            state["tenant"] = membership
            moment = clock.held_at(membership.as_of if membership.practice else None, now)
            state["here"] = Here(membership.tenant_id, membership.member_id, membership.roles, moment)


def _slug(path: str) -> str:
    return path.removeprefix("/").partition("/")[0]


def _loses_a_form(request: web.Asking) -> bool:
    """Whether somebody's typed text would be lost if this request were refused."""
    return request.method == "POST" and request.route_handler.opt.get("perm") != access.PUBLIC
