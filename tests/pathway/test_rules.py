"""Conditions, stage and next step from evidence. Rows B02, B09, B13, B14 and "the pathway in one look" of docs/domain.md."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khuen.cases.rules import Stage
from khuen.pathway import rules
from khuen.pathway.rules import Act, Condition, Facts, State

TODAY = date(2026, 11, 24)
START = TODAY - timedelta(weeks=16)


@dataclass(frozen=True)
class Pack:
    cbtx_sessions: int = 16
    min_weeks: int = 16
    negative_tests: int = 4
    min_visits: int = 12
    training_required: bool = True
    drop_out_missed: int = 3


FULL = Facts(
    screened_on=START,
    started_on=START,
    sessions=16,
    tests=8,
    negatives=4,
    best_negatives=4,
    visits=12,
    courses=1,
    consents=True,
)


def at(facts: Facts, pack: Pack = Pack(), **skipped: str) -> rules.Progress:
    return rules.progress(facts, pack, skipped, TODAY)


def open_of(found: rules.Progress) -> set[Condition]:
    return {line.condition for line in found.lines if line.state is State.OPEN}


def test_all_evidence_brings_a_case_before_the_doctor() -> None:
    found = at(FULL)
    assert (found.stage, found.ready, found.act) == (Stage.AWAITING_DOCTOR, True, Act.DOCTOR)
    assert open_of(found) == set()


@pytest.mark.parametrize(
    ("short", "missing"),
    [
        ({"consents": False}, Condition.CONSENT),
        ({"screened_on": None}, Condition.SCREENING),
        ({"started_on": START + timedelta(days=1)}, Condition.WEEKS),
        ({"sessions": 15}, Condition.SESSIONS),
        ({"negatives": 3, "best_negatives": 3}, Condition.TESTS),
        ({"visits": 11}, Condition.VISITS),
        ({"courses": 0}, Condition.TRAINING),
    ],
)
def test_one_short_of_any_condition_is_not_ready(short: dict[str, object], missing: Condition) -> None:
    found = at(replace(FULL, **short))  # type: ignore[arg-type]
    assert (open_of(found), found.ready, found.stage) == ({missing}, False, Stage.IN_TREATMENT)


def test_a_condition_with_a_reason_is_left_out_but_never_consent_b02() -> None:
    without = replace(FULL, courses=0, consents=False)
    found = at(without, training="มีงานประจำแล้ว", consent="ไม่จำเป็น")
    assert open_of(found) == {Condition.CONSENT}
    left_out = next(line for line in found.lines if line.condition is Condition.TRAINING)
    assert (left_out.state, left_out.reason) == (State.SKIPPED, "มีงานประจำแล้ว")
    assert not rules.may_skip("consent") and rules.may_skip("training") and not rules.may_skip("anything")


def test_a_pack_that_asks_for_nothing_lists_only_consent_and_screening() -> None:
    found = at(FULL, Pack(0, 0, 0, 0, False, 1))
    assert [line.condition for line in found.lines] == [Condition.CONSENT, Condition.SCREENING]


def test_a_slip_ends_readiness_and_keeps_the_stage() -> None:
    found = at(replace(FULL, negatives=0))
    assert (found.stage, found.ready, found.act) == (Stage.AWAITING_DOCTOR, False, Act.CONTINUE)


def test_a_file_ends_on_the_day_that_was_said_and_other_stages_on_the_day_itself() -> None:
    closed = replace(FULL, closed_on=START)
    assert rules.reached_on(closed, Stage.CLOSED, TODAY) == START
    assert rules.reached_on(closed, Stage.AWAITING_DOCTOR, TODAY) == TODAY
    assert rules.reached_on(FULL, Stage.CLOSED, TODAY) == TODAY  # a file that earlier records close names no day


def test_stages_of_the_way() -> None:
    assert at(Facts(consents=True)).stage is Stage.ENROLLED
    assert at(Facts(consents=True, started_on=TODAY)).stage is Stage.IN_TREATMENT
    assert at(replace(FULL, certified_on=TODAY)).stage is Stage.CERTIFIED
    assert at(replace(FULL, certified_on=TODAY, closed_on=TODAY)).stage is Stage.CLOSED


def test_what_earlier_records_state_stands_until_evidence_goes_further() -> None:
    stated = Facts(stated=Stage.IN_TREATMENT, consents=True)
    assert (at(stated).stage, at(stated).act) == (Stage.IN_TREATMENT, Act.CONTINUE)
    assert at(replace(FULL, stated=Stage.IN_TREATMENT)).stage is Stage.AWAITING_DOCTOR
    assert at(Facts(stated=Stage.CERTIFIED)).act is Act.FOLLOW_UP


@pytest.mark.parametrize(
    ("facts", "act"),
    [
        (Facts(), Act.ASK_CONSENT),
        (Facts(consents=True), Act.SCREEN),
        (Facts(consents=True, screened_on=TODAY), Act.INVITE),
        (replace(FULL, sessions=3, missed=3), Act.REVIEW),
        (replace(FULL, sessions=3, missed=2), Act.CONTINUE),
        (replace(FULL, closed_on=TODAY), Act.NOTHING),
    ],
)
def test_one_next_step(facts: Facts, act: Act) -> None:
    assert at(facts).act is act


@pytest.mark.parametrize(
    ("start", "end", "whole"),
    [
        (None, None, 0),
        (TODAY, None, 0),
        (TODAY - timedelta(days=6), None, 0),
        (TODAY - timedelta(days=7), None, 1),
        (START, START + timedelta(days=20), 2),
        (TODAY + timedelta(days=9), None, 0),  # a clock or a date that runs ahead
    ],
)
def test_weeks_are_whole_weeks_from_the_first_session_to_the_end(
    start: date | None, end: date | None, whole: int
) -> None:
    assert rules.weeks(Facts(started_on=start, ended_on=end), TODAY) == whole


counts = st.integers(0, 30)
some_facts = st.builds(
    Facts,
    screened_on=st.none() | st.just(START),
    started_on=st.none() | st.dates(date(2025, 1, 1), TODAY),
    sessions=counts,
    missed=counts,
    tests=counts,
    negatives=st.integers(0, 5),
    best_negatives=st.integers(5, 9),
    visits=counts,
    courses=st.integers(0, 2),
    consents=st.booleans(),
)


@given(some_facts, st.integers(0, 3), st.integers(0, 400))
def test_more_evidence_never_takes_a_stage_away(facts: Facts, more: int, days: int) -> None:
    order = list(Stage).index
    before = rules.progress(facts, Pack(), {}, TODAY)
    grown = replace(facts, sessions=facts.sessions + more, visits=facts.visits + more, courses=facts.courses + more)
    after = rules.progress(grown, Pack(), {}, TODAY + timedelta(days=days))
    assert order(after.stage) >= order(before.stage)
    assert after.ready or not before.ready


@given(some_facts)
def test_ready_says_what_the_lines_say(facts: Facts) -> None:
    found = at(facts)
    assert found.ready == (open_of(found) == set())
    assert all((line.have >= line.want) == (line.state is State.DONE) for line in found.lines)
