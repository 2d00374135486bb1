"""Reading one list for a page, and taking it out, which is written down with what it is for."""

from __future__ import annotations

from khuen import audit
from khuen.cases.rules import OWN_WORK
from khuen.errors import NotFound
from khuen.lists import rules
from khuen.lists.catalogue import LISTS
from khuen.lists.listed import Listed
from khuen.lists.reading import Asked, Found
from khuen.lists.rules import Period
from khuen.tenancy import Here


def named(name: str) -> Listed:
    """Raises NotFound."""
    if name not in LISTS:
        raise NotFound
    return LISTS[name]


async def page(here: Here, listed: Listed, period: Period, number: int, *, results: bool, lang: str) -> Found:
    """One page of a list, counted from 1."""
    since, until = rules.days(period, here.today)
    asked = Asked(since, until, rules.PAGE, (number - 1) * rules.PAGE, results, lang)
    return await listed.read(here, asked)


async def take_out(here: Here, listed: Listed, period: Period, *, form: str, results: bool, lang: str) -> Found:
    """All rows for our own work, as far as a file or a print holds them; written down once, with their number.

    `form` is xlsx, csv or print.
    """
    since, until = rules.days(period, here.today)
    most = rules.ON_PAPER if form == "print" else rules.MOST
    found = await listed.read(here, Asked(since, until, most, results=results, lang=lang))
    await audit.record(here, "export:made", kind=form, page=listed.name, count=len(found.rows), purpose=OWN_WORK)
    return found
