"""Static files under names that carry their hash, compressed once at start, kept by browsers for a year."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import brotli
from litestar import Request, Response, get
from litestar.params import FromPath

from khuen import access
from khuen.errors import NotFound
from khuen.paths import folder

_COMPRESSED = {".css", ".js", ".svg", ".webmanifest", ".txt"}
#: what our own files say to whoever reads them, and the space at the beginning of a line: no browser needs it
_REMARKS = {
    ".js": re.compile(r"^\s*//.*\n|^\s+", re.MULTILINE),
    ".css": re.compile(r"/\*.*?\*/\s*|^\s+", re.DOTALL | re.MULTILINE),
}
#: a sheet that begins with another one holds it when it is sent: one request
_IMPORT = re.compile(r'@import "([a-z]+\.css)";\n')
_URL = re.compile(r"url\((['\"]?)(?!data:)([^)'\"]+)\1\)")


@dataclass(frozen=True, slots=True)
class Asset:
    body: bytes
    packed: bytes | None  #: brotli, where it helps
    media_type: str


@cache
def _shelf() -> tuple[dict[str, str], dict[str, Asset]]:
    """({name: hashed name}, {hashed name: asset}); style sheets last, because they name fonts."""
    root = folder("static")
    files = sorted((p for p in root.rglob("*") if p.is_file() and p.suffix != ".md"), key=lambda p: p.suffix == ".css")
    hashed: dict[str, str] = {}
    shelf: dict[str, Asset] = {}
    for path in files:
        name = path.relative_to(root).as_posix()
        body = path.read_bytes() if path.suffix not in _REMARKS or path.parent != root else _own(path).encode()
        if path.suffix == ".css":
            body = _URL.sub(lambda m: f"url(/static/{hashed[m[2].lstrip('./')]})", body.decode()).encode()
        digest = hashlib.sha256(body).hexdigest()[:10]
        hashed[name] = f"{name.removesuffix(path.suffix)}.{digest}{path.suffix}"
        packed = brotli.compress(body, quality=11) if path.suffix in _COMPRESSED else None
        shelf[hashed[name]] = Asset(body, packed, _media_type(path))
    return hashed, shelf


def _own(path: Path) -> str:
    """One of our own files as it is sent."""
    text = _IMPORT.sub(lambda m: path.with_name(m[1]).read_text("utf-8"), path.read_text("utf-8"))
    return _REMARKS[path.suffix].sub("", text)


def _media_type(path: Path) -> str:
    known = {".woff2": "font/woff2", ".js": "text/javascript", ".webmanifest": "application/manifest+json"}
    return known.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def url(name: str) -> str:
    """Address of a file of static/, with its hash. Raises KeyError when there is no such file."""
    return f"/static/{_shelf()[0][name]}"


@cache
def inline(name: str) -> str:
    """The same file as an address that holds it, for a page where each request counts: small pictures only."""
    found = asset(name)
    return f"data:{found.media_type},{quote(found.body)}"


def asset(name: str) -> Asset:
    """A file of static/ by its plain name, for what must live under an address without a hash."""
    hashed, shelf = _shelf()
    return shelf[hashed[name]]


@get("/static/{name:path}", opt={"perm": access.PUBLIC, "packed": True}, name="static")
async def serve(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    found = _shelf()[1].get(name.lstrip("/"))
    if found is None:
        raise NotFound
    headers = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}
    if found.packed is not None and "br" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, media_type=found.media_type, headers={**headers, "content-encoding": "br"})
    return Response(found.body, media_type=found.media_type, headers=headers)
