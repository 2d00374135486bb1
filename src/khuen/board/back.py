"""Where an act that was pressed on a page of this district leads back to."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from litestar import Request

_MEETING = re.compile(r"/[^/]+/(meetings/[0-9-]+(-province)?/present|tasks)")
_CASE = re.compile(r"(/[^/]+/cases/[A-Z]{2,5}-[0-9]{4,9})(/.*)?")
_OF_CASE = re.compile(r"/([^/]+)/(?:cases|people)/([A-Z]{2,5}-[0-9]{4,9})(?=/|$)")


def way_back(request: Request[Any, Any, Any], tenant: str, otherwise: str = "board") -> str:
    """The page that the press came from, by the browser's own word; only a page of this site and district counts."""
    came = _came(request)
    if came is not None:
        if on_case := _CASE.fullmatch(came.path):
            path = on_case[1]
            return path if path.startswith(f"/{tenant}/") else f"/{tenant}/{otherwise}"
        if _MEETING.fullmatch(came.path) and came.path.startswith(f"/{tenant}/"):
            return f"{came.path}?{came.query}" if came.query else came.path
        if came.path in (f"/{tenant}/board", f"/{tenant}/matching"):
            # What was ticked has been acted on: it does not come back ticked.
            query = urlencode([pair for pair in parse_qsl(came.query) if pair[0] != "tick"])
            return f"{came.path}?{query}" if query else came.path
    return f"/{tenant}/{otherwise}"


def open_case(request: Request[Any, Any, Any], tenant: str) -> str | None:
    """The code of the case whose page the press came from."""
    came = _came(request)
    found = _OF_CASE.match(came.path) if came is not None else None
    return found[2] if found and found[1] == tenant else None


def _came(request: Request[Any, Any, Any]) -> SplitResult | None:
    """The address of the page before, if it is one of this site."""
    try:
        came = urlsplit(request.headers.get("referer", ""))
    except ValueError:  # "http://["
        return None
    return came if f"{came.scheme}://{came.netloc}" == request.app.state.settings.origin else None
