"""One district's deliveries against LINE's API over real HTTP: every answer it can give, and each message once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from khuen import channels, clock, vault
from khuen.channels import line, line_api, texts
from khuen.ids import uuid7
from khuen.messages import delivery, line_accounts, rules
from khuen.messages.line_accounts import NewAccount
from khuen.outgoing import BANNED
from khuen.settings import Settings
from khuen.tenancy import hot, within
from tests.line_api import BASIC_ID, BOT, SECRET, TOKEN, USER, Line, line_server
from tests.post import Post, calm, mail_server, open_district, rows, urgent
from workers import messages as worker


@dataclass
class Wired:
    """A district with an account on LINE, whose buddy is linked."""

    post: Post
    line: Line
    settings: Settings

    async def deliver(self, times: int = 1, **more: Any) -> None:
        for _ in range(times):
            await worker.deliver(self.settings, self.post.district, **more)
            async with within(here := self.post.here()):
                past = here.now - timedelta(seconds=1)
                await hot("UPDATE message SET due_at = $2 WHERE tenant_id = $1 AND state = 'waiting'", past)

    async def message(self) -> dict[str, Any]:
        [row] = await rows(self.post)
        return row

    async def tries(self) -> list[tuple[str, str | None, int]]:
        return [(one["channel"], one["outcome"], one["calls"]) for one in await rows(self.post, "message_attempt")]


async def connect(post: Post, *, user: str | None = USER) -> None:
    async with within(here := post.here(None, post.coordinator, "tenant_admin")):
        await line_accounts.connect(here, uuid7(), NewAccount(BASIC_ID, BOT, TOKEN, SECRET))
        if user:
            safe, key = await vault.open_tenant(here), uuid7()
            sealed, index = safe.seal("line_link", "user", key, user), safe.blind("line_user", user)
            await hot(
                "INSERT INTO line_link (tenant_id, id, member_id, user_sealed, user_index, linked_at)"
                " VALUES ($1, $2, $3, $4, $5, $6)",
                *(key, post.buddy, sealed, index, here.now),
            )


@pytest.fixture
async def wired(pools: Settings) -> AsyncIterator[Wired]:
    post = await open_district(pools, email=None)
    await connect(post)
    async with line_server() as server:
        yield Wired(post, server, replace(pools, line_api=server.address))
        await line.close()


async def test_taken_at_once(wired: Wired) -> None:
    await calm(wired.post)
    await wired.deliver(2)
    assert ((await wired.message())["state"], await wired.tries()) == ("sent", [("line", "accepted", 1)])
    [(to, [text])] = wired.line.sent
    [attempt] = await rows(wired.post, "message_attempt")
    assert to == USER and wired.line.keys == [str(attempt["id"])]
    assert text.endswith("/chatturat/board?openExternalBrowser=1") and "สมมุติ" not in text


@pytest.mark.parametrize("mood", ["slow", "cut", "reset", "500_after"])
async def test_what_was_taken_without_our_hearing_of_it_is_asked_again_under_its_key(
    wired: Wired, mood: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_api, "ANSWER", 0.3)
    wired.line.mood = lambda call: mood if call == 1 else "ok"
    await calm(wired.post)
    await wired.deliver()
    assert ((await wired.message())["state"], await wired.tries()) == ("waiting", [("line", None, 1)])
    await wired.deliver(2)
    assert ((await wired.message())["state"], await wired.tries()) == ("sent", [("line", "accepted", 2)])
    assert len(wired.line.sent) == 1 and len(set(wired.line.keys)) == 1 and wired.line.calls == 2


async def test_a_429_after_doubt_keeps_the_key(wired: Wired) -> None:
    """The 429 was the answer to the second call only: the first may have been taken."""
    wired.line.mood = lambda call: {1: "reset", 2: "429"}.get(call, "ok")
    await calm(wired.post)
    await wired.deliver(4)
    assert ((await wired.message())["state"], await wired.tries()) == ("sent", [("line", "accepted", 3)])
    assert len(wired.line.sent) == 1 and len(set(wired.line.keys)) == 1


@pytest.mark.parametrize("mood", ["500", "503", "reset_before"])
async def test_not_taken_is_tried_again(wired: Wired, mood: str) -> None:
    wired.line.mood = lambda call: mood if call == 1 else "ok"
    await calm(wired.post)
    await wired.deliver(3)
    assert ((await wired.message())["state"], len(wired.line.sent), wired.line.calls) == ("sent", 1, 2)


async def test_429_waits_as_long_as_line_says(wired: Wired) -> None:
    wired.line.mood, wired.line.retry_after = (lambda call: "429" if call == 1 else "ok"), "900"
    await calm(wired.post)
    await worker.deliver(wired.settings, wired.post.district)
    row = await wired.message()
    assert (row["state"], row["reason"]) == ("waiting", "busy")
    assert timedelta(minutes=14) < row["due_at"] - clock.now() <= timedelta(minutes=15)
    async with within(wired.post.here()):
        await hot("UPDATE message SET due_at = made_at WHERE tenant_id = $1")
    await wired.deliver(2)
    assert ((await wired.message())["state"], len(wired.line.sent)) == ("sent", 1)


@pytest.mark.parametrize(("mood", "reason"), [("400", "refused"), ("401", "refused"), ("quota", "quota")])
async def test_refused_for_good_goes_no_other_way_and_says_why(wired: Wired, mood: str, reason: str) -> None:
    wired.line.mood = lambda _: mood
    wired.line.allowed = 0 if mood == "quota" else None
    await calm(wired.post)
    await wired.deliver(3)
    row = await wired.message()
    assert (row["state"], row["reason"], wired.line.calls, wired.line.sent) == ("given_up", reason, 1, [])


async def test_nothing_listens_there(wired: Wired) -> None:
    wired.settings = replace(wired.settings, line_api="http://127.0.0.1:1")
    await calm(wired.post)
    await wired.deliver(rules.MAX_TRIES + 1)
    row = await wired.message()
    assert (row["state"], row["reason"]) == ("given_up", "too_many_tries")
    assert await wired.tries() == [("line", "retry", rules.MAX_TRIES)]


async def test_a_worker_that_died_in_the_middle_is_followed_under_the_same_key(wired: Wired) -> None:
    await urgent(wired.post)
    means = worker._Means(wired.settings, practice=False)
    terms = worker._terms(means, wired.post.district, timedelta(seconds=0.2))
    async with within(here := wired.post.here()):
        [turn] = (await delivery.claim(here, terms)).turns
    async with within(here := wired.post.here()):
        await delivery.begin(here, terms, turn)
    outgoing = worker._write(wired.settings, wired.post.district, turn, "", {})
    await channels.CHANNELS["line"].send(outgoing, means.found)  # it went; nobody lived to write it down
    async with within(here := wired.post.here(clock.now() + timedelta(seconds=1))):
        await hot("UPDATE message SET leased_until = made_at WHERE tenant_id = $1")
    await wired.deliver(2)
    assert ((await wired.message())["state"], await wired.tries()) == ("sent", [("line", "accepted", 2)])
    assert len(wired.line.sent) == 1


@pytest.mark.parametrize("kind", ["calm", "urgent"])
async def test_in_doubt_a_reminder_stays_and_an_urgent_message_goes_on(pools: Settings, kind: str) -> None:
    """LINE is cut again and again: a reminder must not come twice, an alarm must come."""
    post = await open_district(pools)
    await connect(post)
    async with line_server() as server, mail_server(replace(pools, line_api=server.address)) as (mail, settings):
        server.mood = lambda _: "reset"
        on = Wired(post, server, settings)
        await (urgent if kind == "urgent" else calm)(post)
        await on.deliver(rules.MAX_TRIES + 1)
        row = await on.message()
        if kind == "urgent":
            assert (row["state"], row["channel"], len(mail.taken)) == ("sent", "email", 1)
            assert await on.tries() == [("line", "unknown", 1), ("email", "accepted", 1)]
        else:
            assert (row["state"], row["reason"], len(mail.taken)) == ("sent", None, 0)
        assert len(server.sent) == 1
        await line.close()


async def test_what_line_surely_did_not_take_goes_by_mail_after_three_calls(pools: Settings) -> None:
    post = await open_district(pools)
    await connect(post)
    async with line_server() as server, mail_server(replace(pools, line_api=server.address)) as (mail, settings):
        server.mood = lambda _: "429"
        on = Wired(post, server, settings)
        await calm(post)
        await on.deliver(5)
        assert await on.tries() == [("line", "retry", 3), ("email", "accepted", 1)]
        assert (len(mail.taken), server.sent) == (1, [])
        await line.close()


async def test_who_did_not_link_is_reached_another_way(pools: Settings) -> None:
    post = await open_district(pools)
    await connect(post, user=None)
    async with line_server() as server, mail_server(replace(pools, line_api=server.address)) as (mail, settings):
        await calm(post)
        await Wired(post, server, settings).deliver()
        assert (len(mail.taken), server.calls) == (1, 0)


async def test_an_account_that_ended_sends_nothing_and_forgets_its_keys(wired: Wired) -> None:
    async with within(here := wired.post.here(None, wired.post.coordinator, "tenant_admin")):
        await line_accounts.disconnect(here)
        await line_accounts.disconnect(here)
        assert await line_accounts.keys(here) is None
    [account], [link] = await rows_of(wired.post, "line_account"), await rows_of(wired.post, "line_link")
    assert (account["token_sealed"], account["secret_sealed"], link["user_sealed"]) == (None, None, None)
    await calm(wired.post)
    await wired.deliver()
    assert ((await wired.message())["reason"], wired.line.calls) == ("no_channel", 0)


async def rows_of(post: Post, table: str) -> list[dict[str, Any]]:
    async with within(post.here()):
        return [dict(row) for row in await hot(f"SELECT * FROM {table} WHERE tenant_id = $1")]


async def test_the_last_tenth_of_the_month_is_for_urgent_messages(wired: Wired) -> None:
    wired.line.allowed, wired.line.used = 100, 95
    assert await worker.read_meters(wired.settings) == 0
    await calm(wired.post)
    await urgent(wired.post)
    await wired.deliver()
    held, gone = sorted(await rows(wired.post), key=lambda row: row["urgent"])
    assert (held["state"], held["reason"], gone["state"]) == ("given_up", "quota", "sent")
    wired.line.used = 10  # a plan with more
    wired.line.allowed = None
    await worker.read_meters(wired.settings)
    await calm(wired.post)
    await wired.deliver()
    assert len(wired.line.sent) == 2
    async with within(here := wired.post.here()):
        meter = await line_accounts.meter(here)
    assert meter is not None and (meter.allowed, meter.used) == (None, 10)


async def test_a_meter_that_cannot_be_read_is_counted(wired: Wired) -> None:
    assert await worker.read_meters(replace(wired.settings, line_api="http://127.0.0.1:1")) == 1


def test_a_single_visit_says_how_to_answer() -> None:
    one, two = (texts.write("visit_due_digest", count=n, link="https://x.example/b/").line for n in (1, 2))
    assert "1 ปกติดี 2 น่าเป็นห่วง 3 ด่วน" in one and "1 ปกติดี" not in two
    assert not BANNED.search(one) and one.endswith("?openExternalBrowser=1")
