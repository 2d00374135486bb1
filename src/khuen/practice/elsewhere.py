"""Who was away for a while: stays elsewhere, referrals to a hospital, transfers between projects. Pure.

Drawn by a chance of its own, so that the rest of a world stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import NamedTuple
from uuid import UUID

from khuen import clock
from khuen.cases.rules import Stage
from khuen.district import Project
from khuen.endings.rules import Answer, Cause, Decision
from khuen.practice.answers import Act
from khuen.practice.life import identity
from khuen.practice.lives import Life, bangkok
from khuen.practice.plans import Ending

_PLACES = ("ไปรับจ้างตัดอ้อยต่างอำเภอ (ตัวอย่าง)", "ไปเยี่ยมญาติที่โคราช (ตัวอย่าง)", "ไปทำงานก่อสร้างที่กรุงเทพ (ตัวอย่าง)")
_HOSPITALS = ("โรงพยาบาลประจำอำเภอ (ตัวอย่าง)", "โรงพยาบาลจังหวัด (ตัวอย่าง)")
_WHY = ("ย้ายบ้านไปอยู่ในพื้นที่อีกโครงการ (ตัวอย่าง)", "ใกล้ที่ทำงานใหม่มากกว่า (ตัวอย่าง)")


class Stay(NamedTuple):
    """A while elsewhere; `returned_on` is None for who is still away."""

    id: UUID
    case_id: UUID
    person_id: UUID
    place: str
    from_on: date
    until_on: date
    at: datetime
    returned_on: date | None
    message_ids: tuple[UUID, UUID]  #: of the reminders of the day of return


class Sent(NamedTuple):
    """A referral and what came back of it."""

    id: UUID
    case_id: UUID
    person_id: UUID
    place: str
    cause: Cause
    on: date
    at: datetime
    answer: Answer | None
    answered_at: datetime | None


class Offered(NamedTuple):
    """A transfer; projects are their places in the tenant file. `decided_at` is None while it waits."""

    id: UUID
    case_id: UUID
    person_id: UUID
    from_project: int
    to_project: int
    reason: str
    at: datetime
    decision: Decision | None
    decided_at: datetime | None


class Elsewhere(NamedTuple):
    stays: tuple[Stay, ...] = ()
    sent: tuple[Sent, ...] = ()
    offered: tuple[Offered, ...] = ()

    def acts(self, coordinator: UUID, clinic: UUID) -> Iterator[Act]:
        """One audit row for each."""
        for stay in self.stays:
            yield Act(stay.at, coordinator, "stay:begun", stay.case_id, {})
            if stay.returned_on:
                yield Act(bangkok(stay.returned_on, 17, 0), coordinator, "stay:ended", stay.case_id, {})
        for sent in self.sent:
            yield Act(sent.at, clinic, "referral:made", sent.case_id, {"reason": str(sent.cause)})
            if sent.answered_at:
                yield Act(sent.answered_at, clinic, "referral:answered", sent.case_id, {"result": str(sent.answer)})
        for one in self.offered:
            yield Act(one.at, coordinator, "transfer:offered", one.case_id, {})
            if one.decided_at:
                yield Act(one.decided_at, coordinator, f"transfer:{one.decision}", one.case_id, {})


NOWHERE = Elsewhere()


def elsewhere(chance: Random, lives: Sequence[Life], projects: Sequence[Project], today: date) -> Elsewhere:
    """Of some who are doing well on the way to the doctor; each of them was in one place at a time."""
    on_the_way = (Stage.IN_TREATMENT, Stage.AWAITING_DOCTOR)
    calm = [
        life
        for life in lives
        if life.ending is Ending.CALM and life.steps[-1].stage in on_the_way and len(life.visits) > 4
    ]
    chance.shuffle(calm)
    own = iter(calm)
    now = next((stay for life in own if (stay := _stay_now(chance, life, today))), None)
    past = [stay for _, life in zip(range(3), own, strict=False) if (stay := _past_stay(chance, life))]
    stays = [*past, *([now] if now else [])]
    sent = [_sent(chance, life, answer, today) for answer, life in zip(_ANSWERS, own, strict=False)]
    offered = _offered(chance, own, projects, today)
    return Elsewhere(tuple(stays), tuple(sent), tuple(offered))


_ANSWERS: tuple[Answer | None, ...] = (Answer.CAME_BACK, Answer.CAME_BACK, Answer.NOT_SEEN, None)
_DECISIONS: tuple[Decision | None, ...] = (Decision.ACCEPTED, Decision.REJECTED, Decision.REVOKED, None)


def _past_stay(chance: Random, life: Life) -> Stay | None:
    """Between two visits that lie far enough apart; told a day or two late, as people do."""
    days = [clock.day(visit.planned_at) for visit in life.visits]
    gaps = [(one, other) for one, other in pairwise(days) if (other - one).days > 4]
    if not gaps:
        return None
    one, other = chance.choice(gaps)
    from_on, until_on = one + timedelta(days=1), other - timedelta(days=1)
    return _stay(chance, life, from_on, until_on, bangkok(from_on + timedelta(days=1), 11, 0), until_on)


def _stay_now(chance: Random, life: Life, today: date) -> Stay | None:
    """Left after the last visit, comes back within two weeks. Nothing happens on the day itself."""
    from_on = clock.day(life.visits[-1].planned_at) + timedelta(days=1)
    if from_on >= today:
        return None
    until_on = today + timedelta(days=chance.randint(5, 12))
    return _stay(chance, life, from_on, until_on, bangkok(from_on, 11, 0), None)


def _stay(chance: Random, life: Life, from_on: date, until_on: date, at: datetime, returned_on: date | None) -> Stay:
    ids = [identity(chance, at) for _ in range(3)]
    who, place = life.newcomer.person.id, chance.choice(_PLACES)
    return Stay(ids[0], life.id, who, place, from_on, until_on, at, returned_on, (ids[1], ids[2]))


def _sent(chance: Random, life: Life, answer: Answer | None, today: date) -> Sent:
    on = today - timedelta(days=chance.randint(9, 20) if answer else 2)
    at, back = bangkok(on, 13, chance.randrange(60)), bangkok(on + timedelta(days=6), 10, chance.randrange(60))
    cause = chance.choice((Cause.PSYCHIATRIC, Cause.PHYSICAL, Cause.ASSESSMENT))
    who, place = life.newcomer.person.id, chance.choice(_HOSPITALS)
    return Sent(identity(chance, at), life.id, who, place, cause, on, at, answer, back if answer else None)


def _offered(chance: Random, own: Iterator[Life], projects: Sequence[Project], today: date) -> Iterator[Offered]:
    """Between projects that are running, each answer once; what was accepted moved two days ago."""
    running = [n for n, project in enumerate(projects) if project.ends_on is None or project.ends_on >= today]
    if len(running) < 2:
        return
    for decision, life in zip(_DECISIONS, own, strict=False):
        here = life.newcomer.case.project_id.int
        at = bangkok(today - timedelta(days=chance.randint(4, 7)), 14, chance.randrange(60))
        decided_at = bangkok(today - timedelta(days=1), 10, chance.randrange(60)) if decision else None
        there = next(n for n in running if n != here)
        who, reason = life.newcomer.person.id, chance.choice(_WHY)
        yield Offered(identity(chance, at), life.id, who, here, there, reason, at, decision, decided_at)
