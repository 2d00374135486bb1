"""Courses, grants and work as pure rules: calendar months, steps that follow one another, whole baht."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khuen.clock import add_months
from khuen.thai import thai_digits
from khuen.training import rules
from khuen.training.rules import (
    MONTHS,
    UNDONE,
    Check,
    Found,
    Grant,
    Outcome,
    Partner,
    Refusal,
    Result,
    Span,
    Standing,
    State,
    Step,
    Total,
    Why,
)

DAY = date(2026, 3, 2)
COURSE = Span(DAY, DAY + timedelta(days=4), 30)
DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))
BEFORE, DURING, AFTER = DAY - timedelta(1), DAY + timedelta(1), DAY + timedelta(9)


@pytest.mark.parametrize(("days", "wrong"), [(-1, rules.UNTIL_BEFORE), (0, None), (366, None), (367, rules.TOO_LONG)])
def test_a_course_ends_after_it_began_and_within_a_year(days: int, wrong: str | None) -> None:
    assert rules.wrong_span(DAY, DAY + timedelta(days=days)) == wrong


def test_whoever_left_makes_room() -> None:
    assert [rules.holds_seat(one) for one in (None, *Outcome)] == [True, True, True, False]


@pytest.mark.parametrize(
    ("made", "today", "wrong"),
    [
        (Result(30, Outcome.FINISHED, None, "12/2569", AFTER), AFTER, {}),
        (Result(0, Outcome.ATTENDING), BEFORE, {}),
        (Result(12, Outcome.ATTENDING), BEFORE, {"hours": rules.NOT_BEGUN}),
        (Result(31, Outcome.ATTENDING), DURING, {"hours": rules.TOO_MANY_HOURS}),
        (Result(30, Outcome.FINISHED), DURING, {"outcome": rules.NOT_OVER}),
        (Result(6, Outcome.NOT_FINISHED), DURING, {"why": rules.SAY_WHY}),
        (Result(6, Outcome.NOT_FINISHED, Why.ILL), DURING, {}),
        (Result(6, Outcome.ATTENDING, None, "12/2569"), DURING, {"certificate": rules.NOT_FINISHED_YET}),
        (Result(6, Outcome.ATTENDING, None, "", DURING), DURING, {"certificate": rules.NOT_FINISHED_YET}),
        (Result(6, Outcome.FINISHED, None, "1", BEFORE), AFTER, {"certified_on": rules.CERTIFICATE_DAY}),
        (Result(6, Outcome.FINISHED, None, "1", AFTER), AFTER - timedelta(1), {"certified_on": rules.CERTIFICATE_DAY}),
    ],
)
def test_what_cannot_be_so_is_named_at_its_field(made: Result, today: date, wrong: dict[str, str]) -> None:
    assert rules.wrong_result(made, COURSE, today) == wrong


# --- grants -------------------------------------------------------------------------------------------------------


def test_a_grant_goes_from_application_to_report_and_a_step_can_be_taken_back() -> None:
    steps = [Step(Grant.GRANTED, DAY, 9_000), Step(Grant.HANDED_OVER, AFTER), Step(Grant.REPORTED, AFTER)]
    assert rules.standing(BEFORE, 15_000, []) == Standing(Grant.APPLIED, BEFORE, 15_000, 0)
    assert rules.standing(BEFORE, 15_000, steps) == Standing(Grant.REPORTED, AFTER, 9_000, 3)
    back = [*steps, Step(UNDONE, AFTER), Step(UNDONE, AFTER)]
    assert rules.standing(BEFORE, 15_000, back) == Standing(Grant.GRANTED, DAY, 9_000, 1)
    assert rules.standing(BEFORE, 15_000, [*back, Step(UNDONE, AFTER)]) == Standing(Grant.APPLIED, BEFORE, 15_000, 0)
    assert rules.standing(BEFORE, 15_000, [Step(UNDONE, AFTER)]).steps == 0


@given(st.lists(st.sampled_from([*Grant, UNDONE]), max_size=12))
def test_only_steps_that_may_follow_are_taken_and_no_row_leads_nowhere(asked: list[str]) -> None:
    taken: list[Step] = []
    for what in asked:
        now = rules.standing(DAY, 100, taken)
        if not rules.wrong_step(now, Step(what, DAY), Refusal.PAPERS, DAY):
            taken.append(Step(what, DAY))
    now = rules.standing(DAY, 100, taken)
    assert now.steps == sum(-1 if step.what == UNDONE else 1 for step in taken) >= 0
    assert (UNDONE in rules.may_follow(now)) == (now.state is not Grant.APPLIED)


@pytest.mark.parametrize(
    ("step", "reason", "wrong"),
    [
        (Step(Grant.REPORTED, DAY), None, {"what": rules.NO_SUCH_STEP}),
        (Step("given", DAY), None, {"what": rules.NO_SUCH_STEP}),
        (Step(Grant.GRANTED, AFTER + timedelta(1)), None, {"on": rules.DAY_AHEAD}),
        (Step(Grant.GRANTED, BEFORE), None, {"on": rules.BEFORE_LAST}),
        (Step(Grant.REFUSED, DAY), None, {"reason": rules.SAY_WHY}),
        (Step(Grant.REFUSED, DAY), Refusal.NO_BUDGET, {}),
        (Step(Grant.WITHDRAWN, DAY), Refusal.CHANGED_MIND, {}),
        (Step(Grant.GRANTED, DAY), None, {}),
    ],
)
def test_a_refusal_has_a_reason_and_days_go_forward(step: Step, reason: Refusal | None, wrong: dict[str, str]) -> None:
    assert rules.wrong_step(rules.standing(DAY, 500, []), step, reason, AFTER) == wrong


def test_totals_of_each_source_leave_out_what_was_refused() -> None:
    def at(state: Grant, baht: int) -> Standing:
        return Standing(state, DAY, baht, 1)

    office, firm = (Partner.LABOUR_OFFICE, "แรงงาน"), (Partner.PRIVATE, "ร้าน")
    found = rules.totals(
        [
            (*office, at(Grant.APPLIED, 1_000)),
            (*office, at(Grant.REFUSED, 7_000)),
            (*firm, at(Grant.GRANTED, 2_000)),
            (*firm, at(Grant.HANDED_OVER, 3_000)),
            (*firm, at(Grant.REPORTED, 4_000)),
            (*firm, at(Grant.WITHDRAWN, 5_000)),
        ]
    )
    assert found == [Total(*firm, 3, 0, 9_000, 7_000), Total(*office, 1, 1_000, 0, 0)]


@given(st.integers(1, rules.MOST_BAHT))
def test_baht_are_read_as_people_write_them(amount: int) -> None:
    for text in (f"{amount}", f"{amount:,}", thai_digits(f"{amount:,}"), f" {amount:,}.00 บาท "):
        assert rules.baht(text) == amount


@pytest.mark.parametrize("text", ["", "0", "-5", "1,00", "10.50", "10000001", "หนึ่งพัน", "1e3", "1 000"])
def test_what_is_no_amount_of_whole_baht_is_refused(text: str) -> None:
    assert rules.baht(text) is None


# --- work ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "due"),
    [
        (date(2026, 1, 31), [date(2026, 4, 30), date(2026, 7, 31), date(2027, 1, 31)]),
        (date(2025, 8, 31), [date(2025, 11, 30), date(2026, 2, 28), date(2026, 8, 31)]),
        (date(2023, 8, 31), [date(2023, 11, 30), date(2024, 2, 29), date(2024, 8, 31)]),
        (date(2024, 2, 29), [date(2024, 5, 29), date(2024, 8, 29), date(2025, 2, 28)]),
        (date(2023, 11, 30), [date(2024, 2, 29), date(2024, 5, 30), date(2024, 11, 30)]),
    ],
)
def test_31_january_and_29_february_have_their_months(since: date, due: list[date]) -> None:
    assert [one.due_on for one in rules.schedule(since, [], since)] == due


@given(DAYS, st.integers(0, 500))
def test_a_date_is_due_from_its_day_on(since: date, days: int) -> None:
    today = since + timedelta(days=days)
    for one in rules.schedule(since, [], today):
        assert one.state is (State.DUE if today >= add_months(since, one.months) else State.AHEAD)


CHECKS = st.builds(Check, st.sampled_from([None, *MONTHS]), st.sampled_from(Found), DAYS)


@given(DAYS, st.lists(CHECKS, max_size=8), DAYS)
def test_the_newest_answer_of_a_date_stands(since: date, checks: list[Check], today: date) -> None:
    for one in rules.schedule(since, checks, today):
        own = [check for check in checks if check.months == one.months]
        if own and own[-1].found is not Found.NOT_REACHED:
            assert one.state == own[-1].found.value
        else:
            assert one.tried == bool(own)
            assert (one.state is State.OVER) == (rules.lost_on(checks) is not None)


def test_what_was_lost_at_three_months_is_not_asked_for_at_six() -> None:
    lost = Check(3, Found.LOST, date(2026, 6, 5))
    states = [one.state for one in rules.schedule(DAY, [lost], date(2027, 6, 1))]
    assert states == [State.LOST, State.OVER, State.OVER]
    mended = [lost, Check(3, Found.HELD, date(2026, 6, 5))]
    assert [one.state for one in rules.schedule(DAY, mended, date(2026, 7, 1))] == [
        State.HELD,
        State.AHEAD,
        State.AHEAD,
    ]


@pytest.mark.parametrize(
    ("checks", "new", "why", "wrong"),
    [
        ([], Check(None, Found.HELD, date(2027, 1, 2)), None, {"on": rules.DAY_AHEAD}),
        ([], Check(None, Found.HELD, BEFORE), None, {"on": rules.BEFORE_WORK}),
        ([], Check(3, Found.HELD, date(2026, 6, 1)), None, {"on": rules.NOT_DUE}),
        ([], Check(3, Found.HELD, date(2026, 6, 2)), None, {}),
        ([], Check(None, Found.LOST, DURING), None, {"why": rules.SAY_WHY}),
        ([], Check(None, Found.LOST, DURING), Why.ENDED, {}),
        (
            [Check(3, Found.LOST, date(2026, 6, 2))],
            Check(6, Found.HELD, date(2026, 9, 2)),
            None,
            {"found": rules.LOST_ALREADY},
        ),
        ([Check(3, Found.LOST, date(2026, 6, 2))], Check(3, Found.HELD, date(2026, 6, 2)), None, {}),
    ],
)
def test_asking_after_work(checks: list[Check], new: Check, why: Why | None, wrong: dict[str, str]) -> None:
    assert rules.wrong_check(DAY, checks, new, why, date(2027, 1, 1)) == wrong
