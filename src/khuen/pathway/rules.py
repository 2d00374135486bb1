"""From evidence to conditions, stage and next step: pure functions of facts, the case's rule pack and a date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple, Protocol

from khuen.cases.rules import Stage
from khuen.msgid import N_


class Condition(StrEnum):
    """What the doctor finds listed before deciding (docs/domain.md, the pathway in one look)."""

    CONSENT = "consent"
    SCREENING = "screening"
    WEEKS = "weeks"
    SESSIONS = "sessions"
    TESTS = "tests"
    VISITS = "visits"
    TRAINING = "training"


class State(StrEnum):
    DONE = "done"
    SKIPPED = "skipped"
    OPEN = "open"


class Act(StrEnum):
    """The one thing to do next."""

    ASK_CONSENT = "ask_consent"
    SCREEN = "screen"
    INVITE = "invite"
    REVIEW = "review"
    CONTINUE = "continue"
    DOCTOR = "doctor"
    FOLLOW_UP = "follow_up"
    NOTHING = "nothing"


CONDITIONS: dict[str, str] = {
    Condition.CONSENT: N_("Consent to treatment"),
    Condition.SCREENING: N_("Screened and given a colour"),
    Condition.WEEKS: N_("Weeks in treatment"),
    Condition.SESSIONS: N_("CBTx sessions with the doctor present"),
    Condition.TESTS: N_("Urine tests"),
    Condition.VISITS: N_("Visits of the buddy"),
    Condition.TRAINING: N_("Job training"),
}
STATES: dict[str, str] = {
    State.DONE: N_("Met"),
    State.SKIPPED: N_("Left out, with a reason"),
    State.OPEN: N_("Not yet"),
}
ACTS: dict[str, str] = {
    Act.ASK_CONSENT: N_("Ask again about consent to treatment"),
    Act.SCREEN: N_("Have the person screened"),
    Act.INVITE: N_("Invite the person to the first session"),
    Act.REVIEW: N_("Sessions were missed: talk with the person, and with the team"),
    Act.CONTINUE: N_("Go on with treatment"),
    Act.DOCTOR: N_("Everything is there: the doctor decides"),
    Act.FOLLOW_UP: N_("Follow up after treatment"),
    Act.NOTHING: N_("Nothing to do"),
}


class Lead(NamedTuple):
    """Where an act is done: a page below the case's own, what its button says, and the permission that it needs."""

    page: str
    label: str
    needs: str


_TREATMENT = Lead("/treatment", N_("Sessions, tests and home visits"), "treatment.see")
LEADS: dict[Act, Lead] = {
    Act.ASK_CONSENT: Lead("#contact", N_("Contact details"), "cases.see"),
    Act.SCREEN: Lead("/screening", N_("Screening"), "screening.see_done"),
    Act.INVITE: _TREATMENT,
    Act.REVIEW: _TREATMENT,
    Act.CONTINUE: _TREATMENT,
    Act.DOCTOR: Lead("/pathway", N_("See the evidence"), "cases.see"),
    Act.FOLLOW_UP: Lead("/follow-up", N_("Follow-up"), "rounds.see"),
}
#: a condition that no reason can leave out: without consent there is no voluntary treatment (B02)
NEVER_SKIPPED = frozenset({Condition.CONSENT})


class Course(Protocol):
    """The pathway of a rule pack (`khuen.rule_pack.Pathway`)."""

    @property
    def cbtx_sessions(self) -> int: ...
    @property
    def min_weeks(self) -> int: ...
    @property
    def negative_tests(self) -> int: ...
    @property
    def min_visits(self) -> int: ...
    @property
    def training_required(self) -> bool: ...
    @property
    def drop_out_missed(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one case. Counts are of facts that stand: corrected ones are gone from them.

    `negatives` is the present row of negative tests, `best_negatives` the longest one so far: a slip ends the first
    and leaves the second, so it takes no progress away (docs/domain.md). `stated` is a stage that earlier records
    of the district name; Khuen has no evidence for it and says so.
    """

    screened_on: date | None = None
    started_on: date | None = None  #: the first session attended
    sessions: int = 0  #: attended, the doctor present
    missed: int = 0  #: missed in a row
    tests: int = 0
    negatives: int = 0
    best_negatives: int = 0
    broken_on: date | None = None  #: use was told of this day, without which the present row would be longer
    visits: int = 0
    courses: int = 0  #: trainings finished
    certified_on: date | None = None
    ended_on: date | None = None  #: the end of treatment, from which the follow-up rounds count
    closed_on: date | None = None
    stated: Stage | None = None
    consents: bool = False  #: the consent to treatment stands


@dataclass(frozen=True, slots=True)
class Line:
    """One condition: how much is there of how much, and whether that is enough."""

    condition: Condition
    have: int
    want: int
    state: State
    reason: str = ""  #: why it is left out
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    stage: Stage
    ready: bool  #: every condition is met or left out now
    lines: tuple[Line, ...]
    act: Act


def progress(facts: Facts, course: Course, skipped: Mapping[str, str], today: date) -> Progress:
    """Where a case stands on `today`. `skipped` maps a condition to the reason why it is left out."""
    lines = conditions(facts, course, skipped, today)
    ready = all(line.state is not State.OPEN for line in lines)
    stage = _stage(facts, course, skipped, today)
    return Progress(stage, ready, lines, _act(facts, course, lines, stage, ready))


def conditions(facts: Facts, course: Course, skipped: Mapping[str, str], today: date) -> tuple[Line, ...]:
    """Every condition that the pack asks for, in the order of the way. One that asks for nothing is not listed."""
    found = (
        (Condition.CONSENT, int(facts.consents), 1, None),
        (Condition.SCREENING, int(facts.screened_on is not None), 1, facts.screened_on),
        (Condition.WEEKS, weeks(facts, today), course.min_weeks, facts.started_on),
        (Condition.SESSIONS, facts.sessions, course.cbtx_sessions, facts.started_on),
        (Condition.TESTS, facts.negatives, course.negative_tests, None),
        (Condition.VISITS, facts.visits, course.min_visits, None),
        (Condition.TRAINING, facts.courses, int(course.training_required), None),
    )
    return tuple(_line(*one, skipped) for one in found if one[2] > 0)


def reached_on(facts: Facts, stage: Stage, today: date) -> date:
    """The day of the step to a stage: a file ends on the day that was said, however late it is written down."""
    return facts.closed_on if stage is Stage.CLOSED and facts.closed_on else today


def weeks(facts: Facts, today: date) -> int:
    """Whole weeks from the first session to the end of treatment, or to today."""
    if facts.started_on is None:
        return 0
    return max(0, ((facts.ended_on or today) - facts.started_on).days // 7)


def may_skip(condition: str) -> bool:
    return condition in set(Condition) - NEVER_SKIPPED


def _line(condition: Condition, have: int, want: int, since: date | None, skipped: Mapping[str, str]) -> Line:
    if have >= want:
        return Line(condition, have, want, State.DONE, since=since)
    reason = skipped.get(condition) if condition not in NEVER_SKIPPED else None
    return Line(condition, have, want, State.SKIPPED if reason else State.OPEN, reason or "", since)


def _stage(facts: Facts, course: Course, skipped: Mapping[str, str], today: date) -> Stage:
    if facts.closed_on is not None:
        return Stage.CLOSED
    return max(_reached(facts, course, skipped, today), facts.stated or Stage.ENROLLED, key=list(Stage).index)


def _reached(facts: Facts, course: Course, skipped: Mapping[str, str], today: date) -> Stage:
    """The furthest stage that the evidence carries. A slip ends a row of tests, but not what was reached with it."""
    if facts.certified_on is not None:
        return Stage.CERTIFIED
    if facts.started_on is None:
        return Stage.ENROLLED
    best = Facts(**{name: getattr(facts, name) for name in _NAMES} | {"negatives": facts.best_negatives})
    met = all(line.state is not State.OPEN for line in conditions(best, course, skipped, today))
    return Stage.AWAITING_DOCTOR if met else Stage.IN_TREATMENT


def _act(facts: Facts, course: Course, lines: tuple[Line, ...], stage: Stage, ready: bool) -> Act:
    if stage is Stage.CLOSED:
        return Act.NOTHING
    if stage is Stage.CERTIFIED:
        return Act.FOLLOW_UP
    open_ = {line.condition for line in lines if line.state is State.OPEN}
    if Condition.CONSENT in open_:
        return Act.ASK_CONSENT
    if Condition.SCREENING in open_ and facts.stated is None:
        return Act.SCREEN
    if facts.missed >= course.drop_out_missed:
        return Act.REVIEW
    if ready and stage is Stage.AWAITING_DOCTOR:
        return Act.DOCTOR
    return Act.CONTINUE if facts.started_on or facts.stated else Act.INVITE


_NAMES = tuple(Facts.__dataclass_fields__)
