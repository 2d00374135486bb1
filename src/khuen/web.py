"""Between a route and a browser: pages and pieces, reading a form field by field, flash and undo.

A template gets plain values. With `HX-Request` a route answers the piece that its page includes, else the page;
a good POST without htmx answers 303.
"""

from __future__ import annotations

import asyncio
import re
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request, Response
from litestar.datastructures import FormMultiDict
from litestar.exceptions import ClientException
from litestar.plugins.htmx import ClientRedirect
from litestar.response import Redirect

from khuen import access, assets, clock, sheets, thai, words
from khuen.pages import Pages
from khuen.paths import folder
from khuen.tenancy import Here
from khuen.words import N_

T = TypeVar("T", bound=msgspec.Struct)

FLASH_COOKIE, SIZE_COOKIE = "khuen-flash", "khuen-letters"
SIZES = ("larger", "largest")  #: what SIZE_COOKIE may say
REQUIRED = N_("Please fill this in")
CHOOSE = N_("Please choose one of the answers")
WRONG = N_("This does not look right. Please check it")
_CODE = re.compile("[A-Z]{2,5}-[0-9]{4,9}").fullmatch

#: what the menu may hold: (permission, path inside the tenant, label)
MENU = (
    ("board.see", "board", N_("Board")),
    ("certificates.decide", "doctor", N_("Certify")),
    ("treatment.see", "sessions", N_("Sessions")),
    ("training.see", "courses", N_("Courses")),
    ("enrolment.enrol", "enrolments", N_("Enrol")),
    ("enrolment.import", "imports", N_("Import")),
    ("buddies.assign", "matching", N_("Match buddies")),
    ("rounds.see", "follow-ups", N_("Follow-up rounds")),
    ("meetings.chair", "chair", N_("Today")),
    ("meetings.see", "meetings", N_("Meetings")),
    ("tasks.see", "tasks", N_("Tasks")),
    ("messages.see", "messages", N_("Messages")),
    ("lists.see", "lists", N_("Lists")),
    ("followups.today", "b/", N_("My visits")),
    ("admin.members", "admin", N_("Set-up")),
    ("admin.members", "admin/members", N_("People who work here")),
    ("admin.invite", "admin/invitations", N_("Invitations")),
    ("admin.settings", "admin/settings", N_("Settings")),
    ("admin.audit", "admin/audit", N_("Audit log")),
    ("packs.see", "packs", N_("Rule packs")),
)


class Asking(Request[Any, Any, Any]):
    """A request whose form is either read or refused with 400: Litestar lets the bytes of a part fail as they are."""

    async def form(self) -> FormMultiDict:
        try:
            return await super().form()
        except (UnicodeError, LookupError) as error:
            raise ClientException("a part of the form is no text") from error


@dataclass(frozen=True, slots=True)
class Undo:
    """The bar "saved · undo" after an act that can be taken back for 60 seconds."""

    token: str
    text: str


def page(request: Request[Any, Any, Any], template: str, *, status: int = 200, **values: Any) -> Response[str]:
    """A whole page."""
    flash, undo = _flash(request)
    return _html(request, template, status, {"flash": flash, "undo": undo, **values}, spent=flash is not None)


def piece(request: Request[Any, Any, Any], template: str, *, status: int = 200, **values: Any) -> Response[str]:
    """A fragment for htmx: the same partial that the full page includes."""
    return _html(request, template, status, {"flash": None, "undo": None, **values}, spent=False)


def answer(
    request: Request[Any, Any, Any], *, whole: str, part: str, status: int = 200, **values: Any
) -> Response[str]:
    """The piece when htmx asks, else the page that includes it."""
    if is_htmx(request):
        return piece(request, part, status=status, **values)
    return page(request, whole, status=status, **values)


def saved(
    request: Request[Any, Any, Any],
    to: str,
    *,
    text: str,
    undo: str | None = None,
    each: Mapping[str, list[str]] | None = None,
    **params: object,
) -> Response[Any]:
    """After a good POST: go to `to` and say `text` there (a message id), with an undo bar when `undo` is a token.

    `each` tells of an act on many cases what became of them: message id -> codes, a page of codes at most.
    """
    said = msgspec.json.encode({"text": text, "undo": undo, "each": each or {}, "params": params}).hex()
    response: Response[Any] = ClientRedirect(redirect_to=to) if is_htmx(request) else Redirect(to, status_code=303)
    secure = "; Secure" if request.app.state.settings.secure else ""
    # Written out: Litestar's Cookie copies itself field by field twice, a twelfth of a check-in.
    response.headers["set-cookie"] = f"{FLASH_COOKIE}={said}; HttpOnly; Max-Age=60; Path=/; SameSite=lax{secure}"
    return response


async def file(
    request: Request[Any, Any, Any],
    kind: str,
    name: str,
    rows: Sequence[Sequence[sheets.Cell]],
    notes: Sequence[str] = (),
) -> Response[bytes]:
    """Rows as a spreadsheet to keep, `kind` xlsx or csv; its name tells the day and nothing of a person."""
    make = sheets.as_csv if kind == "csv" else sheets.as_xlsx
    body = await asyncio.to_thread(make, rows, notes)
    named = f'attachment; filename="{name}-{here(request).today.isoformat()}.{kind}"'
    return Response(body, media_type=sheets.TYPES[kind], headers={"content-disposition": named})


def is_htmx(request: Request[Any, Any, Any]) -> bool:
    return request.headers.get("hx-request") == "true" and request.headers.get("hx-boosted") != "true"


def lang(request: Request[Any, Any, Any]) -> str:
    """The language of this browser: Thai unless it chose English."""
    return "en" if request.cookies.get("lang") == "en" else "th"


def here(request: Request[Any, Any, Any]) -> Here:
    """Who acts where; the guard has already refused a request without it."""
    found: Here = request.scope["state"]["here"]
    return found


# --- reading a form -----------------------------------------------------------------------------------------------


def read(cls: type[T], form: FormMultiDict | Mapping[str, Any]) -> tuple[T | None, dict[str, str]]:
    """Turn typed fields into a struct: (value, {}) or (None, {field: message id}). Every wrong field is named.

    Unknown fields are ignored. Text is canonical (docs/thai-text.md), numbers may have Thai digits;
    `Meta(max_length=…)` sets its limit (200),
    `Meta(extra={"lines": True})` keeps line breaks, `Meta(extra={"error": N_("…")})` is the message of the field.
    """
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for spec in _specs(cls):
        try:
            found = _value(spec, form)
        except ValueError as error:
            errors[spec.name] = str(error)
            continue
        if found is not msgspec.UNSET:
            values[spec.name] = found
    return (None, errors) if errors else (cls(**values), {})


def typed(form: FormMultiDict | Mapping[str, Any]) -> dict[str, str]:
    """What was typed, to be shown again beside the errors; files and the token are left out.

    Half a surrogate pair cannot be sent back to a browser: "?" stands for it.
    """
    texts = {name: form[name] for name in form if isinstance(form[name], str) and name != "_csrf"}
    return {name: text.encode("utf-8", "replace").decode() for name, text in texts.items()}


@dataclass(frozen=True, slots=True)
class _Spec:
    name: str
    kind: Any
    required: bool
    many: bool
    limit: int
    lines: bool
    number: bool
    error: str | None


@cache
def _specs(cls: type[msgspec.Struct]) -> tuple[_Spec, ...]:
    hints = get_type_hints(cls, include_extras=True)
    return tuple(_spec(field, hints[field.name]) for field in msgspec.structs.fields(cls))


def _spec(field: msgspec.structs.FieldInfo, hint: Any) -> _Spec:
    metas = [m for m in _metas(hint)]
    extra: dict[str, Any] = {}
    for meta in metas:
        extra |= meta.extra or {}
    limit = next((m.max_length for m in metas if m.max_length), 200)
    bare = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    return _Spec(
        field.encode_name,
        hint,
        field.required,
        get_origin(bare) is list,
        int(extra.get("limit", limit)),
        bool(extra.get("lines")),
        int in (bare, *get_args(bare)),
        extra.get("error"),
    )


def _metas(hint: Any) -> list[msgspec.Meta]:
    if get_origin(hint) is Annotated:
        return [a for a in get_args(hint)[1:] if isinstance(a, msgspec.Meta)]
    if get_origin(hint) in (typing.Union, types.UnionType):
        return [meta for part in get_args(hint) for meta in _metas(part)]
    return []


def _value(spec: _Spec, form: Any) -> Any:
    raws = form.getall(spec.name, []) if hasattr(form, "getall") else [form[spec.name]] if spec.name in form else []
    texts = [_clean(spec, raw) for raw in raws if isinstance(raw, str)]
    texts = [thai.arabic(text) if spec.number else text for text in texts if text]
    if not texts:
        if spec.required:
            raise ValueError(spec.error or REQUIRED)
        return msgspec.UNSET
    try:
        return msgspec.convert(texts if spec.many else texts[-1], spec.kind, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(spec.error or (CHOOSE if "enum" in str(error) else WRONG)) from None


def _clean(spec: _Spec, raw: str) -> str:
    if problem := thai.refuse(raw, spec.limit):
        raise ValueError(problem)
    return thai.canonical(raw, lines=spec.lines)


# --- templates ----------------------------------------------------------------------------------------------------


@cache
def environment(lang: str = "th") -> Environment:
    """One Jinja environment per language, made once; templates do not change while the site runs."""
    env = Pages(
        loader=FileSystemLoader(folder("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    env.lang = lang
    env.policies["json.dumps_kwargs"] = {"ensure_ascii": False}  # Thai as it is: a sixth of the bytes
    words.install(env, lang)
    env.globals |= {"static": assets.url, "inline": assets.inline}
    env.filters |= {
        "long_date": clock.long,
        "short_date": clock.short,
        "echo_date": clock.echo,
        "thai_digits": thai.thai_digits,
    }
    return env


def render(template: str, lang: str = "th", **values: Any) -> str:
    return environment(lang).get_template(template).render(lang=lang, **values)


def _html(
    request: Request[Any, Any, Any], template: str, status: int, values: dict[str, Any], *, spent: bool
) -> Response[str]:
    body = render(template, **{**_frame(request), "status": status, **values})
    response = Response(body, media_type="text/html", status_code=status)
    if spent:
        response.delete_cookie(FLASH_COOKIE)
    return response


def _frame(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """What base.html always needs."""
    state = request.scope.get("state", {})
    session, tenant, here_ = state.get("session"), state.get("tenant"), state.get("here")
    roles = here_.roles if here_ else frozenset()
    path = request.scope["path"]
    return {
        "lang": lang(request),
        "tenant": tenant,
        "who": _who(session, tenant, roles) if session else None,
        "csrf": session.csrf if session else "",
        "letters": letters if (letters := request.cookies.get(SIZE_COOKIE)) in SIZES else "",
        "path": path,
        "now": here_.now if here_ else clock.now(),
        "nav": _menu(tenant.slug, roles, path) if tenant else [],
        "may": lambda permission: access.may(roles, permission),
    }


@dataclass(frozen=True, slots=True)
class _Who:
    called_name: str
    roles: frozenset[str]
    tenants: tuple[Any, ...]
    has_account: bool  #: a page of their own; whoever practises has none


def _who(session: Any, tenant: Any, roles: frozenset[str]) -> _Who:
    name = tenant.called_name if tenant else session.called_name
    return _Who(name, roles, session.memberships, session.practice_role is None)


def _menu(slug: str, roles: frozenset[str], path: str) -> list[tuple[str, str, bool]]:
    mine = [(f"/{slug}/{place}", label) for permission, place, label in MENU if access.may(roles, permission)]
    current = max((href for href, _ in mine if path.startswith(href.rstrip("/"))), key=len, default="")
    return [(href, label, href == current) for href, label in mine]


def _flash(request: Request[Any, Any, Any]) -> tuple[Any, Undo | None]:
    """(message, undo bar) of the act before. The cookie is the browser's: only texts of the catalogue are shown."""
    raw = request.cookies.get(FLASH_COOKIE)
    if not raw:
        return None, None
    try:
        said = msgspec.json.decode(bytes.fromhex(raw), type=_Kept)
    except (ValueError, RecursionError):
        return None, None
    if not words.known(said.text) or words.placeholders(said.text) - said.params.keys():
        return None, None
    said_text = _Said(said.text, {name: str(value)[:40] for name, value in said.params.items()}, _each(said))
    if said.undo is not None:
        return said_text if said_text.each else None, Undo(said.undo[:40], said_text)  # type: ignore[arg-type]
    return said_text, None


def _each(said: _Kept) -> tuple[tuple[str, list[str]], ...]:
    lines = [(text, [code for code in codes if _CODE(code)]) for text, codes in said.each.items() if words.known(text)]
    return tuple((text, codes) for text, codes in lines if codes)


class _Kept(msgspec.Struct):
    """What the flash cookie holds."""

    text: str
    undo: str | None = None
    each: dict[str, list[str]] = {}
    params: dict[str, str | int] = {}


@dataclass(frozen=True, slots=True)
class _Said:
    """A message id with what fills it."""

    text: str
    params: dict[str, str]
    each: tuple[tuple[str, list[str]], ...] = ()  #: what became of which cases
