"""Who may join, and what is written down about them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from khuen import clock
from khuen.msgid import N_

SEXES = {"female": N_("Female"), "male": N_("Male"), "other": N_("Other, or not told")}
LEGAL_BASES = {
    "s113": N_("Section 113: came forward by themselves"),
    "s114": N_("Section 114: found by officials and agreed to treatment"),
    "court": N_("A court's order"),
    "other": N_("Another basis"),
}
PROPOSERS = {
    "self": N_("Themselves"),
    "family": N_("Family"),
    "community": N_("The community"),
    "hospital": N_("A hospital or health centre"),
    "police": N_("Police"),
    "administration": N_("Administration (district, tambon, village)"),
    "other": N_("Somebody else"),
}
GUARDIAN_UNDER = 20
"""Who is younger and not married needs a guardian's consent too (Civil and Commercial Code; PDPA section 20)."""
GUARDIAN_ALONE_UP_TO = 10
"""For a child of so many years or fewer the guardian alone consents, married or not (PDPA section 20)."""

MARRIED = "สมรสแล้ว"


@dataclass(frozen=True, slots=True)
class Around:
    """What reading depends on besides the text."""

    today: date
    near: str = ""  #: code of the district or province, whose tambons win among equals


@dataclass(frozen=True, slots=True)
class Entry:
    """One person and their enrolment, read and complete."""

    given_name: str
    family_name: str
    called_name: str
    legal_basis: str
    proposed_by: str
    agreed_on: date
    consents: dict[str, str]
    consents_on: date | None = None
    prefix: str = ""
    sex: str | None = None
    born_on: date | None = None
    born_year: int | None = None
    national_id: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    house: str | None = field(default=None, repr=False)
    moo: str | None = None
    subdistrict_code: str | None = None
    guardian: str = field(default="", repr=False)
    safety_note: str = field(default="", repr=False)


def youngest_age(born_on: date | None, born_year: int | None, on: date) -> int | None:
    """Full years; when only the year is known, the fewest it can be. None when nothing is known."""
    if born_on:
        return clock.age(born_on, on)
    return max(0, on.year - born_year - 1) if born_year else None


def lacks_guardian(age: int | None, guardian: str) -> str | None:
    """The problem when a guardian's name is missing: "guardian" where they consent too, "guardian_alone" for a child.

    Marriage stands where the name would, and ends the first only. None when nothing is missing.
    """
    if age is None or age >= GUARDIAN_UNDER:
        return None
    if age <= GUARDIAN_ALONE_UP_TO:
        return "guardian_alone" if guardian in ("", MARRIED) else None
    return None if guardian else "guardian"


def outside_programme(age: int | None, youngest: int, oldest: int) -> bool:
    """The programme is meant for an age range; outside it we warn and do not refuse."""
    return age is not None and not youngest <= age <= oldest
