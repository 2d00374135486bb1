"""The messages of the last weeks: the morning's digests, urgent calls, escalations, and why some did not go. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import NamedTuple
from uuid import UUID

from khuen import clock
from khuen.district import DistrictSettings
from khuen.followups import rules
from khuen.followups.rules import How
from khuen.messages.rules import MAX_TRIES, Kind, State
from khuen.practice.answers import Seen, Slip
from khuen.practice.life import identity
from khuen.practice.lives import Life
from khuen.practice.plans import Ending

_CHANNEL = "log"  # a practice district has no other


class Told(NamedTuple):
    """A message and what became of it. The subject of an escalation is its case here: a loader puts the visit due."""

    id: UUID
    kind: Kind
    subject_id: UUID
    recipient_id: UUID
    day: date
    urgent: bool
    people: int  #: how many people it speaks of
    state: State
    reason: str | None
    tries: int
    made_at: datetime
    settled_at: datetime

    @property
    def channel(self) -> str | None:
        return _CHANNEL if self.tries else None


class Office(NamedTuple):
    """Who hears of what."""

    coordinators: tuple[UUID, ...]
    escalated_to: tuple[UUID, ...]


def messages(
    chance: Random,
    lives: Sequence[Life],
    seen: Sequence[Seen],
    slipped: Sequence[Slip],
    office: Office,
    chosen: DistrictSettings,
    days: Sequence[date],
) -> list[Told]:
    """Everything that was written on these days, which are whole ones."""
    found: list[Told] = []
    mornings = [_morning(day, chosen) for day in days]
    for buddy, day, at, count in _due(lives, days, mornings):
        found.append(_sent(chance, Kind.VISIT_DUE_DIGEST, buddy, buddy, day, at, count))
    spans = list(_attention(lives, seen))
    for day, at in zip(days, mornings, strict=True):
        wanting = sum(start <= at < end for start, end in spans)
        for member in office.coordinators if wanting else ():
            found.append(_sent(chance, Kind.WORRYING_DIGEST, member, member, day, at, wanting))
    for life in lives:
        for visit in life.visits:
            if visit.how is How.URGENT and clock.day(visit.received_at) in days:
                for member in office.coordinators:
                    found.append(_urgent(chance, visit.id, member, visit.received_at))
        found += _escalated(chance, life, office, chosen, days)
    found += [
        _urgent(chance, slip.visit.id, member, slip.visit.received_at, taken_back=slip.at)
        for slip in slipped
        if clock.day(slip.at) in days
        for member in office.coordinators
    ]
    return sorted(found, key=lambda told: (told.made_at, told.id))


def _morning(day: date, chosen: DistrictSettings) -> datetime:
    return datetime.combine(day, chosen.reminders.at, clock.BANGKOK).astimezone(UTC)


def _due(
    lives: Sequence[Life], days: Sequence[date], mornings: Sequence[datetime]
) -> Iterator[tuple[UUID, date, datetime, int]]:
    """(buddy, day, morning, how many people) wherever a visit was due."""
    counts: dict[date, Counter[UUID]] = defaultdict(Counter)
    for life in lives:
        if life.newcomer.buddy is None:
            continue
        for day, at in zip(days, mornings, strict=True):
            known = [visit for visit in life.visits if visit.received_at < at]
            opened_on = life.newcomer.case.opened_on
            if opened_on is None or opened_on >= day or (life.closed_on and life.closed_on <= day):
                continue
            newest = max(known, key=lambda visit: visit.planned_at, default=None)
            window = (
                rules.window(clock.day(newest.planned_at), newest.how, life.pack.visits)
                if newest
                else rules.first_window(opened_on, life.pack.visits)
            )
            if window.due_on <= day:
                counts[day][life.buddy_at(at)] += 1
    for day, at in zip(days, mornings, strict=True):
        for buddy, count in counts[day].items():
            yield buddy, day, at, count


def _attention(lives: Sequence[Life], seen: Sequence[Seen]) -> Iterator[tuple[datetime, datetime]]:
    """From when to when each case called for attention."""
    answered, never = {one.check_in_id: one.at for one in seen}, datetime.max.replace(tzinfo=UTC)
    for life in lives:
        for number, visit in enumerate(life.visits):
            following = life.visits[number + 1].received_at if number + 1 < len(life.visits) else never
            if visit.how is How.URGENT:
                yield visit.received_at, answered.get(visit.id, never)
            elif visit.how is How.WORRYING:
                yield visit.received_at, min(following, answered.get(visit.id, following))


def _escalated(
    chance: Random, life: Life, office: Office, chosen: DistrictSettings, days: Sequence[date]
) -> list[Told]:
    """Told once, on the morning on which the visit was as late as the district says; `late` counts up to today."""
    if life.ending is not Ending.OVERDUE or not life.visits:
        return []
    last = life.visits[-1]
    closes_on = rules.window(clock.day(last.planned_at), last.how, life.pack.visits).closes_on
    day = closes_on + timedelta(days=chosen.escalation.overdue_days)
    if day not in days:
        return []
    at, late = _morning(day, chosen), chosen.escalation.overdue_days
    return [
        _message(chance, Kind.OVERDUE_ESCALATION, life.id, member, day, False, late, State.SENT, None, at)
        for member in office.escalated_to
    ]


def _sent(chance: Random, kind: Kind, subject: UUID, recipient: UUID, day: date, at: datetime, count: int) -> Told:
    """A digest: nearly all went; the others show what the outbox says of those."""
    drawn = chance.random()
    if drawn < 0.94:
        state, reason = State.SENT, None
    elif drawn < 0.965:
        state, reason = State.CANCELLED, "no_longer_due"
    elif drawn < 0.985:
        state, reason = State.GIVEN_UP, "too_many_tries"
    else:
        state, reason = State.UNCERTAIN, "connection_lost"
    return _message(chance, kind, subject, recipient, day, False, count, state, reason, at)


def _urgent(chance: Random, subject: UUID, recipient: UUID, at: datetime, taken_back: datetime | None = None) -> Told:
    state, reason = (State.CANCELLED, "undone") if taken_back else (State.SENT, None)
    return _message(chance, Kind.URGENT_CHECK_IN, subject, recipient, clock.day(at), True, 1, state, reason, at)


def _message(
    chance: Random,
    kind: Kind,
    subject: UUID,
    recipient: UUID,
    day: date,
    urgent: bool,
    count: int,
    state: State,
    reason: str | None,
    at: datetime,
) -> Told:
    tries = {State.SENT: 1, State.UNCERTAIN: 1, State.GIVEN_UP: MAX_TRIES}.get(state, 0)
    settled_at = at + (timedelta(hours=4) if state is State.GIVEN_UP else timedelta(seconds=chance.randint(1, 40)))
    id_ = identity(chance, at)
    return Told(id_, kind, subject, recipient, day, urgent, count, state, reason, tries, at, settled_at)
