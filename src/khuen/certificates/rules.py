"""What a certificate is made of: decisions, numbers, codes that can be spoken, hashes. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

from khuen.msgid import N_
from khuen.thai import arabic, initial


class Kind(StrEnum):
    """A decision about a case; `answered` is the coordinator's."""

    CERTIFIED = "certified"
    DECLINED = "declined"
    ASKED = "asked"
    ANSWERED = "answered"


class State(StrEnum):
    """Where a paper is on its way: it has a number, it is signed, the public can check it."""

    NUMBERED = "numbered"
    SIGNED = "signed"
    PUBLISHED = "published"


class Public(StrEnum):
    """What anybody learns of a code."""

    VALID = "valid"
    REPLACED = "replaced"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


class Ended(StrEnum):
    """Why a paper no longer holds; `why` a corrected one is made uses the first three."""

    NAME = "name"
    FACT = "fact"
    EVIDENCE = "evidence"
    PERSON = "person"
    ORDER = "order"


class Batch(StrEnum):
    """What a batch is signed for: by the doctor, or beside the doctor by the hospital's director."""

    SIGN = "sign"
    COUNTERSIGN = "countersign"


class Method(StrEnum):
    """How somebody proved who signs. `practice` is a press of a button, and only a practice district knows it."""

    PASSKEY = "passkey"
    CODE = "code"
    PRACTICE = "practice"


class Refused(StrEnum):
    """Why one of a batch was not signed; the others are."""

    CHANGED = "changed"
    NOT_READY = "not_ready"
    OWN = "own"
    ALREADY = "already"
    TAKEN_BACK = "taken_back"
    DIRECTOR = "director"


ENDED: dict[str, str] = {
    Ended.NAME: N_("The name is written wrongly"),
    Ended.FACT: N_("Something else on it is wrong"),
    Ended.EVIDENCE: N_("The evidence did not hold"),
    Ended.PERSON: N_("It was made for the wrong person"),
    Ended.ORDER: N_("Ordered by a court or an authority"),
}
CORRECTED = (Ended.NAME, Ended.FACT)  #: a corrected paper takes the place of the one before
REVOKED = (Ended.EVIDENCE, Ended.PERSON, Ended.ORDER)
REFUSED: dict[str, str] = {
    Refused.CHANGED: N_("The evidence changed after it was looked at: look again"),
    Refused.NOT_READY: N_("A condition is no longer met"),
    Refused.OWN: N_("You look after this person yourself: another doctor has to sign"),
    Refused.ALREADY: N_("Somebody else has signed for this person already"),
    Refused.TAKEN_BACK: N_("The decision was taken back meanwhile"),
    Refused.DIRECTOR: N_("The rule pack asks for the director's signature too, which cannot be given here yet"),
}
STATES: dict[str, str] = {
    State.NUMBERED: N_("Has a number, is being made"),
    State.SIGNED: N_("Signed, is being published"),
    State.PUBLISHED: N_("Ready"),
}

#: Characters that are not taken for each other, read or heard: without 0 O, 1 I L, 2 Z, 5 S, 8 B, U V.
ALPHABET = "34679ACDEFGHJKMNPQRTWXY"
CODE_LENGTH = 12  #: 11 by chance (23^11, about 2^49.7) and one that checks the others
_CANONICAL = {"ensure_ascii": False, "sort_keys": True, "separators": (",", ":")}


def code_of(chance: Sequence[int]) -> str:
    """A code from eleven chance values below 23, with its check character."""
    if len(chance) != CODE_LENGTH - 1 or any(not 0 <= value < len(ALPHABET) for value in chance):
        raise ValueError("eleven values below 23")
    return "".join(ALPHABET[value] for value in (*chance, _check(chance)))


def read_code(text: str) -> str | None:
    """The code that somebody typed, spaces, dashes and small letters allowed; None when it cannot be one."""
    code = re.sub(r"[\s\-‐-―.]", "", arabic(text)).upper()
    if len(code) != CODE_LENGTH or any(letter not in ALPHABET for letter in code):
        return None
    values = [ALPHABET.index(letter) for letter in code]
    return code if _check(values[:-1]) == values[-1] else None


def look_alikes(text: str) -> str:
    """The letters typed that no code has: each is easily taken for another one."""
    return "".join(sorted({letter for letter in arabic(text).upper() if letter in "0125OILZSBUV8"}))


def spoken(code: str) -> str:
    """In groups of four, as it is printed and read out: 7F3K-9QXA-34MN."""
    return "-".join(code[place : place + 4] for place in range(0, len(code), 4))


def number_of(prefix: str, fiscal_year: int, running: int) -> str:
    """As official papers are numbered: ชย 0033/2569-0096."""
    return f"{prefix}/{fiscal_year}-{running:04d}"


def initials(given_name: str, family_name: str) -> str:
    """What the public sees of a name: น. อ."""
    return " ".join(filter(None, (initial(given_name), initial(family_name))))


def masked(national_id: str | None) -> str:
    """An identity number on the paper: its last four digits, x-xxxx-xxxx1-23-4."""
    if not national_id:
        return ""
    return f"x-xxxx-xxxx{national_id[9]}-{national_id[10:12]}-{national_id[12]}"


def canonical(record: Any) -> bytes:
    """JSON in one form only: what is hashed is what is kept."""
    return json.dumps(record, **_CANONICAL).encode()  # type: ignore[arg-type]


def record_hash(record: Any) -> bytes:
    """SHA-256 of what somebody agreed to."""
    return hashlib.sha256(b"khuen record\0" + canonical(record)).digest()


def challenge(kind: Batch, nonce: bytes, hashes: Iterable[bytes]) -> bytes:
    """What the passkey signs: a hash over the ordered hashes of the batch's records, for this kind, with a nonce."""
    return hashlib.sha256(b"khuen " + kind.encode() + b"\0" + nonce + b"".join(hashes)).digest()


def public_state(state: State, ended: str | None) -> Public:
    """What a code is worth; nothing before it was published."""
    if state is not State.PUBLISHED:
        return Public.UNKNOWN
    return Public(ended) if ended else Public.VALID


def may_sign(member_id: UUID, close: Collection[UUID]) -> bool:
    """Four eyes: `close` are those who put the case forward or were the person's buddy. Members count, not roles."""
    return member_id not in close


def _check(values: Sequence[int]) -> int:
    """Weights 2 to 12 modulo the prime 23: any one wrong character and any two changed about are found (as in ISBN)."""
    return sum(weight * value for weight, value in enumerate(values, start=2)) % len(ALPHABET)
