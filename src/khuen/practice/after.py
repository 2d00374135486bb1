"""What interrupts and what ends: slips, ends of treatment, rounds after it, coded endings, a transfer. Pure.

Drawn by a chance of its own, so that the rest of a world stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import NamedTuple
from uuid import UUID, uuid5

from khuen import clock
from khuen.cases.rules import Stage
from khuen.endings.rules import EXIT_CODES, Ending, Reason, Told
from khuen.followups import round_rules
from khuen.followups.round_rules import Method, Result
from khuen.practice.answers import Act
from khuen.practice.life import identity
from khuen.practice.lives import CLOSED, Life, bangkok

TRIED = "โทรสี่ครั้ง บัดดี้ไปบ้านสองครั้ง (ตัวอย่าง)"
_NOTES = ("ไปงานเลี้ยงเพื่อนเก่า เล่าเอง (ตัวอย่าง)", "เครียดเรื่องงาน (ตัวอย่าง)", "")
_RESULTS = (Result.ABSTINENT, Result.REDUCED, Result.RELAPSE, Result.REFUSED, Result.NOT_FOUND)
_SHARES = (72, 12, 8, 4, 4)
_ENDINGS = dict(zip(CLOSED, (Ending.MOVED_AWAY, Ending.REFUSED, Ending.HOSPITAL), strict=True))


class Use(NamedTuple):
    """A slip with the visit that followed it and the doctor's time."""

    id: UUID
    case_id: UUID
    person_id: UUID
    on: date
    told_by: Told
    note: str
    at: datetime
    seen_on: date
    result_id: UUID | None = None  #: of the follow-up round that told of it

    def by(self, clinic: UUID, coordinator: UUID) -> UUID:
        """Who wrote it down: what a round tells is written down with the round."""
        return clinic if self.result_id else coordinator


class End(NamedTuple):
    """The end of treatment."""

    id: UUID
    case_id: UUID
    on: date
    at: datetime


class Made(NamedTuple):
    """A round that was recorded."""

    id: UUID
    case_id: UUID
    number: int
    result: Result
    method: Method
    on: date
    at: datetime


class Closed(NamedTuple):
    """How a file ended; `proposed_at` when as a drop-out."""

    id: UUID
    case_id: UUID
    person_id: UUID
    kind: Ending
    on: date
    at: datetime
    proposed_at: datetime | None

    @property
    def seen_on(self) -> date:
        """The last day on which a drop-out was seen."""
        return self.on - timedelta(days=19)

    @property
    def exit_code(self) -> str | None:
        return EXIT_CODES.get(self.kind)

    @property
    def reason(self) -> Reason:
        return Reason.NO_SHOW


class After(NamedTuple):
    uses: tuple[Use, ...] = ()
    ends: tuple[End, ...] = ()
    made: tuple[Made, ...] = ()
    closed: tuple[Closed, ...] = ()

    def acts(self, clinic: UUID, coordinator: UUID) -> list[Act]:
        """One audit row for each; closing is told already."""
        return [
            *(Act(one.at, one.by(clinic, coordinator), "slip:recorded", one.case_id, {}) for one in self.uses),
            *(Act(one.at, clinic, "treatment:completed", one.case_id, {}) for one in self.ends),
            *(Act(one.at, clinic, "round:recorded", one.case_id, {"step": str(one.number)}) for one in self.made),
        ]


NOTHING = After()


def what_followed(chance: Random, lives: Sequence[Life], until: datetime) -> After:
    """Slips of some in treatment, the rounds of whoever is certified, and how closed files ended."""
    ends = [_end(chance, life) for life in lives if _stage(life) is Stage.CERTIFIED]
    packs = {life.id: life.pack for life in lives}
    made = [
        one
        for end in ends
        for round_ in round_rules.schedule(
            end.on, packs[end.case_id].follow_up.rounds, packs[end.case_id].follow_up.window_days
        )
        if (one := _made(chance, end, round_, until)) is not None
    ]
    closed = [_closed(chance, n, life) for n, life in enumerate(life for life in lives if life.closed_on)]
    told, made = _told(chance, {life.id: life for life in lives}, made)
    return After((*_uses(chance, lives), *told), tuple(ends), tuple(made), tuple(closed))


def _stage(life: Life) -> Stage:
    return life.steps[-1].stage


def _uses(chance: Random, lives: Sequence[Life]) -> list[Use]:
    """A few who told of a slip some hours before a visit that was made anyway."""
    able = [life for life in lives if _stage(life) is not Stage.CLOSED and len(life.visits) > 4]
    found = []
    for life in chance.sample(able, min(len(able), max(1, len(able) // 12))):
        visit = life.visits[chance.randrange(2, len(life.visits) - 1)]
        at = visit.planned_at - timedelta(hours=chance.randint(3, 20))
        on = (at - timedelta(days=chance.choice((0, 1, 1, 6)))).date()  # some are told of days later
        told_by = chance.choice((Told.SELF, Told.FAMILY, Told.CLINIC))
        seen_on = visit.planned_at.date() + timedelta(days=chance.randint(0, 2))
        who = life.newcomer.person.id
        note = chance.choice(_NOTES)
        found.append(Use(identity(chance, at), life.id, who, max(on, life.steps[0].on), told_by, note, at, seen_on))
    return found


def _end(chance: Random, life: Life) -> End:
    on = next(step.on for step in life.steps if step.stage is Stage.AWAITING_DOCTOR)
    at = bangkok(on, 15, chance.randrange(60))
    return End(identity(chance, at), life.id, on, at)


def _made(chance: Random, end: End, one: round_rules.Round, until: datetime) -> Made | None:
    """Most rounds whose day has come were made within their window."""
    on = one.due_on + timedelta(days=chance.randint(-3, 4))
    result, method = chance.choices(_RESULTS, _SHARES)[0], chance.choice(tuple(Method))
    at = bangkok(on, chance.randint(9, 16), chance.randrange(60))
    id_ = identity(chance, at)
    if chance.random() < 0.12 or at > until or not one.opens_on <= on < one.lost_on:
        return None
    return Made(id_, end.case_id, one.number, result, method, on, at)


def _told(chance: Random, lives: Mapping[UUID, Life], made: Sequence[Made]) -> tuple[list[Use], list[Made]]:
    """What rounds tell of use, each with the visit that followed; one without a visit since told of none."""
    uses, kept = [], []
    for one in made:
        life = lives[one.case_id]
        if round_rules.tells_use(one.result) and not any(one.at < visit.planned_at for visit in life.visits):
            one = one._replace(result=Result.ABSTINENT)
        kept.append(one)
        if round_rules.tells_use(one.result):
            seen_on = clock.day(one.at) + timedelta(days=chance.randint(0, 2))
            who, id_ = life.newcomer.person.id, uuid5(one.id, "use")
            uses.append(Use(id_, one.case_id, who, one.on, Told.ROUND, "", one.at, seen_on, one.id))
    return uses, kept


def _closed(chance: Random, number: int, life: Life) -> Closed:
    """Every third one as a drop-out that two people decided."""
    step = life.steps[-1]
    at = step.recorded_at
    kind = Ending.DROP_OUT if number % 3 == 2 else _ENDINGS.get(step.reason, Ending.MOVED_AWAY)
    proposed_at = bangkok(step.on, 16, 0) - timedelta(days=2) if kind is Ending.DROP_OUT else None
    return Closed(identity(chance, at), life.id, life.newcomer.person.id, kind, step.on, at, proposed_at)
