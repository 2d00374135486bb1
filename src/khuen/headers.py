"""What every answer carries: nothing inline, nothing framed, nothing kept on a shared phone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from litestar.types import Message, Scope

from khuen.settings import Settings

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "object-src 'none'; frame-ancestors 'none'"
)
ALWAYS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

#: a file is no page: what it may load is nothing, and on a weak line each byte is sent nine times a page
ON_FILES = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
}
_VARY = (b"vary", b"hx-request")


def safe_headers(settings: Settings) -> Callable[[Message, Scope], Awaitable[None]]:
    """A hook before each message of the whole site: a middleware never sees an address that no route has."""
    hsts = {"strict-transport-security": "max-age=31536000; includeSubDomains"} if settings.secure else {}
    pairs, file_pairs = _raw(ALWAYS | {"cache-control": "no-store"} | hsts), _raw(ON_FILES | hsts)

    async def add(message: Message, scope: Scope) -> None:
        # On the raw pairs: the mapping over them decodes all of them for each name, a tenth of a check-in.
        if message["type"] != "http.response.start":
            return
        given = list(message["headers"])
        names = {name.lower() for name, _ in given}
        if scope["path"].startswith("/static/") and message["status"] == 200:
            given += [pair for pair in file_pairs if pair[0] not in names]
        else:
            given += [pair for pair in pairs if pair[0] not in names]
            if not any(b"hx-request" in value for name, value in given if name.lower() == b"vary"):
                given.append(_VARY)
        message["headers"] = given

    return add


def _raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]
