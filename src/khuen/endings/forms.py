"""What the pages of this room share: a day in three fields, the head of a case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, TypeAlias

from litestar import Request, Response

from khuen import clock, web
from khuen.cases.rules import STAGES
from khuen.endings.service import Subject
from khuen.ids import uuid7

Asked: TypeAlias = Request[Any, Any, Any]


def day(raw: Mapping[str, Any], name: str, errors: dict[str, str]) -> date:
    """The day of three fields; what is wrong goes into `errors`, and the answer then means nothing."""
    read = clock.parse_date(*(str(raw.get(f"{name}_{part}", "")) for part in ("day", "month", "year")))
    if isinstance(read, str):
        errors[name] = read
        return date.min
    return read


def fill_day(typed: dict[str, str], name: str, on: date) -> dict[str, str]:
    """Today in the three fields, unless something was typed."""
    parts = {f"{name}_day": on.day, f"{name}_month": on.month, f"{name}_year": clock.buddhist(on)}
    return {part: str(value) for part, value in parts.items()} | typed


def page(
    request: Asked,
    template: str,
    case: Subject,
    tab: str,
    *,
    errors: dict[str, str] | None = None,
    status: int = 200,
    **values: Any,
) -> Response[str]:
    base = f"/{request.path_params['tenant']}/cases/{case.code}"
    return web.page(
        request,
        template,
        status=status,
        case=case,
        code=case.code,
        base=base,
        tab=tab,
        stages=STAGES,
        errors=errors or {},
        key=uuid7(),
        **values,
    )
