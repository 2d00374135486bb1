"""No other site may act for a signed-in person: a token bound to the session, and the browser's own word on origin."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from khuen import web
from khuen.errors import KhuenError
from khuen.words import N_

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection
    from litestar.handlers.base import BaseRouteHandler

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FIELD, HEADER = "_csrf", "x-csrf-token"


class CrossSite(KhuenError):
    status = 403
    title = N_("This page is out of date")
    text = N_("Open the page again and send the form once more. What you typed is still in the form.")


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Before every unsafe method. `opt={"csrf": False}` is for webhooks that prove themselves another way.

    Raises CrossSite.
    """
    if connection.scope.get("method") in SAFE or handler.opt.get("csrf") is False:
        return
    if not _same_site(connection):
        raise CrossSite
    session = connection.scope["state"].get("session")
    if session is not None and not hmac.compare_digest(await _token(connection), session.csrf.encode()):
        raise CrossSite


def _same_site(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """A browser says where a request comes from. Without a session one of the two headers must be there."""
    fetch_site, origin = connection.headers.get("sec-fetch-site"), connection.headers.get("origin")
    if fetch_site is not None:
        return fetch_site in ("same-origin", "none")
    if origin is not None:
        return bool(origin == connection.app.state.settings.origin)
    return connection.scope["state"].get("session") is not None


async def _token(connection: ASGIConnection[Any, Any, Any, Any]) -> bytes:
    if header := connection.headers.get(HEADER):
        return header.encode()
    form = await web.Asking(connection.scope, connection.receive).form()
    value = form.get(FIELD, "")
    return value.encode("utf-8", "replace") if isinstance(value, str) else b""
