"""A day as three fields of a form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from khuen import clock


def parts(name: str, on: date) -> dict[str, str]:
    """The three fields as they are first shown."""
    return {f"{name}_day": str(on.day), f"{name}_month": str(on.month), f"{name}_year": str(clock.buddhist(on))}


def day(raw: Mapping[str, Any], name: str, errors: dict[str, str]) -> date | None:
    """The day that was typed; what is wrong with it goes into `errors`."""
    found = clock.parse_date(*(str(raw.get(f"{name}_{part}", ""))[:20] for part in ("day", "month", "year")))
    if isinstance(found, str):
        errors[name] = found
        return None
    return found
