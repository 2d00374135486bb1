"""The seven rounds: calendar months from the end of treatment, a window, and five states."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khuen import clock
from khuen.followups import round_rules as rules
from khuen.followups.round_rules import Outcome, Result, State

SEVEN = ("2w", "1m", "2m", "3m", "6m", "9m", "12m")
days = st.dates(date(2020, 1, 1), date(2030, 12, 31))


def dues(ended_on: date) -> list[date]:
    return [one.due_on for one in rules.schedule(ended_on, SEVEN, 7)]


def test_31_january_and_one_month_is_the_last_of_february() -> None:
    assert dues(date(2026, 1, 31)) == [
        date(2026, 2, 14),
        date(2026, 2, 28),
        date(2026, 3, 31),
        date(2026, 4, 30),
        date(2026, 7, 31),
        date(2026, 10, 31),
        date(2027, 1, 31),
    ]
    assert dues(date(2024, 1, 31))[1] == date(2024, 2, 29)


def test_29_february_and_twelve_months_is_28_february() -> None:
    assert dues(date(2024, 2, 29))[-1] == date(2025, 2, 28)
    assert dues(date(2024, 2, 29))[1] == date(2024, 3, 29)


def test_rounds_go_on_over_the_end_of_the_fiscal_year() -> None:
    found = dues(date(2026, 9, 30))
    assert [clock.fiscal_year(on) for on in found] == [2570] * 6 + [2570]
    assert found[0] == date(2026, 10, 14) and found[-1] == date(2027, 9, 30)
    assert clock.fiscal_year(date(2026, 9, 30)) == 2569


@given(ended_on=days, window=st.integers(0, 60))
def test_windows_follow_each_other_whatever_the_window(ended_on: date, window: int) -> None:
    found = rules.schedule(ended_on, SEVEN, window)
    assert [one.number for one in found] == list(range(1, 8))
    for one in found:
        assert ended_on < one.opens_on <= one.due_on <= one.closes_on < one.lost_on
        assert one.closes_on - one.due_on == timedelta(days=window)
    for before, after in pairwise(found):
        assert before.due_on < after.opens_on
        assert before.lost_on >= min(after.opens_on, before.closes_on + timedelta(days=1))
    assert (found[-1].lost_on - found[-1].closes_on).days == rules.LAST_CHANCE_DAYS


def test_rounds_of_a_pack_stand_in_order_of_time() -> None:
    assert [one.name for one in rules.schedule(date(2026, 1, 1), ("1m", "2w"), 3)] == ["2w", "1m"]
    assert rules.schedule(date(2026, 1, 1), (), 3) == ()


@pytest.mark.parametrize(
    ("on", "result", "expected"),
    [
        (date(2026, 1, 7), None, State.COMING),
        (date(2026, 1, 8), None, State.OPEN),
        (date(2026, 1, 22), None, State.OPEN),
        (date(2026, 1, 23), None, State.LATE),
        (date(2026, 1, 24), None, State.LATE),
        (date(2026, 1, 25), None, State.MISSED),
        (date(2026, 1, 25), "relapse", State.DONE),
        (date(2026, 1, 10), "refused", State.DONE),
        (date(2026, 1, 10), "not_found", State.OPEN),
        (date(2026, 1, 25), "not_found", State.MISSED),
    ],
)
def test_how_a_round_stands(on: date, result: str | None, expected: State) -> None:
    first = rules.schedule(date(2026, 1, 1), SEVEN, 7)[0]
    assert (first.opens_on, first.closes_on, first.lost_on) == (date(2026, 1, 8), date(2026, 1, 22), date(2026, 1, 25))
    assert rules.state(first, result, on) is expected


def test_less_is_use_too_after_treatment_was_completed() -> None:
    assert {result for result in Result if rules.tells_use(result)} == {Result.RELAPSE, Result.REDUCED}


def test_the_day_of_a_round() -> None:
    first = rules.schedule(date(2026, 1, 1), SEVEN, 7)[0]
    today = date(2026, 3, 1)
    assert rules.wrong_day(first, date(2026, 1, 24), today) is None  # entered late, made in time
    assert rules.wrong_day(first, date(2026, 1, 7), today) == rules.TOO_SOON
    assert rules.wrong_day(first, date(2026, 1, 25), today) == rules.TOO_LATE
    assert rules.wrong_day(first, date(2026, 3, 2), today) == rules.FUTURE


def test_treatment_completed_and_follow_up_completed_are_two_facts() -> None:
    ended = date(2026, 1, 1)
    assert rules.outcome(None, []) == Outcome(False, False, False)
    assert rules.outcome(ended, []) == Outcome(True, False, False)
    assert rules.outcome(ended, [State.DONE, State.OPEN]) == Outcome(True, False, False)
    assert rules.outcome(ended, [State.DONE, State.MISSED]) == Outcome(True, False, True)
    assert rules.outcome(ended, [State.DONE, State.DONE]) == Outcome(True, True, True)
    assert rules.outcome(None, [State.DONE]) == Outcome(False, False, False)
