"""Who of those registered here may be the person of a draft, and what somebody answered to that."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from khuen import thai
from khuen.enrolment import drafts, forms, texts
from khuen.enrolment.drafts import Held
from khuen.enrolment.opening import Resembling, resembling
from khuen.errors import Conflict
from khuen.people import service as people
from khuen.people.service import NewPerson
from khuen.tenancy import Here


async def same_people(here: Here, held: Held) -> tuple[Resembling, ...]:
    """Who of those registered here may be the person of this draft."""
    person = _comparable(held, here.today)
    matches = await people.likely_same(here, [person], sounds=True)
    return await resembling(here, matches[person.id])


def decided(held: Held, found: tuple[Resembling, ...]) -> bool:
    """Whether the question "the same person?" was answered for exactly these people."""
    return not found or held.typed.get("same_for") == _fingerprint(found)


async def decide_same(here: Here, draft_id: UUID, choice: str) -> Held:
    """Remember the answer: "new", or the id of somebody who was found. Raises NotFound; Conflict for another id.

    Nobody shares a national ID with another person, and who has an open case is not enrolled once more.
    """
    held = await drafts.draft(here, draft_id)
    found = await same_people(here, held)
    allowed = {str(one.person_id) for one in found if not one.open_case}
    if all(one.by != "national_id" for one in found):
        allowed.add("new")
    if choice not in allowed:
        raise Conflict
    return await drafts.save(here, draft_id, held.step, {"same": choice, "same_for": _fingerprint(found)})


def _comparable(held: Held, today: date) -> NewPerson:
    """What the first page says of who it is, whatever the later pages lack; what cannot be read is left out."""
    given, family, id_, phone = (
        forms.understood(reader, held.typed.get(name, ""))
        for reader, name in (
            (texts.name, "given_name"),
            (texts.no_family, "family_name"),
            (texts.national_id, "national_id"),
            (texts.phone, "phone"),
        )
    )
    name = thai.split_prefix(given or "")[1]
    year = forms.birth_year(held.typed, today)
    return NewPerson(held.id, "", name, family or "", name, born_year=year, national_id=id_, phone=phone)


def _fingerprint(found: tuple[Resembling, ...]) -> str:
    return " ".join(sorted(f"{one.person_id}:{one.by}" for one in found))
