"""Which days a list is of. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

from khuen.clock import add_months, fiscal_year
from khuen.msgid import N_

PAGE = 100
MOST = 10_000  #: rows of one file
ON_PAPER = 2_000  #: rows of one print


class Period(StrEnum):
    MONTH = "month"
    LAST_MONTH = "last_month"
    YEAR = "year"
    LAST_YEAR = "last_year"
    ALL = "all"


PERIODS: dict[str, str] = {
    Period.MONTH: N_("This month"),
    Period.LAST_MONTH: N_("Last month"),
    Period.YEAR: N_("This fiscal year"),
    Period.LAST_YEAR: N_("Last fiscal year"),
    Period.ALL: N_("All days"),
}


def period(text: str) -> Period:
    """What was asked for; anything else is the fiscal year."""
    return Period(text) if text in set(Period) else Period.YEAR


def days(of: Period, today: date) -> tuple[date, date]:
    """First and last day, both counted. A fiscal year begins on 1 October; a plan may lie ahead."""
    month = today.replace(day=1)
    year = date(fiscal_year(today) - 544, 10, 1)
    return {
        Period.MONTH: (month, add_months(month, 1) - timedelta(days=1)),
        Period.LAST_MONTH: (add_months(month, -1), month - timedelta(days=1)),
        Period.YEAR: (year, add_months(year, 12) - timedelta(days=1)),
        Period.LAST_YEAR: (add_months(year, -12), year - timedelta(days=1)),
        Period.ALL: (date(1900, 1, 1), date(9999, 12, 31)),
    }[of]
