"""What a typed search may mean, and when two people may be the same one. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from khuen import thai


class SameBy(StrEnum):
    """Why two people may be the same, the strongest first."""

    NATIONAL_ID = "national_id"
    PHONE = "phone"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Asked:
    """A typed search taken apart; what does not apply is None."""

    name: str | None = None  #: the beginning of a name, as `thai.search_prefix` makes it
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
    return Asked(name=thai.search_prefix(words) or None)
