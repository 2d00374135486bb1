"""Days after which a row of negative tests begins anew. A break holds no reason: whoever makes one has it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from khuen.tenancy import Here, hot
from khuen.treatment import queries
from khuen.treatment.tables import RowBreak, TreatmentTally
from khuen.treatment.tallies import recompute


async def begin_anew(here: Here, case_id: UUID, key: UUID, on: date, *, instead_of: UUID | None = None) -> None:
    """The row counts tests of days after `on`. Harmless twice by `key`, which takes it back.

    A break that stands `instead_of` another one was told when that one was.
    """
    told_at = here.now
    if instead_of is not None:
        first = await RowBreak.select(RowBreak.told_at).where(RowBreak.id == instead_of).first()
        told_at = first["told_at"] if first else told_at
        await _hold(here, instead_of, holds=False)
    await hot(queries.BREAK, key, case_id, on, told_at, here.member_id)
    await _recount(here, [case_id])


async def take_back(here: Here, key: UUID) -> None:
    """The row as if it had not been broken. Harmless twice, and when there is no such break."""
    await _recount(here, await _hold(here, key, holds=False))


async def hold_again(here: Here, key: UUID) -> None:
    """What was taken back breaks the row again. Harmless twice."""
    await _recount(here, await _hold(here, key, holds=True))


async def _hold(here: Here, key: UUID, *, holds: bool) -> list[UUID]:
    """The case when something changed."""
    rows = (
        await RowBreak.update({RowBreak.undone_at: None if holds else here.now})
        .where(RowBreak.id == key, RowBreak.undone_at.is_not_null() if holds else RowBreak.undone_at.is_null())
        .returning(RowBreak.case_id)
    )
    return [row["case_id"] for row in rows]


async def _recount(here: Here, case_ids: list[UUID]) -> None:
    """Only of whom something was counted: the first session or test finds the break."""
    counted = await TreatmentTally.select(TreatmentTally.case_id).where(TreatmentTally.case_id.is_in(case_ids))
    await recompute(here, [row["case_id"] for row in counted])
