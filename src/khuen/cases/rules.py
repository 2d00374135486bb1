"""What a case is made of: stages, grounds and consents. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntFlag, StrEnum

from khuen.msgid import N_


class Stage(StrEnum):
    ENROLLED = "enrolled"
    IN_TREATMENT = "in_treatment"
    AWAITING_DOCTOR = "awaiting_doctor"
    CERTIFIED = "certified"
    CLOSED = "closed"


class Waits(IntFlag):
    """What a case waits for whatever the day, as it is stored (`visit_due.waits`): the bits of the board's lanes."""

    BUDDY = 4
    SCREENING = 8
    DOCTOR = 16


class LegalBasis(StrEnum):
    """Narcotics Code, Book 2: section 113 (came forward), 114 (found and consented), a court's order, other."""

    S113 = "s113"
    S114 = "s114"
    COURT = "court"
    OTHER = "other"


class ProposedBy(StrEnum):
    SELF = "self"
    FAMILY = "family"
    COMMUNITY = "community"
    HOSPITAL = "hospital"
    POLICE = "police"
    ADMINISTRATION = "administration"
    OTHER = "other"


class ConsentKind(StrEnum):
    """Three separate consents; sharing (with police and administration) is never a condition of treatment."""

    TREATMENT = "treatment"
    SHARING = "sharing"
    CONTACT = "contact"


class Decision(StrEnum):
    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Recipient(StrEnum):
    """To whom a list may be handed: those whom the consent to sharing names, and nobody else."""

    POLICE = "police"
    ADMINISTRATION = "administration"


#: what a list is taken out for: the word of our own work, and of each recipient
OWN_WORK = "own"
PURPOSES: dict[str, str] = {
    OWN_WORK: N_("Our own work"),
    Recipient.POLICE: N_("To hand to the police"),
    Recipient.ADMINISTRATION: N_("To hand to the administration"),
}

STAGES: dict[str, str] = {
    Stage.ENROLLED: N_("Enrolled"),
    Stage.IN_TREATMENT: N_("In treatment"),
    Stage.AWAITING_DOCTOR: N_("Awaiting the doctor"),
    Stage.CERTIFIED: N_("Certified"),
    Stage.CLOSED: N_("Closed"),
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

STOPPED = N_("The consent to treatment does not stand on that day. Only what was done before is written down")


@dataclass(frozen=True, slots=True)
class Step:
    stage: Stage
    on: date
    recorded_at: datetime
    reason: str = ""


def too_late(stopped_on: date | None, on: date) -> bool:
    """Whether what was done on a day is not written down: the consent to treatment does not stand since `stopped_on`.

    What was done before may still be written down: it was done with consent.
    """
    return stopped_on is not None and on >= stopped_on


def is_code(text: str) -> bool:
    """Whether a part of an address can be a case code; anything else is not worth a query."""
    return re.fullmatch("[A-Z]{2,5}-[0-9]{4,9}", text) is not None


def standing(steps: Iterable[Step]) -> list[Step]:
    """The steps that hold. A closing after which another stage was written down was taken back: it never was."""
    all_ = list(steps)
    last = max((step.recorded_at for step in all_ if step.stage is not Stage.CLOSED), default=None)
    return [step for step in all_ if step.stage is not Stage.CLOSED or last is None or step.recorded_at >= last]


def stage_of(steps: Iterable[Step]) -> Stage:
    """Where a case stands: closed, by whatever day, once a closing holds (it may be dated before what was reached).

    Else the latest step by date, of one day the one recorded last, of one moment the furthest.
    """
    order = list(Stage)
    return max(
        standing(steps),
        key=lambda step: (step.stage is Stage.CLOSED, step.on, step.recorded_at, order.index(step.stage)),
    ).stage
