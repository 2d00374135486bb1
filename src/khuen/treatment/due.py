"""Whose urine test is due today, in the whole district."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from khuen import packs, thai, vault
from khuen.tenancy import Here, hot
from khuen.treatment import queries, rules
from khuen.treatment.tallies import seed
from khuen.treatment.rules import Window


@dataclass(frozen=True, slots=True)
class TestDue:
    """One person whose window is open, or whose day it is. `drawn` is None for whoever may not know the day.

    `further`: it is the day of a random test in between.
    """

    code: str
    name: str
    subdistrict_code: str | None
    moo: str | None
    project: str
    buddy: str | None
    last_on: date | None
    window: Window
    late: bool
    drawn: date | None
    further: bool


async def tests_due(here: Here, *, clinical: bool) -> list[TestDue]:
    """Who may be tested today, the first to be late first. One statement.

    The clinic and the doctor see those whose day has come: the day that was drawn, the end of the window, or a random
    test in between. Everybody else sees whose window is open: the day itself is nobody's to know (docs/treatment.md).
    """
    known = await packs.all_of(here)
    first = {id_: rules.next_test(here.today, pack.pathway.urine_every_days) for id_, pack in known.items()}
    after = [[(day - here.today).days for day in (one.opens_on, one.closes_on)] for one in first.values()]
    opens, closes = [one[0] for one in after], [one[1] for one in after]
    rows = await hot(queries.TESTS_DUE, here.today, list(known), opens, closes, clinical)
    safe = await vault.open_tenant(here) if clinical and rows else None
    percent = (await packs.settings_of(here)).treatment.extra_tests_percent if safe else 0
    found = []
    for row in rows:
        window = Window(row["opens_on"], row["closes_on"])
        drawn, further = _days(here, safe, row["case_id"], window, percent) if safe else (None, False)
        if drawn is None or drawn <= here.today or further:
            found.append(
                TestDue(
                    code=row["code"],
                    name=thai.on_phone(row["called_name"], row["family_name"]),
                    subdistrict_code=row["subdistrict_code"],
                    moo=row["moo"],
                    project=row["project"],
                    buddy=row["buddy"],
                    last_on=row["last_test_on"],
                    window=window,
                    late=window.closes_on < here.today,
                    drawn=drawn,
                    further=further,
                )
            )
    return found


def _days(here: Here, safe: vault.TenantVault, case_id: UUID, window: Window, percent: int) -> tuple[date, bool]:
    own = seed(safe, case_id)
    return rules.test_day(own, window), rules.extra_day(own, here.today, percent) == here.today
