"""The weekly meetings of the last months and the province's last one: what came before them, what was decided and what
became of it. Pure.

What a meeting saw is invented, week by week; only today's agenda, which is still to come, follows the district's data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import NamedTuple
from uuid import UUID

from khuen.cases.rules import Stage
from khuen.district import TenantFile
from khuen.meetings import rules
from khuen.meetings.rules import AGENCIES, DECISIONS, Kind, Matter, Promise, Section, Task
from khuen.practice.answers import Act
from khuen.practice.life import identity
from khuen.practice.lives import Life, bangkok

WEEKS = 20
_SUBSTITUTE = ("ปลัดอำเภออาวุโส (ตัวอย่าง)", "นายอำเภอไปราชการที่จังหวัด (ตัวอย่าง)")
_REASON = "ย้ายไปอยู่บ้านญาติชั่วคราว (ตัวอย่าง)"
_TEXTS = ("ไปช่วงเย็นหลังเลิกงาน (ตัวอย่าง)", "ประสานผู้ใหญ่บ้านก่อน (ตัวอย่าง)", "")
_SECTIONS = (Section.URGENT, Section.OVERDUE, Section.NO_SHOWS, Section.STUCK)
_PER_SECTION = (1, 2, 1, 1)


class Step(NamedTuple):
    """What somebody said about a task."""

    id: UUID
    state: Task
    reason: str
    at: datetime


class Decided(NamedTuple):
    """A decision and the last word on it."""

    id: UUID
    item_id: UUID
    case_id: UUID
    kind: str
    text: str
    owner_id: UUID
    due_on: date
    at: datetime
    step: Step | None

    def state(self, at: datetime) -> Task:
        return self.step.state if self.step and self.step.at <= at else Task.OPEN


class Item(NamedTuple):
    """A matter; its code is filled in when the cases have theirs."""

    id: UUID
    matter: Matter


@dataclass(frozen=True, slots=True)
class Gathering:
    """One meeting. The one of the day itself is planned and has nothing yet."""

    id: UUID
    kind: Kind
    on: date
    number: int
    planned_at: datetime
    opened_at: datetime | None = None
    ended_at: datetime | None = None
    substitute: tuple[str, str] | None = None  #: (who, why)
    came: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    decided: tuple[Decided, ...] = ()


def gatherings(
    chance: Random,
    file: TenantFile,
    lives: Sequence[Life],
    roles: dict[str, UUID],
    called: dict[UUID, str],
    today: date,
) -> list[Gathering]:
    """The last of them is the day's own. In a historical district the chief chairs every one (B10)."""
    until = bangkok(today - timedelta(days=1), 20, 45)
    days = _days(file, min(life.steps[0].on for life in lives), today)
    found: list[Gathering] = []
    numbers: dict[int, int] = {}
    for place, on in enumerate(days):
        year = rules.fiscal_year(on)
        numbers[year] = numbers.get(year, 0) + 1
        planned_at = bangkok(on - timedelta(days=6), 11, 15)
        one = Gathering(identity(chance, planned_at), Kind.WEEKLY, on, numbers[year], planned_at)
        if on < today:
            earlier = [made for before in found[-2:] for made in before.decided]
            one = _held(chance, one, lives, roles, called, earlier, until, last=place == len(days) - 2)
            if file.tenant.as_of is None and place % 9 == 4:
                one = replace(one, substitute=_SUBSTITUTE)
        found.append(one)
    return [*found, _province(chance, file, lives, roles, called, today, until)]


def _province(
    chance: Random,
    file: TenantFile,
    lives: Sequence[Life],
    roles: dict[str, UUID],
    called: dict[UUID, str],
    today: date,
    until: datetime,
) -> Gathering:
    """The province's last one, of the two of a month (E03)."""
    on = rules.working_day(today - timedelta(days=12), set(file.settings.holidays.dates))
    planned_at = bangkok(on - timedelta(days=8), 13, 30)
    one = Gathering(identity(chance, planned_at), Kind.PROVINCE, on, 1, planned_at)
    return _held(chance, one, lives, roles, called, (), until, last=False)


def acts(made: Sequence[Gathering], by_id: UUID) -> list[Act]:
    """The audit rows of it, in no order."""
    found = []
    for one in made:
        kind: dict[str, str | int] = {"kind": str(one.kind)}
        found.append(Act(one.planned_at, by_id, "meeting:planned", one.id, kind))
        if one.opened_at and one.ended_at:
            found.append(Act(one.opened_at, by_id, "meeting:opened", one.id, kind))
            found.append(Act(one.ended_at, by_id, "meeting:closed", one.id, kind))
        found += [Act(d.at, by_id, "decision:made", d.case_id, {"kind": d.kind}) for d in one.decided]
        found += [
            Act(d.step.at, d.owner_id, "task:told", d.id, {"state": d.step.state.value}) for d in one.decided if d.step
        ]
    return found


def _days(file: TenantFile, begins_on: date, today: date) -> list[date]:
    """Weekly on the district's own weekday, holidays moved; the last one is today."""
    holidays = set(file.settings.holidays.dates)
    own = rules.next_date(Kind.WEEKLY, [], file.settings.meetings.weekday, (), today - timedelta(days=7))
    usual = [own - timedelta(weeks=week) for week in range(WEEKS, -1, -1)]
    moved = [rules.working_day(on, holidays) for on in usual]
    return [on for on in moved if begins_on + timedelta(days=7) < on < today] + [today]


def _held(
    chance: Random,
    one: Gathering,
    lives: Sequence[Life],
    roles: dict[str, UUID],
    called: dict[UUID, str],
    earlier: Sequence[Decided],
    until: datetime,
    *,
    last: bool,
) -> Gathering:
    opened_at = bangkok(one.on, 9, 30) + timedelta(minutes=chance.randint(0, 12))
    matters = [*_promised(earlier, called, opened_at), *_matters(chance, lives, one.on, {d.case_id for d in earlier})]
    items = [Item(identity(chance, opened_at), matter) for matter in matters]
    figures = _figures(chance, lives, one.on)
    items.append(Item(identity(chance, opened_at), Matter(Section.NUMBERS, numbers=figures)))
    return replace(
        one,
        opened_at=opened_at,
        ended_at=bangkok(one.on, 10, 50) + timedelta(minutes=chance.randint(0, 30)),
        came=tuple(agency for agency in AGENCIES if chance.random() < 0.75 or agency in ("administration", "health")),
        items=tuple(items),
        decided=tuple(_decisions(chance, items, roles, one.on, until, last=last)),
    )


def _promised(earlier: Sequence[Decided], called: dict[UUID, str], at: datetime) -> list[Matter]:
    """What the two meetings before decided and nobody has finished."""
    found: dict[UUID, list[Promise]] = {}
    for d in earlier:
        state = d.state(at)
        if state in rules.UNRESOLVED:
            reason = d.step.reason if d.step and state is Task.NOT_DONE else ""
            promise = Promise(d.id, d.kind, d.text, called[d.owner_id], d.due_on, state, None, d.case_id, "", reason)
            found.setdefault(d.case_id, []).append(promise)
    return [
        Matter(Section.PROMISES, case_id, stage=Stage.IN_TREATMENT.value, promises=tuple(some))
        for case_id, some in found.items()
    ]


def _matters(chance: Random, lives: Sequence[Life], on: date, told: set[UUID]) -> list[Matter]:
    open_ = [life for life in lives if life.steps[0].on <= on and not (life.closed_on and life.closed_on <= on)]
    chosen = iter([life for life in chance.sample(open_, min(len(open_), 12)) if life.id not in told])
    found = []
    for section, count in zip(_SECTIONS, _PER_SECTION, strict=True):
        for _ in range(count):
            life = next(chosen, None)
            if life is not None:
                found.append(_matter(chance, section, life, on))
    return found


def _matter(chance: Random, section: Section, life: Life, on: date) -> Matter:
    stage = [step.stage for step in life.steps if step.on <= on][-1]
    sessions = min(life.pack.pathway.cbtx_sessions, (on - life.steps[0].on).days // 8)
    return Matter(
        section,
        life.id,
        stage=stage.value,
        rank=chance.randint(1, 2) if section is Section.URGENT else 0,
        late_days=chance.randint(8, 16) if section is Section.OVERDUE else 0,
        sessions=sessions if stage is Stage.IN_TREATMENT else 0,
        of_sessions=life.pack.pathway.cbtx_sessions,
        missed=chance.randint(1, 2) if section is Section.NO_SHOWS else 0,
        same_stage_days=chance.randint(61, 90) if section is Section.STUCK else 0,
    )


def _decisions(
    chance: Random, items: Sequence[Item], roles: dict[str, UUID], on: date, until: datetime, *, last: bool
) -> Iterator[Decided]:
    """One for most matters about a case. Nearly all are done within the week; of the last meeting most are open yet."""
    owners = [roles[role] for role in ("coordinator", "chair", "clinic", "coordinator", "doctor")]
    kinds = [kind for kind in DECISIONS if kind != "other"]
    about = [item for item in items if item.matter.case_id is not None]
    for place, item in enumerate(about):
        if chance.random() < 0.2:
            continue
        at = bangkok(on, 9, 45) + timedelta(minutes=4 * place)
        due_on = on + timedelta(days=chance.choice((2, 3, 7)))
        kind = rules.USUAL.get(item.matter.section, chance.choice(kinds))
        owner = owners[place % len(owners)]
        said = _step(chance, due_on, recent=due_on > until.date() - timedelta(days=10))
        step = None if said.at > until or (last and place % 3) else said
        assert item.matter.case_id is not None
        text = chance.choice(_TEXTS)
        yield Decided(identity(chance, at), item.id, item.matter.case_id, kind, text, owner, due_on, at, step)


def _step(chance: Random, due_on: date, *, recent: bool) -> Step:
    drawn = chance.random()
    at = bangkok(due_on + timedelta(days=8 if drawn < 0.12 else -1), 15, chance.randint(0, 59))
    state = Task.NOT_DONE if recent and drawn > 0.85 else Task.DONE
    return Step(identity(chance, at), state, _REASON if state is Task.NOT_DONE else "", at)


def _figures(chance: Random, lives: Sequence[Life], on: date) -> dict[str, int]:
    reached = [[step.stage for step in life.steps if step.on <= on] for life in lives]
    stages = [some[-1] for some in reached if some]
    return {
        "enrolled": len(stages),
        "open": sum(stage is not Stage.CLOSED for stage in stages),
        **{stage.value: stages.count(stage) for stage in (Stage.IN_TREATMENT, Stage.AWAITING_DOCTOR, Stage.CERTIFIED)},
        "visits": sum(on - timedelta(days=7) <= v.planned_at.date() < on for life in lives for v in life.visits),
        "overdue": chance.randint(2, 9),
        "late_tasks": chance.randint(0, 2),
    }
