"""A rule pack: what a case is promised at its start. Published once, never changed; a case keeps the one it began with.

docs/rule-packs.md explains each key.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Count = Annotated[int, Meta(ge=0, le=200, description="a whole number from 0 to 200")]
Positive = Annotated[int, Meta(ge=1, le=200, description="a whole number from 1 to 200")]
Days = Annotated[int, Meta(ge=1, le=365, description="a whole number of days from 1 to 365")]
Text = Annotated[str, Meta(min_length=1, max_length=120, description="a text of 1 to 120 characters in quotes")]
Line = Annotated[
    str, Meta(min_length=1, max_length=160, description="a sentence of 1 to 160 characters, short enough to read aloud")
]
Name = Annotated[
    str, Meta(pattern="^[a-z][a-z0-9-]{1,30}$", description="2 to 31 small letters, digits and dashes, a letter first")
]
Version = Annotated[
    str, Meta(pattern="^[0-9a-z][0-9a-z.-]{0,19}$", description='the version of a consent text, such as "2569-1"')
]
Round = Annotated[
    str,
    Meta(pattern="^[1-9][0-9]?[wm]$", description='weeks or months after the end of treatment, such as "2w" or "6m"'),
]
Stage = Literal["enrolled", "in_treatment", "awaiting_doctor", "certified", "closed"]


CONSENTS = ("treatment", "sharing", "contact")
"""Three separate decisions. Only the first is needed to go on; the second is never a condition of the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """How often a buddy visits, in days after the last answer; none of them is longer than `every_days`."""

    every_days: Days
    soon_days: Days  # after a worrying or an urgent answer
    retry_days: Days  # after "not found"
    not_found_limit: Positive  # so many in a row bring the case to the coordinator
    window_days: Count  # a visit counts from so many days before the due date to so many after it


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """The follow-up rounds, in calendar weeks and months from the end of treatment, and their window in days."""

    rounds: tuple[Round, ...]
    window_days: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Pathway:
    """The stages of a case and the evidence listed for the doctor, who decides."""

    stages: tuple[Stage, ...]
    cbtx_sessions: Positive
    min_weeks: Count
    urine_every_days: Days
    negative_tests: Count
    training_required: bool
    drop_out_missed: Positive
    countersign: bool
    min_visits: Count = 0  # visits of the buddy that the doctor wants to see


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A heading of a consent text and what is said below it, one thought a line."""

    heading: Text
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The version of each of the three consent texts, and the text that is read aloud.

    Packs published before texts were kept here have none: what was read then is on paper only.
    """

    treatment: Version
    sharing: Version
    contact: Version
    treatment_text: tuple[Part, ...] = ()
    sharing_text: tuple[Part, ...] = ()
    contact_text: tuple[Part, ...] = ()

    def version(self, kind: str) -> str:
        """Of "treatment", "sharing" or "contact"."""
        return {"treatment": self.treatment, "sharing": self.sharing, "contact": self.contact}[kind]

    def text(self, kind: str) -> tuple[Part, ...]:
        return {"treatment": self.treatment_text, "sharing": self.sharing_text, "contact": self.contact_text}[kind]

    @property
    def versions(self) -> str:
        """All three in one, "2569-1 2569-1 2569-1": what a form carries to say which texts were read."""
        return f"{self.treatment} {self.sharing} {self.contact}"


@dataclass(frozen=True, kw_only=True)
class RulePack:
    """A key that is added later needs a default here: packs published before lack it."""

    name: Name
    title: Text
    visits: Visits
    follow_up: FollowUp
    pathway: Pathway
    consent: Consent


def rounds_in_order(rounds: Sequence[str]) -> bool:
    """Whether these are rounds, each later than the one before; a month counts as 30 days here."""
    if not rounds or not all(re.fullmatch("[1-9][0-9]?[wm]", written) for written in rounds):
        return False
    days = [int(written[:-1]) * (7 if written.endswith("w") else 30) for written in rounds]
    return days == sorted(set(days))


def pack_content(pack: RulePack) -> dict[str, Any]:
    """The pack as plain JSON values, as it is kept when published."""
    return msgspec.json.decode(msgspec.json.encode(pack), type=dict[str, Any])


def pack_hash(content: dict[str, Any]) -> str:
    """SHA-256 in hex over the content, whatever the order of its keys."""
    written = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def from_content(content: dict[str, Any]) -> RulePack:
    """A published pack. Raises msgspec.ValidationError when the content is no pack."""
    return msgspec.convert(content, RulePack)
