"""A practice district as it would stand after months of work, invented from a seed and a day. Touches nothing.

Same file, plan, seed and day: same world, to the last id. Nothing happens on the day itself: it belongs to whoever
practises. Rules are the rooms' own; only what people do is invented here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

import msgspec

from khuen.buddies.service import NewAssignment
from khuen.cases.rules import Step
from khuen.district import TenantFile
from khuen.members import NewMember
from khuen.practice import answers, drafts, screens, telling
from khuen.practice.after import NOTHING, After, what_followed
from khuen.practice.answers import Act, Note, Seen, Slip
from khuen.practice.courses import Course, course
from khuen.practice.drafts import Begun
from khuen.practice.elsewhere import NOWHERE, Elsewhere, elsewhere
from khuen.practice.gatherings import Gathering, gatherings
from khuen.practice.gatherings import acts as meeting_acts
from khuen.practice.lives import Life, Making, Newcomer, Wanted, bangkok, lives, member, wanted
from khuen.practice.livings import Living, living
from khuen.practice.plans import Plan
from khuen.practice.screens import Asked, Coloured
from khuen.practice.telling import Office, Told

ROLES = ("coordinator", "buddy", "clinic", "doctor", "chair", "hospital_director", "tenant_admin")
HANDED_OVER = "ย้ายไปทำงานต่างพื้นที่ (ตัวอย่าง)"


@dataclass(frozen=True, slots=True)
class World:
    slug: str
    begins_at: datetime  #: before everything else
    until: datetime  #: the last moment in which something happened
    members: tuple[NewMember, ...]
    roles: dict[str, UUID]  #: whom the button of a role stands for
    lives: tuple[Life, ...]
    seen: tuple[Seen, ...]
    notes: tuple[Note, ...] = ()
    slips: tuple[Slip, ...] = ()
    acts: tuple[Act, ...] = ()
    told: tuple[Told, ...] = ()
    begun: tuple[Begun, ...] = ()
    course: Course | None = None
    asked: tuple[Asked, ...] = ()
    coloured: tuple[Coloured, ...] = ()
    after: After = NOTHING
    meetings: tuple[Gathering, ...] = ()
    living: Living | None = None
    elsewhere: Elsewhere = NOWHERE

    @property
    def check_ins(self) -> int:
        return sum(len(life.visits) for life in self.lives) + len(self.slips)

    def digest(self) -> str:
        """SHA-256 over all of it in the clear: no key, nonce or link of a chain is part of a world."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()


@dataclass(frozen=True, slots=True)
class Moment:
    """What a coordinator did at one moment through the rooms' services."""

    at: datetime
    intake: tuple[Newcomer, ...] = ()
    handover: NewAssignment | None = None
    closing: tuple[UUID, Step] | None = None


def invent(file: TenantFile, plan: Plan, *, seed: int, today: date) -> World:
    """The world of one district on one day."""
    making = Making(file, plan, Random(f"{seed} {file.tenant.slug} {today}"), today)
    cases = wanted(making)
    begins_at = bangkok(cases[0].opened_on - timedelta(days=7), 9, 0)
    roles, office = _staff(making, begins_at, cases)
    making.spares = [
        member(making, begins_at, ("buddy",), making.chance.choice(cases).village) for _ in range(plan.spare_buddies)
    ]
    found = lives(making, cases, roles["buddy"], begins_at)
    seen = answers.acknowledged(making.chance, found, roles["coordinator"], making.until)
    world = World(file.tenant.slug, begins_at, making.until, tuple(making.members), roles, tuple(found), tuple(seen))
    if not plan.detailed:
        return world
    name = f"{seed} {file.tenant.slug} {today}"
    screened = _screened(_detailed(world, making, office, cases), Random(f"{name} screening"))
    followed = _followed(screened, Random(f"{name} after"))
    gone = _gone(followed, Random(f"{name} elsewhere"), file, today)
    earned = _earned(gone, Random(f"{name} living"), today)
    return _met(earned, Random(f"{name} meetings"), file, today)


def moments(world: World) -> list[Moment]:
    """In order of time."""
    by_day: dict[date, list[Newcomer]] = {}
    found = []
    for life in world.lives:
        by_day.setdefault(life.steps[0].on, []).append(life.newcomer)
        if life.handover:
            found.append(Moment(life.handover[0], handover=life.handover[1]))
        if life.closed_on:
            found.append(Moment(life.steps[-1].recorded_at, closing=(life.id, life.steps[-1])))
    found += [Moment(bangkok(day, 9, 30), intake=tuple(some)) for day, some in by_day.items()]
    return sorted(found, key=lambda moment: moment.at)


def _staff(making: Making, at: datetime, cases: list[Wanted]) -> tuple[dict[str, UUID], Office]:
    """The office and who stands behind each role's button; a second coordinator keeps the first one company."""
    village = next((one.village for one in cases if one.kind.ending == "due"), cases[0].village)
    roles = {role: member(making, at, (role,), village if role == "buddy" else None).id for role in ROLES}
    coordinators = (roles["coordinator"], member(making, at, ("coordinator",)).id)
    told = making.file.settings.escalation.overdue_to
    others = tuple(roles[role] for role in told if role != "coordinator")
    return roles, Office(coordinators, (*(coordinators if "coordinator" in told else ()), *others))


def _screened(world: World, chance: Random) -> World:
    """Forms and colours, by a chance of their own: everything else stays as it was without them."""
    roles = world.roles
    asked, coloured = screens.screened(chance, world.lives, roles["clinic"], roles["doctor"], world.until)
    acts = sorted([*world.acts, *screens.told(asked, coloured)], key=lambda act: act.at)
    return replace(world, asked=tuple(asked), coloured=tuple(coloured), acts=tuple(acts))


def _followed(world: World, chance: Random) -> World:
    """Slips, ends and rounds, by a chance of their own too."""
    found = what_followed(chance, world.lives, world.until)
    acts = sorted([*world.acts, *found.acts(world.roles["clinic"], world.roles["coordinator"])], key=lambda act: act.at)
    return replace(world, after=found, acts=tuple(acts))


def _gone(world: World, chance: Random, file: TenantFile, today: date) -> World:
    """Who was away, was sent to a hospital or moves to another project, by a chance of their own too."""
    found = elsewhere(chance, world.lives, file.projects, today)
    told = found.acts(world.roles["coordinator"], world.roles["clinic"])
    return replace(world, elsewhere=found, acts=tuple(sorted([*world.acts, *told], key=lambda act: act.at)))


def _earned(world: World, chance: Random, today: date) -> World:
    """Courses, grants and work, by a chance of their own too."""
    found = living(chance, today, world.lives, world.roles["coordinator"])
    acts = sorted([*world.acts, *found.acts], key=lambda act: act.at)
    return replace(world, living=found, acts=tuple(acts))


def _met(world: World, chance: Random, file: TenantFile, today: date) -> World:
    """The weekly meetings, by a chance of their own too."""
    called = {member.id: member.called_name for member in world.members}
    met = gatherings(chance, file, world.lives, world.roles, called, today)
    acts = sorted([*world.acts, *meeting_acts(met, world.roles["coordinator"])], key=lambda act: act.at)
    return replace(world, meetings=tuple(met), acts=tuple(acts))


def _detailed(world: World, making: Making, office: Office, cases: list[Wanted]) -> World:
    chance, plan = making.chance, making.plan
    notes = answers.noted(chance, world.lives)
    slipped = answers.slips(chance, world.lives, 3)
    acts = answers.acts(world.lives, world.seen, notes, slipped, world.roles["clinic"])
    days = [making.today - timedelta(days=days) for days in range(plan.told_days, 0, -1)]
    told = telling.messages(chance, world.lives, world.seen, slipped, office, making.file.settings, days)
    begun = drafts.begun(chance, plan.drafts, cases[-1].village, making.until)
    treated = course(making, world.lives, world.roles["coordinator"], world.roles["clinic"])
    return replace(
        world,
        notes=tuple(notes),
        slips=tuple(slipped),
        acts=tuple(sorted([*acts, *treated.acts], key=lambda act: act.at)),
        told=tuple(told),
        begun=tuple(begun),
        course=treated,
    )
