"""What a message may wait for, how often it is tried, and when it has lost its sense. Pure: moments come in.

Times of day are Bangkok's. Figures are the product's own choices (docs/decisions/0006-messages-and-workers.md).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

from khuen.clock import BANGKOK
from khuen.msgid import N_


class Kind(StrEnum):
    """What a message speaks of; each has its texts in templates/messages/<kind>/."""

    VISIT_DUE_DIGEST = "visit_due_digest"
    URGENT_CHECK_IN = "urgent_check_in"
    OVERDUE_ESCALATION = "overdue_escalation"
    WORRYING_DIGEST = "worrying_digest"
    WEEK = "week_digest"
    NUDGE = "nudge"
    ALERT = "alert"
    RETURN_DUE = "return_due"
    TASK_DUE = "task_due_digest"
    TEST = "test"


class State(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    GIVEN_UP = "given_up"
    CANCELLED = "cancelled"


KINDS: dict[str, str] = {
    Kind.VISIT_DUE_DIGEST: N_("Visits of the day"),
    Kind.URGENT_CHECK_IN: N_("Urgent check-in"),
    Kind.OVERDUE_ESCALATION: N_("Visit long overdue"),
    Kind.WORRYING_DIGEST: N_("People to look after"),
    Kind.WEEK: N_("The week"),
    Kind.NUDGE: N_("Reminder from the coordinator"),
    Kind.ALERT: N_("Look at once"),
    Kind.RETURN_DUE: N_("Expected back from elsewhere"),
    Kind.TASK_DUE: N_("Tasks of the day"),
    Kind.TEST: N_("Test of the way of sending"),
}
STATES: dict[str, str] = {
    State.WAITING: N_("Waiting"),
    State.SENDING: N_("Being sent"),
    State.SENT: N_("Sent"),
    State.UNCERTAIN: N_("Not known whether it arrived"),
    State.GIVEN_UP: N_("Given up"),
    State.CANCELLED: N_("Cancelled"),
}
#: why a message is where it is: code -> words
REASONS: dict[str, str] = {
    "no_address": N_("Nothing is known by which the recipient can be reached"),
    "quota": N_("The messages of this month on LINE are used up"),
    "refused": N_("The recipient's address was refused"),
    "too_many_tries": N_("The service did not answer after many tries"),
    "expired": N_("Too late: the matter was of an earlier day"),
    "failed": N_("The message could not be made; the operator has been told"),
    "busy": N_("The service did not take it; it is tried again"),
    "connection_lost": N_("The line was cut before the service confirmed"),
    "worker_lost": N_("The system stopped while sending"),
    "no_channel": N_("No way of sending is set up yet"),
    "quiet_hours": N_("Waits for the end of the quiet hours"),
    "no_longer_due": N_("Not needed any more"),
    "undone": N_("The act was undone"),
}

CHANNELS: dict[str, str] = {
    "log": N_("Practice: shown here only"),
    "line": N_("LINE"),
    "push": N_("Notice on the phone"),
    "sms": N_("Text message"),
    "email": N_("E-mail"),
}
OUTCOMES: dict[str | None, str] = {
    "accepted": N_("Accepted by the service"),
    "retry": N_("Not accepted this time"),
    "refused": N_("Refused"),
    "unknown": N_("No confirmation"),
    None: N_("Under way"),
}
#: where a message leads, inside the district's pages; an alert names its case
PLACES: dict[str, str] = {
    Kind.VISIT_DUE_DIGEST: "b/",
    Kind.NUDGE: "b/",
    Kind.TASK_DUE: "tasks",
    Kind.URGENT_CHECK_IN: "board",
    Kind.OVERDUE_ESCALATION: "board",
    Kind.WORRYING_DIGEST: "board",
    Kind.WEEK: "board",
    Kind.ALERT: "cases/{code}/urgent",
    Kind.RETURN_DUE: "board",
    Kind.TEST: "admin",
}
#: these go by every channel that reaches the recipient: one channel alone may be asleep
ON_EVERY_CHANNEL = frozenset({Kind.ALERT})

MAX_TRIES = 8
#: of a code that somebody may have to type: none looks like another
CODE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
PATIENCE = 3  #: failed calls of a reminder on one channel before another one has its turn; an urgent one waits for none
KEY_LASTS = timedelta(hours=23)  #: LINE knows a retry key for 24 hours (docs/channels.md)
WAIT_FOR_CHANNEL = timedelta(minutes=5)
LEASE = timedelta(seconds=30)
URGENT_FOR = timedelta(hours=48)
_FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Tried:
    """One try on one channel; outcome accepted, retry, refused, unknown, or None while nobody knows yet.

    A service that takes one key once is called again under the key of the same try: `calls` counts them.
    """

    id: UUID
    channel: str
    outcome: str | None
    said: str | None = None
    calls: int = 1
    started_at: datetime | None = None


def expires_at(day: date, made_at: datetime, *, urgent: bool) -> datetime:
    """A reminder belongs to its Bangkok day: the next one carries the matter. An urgent message lives two days."""
    if urgent:
        return made_at + URGENT_FOR
    return datetime.combine(day + timedelta(days=1), time(), BANGKOK)


def quiet_until(moment: datetime, start: time, end: time) -> datetime | None:
    """The end of the quiet hours that `moment` lies in, or None outside them. They may span midnight."""
    local = moment.astimezone(BANGKOK)
    at, over_midnight = local.time(), start > end
    inside = (at >= start or at < end) if over_midnight else start <= at < end
    if not inside:
        return None
    ends_on = local.date() + timedelta(days=1 if over_midnight and at >= start else 0)
    return datetime.combine(ends_on, end, BANGKOK)


def begins_week(day: date, holidays: Collection[date]) -> bool:
    """Whether this is the first working day of its week, Monday to Friday."""
    earlier = (day - timedelta(days=back) for back in range(1, day.weekday() + 1))
    return day.weekday() < 5 and day not in holidays and all(one in holidays for one in earlier)


def falls_between(at: time, after: datetime, until: datetime) -> bool:
    """Whether this time of day in Bangkok comes round in (after, until], two moments less than a day apart."""
    moment = datetime.combine(until.astimezone(BANGKOK).date(), at, BANGKOK)
    return any(after < one <= until for one in (moment, moment - timedelta(days=1)))


def wait_before(tries: int, chance: float) -> timedelta:
    """How long to wait after the n-th failed try: 30 s, doubled each time, one hour at most, spread by ± 20 %.

    `chance` is in [0, 1): without the spread everything that failed together would come back together.
    """
    wait: timedelta = min(_FIRST_WAIT * 2 ** min(max(tries, 1) - 1, 20), LONGEST_WAIT)
    return wait * (0.8 + 0.4 * chance)


def open_channels(kind: str, reachable: Sequence[str], tried: Collection[Tried], *, urgent: bool) -> list[str]:
    """The channels that have not refused, are not in doubt and have not taken it, the next one first.

    In the district's order, but one that failed several times lets the others go first; an urgent message waits for
    none. A reminder that may have arrived stays where it is, because there the same key makes one message of two.
    """
    spent = {one.channel for one in tried if one.outcome in ("refused", "unknown", "accepted")}
    left = [channel for channel in reachable if channel not in spent]
    doubtful = [one.channel for one in tried if one.outcome is None]
    if doubtful and not urgent:
        return [channel for channel in left if channel in doubtful]
    return sorted(left, key=lambda channel: failed_calls(channel, tried) // patience(kind, urgent=urgent))


def failed_calls(channel: str, tried: Collection[Tried]) -> int:
    """How often a channel did not take it, as far as anybody knows."""
    return sum(one.calls for one in tried if one.channel == channel and one.outcome in ("retry", None))


def patience(kind: str, *, urgent: bool) -> int:
    """After how many failed calls on a channel the next one has its turn."""
    return 1 if urgent or kind in ON_EVERY_CHANNEL else PATIENCE


def same_try(channel: str, tried: Sequence[Tried], now: datetime) -> Tried | None:
    """The try on a service that takes one key once which goes on under its key, while the service knows that key."""
    last = next((one for one in reversed(tried) if one.channel == channel and one.outcome in ("retry", None)), None)
    fresh = last is not None and (last.started_at is None or now - last.started_at < KEY_LASTS)
    return last if fresh else None


def end_without_channel(tried: Sequence[Tried], *, spared: bool = False) -> tuple[State, str | None]:
    """What becomes of a message when no channel is left: (state, reason code). `spared`: see `spared`."""
    if any(one.outcome == "accepted" for one in tried):
        return State.SENT, None
    if any(one.outcome in ("unknown", None) for one in tried):
        return State.UNCERTAIN, "connection_lost"
    if spared or any(one.said == "quota" for one in tried):
        return State.GIVEN_UP, "quota"
    return State.GIVEN_UP, "refused" if tried else "no_address"


def code_in(text: str) -> str | None:
    """The code that somebody wrote, as it was shown to them (two groups of four), or None when it looks like none."""
    letters = text.strip().upper().replace("-", "").replace(" ", "")
    if len(letters) != 8 or not set(letters) <= set(CODE_LETTERS):
        return None
    return f"{letters[:4]}-{letters[4:]}"


def spared(allowed: int | None, used: int) -> bool:
    """Whether what is left of the month on LINE is kept for urgent messages: the last tenth."""
    return allowed is not None and used * 10 >= allowed * 9


def may_retry(state: str, day: date, made_at: datetime, *, urgent: bool, now: datetime) -> bool:
    """Whether somebody may ask for another try: it ended without success and still makes sense."""
    return state in (State.GIVEN_UP, State.UNCERTAIN) and now < expires_at(day, made_at, urgent=urgent)
