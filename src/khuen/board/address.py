"""The address of a board: what it says, and how it is written. Nothing that somebody typed stands in it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from khuen import web
from khuen.board.rules import Lane, Sort
from khuen.board.service import Asked


def asked(raw: Any) -> Asked:
    """Read a query or a form. A filter that nobody offered is no filter."""
    given = web.typed(raw)
    code, _, moo = given.get("place", "").partition("-")
    tambon = code if code.isascii() and code.isdecimal() and len(code) == 6 else None
    page = given.get("page", "")
    return Asked(
        lane=_one_of(Lane, given.get("lane"), Lane.WORK),
        subdistrict_code=tambon,
        moo=moo[:8] or None if tambon else None,
        project_id=_id(given.get("project")),
        buddy_id=_id(given.get("buddy")),
        sort=_one_of(Sort, given.get("sort"), Sort.PRESSING),
        page=int(page) if page.isascii() and page.isdecimal() and 0 < len(page) < 5 and int(page) else 1,
        choosing="filters" in given,
    )


def of_query(query: str) -> Asked:
    """Read what `query` wrote."""
    return asked(dict(fields(query)))


def query(asked: Asked, **more: str) -> str:
    """The query of a board like this one; what is as usual is left out."""
    given = {
        "lane": "" if asked.lane is Lane.WORK else asked.lane.value,
        "place": place(asked),
        "project": str(asked.project_id or ""),
        "buddy": str(asked.buddy_id or ""),
        "sort": "" if asked.sort is Sort.PRESSING else asked.sort.value,
        **more,
    }
    return urlencode({name: value for name, value in given.items() if value or name == "page"})


def fields(query: str) -> list[tuple[str, str]]:
    """The same as the hidden fields of a form."""
    return parse_qsl(query)


def place(asked: Asked) -> str:
    """Tambon and village number as the filter writes them."""
    return "-".join(filter(None, (asked.subdistrict_code, asked.moo)))


def _one_of(kind: Any, text: str | None, otherwise: Any) -> Any:
    return kind(text) if text in set(kind) else otherwise


def _id(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
