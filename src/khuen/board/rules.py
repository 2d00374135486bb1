"""Which lane a case stands in, and what to do about it next. Pure: moments and days come in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from khuen import clock
from khuen.cases.rules import ConsentKind, Stage
from khuen.followups.rules import overdue_days
from khuen.msgid import N_
from khuen.treatment.rules import on_roster


class Lane(StrEnum):
    """The groups of the board are queries: a case is in every lane whose condition holds.

    TESTS are people in treatment whose drawn day has come, and people who are not screened yet; never a result.
    READY are people for whom everything is there that their rule pack asks for. TODAY are visits whose day has come
    and whose window is still open, of people whom no lane above has.
    """

    WORK = "work"
    URGENT = "urgent"
    OVERDUE = "overdue"
    NO_BUDDY = "no_buddy"
    TESTS = "tests"
    READY = "ready"
    TODAY = "today"
    ALL = "all"


LANES: dict[Lane, str] = {
    Lane.WORK: N_("To do"),
    Lane.URGENT: N_("Urgent"),
    Lane.OVERDUE: N_("Overdue"),
    Lane.NO_BUDDY: N_("No buddy yet"),
    Lane.TESTS: N_("Tests due"),
    Lane.READY: N_("Ready to certify"),
    Lane.TODAY: N_("Today"),
    Lane.ALL: N_("Everybody"),
}
#: a case that is in several lanes is shown once, under the first of these
ORDER = (Lane.URGENT, Lane.OVERDUE, Lane.NO_BUDDY, Lane.TESTS, Lane.READY, Lane.TODAY, Lane.ALL)
#: how the statement writes the lanes in which a case stands: a bit for each, the first lane the lowest
BITS = {lane: 1 << place for place, lane in enumerate(ORDER)}
#: lanes that take a case out of TODAY and out of the rest
MARKED = BITS[Lane.TODAY] - 1
#: which bits belong to what was asked for
MASKS = {**BITS, Lane.WORK: BITS[Lane.ALL] - 1, Lane.ALL: 2 * BITS[Lane.ALL] - 1}


def counts(found: Iterable[tuple[int, int]]) -> dict[Lane, int]:
    """People in each lane, from (the bits as the statement finds them, people): today and the rest have only those
    whom no lane above has."""
    numbers = dict.fromkeys(LANES, 0)
    for bits, people in found:
        counted = bits & MARKED or bits
        for lane in LANES:
            numbers[lane] += people if counted & MASKS[lane] else 0
    return numbers


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
    """What one press does about a case. Acknowledging and nudging are done by it, the others open their page."""

    ACKNOWLEDGE = "acknowledge"
    MATCH = "match"
    NUDGE = "nudge"
    TEST = "test"
    SCREEN = "screen"
    EVIDENCE = "evidence"
    OPEN = "open"


ACTS: dict[Act, str] = {
    Act.ACKNOWLEDGE: N_("Acknowledge"),
    Act.MATCH: N_("Match a buddy"),
    Act.NUDGE: N_("Remind the buddy"),
    Act.TEST: N_("Write a test down"),
    Act.SCREEN: N_("Screen"),
    Act.EVIDENCE: N_("See the evidence"),
    Act.OPEN: N_("Open"),
}
#: the page of a case that an act opens
PAGES: dict[Act, str] = {
    Act.MATCH: "/assignment",
    Act.TEST: "/treatment?record=test#record-test",
    Act.SCREEN: "/screening",
    Act.EVIDENCE: "/pathway",
    Act.OPEN: "",
}
#: the permission that an act needs
NEEDS: dict[Act, str] = {
    Act.ACKNOWLEDGE: "cases.acknowledge",
    Act.MATCH: "buddies.assign",
    Act.NUDGE: "messages.nudge",
    Act.TEST: "treatment.test",
    Act.SCREEN: "screening.record",
    Act.EVIDENCE: "cases.see",
    Act.OPEN: "cases.see",
}

COLOURS: dict[str, str] = {"green": N_("Green"), "yellow": N_("Yellow"), "orange": N_("Orange"), "red": N_("Red")}
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
    """What decides about a case: visits, tests and way as they stand, its buddy, its stage."""

    stage: str
    has_buddy: bool
    rank: int = 0  #: 2 an urgent answer nobody acknowledged, 1 a worrying one
    opens_on: date | None = None
    closes_on: date | None = None
    test_on: date | None = None  #: drawn for the next test; nobody is told before it has come
    coloured: bool = True
    ready: bool = False  #: everything is there that the rule pack asks for


def suggested(facts: Facts, today: date, allowed: Collection[str]) -> Act:
    """The one act that a row of the board offers: the most pressing of those that the permissions allow.

    Somebody in need comes before everything else: whoever may not acknowledge opens the case.
    """
    return next(act for act in _pressing(facts, today) if NEEDS[act] in allowed or act is Act.OPEN)


def test_days(facts: Facts, today: date) -> int | None:
    """For how many days a urine test has been due; None when none is due now."""
    if facts.test_on is None or facts.test_on > today or not on_roster(Stage(facts.stage)):
        return None
    return (today - facts.test_on).days


def unscreened(facts: Facts) -> bool:
    return facts.stage == Stage.ENROLLED and not facts.coloured


def certifiable(facts: Facts) -> bool:
    """Everything is there and the doctor has not decided yet."""
    return facts.ready and facts.stage == Stage.AWAITING_DOCTOR


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


def _pressing(facts: Facts, today: date) -> Iterator[Act]:
    """What there is to do about a case, the most pressing first; whoever is in need has nothing beside it."""
    if facts.rank > 0:
        yield Act.ACKNOWLEDGE
    elif facts.stage != Stage.CLOSED:
        if not facts.has_buddy:
            yield Act.MATCH
        if facts.closes_on is not None and overdue_days(facts.closes_on, today):
            yield Act.NUDGE
        if test_days(facts, today) is not None:
            yield Act.TEST
        if unscreened(facts):
            yield Act.SCREEN
        if certifiable(facts):
            yield Act.EVIDENCE
    yield Act.OPEN
