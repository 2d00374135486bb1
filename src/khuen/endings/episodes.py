"""The cases of one person, one after the other: a return is a new episode, the former ones stay as they were."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from khuen.endings import away_queries as queries
from khuen.endings import rules
from khuen.endings.rules import Ending
from khuen.endings.service import Subject
from khuen.tenancy import Here, hot


@dataclass(frozen=True, slots=True)
class Line:
    """One episode. `number` counts from 1; `ended` is how and when, as far as an ending was recorded."""

    id: UUID
    number: int
    code: str
    opened_on: date
    stage: str
    ended: tuple[Ending, date] | None


async def of_person(here: Here, case: Subject) -> list[Line]:
    """Every case of the person of this one, the oldest first."""
    rows = await hot(queries.EPISODES, case.person_id)
    opened = [(row["opened_on"], row["id"]) for row in rows]
    return [
        Line(
            id=row["id"],
            number=rules.episode(opened, row["id"]),
            code=row["code"],
            opened_on=row["opened_on"],
            stage=row["stage"],
            ended=(Ending(row["kind"]), row["on_date"]) if row["kind"] else None,
        )
        for row in rows
    ]
