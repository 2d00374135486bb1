"""Going anywhere by a few letters, and the sheet of keys. Typed words travel in the body of a POST and stay nowhere."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from khuen import access, packs, web, words
from khuen.board import going
from khuen.board.back import open_case
from khuen.board.going import Place
from khuen.cases import service as cases
from khuen.cases.rules import is_code
from khuen.ids import uuid7
from khuen.tenancy import Here, within
from khuen.words import N_

Asking: TypeAlias = Request[Any, Any, Any]

FIND = {"perm": "pages.find"}
PAGES, BOARD, THIS_CASE, A_CASE = N_("All pages"), N_("Board"), N_("The case %(code)s"), N_("Case")
MENU = tuple(Place(permission, path, label) for permission, path, label in web.MENU)
#: what a number alone could mean is worth a query
_NUMBERED = re.compile(r"[A-Za-z]{0,5}[\s-]*[0-9๐-๙]{1,9}\s*")


class GoForm(msgspec.Struct):
    """`case` is the code of the case that stands open, where the page before cannot say it."""

    q: Annotated[str, Meta(max_length=100)] = ""
    case: str = ""


@get("/{tenant:str}/go", opt=FIND)
async def go(request: Asking, tenant: FromPath[str]) -> Response[str]:
    """Every page that the member may open, and the case that was open before."""
    return _answer(request, tenant, "", open_case(request, tenant), None)


@post("/{tenant:str}/go", opt=FIND, status_code=200)
async def find(request: Asking, tenant: FromPath[str]) -> Response[str]:
    form, _ = web.read(GoForm, await request.form())
    typed = form.q if form else ""
    stands = form.case if form and is_code(form.case) else open_case(request, tenant)
    here, code = web.here(request), None
    if access.may(here.roles, "cases.see") and _NUMBERED.fullmatch(typed):
        async with within(here):
            code = await _known(here, typed)
    return _answer(request, tenant, typed, stands, code)


@get("/{tenant:str}/keys", opt=FIND)
async def keys(request: Asking, tenant: FromPath[str]) -> Response[str]:
    return web.answer(request, whole="board/keys.html", part="board/_sheet.html")


ROUTES: list[Any] = [go, find, keys]


async def _known(here: Here, typed: str) -> str | None:
    code = going.code_in(typed, (await packs.settings_of(here)).case_code.prefix)
    return code if code and await cases.stands(here, code) else None


def _answer(request: Asking, tenant: str, typed: str, stands: str | None, code: str | None) -> Response[str]:
    here, lang = web.here(request), web.lang(request)

    def say(label: str) -> tuple[str, ...]:
        return words.gettext(label, lang), label

    def fitting(places: tuple[Place, ...], code: str = "") -> list[tuple[str, str, bool]]:
        found = going.offered(places, typed, lambda permission: access.may(here.roles, permission), say)
        return [(f"/{tenant}/{one.path.replace('{code}', code)}", say(one.label)[0], one.act) for one in found]

    groups = [(words.gettext(A_CASE, lang), [(f"/{tenant}/cases/{code}", code, False)])] if code else []
    if stands:
        groups.append((words.gettext(THIS_CASE, lang) % {"code": stands}, fitting(going.OF_CASE, stands)))
    groups.append((words.gettext(PAGES, lang), fitting(MENU + going.PAGES)))
    groups.append((words.gettext(BOARD, lang), fitting(going.BOARD)))
    return web.answer(
        request,
        whole="board/go.html",
        part="board/_going.html",
        groups=[group for group in groups if group[1]],
        searches=bool(typed) and access.may(here.roles, "people.search"),
        stands=stands or "",
        typed=typed,
        key=uuid7(),
    )
