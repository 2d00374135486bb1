"""What came after the visits: acknowledgements, notes, a slip of the finger, and the audit rows of it all. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple
from uuid import UUID

from khuen import clock
from khuen.cases.rules import Stage
from khuen.followups import rules
from khuen.followups.rules import How
from khuen.practice.life import Visit, identity, moment
from khuen.practice.lives import Life
from khuen.practice.plans import Ending

_UNANSWERED = (Ending.URGENT, Ending.WORRYING, Ending.MISSED)
_SEEN = ("โทรคุยกับบัดดี้แล้ว (ตัวอย่าง)", "ส่งพยาบาลไปเยี่ยมพรุ่งนี้ (ตัวอย่าง)", "ญาติรับดูแลแล้ว (ตัวอย่าง)", "")
_NOTES = {
    How.WORRYING: ("ดูอ่อนเพลีย นอนไม่หลับมาสามคืน (ตัวอย่าง)", "บ่นว่าไม่มีงานทำ (ตัวอย่าง)", "ทะเลาะกับคนในบ้าน (ตัวอย่าง)"),
    How.URGENT: ("พูดคนเดียว เดินไปมาไม่หยุด (ตัวอย่าง)", "ญาติโทรตามกลางดึก (ตัวอย่าง)"),
    How.WELL: ("เริ่มไปรับจ้างสวนแล้ว (ตัวอย่าง)", "ฝากขอบคุณหมอ (ตัวอย่าง)"),
}


class Seen(NamedTuple):
    """An acknowledgement."""

    id: UUID
    case_id: UUID
    check_in_id: UUID
    at: datetime
    by_id: UUID
    note: str


class Note(NamedTuple):
    id: UUID
    check_in_id: UUID
    case_id: UUID
    person_id: UUID
    text: str
    at: datetime
    by_id: UUID


class Slip(NamedTuple):
    """A check-in that its buddy took back at once."""

    visit: Visit
    id: UUID
    at: datetime


class Act(NamedTuple):
    """An audit row before it is made."""

    at: datetime
    member_id: UUID | None
    tag: str
    subject_id: UUID
    detail: dict[str, str | int]


def acknowledged(chance: Random, lives: Sequence[Life], by_id: UUID, until: datetime) -> list[Seen]:
    """Every urgent answer and most worrying ones, but for those that a case ends with."""
    found = []
    for life in lives:
        for visit in life.visits:
            calls = visit.how is How.URGENT or (visit.how is How.WORRYING and chance.random() < 0.6)
            if not calls or (visit is life.visits[-1] and life.ending in _UNANSWERED):
                continue
            at = min(until, _when_seen(chance, visit))
            found.append(Seen(identity(chance, at), life.id, visit.id, at, by_id, chance.choice(_SEEN)))
    return found


def _when_seen(chance: Random, visit: Visit) -> datetime:
    """An urgent answer within two hours; a worrying one within the same working day or early on the next."""
    if visit.how is How.URGENT:
        return visit.received_at + timedelta(minutes=chance.randint(4, 110))
    at = visit.received_at + timedelta(minutes=chance.randint(10, 300))
    day = clock.day(at)
    return at if at.astimezone(clock.BANGKOK).hour < 17 else moment(chance, day + timedelta(days=1))


def noted(chance: Random, lives: Sequence[Life]) -> list[Note]:
    """What buddies told about some of their visits."""
    shares = {How.WELL: 0.03, How.WORRYING: 0.6, How.URGENT: 0.9, How.NOT_FOUND: 0.0}
    found = []
    for life in lives:
        for visit in life.visits:
            if chance.random() < shares[visit.how]:
                at, text = visit.received_at + timedelta(seconds=50), chance.choice(_NOTES[visit.how])
                person_id = life.newcomer.person.id
                found.append(Note(identity(chance, at), visit.id, life.id, person_id, text, at, visit.member_id))
    return found


def slips(chance: Random, lives: Sequence[Life], count: int) -> list[Slip]:
    """A wrong button, taken back within the minute, then the right one."""
    visited = [life for life in lives if len(life.visits) > 4]
    found = []
    for life in chance.sample(visited, min(count, len(visited))):
        right = life.visits[chance.randrange(2, len(life.visits) - 1)]
        at = right.received_at - timedelta(seconds=70)
        wrong = Visit(identity(chance, at), life.id, right.member_id, How.URGENT, at, at, at)
        found.append(Slip(wrong, identity(chance, at), at + timedelta(seconds=40)))
    return found


def phones(lives: Sequence[Life], until: datetime) -> list[tuple[UUID, UUID, datetime, int]]:
    """(id, member, last heard of, hours its clock is ahead) of the buddies who visit somebody: one in forty has been
    silent for days, one clock is wrong."""
    chance = Random(len(lives))  # its own: what else is invented stays as it is
    found = []
    for n, member_id in enumerate(sorted({life.visits[-1].member_id for life in lives if life.visits})):
        silent = n % 40 == 7
        heard = until - timedelta(hours=chance.randint(80, 130) if silent else chance.randint(1, 20))
        found.append((identity(chance, heard), member_id, heard, 72 if n == 11 else 0))
    return found


def acts(
    lives: Sequence[Life], seen: Sequence[Seen], notes: Sequence[Note], slipped: Sequence[Slip], clinic: UUID
) -> list[Act]:
    """One audit row for each of these, in order of time. What services write down themselves is not among them."""
    found = [_logged(visit) for life in lives for visit in life.visits]
    found += [_logged(slip.visit) for slip in slipped]
    found += [Act(slip.at, slip.visit.member_id, "check-in:withdrawn", slip.visit.case_id, {}) for slip in slipped]
    found += [Act(note.at, note.by_id, "check-in:noted", note.case_id, {}) for note in notes]
    for one in seen:
        found.append(Act(one.at - timedelta(seconds=20), one.by_id, "case:seen", one.case_id, {"page": "case"}))
        found.append(Act(one.at, one.by_id, "acknowledgement:made", one.case_id, {}))
    for life in lives:
        for before, after in zip(life.steps, life.steps[1:], strict=False):
            tag = "case:closed" if after.stage is Stage.CLOSED else "case:stage_changed"
            detail: dict[str, str | int] = {"before": str(before.stage), "after": str(after.stage)}
            found.append(Act(after.recorded_at, clinic, tag, life.id, detail))
    return sorted(found, key=lambda act: act.at)


def _logged(visit: Visit) -> Act:
    skewed = rules.skewed(visit.happened_at, visit.received_at)
    days = (visit.happened_at - visit.received_at).days if skewed else 0
    detail: dict[str, str | int] = {"how": str(visit.how), "days": days}
    return Act(visit.received_at, visit.member_id, "check-in:logged", visit.case_id, detail)
