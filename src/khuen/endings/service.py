"""The case that a slip or an ending belongs to, and what is written under the person's key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from khuen import audit, packs, thai, vault
from khuen.cases.rules import STOPPED, Stage, too_late
from khuen.cases.service import asked_code
from khuen.endings import queries, rules
from khuen.errors import Conflict, Invalid, NotFound
from khuen.msgid import N_
from khuen.rule_pack import RulePack
from khuen.tenancy import Here, hot
from khuen.vault import PersonVault

CLOSED = N_("This case is closed. Open it again, or begin a new one")


@dataclass(frozen=True, slots=True)
class Subject:
    """A case as the pages of this room need it."""

    id: UUID
    code: str
    person_id: UUID
    name: str  #: as on a phone: called name and initial
    stage: Stage
    legal_basis: str
    project_id: UUID
    project: str
    opened_on: date
    stopped_on: date | None  #: since when the consent to treatment does not stand
    missed: int  #: sessions missed in a row
    treatment_end_id: UUID | None
    treated_until: date | None  #: the end of treatment, when it was completed
    pack: RulePack

    @property
    def closed(self) -> bool:
        return self.stage is Stage.CLOSED


async def seen(here: Here, code: str, page: str) -> Subject:
    """A case for one of the pages, with the audit row of having been seen. Raises NotFound."""
    found = await _subject(here, queries.CASE, code)
    await audit.record(here, "case:seen", found.id, page=page)
    return found


async def held(here: Here, code: str) -> Subject:
    """The case, locked until COMMIT. Raises NotFound."""
    return await _subject(here, queries.HELD, code)


async def held_open(here: Here, code: str) -> Subject:
    """The same of a case that is open. Raises NotFound, Conflict."""
    found = await held(here, code)
    if found.closed:
        raise Conflict(CLOSED)
    return found


async def held_by_id(here: Here, case_id: UUID) -> Subject:
    """The same by id: for taking something back. Raises NotFound."""
    rows = await hot(queries.CODE_OF, case_id)
    if not rows:
        raise NotFound
    return await held(here, rows[0]["code"])


def refuse_day(here: Here, case: Subject, on: date) -> None:
    """Raises Invalid for a day in the future or before the case."""
    if problem := rules.wrong_day(on, case.opened_on, here.today):
        raise Invalid({"on": problem})


def refuse_stopped(case: Subject, on: date) -> None:
    """Raises Invalid for a day on which the consent to treatment does not stand."""
    if too_late(case.stopped_on, on):
        raise Invalid({"on": STOPPED})


async def key_of(here: Here, case: Subject) -> PersonVault:
    return await vault.person(here, case.person_id)


def sealed(own: PersonVault, table: str, row_id: UUID, text: str, column: str = "note") -> bytes | None:
    return own.seal(table, column, row_id, text) if text else None


def opened(own: PersonVault | None, table: str, row_id: UUID, kept: bytes | None, column: str = "note") -> str:
    return own.unseal(table, column, row_id, kept) if own and kept else ""


async def _subject(here: Here, statement: str, code: str) -> Subject:
    rows: list[Any] = await hot(statement, asked_code(code))
    if not rows:
        raise NotFound
    row = rows[0]
    return Subject(
        id=row["id"],
        code=row["code"],
        person_id=row["person_id"],
        name=thai.on_phone(row["called_name"], row["family_name"]),
        stage=Stage(row["stage"]),
        legal_basis=row["legal_basis"],
        project_id=row["project_id"],
        project=row["project"],
        opened_on=row["opened_on"],
        stopped_on=row["stopped_on"],
        missed=row["missed"],
        treatment_end_id=row["treatment_end_id"],
        treated_until=row["treated_until"],
        pack=await packs.pack(here, row["pack_id"]),
    )
