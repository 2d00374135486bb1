"""What a typed search may mean, and when two people may be the same one. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from khuen import sound, thai
from khuen.msgid import N_


class SameBy(StrEnum):
    """Why two people may be the same, the strongest first."""

    NATIONAL_ID = "national_id"
    PHONE = "phone"
    NAME = "name"
    SOUND = "sound"  #: another spelling of what sounds like the same name, and the same year of birth


class Field(StrEnum):
    """What is corrected, and chosen in a merge, as one thing."""

    NAME = "name"
    CALLED_NAME = "called_name"
    BIRTH = "birth"
    SEX = "sex"
    ADDRESS = "address"
    PHONE = "phone"
    NATIONAL_ID = "national_id"


class Reason(StrEnum):
    """Why something was corrected. The last two are not offered: one was given nowhere, one is the act itself."""

    TYPING = "typing"
    PAPERS = "papers"
    CHANGED = "changed"
    SAID = "said"
    OTHER = "other"
    IN_PLACE = "in_place"
    UNDO = "undo"


class Apart(StrEnum):
    """How somebody knows that two records are of two people."""

    MET_BOTH = "met_both"
    IDS_DIFFER = "ids_differ"
    RELATIVES = "relatives"
    OTHER = "other"
    ENROLLED = "enrolled"  #: not offered: whoever enrolled the second was asked, and said that it is a new person


SAME_BY: dict[str, str] = {
    SameBy.NATIONAL_ID: N_("Same national ID"),
    SameBy.PHONE: N_("Same phone, alike names"),
    SameBy.NAME: N_("Same name"),
    SameBy.SOUND: N_("Names sound alike, born in the same year"),
}
FIELDS: dict[str, str] = {
    Field.NAME: N_("Name"),
    Field.CALLED_NAME: N_("Called name"),
    Field.BIRTH: N_("Date of birth"),
    Field.SEX: N_("Sex"),
    Field.ADDRESS: N_("Address"),
    Field.PHONE: N_("Phone"),
    Field.NATIONAL_ID: N_("National ID"),
}
REASONS: dict[str, str] = {
    Reason.TYPING: N_("It was typed wrongly"),
    Reason.PAPERS: N_("The papers say otherwise"),
    Reason.CHANGED: N_("It has changed since"),
    Reason.SAID: N_("The person said so"),
    Reason.OTHER: N_("Another reason"),
    Reason.IN_PLACE: N_("Corrected on the page of the case"),
    Reason.UNDO: N_("Taken back"),
}
OFFERED_REASONS = (Reason.TYPING, Reason.PAPERS, Reason.CHANGED, Reason.SAID, Reason.OTHER)
APART: dict[str, str] = {
    Apart.MET_BOTH: N_("I know both of them"),
    Apart.IDS_DIFFER: N_("Their papers differ"),
    Apart.RELATIVES: N_("They are relatives"),
    Apart.OTHER: N_("Another reason"),
    Apart.ENROLLED: N_("Said at enrolment: a new person"),
}
OFFERED_APART = (Apart.MET_BOTH, Apart.IDS_DIFFER, Apart.RELATIVES, Apart.OTHER)
#: the columns of `person` that each field is made of; those that serve search and order go with their name
COLUMNS: dict[Field, tuple[str, ...]] = {
    Field.NAME: (
        *("prefix", "given_name", "family_name", "sort_key"),
        *("search_name", "search_family", "sound_name", "sound_family", "sound_version"),
    ),
    Field.CALLED_NAME: ("called_name", "search_called"),
    Field.BIRTH: ("born_on", "born_year"),
    Field.SEX: ("sex",),
    Field.ADDRESS: ("subdistrict_code", "moo", "house_sealed"),
    Field.PHONE: ("phone_sealed", "phone_index"),
    Field.NATIONAL_ID: ("national_id_sealed", "national_id_index", "national_id_last4_index"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A typed search taken apart; what does not apply is None."""

    name: str | None = None  #: the beginning of a name, as `thai.search_prefix` makes it
    sound: str | None = None  #: how it sounds; None when that says too little
    code: str | None = None  #: a case code, in capitals
    national_id: str | None = None  #: 13 digits
    last_four: str | None = None
    phone: str | None = None  #: E.164


def asked(text: str) -> Asked:
    """Read one search box: a name or its beginning, a case code, a phone number, a national id or its last four."""
    words = thai.arabic(thai.canonical(text))
    digits = re.sub(r"[\s\-.]", "", words)
    if re.fullmatch(r"[0-9]{4}", digits):
        return Asked(last_four=digits)
    if re.fullmatch(r"\+?[0-9]{8,}", digits):
        national_id, phone = thai.national_id(digits), thai.phone(digits)
        return Asked(national_id=national_id.digits or None, phone=phone.e164 or None)
    if re.fullmatch(r"[A-Za-z]{2,5}-?[0-9]{1,8}", words.replace(" ", "")):
        letters, number = re.findall(r"[A-Za-z]+|[0-9]+", words)
        return Asked(code=f"{letters.upper()}-{number.zfill(4)}")
    key = sound.of(words)
    return Asked(name=thai.search_prefix(words) or None, sound=key if len(key) > 1 else None)


def strength(by: SameBy, *, born_alike: bool | None, same_phone: bool, same_given: bool) -> int:
    """How strongly two records look like one person, to put a queue in order: 0 is no sign worth anybody's time.

    `born_alike` is None when a year of birth is missing. Families share phones, so a phone says something only beside
    a given name; a name is not rare in a district, so another year of birth speaks against it.
    """
    base = {SameBy.NATIONAL_ID: 90, SameBy.NAME: 40, SameBy.SOUND: 20, SameBy.PHONE: 30 if same_given else 0}[by]
    if not base:
        return 0
    more = 25 if same_phone and by is not SameBy.PHONE else 0
    return base + more + {True: 20, False: -25, None: 0}[born_alike]


def pair(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    """Two people in the one order in which a pair is kept and locked."""
    return (one, other) if one < other else (other, one)
