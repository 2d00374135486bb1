"""Every route names a permission that exists, stands in the matrix, and answers as the matrix says, over HTTP.

Threats 7 and 8 (strangers learn nothing), 9 (no way in without a permission), 20 (cross-site requests) and 38
(headers) for all routes at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from litestar import Litestar

from khuen import access, clock, csrf, packs
from khuen.app import ROUTES
from khuen.errors import NotAllowed, NotFound, NotSignedIn
from khuen.headers import ALWAYS
from khuen.ids import uuid7
from khuen.tenancy import Here
from tests import care
from tests.followups.flights import counted
from tests.matrix import Line, lines, outside
from tests.town import ROLES, Town, any_path, thing, town

__all__ = ["town"]

CODE = re.compile(r'<b class="code">\w+</b>')


def routes() -> Iterator[tuple[str, Any]]:
    """("GET /{tenant}/board", handler) of every handler but those that Litestar adds for OPTIONS."""
    app = Litestar(route_handlers=ROUTES, openapi_config=None)
    for route in app.routes:
        for handler in getattr(route, "route_handlers", []):
            for method in sorted(handler.http_methods - {"OPTIONS", "HEAD"}):
                yield f"{method} {route.path_format}", handler


def test_threat_09_every_route_names_a_permission_that_somebody_has() -> None:
    wrong = {name: handler.opt.get("perm") for name, handler in routes()}
    assert {name: perm for name, perm in wrong.items() if perm not in access.all_permissions()} == {}


def test_threat_09_every_route_stands_in_the_matrix_and_the_matrix_names_no_other() -> None:
    assert sorted({line.name for line in lines()} | set(outside())) == sorted(name for name, _ in routes())


def test_the_matrix_names_the_roles_that_the_permission_has() -> None:
    handlers = dict(routes())
    for line in lines():
        perm = handlers[line.name].opt["perm"]
        assert line.roles == {role for role in ROLES if access.may(frozenset({role}), perm)}, line.name
    assert {name: handlers[name].opt["perm"] for name in outside()} == outside()


@pytest.mark.parametrize("opt", [{}, {"perm": None}, {"perm": "no.such"}, {"perm": ""}])
async def test_threat_09_a_route_that_names_no_permission_is_closed_to_everybody(opt: dict[str, Any]) -> None:
    handler: Any = SimpleNamespace(opt=opt)
    inside = Here(uuid7(), uuid7(), frozenset(ROLES), clock.now())
    for state, refusal in (
        ({}, NotSignedIn),
        ({"session": object(), "here": None}, NotFound),
        ({"session": object(), "here": inside}, NotAllowed),
    ):
        connection: Any = SimpleNamespace(scope={"state": state})
        with pytest.raises(refusal):
            await access.guard(connection, handler)


async def send(client: httpx.AsyncClient, line: Line, path: str, form: dict[str, Any], **more: Any) -> httpx.Response:
    if line.method == "GET":
        return await client.get(path, **more)
    if line.path == "/{tenant}/b/check-ins":
        return await client.post(path, json=[], **more)
    return await client.post(path, data=form, **more)


def same(answer: httpx.Response) -> tuple[int, str]:
    """Status and body, but for the support code."""
    return answer.status_code, CODE.sub("", answer.text)


def an_owner(line: Line) -> str:
    return sorted(line.roles)[0]


async def test_threat_08_every_route_answers_as_the_matrix_says(town: Town) -> None:
    faults: list[str] = []
    for line in lines():
        for role in ROLES:
            if role not in line.roles:
                answer = await send(town.clients[role], line, any_path(line.path), {})
                if answer.status_code != 403:
                    faults.append(f"{line.name}: {role} without the act got {answer.status_code}, not 403")
                continue
            for whose, expected in line.expected.items():
                path, form = await thing(town, line, role, whose)
                answer = await send(town.clients[role], line, path, form)
                if answer.status_code != expected:
                    faults.append(f"{line.name}: {role}, {whose}: {answer.status_code}, not {expected}")
    assert not faults, "\n".join(faults)


async def test_threat_07_what_is_not_yours_and_what_is_not_there_look_the_same(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packs, "_SECONDS", 3600.0)
    faults: list[str] = []
    for line in lines():
        for role in sorted(line.roles):
            hidden = [whose for whose, status in line.expected.items() if status == 404]
            seen = {whose: await _hidden(town, line, role, whose) for whose in hidden}
            if len(set(seen.values())) > 1:
                faults.append(f"{line.name}: {role} can tell {', '.join(seen)} apart")
    assert not faults, "\n".join(faults)


async def _hidden(town: Town, line: Line, role: str, whose: str) -> tuple[int, str, tuple[str, ...]]:
    """Status, body and statements: what is not there costs as many as what is somebody else's."""
    path, form = await thing(town, line, role, whose)
    await send(town.clients[role], line, path, form)  # packs, keys and settings are held by now
    async with counted() as sent:
        status, text = same(await send(town.clients[role], line, path, form))
    return status, text.replace(path, "PATH"), tuple(sent[1:])  # the first one holds the district's id


async def test_another_district_is_not_there_and_nobody_is_asked_to_sign_in(town: Town) -> None:
    nobody = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=town.app, raise_app_exceptions=False),
        base_url=care.ORIGIN,
        headers={"origin": care.ORIGIN, "sec-fetch-site": "same-origin"},
    )
    faults: list[str] = []
    for line in lines():
        role = an_owner(line)
        path, form = await thing(town, line, role, next(iter(line.expected)))
        answer = await send(town.clients[role], line, path.replace("/chatturat", "/phon", 1), form)
        unknown = await send(town.clients[role], line, path.replace("/chatturat", "/nowhere", 1), form)
        if answer.status_code != 404 or same(answer)[1].replace("/phon", "") != same(unknown)[1].replace(
            "/nowhere", ""
        ):
            faults.append(f"{line.name}: {role} of another district: {answer.status_code}")
        answer = await send(nobody, line, path, form)
        if answer.status_code != 401:
            faults.append(f"{line.name}: nobody got {answer.status_code}")
    await nobody.aclose()
    assert not faults, "\n".join(faults)


async def test_threat_20_no_other_site_and_no_other_session_may_act(town: Town) -> None:
    handlers, faults = dict(routes()), []
    unsafe = [(line.name, an_owner(line)) for line in lines()] + [(name, "coordinator") for name in outside()]
    token = town.clients["stranger"].headers["x-csrf-token"]
    for name, role in unsafe:
        method, path = name.split()
        if method in csrf.SAFE or handlers[name].opt.get("csrf") is False:
            continue
        client = town.clients[role]
        for what, headers in {
            "no token": {"x-csrf-token": ""},
            "the token of somebody else": {"x-csrf-token": token},
            "another site": {"sec-fetch-site": "cross-site", "origin": "https://elsewhere.example"},
            "another origin": {"sec-fetch-site": "", "origin": "https://elsewhere.example"},
        }.items():
            answer = await client.request(method, any_path(path), headers=headers)
            if answer.status_code != 403:
                faults.append(f"{name}: {what}: {answer.status_code}")
    assert not faults, "\n".join(faults)


async def test_threat_38_every_answer_is_neither_framed_nor_kept(town: Town) -> None:
    faults = []
    for line in lines():
        path, form = await thing(town, line, an_owner(line), next(iter(line.expected)))
        answer = await send(town.clients[an_owner(line)], line, path, form)
        missing = {
            name: answer.headers.get(name) for name, value in ALWAYS.items() if answer.headers.get(name) != value
        }
        if missing or answer.headers.get("cache-control") != "no-store":
            faults.append(f"{line.name}: {missing or answer.headers.get('cache-control')}")
    assert not faults, "\n".join(faults)


async def test_how_many_statements_a_page_sends(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Declared in the matrix; `BEGIN; SET LOCAL` and COMMIT are two of them. Packs and settings are remembered."""
    monkeypatch.setattr(packs, "_SECONDS", 3600.0)
    faults = []
    for line in lines():
        if line.method != "GET":
            assert line.flights is None
            continue
        role = an_owner(line)
        path, _ = await thing(town, line, role, "own")
        await town.clients[role].get(path)
        async with counted() as sent:
            await town.clients[role].get(path)
        if len(sent) != line.flights:
            faults.append(f"{line.name}: {len(sent)} statements, not {line.flights}")
    assert not faults, "\n".join(faults)
