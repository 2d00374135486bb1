"""Enrolments that the practice coordinator began and left at one page or another. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple
from uuid import UUID

from khuen.clock import BANGKOK, buddhist
from khuen.practice import names
from khuen.practice.life import identity

_LEFT_AT = ("address", "consents", "buddy")


class Begun(NamedTuple):
    """A draft as it was typed; a loader adds the project."""

    id: UUID
    at: datetime
    step: str
    typed: dict[str, str]


def begun(chance: Random, count: int, village: tuple[str, str], until: datetime) -> list[Begun]:
    """At most three, each one page further than the one before."""
    found = []
    for number, step in enumerate(_LEFT_AT[:count]):
        at = until - timedelta(hours=6 + 20 * number)
        typed = _person(chance)
        if number > 0:
            typed |= {"subdistrict_code": village[0], "moo": village[1], "house": f"{chance.randint(1, 240)}/1"}
        if number > 1:
            typed |= _consents(at)
        found.append(Begun(identity(chance, at), at, step, typed))
    return found


def _person(chance: Random) -> dict[str, str]:
    given = names.given_name(chance, "male")
    return {
        "prefix": "นาย",
        "given_name": given,
        "family_name": names.family_name(chance),
        "called_name": given,
        "sex": "male",
        "birth_year": str(chance.randint(2525, 2545)),
    }


def _consents(at: datetime) -> dict[str, str]:
    on = at.astimezone(BANGKOK).date()
    decided = {"treatment": "given", "sharing": "refused", "contact": "given", "legal_basis": "s113"}
    for name in ("consents_on", "agreed_on"):
        decided |= {f"{name}_day": str(on.day), f"{name}_month": str(on.month), f"{name}_year": str(buddhist(on))}
    return decided | {"proposed_by": "family"}
