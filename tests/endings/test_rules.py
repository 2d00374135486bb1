"""What a slip is, who decides about a drop-out, how a file may end: tables of days, and hypothesis."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khuen.cases.rules import Stage
from khuen.endings import rules
from khuen.endings.rules import EXIT_CODES, Ending, Proposal, Support, Use, Visited
from khuen.followups.rules import How

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)
ONE, TWO = UUID(int=1), UUID(int=2)
days = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@pytest.mark.parametrize(
    ("on", "treated_until", "expected"),
    [
        (TODAY, None, Use.SLIP),
        (TODAY, TODAY, Use.SLIP),  # the last day belongs to treatment
        (TODAY, TODAY - timedelta(days=1), Use.RELAPSE),
        (date(2026, 9, 30), date(2026, 10, 1), Use.SLIP),
    ],
)
def test_relapse_is_use_after_completion_and_nothing_else(on: date, treated_until: date | None, expected: Use) -> None:
    assert rules.use(on, treated_until) is expected


@given(on=days, ended=days)
def test_a_slip_becomes_a_relapse_only_by_the_two_days(on: date, ended: date) -> None:
    assert (rules.use(on, ended) is Use.RELAPSE) == (on > ended)


@pytest.mark.parametrize(
    ("visits", "hours", "expected"),
    [
        ([], 0, Support.WAITING),
        ([], 48, Support.WAITING),
        ([], 72, Support.LATE),
        ([(How.WELL, 1)], 2, Support.VISITED),
        ([(How.WELL, 90)], 99, Support.VISITED),
        ([(How.WELL, -1)], 2, Support.WAITING),
        ([(How.NOT_FOUND, 1)], 2, Support.WAITING),
        ([(How.NOT_FOUND, 1)], 72, Support.LATE),
        ([(How.NOT_FOUND, 1), (How.URGENT, 2)], 3, Support.VISITED),
    ],
)
def test_support_is_somebody_met_within_two_days(visits: list[tuple[How, int]], hours: int, expected: Support) -> None:
    met = [Visited(how, NOW + timedelta(hours=after)) for how, after in visits]
    assert rules.support(NOW, met, NOW + timedelta(hours=hours)) is expected


def test_a_day_may_be_entered_later_but_never_ahead_or_before_the_case() -> None:
    opened = date(2026, 1, 31)
    assert rules.wrong_day(TODAY, opened, TODAY) is None
    assert rules.wrong_day(opened, opened, TODAY) is None
    assert rules.wrong_day(TODAY + timedelta(days=1), opened, TODAY) == rules.FUTURE
    assert rules.wrong_day(date(2026, 1, 30), opened, TODAY) == rules.TOO_EARLY


@pytest.mark.parametrize("last", [date(2026, 9, 30), date(2024, 2, 29), date(2026, 1, 31)])
def test_fiscal_year_end_and_29_february_are_days_like_others(last: date) -> None:
    after = last + timedelta(days=1)
    assert rules.wrong_day(last, last, after) is None
    assert rules.use(after, last) is Use.RELAPSE


def test_one_person_never_ends_a_file_as_a_drop_out() -> None:
    for completed in (True, False):
        for over in (True, False):
            found = rules.choices(completed=completed, over=over)
            assert Ending.DROP_OUT not in found
            assert (Ending.FOLLOW_UP_COMPLETED in found) is completed
            assert (Ending.FOLLOW_UP_OVER in found) is over
            assert {Ending.DIED, Ending.ARRESTED, Ending.MOVED_AWAY, Ending.REFUSED} <= set(found)


def test_exit_codes_are_those_of_the_health_data_standard() -> None:
    assert set(EXIT_CODES.values()) == {"06", "07", "09", "10"}
    assert EXIT_CODES[Ending.DROP_OUT] == "06"


@given(hours=st.integers(0, 100))
def test_a_file_is_opened_again_within_a_day(hours: int) -> None:
    assert rules.may_reopen(NOW, NOW + timedelta(hours=hours)) == (hours <= 24)


@pytest.mark.parametrize(
    ("stage", "missed", "expected"),
    [
        (Stage.IN_TREATMENT, 3, True),
        (Stage.ENROLLED, 5, True),
        (Stage.AWAITING_DOCTOR, 3, True),
        (Stage.IN_TREATMENT, 2, False),
        (Stage.CERTIFIED, 9, False),
        (Stage.CLOSED, 9, False),
    ],
)
def test_the_rule_pack_says_when_a_drop_out_may_be_proposed(stage: Stage, missed: int, expected: bool) -> None:
    assert rules.may_propose(stage, missed, 3) is expected


def test_a_proposal_expires_and_two_members_are_two() -> None:
    assert rules.proposal(None, TODAY, TODAY) is Proposal.OPEN
    assert rules.proposal(None, TODAY, TODAY + timedelta(days=1)) is Proposal.EXPIRED
    assert rules.proposal("rejected", TODAY, TODAY + timedelta(days=1)) is Proposal.REJECTED
    assert rules.may_decide(ONE, TWO) and not rules.may_decide(ONE, ONE)


@pytest.mark.parametrize(
    ("basis", "found", "clinical", "own", "expected"),
    [
        ("s114", Proposal.OPEN, False, False, False),
        ("s114", Proposal.REJECTED, False, False, False),
        ("s114", Proposal.OPEN, True, False, True),
        ("s114", Proposal.OPEN, False, True, True),
        ("s114", Proposal.CONFIRMED, False, False, True),
        ("s113", Proposal.OPEN, False, False, True),
    ],
)
def test_under_section_114_health_staff_see_it_first(
    basis: str, found: Proposal, clinical: bool, own: bool, expected: bool
) -> None:
    assert rules.sees_proposal(basis, found, clinical=clinical, own=own) is expected


def test_episodes_count_by_the_day_they_began() -> None:
    cases = [(date(2026, 5, 1), TWO), (date(2025, 5, 1), ONE)]
    assert (rules.episode(cases, ONE), rules.episode(cases, TWO)) == (1, 2)


@pytest.mark.parametrize(
    ("count", "expected"), [(-1, rules.BEFORE_START), (0, None), (366, None), (367, rules.TOO_LONG)]
)
def test_a_stay_ends_after_it_began_and_within_a_year(count: int, expected: str | None) -> None:
    assert rules.wrong_return(TODAY, TODAY + timedelta(days=count)) == expected
