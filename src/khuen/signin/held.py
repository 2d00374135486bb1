"""A form that arrives after its session has ended is not lost: it is sealed, shown back and sent again by its author.

What was typed travels sealed in the sign-in form (AES-GCM under a key derived from the key-encryption key) with its
path and time and the account whose form it was, which the form's own token says. Another person does not get it.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from litestar import Request, Response

from khuen import csrf, web
from khuen.settings import Settings
from khuen.signin import door, keys
from khuen.signin.sessions import Session, whose

FIELD = "held"
KEPT = timedelta(hours=12)
LARGEST = 200_000  #: characters of one held form; a longer one is not kept
_PURPOSE = "held"


@dataclass(frozen=True, slots=True)
class Held:
    path: str
    fields: tuple[tuple[str, str], ...]
    files_left_out: bool


async def seal_form(request: Request[Any, Any, Any], settings: Settings, now: datetime) -> str | None:
    """The typed fields, sealed; None when there is nothing to keep, no author, or another site sent it."""
    if not _from_here(request, settings):
        return None
    form = await request.form()
    token = request.headers.get(csrf.HEADER) or form.get(csrf.FIELD) or ""
    author = token.partition(".")[0] if isinstance(token, str) else ""
    fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str) and name != csrf.FIELD]
    if not author or not fields or sum(len(name) + len(value) for name, value in fields) > LARGEST:
        return None
    files = any(not isinstance(value, str) for _, value in form.multi_items())
    content = {"path": request.scope["path"], "fields": fields, "files": files, "at": now.timestamp(), "by": author}
    sealed = keys.seal(settings.kek, _PURPOSE, json.dumps(content, ensure_ascii=False).encode("utf-8", "replace"))
    return base64.urlsafe_b64encode(sealed).decode()


def unseal_form(sealed: str, session: Session, settings: Settings, now: datetime) -> Held | None:
    """What this person had typed; None for another person's, an old one, or one that is not ours."""
    try:
        raw = keys.unseal(settings.kek, _PURPOSE, base64.urlsafe_b64decode(sealed.encode()))
    except ValueError:
        return None
    if raw is None:
        return None
    content = json.loads(raw)
    if content["by"] != whose(session.account_id) or now.timestamp() - content["at"] > KEPT.total_seconds():
        return None
    return Held(content["path"], tuple((name, value) for name, value in content["fields"]), content["files"])


def ask_to_sign_in(request: Request[Any, Any, Any]) -> Response[Any]:
    """The 401 answer: a page, or a piece for #flash while the form stays as it was typed."""
    if "application/json" in request.headers.get("accept", ""):
        return Response({"status": 401, "title": "Please sign in"}, status_code=401)
    state, reading = request.scope.get("state", {}), request.method == "GET" and not web.is_htmx(request)
    values = {"held": state.get("held") or "", "to": request.scope["path"] if reading else ""}
    return web.answer(
        request,
        whole="signin/ended.html",
        part="signin/_ended.html",
        status=401,
        **{**door.offers(request), **values},
    )


def _from_here(request: Request[Any, Any, Any], settings: Settings) -> bool:
    site = request.headers.get("sec-fetch-site")
    return site == "same-origin" if site else request.headers.get("origin") == settings.origin
