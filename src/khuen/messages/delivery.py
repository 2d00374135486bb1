"""How a message leaves: claimed for a while, begun before the call, settled after it, each in its own transaction.

`sending` is committed before the channel is called, one message at a time: a worker that dies leaves at most the one
message that it was sending in doubt, and the others of its claim simply come free when the lease ends.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from khuen import packs
from khuen.clockwork import Figures
from khuen.ids import uuid7
from khuen.members import Contact
from khuen.messages import queries, reaching, rules
from khuen.messages.rules import Kind, State, Tried
from khuen.tenancy import Here, hot, many


@dataclass(frozen=True, slots=True)
class Due:
    """A message that nobody holds, with what was tried before."""

    id: UUID
    kind: Kind
    subject_id: UUID
    recipient_id: UUID
    day: date
    urgent: bool
    count: int
    state: State
    tries: int
    made_at: datetime
    channel: str | None = None  #: of the last try
    tried: tuple[Tried, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One message, ready for one try on one channel."""

    message: Due
    channel: str
    address: str
    attempt: UUID  #: the provider's retry key
    goes_on: bool = False  #: by a further channel, also when this one takes it
    fresh_left: bool = False  #: another channel has its turn when this one fails: it does not wait for it
    in_doubt: bool = False  #: an earlier call under this key may have been taken


@dataclass(frozen=True, slots=True)
class Reached:
    """channel -> address of one recipient, in order. `spared`: LINE would reach them, but its month is nearly over."""

    addresses: dict[str, str]
    spared: bool = False


Reach = Callable[[Contact, bool], Reached]
"""How one recipient is reached, with an urgent message or another one."""

Ways = Callable[[Here], Awaitable[Reach | None]]
"""Asked when something is due: how the people of this district are reached now; None when no channel is set up."""

Still = Callable[[Here, list[Due]], Awaitable[dict[UUID, int]]]
"""Which messages still speak of something true: message id -> the present count, 0 when it has become needless."""


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a worker claims. `lease` is this claim's own id: whoever holds the row has written it there."""

    lease: UUID
    lasts: timedelta
    limit: int
    ways: Ways
    exactly_once: frozenset[str]
    still: Still
    keeps_quiet: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one try ended: accepted, retry, refused or unknown; `chance` in [0, 1) spreads the next try.

    `not_before`: the service said when to come again.
    """

    outcome: str
    said: str | None = None
    chance: float = 0.5
    not_before: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Claim:
    turns: list[Turn]
    looked_at: int  #: as many as the limit: there may be more


async def claim(here: Here, terms: Terms) -> Claim:
    """Take a few due messages, end those that have lost their sense, and hold the rest until the lease ends."""
    rows = await hot(queries.DUE, here.now, terms.limit)
    if not rows:
        return Claim([], 0)
    due = await _with_tries([Due(**row, tried=()) for row in rows])
    decided: list[_Decision] = []
    due = await _take_over(here, due, terms, decided)
    due = _drop_expired(here, due, decided)
    due = await _keep_quiet(here, due, terms, decided)
    due = await _drop_needless(here, due, terms, decided)
    turns = await _turns(here, due, terms, decided)
    await many(queries.DECIDE, [one.values for one in decided])
    return Claim(turns, len(rows))


async def renew(here: Here, terms: Terms) -> frozenset[UUID]:
    """Hold what is left of a claim for another lease; returns the ids that are still ours."""
    rows = await hot(queries.RENEW, terms.lease, here.now + terms.lasts)
    return frozenset(row["id"] for row in rows)


async def begin(here: Here, terms: Terms, turn: Turn) -> bool:
    """Write down that the call is about to be made. False: cancelled meanwhile, or no longer ours."""
    ends = here.now + terms.lasts
    rows = await hot(queries.BEGIN, turn.message.id, terms.lease, ends, turn.channel, turn.attempt, here.now)
    return bool(rows)


async def settle(here: Here, terms: Terms, turn: Turn, end: Outcome) -> None:
    """Write down how the try ended and what happens to the message next.

    Where one key makes one message, a try in doubt stays open and goes on under its key.
    """
    message, same_key = turn.message, turn.channel in terms.exactly_once
    in_doubt = same_key and (end.outcome == "unknown" or (end.outcome == "retry" and turn.in_doubt))
    state: State
    reason: str | None
    due_at: datetime | None
    if end.outcome == "accepted" and turn.goes_on:
        state, reason, due_at = State.WAITING, None, here.now
    elif end.outcome == "accepted":
        state, reason, due_at = State.SENT, None, None
    elif (end.outcome == "retry" or in_doubt) and turn.fresh_left and (message.urgent or not in_doubt):
        state, reason, due_at = State.WAITING, "busy", here.now
    elif end.outcome == "retry" or in_doubt:
        state, reason, due_at = _again(here, message, end, in_doubt=in_doubt)
    else:
        reason = "refused" if end.outcome == "refused" else "connection_lost"
        goes_on = end.outcome == "refused" or message.urgent  # the next claim takes the next channel
        state, due_at = (State.WAITING, here.now) if goes_on else (State.UNCERTAIN, None)
    if not in_doubt:
        await hot(queries.CLOSE_ATTEMPT, turn.attempt, here.now, end.outcome, end.said)
    if state != State.WAITING and (in_doubt or any(one.outcome is None for one in message.tried)):
        settled_by = turn.attempt if end.outcome == "accepted" else None
        await hot(queries.CLOSE_OTHERS, message.id, settled_by or uuid7(here.now), here.now)
    if end.outcome == "refused" and end.said == "gone":
        await reaching.forget(here, turn.channel, message.recipient_id)
    await _settle(here, terms, message.id, state, reason, due_at)


async def push_ahead(here: Here, terms: Terms, message: Due, chance: float) -> None:
    """A message that could not even be made must not come back hot: it waits, is shown, and is given up in the end."""
    late = message.tries + 1 >= rules.MAX_TRIES
    due_at = None if late else here.now + rules.wait_before(message.tries + 3, chance)
    await _settle(here, terms, message.id, State.GIVEN_UP if late else State.WAITING, "failed", due_at, tries=1)


async def release(here: Here, terms: Terms) -> None:
    """Let go of what was claimed and not begun: another worker may have it at once."""
    await hot(queries.RELEASE, terms.lease)


async def measure(here: Here) -> Figures:
    """How many messages are due, how many were given up in the last day, how long the oldest due one has waited."""
    row = (await hot(queries.MEASURE, here.now, here.now - timedelta(days=1)))[0]
    lag = (here.now - row["oldest"]).total_seconds() if row["oldest"] else 0.0
    return Figures(row["waiting"], row["given_up"], lag)


# --- inside a claim -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Decision:
    message: Due
    state: State
    reason: str | None = None
    due_at: datetime | None = None
    settled_at: datetime | None = None
    lease: UUID | None = None
    leased_until: datetime | None = None

    @property
    def values(self) -> tuple[Any, ...]:
        until = self.leased_until
        return (
            self.message.id,
            self.state,
            self.reason,
            self.due_at,
            self.settled_at,
            self.message.count,
            self.lease,
            until,
        )


async def _with_tries(due: list[Due]) -> list[Due]:
    tried_ids = [one.id for one in due if one.tries]
    rows = await hot(queries.TRIED, tried_ids) if tried_ids else []
    tries: dict[UUID, list[Tried]] = {}
    for row in rows:
        one = Tried(row["id"], row["channel"], row["outcome"], row["reason"], row["calls"], row["started_at"])
        tries.setdefault(row["message_id"], []).append(one)
    return [replace(one, tried=tuple(tries.get(one.id, ()))) for one in due]


async def _take_over(here: Here, due: list[Due], terms: Terms, decided: list[_Decision]) -> list[Due]:
    """Messages found in the middle of a call whose worker is gone. Where the key makes it safe the same try goes on."""
    kept = []
    for one in due:
        lost = [each for each in one.tried if each.outcome is None and not _goes_on(here, one, each, terms)]
        for each in lost:
            await hot(queries.CLOSE_ATTEMPT, each.id, here.now, "unknown", "worker_lost")
        if not lost:
            kept.append(one)
        elif one.urgent:
            tried = tuple(replace(each, outcome="unknown") if each in lost else each for each in one.tried)
            kept.append(replace(one, tried=tried))
        else:
            why = "worker_lost" if one.state == State.SENDING else "connection_lost"
            decided.append(_Decision(one, State.UNCERTAIN, why, settled_at=here.now))
    return kept


def _goes_on(here: Here, message: Due, open_try: Tried, terms: Terms) -> bool:
    """Whether the service knows the key of this try, and will for long enough."""
    if open_try.channel not in terms.exactly_once or _expired(here, message):
        return False
    return rules.same_try(open_try.channel, message.tried, here.now) == open_try


def _drop_expired(here: Here, due: list[Due], decided: list[_Decision]) -> list[Due]:
    late = [one for one in due if _expired(here, one)]
    decided += [_Decision(one, State.GIVEN_UP, "expired", settled_at=here.now) for one in late]
    return [one for one in due if one not in late]


def _expired(here: Here, message: Due) -> bool:
    return here.now >= rules.expires_at(message.day, message.made_at, urgent=message.urgent)


async def _keep_quiet(here: Here, due: list[Due], terms: Terms, decided: list[_Decision]) -> list[Due]:
    if not terms.keeps_quiet or all(one.urgent for one in due):
        return due
    quiet = (await packs.settings_of(here)).quiet_hours
    until = rules.quiet_until(here.now, quiet.start, quiet.end)
    if until is None:
        return due
    decided += [_Decision(one, State.WAITING, "quiet_hours", due_at=until) for one in due if not one.urgent]
    return [one for one in due if one.urgent]


async def _drop_needless(here: Here, due: list[Due], terms: Terms, decided: list[_Decision]) -> list[Due]:
    counts = await terms.still(here, due) if due else {}
    needless = [one for one in due if counts.get(one.id) == 0]
    decided += [_Decision(one, State.CANCELLED, "no_longer_due", settled_at=here.now) for one in needless]
    return [replace(one, count=counts.get(one.id, one.count)) for one in due if one not in needless]


async def _turns(here: Here, due: list[Due], terms: Terms, decided: list[_Decision]) -> list[Turn]:
    turns: list[Turn] = []
    reach = await terms.ways(here) if due else None
    if reach is None:
        wait = here.now + rules.WAIT_FOR_CHANNEL
        decided += [_Decision(one, State.WAITING, "no_channel", due_at=wait) for one in due]
        return turns
    contacts = await reaching.contacts(here, {one.recipient_id for one in due})
    for one in due:
        reached = reach(contacts.get(one.recipient_id, Contact(None, None)), one.urgent)
        left = rules.open_channels(one.kind, tuple(reached.addresses), one.tried, urgent=one.urgent)
        if not left:
            state, reason = rules.end_without_channel(one.tried, spared=reached.spared)
            decided.append(_Decision(one, state, reason, settled_at=here.now))
            continue
        turns.append(_turn(here, one, left, reached.addresses, terms))
        decided.append(_Decision(one, State.WAITING, None, lease=terms.lease, leased_until=here.now + terms.lasts))
    return turns


def _turn(here: Here, message: Due, left: list[str], addresses: dict[str, str], terms: Terms) -> Turn:
    channel, tried = left[0], message.tried
    fresh = [name for name in left[1:] if not any(each.channel == name for each in tried)]
    failed = rules.failed_calls(channel, tried) + 1
    same = rules.same_try(channel, tried, here.now) if channel in terms.exactly_once else None
    return Turn(
        message,
        channel,
        addresses[channel],
        same.id if same else uuid7(here.now),
        goes_on=message.kind in rules.ON_EVERY_CHANNEL and len(left) > 1,
        fresh_left=bool(fresh) and failed >= rules.patience(message.kind, urgent=message.urgent),
        in_doubt=same is not None and same.outcome is None,
    )


# --- after a try ----------------------------------------------------------------------------------------------------


def _again(here: Here, message: Due, end: Outcome, *, in_doubt: bool) -> tuple[State, str | None, datetime | None]:
    if message.tries + 1 >= rules.MAX_TRIES:
        if any(one.outcome == "accepted" for one in message.tried):
            return State.SENT, None, None
        return (State.UNCERTAIN, "connection_lost", None) if in_doubt else (State.GIVEN_UP, "too_many_tries", None)
    wait = rules.wait_before(message.tries + 1, end.chance)
    return State.WAITING, "busy", here.now + max(wait, min(end.not_before, rules.LONGEST_WAIT))


async def _settle(
    here: Here,
    terms: Terms,
    message_id: UUID,
    state: State,
    reason: str | None,
    due_at: datetime | None,
    *,
    tries: int = 0,
) -> None:
    settled_at = None if state == State.WAITING else here.now
    await hot(queries.SETTLE, message_id, terms.lease, state, reason, due_at, settled_at, tries)
