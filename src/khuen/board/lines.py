"""The rows of the board in words, ready to be shown. Fifty rows share a handful of them: each is made once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from functools import lru_cache
from typing import Any, TypeAlias

from khuen import access, clock, places, words
from khuen.board import rules
from khuen.board.rules import Facts, Lane
from khuen.board.service import Board
from khuen.followups.rules import HOWS, overdue_days
from khuen.tenancy import Here
from khuen.thai import initial
from khuen.words import N_

Line: TypeAlias = tuple[Any, ...]

MOO, BY, LATE = N_("M.%(moo)s"), N_("by %(day)s"), N_("%(days)s days late")
TEST_TODAY, TEST_LATE = N_("Test today"), N_("Test due for %(days)s days")
UNSCREENED = N_("Not screened yet")
ALONE, ALONE_HOURS, ALONE_DAYS = N_("none yet"), N_("none for %(hours)s h"), N_("none for %(days)s days")


def allowed(here: Here) -> set[str]:
    """Which of the permissions that an act may need this member has."""
    return {need for need in rules.NEEDS.values() if access.may(here.roles, need)}


def groups(here: Here, lane: Lane, found: Board, lang: str) -> list[tuple[str, list[Line]]]:
    """(name of the lane, its rows); on the whole day's work each row under the first of its lanes."""
    may = allowed(here)
    shown: dict[Lane, list[Line]] = {}
    for row in found.rows:
        under = rules.first_lane(row["bits"]) if lane is Lane.WORK else lane
        shown.setdefault(under, []).append(_line(here, row, may, lang))
    return [(rules.LANES[under], lines) for under, lines in shown.items()]


def _line(here: Here, row: Any, may: Collection[str], lang: str) -> Line:
    """(code, name, colour, place, buddy, since when nobody, whether that is long, days late, until when, test,
    answer, when, act, what the act is about), as `_list.html` takes them."""
    today, closes_on, buddy, test_on = here.today, row["closes_on"], row["buddy"], row["test_on"]
    coloured = row["colour"] is not None
    facts = Facts(row["stage"], buddy is not None, row["rank"], None, closes_on, test_on, coloured, row["all_there"])
    late, seen_at = overdue_days(closes_on, today), row["seen_at"]
    alone, long = ("", "") if buddy else _alone(row, here.now, lang)
    return (
        row["code"],
        f"{row['called_name']} {initial(row['family_name'])}",
        row["colour"],
        place(row["subdistrict_code"], row["moo"], lang),
        buddy,
        alone,
        long,
        _say(lang, LATE, days=late) if late else "",
        "" if late else _by(closes_on, today, lang),
        test(facts, today, lang),
        _say(lang, HOWS[row["last_how"]]) if seen_at else "",
        clock.day_in_words(clock.day(seen_at), today) if seen_at else "",
        rules.suggested(facts, today, may),
        row["attention_id"],
    )


def _alone(row: Any, now: datetime, lang: str) -> tuple[str, str]:
    """Since when nobody visits, and how pressing that is."""
    hours = rules.waited_hours(rules.alone_since(row["made_at"], row["opened_on"], row["left_at"]), now)
    if hours < 1:
        said = _say(lang, ALONE)
    elif hours < 72:
        said = _say(lang, ALONE_HOURS, hours=hours)
    else:
        said = _say(lang, ALONE_DAYS, days=hours // 24)
    return said, "late" if hours > (row["within_hours"] or 24) else "waiting"


def test(facts: Facts, today: date, lang: str) -> str:
    """That a test or a screening is due, never what one said."""
    days = rules.test_days(facts, today)
    if days is None:
        return _say(lang, UNSCREENED) if rules.unscreened(facts) else ""
    return _say(lang, TEST_LATE, days=days) if days else _say(lang, TEST_TODAY)


@lru_cache(4096)
def _say(lang: str, text: str, **figures: object) -> str:
    return words.gettext(text, lang) % figures


@lru_cache(4096)
def place(code: str | None, moo: str | None, lang: str) -> str:
    """Village number and tambon, whichever is known."""
    found = places.place(code) if code else None
    return " ".join([*([_say(lang, MOO, moo=moo)] if moo else []), *([found.tambon] if found else [])])


@lru_cache(4096)
def _by(closes_on: date, today: date, lang: str) -> str:
    return _say(lang, BY, day=clock.day_ahead(closes_on, today))
