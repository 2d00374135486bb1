"""Reading the audit of a district: by day, member, thing and case code; whether its chain is whole; as a file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from khuen import clock, sheets, web, words
from khuen.admin import audit_log
from khuen.admin.audit_log import Asked, Check, Line
from khuen.admin.audit_words import ACTS, PAGES, THINGS
from khuen.cases.rules import PURPOSES, is_code
from khuen.errors import NotFound
from khuen.ids import uuid7
from khuen.lists.catalogue import LISTS
from khuen.signin.door import Asked as Request
from khuen.signin.door import settings_of
from khuen.signin.role_names import ROLE_NAMES
from khuen.tenancy import within
from khuen.words import N_

AUDIT = {"perm": "admin.audit"}
#: why a chain is not whole
BROKEN = {
    "edited": N_("The row was changed, or put in another place, after it was written"),
    "missing": N_("The row was taken out"),
    "cut": N_("This row and all later ones were taken away"),
    "head": N_("The end of the log does not belong to its last row"),
    "rewritten": N_("The log is not the one whose end was sealed: it was written anew"),
    "seals": N_("The file of seals was changed"),
}
NO_CODE = N_("A case code looks like CPM-0007")
HEADERS = (N_("Place"), N_("When"), N_("Who"), N_("What was done"), N_("Case code"), N_("More"))
CUT = N_("The newest %(count)s lines. Choose a day, a colleague or a case for older ones.")


class Checking(msgspec.Struct):
    key: UUID


@get("/{tenant:str}/admin/audit", opt=AUDIT)
async def read(request: Request, tenant: FromPath[str]) -> Response[Any]:
    here, given = web.here(request), dict(request.query_params)
    asked, errors = _asked(given), _wrong(given)
    async with within(here):
        found = await audit_log.lines(here, asked, audit_log.A_PAGE + 1)
        members, check = await audit_log.members_of(here), await audit_log.last_check(here)
    shown = found[: audit_log.A_PAGE]
    last = shown[-1] if len(found) > len(shown) else None
    kept = {name: given[name] for name in ("day", "member", "thing", "code") if given.get(name)}
    return web.page(
        request,
        "admin/audit.html",
        status=422 if errors else 200,
        errors=errors,
        lines=[(line, clock.in_words(line.at, here.now), _act(line), _more(line)) for line in shown],
        members=members,
        things=THINGS,
        given={name: kept.get(name, "") for name in ("day", "member", "thing", "code")},
        kept=kept,
        older=urlencode({**kept, "before": f"{last.at.astimezone(UTC).isoformat()}~{last.seq}"}) if last else None,
        begun="before" in given,
        **_checked(request, check),
    )


@post("/{tenant:str}/admin/audit/exports", opt=AUDIT, status_code=200)
async def export(request: Request, tenant: FromPath[str]) -> Response[Any]:
    given, here = web.typed(await request.form()), web.here(request)
    form = "csv" if given.get("form") == "csv" else "xlsx"
    async with within(here):
        found, more = await audit_log.export(here, _asked(given), form)
    rows: list[list[sheets.Cell]] = [[words.gettext(header) for header in HEADERS], *map(_cells, found)]
    notes = [words.gettext(CUT) % {"count": f"{audit_log.EXPORTED:,}"}] if more else []
    return await web.file(request, form, "audit", rows, notes)


@post("/{tenant:str}/admin/audit/checks", opt=AUDIT, status_code=200)
async def verify(request: Request, tenant: FromPath[str]) -> Response[Any]:
    """Some thousand rows further; the form of the answer carries the same key until the end is reached."""
    form, _ = web.read(Checking, await request.form())
    if form is None:
        raise NotFound
    here = web.here(request)
    seals, broken = await asyncio.to_thread(audit_log.seals_of, settings_of(request), here.tenant_id)
    async with within(here):
        check = await audit_log.check(here, form.key, seals, broken)
    if web.is_htmx(request):
        return web.piece(request, "admin/_chain.html", **_checked(request, check))
    return Redirect(f"/{tenant}/admin/audit", status_code=303)


ROUTES: list[Any] = [read, export, verify]


def _asked(given: Mapping[str, str]) -> Asked:
    """A filter that cannot be is none."""
    day = clock.parse_date_text(given.get("day", ""))
    code = given.get("code", "").strip().upper()
    return Asked(
        day=None if isinstance(day, str) else day,
        member_id=_id(given.get("member", "")),
        thing=given["thing"] if given.get("thing") in THINGS else None,
        code=code if is_code(code) else None,
        behind=_behind(given.get("before", "")),
    )


def _wrong(given: Mapping[str, str]) -> dict[str, str]:
    """What was typed and is no day, or no code."""
    day, code = clock.parse_date_text(given.get("day", "")), given.get("code", "").strip().upper()
    errors = {"day": day} if given.get("day") and isinstance(day, str) else {}
    return errors | ({"code": NO_CODE} if code and not is_code(code) else {})


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _behind(text: str) -> tuple[datetime, int] | None:
    moment, _, seq = text.partition("~")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return None
    fits = at.tzinfo and 1970 < at.year < 9000 and seq.isascii() and seq.isdecimal() and len(seq) < 19
    return (at, int(seq)) if fits else None


def _act(line: Line) -> str:
    return ACTS.get(line.tag, line.tag)


def _more(line: Line) -> list[tuple[str, str]]:
    """What else a line says: (message id with %(what)s, the figure or another message id)."""
    said = []
    if (count := line.detail.get("count")) is not None:
        said.append((N_("%(what)s in number"), str(count)))
    if (page := line.detail.get("page")) and page != "case":
        listed = LISTS.get(str(page))
        said.append((N_("part: %(what)s"), listed.title if listed else PAGES.get(str(page), str(page))))
    if purpose := line.detail.get("recipient") or line.detail.get("purpose"):
        said.append((N_("for: %(what)s"), PURPOSES.get(str(purpose), str(purpose))))
    if role := line.detail.get("role"):
        said.append((N_("role: %(what)s"), ROLE_NAMES.get(str(role), str(role))))
    if version := line.detail.get("version"):
        said.append((N_("version %(what)s"), str(version)))
    return said


def _cells(line: Line) -> list[sheets.Cell]:
    more = ", ".join(words.gettext(text) % {"what": words.gettext(what)} for text, what in _more(line))
    at = line.at.astimezone(clock.BANGKOK)
    when = f"{clock.short(at.date())} {at:%H:%M:%S}".replace("\N{NO-BREAK SPACE}", " ")
    who = line.who or words.gettext(N_("The system"))
    return [line.seq, when, who, words.gettext(_act(line)), line.code or "", more]


def _checked(request: Request, check: Check | None) -> dict[str, Any]:
    now = web.here(request).now
    return {
        "check": check,
        "checked_at": clock.in_words(check.ended_at, now) if check and check.ended_at else "",
        "why": BROKEN[check.reason] if check and check.reason else "",
        "key": check.id if check and check.ended_at is None else uuid7(),
    }
