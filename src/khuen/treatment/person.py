"""One person's treatment: sessions, tests, home visits, and what came of asking after absences."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from khuen import audit, packs, vault
from khuen.cases.rules import STOPPED, Stage, too_late
from khuen.errors import Invalid, KeyReused, NotFound
from khuen.rule_pack import RulePack
from khuen.tenancy import Here, hot
from khuen.treatment import draw_rules, queries, rules
from khuen.treatment.rules import Kind, Mark, Reason, Said, Tally
from khuen.treatment.tallies import seed, stood
from khuen.treatment.urine import DAY_AHEAD, TestLine, tests_of


@dataclass(frozen=True, slots=True)
class Came:
    """How the person is marked at one session."""

    session_id: UUID
    kind: Kind
    title: str
    on: date
    place: str
    closed_as: Kind | None
    said: Said
    correction: str
    by: str | None


@dataclass(frozen=True, slots=True)
class HomeVisit:
    """`note` is None for whoever may only know that somebody was there."""

    on: date
    by: str
    backdated: bool
    note: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Contact:
    reached: bool
    note: str = field(repr=False)
    at: datetime
    by: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """An absence and what came of asking after it."""

    id: UUID
    on: date
    due_on: date
    closed_as: str | None
    contacts: tuple[Contact, ...]


@dataclass(frozen=True, slots=True)
class Clinical:
    """What the clinic and the doctor see beyond the others. Days of the next tests are not for the person to know."""

    negatives: int
    test_day: date
    extra_day: date | None


@dataclass(frozen=True, slots=True)
class PersonPage:
    case_id: UUID
    code: str
    name: str
    project: str
    stage: Stage
    opened_on: date
    stopped_on: date | None
    tally: Tally
    pack: RulePack
    came: tuple[Came, ...]
    tests: tuple[TestLine, ...]
    visits: tuple[HomeVisit, ...]
    asked: tuple[Asked, ...]
    clinical: Clinical | None
    clinicians: tuple[tuple[UUID, str], ...]


async def treatment_of(here: Here, code: str, *, results: bool) -> PersonPage:
    """The whole of one case's treatment, with an audit row. `results` for the clinic and the doctor only.

    Without it nothing that a test said, no note of a visit and no count of negative tests is read. Raises NotFound.
    """
    rows = await hot(queries.CASE, code)
    if not rows:
        raise NotFound
    row, case_id = rows[0], rows[0]["case_id"]
    pack = await packs.pack(here, row["pack_id"])
    own = await vault.person(here, row["person_id"])
    opened = own if results else None
    tally = stood(row) if row["tally_id"] else rules.tally(row["opened_on"], (), (), pack.pathway.urine_every_days)
    found = PersonPage(
        case_id=case_id,
        code=row["code"],
        name=f"{row['prefix']}{row['given_name']} {row['family_name']}".strip(),
        project=row["project"],
        stage=Stage(row["stage"]),
        opened_on=row["opened_on"],
        stopped_on=row["stopped_on"],
        tally=tally,
        pack=pack,
        came=tuple(_came(one) for one in await hot(queries.ATTENDED, case_id)),
        tests=tuple(await tests_of(case_id, opened)),
        visits=tuple(_visit(opened, one) for one in await hot(queries.HOME_VISITS, case_id)),
        asked=tuple(_asked(own, one) for one in await hot(queries.ASKED, case_id)),
        clinical=await _clinical(here, case_id, tally) if results else None,
        clinicians=tuple((one["id"], one["called_name"]) for one in await hot(queries.CLINICIANS)),
    )
    await audit.record(here, "case:seen", case_id, page="treatment")
    return found


async def record_home_visit(here: Here, code: str, *, key: UUID, by: UUID, on: date, note: str) -> None:
    """What the clinic saw at somebody's home, sealed. Harmless twice by `key`. Raises NotFound, Invalid, KeyReused."""
    rows = await hot(queries.CASE, code)
    if not rows:
        raise NotFound
    row = rows[0]
    if by not in {one["id"] for one in await hot(queries.CLINICIANS)}:
        raise NotFound
    if on > here.today or on < row["opened_on"]:
        raise Invalid({"visited_on": DAY_AHEAD if on > here.today else rules.NOT_YET_ENROLLED})
    if too_late(row["stopped_on"], on):
        raise Invalid({"visited_on": STOPPED})
    own = await vault.person(here, row["person_id"])
    late = rules.backdated(on, here.today)
    sealed = own.seal("home_visit", "note", key, note)
    if await hot(queries.HOME_VISIT, key, row["case_id"], by, on, sealed, late, here.now, here.member_id):
        await audit.record(here, "home-visit:made", row["case_id"])
        return
    first = (await hot(queries.HOME_VISIT_SENT, key))[0]
    kept = (first["case_id"], first["member_id"], first["visited_on"])
    if kept != (row["case_id"], by, on) or own.unseal("home_visit", "note", key, first["note_sealed"]) != note:
        raise KeyReused


async def _clinical(here: Here, case_id: UUID, tally: Tally) -> Clinical:
    own = seed(await vault.open_tenant(here), case_id)
    percent = (await packs.settings_of(here)).treatment.extra_tests_percent
    window = draw_rules.Window(tally.opens_on, tally.closes_on)
    return Clinical(tally.negatives, draw_rules.test_day(own, window), draw_rules.extra_day(own, here.today, percent))


def _came(row: Any) -> Came:
    return Came(
        session_id=row["id"],
        kind=Kind(row["kind"]),
        title=row["title"],
        on=row["on_date"],
        place=row["place"],
        closed_as=Kind(row["closed_as"]) if row["closed_as"] else None,
        said=Said(Mark(row["mark"]), Reason(row["reason"]) if row["reason"] else None),
        correction=row["correction"],
        by=row["by"],
    )


def _visit(own: vault.PersonVault | None, row: Any) -> HomeVisit:
    note = own.unseal("home_visit", "note", row["id"], row["note_sealed"]) if own else None
    return HomeVisit(row["visited_on"], row["by"], row["backdated"], note)


def _asked(own: vault.PersonVault, row: Any) -> Asked:
    contacts: Sequence[Any] = json.loads(row["contacts"] or "[]")
    return Asked(
        row["id"],
        row["on_date"],
        row["due_on"],
        row["closed_as"],
        tuple(
            Contact(
                reached,
                own.unseal("absence_contact", "note", UUID(id_), base64.b64decode(sealed)),
                datetime.fromisoformat(at),
                by,
            )
            for id_, reached, sealed, at, by in contacts
        ),
    )
