"""From entries that were read to people, cases, consents, first visits and buddies: for form and spreadsheet alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from khuen import packs
from khuen.buddies import service as buddies
from khuen.buddies.service import NewAssignment
from khuen.cases import service as cases
from khuen.cases.rules import ConsentKind, Decision, Stage, Step
from khuen.cases.service import Consent, NewCase, ProjectCard
from khuen.enrolment import queries
from khuen.enrolment.rules import Entry
from khuen.errors import NotFound
from khuen.followups import service as followups
from khuen.ids import uuid7
from khuen.people import pairs
from khuen.people import service as people
from khuen.people.rules import SameBy
from khuen.people.service import NewPerson
from khuen.rule_pack import RulePack
from khuen.tenancy import Here, hot


@dataclass(frozen=True, slots=True)
class Opening:
    """One enrolment about to happen. `known_person` is somebody registered before, for whom a further case begins;
    `apart` are those who look alike and of whom somebody said that they are other people.
    """

    case_id: UUID
    entry: Entry = field(repr=False)
    known_person: UUID | None = None
    buddy: UUID | None = None
    extra_reason: str | None = None
    apart: Mapping[UUID, SameBy] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resembling:
    """Somebody registered here who may be the same person. `by` says why: national_id, phone, name."""

    person_id: UUID
    name: str
    called_name: str
    subdistrict_code: str | None
    moo: str | None
    by: str
    code: str | None
    open_case: bool


async def open_many(
    here: Here, project: ProjectCard, openings: list[Opening], batch_id: UUID | None = None
) -> dict[UUID, str]:
    """Register who is new, open the cases, begin their visits, give them their buddies: case id -> code.

    Raises Conflict when one of them is here already: same national id, or an open case.
    """
    pack = await packs.pack(here, project.pack_id)
    new = [person_of(one.entry, uuid7(here.now)) for one in openings if one.known_person is None]
    await people.register(here, new)
    ids = iter(new)
    opened = [_case(one, one.known_person or next(ids).id, project, pack, batch_id) for one in openings]
    codes = await cases.open_cases(here, opened)
    for one, case in zip(openings, opened, strict=True):
        if one.apart:
            await pairs.enrolled_apart(here, case.person_id, one.apart)
    await followups.begin(here, [(case.id, here.today, pack) for case in opened])
    await buddies.assign(
        here,
        [
            NewAssignment(uuid7(here.now), one.case_id, one.buddy, one.extra_reason)
            for one in openings
            if one.buddy is not None
        ],
    )
    return codes


async def close_all(here: Here, case_ids: list[UUID], reason: str) -> None:
    """Close cases that were opened by mistake: a step with the reason, no more visits, no buddy."""
    if not case_ids:
        return
    await cases.record_steps(here, [(id_, Step(Stage.CLOSED, here.today, here.now, reason)) for id_ in case_ids])
    await followups.finish(here, *case_ids)
    for paired in await hot(queries.PAIRED, case_ids):
        await buddies.end(here, paired["case_id"], reason)


async def resembling(here: Here, matches: list[people.Match]) -> tuple[Resembling, ...]:
    """Who somebody may be, with the newest case of each, for a comparison side by side."""
    held = {row["person_id"]: row for row in await hot(queries.CASES_OF, [match.person_id for match in matches])}
    return tuple(
        Resembling(
            match.person_id,
            f"{match.given_name} {match.family_name}".strip(),
            match.called_name,
            match.subdistrict_code,
            match.moo,
            str(match.by),
            case["code"] if (case := held.get(match.person_id)) else None,
            bool(case and case["stage"] != "closed"),
        )
        for match in matches
    )


def person_of(entry: Entry, id_: UUID) -> NewPerson:
    return NewPerson(
        id=id_,
        prefix=entry.prefix,
        given_name=entry.given_name,
        family_name=entry.family_name,
        called_name=entry.called_name,
        sex=entry.sex,
        born_on=entry.born_on,
        born_year=entry.born_year,
        national_id=entry.national_id,
        phone=entry.phone,
        house=entry.house,
        subdistrict_code=entry.subdistrict_code,
        moo=entry.moo,
    )


async def project_of(here: Here, project_id: UUID | None) -> ProjectCard:
    """Raises NotFound."""
    for project in await cases.projects(here):
        if project.id == project_id:
            return project
    raise NotFound


async def near_of(here: Here) -> str:
    """Code of the district in which most projects lie: its tambons win among those of one name. "" when none says."""
    lie_in = Counter(project.subdistrict_code[:4] for project in await cases.projects(here) if project.subdistrict_code)
    return lie_in.most_common(1)[0][0] if lie_in else ""


def _case(one: Opening, person_id: UUID, project: ProjectCard, pack: RulePack, batch_id: UUID | None) -> NewCase:
    entry = one.entry
    consents = tuple(
        Consent(
            kind=ConsentKind(kind),
            decision=Decision(decision),
            version=pack.consent.version(kind),
            decided_on=entry.consents_on or entry.agreed_on,
            guardian=entry.guardian or None if decision == "given" else None,
        )
        for kind, decision in entry.consents.items()
    )
    return NewCase(
        id=one.case_id,
        person_id=person_id,
        project_id=project.id,
        legal_basis=entry.legal_basis,
        proposed_by=entry.proposed_by,
        agreed_on=entry.agreed_on,
        safety_note=entry.safety_note,
        consents=consents,
        batch_id=batch_id,
    )
