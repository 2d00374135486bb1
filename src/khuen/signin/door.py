"""The sign-in page: what it offers to whoever stands before it, and the names of its cookies."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response

from khuen import web
from khuen.settings import Settings

Asked = Request[Any, Any, Any]


def page_of(request: Asked, *, status: int = 200, **values: Any) -> Response[str]:
    """The sign-in page; `values` add to what a plain one shows."""
    return web.page(request, "signin/sign_in.html", status=status, **{**offers(request), **values})


def offers(request: Asked) -> dict[str, Any]:
    """What templates/signin/_ways.html needs: the ways that are open, and nothing typed yet."""
    return {
        "login": "",
        "refused": None,
        "seconds": 0,
        "to": "",
        "held": "",
        "place": None,
        "roles": [],
        "again": None,
        "left": None,
        "providers": choices(request),
        "on_bound_device": device_cookie(request) in request.cookies,
    }


def choices(request: Asked) -> list[tuple[str, str]]:
    """(id, title) of the providers that can be chosen."""
    return [(each.id, each.title) for each in request.app.state.providers.values()]


def cookie_name(settings: Settings) -> str:
    """`__Host-` wants Secure, which plain http://localhost cannot have."""
    return "__Host-khuen" if settings.secure else "khuen"


def device_cookie(request: Asked) -> str:
    return cookie_name(settings_of(request)) + "-device"


def familiar_name(settings: Settings) -> str:
    return cookie_name(settings) + "-familiar"


def familiar_cookie(request: Asked) -> str:
    """Who signed in with a password in this browser before; signin/familiar.py reads it."""
    return request.cookies.get(familiar_name(settings_of(request)), "")


def settings_of(request: Asked) -> Settings:
    found: Settings = request.app.state.settings
    return found
