"""From typed text to values, whether it stands in a form or in a cell. Pure; what cannot be read raises Wrong."""

from __future__ import annotations

import re
from datetime import date

from khuen import clock, thai
from khuen.enrolment.problems import Wrong
from khuen.enrolment.rules import Around

UNKNOWN = frozenset({"-", "–", "—", "ไม่มี", "ไม่ทราบ", "ไม่รู้", "ไม่ระบุ", "N/A", "n/a", "none", "unknown"})
"""What people write where nothing is known."""

_OLDEST = 110
_TEXT, NOTE, _LONG = 60, 120, 500  #: characters of a name, of a guardian or house, of a safety note


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
    return text(typed, NOTE)


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
    found = thai.arabic(text(typed, NOTE))
    if not found or found in UNKNOWN:
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
    found = text(typed, NOTE)
    if not found or found in UNKNOWN:
        return None
    read = thai.national_id(found)
    if read.problem == thai.ID_CHECK_DIGIT and re.search("0{5}[^0-9]*$", thai.arabic(found)):
        raise Wrong("id_damaged")  # 1.23E+12 that was opened and saved once more: only the first digits are left
    if read.problem:
        raise Wrong(_ID_PROBLEMS[read.problem])
    return read.digits


def phone(typed: str) -> str | None:
    """E.164, or None for an empty cell, ไม่มี and ไม่ทราบ."""
    found = text(typed, NOTE)
    if not found or found in UNKNOWN:
        return None
    read = thai.phone(found)
    if read.problem:
        raise Wrong("phone")
    return read.e164


def moo(typed: str) -> str | None:
    """Village number 1 to 99 without leading zeros; None for an empty one, "0" and "-" (towns have none)."""
    found = re.sub(r"^(หมู่ที่|หมู่|ม\.)", "", thai.arabic(text(typed))).strip()
    if found in UNKNOWN or found in ("", "0"):
        return None
    if not re.fullmatch(r"[0-9]{1,2}(\.0)?", found):
        raise Wrong("moo")
    return str(int(float(found))) if float(found) else None


def legal_basis(typed: str) -> str:
    return _choice(typed, _BASES, "legal_basis")


def proposed_by(typed: str) -> str:
    return _choice(typed, _PROPOSERS, "proposed_by")


def agreed_on(typed: str, around: Around) -> date:
    on = clock.parse_date_text(text(typed, NOTE))
    if isinstance(on, str):
        raise Wrong("agreed_on")
    if on > around.today:
        raise Wrong("agreed_future")
    return on


def consent(typed: str) -> str | None:
    """ "given", "refused", or None where nothing was written: nothing is never taken for a yes."""
    return _choice(typed, _DECISIONS, "consent") if typed.strip() else None


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
    found = known.get(typed) or known.get(_key(text(typed, NOTE)))
    if found is None:
        raise Wrong(problem)
    return found
