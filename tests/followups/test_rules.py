"""Tables of dates, and what must hold for every pack and every order of answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khuen import clock
from khuen.followups import rules
from khuen.followups.rules import Answer, Group, How, Window


@dataclass(frozen=True)
class Pack:
    every_days: int = 7
    soon_days: int = 3
    retry_days: int = 2
    not_found_limit: int = 2
    window_days: int = 2


STANDARD = Pack()
MONDAY = date(2026, 11, 23)


def day(n: int) -> date:
    return MONDAY + timedelta(days=n)


@pytest.mark.parametrize(
    ("how", "opens", "due", "closes"),
    [(How.WELL, 5, 7, 9), (How.WORRYING, 1, 3, 5), (How.URGENT, 1, 3, 5), (How.NOT_FOUND, 1, 2, 3)],
)
def test_the_window_after_each_answer(how: How, opens: int, due: int, closes: int) -> None:
    assert rules.window(MONDAY, how, STANDARD) == Window(day(opens), day(due), day(closes))
    assert rules.next_due(MONDAY, how, STANDARD) == day(due)


def test_the_first_visit_is_soon_and_may_be_today() -> None:
    assert rules.first_window(MONDAY, STANDARD) == Window(day(0), day(3), day(5))


@pytest.mark.parametrize(
    ("seen", "due"), [(date(2028, 2, 26), date(2028, 3, 4)), (date(2026, 12, 29), date(2027, 1, 5))]
)
def test_days_run_over_leap_days_and_years(seen: date, due: date) -> None:
    assert rules.next_due(seen, How.WELL, STANDARD) == due


@pytest.mark.parametrize(
    ("how", "misses", "bars", "rank"),
    [
        (How.WELL, 0, 1, 0),
        (How.NOT_FOUND, 1, 2, 0),
        (How.NOT_FOUND, 2, 3, 1),
        (How.WORRYING, 0, 3, 1),
        (How.URGENT, 0, 4, 2),
    ],
)
def test_priority_and_attention(how: How, misses: int, bars: int, rank: int) -> None:
    assert rules.priority(how, misses, STANDARD) == bars
    assert rules.attention_rank(how, misses, STANDARD) == rank


@pytest.mark.parametrize(("on", "late"), [(8, 0), (9, 0), (10, 1), (16, 7)])
def test_overdue_counts_from_the_end_of_the_window(on: int, late: int) -> None:
    assert rules.overdue_days(day(9), day(on)) == late


@pytest.mark.parametrize(
    ("today", "seen", "bars", "group"),
    [
        (0, 0, 1, Group.DONE),
        (4, 0, 1, Group.DONE),
        (5, 0, 1, Group.WEEK),
        (7, 0, 1, Group.WEEK),
        (8, 0, 1, Group.FIRST),
        (12, 0, 1, Group.FIRST),
        (5, 0, 3, Group.FIRST),
        (4, None, 1, Group.WEEK),
        (-20, None, 1, Group.LATER),
    ],
)
def test_the_group_of_a_day(today: int, seen: int | None, bars: int, group: Group) -> None:
    window = Window(day(5), day(7), day(9))
    assert rules.group(window, None if seen is None else day(seen), bars, day(today)) is group


def test_a_clock_ahead_by_more_than_a_day_is_told() -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    assert rules.skewed(now + timedelta(hours=25), now) and not rules.skewed(now + timedelta(hours=23), now)
    assert not rules.skewed(now - timedelta(days=90), now)
    assert rules.planned(now + timedelta(days=9), now) == now
    assert rules.planned(now - timedelta(days=9), now) == now - timedelta(days=9)


def test_only_an_urgent_answer_is_told_at_once() -> None:
    assert [how for how in How if rules.calls_for_help(how)] == [How.URGENT]


def test_a_phone_whose_clock_is_an_hour_off_moves_no_visit_to_another_day() -> None:
    """Ten in the evening in Bangkok: an hour ahead is still today, and it never lies after it reached us."""
    now = datetime(2026, 11, 24, 15, tzinfo=UTC)
    for hours in (-1, 1):
        told = now + timedelta(hours=hours)
        assert not rules.skewed(told, now) and rules.planned(told, now) <= now
        mine, exact = (rules.window(clock.day(rules.planned(at, now)), How.WELL, STANDARD) for at in (told, now))
        assert mine == exact


packs = st.integers(1, 60).flatmap(
    lambda every: st.builds(
        Pack,
        every_days=st.just(every),
        soon_days=st.integers(1, every),
        retry_days=st.integers(1, every),
        not_found_limit=st.integers(1, 5),
        window_days=st.integers(0, 20),
    )
)
moments = st.integers(0, 60 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
answers = st.lists(
    st.builds(Answer, st.uuids(version=4), st.sampled_from(How), moments, moments),
    max_size=12,
    unique_by=lambda a: a.id,
)


@given(packs, st.sampled_from(How), st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_sooner_for_who_struggles_never_later_than_the_calm_rhythm(pack: Pack, how: How, seen: date) -> None:
    mine, calm = rules.window(seen, how, pack), rules.window(seen, How.WELL, pack)
    assert seen < mine.opens_on <= mine.due_on <= mine.closes_on
    assert mine.due_on <= calm.due_on and mine.closes_on <= calm.closes_on


@given(packs, answers, st.randoms())
def test_the_order_of_arrival_decides_nothing(pack: Pack, given_: list[Answer], random: object) -> None:
    shuffled = list(given_)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert rules.present(MONDAY, given_, (), pack) == rules.present(MONDAY, shuffled, (), pack)


@given(packs, answers)
def test_the_newest_answer_decides(pack: Pack, given_: list[Answer]) -> None:
    due = rules.present(MONDAY, given_, (), pack)
    if not given_:
        assert (due.seen_at, due.last_how, due.misses, due.priority) == (None, None, 0, 2)
        return
    newest = max(given_, key=lambda a: (a.planned_at, a.id))
    assert (due.seen_id, due.last_how) == (newest.id, newest.how)
    assert due.window == rules.window(clock.day(newest.planned_at), newest.how, pack)
    assert (due.misses > 0) == (newest.how is How.NOT_FOUND)


@given(packs, answers)
def test_an_urgent_answer_wants_attention_until_somebody_acknowledges_it(pack: Pack, given_: list[Answer]) -> None:
    due = rules.present(MONDAY, given_, (), pack)
    urgent = [answer for answer in given_ if answer.how is How.URGENT]
    assert (due.attention_rank == 2) == bool(urgent)
    after = rules.present(MONDAY, given_, given_, pack)
    assert (after.attention_id, after.attention_rank) == (None, 0)


@given(packs, answers)
def test_one_answer_after_the_other_is_the_same_as_all_of_them(pack: Pack, given_: list[Answer]) -> None:
    ordered = sorted(given_, key=lambda answer: (answer.planned_at, answer.id))
    due = rules.present(MONDAY, (), (), pack)
    for count, answer in enumerate(ordered, 1):
        after = rules.met(due, answer, pack)
        assert after is not None and after == rules.present(MONDAY, ordered[:count], (), pack)
        due = after
    assert all(rules.met(due, answer, pack) is None for answer in ordered)


def test_an_answer_from_before_a_turn_makes_everything_count_anew() -> None:
    answer = Answer(UUID(int=1), How.WELL, *(2 * [datetime(2026, 11, 24, tzinfo=UTC)]))
    for turned, counted in ((timedelta(), True), (timedelta(seconds=1), False)):
        due = replace(rules.present(MONDAY, (), (), STANDARD), turned_at=answer.planned_at + turned)
        assert (rules.met(due, answer, STANDARD) is not None) is counted


def test_who_acknowledged_had_not_seen_what_arrived_later() -> None:
    at = datetime(2026, 11, 24, tzinfo=UTC)
    seen = Answer(UUID(int=1), How.URGENT, at, at)
    late = Answer(UUID(int=2), How.URGENT, at - timedelta(days=1), at + timedelta(hours=1))
    due = rules.present(MONDAY, [seen, late], [seen], STANDARD)
    assert (due.attention_id, due.attention_rank) == (late.id, 2)
