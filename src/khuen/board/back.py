"""Where an act that was pressed on a page of this district leads back to."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from litestar import Request

_MEETING = re.compile(r"/[^/]+/(meetings/[0-9-]+(-province)?/present|tasks)")
_CASE = re.compile(r"(/[^/]+/cases/[A-Z]{2,5}-[0-9]{4,9})(/.*)?")


def way_back(request: Request[Any, Any, Any], tenant: str, otherwise: str = "board") -> str:
    """The page that the press came from, by the browser's own word; only a page of this site and district counts."""
    try:
        came = urlsplit(request.headers.get("referer", ""))
    except ValueError:  # "http://["
        return f"/{tenant}/{otherwise}"
    if f"{came.scheme}://{came.netloc}" == request.app.state.settings.origin:
        if on_case := _CASE.fullmatch(came.path):
            path = on_case[1]
            return path if path.startswith(f"/{tenant}/") else f"/{tenant}/{otherwise}"
        if _MEETING.fullmatch(came.path) and came.path.startswith(f"/{tenant}/"):
            return f"{came.path}?{came.query}" if came.query else came.path
        if came.path in (f"/{tenant}/board", f"/{tenant}/matching"):
            return f"{came.path}?{came.query}" if came.query else came.path
    return f"/{tenant}/{otherwise}"
