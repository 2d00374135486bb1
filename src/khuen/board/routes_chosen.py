"""One act for many rows of the board: each tells case by case what was done, what not, and why."""

from __future__ import annotations

from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath

from khuen import redis, undo, web
from khuen.board import acting, service
from khuen.board.back import way_back
from khuen.cases.rules import is_code
from khuen.errors import Invalid
from khuen.tenancy import within
from khuen.words import N_

Asking: TypeAlias = Request[Any, Any, Any]

NUDGED = N_("Buddies asked to visit: %(done)s. Left out: %(left)s")
MATCHED = N_("Buddies given: %(done)s. Left out: %(left)s")
CHOOSE_ROWS = N_("Tick the people first")


class Chosen(msgspec.Struct):
    key: UUID
    code: list[str] = []


@post("/{tenant:str}/board/nudges", opt={"perm": "messages.nudge"})
async def nudges(request: Asking, tenant: FromPath[str]) -> Response[Any]:
    key, codes = await _chosen(request)
    here = web.here(request)
    async with within(here):
        told = await acting.nudge_many(here, codes, key)
    redis.ping(here.tenant_id)
    return _answer(request, tenant, NUDGED, told)


@post("/{tenant:str}/board/matches", opt={"perm": "buddies.assign"})
async def matches(request: Asking, tenant: FromPath[str]) -> Response[Any]:
    key, codes = await _chosen(request)
    here, token = web.here(request), None
    async with within(here):
        told = await acting.match_many(here, codes, key)
        if told[acting.MATCHED]:
            token = await undo.offer(here, "matching", key)
    return _answer(request, tenant, MATCHED, told, token)


ROUTES: list[Any] = [nudges, matches]


def known_codes(codes: list[str]) -> list[str]:
    """The codes that were ticked, a page of them at most. Raises Invalid when there is none."""
    found = [code for code in dict.fromkeys(codes) if is_code(code)][: service.PAGE]
    if not found:
        raise Invalid({}, CHOOSE_ROWS)
    return found


async def _chosen(request: Asking) -> tuple[UUID, list[str]]:
    form, errors = web.read(Chosen, await request.form())
    if form is None:
        raise Invalid(errors)
    return form.key, known_codes(form.code)


def _answer(request: Asking, tenant: str, text: str, told: acting.Told, token: str | None = None) -> Response[Any]:
    done, *left = told.values()
    figures = {"done": len(done), "left": sum(map(len, left))}
    return web.saved(request, way_back(request, tenant), text=text, undo=token, each=told, **figures)
