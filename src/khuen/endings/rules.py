"""What a slip is, when somebody may be called a drop-out, how a file may end. Pure; figures: docs/endings.md."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from khuen import clock
from khuen.cases.rules import LegalBasis, Stage
from khuen.followups.rules import SUPPORT_DAYS, How
from khuen.msgid import N_

REOPEN_WITHIN = timedelta(hours=24)
EXPIRES_DAYS = 14  #: a proposal that nobody decided; the person may have come back meanwhile

FUTURE = N_("This day lies in the future")
TOO_EARLY = N_("This day lies before the case was opened")
BEFORE_START = N_("This day lies before the first one")
TOO_LONG = N_("A stay of more than a year is a move: close the case instead")
LONGEST_STAY_DAYS = 366


class Told(StrEnum):
    """Who told of a slip."""

    SELF = "self"
    FAMILY = "family"
    BUDDY = "buddy"
    CLINIC = "clinic"
    COMMUNITY = "community"
    OTHER = "other"
    ROUND = "round"  #: a follow-up round told of it; nobody chooses this


class Use(StrEnum):
    """Worked out from the day, never typed."""

    SLIP = "slip"
    RELAPSE = "relapse"


class Support(StrEnum):
    """What became of the visit that a slip asks for."""

    WAITING = "waiting"
    LATE = "late"
    VISITED = "visited"


class Slot(StrEnum):
    """The doctor's time that a slip asks for."""

    ASKED = "asked"
    BOOKED = "booked"
    SEEN = "seen"
    DROPPED = "dropped"


class Ending(StrEnum):
    FOLLOW_UP_COMPLETED = "follow_up_completed"
    FOLLOW_UP_OVER = "follow_up_over"
    DROP_OUT = "drop_out"
    REFUSED = "refused"
    HOSPITAL = "hospital"
    TRANSFERRED = "transferred"
    MOVED_AWAY = "moved_away"
    ARRESTED = "arrested"
    DIED = "died"
    IN_ERROR = "in_error"


class Reason(StrEnum):
    """Why somebody seems to have dropped out."""

    NO_SHOW = "no_show"
    NOT_FOUND = "not_found"
    WORKING_AWAY = "working_away"
    FAMILY = "family"
    UNKNOWN = "unknown"


class Cause(StrEnum):
    """Why somebody is referred to a hospital."""

    DANGER = "danger"
    PSYCHIATRIC = "psychiatric"
    WITHDRAWAL = "withdrawal"
    PHYSICAL = "physical"
    ASSESSMENT = "assessment"
    OTHER = "other"


class Answer(StrEnum):
    """What came back of a referral."""

    CAME_BACK = "came_back"
    TAKEN_OVER = "taken_over"
    NOT_SEEN = "not_seen"


class Decision(StrEnum):
    """What became of an offered transfer."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REVOKED = "revoked"


class Proposal(StrEnum):
    """How far a proposed drop-out has come."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    REOPENED = "reopened"


TOLD: dict[str, str] = {
    Told.SELF: N_("The person told it"),
    Told.FAMILY: N_("The family"),
    Told.BUDDY: N_("The buddy"),
    Told.CLINIC: N_("Clinic or hospital"),
    Told.COMMUNITY: N_("Somebody of the community"),
    Told.OTHER: N_("Another way"),
    Told.ROUND: N_("A follow-up round"),
}
#: whom a form offers
CHOSEN = tuple(kind for kind in Told if kind is not Told.ROUND)
USES: dict[str, str] = {Use.SLIP: N_("Use during treatment"), Use.RELAPSE: N_("Use after treatment was completed")}
SUPPORTS: dict[str, str] = {
    Support.WAITING: N_("The buddy is to visit within 48 hours"),
    Support.LATE: N_("The visit within 48 hours did not take place"),
    Support.VISITED: N_("The buddy visited"),
}
SLOTS: dict[str, str] = {
    Slot.ASKED: N_("Time with the doctor is asked for"),
    Slot.BOOKED: N_("Time with the doctor is booked"),
    Slot.SEEN: N_("The doctor has talked with the person"),
    Slot.DROPPED: N_("No time with the doctor is needed"),
}
ENDINGS: dict[str, str] = {
    Ending.FOLLOW_UP_COMPLETED: N_("Follow-up completed: every round was recorded"),
    Ending.FOLLOW_UP_OVER: N_("The time of follow-up is over, with rounds missed"),
    Ending.DROP_OUT: N_("Dropped out"),
    Ending.REFUSED: N_("Does not wish to go on, or withdrew consent"),
    Ending.HOSPITAL: N_("Referred to a hospital, which took over"),
    Ending.TRANSFERRED: N_("Taken over by another district"),
    Ending.MOVED_AWAY: N_("Moved away"),
    Ending.ARRESTED: N_("Arrested"),
    Ending.DIED: N_("Died"),
    Ending.IN_ERROR: N_("Entered in error, or twice"),
}
REASONS: dict[str, str] = {
    Reason.NO_SHOW: N_("Does not come, without telling why"),
    Reason.NOT_FOUND: N_("Cannot be found"),
    Reason.WORKING_AWAY: N_("Works elsewhere"),
    Reason.FAMILY: N_("For family reasons"),
    Reason.UNKNOWN: N_("Not known"),
}
PROPOSALS: dict[str, str] = {
    Proposal.OPEN: N_("Waits for a second person"),
    Proposal.CONFIRMED: N_("Confirmed"),
    Proposal.REJECTED: N_("Not confirmed"),
    Proposal.WITHDRAWN: N_("Taken back"),
    Proposal.EXPIRED: N_("Expired without a decision"),
    Proposal.REOPENED: N_("The case was opened again"),
}
CAUSES: dict[str, str] = {
    Cause.DANGER: N_("Danger to oneself or others"),
    Cause.PSYCHIATRIC: N_("Symptoms of the mind"),
    Cause.WITHDRAWAL: N_("Withdrawal, or too much at once"),
    Cause.PHYSICAL: N_("Illness of the body"),
    Cause.ASSESSMENT: N_("To be assessed there"),
    Cause.OTHER: N_("Another reason"),
}
ANSWERS: dict[str, str] = {
    Answer.CAME_BACK: N_("Came back: care goes on here"),
    Answer.TAKEN_OVER: N_("The hospital took over"),
    Answer.NOT_SEEN: N_("Did not arrive there"),
}
DECISIONS: dict[str | None, str] = {
    None: N_("Waits for an answer"),
    Decision.ACCEPTED: N_("Accepted"),
    Decision.REJECTED: N_("Rejected"),
    Decision.REVOKED: N_("Revoked"),
}
#: exit codes of the Thai health data standard, kept beside our own (docs/endings.md)
EXIT_CODES: dict[str, str] = {
    Ending.FOLLOW_UP_COMPLETED: "07",
    Ending.FOLLOW_UP_OVER: "07",
    Ending.DROP_OUT: "06",
    Ending.REFUSED: "09",
    Ending.MOVED_AWAY: "10",
}


@dataclass(frozen=True, slots=True)
class Visited:
    """A check-in that stands, as far as support is concerned."""

    how: How
    planned_at: datetime


def use(on: date, treated_until: date | None) -> Use:
    """A relapse is use after treatment was completed; everything before is a slip and takes nothing away (B18)."""
    return Use.RELAPSE if treated_until is not None and on > treated_until else Use.SLIP


def support(asked_at: datetime, visits: Iterable[Visited], now: datetime) -> Support:
    """Somebody was met after it was asked for; "not found" is no visit."""
    if any(visit.planned_at >= asked_at and visit.how is not How.NOT_FOUND for visit in visits):
        return Support.VISITED
    last = clock.day(asked_at) + timedelta(days=SUPPORT_DAYS)
    return Support.LATE if clock.day(now) > last else Support.WAITING


def wrong_day(on: date, opened_on: date, today: date) -> str | None:
    """The message id of what is wrong; any day since the case was opened may be entered later."""
    if on > today:
        return FUTURE
    return TOO_EARLY if on < opened_on else None


def wrong_return(from_on: date, until_on: date) -> str | None:
    """The message id of what is wrong with the last day of a stay elsewhere."""
    if until_on < from_on:
        return BEFORE_START
    return TOO_LONG if (until_on - from_on).days > LONGEST_STAY_DAYS else None


def choices(*, completed: bool, over: bool) -> tuple[Ending, ...]:
    """How a file may be ended by one person. Dropping out needs two, the follow-up ones need their rounds."""
    allowed = {Ending.FOLLOW_UP_COMPLETED: completed, Ending.FOLLOW_UP_OVER: over, Ending.DROP_OUT: False}
    return tuple(kind for kind in Ending if allowed.get(kind, True))


def may_reopen(closed_at: datetime, now: datetime) -> bool:
    return now - closed_at <= REOPEN_WITHIN


def may_propose(stage: Stage, missed: int, threshold: int) -> bool:
    """As many sessions missed in a row as the case's rule pack names, while treatment lasts."""
    return stage in (Stage.ENROLLED, Stage.IN_TREATMENT, Stage.AWAITING_DOCTOR) and missed >= threshold


def proposal(decision: str | None, expires_on: date, today: date) -> Proposal:
    if decision is not None:
        return Proposal(decision)
    return Proposal.EXPIRED if today > expires_on else Proposal.OPEN


def may_decide(member_id: UUID, proposed_by: UUID) -> bool:
    """Two people, never one with two roles."""
    return member_id != proposed_by


def sees_proposal(basis: str, found: Proposal, *, clinical: bool, own: bool) -> bool:
    """Under section 114 health staff see it first: it may reopen a prosecution (docs/endings.md)."""
    return clinical or own or basis != LegalBasis.S114 or found is Proposal.CONFIRMED


def episode(opened: Iterable[tuple[date, UUID]], case_id: UUID) -> int:
    """The number of a case among those of the same person: (opened on, id) of each of them."""
    return [id_ for _, id_ in sorted(opened)].index(case_id) + 1
