"""Forms filled in so that a wanted score comes out, for the tests of this room."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from khuen.ids import uuid7
from khuen.screening import rules
from khuen.screening.forms import Filled
from khuen.screening.instruments import CURRENT
from khuen.screening.rules import Instrument, Result, Tool

DAY = date(2026, 11, 24)


def lowest(made: Instrument) -> dict[str, str]:
    """The first answer of every item, also of those that are then not asked."""
    return {item.id: item.options[0].value for item in made.items}


def answers(tool: Tool, points: int) -> dict[str, str]:
    """Answers that add up to this many points, found item by item. Raises AssertionError when there are none."""
    made = CURRENT[tool]
    found = {0: lowest(made) | ({"q1_e": "yes"} if tool is Tool.ASSIST else {})}
    for item in made.items:
        if not item.scored:
            continue
        for have, given in list(found.items()):
            for option in item.options:
                total = max(have, option.points) if made.sum is rules.Sum.HIGHEST else have + option.points
                opened = item.when is None or given.get(item.when.item) in item.when.values
                if opened:
                    found.setdefault(total, given | {item.id: option.value})
    assert points in found, f"{tool} cannot come to {points}"
    return found[points]


def result(tool: Tool, points: int, *, days_ago: int = 0, **more: str) -> Result:
    given = answers(tool, points) | more
    scores = rules.score(CURRENT[tool], given)
    assert scores
    at = datetime(2026, 11, 24, 3, tzinfo=UTC) - timedelta(days=days_ago)
    return Result(uuid7(at), tool, DAY - timedelta(days=days_ago), at, given, scores)


def filled(tool: Tool, points: int, on: date, **more: Any) -> Filled:
    return Filled(more.pop("id", uuid7()), tool, on, answers(tool, points), **more)


def posted(tool: Tool, points: int, on: date, **more: str) -> dict[str, str]:
    """The fields of a form as a browser sends them."""
    day = {"taken_on_day": str(on.day), "taken_on_month": str(on.month), "taken_on_year": str(on.year + 543)}
    return {"key": str(uuid7()), **day, **answers(tool, points), **more}
