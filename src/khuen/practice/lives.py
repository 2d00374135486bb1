"""The people in care of a practice district, each with a case, a buddy, stages and visits. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import NamedTuple
from uuid import UUID

from khuen.buddies.service import NewAssignment
from khuen.cases.rules import ConsentKind, Decision, Stage, Step
from khuen.cases.service import Consent, NewCase
from khuen.clock import BANGKOK
from khuen.district import Project, TenantFile
from khuen.members import NewMember
from khuen.people.service import NewPerson
from khuen.places import tambons
from khuen.practice import names
from khuen.practice.life import Visit, after_season, identity, last_visit, visits
from khuen.practice.plans import Ending, Kind, Plan
from khuen.rule_pack import RulePack

SAFETY = ("อย่าไปคนเดียว", "มีสุนัขดุ โทรก่อนเข้าบ้าน", "ไปช่วงเย็น กลางวันไปทำงาน")
FURTHER = "บัดดี้เดิมลาพัก ฝากเยี่ยมชั่วคราว (ตัวอย่าง)"
CLOSED = ("ย้ายออกนอกพื้นที่ (ตัวอย่าง)", "ขอออกจากโครงการ (ตัวอย่าง)", "ส่งต่อโรงพยาบาลจังหวัด (ตัวอย่าง)")
_LATE_DAYS = (0, 0, 0, 1, 4)  #: after how many days a closing is written down
_PROPOSERS = ("self", "family", "community", "hospital", "police", "administration")


class Newcomer(NamedTuple):
    """Whoever is enrolled; the case's project id is the project's place in the tenant file until it is loaded.

    `again`: the person is known from a case that was closed.
    """

    person: NewPerson
    case: NewCase
    buddy: NewAssignment | None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Life:
    """One case with everything that was invented for it."""

    newcomer: Newcomer
    pack: RulePack
    ending: Ending
    visits: tuple[Visit, ...]
    steps: tuple[Step, ...]
    handover: tuple[datetime, NewAssignment] | None

    @property
    def id(self) -> UUID:
        return self.newcomer.case.id

    @property
    def closed_on(self) -> date | None:
        return self.steps[-1].on if self.steps[-1].stage is Stage.CLOSED else None

    def buddy_at(self, at: datetime) -> UUID:
        """Only of a case that has one."""
        if self.handover and self.handover[0] <= at:
            return self.handover[1].member_id
        assert self.newcomer.buddy is not None
        return self.newcomer.buddy.member_id


class Wanted(NamedTuple):
    """A case as the plan asks for it."""

    kind: Kind
    project: Project
    opened_on: date
    late: int
    village: tuple[str, str]


@dataclass
class Making:
    """What is at hand while a world is made."""

    file: TenantFile
    plan: Plan
    chance: Random
    today: date
    members: list[NewMember] = field(default_factory=list)
    spares: list[NewMember] = field(default_factory=list)
    taken: set[tuple[str, str]] = field(default_factory=set)

    @property
    def until(self) -> datetime:
        """The last moment in which something may happen: the evening before."""
        return bangkok(self.today - timedelta(days=1), 20, 45)


def wanted(making: Making) -> list[Wanted]:
    """The cases of the plan, the oldest first."""
    found = []
    for kind in making.plan.kinds:
        project = making.file.projects[kind.project]
        villages = _villages(project, making.file, making.plan)
        for number in range(kind.count):
            days = making.chance.randint(*kind.opened)
            opened_on = making.today - timedelta(days=days)
            if making.plan.weekly:
                opened_on -= timedelta(days=opened_on.weekday())
            opened_on = max(project.starts_on, after_season(opened_on))
            late = kind.late[number % len(kind.late)] if kind.late else 0
            village = villages[0] if kind.shared else making.chance.choice(villages)
            found.append(Wanted(kind, project, min(opened_on, making.today - timedelta(days=1)), late, village))
    return sorted(found, key=lambda one: one.opened_on)


def lives(making: Making, cases: Sequence[Wanted], practice_buddy: UUID, begins_at: datetime) -> list[Life]:
    """The first case that is due on the day is the practice buddy's; everybody else has a buddy of the own village."""
    own = next((one for one in cases if one.kind.ending is Ending.DUE), None)
    shared: UUID | None = None
    found: list[Life] = []
    for number, one in enumerate(cases):
        buddy, reason = None, None
        former = _former(found) if one.kind.again else None
        if former:
            one = one._replace(village=(former.subdistrict_code or "", former.moo or ""))
        if one is own:
            buddy = practice_buddy
        elif one.kind.shared and shared:
            buddy, reason = shared, FURTHER
        elif one.kind.ending is not Ending.UNPAIRED:
            buddy = member(making, begins_at, ("buddy",), one.village).id
            shared = buddy if one.kind.shared else shared
        may_change = making.plan.detailed and one is not own and not one.kind.shared
        found.append(_life(making, one, number, buddy, reason, may_change, former))
    return found


def _former(found: Sequence[Life]) -> NewPerson | None:
    """The first of those whose case was closed and who have not come back yet."""
    back = {life.newcomer.person.id for life in found if life.newcomer.again}
    closed = (life.newcomer.person for life in found if life.closed_on)
    return next((who for who in closed if who.id not in back), None)


def member(making: Making, at: datetime, roles: tuple[str, ...], village: tuple[str, str] | None = None) -> NewMember:
    """A colleague, added to those who work in the district."""
    chance, number = making.chance, len(making.members)
    gender = "female" if chance.random() < 0.7 else "male"
    made = NewMember(
        id=identity(chance, at),
        called_name=f"{names.given_name(chance, gender)} {names.family_name(chance)}",
        roles=roles,
        phone=names.phone(9_999 - number),
        subdistrict_code=village[0] if village else None,
        moo=village[1] if village else None,
        gender=gender,
    )
    making.members.append(made)
    return made


def bangkok(on: date, hour: int, minute: int) -> datetime:
    """That time of day in Bangkok, in UTC."""
    return datetime.combine(on, time(hour, minute), BANGKOK).astimezone(UTC)


def _villages(project: Project, file: TenantFile, plan: Plan) -> list[tuple[str, str]]:
    if project.subdistrict_code and project.moo:
        return [(project.subdistrict_code, project.moo)]
    area = file.tenant.district_code or ""
    codes = [project.subdistrict_code] if project.subdistrict_code else [one.code for one in tambons(area)]
    return [(code, str(moo)) for code in codes for moo in range(1, plan.villages + 1)]


def _life(
    making: Making,
    one: Wanted,
    number: int,
    buddy: UUID | None,
    reason: str | None,
    may_change: bool,
    former: NewPerson | None,
) -> Life:
    chance, pack = making.chance, making.file.pack_of(one.project)
    opened_at = bangkok(one.opened_on, 9, 30)
    who = former or names.person(chance, identity(chance, opened_at), number, one.village, making.taken, one.opened_on)
    case = _case(making, one, who, identity(chance, opened_at), pack)
    steps = _steps(making, one, pack)
    assignment = NewAssignment(identity(chance, opened_at), case.id, buddy, reason) if buddy else None
    handover = _handover(making, one, assignment) if assignment and may_change else None
    if assignment and handover:
        assignment = NewAssignment(assignment.id, case.id, making.spares.pop().id)
    life = Life(Newcomer(who, case, assignment, former is not None), pack, one.kind.ending, (), steps, handover)
    return replace(life, visits=tuple(_visits(making, one, life))) if assignment else life


def _handover(making: Making, one: Wanted, assignment: NewAssignment) -> tuple[datetime, NewAssignment] | None:
    """Some buddies took over from another one, who is free again."""
    days = (making.until.date() - one.opened_on).days
    if days < 45 or not making.spares or one.kind.stage is Stage.CLOSED or making.chance.random() > 0.12:
        return None
    at = bangkok(one.opened_on + timedelta(days=round(days * making.chance.uniform(0.3, 0.6))), 10, 0)
    return at, NewAssignment(identity(making.chance, at), assignment.case_id, assignment.member_id)


def _visits(making: Making, one: Wanted, life: Life) -> list[Visit]:
    cadence, end = life.pack.visits, life.closed_on or making.today
    last = last_visit(making.chance, one.kind.ending, one.late, one.opened_on, cadence, end)
    if last is None:
        return []
    until = bangkok(life.closed_on, 15, 0) if life.closed_on else making.until
    return visits(making.chance, life.id, one.opened_on, last, cadence, until, life.buddy_at)


def _case(making: Making, one: Wanted, who: NewPerson, id_: UUID, pack: RulePack) -> NewCase:
    chance = making.chance
    return NewCase(
        id=id_,
        person_id=who.id,
        project_id=UUID(int=making.file.projects.index(one.project)),
        legal_basis=chance.choices(("s113", "s114", "court", "other"), (60, 30, 6, 4))[0],
        proposed_by=chance.choices(_PROPOSERS, (25, 25, 20, 12, 10, 8))[0],
        agreed_on=one.opened_on,
        safety_note=chance.choice(SAFETY) if chance.random() < 0.1 else "",
        consents=_consents(chance, who, pack, one.opened_on),
        opened_on=one.opened_on,
    )


def _consents(chance: Random, who: NewPerson, pack: RulePack, on: date) -> tuple[Consent, ...]:
    born = who.born_on.year if who.born_on else who.born_year or 0
    guardian = f"ผู้ปกครอง{names.given_name(chance, 'female')} {who.family_name}" if on.year - born <= 20 else None

    def consent(kind: ConsentKind, version: str, refused: float) -> Consent:
        decision = Decision.REFUSED if chance.random() < refused else Decision.GIVEN
        return Consent(kind, decision, version, on, guardian if decision is Decision.GIVEN else None)

    texts = pack.consent
    return (
        consent(ConsentKind.TREATMENT, texts.treatment, 0.0),
        consent(ConsentKind.SHARING, texts.sharing, 0.2),
        consent(ConsentKind.CONTACT, texts.contact, 0.12),
    )


def _steps(making: Making, one: Wanted, pack: RulePack) -> tuple[Step, ...]:
    """The stages in order, none later than the day before; what comes too late for its date is pressed together."""
    chance, yesterday = making.chance, making.today - timedelta(days=1)
    on, found = one.opened_on, [Step(Stage.ENROLLED, one.opened_on, bangkok(one.opened_on, 9, 30))]
    waits = {
        Stage.IN_TREATMENT: chance.randint(3, 7),
        Stage.AWAITING_DOCTOR: pack.pathway.min_weeks * 7 - chance.randint(0, 7),
        Stage.CERTIFIED: chance.randint(4, 21),
        Stage.CLOSED: chance.randint(20, 60),
    }
    reached = _way(one.kind.stage)
    for number, stage in enumerate(reached):
        on = min(on + timedelta(days=waits[stage]), yesterday)
        if stage is Stage.CLOSED:
            written_on = min(on + timedelta(days=chance.choice(_LATE_DAYS)), yesterday)
            found.append(Step(stage, on, bangkok(written_on, 16, 0), chance.choice(CLOSED)))
        else:
            found.append(Step(stage, on, bangkok(on, 14, number)))
    return tuple(found)


def _way(stage: Stage) -> list[Stage]:
    if stage is Stage.CLOSED:
        return [Stage.IN_TREATMENT, Stage.CLOSED]
    order = [Stage.ENROLLED, Stage.IN_TREATMENT, Stage.AWAITING_DOCTOR, Stage.CERTIFIED]
    return order[1 : order.index(stage) + 1]
