"""The case that this room writes about, and what the pathway hears of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from khuen.cases.rules import Stage
from khuen.cases.service import asked_code
from khuen.errors import Invalid, KeyReused, NotFound
from khuen.pathway import service as pathway
from khuen.tenancy import Here, hot
from khuen.training import queries


@dataclass(frozen=True, slots=True)
class Subject:
    id: UUID
    code: str
    name: str
    stage: Stage
    opened_on: date
    stopped_on: date | None  #: since when the consent to treatment does not stand
    project: str


async def subject(here: Here, code: str) -> Subject:
    """Raises NotFound."""
    rows = await hot(queries.SUBJECT, asked_code(code))
    if not rows:
        raise NotFound
    row = rows[0]
    name = f"{row['prefix']}{row['given_name']} {row['family_name']}".strip()
    return Subject(
        row["id"], row["code"], name, Stage(row["stage"]), row["opened_on"], row["stopped_on"], row["project"]
    )


async def held(here: Here, code: str) -> Subject:
    """The same, locked until COMMIT. Raises NotFound."""
    found = await subject(here, code)
    await hot(queries.HOLD_CASE, found.id)
    return found


async def tell(here: Here, case_ids: Collection[UUID]) -> None:
    """Let the pathway hear how many courses each of these cases has finished."""
    rows = await hot(queries.FINISHED, list(case_ids))
    await pathway.heard(here, {row["case_id"]: {"courses": row["courses"]} for row in rows})


async def same(statement: str, key: UUID, content: tuple[Any, ...]) -> None:
    """The row of this key holds exactly this; else it was sent with other content before. Raises KeyReused."""
    rows = await hot(statement, key)
    if not rows or tuple(rows[0]) != content:
        raise KeyReused


def refuse(wrong: dict[str, str]) -> None:
    """Raises Invalid when something is wrong."""
    if wrong:
        raise Invalid(wrong)
