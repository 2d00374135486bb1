"""A form and a decision as they are kept: what is sealed under the person's key, and how it is opened again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from khuen.screening import rules
from khuen.screening.instruments import CURRENT, instrument
from khuen.screening.rules import Colour, Instrument, Result, Score, Tool
from khuen.tenancy import Here
from khuen.vault import PersonVault


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it was filled in. `replaces` is the one that it corrects, and then `reason` says why."""

    id: UUID
    tool: Tool
    taken_on: date
    answers: dict[str, str] = field(repr=False)
    note: str = field(default="", repr=False)
    replaces: UUID | None = None
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Form:
    """One form as a clinician sees it."""

    result: Result
    version: str
    by: str | None
    note: str = field(repr=False)
    reason: str = field(repr=False)  #: of the correction
    replaces: UUID | None
    replaced_by: UUID | None
    withdrawn_because: str | None = field(repr=False)

    @property
    def stands(self) -> bool:
        return self.replaced_by is None and self.withdrawn_because is None

    @property
    def instrument(self) -> Instrument:
        return instrument(self.result.tool, self.version)


@dataclass(frozen=True, slots=True)
class Choice:
    """A decided colour; what was suggested then and the reason are None and "" for whoever sees only the word."""

    id: UUID
    colour: Colour
    at: datetime
    by: str | None
    suggested: Colour | None = None
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Done:
    """That an instrument was done, for whoever may not see what it said."""

    tool: Tool
    taken_on: date
    by: str | None


def row_of(here: Here, own: PersonVault, case_id: UUID, filled: Filled, scores: tuple[Score, ...]) -> tuple[Any, ...]:
    """The values of queries.KEEP."""
    sealed = seal(own, "screening", filled.id, content(filled, scores))
    version = CURRENT[filled.tool].version
    about = (filled.id, case_id, filled.tool, version, filled.taken_on, filled.replaces)
    return (*about, sealed, here.now, here.member_id)


def content(filled: Filled, scores: tuple[Score, ...]) -> dict[str, Any]:
    return {
        "answers": rules.kept(CURRENT[filled.tool], filled.answers),
        "scores": [[score.part, score.points, score.band] for score in scores],
        "note": filled.note,
        "reason": filled.reason,
    }


def form_of(own: PersonVault, row: Any) -> Form:
    """A row of queries.FORMS, opened."""
    said = unseal(own, "screening", row["id"], row["content_sealed"])
    scores = tuple(Score(*one) for one in said["scores"])
    because = row["reason_sealed"]
    return Form(
        Result(row["id"], Tool(row["instrument"]), row["taken_on"], row["recorded_at"], said["answers"], scores),
        row["version"],
        row["by"],
        said["note"],
        said["reason"],
        row["replaces_id"],
        row["replaced_by"],
        own.unseal("screening_withdrawal", "reason", row["withdrawal_id"], because) if because else None,
    )


def choice_of(own: PersonVault | None, row: Any) -> Choice:
    """A row of queries.DECISIONS; opened when there is a key to open it with."""
    said = unseal(own, "colour_decision", row["id"], row["content_sealed"]) if own else {}
    suggested, colour = said.get("suggested"), Colour(row["colour"])
    seen = Colour(suggested) if suggested else None
    return Choice(row["id"], colour, row["decided_at"], row["by"], seen, said.get("reason", ""))


def done_of(rows: Iterable[Any]) -> tuple[Done, ...]:
    """The newest standing form of each instrument, but for those that are asked only because of another's result."""
    found: dict[Tool, Done] = {}
    for row in rows:
        tool = Tool(row["instrument"])
        if tool not in rules.FOLLOWING and not row["replaced_by"] and not row["withdrawal_id"]:
            found.setdefault(tool, Done(tool, row["taken_on"], row["by"]))
    return tuple(found.values())


def seal(own: PersonVault, table: str, row_id: UUID, said: dict[str, Any]) -> bytes:
    return own.seal(table, "content", row_id, msgspec.json.encode(said, order="sorted").decode())


def unseal(own: PersonVault, table: str, row_id: UUID, sealed: bytes) -> dict[str, Any]:
    return msgspec.json.decode(own.unseal(table, "content", row_id, sealed), type=dict[str, Any])
