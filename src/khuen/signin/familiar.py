"""Browsers in which somebody signed in before: a district under attack does not make them wait.

The cookie holds, for up to eight people who share a computer, an HMAC of the account and its password's hash. It opens
nothing: it only exempts its browser from the waits of a whole district, never from those of the account or the address.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from uuid import UUID

from khuen.settings import Settings
from khuen.signin import keys

KEPT = timedelta(days=180)
_PEOPLE = 8


def is_familiar(cookie: str, account_id: UUID, settings: Settings) -> bool:
    """Whether this person signed in with a password in the browser that holds this cookie."""
    mark = _mark(account_id, settings)
    return any(
        hmac.compare_digest(one.encode("utf-8", "replace"), mark.encode()) for one in cookie.split(".")[:_PEOPLE]
    )


def with_this(cookie: str, account_id: UUID, settings: Settings) -> str:
    """The cookie after this person signed in; whoever did so longest ago falls out."""
    mark = _mark(account_id, settings)
    return ".".join([mark, *(one for one in cookie.split(".") if len(one) == len(mark) and one != mark)][:_PEOPLE])


def _mark(account_id: UUID, settings: Settings) -> str:
    return hmac.digest(keys.derive(settings.kek, "familiar browser"), account_id.bytes, "sha256")[:16].hex()
