"""What comes next for a case, as a table; and how lanes are numbered."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from khuen.access import may
from khuen.board import rules
from khuen.board.next_step import next_step
from khuen.board.rules import (
    BITS,
    MASKS,
    NEEDS,
    ORDER,
    Act,
    Facts,
    Lane,
    first_lane,
    suggested,
    waited_hours,
)
from khuen.pathway.rules import Act as Way

TODAY = date(2026, 11, 24)


def facts(
    stage: str = "in_treatment", buddy: bool = True, rank: int = 0, late: int = 0, opens: int = -2, **more: Any
) -> Facts:
    closes = TODAY - timedelta(days=late) if late else TODAY + timedelta(days=3)
    return Facts(stage, buddy, rank, TODAY + timedelta(days=opens), closes, **more)


COORDINATOR, CLINIC, EVERYTHING = (
    {need for need in NEEDS.values() if any(may(frozenset({role}), need) for role in roles)}
    for roles in (["coordinator"], ["clinic"], ["coordinator", "clinic"])
)


@pytest.mark.parametrize(
    ("case", "everything", "coordinator", "clinic"),
    [
        (facts(), Act.OPEN, Act.OPEN, Act.OPEN),
        (facts(late=1), Act.NUDGE, Act.NUDGE, Act.OPEN),
        (facts(late=30, buddy=False), Act.MATCH, Act.MATCH, Act.OPEN),
        (facts(late=30, rank=1, test_on=TODAY), Act.ACKNOWLEDGE, Act.ACKNOWLEDGE, Act.OPEN),
        (facts(buddy=False, rank=2), Act.ACKNOWLEDGE, Act.ACKNOWLEDGE, Act.OPEN),
        (facts(stage="closed", buddy=False, late=9), Act.OPEN, Act.OPEN, Act.OPEN),
        (Facts("enrolled", True), Act.OPEN, Act.OPEN, Act.OPEN),
        (facts(test_on=TODAY), Act.TEST, Act.OPEN, Act.TEST),
        (facts(test_on=TODAY + timedelta(1)), Act.OPEN, Act.OPEN, Act.OPEN),
        (facts(stage="awaiting_doctor", test_on=TODAY), Act.OPEN, Act.OPEN, Act.OPEN),
        (facts(late=1, test_on=TODAY), Act.NUDGE, Act.NUDGE, Act.TEST),
        (facts(stage="enrolled", coloured=False), Act.SCREEN, Act.OPEN, Act.SCREEN),
        (facts(coloured=False), Act.OPEN, Act.OPEN, Act.OPEN),
        (facts(stage="awaiting_doctor", ready=True), Act.EVIDENCE, Act.EVIDENCE, Act.EVIDENCE),
        (facts(ready=True), Act.OPEN, Act.OPEN, Act.OPEN),
    ],
)
def test_one_act_is_offered_of_those_that_are_allowed_and_whoever_is_in_need_comes_first(
    case: Facts, everything: Act, coordinator: Act, clinic: Act
) -> None:
    assert [suggested(case, TODAY, allowed) for allowed in (EVERYTHING, COORDINATOR, CLINIC)] == [
        everything,
        coordinator,
        clinic,
    ]


@pytest.mark.parametrize(
    ("case", "way", "act", "page", "says", "visits"),
    [
        (facts(rank=2, late=9), Way.ASK_CONSENT, Act.ACKNOWLEDGE, None, "calls for help", None),
        (facts(rank=1, buddy=False), Way.CONTINUE, Act.ACKNOWLEDGE, None, "look into it", None),
        (facts(buddy=False), Way.SCREEN, None, "/assignment", "Match a buddy", None),
        (facts(late=2, test_on=TODAY), Way.CONTINUE, Act.NUDGE, None, "%(days)s days late", None),
        (facts(late=2), Way.ASK_CONSENT, None, "#contact", "about consent", "days late"),
        (facts(stage="enrolled"), Way.SCREEN, None, "/screening", "screened", "due by"),
        (facts(stage="enrolled", test_on=TODAY), Way.SCREEN, None, "/screening", "screened", "due by"),
        (facts(stage="enrolled", opens=2), Way.INVITE, None, "/treatment", "first session", "next visit"),
        (facts(test_on=TODAY), Way.CONTINUE, None, "/treatment?record=test#record-test", "test is due", "due by"),
        (facts(test_on=TODAY), Way.REVIEW, None, "/treatment", "were missed", "due by"),
        (facts(), Way.CONTINUE, None, "/treatment", "Go on", "due by"),
        (facts(stage="awaiting_doctor", ready=True), Way.DOCTOR, None, "/pathway", "Everything is there", "due by"),
        (facts(stage="certified"), Way.FOLLOW_UP, None, "/follow-up", "Follow up", "due by"),
        (facts(stage="closed", rank=2, late=9), Way.NOTHING, None, None, "closed", None),
        (Facts("in_treatment", True), Way.CONTINUE, None, "/treatment", "Go on", "No visit"),
    ],
)
def test_the_next_step_is_one_and_the_way_says_it_unless_something_presses(
    case: Facts, way: Way, act: Act | None, page: str | None, says: str, visits: str | None
) -> None:
    step = next_step(case, way, 30, TODAY, EVERYTHING)
    assert (step.act, step.leads[0].page if step.leads else None) == (act, page)
    assert says in step.said[0] and (step.visits is None) is (visits is None)
    for text, values in filter(None, (step.said, step.visits)):
        assert set(re.findall(r"%\((\w+)\)s", text)) == set(values)
    assert visits is None or (step.visits and visits in step.visits[0])


def test_what_somebody_may_not_do_is_not_their_next_step() -> None:
    for case, beside in ((facts(buddy=False), "No buddy"), (facts(late=2), "days late")):
        step = next_step(case, Way.CONTINUE, 30, TODAY, CLINIC)
        assert step.act is None and "Go on" in step.said[0] and step.visits and beside in step.visits[0]


def test_a_last_day_is_not_late() -> None:
    assert suggested(Facts("enrolled", True, 0, TODAY, TODAY), TODAY, EVERYTHING) is Act.OPEN


def test_hours_without_a_buddy_are_full_hours() -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert [waited_hours(now - timedelta(minutes=m), now) for m in (0, 59, 60, 24 * 60 + 1, -90)] == [0, 0, 1, 24, 0]


def test_the_first_lane_is_the_lowest_bit_and_what_is_asked_for_is_a_mask() -> None:
    assert ORDER[-1] is Lane.ALL and [first_lane(BITS[lane]) for lane in ORDER] == list(ORDER)
    assert first_lane(BITS[Lane.READY] | BITS[Lane.OVERDUE]) is Lane.OVERDUE
    assert [lane for lane in ORDER if BITS[lane] & MASKS[Lane.WORK]] == list(ORDER[:-1])
    assert all(BITS[lane] & MASKS[Lane.ALL] for lane in ORDER) and MASKS.keys() == set(Lane)


def test_nobody_visits_since_the_last_buddy_stopped_or_since_the_case_was_opened() -> None:
    made_at = datetime(2026, 11, 24, 3, tzinfo=UTC)  # ten in the morning in Bangkok
    left_at = made_at - timedelta(days=3)
    assert rules.alone_since(made_at, date(2026, 11, 1), left_at) == left_at
    assert rules.alone_since(made_at, date(2026, 11, 24), None) == made_at
    assert rules.alone_since(made_at, date(2026, 11, 20), None) == datetime(2026, 11, 19, 17, tzinfo=UTC)
