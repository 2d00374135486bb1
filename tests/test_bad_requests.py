"""A seeded corpus of broken requests at every route: never a server error, and a refusal is a Thai page with a code."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from khuen.headers import ALWAYS
from tests.matrix import Line, lines, outside
from tests.test_every_route import an_owner, routes
from tests.town import Town, any_path, thing, town

__all__ = ["town"]

SEED = 20261124
FIELDS = sorted(
    {
        name
        for path in Path("templates").rglob("*.html")
        for name in re.findall(
            r'(?:name=|(?:field|textarea|radios|checkboxes|select|big_answer)\()"([a-z_]+)"', path.read_text()
        )
        if name != "viewport"
    }
    | {"q", "page", "place", "project", "buddy", "lane", "code", "pair", "to", "held", "ticket", "sealed", "credential"}
)
NASTY = (
    "%00",
    "%ED%A0%80",  # half a surrogate pair
    "%FF%FE",
    "%E2%80%AE%E0%B8%81",  # right to left
    "%E0%B8%81" + "%E0%B9%89" * 400,  # a flood of tone marks
    "%",
    "%ZZ",
    "9" * 60,
    "-1",
    "1e999",
    "31/2/2569",
    "0001-01-01T00:00:00%2B00:00",
    "9999-12-31T23:59:59Z",
    "00000000-0000-0000-0000-000000000000",
    "%27%3B+DROP+TABLE+person%3B--",
    "%3Cscript%3E",
    "%25%28n%29s%7B%7B7*7%7D%7D",
    "a" * 5_000,
)
FORM = "application/x-www-form-urlencoded"
DEEP = b"[" * 10_000


def bodies(pick: random.Random) -> Iterator[tuple[str, dict[str, str], bytes]]:
    """(what it is, headers, body)"""
    for nasty in pick.sample(NASTY, 2):
        yield f"fields {nasty[:30]}", {"content-type": FORM}, "&".join(f"{name}={nasty}" for name in FIELDS).encode()
    for what, kind, body in pick.sample(ODD, 3):
        yield what, {"content-type": kind}, body


def files() -> bytes:
    """Every field of the site as an uploaded file."""
    return b"".join(_part(f'name="{name}"; filename="a.txt"', b"x") for name in FIELDS) + b"--B--\r\n"


def _part(said: str, content: bytes) -> bytes:
    return b"--B\r\nContent-Disposition: form-data; " + said.encode() + b"\r\n\r\n" + content + b"\r\n"


MULTIPART = "multipart/form-data; boundary=B"
ODD = (
    ("every field a file", MULTIPART, files()),
    ("cut off", MULTIPART, files()[:200]),
    ("without boundary", "multipart/form-data", files()),
    ("another boundary", "multipart/form-data; boundary=C", files()),
    ("a part without a name", MULTIPART, _part("x", b"y") + b"--B--\r\n"),
    (
        "a file name of bytes",
        MULTIPART,
        _part('name="file"; filename="\udcff/../\x00.xlsx"'.replace("\udcff", "é"), b"PK\x03\x04") + b"--B--\r\n",
    ),
    ("bytes as text", MULTIPART, _part('name="key"', b"\xff\xfe\x00") + b"--B--\r\n"),
    ("a thousand parts", MULTIPART, _part('name="code"', b"CTR-000001") * 1_000 + b"--B--\r\n"),
    ("deep JSON", "application/json", DEEP),
    ("half JSON", "application/json", b'{"key":'),
    ("JSON of surrogates", "application/json", b'[{"key":"\\ud800","code":"\\ud800","how":1}]'),
    ("a list of anything", "application/json", b'[null,1,"x",[],{"code":{}},{"key":[[]]}]'),
    ("bytes", "application/octet-stream", bytes(range(256))),
    ("nothing", "", b""),
    ("an unknown charset", f"{FORM}; charset=nonsense", b"key=%E0%B8%81"),
    ("nonsense for a type", ";;;=,", b"key=1"),
    ("two thousand fields", FORM, b"&".join(b"f%d=1" % number for number in range(2_000))),
)
HEADERS: tuple[dict[str, str], ...] = (
    {"referer": "http://["},
    {"referer": "http://testserver.local/chatturat/board?page=1\u00ff"},
    {"accept-language": "\u00ff" * 50},
    {"x-forwarded-for": "1.2.3.4, \u00ff, ::::, 999.999.999.999"},
    {"accept": "application/json"},
    {"hx-request": "true", "hx-target": "\u00ff", "hx-current-url": "http://["},
    {"range": "bytes=999-1", "if-none-match": "\u00ff", "if-modified-since": "x"},
    {"origin": "null"},
    {"content-length": "x"},
    {"user-agent": "\u00ff\x7f" * 500},
)
COOKIES = (
    "khuen-flash=" + (b"[" * 3_000).hex(),
    "khuen-flash=" + b'{"text":"Buddies assigned: %(n)s","params":{}}'.hex(),
    "khuen-flash=" + b'{"text":"Buddies assigned: %(n)s","params":{"n":"\\ud800"}}'.hex(),
    "khuen-flash=" + b'{"text":"Saved","undo":"\\ud800\\"><b>","params":{"\\ud800":1}}'.hex(),
    "khuen-flash=" + b'{"text":"Saved","params":{"lang":1,"self":2,"text":3}}'.hex(),
    "khuen-flash=zz",
    "lang=\u00ff; khuen-device=\u00ff",
    "khuen-device=" + "x" * 3_000,
    ";;;==;\u00ff",
)
QUERIES = (
    "p=%00&d=%00&tab=%00",
    "p=%ED%A0%80&page=%ED%A0%80",
    f"page={'9' * 30}&d={'9' * 30}&kind=x",
    "page=-1&show=%00&kind=%00&columns_again=%FF",
    "p=a&p=b&d=a&d=b&page=1&page=2",
    "%&=&&%ZZ=%",
    "lane=%FF&place=%FF-%00&project=x&buddy=x&sort=x&state=x&reason=%00&seen=%FF&edit=%00&ended=%FF&to=//x",
)
SEGMENTS = ("%00", "%FF", "%ED%A0%80", "..%2F..%2Fetc", "a" * 3_000, "9" * 30, "%E0%B8%81", "CTR-9999999999", "%5Cx")


@pytest.fixture
def pick() -> random.Random:
    return random.Random(SEED)


async def check(faults: list[str], what: str, sending: Any) -> None:
    answer: httpx.Response = await sending
    if answer.status_code >= 500 and answer.status_code != 503:
        faults.append(f"{what}: {answer.status_code}")
    elif answer.status_code in (400, 403, 404, 405, 410, 413) and answer.request.method != "HEAD":
        if "application/json" in answer.request.headers.get("accept", ""):
            fine = bool(answer.json().get("support_code"))
        else:
            fine = 'class="code"' in answer.text and bool(re.search("[ก-ฮ]", answer.text))
        if not fine:
            faults.append(f"{what}: {answer.status_code} without a code: {answer.text[:80]!r}")
        missing = [name for name in ALWAYS if name not in answer.headers]
        if missing or answer.headers.get("cache-control") != "no-store":
            faults.append(f"{what}: {answer.status_code} without {missing or 'no-store'}")


def everywhere() -> list[tuple[str, str, str]]:
    """(method, address template, whose browser)"""
    inside = [(line.method, line.path, an_owner(line)) for line in lines()]
    return inside + [(method, path, "coordinator") for method, _, path in (name.partition(" ") for name in outside())]


async def test_bodies_that_no_browser_sends(town: Town, pick: random.Random) -> None:
    """At a thing that is there, so that what lies behind the first look-up is reached too."""
    faults: list[str] = []
    for line in lines():
        if line.method == "GET":
            continue
        path, _form = await thing(town, line, an_owner(line), "own")
        for what, headers, body in bodies(pick):
            sending = town.clients[an_owner(line)].post(path, content=body, headers=headers)
            await check(faults, f"{line.name}: {what}", sending)
    for name in outside():
        method, path = name.split()
        if method == "POST" and path not in ("/sign-out", "/account/sessions/end-others"):
            for what, headers, body in bodies(pick):
                sending = town.clients["chair"].post(any_path(path), content=body, headers=headers)
                await check(faults, f"{name}: {what}", sending)
    assert not faults, "\n".join(faults)


async def test_a_form_with_one_field_spoilt(town: Town, pick: random.Random) -> None:
    """What the page sends, but for one field."""
    faults: list[str] = []
    for line in lines():
        if line.method == "GET":
            continue
        path, form = await thing(town, line, an_owner(line), "own")
        for name in form:
            for nasty in pick.sample(NASTY, 2):
                fields = [
                    f"{key}={nasty if key == name else httpx.QueryParams({'v': value})['v']}"
                    for key, value in form.items()
                ]
                client = town.clients[an_owner(line)]
                sending = client.post(path, content="&".join(fields).encode(), headers={"content-type": FORM})
                await check(faults, f"{line.name}: {name}={nasty[:20]}", sending)
    assert not faults, "\n".join(faults)


async def test_addresses_headers_and_cookies_of_any_kind(town: Town, pick: random.Random) -> None:
    faults: list[str] = []
    for method, template, role in everywhere():
        if template in ("/sign-out", "/account/sessions/end-others"):
            continue
        client = town.clients[role]
        path = any_path(template)
        for query in pick.sample(QUERIES, 1):
            await check(faults, f"{method} {template}?{query}", client.request(method, f"{path}?{query}"))
        for headers in pick.sample(HEADERS, 1):
            raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
            await check(faults, f"{method} {template} {headers}", client.request(method, path, headers=raw))
        for cookie in pick.sample(COOKIES, 1):
            whole = f"khuen={client.cookies['khuen']}; {cookie}".encode("latin-1")
            sending = client.request(method, path, headers=[(b"cookie", whole)])
            await check(faults, f"{method} {template} {cookie[:60]}", sending)
        if "{" in template:
            segment = pick.choice(SEGMENTS)
            asked = re.sub(r"\{tenant\}", "chatturat", template)
            asked = re.sub(r"\{\w+\}", segment, asked)
            await check(faults, f"{method} {template} {segment[:20]}", client.request(method, asked))
    assert not faults, "\n".join(faults)


async def test_pages_that_stand_take_any_address_header_and_cookie(town: Town) -> None:
    faults: list[str] = []
    for line in lines():
        if line.method != "GET":
            continue
        client = town.clients[an_owner(line)]
        path, _form = await thing(town, line, an_owner(line), "own")
        for query in QUERIES:
            sending = client.get(f"{path}{'&' if '?' in path else '?'}{query}")
            await check(faults, f"{line.name}?{query}", sending)
    client = town.clients["coordinator"]
    for cookie in COOKIES:
        whole = f"khuen={client.cookies['khuen']}; {cookie}".encode("latin-1")
        await check(faults, cookie[:60], client.get("/chatturat/board", headers=[(b"cookie", whole)]))
    for headers in HEADERS:
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        await check(faults, str(headers), client.get("/chatturat/board", headers=raw))
        nudge, form = await thing(town, _line("POST /{tenant}/board/nudges"), "coordinator", "own")
        await check(faults, f"nudge {headers}", client.post(nudge, data=form, headers=raw))
    assert not faults, "\n".join(faults)


async def test_methods_that_no_route_has(town: Town, pick: random.Random) -> None:
    faults: list[str] = []
    templates = sorted({template for _, template, _ in everywhere()})
    for template in [*pick.sample(templates, 12), "/no/such/place", "/*", "//", "/chatturat"]:
        client = town.clients["coordinator"]
        for method in ("HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "NONSENSE"):
            await check(faults, f"{method} {template}", client.request(method, any_path(template)))
    assert not faults, "\n".join(faults)


async def test_an_address_without_a_slash(town: Town) -> None:
    """`OPTIONS *` is a request of HTTP/1.1; the middleware sees its path as it is."""
    said: list[Any] = []
    cookie = f"khuen={town.clients['coordinator'].cookies['khuen']}".encode()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        said.append(message)

    for path in ("*", "", "x"):
        said.clear()
        scope = {
            **{"type": "http", "http_version": "1.1", "method": "OPTIONS", "scheme": "http", "path": path},
            **{"raw_path": path.encode(), "query_string": b"", "headers": [(b"cookie", cookie)], "root_path": ""},
            **{"client": ("127.0.0.1", 1), "server": ("testserver.local", 80), "asgi": {"version": "3.0"}},
        }
        await town.app(scope, receive, send)  # type: ignore[arg-type]
        assert said[0]["status"] in (204, 400, 404, 405), path


def _line(name: str) -> Line:
    return next(line for line in lines() if line.name == name)


def test_the_corpus_reaches_every_route() -> None:
    assert {f"{method} {template}" for method, template, _ in everywhere()} == {name for name, _ in routes()}
    assert len(FIELDS) > 60
