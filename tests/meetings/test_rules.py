"""When the next meeting is, its number, and what comes before it: tables of days and cases."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khuen.district import Meetings
from khuen.meetings import rules
from khuen.meetings.rules import MOST, Facts, Kind, Matter, Promise, Section, Task

LIMITS = Meetings()
TODAY = date(2026, 11, 24)  # a Tuesday
TUESDAYS = [date(2026, 11, 3), date(2026, 11, 10), date(2026, 11, 17)]


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.mark.parametrize(
    ("past", "holidays", "today", "expected"),
    [
        (TUESDAYS, (), TODAY, date(2026, 11, 24)),
        ([*TUESDAYS, TODAY], (), TODAY, date(2026, 12, 1)),
        ([], (), TODAY, TODAY),  # the district's own weekday
        ([], (), date(2026, 11, 25), date(2026, 12, 1)),
        (TUESDAYS, (TODAY,), TODAY, date(2026, 11, 25)),  # a holiday moves one meeting
        ([*TUESDAYS, date(2026, 11, 25)], (), date(2026, 11, 26), date(2026, 12, 1)),  # and not the habit
        (TUESDAYS, (), date(2027, 1, 5), date(2027, 1, 5)),  # after a long break
        # New Year: Thursday 31 December and Friday 1 January are holidays, then a weekend
        (
            [date(2026, 12, 10), date(2026, 12, 17), date(2026, 12, 24)],
            (date(2026, 12, 31), date(2027, 1, 1)),
            date(2026, 12, 25),
            date(2027, 1, 4),
        ),
        ([date(2026, 11, 4), date(2026, 11, 10)], (), TODAY, TODAY),  # two habits: the later one
    ],
)
def test_the_next_meeting_follows_the_habit_and_steps_over_holidays(
    past: list[date], holidays: tuple[date, ...], today: date, expected: date
) -> None:
    assert rules.next_date(Kind.WEEKLY, past, "tuesday", holidays, today) == expected


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        ([date(2026, 11, 3)], date(2026, 11, 17)),
        ([date(2026, 11, 3), date(2026, 11, 17)], date(2026, 12, 1)),
        ([date(2026, 12, 1), date(2026, 12, 15)], date(2027, 1, 5)),  # the 29th would be the third of its month
        ([], date(2026, 11, 3)),
    ],
)
def test_a_province_meets_twice_a_month(past: list[date], expected: date) -> None:
    assert rules.next_date(Kind.PROVINCE, past, "tuesday", (), date(2026, 11, 1)) == expected


@given(
    st.lists(st.dates(date(2026, 1, 1), date(2027, 12, 31)), max_size=9), st.dates(date(2026, 6, 1), date(2027, 6, 1))
)
def test_the_next_meeting_is_a_working_day_from_today_on(past: list[date], today: date) -> None:
    holidays = {today, today + timedelta(days=1)}
    for kind in Kind:
        on = rules.next_date(kind, past, "monday", holidays, today)
        assert on >= today and on.weekday() < 5 and on not in holidays


def test_meetings_are_counted_within_the_fiscal_year() -> None:
    assert rules.next_number([]) == 1 and rules.next_number([1, 2, 7]) == 8
    assert rules.fiscal_year(date(2026, 9, 30)) == 2569 and rules.fiscal_year(date(2026, 10, 1)) == 2570


def test_an_address_names_one_meeting() -> None:
    for kind in Kind:
        assert rules.read_address(rules.address(kind, TODAY)) == (kind, TODAY)
    for wrong in ("", "2026-13-01", "2026-02-29", "26-11-24", "2026-11-24x", "2026-11-24-weekly"):
        assert rules.read_address(wrong) is None


def test_a_substitute_does_not_count_as_the_chief() -> None:
    """B10: the chief chairs every meeting himself; the figure stays honest."""
    assert rules.chair_rate([True, True, False]) == (2, 3)
    assert rules.chair_rate([]) == (0, 0)


def test_a_task_is_late_from_the_day_after() -> None:
    assert [rules.late_days(ago(days), Task.OPEN, TODAY) for days in (-1, 0, 1, 9)] == [0, 0, 1, 9]
    assert rules.late_days(ago(9), Task.DONE, TODAY) == 0
    assert rules.due_by_habit(Kind.WEEKLY, TODAY) == date(2026, 12, 1)
    assert rules.due_by_habit(Kind.PROVINCE, TODAY) == date(2026, 12, 8)


def case(number: int, **values: object) -> Facts:
    return Facts(UUID(int=number), f"CPM-{number:04d}", values.pop("stage", "in_treatment"), **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "section"),
    [
        ({"rank": 2, "missed": 3}, Section.URGENT),
        ({"rank": 1}, Section.URGENT),
        ({"closes_on": ago(8), "missed": 3}, Section.OVERDUE),
        ({"closes_on": ago(7), "missed": 3}, Section.NO_SHOWS),
        ({"closes_on": ago(7)}, None),
        ({"missed": 1, "ready": True, "stage": "awaiting_doctor"}, Section.NO_SHOWS),
        ({"ready": True, "stage": "awaiting_doctor"}, Section.READY),
        ({"ready": True}, None),  # ready, but the stage has not followed yet
        ({"alone_since": ago(8)}, Section.STUCK),
        ({"alone_since": ago(7)}, None),
        ({"stage_since": ago(61)}, Section.STUCK),
        ({"stage_since": ago(60)}, None),
        ({"stage_since": ago(300), "stage": "certified"}, None),
        ({"alone_since": ago(30), "stage": "certified"}, Section.STUCK),
        ({}, None),
    ],
)
def test_a_case_stands_under_the_first_section_that_has_it(values: dict[str, object], section: Section | None) -> None:
    assert rules.section_of(case(1, **values), LIMITS, TODAY) is section


def promise(number: int, **values: object) -> Promise:
    return Promise(UUID(int=900 + number), "watch", "", "สมใจ", ago(3), Task.OPEN, **values)  # type: ignore[arg-type]


def test_the_agenda_is_walked_in_its_order_and_a_case_is_there_once() -> None:
    cases = [
        case(1, stage_since=ago(90)),
        case(2, missed=1),
        case(3, closes_on=ago(9)),
        case(4, rank=1),
        case(5, rank=2),
        case(6, ready=True, stage="awaiting_doctor", stage_since=ago(3)),
        case(7),
        case(8, rank=2, closes_on=ago(20), sessions=3, of_sessions=16),
    ]
    promises = [
        promise(1, code="CPM-0008", case_id=UUID(int=8)),
        promise(2, code="CPM-0099", case_id=UUID(int=99)),
        promise(3, title="งบประมาณ"),
        promise(4, code="CPM-0008", case_id=UUID(int=8)),
    ]
    found = rules.agenda(cases, promises, {"open": 8}, LIMITS, TODAY)
    assert [(matter.section.value, matter.code) for matter in found] == [
        ("promises", "CPM-0008"),
        ("promises", "CPM-0099"),
        ("promises", None),
        ("urgent", "CPM-0005"),
        ("urgent", "CPM-0004"),
        ("overdue", "CPM-0003"),
        ("no_shows", "CPM-0002"),
        ("ready", "CPM-0006"),
        ("stuck", "CPM-0001"),
        ("numbers", None),
    ]
    first, gone, other = found[:3]
    assert len(first.promises) == 2 and (first.late_days, first.rank, first.sessions) == (20, 2, 3)
    assert gone == Matter(Section.PROMISES, UUID(int=99), "CPM-0099", promises=(promises[1],)), (
        "why it ended is not told"
    )
    assert other.title == "งบประมาณ" and found[-1].numbers == {"open": 8}


def test_a_long_section_ends_with_one_slide_for_the_rest() -> None:
    found = rules.agenda([case(n, alone_since=ago(10 + n)) for n in range(1, MOST + 6)], [], {}, LIMITS, TODAY)
    stuck = [matter for matter in found if matter.section is Section.STUCK]
    assert len(stuck) == MOST + 1
    assert stuck[0].alone_days == 10 + MOST + 5, "the longest first"
    assert stuck[-1].codes == tuple(f"CPM-{n:04d}" for n in range(5, 0, -1)) and stuck[-1].code is None


def test_a_frozen_matter_tells_nothing_of_who_stopped_since() -> None:
    alone = Matter(Section.URGENT, UUID(int=1), "CPM-0001", rank=2, late_days=9)
    assert rules.without(alone, ["CPM-0001"]) == Matter(Section.URGENT, UUID(int=1), "CPM-0001", on_hold=True)
    assert rules.without(alone, ["CPM-0002"]) == alone and rules.without(alone, ()) == alone
    many = Matter(Section.STUCK, codes=("CPM-0002", "CPM-0003"))
    assert rules.without(many, ["CPM-0002"]) == Matter(Section.STUCK, codes=("CPM-0003",))
    assert rules.without(many, ["CPM-0002", "CPM-0003"]) == Matter(Section.STUCK, on_hold=True)


def test_every_word_of_the_rules_is_named() -> None:
    assert set(rules.SECTIONS) == set(Section) and set(rules.TASKS) == set(Task) and set(rules.KINDS) == set(Kind)
    assert set(rules.STATES) == set(rules.State) and set(rules.USUAL.values()) <= set(rules.DECISIONS)
