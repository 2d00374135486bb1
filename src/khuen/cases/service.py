"""Opening cases, writing down their steps and consents, finding them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from khuen import audit, packs, vault
from khuen.cases import queries
from khuen.cases.rules import ConsentKind, Decision, Stage, Step, is_code, stage_of
from khuen.cases.tables import CaseFile, CaseStep, Project
from khuen.errors import Conflict, KeyReused, NotFound
from khuen.ids import case_code, uuid7
from khuen.msgid import N_
from khuen.people import service as people
from khuen.people.rules import asked as read_asked
from khuen.tenancy import Here, hot, many

OPEN_ALREADY = N_("This person already has an open case here")


@dataclass(frozen=True, slots=True)
class Consent:
    """One of the three consents as it was decided; `guardian` is the name of who consented beside a minor."""

    kind: ConsentKind
    decision: Decision
    version: str
    decided_on: date
    guardian: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class NewCase:
    id: UUID
    person_id: UUID
    project_id: UUID
    legal_basis: str
    proposed_by: str
    agreed_on: date
    safety_note: str = ""
    consents: tuple[Consent, ...] = ()
    batch_id: UUID | None = None
    opened_on: date | None = None  #: today unless an import says otherwise


@dataclass(frozen=True, slots=True)
class ProjectCard:
    id: UUID
    name: str
    level: str
    subdistrict_code: str | None
    moo: str | None
    starts_on: date
    ends_on: date | None
    pack_id: UUID


@dataclass(frozen=True, slots=True)
class FoundCase:
    """One line of a search."""

    id: UUID
    code: str
    person_id: UUID
    stage: str
    given_name: str
    family_name: str
    called_name: str
    subdistrict_code: str | None
    moo: str | None
    born_year: int | None
    alike: bool = False  #: found by the sound of the name only


def asked_code(text: str) -> str:
    """A part of an address as a case code. Raises NotFound: nothing else is worth a query."""
    if not is_code(text):
        raise NotFound
    return text


async def open_cases(here: Here, new: list[NewCase]) -> dict[UUID, str]:
    """Open cases and answer their codes; one that is open already keeps the code it has.

    Raises Conflict when a person has another open case, KeyReused when an id stands for another person's case,
    NotFound for a project that is not here.
    """
    known = await _codes(new)
    fresh = [case for case in new if case.id not in known]
    if fresh:
        last = (await hot(queries.TAKE_NUMBERS, uuid7(here.now), len(fresh)))[0]["value"]
        known = await _codes(new)  # again, behind the lock: somebody may have sent the same form a moment ago
        fresh = [case for case in fresh if case.id not in known]
        prefix = (await packs.settings_of(here)).case_code.prefix
        codes = {case.id: case_code(prefix, last - number) for number, case in enumerate(reversed(fresh))}
        await _write(here, fresh, codes)
        known |= codes
    return known


async def projects(here: Here) -> list[ProjectCard]:
    """The projects of the district, the newest first."""
    rows = await Project.select().order_by(Project.starts_on, ascending=False)
    return [ProjectCard(**{name: row[name] for name in ProjectCard.__slots__}) for row in rows]


async def record_step(
    here: Here, case_id: UUID, stage: Stage, on: date, reason: str = "", *, key: UUID | None = None
) -> None:
    """Write down that a case reached a stage; a date in the past is put in its place. Harmless twice by `key`.

    Raises NotFound.
    """
    row = (
        await CaseFile.select(CaseFile.id, CaseFile.stage)
        .where(CaseFile.id == case_id)
        .lock_rows("NO KEY UPDATE")
        .first()
    )
    if row is None:
        raise NotFound
    values = (key or uuid7(here.now), case_id, stage, on, reason, here.now, here.member_id)
    if not await hot(queries.STEP, *values):
        return
    await _restage(case_id)
    await audit.record(here, "case:stage_changed", case_id, before=row["stage"], after=str(stage))


async def record_steps(here: Here, steps: list[tuple[UUID, Step]]) -> None:
    """Steps of many cases at once, in one flight each for rows and stages: for imports and practice data."""
    await many(
        queries.STEP,
        [
            (uuid7(step.recorded_at), id_, step.stage, step.on, step.reason, step.recorded_at, None)
            for id_, step in steps
        ],
    )
    own: dict[UUID, list[Step]] = {}
    for id_, step in steps:
        own.setdefault(id_, []).append(step)
    reached: dict[Stage, list[UUID]] = {}
    for id_, taken in own.items():
        reached.setdefault(stage_of(taken), []).append(id_)
    for stage, ids in reached.items():
        await hot(queries.STAGE, ids, stage)


async def steps(here: Here, case_id: UUID) -> list[Step]:
    """The steps of a case in order of date."""
    rows = await CaseStep.select().where(CaseStep.case_id == case_id).order_by(CaseStep.on_date, CaseStep.recorded_at)
    return [Step(Stage(row["stage"]), row["on_date"], row["recorded_at"], row["reason"]) for row in rows]


async def correct_safety_note(here: Here, case_id: UUID, text: str) -> None:
    """What a buddy must know before going there. Raises NotFound."""
    changed = await CaseFile.update({CaseFile.safety_note: text}).where(CaseFile.id == case_id).returning(CaseFile.id)
    if not changed:
        raise NotFound
    await audit.record(here, "case:corrected", case_id, fields="safety_note")


async def record_colour(here: Here, case_id: UUID, colour: str) -> None:
    """The word of the newest decision; who decided, when and why is kept by whoever decides. Raises NotFound."""
    if not await hot(queries.COLOUR, case_id, colour):
        raise NotFound


async def record_colours(colours: list[tuple[UUID, str]]) -> None:
    """The same for many, in one flight: (case id, colour)."""
    await many(queries.COLOUR, colours)


async def record_test_days(days: list[tuple[UUID, date]]) -> None:
    """The day drawn for the next test of each case: (case id, day). The treatment room draws it."""
    if days:
        await many(queries.TEST_DAY, days)


async def record_ready(ready: list[tuple[UUID, bool]]) -> None:
    """Whether everything that the pack of a case asks for is there. The pathway works it out."""
    if ready:
        await many(queries.READY, ready)


async def record_projects(projects: list[tuple[UUID, UUID]]) -> None:
    """Cases that go on in another project, in one flight: (case id, project id). Each keeps its rule pack."""
    await many("UPDATE case_file SET project_id = $3 WHERE tenant_id = $1 AND id = $2", projects)


async def record_consent(here: Here, case_id: UUID, consent: Consent, *, key: UUID) -> None:
    """A further decision about a consent (given later, withdrawn); nothing is overwritten. Harmless twice by `key`.

    Raises NotFound, KeyReused when the key stands for another decision.
    """
    # one decision after the other: the last one is what the plan of visits keeps
    case = await CaseFile.select(CaseFile.person_id).where(CaseFile.id == case_id).lock_rows("NO KEY UPDATE").first()
    if case is None:
        raise NotFound
    own = await vault.person(here, case["person_id"])
    if await hot(queries.CONSENT, *_consent_row(here, own, key, case_id, consent)):
        await audit.record(
            here, f"consent:{consent.decision}", case_id, kind=str(consent.kind), version=consent.version
        )
        return
    first = (await hot(queries.CONSENT_OF, key))[0]
    if tuple(first) != (case_id, consent.kind, consent.decision):
        raise KeyReused


async def latest_consents(here: Here, case_id: UUID) -> dict[ConsentKind, Consent]:
    """The decision that stands for each consent; one that was never asked is missing."""
    rows = await hot(queries.LATEST_CONSENTS, case_id)
    own = await vault.person(here, rows[0]["person_id"]) if any(row["guardian_sealed"] for row in rows) else None
    return {ConsentKind(row["kind"]): _consent(own, row) for row in rows}


async def stands(here: Here, code: str) -> bool:
    """Whether there is a case of this code, of somebody who is not forgotten."""
    return bool(await hot(queries.OF_PEOPLE, [], code, 1))


async def find(here: Here, text: str, limit: int = 20) -> list[FoundCase]:
    """Cases by the beginning of a name, code, phone number, national id or its last four, as typed in one box."""
    asked = read_asked(text)
    found = [] if asked.code else await people.search(here, asked, limit)
    if not found and not asked.code:
        return []
    rows = await hot(queries.OF_PEOPLE, [person.person_id for person in found], asked.code, limit)
    alike = {person.person_id for person in found if person.alike}
    return sorted((_found(row, row["person_id"] in alike) for row in rows), key=lambda case: case.alike)


async def _codes(cases: Iterable[NewCase]) -> dict[UUID, str]:
    wanted = {case.id: case.person_id for case in cases}
    rows = await hot(queries.CODES, list(wanted))
    if any(row["person_id"] != wanted[row["id"]] for row in rows):
        raise KeyReused
    return {row["id"]: row["code"] for row in rows}


async def _write(here: Here, cases: list[NewCase], codes: dict[UUID, str]) -> None:
    pack_of = {project.id: project.pack_id for project in await projects(here)}
    living = await people.living(here, [case.person_id for case in cases])
    if any(case.project_id not in pack_of or case.person_id not in living for case in cases):
        raise NotFound
    cases = [replace(case, person_id=living[case.person_id]) for case in cases]  # some were merged a moment ago
    try:
        await many(queries.OPEN, [_case_row(here, case, codes[case.id], pack_of[case.project_id]) for case in cases])
    except asyncpg.UniqueViolationError as error:
        raise Conflict(OPEN_ALREADY) from error
    await many(
        queries.STEP,
        [
            (uuid7(here.now), case.id, Stage.ENROLLED, case.opened_on or here.today, "", here.now, here.member_id)
            for case in cases
        ],
    )
    keys = await vault.persons(here, [case.person_id for case in cases if case.consents])
    await many(
        queries.CONSENT,
        [
            _consent_row(here, keys[case.person_id], uuid7(here.now), case.id, consent)
            for case in cases
            for consent in case.consents
        ],
    )
    await _record_opening(here, cases)


async def _record_opening(here: Here, cases: list[NewCase]) -> None:
    """One row for a case; one for a whole batch, whose own row says which cases it made."""
    if len(cases) == 1:
        await audit.record(here, "case:opened", cases[0].id)
    elif cases:
        await audit.record(here, "case:opened", cases[0].batch_id, count=len(cases))


def _case_row(here: Here, case: NewCase, code: str, pack_id: UUID) -> tuple[Any, ...]:
    return (
        case.id,
        code,
        case.person_id,
        case.project_id,
        pack_id,
        case.legal_basis,
        case.proposed_by,
        case.agreed_on,
        case.opened_on or here.today,
        case.safety_note,
        case.batch_id,
        here.now,
        here.member_id,
    )


def _consent_row(here: Here, own: vault.PersonVault, key: UUID, case_id: UUID, consent: Consent) -> tuple[Any, ...]:
    guardian = own.seal("consent", "guardian", key, consent.guardian) if consent.guardian else None
    return (
        key,
        case_id,
        consent.kind,
        consent.decision,
        consent.version,
        consent.decided_on,
        guardian,
        here.now,
        here.member_id,
    )


def _consent(own: vault.PersonVault | None, row: Any) -> Consent:
    sealed = row["guardian_sealed"]
    guardian = own.unseal("consent", "guardian", row["id"], sealed) if own and sealed else None
    return Consent(ConsentKind(row["kind"]), Decision(row["decision"]), row["version"], row["decided_on"], guardian)


async def _restage(case_id: UUID) -> None:
    rows = await CaseStep.select().where(CaseStep.case_id == case_id)
    stage = stage_of(Step(Stage(row["stage"]), row["on_date"], row["recorded_at"]) for row in rows)
    await hot(queries.STAGE, [case_id], stage)


def _found(row: Any, alike: bool) -> FoundCase:
    born = row["born_on"].year if row["born_on"] else row["born_year"]
    return FoundCase(
        row["id"],
        row["code"],
        row["person_id"],
        row["stage"],
        row["given_name"],
        row["family_name"],
        row["called_name"],
        row["subdistrict_code"],
        row["moo"],
        born,
        alike,
    )
