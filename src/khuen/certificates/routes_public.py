"""Checking a paper, by anybody: the address names no district, and nothing is shown that is not printed for all."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.enums import MediaType
from litestar.params import FromPath
from litestar.response import Redirect

from khuen import access, clock, papers, web
from khuen.certificates import checking, rules
from khuen.certificates.asking import Asked
from khuen.certificates.checking import Checked
from khuen.errors import NotFound
from khuen.registry import District
from khuen.signin import limits
from khuen.signin.entering import limiter_of, text
from khuen.signin.limits import Pace
from khuen.tenancy import within
from khuen.words import N_

PUBLIC = {"perm": access.PUBLIC}
#: codes asked for from one address in an hour; a code is one of 23^11, so nobody gets far
PACE = Pace(free=300, wait=2)
LONGEST_FILE = 5_000_000
MISTYPED = N_("This code has a typing mistake. Look at the paper and type it again")
NO_SUCH_LETTERS = N_("No code has these characters: %(letters)s. They look like others; look again")
UNKNOWN = N_("No paper has this code")
NO_FILE = N_("Choose the PDF file of the paper")


@get("/v", opt=PUBLIC)
async def ask(request: Asked) -> Response[str]:
    return _page(request)


@post("/v", opt=PUBLIC, status_code=200)
async def typed(request: Asked) -> Response[Any]:
    """The code as somebody typed it or heard it; a mistake is told without asking any district."""
    raw = text(await request.form(), "code", 100)
    code = rules.read_code(raw)
    if code is None:
        letters = " ".join(rules.look_alikes(raw))
        wrong: tuple[str, dict[str, str]] = (NO_SUCH_LETTERS if letters else MISTYPED, {"letters": letters})
        return _page(request, status=422, asked=raw, wrong=wrong)
    return Redirect(f"/v/{code}", status_code=303)


@get("/v/{code:str}", opt=PUBLIC)
async def paper(request: Asked, code: FromPath[str]) -> Response[str]:
    """What the paper is worth now."""
    found, district = await _find(request, code)
    if found is None:
        return _page(request, status=422, asked=code[:40], wrong=(UNKNOWN, {}))
    return _page(request, found=found, code=rules.read_code(code), example=district.practice if district else False)


@post("/v/{code:str}/file", opt=PUBLIC, status_code=200)
async def file(request: Asked, code: FromPath[str]) -> Response[str]:
    """Whether a file that somebody holds is the paper, byte for byte. It is not kept."""
    found, district = await _find(request, code)
    if found is None or district is None:
        return _page(request, status=422, asked=code[:40], wrong=(UNKNOWN, {}))
    sent = (await request.form()).get("file")
    content = await sent.read(LONGEST_FILE + 1) if isinstance(sent, UploadFile) else b""
    same = found.same(content) if content else None
    wrong: tuple[str, dict[str, str]] | None = None if content else (NO_FILE, {})
    read = rules.read_code(code)
    return _page(
        request,
        status=200 if content else 422,
        found=found,
        code=read,
        example=district.practice,
        same=same,
        wrong_file=wrong,
    )


@get("/v/{code:str}/credential", opt=PUBLIC, media_type=MediaType.JSON)
async def credential(request: Asked, code: FromPath[str]) -> dict[str, Any]:
    """The same for machines, with the paper's token (a W3C Verifiable Credential as JWT). Raises NotFound."""
    found, _district = await _find(request, code)
    if found is None:
        raise NotFound
    on = found.ended_on.isoformat() if found.ended_on else None
    return {"state": found.state, "endedOn": on, "verifiableCredential": found.token}


@get("/v/keys", opt=PUBLIC, media_type=MediaType.JSON)
async def keys(request: Asked) -> dict[str, Any]:
    """Every hospital's public key, as a JWK set."""
    return {"keys": await _jwks()}


@get("/v/ended", opt=PUBLIC, media_type=MediaType.JSON)
async def ended(request: Asked) -> dict[str, Any]:
    """The ids of tokens whose papers no longer hold, and the moment of this list."""
    return {"at": clock.now().isoformat(), "ended": [f"urn:uuid:{one}" for one in await papers.ended()]}


@get("/v/checker.html", opt=PUBLIC)
async def checker(request: Asked) -> Response[str]:
    """A page to keep: it checks squares without a line, against the keys and the list of this moment."""
    held = {
        "at": clock.now().isoformat(),
        "keys": await _jwks(),
        "ended": [f"urn:uuid:{one}" for one in await papers.ended()],
    }
    body = web.render("certificates/checker.html", held=json.dumps(held), on=clock.long(clock.day(clock.now())))
    headers = {"content-disposition": 'attachment; filename="khuen-checker.html"'}
    return Response(body, media_type="text/html", headers=headers)


ROUTES = [ask, typed, keys, ended, checker, paper, file, credential]


async def _find(request: Asked, text_: str) -> tuple[Checked | None, District | None]:
    """The paper and its district; each try is counted before anything is looked up. Raises TooMany."""
    await limiter_of(request).take("paper", limits.address(request), PACE, clock.now())
    code = rules.read_code(text_)
    district = await papers.find(code) if code else None
    if code is None or district is None:
        return None, None
    here = replace(district.here(), roles=frozenset())
    async with within(here):
        return await checking.check(here, code), district


async def _jwks() -> list[dict[str, Any]]:
    return [
        {**json.loads(key.jwk), "kid": key.id, "hospital": key.hospital, "practice": key.practice}
        for key in await papers.keys()
    ]


def _page(request: Asked, *, status: int = 200, asked: str = "", **values: Any) -> Response[str]:
    shown: dict[str, Any] = {"found": None, "code": None, "example": False, "wrong": None, "same": None}
    return web.page(
        request,
        "certificates/verify.html",
        status=status,
        spoken=rules.spoken,
        **{**shown, "wrong_file": None, **values, "asked": asked.encode("utf-8", "replace").decode()},
    )
