"""Which days a file holds."""

from __future__ import annotations

from datetime import date

import pytest

from khuen.lists import rules
from khuen.lists.rules import Period


@pytest.mark.parametrize("text", ["", "decade", "YEAR"])
def test_what_is_no_period_is_the_fiscal_year(text: str) -> None:
    assert rules.period(text) is Period.YEAR


@pytest.mark.parametrize("text", list(Period))
def test_a_period_that_was_asked_for(text: str) -> None:
    assert rules.period(text) == text
    first, last = rules.days(Period(text), date(2026, 10, 1))
    assert first <= last
