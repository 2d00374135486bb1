"""What the statement writes answer by answer is what the rule says of all of them together."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from khuen.errors import Conflict, KeyReused, NotFound
from khuen.followups import service, turns
from khuen.followups.rules import How
from khuen.followups.service import Sent
from khuen.ids import uuid7
from khuen.settings import Settings
from khuen.tenancy import within
from tests.care import NOW, District, open_case, stand

acts = st.lists(
    st.one_of(
        st.tuples(st.just("log"), st.sampled_from(How), st.integers(-3 * 24, 3 * 24)),
        st.tuples(st.just("withdraw"), st.integers(0, 20), st.just(0)),
        st.tuples(st.just("acknowledge"), st.just(0), st.just(0)),
        st.tuples(st.just("undo"), st.just(0), st.just(0)),
        st.tuples(st.just("support"), st.just(0), st.just(0)),
        st.tuples(st.just("away"), st.integers(-2, 5), st.just(0)),
        st.tuples(st.just("back"), st.integers(0, 9), st.just(0)),
    ),
    max_size=14,
)


async def play(made: District, code: str, acts: list[Any]) -> None:
    """Do these acts one after the other, an hour apart, and after each ask the rule for a difference."""
    case_id, keys, seen, turned = made.cases[code], [], [], []
    for hour, (act, what, offset) in enumerate(acts):
        buddy, nok = (made.here(name, NOW + timedelta(hours=hour)) for name in ("somchai", "nok"))
        async with within(buddy):
            if act == "log":
                keys.append(uuid7())
                await service.log_check_in(buddy, Sent(code, keys[-1], what, buddy.now + timedelta(hours=offset)))
            elif act == "withdraw" and keys:
                await service.withdraw(buddy, keys[what % len(keys)])
        async with within(nok):
            if act == "acknowledge":
                with suppress(Conflict):
                    seen.append(await service.acknowledge(nok, code, uuid7(), ""))
            elif act in ("support", "away"):
                turned.append(uuid7())
                if act == "support":
                    await turns.ask_support(nok, case_id, turned[-1])
                else:
                    await turns.begin_anew(nok, case_id, turned[-1], nok.today + timedelta(days=what))
            elif act == "back" and turned:
                await turns.take_back(nok, turned[what % len(turned)])
            elif act == "undo" and seen:
                await service.undo_acknowledgement(nok, seen[-1])
            assert await service.recompute(nok, [case_id]) == [], acts[: hour + 1]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=acts)
async def test_the_incremental_result_is_the_rule(pools: Settings, acts: list[Any]) -> None:
    made = await stand(pools, nok="coordinator", somchai="buddy")
    nok = made.here("nok")
    async with within(nok):
        code = await open_case(nok, made, "somchai")
    await play(made, code, acts)


async def test_what_differs_is_put_right_and_told(pools: Settings, root: Any) -> None:
    made = await stand(pools, nok="coordinator", somchai="buddy")
    nok = made.here("nok")
    async with within(nok):
        code = await open_case(nok, made, "somchai")
    await root.execute("UPDATE visit_due SET misses = 9, due_on = '2020-01-01'")
    async with within(nok):
        found = await service.recompute(nok, [made.cases[code]])
        assert [(one.case_id, one.stood and one.stood.misses, one.due.misses) for one in found] == [
            (made.cases[code], 9, 0)
        ]
        assert await service.recompute(nok, [made.cases[code]]) == []
        assert await service.recompute(nok, []) == []
    await root.execute("DELETE FROM visit_due")
    async with within(nok):
        assert [one.stood for one in await service.recompute(nok, [made.cases[code]])] == [None]
        assert await service.recompute(nok, [made.cases[code]]) == []


async def test_acknowledging(pools: Settings, root: Any) -> None:
    made = await stand(pools, nok="coordinator", somchai="buddy")
    buddy, nok = made.here("somchai"), made.here("nok")
    async with within(nok):
        code, other = await open_case(nok, made, "somchai"), await open_case(nok, made)
    with pytest.raises(Conflict):
        async with within(nok):
            await service.acknowledge(nok, code, uuid7(), "")
    urgent, key = uuid7(), uuid7()
    async with within(buddy):
        await service.log_check_in(buddy, Sent(code, urgent, How.URGENT))
    with pytest.raises(Conflict):
        async with within(nok):
            await service.acknowledge(nok, code, uuid7(), "", seen=uuid7())
    for _ in range(2):
        async with within(nok):
            assert await service.acknowledge(nok, code, key, "โทรแล้ว", seen=urgent) == key
    assert await root.fetchval("SELECT count(*) FROM acknowledgement") == 1
    assert await root.fetchval("SELECT max(attention_rank) FROM visit_due") == 0
    with pytest.raises(KeyReused):
        async with within(nok):
            await service.acknowledge(nok, other, key, "")
    with pytest.raises(NotFound):
        async with within(nok):
            await service.acknowledge(nok, "CTR-9999", uuid7(), "")
    for _ in range(2):
        async with within(nok):
            await service.undo_acknowledgement(nok, key)
    assert await root.fetchval("SELECT max(attention_rank) FROM visit_due") == 2
