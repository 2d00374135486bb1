"""A person who was here before begins again: a draft that holds what is known, with the person already chosen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from khuen import audit, clock
from khuen.buddies.rules import Reason, Suggestion
from khuen.cases import service as cases
from khuen.cases.service import asked_code
from khuen.enrolment import again_queries as queries
from khuen.enrolment import drafts, sameness
from khuen.enrolment.drafts import Held
from khuen.errors import Conflict, NotFound
from khuen.people import service as people
from khuen.tenancy import Here, hot


async def begin_again(here: Here, key: UUID, code: str) -> None:
    """A draft for the person of a closed case; consents, ground and agreement are asked anew. Harmless twice.

    Raises NotFound, Conflict when the person has an open case.
    """
    rows = await hot(queries.FORMER, asked_code(code))
    if not rows:
        raise NotFound
    if rows[0]["open"]:
        raise Conflict(cases.OPEN_ALREADY)
    await drafts.begin(here, key)
    held = await drafts.draft(here, key)
    if held.case_id is not None or held.typed:
        return
    await drafts.save(here, key, "person", await _known(here, rows[0]))
    await sameness.decide_same(here, key, str(rows[0]["person_id"]))
    await audit.record(here, "document:seen", rows[0]["id"], page="again")


async def former_first(held: Held, found: list[Suggestion]) -> list[Suggestion]:
    """The buddy of the last case of the person comes first, if they may be a buddy still."""
    try:
        person_id = UUID(held.typed.get("same", ""))
    except ValueError:
        return found
    former = {row["member_id"] for row in await hot(queries.FORMER_BUDDY, person_id)}
    first = [replace(one, reasons=(Reason.FORMER, *one.reasons)) for one in found if one.member_id in former]
    return [*first, *(one for one in found if one.member_id not in former)]


async def _known(here: Here, row: Any) -> dict[str, str]:
    contact = await people.contact(here, row["person_id"])
    born = row["born_on"]
    year = clock.buddhist(born) if born else (row["born_year"] + 543 if row["born_year"] else "")
    return {
        "project": str(row["project_id"]),
        "prefix": row["prefix"],
        "given_name": row["given_name"],
        "family_name": row["family_name"],
        "called_name": row["called_name"],
        "sex": row["sex"] or "",
        "birth_day": str(born.day) if born else "",
        "birth_month": str(born.month) if born else "",
        "birth_year": str(year),
        "national_id": contact.national_id or "",
        "phone": contact.phone or "",
        "house": contact.house or "",
        "subdistrict_code": row["subdistrict_code"] or "",
        "moo": row["moo"] or "",
    }
