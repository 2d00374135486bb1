"""What a doctor looks at before deciding, of many cases in a few statements, and the record that is kept of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from khuen import clock, vault
from khuen.cases.rules import Stage
from khuen.certificates import queries, rules
from khuen.certificates.rules import Kind
from khuen.pathway import service as pathway
from khuen.pathway.rules import Condition, Line, State
from khuen.tenancy import Here, hot
from khuen.treatment import tallies


@dataclass(frozen=True, slots=True)
class Said:
    """What a doctor asked or gave as a reason, or a coordinator answered."""

    kind: Kind
    at: datetime
    by: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One case as the doctor sees it. `record` is what a decision keeps, `hash` is over it."""

    case_id: UUID
    code: str
    person_id: UUID
    stage: Stage
    name: str = field(repr=False)
    given_name: str = field(repr=False)
    family_name: str = field(repr=False)
    age: int | None
    project: str
    colour: str | None
    lines: tuple[Line, ...]
    ready: bool
    countersign: bool
    sessions: tuple[date, ...]
    tests: tuple[tuple[date, str], ...] = field(repr=False)
    visited_on: date | None
    screened_on: date | None
    said: tuple[Said, ...]
    close: frozenset[UUID]  #: who put the case forward or was the person's buddy
    record: dict[str, Any] = field(repr=False)
    hash: bytes

    @property
    def missing(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.state is State.OPEN)


async def read(here: Here, codes: Collection[str]) -> dict[str, Evidence]:
    """{code: evidence} in five statements. Whoever was erased is not in the answer."""
    if not codes:
        return {}
    ways = {way.code: way for way in await pathway.ways(here, codes)}
    rows = await hot(queries.SEEN, sorted(codes))
    keys = await vault.persons(here, {row["person_id"] for row in rows})
    shown = await tallies.shown(here, [row["id"] for row in rows])
    return {
        row["code"]: _evidence(here, row, ways[row["code"]], keys[row["person_id"]], shown[row["id"]])
        for row in rows
        if row["person_id"] in keys and row["id"] in shown
    }


def _evidence(here: Here, row: Any, way: pathway.Way, own: vault.PersonVault, shown: tallies.Shown) -> Evidence:
    sealed = row["national_id_sealed"]
    national_id = own.unseal("person", "national_id", row["person_id"], sealed) if sealed else None
    name = f"{row['prefix']}{row['given_name']} {row['family_name']}".strip()
    tests = tuple((on, str(result)) for on, result in shown.tests)
    visited_on = clock.day(row["visited_at"]) if row["visited_at"] else None
    record = {
        "case": str(row["id"]),
        "name": name,
        "national_id": rules.masked(national_id),
        "basis": row["legal_basis"],
        "project": row["project"],
        "opened_on": row["opened_on"].isoformat(),
        "started_on": _day(row["started_on"]),
        "ended_on": _day(row["ended_on"]),
        "screened_on": _day(row["screened_on"]),
        "conditions": [_condition(line) for line in way.progress.lines],
        "sessions": [on.isoformat() for on in shown.sessions],
        "tests": [[on.isoformat(), result] for on, result in tests],
    }
    return Evidence(
        case_id=row["id"],
        code=row["code"],
        person_id=row["person_id"],
        stage=Stage(row["stage"]),
        name=name,
        given_name=row["given_name"],
        family_name=row["family_name"],
        age=_age(here, row),
        project=row["project"],
        colour=row["colour"],
        lines=way.progress.lines,
        ready=way.progress.ready,
        countersign=way.pack.pathway.countersign,
        sessions=shown.sessions,
        tests=tests,
        visited_on=visited_on,
        screened_on=row["screened_on"],
        said=tuple(_said(own, one) for one in json.loads(row["said"] or "[]")),
        close=frozenset(filter(None, [row["made_by"], *(row["buddies"] or ())])),
        record=record,
        hash=rules.record_hash(record),
    )


def _condition(line: Line) -> list[Any]:
    """Weeks and visits go on counting by themselves: enough is enough, else tomorrow's evidence would be another."""
    goes_on = line.condition in (Condition.WEEKS, Condition.VISITS)
    have = min(line.have, line.want) if goes_on else line.have
    return [str(line.condition), have, line.want, str(line.state), line.reason]


def _said(own: vault.PersonVault, one: list[Any]) -> Said:
    id_, kind, at, by, sealed = one
    text = own.unseal("assessment", "said", UUID(id_), base64.b64decode(sealed))
    return Said(Kind(kind), datetime.fromisoformat(at), by, text)


def _day(on: date | None) -> str | None:
    return on.isoformat() if on else None


def _age(here: Here, row: Any) -> int | None:
    if row["born_on"]:
        return clock.age(row["born_on"], here.today)
    return here.today.year - row["born_year"] if row["born_year"] else None
