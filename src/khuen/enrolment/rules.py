"""What may be written down about somebody who joins, whether typed in a form or found in a spreadsheet. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from functools import cache, lru_cache
from typing import NamedTuple

from khuen import clock, places, thai
from khuen.msgid import N_

CONSENTS = ("treatment", "sharing", "contact")
"""Three separate decisions. Only the first is needed to go on; the second is never a condition of the first."""

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

_OLDEST = 110
_TEXT, _NOTE, _LONG = 60, 120, 500  #: characters of a name, of a guardian or house, of a safety note


class Said(NamedTuple):
    """What is wrong and how to put it right; message ids."""

    what: str
    how: str


PROBLEMS = {
    "missing_name": Said(N_("The name is missing"), N_("Type the given name and the family name")),
    "missing_family": Said(
        N_("The family name is missing"), N_("Type the family name after a space, or - if there is none")
    ),
    "odd_name": Said(N_("A name has letters only"), N_("Take out digits and signs")),
    "formula": Said(N_("This is a formula, not a text"), N_("Type the text itself")),
    "formula_empty": Said(
        N_("This cell holds a formula without a result"), N_("Paste the column as values, or type the text itself")
    ),
    "hidden": Said(N_("This text holds hidden characters that cannot be kept"), N_("Type it again")),
    "too_long": Said(N_("This text is too long"), N_("Shorten it")),
    "sex": Said(N_("The sex cannot be read"), N_("Write ชาย, หญิง or อื่น ๆ, or leave it empty")),
    "birth": Said(N_("The date of birth cannot be read"), N_("Write it as 31/1/2538, or only the year")),
    "birth_future": Said(N_("The date of birth lies in the future"), N_("Check the year")),
    "birth_old": Said(N_("Nobody is that old"), N_("Check the year of birth")),
    "id_damaged": Said(
        N_("The spreadsheet shortened this national ID"), N_("Type all 13 digits, with the cell set to text")
    ),
    "id_length": Said(N_("A national ID has 13 digits"), N_("Type all 13 digits, or ไม่มี if there is none")),
    "id_check": Said(N_("The national ID does not add up"), N_("Check it digit by digit against the card")),
    "phone": Said(N_("This is not a complete phone number"), N_("Type 10 digits for a mobile phone, 9 for a landline")),
    "moo": Said(N_("The village number cannot be read"), N_("Type a number such as 3, or leave it empty")),
    "tambon": Said(N_("This tambon was not found"), N_("Check the spelling, and add the district and the province")),
    "tambon_many": Said(N_("Several tambons have this name"), N_("Add the district and the province")),
    "legal_basis": Said(N_("The legal basis is missing or unknown"), N_("Write ม.113, ม.114, คำสั่งศาล or อื่น ๆ")),
    "proposed_by": Said(
        N_("Who proposed the person is missing or unknown"),
        N_("Write ตนเอง, ครอบครัว, ชุมชน, โรงพยาบาล, ตำรวจ, ฝ่ายปกครอง or อื่น ๆ"),
    ),
    "agreed_on": Said(N_("The date of agreeing cannot be read"), N_("Write it as 31/1/2568")),
    "agreed_future": Said(N_("The date of agreeing lies in the future"), N_("Check the date")),
    "consent": Said(N_("The consent cannot be read"), N_("Write ยินยอม or ไม่ยินยอม")),
    "no_treatment": Said(
        N_("There is no consent to treatment"),
        N_("Only who agreed can be enrolled. Write ยินยอม once the person has signed, else leave the row out"),
    ),
    "guardian": Said(
        N_("Under 20 years a guardian has to agree too"), N_("Type the guardian's name, or สมรสแล้ว if married")
    ),
    "same_in_file": Said(N_("The same person stands further up in this file"), N_("Keep one of the two rows")),
    "same_id": Said(N_("Somebody here already has this national ID"), N_("Compare the two and choose")),
    "same_phone": Said(N_("Somebody here already has this phone number"), N_("Compare the two and choose")),
    "same_name": Said(N_("Somebody here already has this name"), N_("Compare the two and choose")),
    "other_person": Said(N_("The chosen person does not resemble this row"), N_("Compare again and choose")),
    "open_case": Said(
        N_("This person already has an open case here"), N_("Leave the row out and go on with that case")
    ),
}
DUPLICATES = frozenset({"same_in_file", "same_id", "same_phone", "same_name", "open_case", "other_person"})

MARRIED = "สมรสแล้ว"


class Wrong(ValueError):
    """A text that cannot be read; the argument is a key of PROBLEMS."""


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


def text(typed: str, limit: int = _TEXT) -> str:
    """Canonical text, empty allowed. Raises Wrong."""
    if not typed:
        return ""
    if problem := thai.refuse(typed, limit * 4):
        raise Wrong("too_long" if problem == thai.TOO_LONG else "hidden")
    found = thai.canonical(typed)
    if len(found) > limit:
        raise Wrong("too_long")
    if found.startswith(("=", "@")):
        raise Wrong("formula")
    return found


def note(typed: str) -> str:
    return text(typed, _LONG)


def line(typed: str) -> str:
    return text(typed, _NOTE)


def name(typed: str) -> str:
    """A given, family or called name: letters, marks, spaces and . - ' only."""
    found = text(typed)
    if found and not re.fullmatch(r"[^\W\d_](?:[^\W\d_]|[\u0e30-\u0e4e .'’()/-])*", found):
        raise Wrong("odd_name")
    return found


def full_name(typed: str) -> tuple[str, str, str]:
    """(prefix, given name, family name) of "นาย สมชาย ใจดี"; an only name needs "-" behind it."""
    prefix, rest = thai.split_prefix(text(typed, 2 * _TEXT))
    given, _, family = rest.partition(" ")
    if given and not family:
        raise Wrong("missing_family")
    return prefix, name(given), no_family(family)


def no_family(typed: str) -> str:
    """A family name; "-" says that there is none."""
    return "" if re.fullmatch(r"[-–—. ]*", typed) else name(typed)


def sex(typed: str) -> str | None:
    return _choice(typed, _SEXES, "sex") if typed.strip() else None


def birth(typed: str, around: Around) -> tuple[date | None, int | None]:
    """(day, year): a whole date, or only a year of either era. (None, None) when empty or unknown."""
    found = thai.arabic(text(typed, _NOTE))
    if not found or found in _UNKNOWN:
        return None, None
    year = re.fullmatch(r"(?:พ\.?ศ\.?|ค\.?ศ\.?)? ?([12][0-9]{3})(?:\.0)?", found)
    if year:
        common = int(year[1]) - 543 if int(year[1]) >= 2400 else int(year[1])
        _lived(date(common, 12, 31) if common < around.today.year else date(common, 1, 1), around)
        return None, common
    on = clock.parse_date_text(found)
    if isinstance(on, str):
        raise Wrong("birth")
    _lived(on, around)
    return on, on.year


def _lived(on: date, around: Around) -> None:
    if on > around.today:
        raise Wrong("birth_future")
    if clock.age(on, around.today) > _OLDEST:
        raise Wrong("birth_old")


def national_id(typed: str) -> str | None:
    """13 digits, or None for an empty cell, ไม่มี and ไม่ทราบ."""
    found = text(typed, _NOTE)
    if not found or found in _UNKNOWN:
        return None
    read = thai.national_id(found)
    if read.problem == thai.ID_CHECK_DIGIT and re.search("0{5}[^0-9]*$", thai.arabic(found)):
        raise Wrong("id_damaged")  # 1.23E+12 that was opened and saved once more: only the first digits are left
    if read.problem:
        raise Wrong(_ID_PROBLEMS[read.problem])
    return read.digits


def phone(typed: str) -> str | None:
    """E.164, or None for an empty cell, ไม่มี and ไม่ทราบ."""
    found = text(typed, _NOTE)
    if not found or found in _UNKNOWN:
        return None
    read = thai.phone(found)
    if read.problem:
        raise Wrong("phone")
    return read.e164


def moo(typed: str) -> str | None:
    """Village number 1 to 99 without leading zeros; None for an empty one, "0" and "-" (towns have none)."""
    found = re.sub(r"^(หมู่ที่|หมู่|ม\.)", "", thai.arabic(text(typed))).strip()
    if found in _UNKNOWN or found in ("", "0"):
        return None
    if not re.fullmatch(r"[0-9]{1,2}(\.0)?", found):
        raise Wrong("moo")
    return str(int(float(found))) if float(found) else None


def tambon(typed: str, around: Around, district: str = "", province: str = "") -> str | None:
    """Six-digit code: from a code, or from a name with what is known of the district and the province."""
    found = thai.arabic(text(typed, _NOTE))
    if not found or found in _UNKNOWN:
        return None
    if re.fullmatch(r"[0-9]{6}", found):
        if known := places.place(found):
            return known.code
        raise Wrong("tambon")
    return _by_name(found, text(district, _NOTE), text(province, _NOTE), around.near)


def legal_basis(typed: str) -> str:
    return _choice(typed, _BASES, "legal_basis")


def proposed_by(typed: str) -> str:
    return _choice(typed, _PROPOSERS, "proposed_by")


def agreed_on(typed: str, around: Around) -> date:
    on = clock.parse_date_text(text(typed, _NOTE))
    if isinstance(on, str):
        raise Wrong("agreed_on")
    if on > around.today:
        raise Wrong("agreed_future")
    return on


def consent(typed: str) -> str | None:
    """ "given", "refused", or None where nothing was written: nothing is never taken for a yes."""
    return _choice(typed, _DECISIONS, "consent") if typed.strip() else None


def youngest_age(born_on: date | None, born_year: int | None, on: date) -> int | None:
    """Full years; when only the year is known, the fewest it can be. None when nothing is known."""
    if born_on:
        return clock.age(born_on, on)
    return max(0, on.year - born_year - 1) if born_year else None


def needs_guardian(age: int | None, guardian: str) -> bool:
    """Whether a guardian's name is missing. Marriage ends it, and stands where the name would."""
    return age is not None and age < GUARDIAN_UNDER and not guardian


def outside_programme(age: int | None, youngest: int, oldest: int) -> bool:
    """The programme is meant for an age range; outside it we warn and do not refuse."""
    return age is not None and not youngest <= age <= oldest


_UNKNOWN = frozenset({"-", "–", "—", "ไม่มี", "ไม่ทราบ", "ไม่รู้", "ไม่ระบุ", "N/A", "n/a", "none", "unknown"})
_ID_PROBLEMS = {thai.ID_DAMAGED: "id_damaged", thai.ID_NOT_13: "id_length", thai.ID_CHECK_DIGIT: "id_check"}


def _key(typed: str) -> str:
    return re.sub(r"[\s.:/()*\-–_]", "", thai.arabic(thai.canonical(typed))).casefold()


def _known(words: dict[str, str]) -> dict[str, str]:
    listed = [(word, value) for value, own in words.items() for word in (value, *own.split("|"))]
    return {_key(word): value for word, value in listed} | dict(listed)


_SEXES = _known({"female": "หญิง|ญ|f|ผู้หญิง|เพศหญิง", "male": "ชาย|ช|m|ผู้ชาย|เพศชาย", "other": "อื่น ๆ|อื่นๆ|ไม่ระบุ|ไม่ประสงค์ระบุ"})
_BASES = _known(
    {
        "s113": "ม.113|มาตรา 113|113|สมัครใจ|ม.113 สมัครใจ|มาตรา 113 สมัครใจ",
        "s114": "ม.114|มาตรา 114|114|ม.114 ยินยอมรับการบำบัด",
        "court": "คำสั่งศาล|ศาล|ศาลสั่ง",
        "other": "อื่น ๆ|อื่นๆ",
    }
)
_PROPOSERS = _known(
    {
        "self": "ตนเอง|ตัวเอง|สมัครเอง|เจ้าตัว",
        "family": "ครอบครัว|ญาติ|พ่อแม่|ผู้ปกครอง",
        "community": "ชุมชน|ผู้นำชุมชน|อสม.|เพื่อนบ้าน",
        "hospital": "โรงพยาบาล|รพ.|รพ.สต.|สาธารณสุข",
        "police": "ตำรวจ|สภ.|สถานีตำรวจ",
        "administration": "ฝ่ายปกครอง|ปกครอง|อำเภอ|กำนัน|ผู้ใหญ่บ้าน|อบต.|เทศบาล",
        "other": "อื่น ๆ|อื่นๆ",
    }
)
_DECISIONS = _known(
    {
        "given": "ยินยอม|ให้|ใช่|yes|y|true|1|อนุญาต|ตกลง|✓|✔",
        "refused": "ไม่ยินยอม|ไม่ให้|ไม่ใช่|ไม่|no|n|false|0|ไม่อนุญาต|ไม่ตกลง|x|✗",
    }
)


def _choice(typed: str, known: dict[str, str], problem: str) -> str:
    found = known.get(typed) or known.get(_key(text(typed, _NOTE)))
    if found is None:
        raise Wrong(problem)
    return found


@cache
def _tambons() -> dict[str, list[places.Place]]:
    named: dict[str, list[places.Place]] = {}
    for district in places.districts():
        for place in places.tambons(district.code):
            named.setdefault(thai.search_prefix(place.tambon), []).append(place)
    return named


_LABEL = re.compile(r"^(ตำบล|แขวง|ต\.|อำเภอ|เขต|อ\.|จังหวัด|จ\.) ?")


@lru_cache(1000)
def _by_name(tambon: str, district: str, province: str, near: str) -> str:
    # "ต.ละหาน อ.จัตุรัส จ.ชัยภูมิ" may stand in one cell.
    parts = re.split(r" (?=(?:อำเภอ|เขต|อ\.|จังหวัด|จ\.))", tambon)
    for part in parts[1:]:
        if part.startswith(("จ", "จังหวัด")):
            province = province or part
        else:
            district = district or part
    wanted = [thai.search_prefix(_LABEL.sub("", part)) for part in (parts[0], district, province)]
    found = _tambons().get(wanted[0], [])
    if wanted[1]:
        found = [place for place in found if thai.search_prefix(place.district) == wanted[1]]
    if wanted[2]:
        found = [place for place in found if thai.search_prefix(place.province) == wanted[2]]
    for close in (near, near[:2]):
        nearer = [place for place in found if close and place.code.startswith(close)]
        if len(nearer) == 1:
            return nearer[0].code
    if len(found) == 1:
        return found[0].code
    raise Wrong("tambon_many" if found else "tambon")
