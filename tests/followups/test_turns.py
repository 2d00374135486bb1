"""A turn of the plan: sooner for support, later while somebody is away, met by an answer from then or later."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khuen import clock
from khuen.errors import KeyReused
from khuen.followups import rules, turns
from khuen.followups.rules import Answer, How, Turn, Window
from khuen.ids import uuid7
from khuen.rule_pack import Visits
from khuen.settings import Settings
from khuen.tenancy import within
from tests.care import NOW, open_case, stand

CADENCE = Visits(every_days=7, soon_days=3, retry_days=2, not_found_limit=3, window_days=2)
OPENED = date(2026, 11, 1)
DAY = timedelta(days=1)


def answer(at: datetime, how: How = How.WELL) -> Answer:
    return Answer(UUID(int=int(at.timestamp())), how, at, at)


def on(at: datetime) -> date:
    return clock.day(at)


def test_support_is_due_within_two_days_and_moves_nothing_away() -> None:
    due = rules.present(OPENED, [answer(NOW - DAY)], (), CADENCE, [Turn(NOW, True)])
    assert due.window == Window(on(NOW), on(NOW) + DAY, on(NOW) + 2 * DAY)
    assert due.priority == 3 and due.turned_at == NOW
    late = rules.present(OPENED, [answer(NOW - 20 * DAY)], (), CADENCE, [Turn(NOW, True)])
    assert late.window == rules.window(on(NOW) - 20 * DAY, How.WELL, CADENCE)  # overdue stays overdue


def test_an_answer_from_then_on_meets_it() -> None:
    plain = rules.present(OPENED, [answer(NOW)], (), CADENCE)
    assert rules.present(OPENED, [answer(NOW)], (), CADENCE, [Turn(NOW, True)]) == plain
    assert rules.present(OPENED, [answer(NOW)], (), CADENCE, [Turn(NOW - DAY, False)]) == plain


def test_nobody_is_visited_before_the_day_of_return() -> None:
    back = NOW + 9 * DAY
    due = rules.present(OPENED, [answer(NOW)], (), CADENCE, [Turn(back, False), Turn(NOW + DAY, True)])
    assert due.window == rules.first_window(on(back), CADENCE) and due.priority == 1
    fresh = rules.present(OPENED, [], (), CADENCE, [Turn(back, False)])
    assert fresh.window == rules.first_window(on(back), CADENCE)
    asked = rules.present(OPENED, [], (), CADENCE, [Turn(back, False), Turn(back + DAY, True)])
    assert asked.window.closes_on <= on(back) + 3 * DAY and asked.priority == 3


@given(
    hours=st.lists(st.integers(-500, 500), max_size=5),
    turned=st.lists(st.tuples(st.integers(-500, 500), st.booleans()), max_size=5),
)
def test_order_of_arrival_changes_nothing(hours: list[int], turned: list[tuple[int, bool]]) -> None:
    answers = [answer(NOW + timedelta(hours=one)) for one in sorted(set(hours))]
    all_ = [Turn(NOW + timedelta(hours=at), support) for at, support in turned]
    due = rules.present(OPENED, answers, (), CADENCE, all_)
    assert due == rules.present(OPENED, answers[::-1], (), CADENCE, all_[::-1])
    assert due.window.opens_on <= due.window.due_on <= due.window.closes_on
    live = [turn.at for turn in all_ if not answers or turn.at > answers[-1].planned_at]
    assert due.turned_at == max(live, default=None)


async def test_a_turn_is_harmless_twice_and_its_key_stands_for_one(pools: Settings) -> None:
    made = await stand(pools, nok="coordinator", somchai="buddy")
    nok, key = made.here("nok"), uuid7()
    async with within(nok):
        code, other = await open_case(nok, made, "somchai"), await open_case(nok, made)
        for _ in range(2):
            await turns.ask_support(nok, made.cases[code], key)
    async with within(nok):
        with pytest.raises(KeyReused):
            await turns.ask_support(nok, made.cases[other], key)
        for _ in range(2):
            await turns.take_back(nok, key)
