"""Writing messages in the transaction of their fact, and taking them back."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from khuen import clock
from khuen.ids import uuid7
from khuen.messages import service
from khuen.messages.rules import Kind
from khuen.tenancy import within
from tests.post import open_district, rows, urgent


async def test_the_same_fact_twice_is_one_message(pools: Any) -> None:
    post = await open_district(pools)
    subject = uuid7()
    for _ in range(3):
        async with within(here := post.here()):
            await service.compose(here, Kind.URGENT_CHECK_IN, subject=subject, to=[post.coordinator], urgent=True)
    found = await rows(post)
    assert len(found) == 1
    assert (found[0]["state"], found[0]["urgent"], found[0]["count"]) == ("waiting", True, 1)
    assert found[0]["due_at"] == found[0]["made_at"]


async def test_eight_at_once_are_one_message(pools: Any) -> None:
    post = await open_district(pools)
    subject = uuid7()

    async def once() -> None:
        async with within(here := post.here()):
            await service.compose(here, Kind.URGENT_CHECK_IN, subject=subject, to=[post.coordinator])

    await asyncio.gather(*(once() for _ in range(8)))
    assert len(await rows(post)) == 1


async def test_two_facts_of_a_day_and_two_days_of_a_fact_are_two_messages(pools: Any) -> None:
    post = await open_district(pools)
    await urgent(post, 2)
    subject = uuid7()
    async with within(here := post.here()):
        for days in (0, 1):
            day = here.today + timedelta(days=days)
            await service.compose(here, Kind.NUDGE, subject=subject, to=[post.buddy], day=day)
    assert len(await rows(post)) == 4


async def test_a_role_is_everybody_who_holds_it_now(pools: Any) -> None:
    post = await open_district(pools)
    async with within(here := post.here()):
        await service.compose(here, Kind.URGENT_CHECK_IN, subject=uuid7(), to="coordinator")
        await service.compose(here, Kind.URGENT_CHECK_IN, subject=uuid7(), to="chair")
    assert [row["recipient_id"] for row in await rows(post)] == [post.coordinator]


async def test_a_message_goes_with_its_transaction(pools: Any) -> None:
    post = await open_district(pools)
    with pytest.raises(ZeroDivisionError):
        async with within(here := post.here()):
            await service.compose(here, Kind.URGENT_CHECK_IN, subject=uuid7(), to=[post.buddy])
            raise ZeroDivisionError
    assert await rows(post) == []


async def test_an_undone_act_takes_its_message_back(pools: Any) -> None:
    post = await open_district(pools)
    kept, gone = await urgent(post, 2)
    async with within(here := post.here()):
        assert await service.cancel(here, Kind.URGENT_CHECK_IN, gone) == 1
        assert await service.cancel(here, Kind.URGENT_CHECK_IN, gone) == 0
    states = {row["subject_id"]: (row["state"], row["reason"]) for row in await rows(post)}
    assert states == {kept: ("waiting", None), gone: ("cancelled", "undone")}


async def test_another_district_sees_and_cancels_nothing(pools: Any) -> None:
    ours, theirs = await open_district(pools), await open_district(pools, "phon")
    [subject] = await urgent(ours)
    async with within(here := theirs.here()):
        assert await service.cancel(here, Kind.URGENT_CHECK_IN, subject) == 0
    assert await rows(theirs) == []
    assert (await rows(ours))[0]["state"] == "waiting"


async def test_a_message_may_wait_for_the_undo_to_end(pools: Any) -> None:
    post = await open_district(pools)
    now = clock.now()
    async with within(here := post.here(now)):
        await service.compose(
            here, Kind.NUDGE, subject=uuid7(), to=[post.buddy], due_at=now + timedelta(seconds=60), count=3
        )
    [row] = await rows(post)
    assert row["due_at"] - row["made_at"] == timedelta(seconds=60)
    assert row["count"] == 3
