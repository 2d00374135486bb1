"""One district's delivery against a real SMTP server with every mood a mail server has."""

from __future__ import annotations

import asyncio
import email
import email.policy
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from khuen import channels, clock
from khuen.channels import Outgoing, Receipt, texts
from khuen.district import QuietHours
from khuen.ids import uuid7
from khuen.messages import delivery, rules, service
from khuen.messages.rules import Kind
from khuen.tenancy import hot, within
from tests.post import SETTINGS, calm, mail_server, open_district, rows, urgent
from workers import messages as worker


async def _due_again(post: Any) -> None:
    """Let the waiting time pass."""
    async with within(here := post.here()):
        past = here.now - timedelta(seconds=1)
        await hot("UPDATE message SET due_at = $2 WHERE tenant_id = $1 AND state = 'waiting'", past)


async def test_accepted_is_sent_once(pools: Any) -> None:
    post = await open_district(pools)
    async with mail_server(pools) as (mail, settings):
        await calm(post)
        assert await worker.deliver(settings, post.district) is False
        await worker.deliver(settings, post.district)
    [row], [attempt] = await rows(post), await rows(post, "message_attempt")
    assert (row["state"], row["channel"], row["tries"], row["reason"]) == ("sent", "email", 1, None)
    assert row["leased_by"] is None and row["settled_at"] is not None
    assert (attempt["outcome"], attempt["channel"]) == ("accepted", "email")
    [(to, content)] = mail.taken
    letter = email.message_from_bytes(content, policy=email.policy.default)
    assert to == ["buddy@example.org"]
    assert letter["Message-ID"] == f"<{attempt['id']}@example.org>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_body(("plain",)).get_content().count("http://testserver/chatturat/board") == 1  # type: ignore[union-attr]
    assert "สมมุติ" not in str(letter)


async def test_a_temporary_refusal_is_tried_again_later(pools: Any) -> None:
    post = await open_district(pools)
    async with mail_server(pools) as (mail, settings):
        mail.mood = lambda call: "temporary" if call == 1 else "ok"
        await calm(post)
        await worker.deliver(settings, post.district)
        [row] = await rows(post)
        assert (row["state"], row["reason"]) == ("waiting", "busy")
        assert timedelta(seconds=20) < row["due_at"] - clock.now() < timedelta(seconds=40)
        await worker.deliver(settings, post.district)
        assert mail.calls == 1  # not before its time
        await _due_again(post)
        await worker.deliver(settings, post.district)
    assert (await rows(post))[0]["state"] == "sent"
    assert [a["outcome"] for a in await rows(post, "message_attempt")] == ["retry", "accepted"]
    assert len(mail.taken) == 1


async def test_it_is_given_up_after_too_many_tries(pools: Any) -> None:
    post = await open_district(pools)
    async with mail_server(pools) as (mail, settings):
        mail.mood = lambda _: "temporary"
        await calm(post)
        for _ in range(rules.MAX_TRIES + 2):
            await worker.deliver(settings, post.district)
            await _due_again(post)
    [row] = await rows(post)
    assert (row["state"], row["reason"], row["tries"]) == ("given_up", "too_many_tries", rules.MAX_TRIES)
    assert mail.calls == rules.MAX_TRIES


@pytest.mark.parametrize("mood", ["refused", "data_refused"])
async def test_a_refusal_for_good_is_given_up_with_its_reason(pools: Any, mood: str) -> None:
    post = await open_district(pools)
    async with mail_server(pools) as (mail, settings):
        mail.mood = lambda _: mood
        await calm(post)
        for _ in range(3):
            await worker.deliver(settings, post.district)
    [row] = await rows(post)
    assert (row["state"], row["reason"]) == ("given_up", "refused")
    assert mail.calls == 1


@pytest.mark.parametrize("address", ["no\nbcc: everybody@example.org", "สมมุติ@example.org", "@"])
async def test_what_is_no_address_is_given_up(pools: Any, address: str) -> None:
    post = await open_district(pools, email=address)
    async with mail_server(pools) as (mail, settings):
        await calm(post)
        for _ in range(2):
            await worker.deliver(settings, post.district)
    [row] = await rows(post)
    assert (row["state"], row["reason"]) == ("given_up", "refused")
    assert mail.taken == []


async def test_a_server_that_says_nothing_is_left_in_time(pools: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)
        writer.close()

    monkeypatch.setattr(channels.CHANNELS["email"], "BEFORE", 0.3)
    post = await open_district(pools)
    await calm(post)
    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await worker.deliver(replace(pools, smtp_url=f"smtp://127.0.0.1:{port}"), post.district)
    server.close()
    [row] = await rows(post)
    assert (row["state"], row["reason"]) == ("waiting", "busy")


async def test_a_line_cut_after_the_text_leaves_a_reminder_uncertain(pools: Any) -> None:
    post = await open_district(pools)
    async with mail_server(pools) as (mail, settings):
        mail.mood = lambda _: "cut"
        await calm(post)
        for _ in range(3):
            await worker.deliver(settings, post.district)
    [row], [attempt] = await rows(post), await rows(post, "message_attempt")
    assert (row["state"], row["reason"]) == ("uncertain", "connection_lost")
    assert attempt["outcome"] == "unknown"
    assert len(mail.taken) == 1  # it did arrive: sending it again would have been a second one


async def test_an_urgent_message_in_doubt_goes_by_the_next_channel(pools: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Second:
        EXACTLY_ONCE = True
        sent: list[Outgoing] = []  # noqa: RUF012

        def address(self, contact: Any) -> str:
            return "second"

        def ready(self, settings: Any) -> bool:
            return True

        async def send(self, outgoing: Outgoing, settings: Any) -> Receipt:
            self.sent.append(outgoing)
            return Receipt("x")

    monkeypatch.setitem(channels.CHANNELS, "second", Second())
    monkeypatch.setattr(channels, "ORDER", ("email", "second"))
    post = await open_district(pools)
    async with mail_server(pools) as (mail, settings):
        mail.mood = lambda _: "cut"
        await urgent(post)
        await worker.deliver(settings, post.district)
        await worker.deliver(settings, post.district)
    [row] = await rows(post)
    assert (row["state"], row["channel"]) == ("sent", "second")
    assert [a["outcome"] for a in await rows(post, "message_attempt")] == ["unknown", "accepted"]


async def test_a_dead_server_is_certain_and_tried_again(pools: Any) -> None:
    post = await open_district(pools)
    await calm(post)
    settings = replace(pools, smtp_url="smtp://127.0.0.1:1")
    await worker.deliver(settings, post.district)
    [row] = await rows(post)
    assert (row["state"], row["reason"]) == ("waiting", "busy")


async def test_a_slow_server_is_waited_for(pools: Any) -> None:
    post = await open_district(pools)
    async with mail_server(pools) as (mail, settings):
        mail.mood, mail.slow_seconds = (lambda _: "slow"), 0.6
        await calm(post, 3)
        await worker.deliver(settings, post.district, lasts=timedelta(seconds=1))  # each send renews what is left
    assert {row["state"] for row in await rows(post)} == {"sent"}
    assert len(mail.taken) == 3


async def test_a_call_longer_than_the_lease_is_ended_in_doubt(pools: Any) -> None:
    post = await open_district(pools)
    async with mail_server(pools) as (mail, settings):
        mail.mood, mail.slow_seconds = (lambda _: "slow"), 5.0
        await calm(post)
        await worker.deliver(settings, post.district, lasts=timedelta(seconds=0.5))
    assert (await rows(post))[0]["state"] == "uncertain"


async def test_nobody_to_reach_is_counted(pools: Any) -> None:
    post = await open_district(pools, email=None)
    async with mail_server(pools) as (mail, settings):
        await calm(post)
        await worker.deliver(settings, post.district)
    [row] = await rows(post)
    assert (row["state"], row["reason"]) == ("given_up", "no_address")
    assert await rows(post, "message_attempt") == [] and mail.calls == 0


async def test_without_any_channel_it_waits_and_says_so(pools: Any) -> None:
    post = await open_district(pools)
    await urgent(post)
    await worker.deliver(pools, post.district)
    [row] = await rows(post)
    assert (row["state"], row["reason"], row["tries"]) == ("waiting", "no_channel", 0)
    assert row["due_at"] > clock.now()


async def test_a_practice_district_has_the_log_only(pools: Any, caplog: pytest.LogCaptureFixture) -> None:
    post = await open_district(pools, practice=True)
    caplog.set_level(logging.INFO, "khuen.channels.log")
    async with mail_server(pools) as (mail, settings):
        await urgent(post)
        await worker.deliver(settings, post.district)
    [row] = await rows(post)
    assert (row["state"], row["channel"]) == ("sent", "log")
    assert mail.calls == 0
    assert "buddy@example.org" not in caplog.text and "สมมุติ" not in caplog.text


def _quiet_now() -> QuietHours:
    now = clock.now().astimezone(clock.BANGKOK)
    return QuietHours(start=(now - timedelta(hours=1)).time(), end=(now + timedelta(hours=1)).time())


async def test_quiet_hours_hold_back_all_but_urgent_ones(pools: Any) -> None:
    quiet = _quiet_now()
    post = await open_district(pools, chosen=replace(SETTINGS, quiet_hours=quiet))
    async with mail_server(pools) as (mail, settings):
        await calm(post)
        await urgent(post)
        await worker.deliver(settings, post.district)
    held, gone = sorted(await rows(post), key=lambda row: row["urgent"])
    assert (held["state"], held["reason"], held["tries"]) == ("waiting", "quiet_hours", 0)
    assert held["due_at"].astimezone(clock.BANGKOK).time() == quiet.end
    assert gone["state"] == "sent" and len(mail.taken) == 1


async def test_practice_does_not_wait_for_the_morning(pools: Any) -> None:
    post = await open_district(pools, practice=True, chosen=replace(SETTINGS, quiet_hours=_quiet_now()))
    await calm(post)
    await worker.deliver(pools, post.district)
    assert (await rows(post))[0]["state"] == "sent"


async def test_yesterdays_reminder_is_given_up_and_yesterdays_urgent_one_goes(pools: Any) -> None:
    post = await open_district(pools)
    yesterday = clock.now() - timedelta(days=1)
    async with mail_server(pools) as (_, settings):
        await calm(post, now=yesterday)
        await urgent(post, now=yesterday)
        await worker.deliver(settings, post.district)
    late, gone = sorted(await rows(post), key=lambda row: row["urgent"])
    assert (late["state"], late["reason"]) == ("given_up", "expired")
    assert gone["state"] == "sent"


async def test_a_message_that_became_needless_is_cancelled(pools: Any) -> None:
    """No visit is due any more: the digest would say nothing."""
    post = await open_district(pools)
    async with within(here := post.here()):
        await service.compose(here, Kind.VISIT_DUE_DIGEST, subject=post.buddy, to=[post.buddy], count=2)
    async with mail_server(pools) as (mail, settings):
        await worker.deliver(settings, post.district)
    [row] = await rows(post)
    assert (row["state"], row["reason"]) == ("cancelled", "no_longer_due")
    assert mail.calls == 0


async def test_a_cancelled_message_is_not_sent_even_after_the_claim(pools: Any) -> None:
    post = await open_district(pools)
    [subject] = await urgent(post)
    terms = worker._terms(
        worker._Means(replace(pools, smtp_url="smtp://127.0.0.1:1"), False), post.district, rules.LEASE
    )
    async with within(here := post.here()):
        [turn] = (await delivery.claim(here, terms)).turns
    async with within(here := post.here()):
        assert await service.cancel(here, Kind.URGENT_CHECK_IN, subject) == 1
    async with within(here := post.here()):
        assert await delivery.begin(here, terms, turn) is False
    assert await rows(post, "message_attempt") == []


async def test_a_poisoned_row_is_pushed_ahead_and_given_up_in_the_end(
    pools: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = await open_district(pools, practice=True)
    await urgent(post)
    monkeypatch.setattr(texts, "write", lambda *_, **__: 1 / 0)
    for _ in range(3):
        await worker.deliver(pools, post.district)
    [row] = await rows(post)
    assert (row["state"], row["reason"], row["tries"]) == ("waiting", "failed", 1)
    assert row["due_at"] - clock.now() > timedelta(minutes=1)
    for _ in range(rules.MAX_TRIES):
        await _due_again(post)
        await worker.deliver(pools, post.district)
    [row] = await rows(post)
    assert (row["state"], row["reason"], row["tries"]) == ("given_up", "failed", rules.MAX_TRIES)


async def test_a_failing_channel_leaves_doubt_not_a_loop(pools: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any) -> Receipt:
        raise KeyError("a fault of ours")

    monkeypatch.setattr(channels.CHANNELS["email"], "send", broken)
    post = await open_district(pools)
    await calm(post)
    settings = replace(pools, smtp_url="smtp://127.0.0.1:1")
    await worker.deliver(settings, post.district)
    await worker.deliver(settings, post.district)
    assert [row["state"] for row in await rows(post)] == ["uncertain"]
    assert len(await rows(post, "message_attempt")) == 1


async def test_a_dead_workers_claim_comes_free_when_its_lease_ends(pools: Any) -> None:
    """Three claimed, one of them begun: the begun one is in doubt, the others go, each once."""
    post = await open_district(pools)
    await calm(post, 3)
    async with mail_server(pools) as (mail, settings):
        terms = worker._terms(worker._Means(settings, False), post.district, timedelta(seconds=0.4))
        async with within(here := post.here()):
            turns = (await delivery.claim(here, terms)).turns
        async with within(here := post.here()):
            assert await delivery.begin(here, terms, turns[0])
        await worker.deliver(settings, post.district)
        assert mail.calls == 0  # held
        await asyncio.sleep(0.5)
        await worker.deliver(settings, post.district)
    states = {row["id"]: (row["state"], row["reason"]) for row in await rows(post)}
    assert states.pop(turns[0].message.id) == ("uncertain", "worker_lost")
    assert set(states.values()) == {("sent", None)}
    assert len(mail.taken) == 2


async def test_on_an_exactly_once_channel_the_same_try_goes_on(pools: Any) -> None:
    post = await open_district(pools, practice=True)
    await calm(post)
    terms = worker._terms(worker._Means(pools, True), post.district, timedelta(seconds=0.2))
    async with within(here := post.here()):
        [turn] = (await delivery.claim(here, terms)).turns
    async with within(here := post.here()):
        await delivery.begin(here, terms, turn)
    await asyncio.sleep(0.3)
    await worker.deliver(pools, post.district)
    [row], [attempt] = await rows(post), await rows(post, "message_attempt")
    assert row["state"] == "sent"
    assert (attempt["id"], attempt["outcome"]) == (turn.attempt, "accepted")


async def test_who_was_taken_for_dead_may_still_say_that_it_was_accepted(pools: Any) -> None:
    post = await open_district(pools)
    await calm(post)
    async with mail_server(pools) as (_, settings):
        terms = worker._terms(worker._Means(settings, False), post.district, timedelta(seconds=0.2))
        async with within(here := post.here()):
            [turn] = (await delivery.claim(here, terms)).turns
        async with within(here := post.here()):
            await delivery.begin(here, terms, turn)
        await asyncio.sleep(0.3)
        await worker.deliver(settings, post.district)
        assert (await rows(post))[0]["state"] == "uncertain"
        async with within(here := post.here()):
            await delivery.settle(here, terms, turn, delivery.Outcome("accepted"))
    assert (await rows(post))[0]["state"] == "sent"


async def test_told_to_stop_it_ends_one_and_lets_go_of_the_rest(pools: Any) -> None:
    post = await open_district(pools)
    await calm(post, 5)
    async with mail_server(pools) as (mail, settings):
        await worker.deliver(settings, post.district, stopping=lambda: len(mail.taken) >= 1)
    found = await rows(post)
    assert sorted(row["state"] for row in found) == ["sent", *["waiting"] * 4]
    assert all(row["leased_by"] is None for row in found)


async def test_a_few_at_a_time_and_urgent_ones_first(pools: Any) -> None:
    post = await open_district(pools, practice=True)
    await calm(post, worker.LIMIT + 2)
    [subject] = await urgent(post)
    assert await worker.deliver(pools, post.district) is True
    sent = [row for row in await rows(post) if row["state"] == "sent"]
    assert len(sent) == worker.LIMIT and subject in {row["subject_id"] for row in sent}
    assert await worker.deliver(pools, post.district) is False
    assert {row["state"] for row in await rows(post)} == {"sent"}


async def test_a_historical_practice_district_lives_at_its_date(pools: Any) -> None:
    as_of = datetime(2025, 3, 1, tzinfo=UTC).date()
    post = await open_district(pools, practice=True, as_of=as_of)
    async with within(here := post.district.here()):
        assert here.today == as_of
        await service.compose(here, Kind.URGENT_CHECK_IN, subject=uuid7(), to=[post.buddy], urgent=True)
    await worker.deliver(pools, post.district)
    [row] = await rows(post)
    assert row["state"] == "sent" and clock.day(row["settled_at"]) == as_of


async def test_measuring(pools: Any) -> None:
    post = await open_district(pools)
    await urgent(post, 3, now=clock.now() - timedelta(seconds=90))
    figures = await worker.measure([post.district])
    assert (figures.waiting, figures.given_up) == (3, 0)
    assert 89 < figures.lag_seconds < 120
