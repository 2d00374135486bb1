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
from litestar.response import Redirect

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
    author, form = await _typed(request, settings)
    if not author or form is None:
        return None
    content = {"path": form.path, "fields": form.fields, "files": form.files_left_out, "by": author}
    whole = json.dumps({**content, "at": now.timestamp()}, ensure_ascii=False).encode("utf-8", "replace")
    return base64.urlsafe_b64encode(keys.seal(settings.kek, _PURPOSE, whole)).decode()


async def outdated(request: Request[Any, Any, Any], session: Session, settings: Settings) -> Held | None:
    """A form of this person that was opened before they signed in again or proved who they are: its token is old."""
    if await _token(request) == session.csrf:
        return None
    author, form = await _typed(request, settings)
    return form if author == whose(session.account_id) else None


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
    """The 401 answer: a page, or a piece for #flash while the form stays as it was typed.

    A practice district has no passwords to ask for: whoever only looks is led to its page of roles.
    """
    if "application/json" in request.headers.get("accept", ""):
        return Response({"status": 401, "title": "Please sign in"}, status_code=401)
    state, reading = request.scope.get("state", {}), request.method == "GET" and not web.is_htmx(request)
    door_ = state.get("practice_door")
    if door_ and reading:
        return Redirect(f"/{door_}/sign-in", status_code=303)
    values = {"held": state.get("held") or "", "to": request.scope["path"] if reading else "", "practice_door": door_}
    return web.answer(
        request,
        whole="signin/ended.html",
        part="signin/_ended.html",
        status=401,
        **{**door.offers(request), **values},
    )


def offer(request: Request[Any, Any, Any], form: Held, *, status: int = 200) -> Response[Any]:
    """What was typed, and the button that sends it with the present token."""
    return web.answer(request, whole="signin/held.html", part="signin/_held.html", status=status, form=form)


async def _typed(request: Request[Any, Any, Any], settings: Settings) -> tuple[str, Held | None]:
    """(whose form it was, what was typed); another site's form is nobody's."""
    if not _from_here(request, settings):
        return "", None
    form = await request.form()
    every = list(form.multi_items())
    fields = tuple((name, value) for name, value in every if isinstance(value, str) and name != csrf.FIELD)
    author = (await _token(request)).partition(".")[0]
    if not fields or sum(len(name) + len(value) for name, value in fields) > LARGEST:
        return author, None
    return author, Held(request.scope["path"], fields, len(fields) < len([n for n, _ in every if n != csrf.FIELD]))


async def _token(request: Request[Any, Any, Any]) -> str:
    token = request.headers.get(csrf.HEADER) or (await request.form()).get(csrf.FIELD)
    return token if isinstance(token, str) else ""


def _from_here(request: Request[Any, Any, Any], settings: Settings) -> bool:
    site = request.headers.get("sec-fetch-site")
    return site == "same-origin" if site else request.headers.get("origin") == settings.origin
