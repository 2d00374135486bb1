"""One handler shows every error: a page, a piece for #flash, or a line of JSON; in Thai, with a support code."""

from __future__ import annotations

from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from khuen import web
from khuen.csrf import CrossSite
from khuen.errors import KhuenError, NotAllowed, NotFound, NotSignedIn, TooLarge, TooMany
from khuen.ids import support_code
from khuen.signin import held
from khuen.words import N_

log = structlog.get_logger("khuen.failure")


class BadRequest(KhuenError):
    status = 400
    title = N_("The request could not be read")
    text = N_("Open the page again and send the form once more.")


_KNOWN: dict[int, type[KhuenError]] = {
    400: BadRequest,
    401: NotSignedIn,
    403: NotAllowed,
    404: NotFound,
    405: NotFound,
    413: TooLarge,
    429: TooMany,
}
#: what Litestar says as a 500 of its own when a phone is gone in the middle of its body: nobody's mistake
_HUNG_UP = "client disconnected prematurely"


def show(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Never repeats what the error says: it may hold a person's data. The code on the page is in the log line."""
    known = error if isinstance(error, KhuenError) else _known(error)
    code = support_code()
    _log(request, known, error, code)
    response = _answer(request, known, code)
    if known.retry_after:
        response.headers["retry-after"] = str(known.retry_after)
    response.headers["hx-push-url"] = "false"
    return response


def _known(error: Exception) -> KhuenError:
    if isinstance(error, HTTPException) and (error.status_code < 500 or error.detail == _HUNG_UP):
        return _KNOWN.get(error.status_code, BadRequest)()
    return KhuenError()


def _log(request: Request[Any, Any, Any], known: KhuenError, error: Exception, code: str) -> None:
    facts = {"status": known.status, "support_code": code, "route": _route(request), "error": type(error).__name__}
    if known.status == 500:
        log.error("failed", **facts, exc_info=error)
    elif known.status in (503, 429):
        log.warning("turned away", **facts, cause=type(error.__cause__).__name__)
    else:
        log.info("refused", **facts)


def _route(request: Request[Any, Any, Any]) -> str:
    handler = request.scope.get("route_handler")
    return str(next(iter(sorted(getattr(handler, "paths", None) or ["?"]))))


def _answer(request: Request[Any, Any, Any], known: KhuenError, code: str) -> Response[Any]:
    if isinstance(known, NotSignedIn):
        return held.ask_to_sign_in(request)
    if isinstance(known, CrossSite) and (form := request.scope.get("state", {}).get("outdated")):
        return held.offer(request, form, status=known.status)
    if "application/json" in request.headers.get("accept", ""):
        return Response({"status": known.status, "title": known.title, "support_code": code}, status_code=known.status)
    values: dict[str, Any] = {
        "status": known.status,
        "title": known.title,
        "text": known.text,
        "params": known.params,
        "support_code": code,
        "retry_after": known.retry_after,
        "fields": getattr(known, "fields", {}),
    }
    template = "errors/_piece.html" if web.is_htmx(request) else "errors/page.html"
    return (
        web.page(request, template, **values)
        if template.endswith("page.html")
        else web.piece(request, template, **values)
    )
