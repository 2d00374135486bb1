"""The printed card of a person: a colleague's phone reads it and marks the person as present.

The card holds the case's code and a word that only the district's key can make; whoever finds it can do nothing with
it, and nothing about the person can be read from it (docs/decisions/0011-treatment.md).
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from khuen import thai, vault
from khuen.errors import NotFound
from khuen.tenancy import Here, hot
from khuen.treatment import queries
from khuen.treatment.rules import Kind, Mark


@dataclass(frozen=True, slots=True)
class Today:
    """A session of this day at which the person may be marked."""

    id: UUID
    kind: Kind
    title: str
    starts_at: datetime
    place: str
    came: bool


@dataclass(frozen=True, slots=True)
class Read:
    """What a card says when it is read."""

    code: str
    name: str
    sessions: tuple[Today, ...]


async def words(here: Here, case_ids: Collection[UUID]) -> dict[UUID, str]:
    """The word on each card: 24 letters, the same for ever. No query."""
    safe = await vault.open_tenant(here)
    return {id_: base64.b32encode(safe.blind("card", str(id_))[:15]).decode().lower() for id_ in case_ids}


async def word_of(here: Here, code: str) -> str:
    """Raises NotFound."""
    rows = await hot(queries.CASE, code)
    if not rows:
        raise NotFound
    return (await words(here, [rows[0]["case_id"]]))[rows[0]["case_id"]]


async def read(here: Here, code: str, word: str) -> Read:
    """Whose card it is and which sessions the person has today. Raises NotFound, also for a word that is not right."""
    rows = await hot(queries.CASE, code)
    if not rows:
        raise NotFound
    row = rows[0]
    right = (await words(here, [row["case_id"]]))[row["case_id"]]
    if not hmac.compare_digest(right.encode(), word.encode()):
        raise NotFound
    found = await hot(queries.OF_DAY, row["project_id"], here.today, row["case_id"])
    return Read(
        row["code"],
        thai.on_phone(row["called_name"], row["family_name"]),
        tuple(
            Today(
                one["id"],
                Kind(one["kind"]),
                one["title"],
                one["starts_at"],
                one["place"],
                one["mark"] == Mark.PRESENT,
            )
            for one in found
        ),
    )
