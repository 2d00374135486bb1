"""Which lane a case stands in, and what to do about it next. Pure: moments and days come in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from khuen import clock
from khuen.cases.rules import ConsentKind, Decision, Stage
from khuen.followups.rules import overdue_days
from khuen.msgid import N_


class Lane(StrEnum):
    """The groups of the board are queries: a case is in every lane whose condition holds.

    TODAY are visits whose day has come and whose window is still open, of people whom no lane above has.
    """

    WORK = "work"
    URGENT = "urgent"
    OVERDUE = "overdue"
    NO_BUDDY = "no_buddy"
    DOCTOR = "doctor"
    TODAY = "today"
    ALL = "all"


LANES: dict[Lane, str] = {
    Lane.WORK: N_("To do"),
    Lane.URGENT: N_("Urgent"),
    Lane.OVERDUE: N_("Overdue"),
    Lane.NO_BUDDY: N_("No buddy yet"),
    Lane.DOCTOR: N_("Doctor assesses"),
    Lane.TODAY: N_("Today"),
    Lane.ALL: N_("Everybody"),
}
#: a case that is in several lanes is shown once, under the first of these
ORDER = (Lane.URGENT, Lane.OVERDUE, Lane.NO_BUDDY, Lane.DOCTOR, Lane.TODAY, Lane.ALL)
#: how the statement writes the lanes in which a case stands: a bit for each, the first lane the lowest
BITS = {lane: 1 << place for place, lane in enumerate(ORDER)}
#: lanes that take a case out of TODAY and out of the rest
MARKED = BITS[Lane.TODAY] - 1
#: which bits belong to what was asked for
MASKS = {**BITS, Lane.WORK: BITS[Lane.ALL] - 1, Lane.ALL: 2 * BITS[Lane.ALL] - 1}


class Sort(StrEnum):
    PRESSING = "pressing"
    NAME = "name"
    OPENED = "opened"
    BUDDY = "buddy"


SORTS: dict[Sort, str] = {
    Sort.PRESSING: N_("Most pressing first"),
    Sort.NAME: N_("By name"),
    Sort.OPENED: N_("Longest in the programme first"),
    Sort.BUDDY: N_("By buddy"),
}


class Act(StrEnum):
    """What one press does about a case."""

    ACKNOWLEDGE = "acknowledge"
    MATCH = "match"
    NUDGE = "nudge"
    OPEN = "open"


ACTS: dict[Act, str] = {
    Act.ACKNOWLEDGE: N_("Acknowledge"),
    Act.MATCH: N_("Match a buddy"),
    Act.NUDGE: N_("Remind the buddy"),
    Act.OPEN: N_("Open"),
}
#: the permission that an act needs
NEEDS: dict[Act, str] = {
    Act.ACKNOWLEDGE: "cases.acknowledge",
    Act.MATCH: "buddies.assign",
    Act.NUDGE: "messages.nudge",
    Act.OPEN: "cases.see",
}

CONSENTS: dict[str, str] = {
    ConsentKind.TREATMENT: N_("Treatment"),
    ConsentKind.SHARING: N_("Sharing with police and administration"),
    ConsentKind.CONTACT: N_("Contact by LINE"),
}
DECISIONS: dict[str, str] = {
    Decision.GIVEN: N_("Agrees"),
    Decision.REFUSED: N_("Does not agree"),
    Decision.WITHDRAWN: N_("Withdrawn"),
}
#: what happens when a consent is withdrawn; said before it is done
CONSEQUENCES: dict[str, str] = {
    ConsentKind.TREATMENT: N_(
        "The person may stop at any time. What was recorded is kept, nothing new is recorded on this consent."
        " Close the case when you have talked with them."
    ),
    ConsentKind.SHARING: N_(
        "From now on nothing about this person is shared with police or administration. Treatment goes on as before."
    ),
    ConsentKind.CONTACT: N_("From now on nobody writes to this person by LINE. Calls and visits go on as agreed."),
}


class Facts(NamedTuple):
    """What decides about a case: the present result of the visits, its buddy and its stage."""

    stage: str
    has_buddy: bool
    rank: int = 0  #: 2 an urgent answer nobody acknowledged, 1 a worrying one
    opens_on: date | None = None
    closes_on: date | None = None


@dataclass(frozen=True, slots=True)
class NextStep:
    """`title` is a message id that `params` fill."""

    act: Act | None
    title: str
    params: dict[str, object] = field(default_factory=dict)


def suggested(facts: Facts, today: date) -> Act:
    """The one act that a row of the board offers. Somebody in need comes before everything else."""
    if facts.rank > 0:
        return Act.ACKNOWLEDGE
    if not facts.has_buddy and facts.stage != Stage.CLOSED:
        return Act.MATCH
    if facts.closes_on is not None and overdue_days(facts.closes_on, today):
        return Act.NUDGE
    return Act.OPEN


def permitted(act: Act, allowed: Collection[str]) -> Act:
    """The act itself, or only to open the case for whoever may not do it."""
    return act if NEEDS[act] in allowed else Act.OPEN


def next_step(facts: Facts, waits_hours: int, today: date) -> NextStep:
    """What the case page says comes next; `waits_hours` is how long the case has had no buddy."""
    act = suggested(facts, today)
    if facts.stage == Stage.CLOSED:
        return NextStep(None, N_("The case is closed"))
    if act is Act.ACKNOWLEDGE:
        urgent = N_("The buddy calls for help: look after it now, then acknowledge")
        return NextStep(act, urgent if facts.rank > 1 else N_("The last answers call for attention: look into it"))
    if act is Act.MATCH:
        if waits_hours < 1:
            return NextStep(act, N_("Match a buddy: nobody visits yet"))
        return NextStep(act, N_("Match a buddy: nobody visits for %(hours)s hours now"), {"hours": waits_hours})
    if act is Act.NUDGE:
        assert facts.closes_on is not None
        late = overdue_days(facts.closes_on, today)
        return NextStep(act, N_("The visit is %(days)s days late: remind the buddy"), {"days": late})
    if facts.stage == Stage.AWAITING_DOCTOR:
        return NextStep(None, N_("The doctor assesses"))
    if facts.stage == Stage.CERTIFIED:
        return NextStep(None, N_("Certified; the follow-up visits go on"))
    if facts.opens_on is None or facts.closes_on is None:
        return NextStep(None, N_("No visit is planned"))
    days: dict[str, object] = {
        "opens": clock.day_ahead(facts.opens_on, today),
        "closes": clock.day_ahead(facts.closes_on, today),
    }
    if facts.opens_on > today:
        return NextStep(None, N_("The buddy's next visit: from %(opens)s to %(closes)s"), days)
    return NextStep(None, N_("The buddy's visit is due by %(closes)s"), {"closes": days["closes"]})


def alone_since(made_at: datetime, opened_on: date, left_at: datetime | None) -> datetime:
    """Since when nobody visits: since the last buddy stopped, else since the case was opened."""
    if left_at is not None:
        return left_at
    if clock.day(made_at) == opened_on:
        return made_at
    return datetime.combine(opened_on, datetime.min.time(), clock.BANGKOK)


def waited_hours(since: datetime, now: datetime) -> int:
    """Full hours without a buddy, at least 0."""
    return max(0, int((now - since) / timedelta(hours=1)))


def first_lane(bits: int) -> Lane:
    """The first lane of a case by the bits of all in which it stands."""
    return ORDER[(bits & -bits).bit_length() - 1]
