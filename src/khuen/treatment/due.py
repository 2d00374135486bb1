"""Whose urine test is due today, in the whole district."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from khuen import thai, vault
from khuen.tenancy import Here, hot
from khuen.treatment import draw_rules, queries
from khuen.treatment.tallies import seed


@dataclass(frozen=True, slots=True)
class TestDue:
    """One person. `drawn` is the day that was drawn, None when only a random test in between (`further`) is due."""

    code: str
    name: str
    subdistrict_code: str | None
    moo: str | None
    project: str
    buddy: str | None
    last_on: date | None
    drawn: date | None
    closes_on: date | None
    late: bool
    further: bool


async def tests_due(here: Here, *, clinical: bool) -> list[TestDue]:
    """Whose day has come, the longest due first; nobody is told before. One statement.

    The clinic and the doctor also see which day was not drawn in the window: a random test of this week
    (docs/treatment.md).
    """
    rows = await hot(queries.TESTS_DUE, here.today)
    safe = await vault.open_tenant(here) if clinical and rows else None
    return [_due(row, here.today, safe is not None and _further(safe, row)) for row in rows]


def _further(safe: vault.TenantVault, row: Any) -> bool:
    """Whether it is another day than the one that was drawn in the window."""
    window = draw_rules.Window(row["opens_on"], row["closes_on"]) if row["opens_on"] else None
    return window is not None and row["test_on"] != draw_rules.test_day(seed(safe, row["case_id"]), window)


def _due(row: Any, today: date, further: bool) -> TestDue:
    return TestDue(
        code=row["code"],
        name=thai.on_phone(row["called_name"], row["family_name"]),
        subdistrict_code=row["subdistrict_code"],
        moo=row["moo"],
        project=row["project"],
        buddy=row["buddy"],
        last_on=row["last_test_on"],
        drawn=None if further else row["test_on"],
        closes_on=None if further else row["closes_on"],
        late=not further and row["closes_on"] is not None and row["closes_on"] < today,
        further=further,
    )
