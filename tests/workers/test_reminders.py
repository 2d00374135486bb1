"""The morning's messages: who gets which, once; what holds them back; and the coordinator's nudge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from khuen import clock, packs
from khuen.clock import BANGKOK
from khuen.district import Holidays, Reminders
from khuen.errors import Conflict, KeyReused, NotFound, TooMany
from khuen.followups import reminders
from khuen.ids import uuid7
from khuen.tenancy import hot, within
from tests import care
from tests.post import NOBODY, SETTINGS, Post, mail_server, open_district, rows, urgent, visits
from workers import followups as worker
from workers import messages

TODAY = clock.day(clock.now())


def days_ago(number: int) -> date:
    return TODAY - timedelta(days=number)


async def _digests(post: Post) -> int:
    async with within(here := post.here()):
        return await reminders.compose_digests(here)


async def _escalations(post: Post) -> int:
    async with within(here := post.here()):
        return await reminders.compose_escalations(here)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    worker._days.clear()
    yield


async def test_each_buddy_gets_one_digest_of_what_is_due(pools: Any) -> None:
    post = await open_district(pools)
    await visits(post, days_ago(9), days_ago(0), TODAY + timedelta(days=2))  # overdue, due, due today
    await visits(post, TODAY + timedelta(days=3))  # due tomorrow
    await visits(post, days_ago(9), state="ended")
    await visits(post, days_ago(9), buddy=NOBODY)
    await visits(post, days_ago(1), buddy=post.coordinator)
    assert await _digests(post) == 2
    assert await _digests(post) == 0
    found = {row["recipient_id"]: row for row in await rows(post)}
    assert found[post.buddy]["count"] == 3 and found[post.coordinator]["count"] == 1
    assert found[post.buddy]["kind"] == "visit_due_digest" and found[post.buddy]["subject_id"] == post.buddy
    assert found[post.buddy]["day"] == TODAY and not found[post.buddy]["urgent"]


async def test_coordinators_get_one_digest_of_who_wants_attention(pools: Any) -> None:
    post = await open_district(pools)
    far = TODAY + timedelta(days=9)
    await visits(post, far, far, rank=1)
    await visits(post, far, rank=2)
    await visits(post, far)
    assert await _digests(post) == 1
    [row] = await rows(post)
    assert (row["kind"], row["count"], row["recipient_id"]) == ("worrying_digest", 3, post.coordinator)


async def test_a_week_begins_with_how_many_are_overdue_for_those_who_hear_of_it(pools: Any) -> None:
    post = await open_district(pools, chosen=replace(SETTINGS, holidays=Holidays(dates=(date(2026, 11, 23),))))
    tuesday = datetime(2026, 11, 24, 7, 30, tzinfo=BANGKOK)
    await visits(post, date(2026, 11, 20), date(2026, 11, 23), date(2026, 11, 24))
    made = []
    for days in (-1, 0, 0, 1, 7):
        async with within(here := post.here(tuesday + timedelta(days=days))):
            made.append(await reminders.compose_week(here))
    assert made == [0, 1, 0, 0, 0]  # of the next week the Monday is the first day
    [row] = await rows(post)
    assert (row["kind"], row["count"], row["recipient_id"]) == ("week_digest", 2, post.coordinator)


async def test_nothing_due_is_no_message(pools: Any) -> None:
    post = await open_district(pools)
    await visits(post, TODAY + timedelta(days=9))
    assert await _digests(post) == await _escalations(post) == 0


async def test_a_visit_too_long_overdue_is_escalated_once(pools: Any) -> None:
    post = await open_district(pools)
    await visits(post, days_ago(2), days_ago(3), days_ago(10))  # the district waits for three days
    assert await _escalations(post) == 2
    assert await _escalations(post) == 0
    found = await rows(post)
    assert {row["count"] for row in found} == {3, 10}
    assert {row["recipient_id"] for row in found} == {post.coordinator}
    assert len({row["subject_id"] for row in found}) == 2


async def test_an_escalation_that_did_not_go_is_written_again_the_next_day(pools: Any) -> None:
    post = await open_district(pools)
    await visits(post, days_ago(5))
    tomorrow = clock.now() + timedelta(days=1)
    assert await _escalations(post) == 1
    async with within(here := post.here(tomorrow)):
        assert await reminders.compose_escalations(here) == 0  # it waits still
    async with within(post.here()):
        await hot("UPDATE message SET state = 'given_up', reason = 'expired' WHERE tenant_id = $1")
    async with within(here := post.here(tomorrow)):
        assert await reminders.compose_escalations(here) == 1


async def test_the_next_missed_visit_of_a_case_is_escalated_anew(pools: Any) -> None:
    post = await open_district(pools)
    await visits(post, days_ago(5))
    assert await _escalations(post) == 1
    later = clock.now() + timedelta(days=20)
    async with within(here := post.here(later)):
        await hot("UPDATE message SET state = 'sent' WHERE tenant_id = $1")
        closes = here.today - timedelta(days=4)
        await hot("UPDATE visit_due SET closes_on = $2, due_on = $2, opens_on = $2 WHERE tenant_id = $1", closes)
        assert await reminders.compose_escalations(here) == 1


# --- does it still hold when it goes? --------------------------------------------------------------------------------


async def test_a_visit_made_meanwhile_cancels_or_lessens_the_digest(pools: Any) -> None:
    post = await open_district(pools)
    (_, first), (_, second) = await visits(post, days_ago(5), days_ago(5))
    await _digests(post)
    async with within(post.here()):
        await hot("UPDATE visit_due SET due_on = '2100-01-01' WHERE tenant_id = $1 AND case_id = $2", first)
    async with mail_server(pools) as (mail, settings):
        await messages.deliver(settings, post.district)
        [row] = await rows(post)
        assert (row["state"], row["count"]) == ("sent", 1)
    async with within(post.here()):
        await hot("UPDATE visit_due SET due_on = '2100-01-01' WHERE tenant_id = $1 AND case_id = $2", second)
        await hot("UPDATE message SET state = 'waiting' WHERE tenant_id = $1")
    async with mail_server(pools) as (mail, settings):
        await messages.deliver(settings, post.district)
    [row] = await rows(post)
    assert (row["state"], row["reason"]) == ("cancelled", "no_longer_due")
    assert mail.taken == []


async def test_what_became_untrue_does_not_go(pools: Any) -> None:
    post = await open_district(pools, practice=True)
    [(_, case)] = await visits(post, days_ago(9), rank=1)
    await _digests(post)
    await _escalations(post)
    [check_in] = await urgent(post)
    async with within(here := post.here()):
        await hot(
            "UPDATE visit_due SET state = 'ended', attention_rank = 0 WHERE tenant_id = $1 AND case_id = $2", case
        )
        await hot(
            "INSERT INTO check_in (tenant_id, id, case_id, member_id, how, happened_at, planned_at, received_at)"
            " VALUES ($1, $2, $3, $4, 'urgent', $5, $5, $5)",
            check_in,
            case,
            post.buddy,
            here.now,
        )
        await hot(
            "INSERT INTO check_in_withdrawal (tenant_id, id, check_in_id, at, by_id) VALUES ($1, $2, $3, $4, $5)",
            uuid7(),
            check_in,
            here.now,
            post.buddy,
        )
    await messages.deliver(pools, post.district)
    found = await rows(post)
    assert len(found) == 4
    assert {(row["state"], row["reason"]) for row in found} == {("cancelled", "no_longer_due")}


# --- the clock's part ------------------------------------------------------------------------------------------------


def _slot(hour: int, minute: int) -> datetime:
    return datetime.combine(TODAY, time(hour, minute), BANGKOK)


async def test_each_district_is_served_at_its_own_time(pools: Any) -> None:
    early = await open_district(pools, "early", chosen=replace(SETTINGS, reminders=Reminders(at=time(6, 0))))
    late = await open_district(pools, "late", chosen=replace(SETTINGS, reminders=Reminders(at=time(8, 2))))
    for post in (early, late):
        await visits(post, days_ago(5))
    assert await worker.compose_reminders(_slot(5, 55)) == 0
    assert await rows(early) == []
    await worker.compose_reminders(_slot(6, 0))
    await worker.compose_reminders(_slot(6, 5))
    assert (len(await rows(early)), len(await rows(late))) == (1, 0)
    await worker.compose_reminders(_slot(8, 5))
    await worker.escalate(_slot(8, 5))
    assert (len(await rows(early)), len(await rows(late))) == (1, 2)


async def test_on_a_holiday_nobody_is_reminded_and_the_next_day_carries_it(pools: Any) -> None:
    post = await open_district(pools, chosen=replace(SETTINGS, holidays=Holidays(dates=(TODAY,))))
    await visits(post, days_ago(5))
    assert await worker.compose_reminders(_slot(7, 30)) == await worker.escalate(_slot(7, 30)) == 0
    assert await rows(post) == []
    await worker.compose_reminders(_slot(7, 30) + timedelta(days=1))
    await worker.escalate(_slot(7, 30) + timedelta(days=1))
    assert {row["kind"] for row in await rows(post)} == {"visit_due_digest", "overdue_escalation"}


async def test_history_and_suspended_districts_are_left_in_peace(pools: Any, root: Any) -> None:
    history = await open_district(pools, "adeet", practice=True, as_of=date(2025, 3, 1))
    closed = await open_district(pools, "pit")
    await root.execute("UPDATE auth.tenant SET state = 'suspended' WHERE id = $1", closed.district.id)
    for post in (history, closed):
        await visits(post, date(2025, 1, 1))
    assert await worker.compose_reminders(_slot(7, 30)) == 0
    assert await rows(closed) == await rows(history) == []


async def test_one_districts_failure_does_not_stop_the_others(pools: Any, root: Any) -> None:
    posts = [await open_district(pools, slug) for slug in ("one", "two", "three")]
    for post in posts:
        await visits(post, days_ago(5))
    await root.execute("DELETE FROM district_settings WHERE tenant_id = $1", posts[1].district.id)
    packs.forget(posts[1].district.id)
    assert await worker.compose_reminders(_slot(7, 30)) == 1
    assert [len(await rows(post)) for post in posts] == [1, 0, 1]


async def test_the_jobs_of_one_slot_ask_a_district_once(pools: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await open_district(pools)
    await worker.compose_reminders(_slot(12, 0))  # learns the time

    class Opened(AssertionError): ...

    def refuse(_: Any) -> Any:
        raise Opened

    monkeypatch.setattr(worker, "within", refuse)
    monkeypatch.setattr("workers.districts.within", refuse)
    assert await worker.escalate(_slot(12, 0)) == 0


async def test_the_nightly_look_puts_right_what_differs(pools: Any, caplog: pytest.LogCaptureFixture) -> None:
    made = await care.stand(pools, nok="coordinator", somchai="buddy")
    async with within(here := made.here("nok", clock.now())):
        await care.open_case(here, made, "somchai")
        [before] = await hot("SELECT due_on FROM visit_due WHERE tenant_id = $1")
        await hot("UPDATE visit_due SET due_on = '2100-01-01', closes_on = '2100-01-02' WHERE tenant_id = $1")
    assert await worker.recompute() == 0
    async with within(here):
        assert (await hot("SELECT due_on FROM visit_due WHERE tenant_id = $1"))[0] == before
    assert "1 due visits of" in caplog.text
    caplog.clear()
    assert await worker.recompute() == 0
    assert caplog.text == ""


# --- the nudge -------------------------------------------------------------------------------------------------------


async def test_a_nudge_asks_the_buddy_once(pools: Any) -> None:
    post = await open_district(pools)
    [(code, case)] = await visits(post, days_ago(1))
    key = uuid7()
    for _ in range(2):
        async with within(here := post.here(member=post.coordinator)):
            written = await reminders.nudge(here, code, key)
        assert (written.message_id, written.buddy) == (key, "สมมุติ")
    [row] = await rows(post)
    assert (row["id"], row["kind"], row["subject_id"], row["recipient_id"]) == (key, "nudge", case, post.buddy)
    async with within(post.here()):
        assert [r["tag"] for r in await hot("SELECT tag FROM audit WHERE tenant_id = $1")] == ["message:nudged"]


async def test_a_second_nudge_has_to_wait(pools: Any) -> None:
    post = await open_district(pools)
    (code, _), (other, _) = await visits(post, days_ago(1), days_ago(1))
    morning = datetime.combine(TODAY, time(8, 0), BANGKOK).astimezone(UTC)
    first = uuid7()
    async with within(here := post.here(morning)):
        await reminders.nudge(here, code, first)
        await reminders.nudge(here, other, uuid7())  # another case is another matter
    for later in (timedelta(minutes=5), timedelta(hours=13)):
        with pytest.raises(TooMany) as refused:
            async with within(here := post.here(morning + later)):
                await reminders.nudge(here, code, uuid7())
        assert (refused.value.retry_after or 0) > 0
    async with within(here := post.here(morning + timedelta(days=1))):
        await reminders.nudge(here, code, uuid7())
    with pytest.raises(KeyReused):
        async with within(here := post.here(morning)):
            await reminders.nudge(here, other, first)


async def test_a_nudge_without_a_buddy_or_a_case(pools: Any) -> None:
    post, other = await open_district(pools), await open_district(pools, "phon")
    [(alone, _)] = await visits(post, days_ago(1), buddy=NOBODY)
    with pytest.raises(Conflict):
        async with within(here := post.here()):
            await reminders.nudge(here, alone, uuid7())
    for place, code in ((other, alone), (post, "CPM-9999")):
        with pytest.raises(NotFound):
            async with within(here := place.here()):
                await reminders.nudge(here, code, uuid7())


async def test_a_visit_after_the_nudge_makes_it_needless(pools: Any) -> None:
    post = await open_district(pools, practice=True)
    [(code, case)] = await visits(post, days_ago(1))
    async with within(here := post.here()):
        await reminders.nudge(here, code, uuid7())
        await hot(
            "UPDATE visit_due SET seen_at = $3 WHERE tenant_id = $1 AND case_id = $2",
            case,
            here.now + timedelta(seconds=1),
        )
    await messages.deliver(pools, post.district)
    assert (await rows(post))[0]["reason"] == "no_longer_due"
