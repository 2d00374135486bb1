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

_VARY = (b"vary", b"hx-request")


def safe_headers(settings: Settings) -> Callable[[Message, Scope], Awaitable[None]]:
    """A hook before each message of the whole site: a middleware never sees an address that no route has."""
    always = dict(ALWAYS) | {"cache-control": "no-store"}
    if settings.secure:
        always["strict-transport-security"] = "max-age=31536000; includeSubDomains"
    pairs = [(name.encode(), value.encode()) for name, value in always.items()]

    async def add(message: Message, scope: Scope) -> None:
        # On the raw pairs: the mapping over them decodes all of them for each name, a tenth of a check-in.
        if message["type"] == "http.response.start":
            given = list(message["headers"])
            names = {name.lower() for name, _ in given}
            given += [pair for pair in pairs if pair[0] not in names]
            if not any(b"hx-request" in value for name, value in given if name.lower() == b"vary"):
                given.append(_VARY)
            message["headers"] = given

    return add
