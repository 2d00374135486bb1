"""Moments from which the plan of visits goes another way: support after a slip, and coming back from elsewhere.

The buddy sees when to go and how soon, never why: a turn holds no reason.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from khuen import clock
from khuen.errors import KeyReused
from khuen.followups import service
from khuen.followups.tables import VisitDue, VisitTurn
from khuen.tenancy import Here


async def ask_support(here: Here, case_id: UUID, key: UUID) -> None:
    """A visit within 48 hours. Harmless twice by `key`, which takes it back; raises KeyReused."""
    await _turn(here, case_id, key, "support", here.now)


async def begin_anew(here: Here, case_id: UUID, key: UUID, on: date) -> None:
    """No visit before that day, and from then on as for a new case: what lies between is not made up for.

    Harmless twice by `key`, which takes it back; raises KeyReused.
    """
    await _turn(here, case_id, key, "anew", datetime.combine(on, datetime.min.time(), clock.BANGKOK))


async def take_back(here: Here, key: UUID) -> None:
    """The plan as if the turn had not been. Harmless twice, and when there is none."""
    gone = (
        await VisitTurn.update({VisitTurn.undone_at: here.now})
        .where(VisitTurn.id == key, VisitTurn.undone_at.is_null())
        .returning(VisitTurn.case_id)
    )
    await service.recompute(here, [row["case_id"] for row in gone])


async def hold_again(here: Here, key: UUID) -> None:
    """What was taken back turns the plan again. Harmless twice, and when there is none."""
    back = (
        await VisitTurn.update({VisitTurn.undone_at: None})
        .where(VisitTurn.id == key, VisitTurn.undone_at.is_not_null())
        .returning(VisitTurn.case_id)
    )
    await service.recompute(here, [row["case_id"] for row in back])


async def resume(here: Here, case_id: UUID) -> None:
    """The visits of a case that was closed go on as they stood. Harmless twice."""
    await VisitDue.update({VisitDue.state: "open"}).where(VisitDue.case_id == case_id)
    await service.recompute(here, [case_id])


async def _turn(here: Here, case_id: UUID, key: UUID, kind: str, at: datetime) -> None:
    assert here.member_id is not None
    fresh = (
        await VisitTurn.insert(
            VisitTurn(id=key, case_id=case_id, kind=kind, at=at, made_at=here.now, by_id=here.member_id, undone_at=None)
        )
        .on_conflict((VisitTurn.tenant_id, VisitTurn.id), "DO NOTHING")
        .returning(VisitTurn.id)
    )
    if not fresh:
        held = await VisitTurn.select(VisitTurn.case_id, VisitTurn.kind).where(VisitTurn.id == key).first()
        if held is None or (held["case_id"], held["kind"]) != (case_id, kind):
            raise KeyReused
        return
    await service.recompute(here, [case_id])
