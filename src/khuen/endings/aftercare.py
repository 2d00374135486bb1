"""A follow-up round that tells of use after treatment: kept as a relapse, with the support that every slip raises."""

from __future__ import annotations

from uuid import UUID, uuid5

from khuen.endings import queries, service, slips
from khuen.endings.rules import Told
from khuen.endings.slips import NewSlip
from khuen.endings.tables import Slip
from khuen.followups import round_rules, rounds
from khuen.followups.rounds import NewResult
from khuen.tenancy import Here, hot


async def record(here: Here, code: str, new: NewResult) -> bool:
    """Keep what came of a round; answers whether it tells of use, which is then an entry with support of its own.

    Recorded again the round corrects that entry, or takes it back. Harmless twice by the key. Raises as
    `rounds.record` does.
    """
    case = await service.held(here, code)
    tells_use = round_rules.tells_use(new.result)
    if await rounds.record(here, code, new):
        stands = await hot(queries.TOLD_BY_ROUND, case.id, new.number)
        before = stands[0]["id"] if stands else None
        if tells_use:
            told = NewSlip(_told_key(new.key), new.on, Told.ROUND, corrects=before, result_id=new.key)
            await slips.record(here, code, told)
        elif before:
            await slips.withdraw(here, code, before, slips.CORRECTED)
    return tells_use


async def undo_record(here: Here, result_id: UUID) -> None:
    """The result of before stands again, and so does what it told. Harmless twice."""
    await rounds.undo_record(here, result_id)
    told = _told_key(result_id)
    if await Slip.exists().where(Slip.id == told):
        await slips.undo(here, told)
        return
    for row in await hot(queries.TAKEN_BACK_BY, result_id):
        await slips.stand_again(here, row["id"])


def _told_key(result_id: UUID) -> UUID:
    return uuid5(result_id, "use")
