"""Whose urine test is due today, in the whole district."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from khuen import packs, thai, vault
from khuen.tenancy import Here, hot
from khuen.treatment import queries, rules
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
    """Whose drawn day has come, the longest due first; nobody is told before. One statement.

    The clinic and the doctor also see the random tests of today (docs/treatment.md).
    """
    rows = await hot(queries.TESTS_DUE, here.today, clinical)
    safe = await vault.open_tenant(here) if clinical and rows else None
    percent = (await packs.settings_of(here)).treatment.extra_tests_percent if safe else 0
    found = []
    for row in rows:
        due = row["test_on"] is not None and row["test_on"] <= here.today
        further = safe is not None and _further(here, safe, row, percent)
        if due or further:
            found.append(_due(here, row, row["test_on"] if due else None, further))
    return found


def _further(here: Here, safe: vault.TenantVault, row: Any, percent: int) -> bool:
    drawn = rules.extra_day(seed(safe, row["case_id"]), here.today, percent)
    return drawn == here.today and row["last_test_on"] != here.today


def _due(here: Here, row: Any, drawn: date | None, further: bool) -> TestDue:
    return TestDue(
        code=row["code"],
        name=thai.on_phone(row["called_name"], row["family_name"]),
        subdistrict_code=row["subdistrict_code"],
        moo=row["moo"],
        project=row["project"],
        buddy=row["buddy"],
        last_on=row["last_test_on"],
        drawn=drawn,
        closes_on=row["closes_on"] if drawn else None,
        late=drawn is not None and row["closes_on"] is not None and row["closes_on"] < here.today,
        further=further,
    )
