"""Correcting what a case page shows: nothing is overwritten that somebody else changed meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from khuen.board import queries
from khuen.cases import service as cases
from khuen.errors import Conflict, NotFound
from khuen.ids import uuid7
from khuen.people import service as people
from khuen.people.corrections import correct
from khuen.people.rules import Field, Reason
from khuen.tenancy import Here, hot


class Changed(Conflict):
    """Somebody else changed what this form shows: `present` is what stands now, `typed` what was sent."""

    def __init__(self, present: str, typed: str) -> None:
        super().__init__()
        self.present = present
        self.typed = typed


@dataclass(frozen=True, slots=True)
class Name:
    prefix: str
    given_name: str
    family_name: str

    def __str__(self) -> str:
        return f"{self.prefix}{self.given_name} {self.family_name}"


async def correct_name(here: Here, code: str, was: str, name: Name, key: UUID) -> None:
    """Correct a name that still reads `was`; the one before is kept. Raises NotFound, Changed."""
    held = await _held(code)
    present = Name(held["prefix"], held["given_name"], held["family_name"])
    if present == name:
        return
    if str(present) != was:
        raise Changed(str(present), str(name))
    values = {"prefix": name.prefix, "given_name": name.given_name, "family_name": name.family_name}
    await correct(here, held["person_id"], Field.NAME, values, was=None, reason=Reason.IN_PLACE, key=key)


async def correct_safety_note(here: Here, code: str, was: str, text: str) -> None:
    """Raises NotFound, Changed."""
    held = await _held(code)
    if held["safety_note"] == text:
        return
    if held["safety_note"] != was:
        raise Changed(held["safety_note"], text)
    await cases.correct_safety_note(here, held["id"], text)


async def correct_phone(here: Here, code: str, was: str, phone: str) -> None:
    """`was` and `phone` are E.164, or empty for none. Raises NotFound, Changed."""
    held = await _held(code)
    present = (await people.contact(here, held["person_id"])).phone or ""
    if present == phone:
        return
    if present != was:
        raise Changed(present, phone)
    values, key = {"phone": phone}, uuid7(here.now)
    await correct(here, held["person_id"], Field.PHONE, values, was=None, reason=Reason.IN_PLACE, key=key)


async def _held(code: str) -> Any:
    rows = await hot(queries.HELD, code)
    if not rows:
        raise NotFound
    return rows[0]
