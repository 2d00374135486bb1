"""The offer to take an act back for a while. Taking back writes a compensating row; nothing is deleted.

Which function takes which kind back is listed in `board/service.py`, the room above all that make offers.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Text, Timestamptz

from khuen.errors import Ended, NotFound
from khuen.ids import uuid7
from khuen.tenancy import Here, TenantTable

SECONDS = 60


class Undo(TenantTable, tablename="undo"):
    id = UUIDColumn(primary_key=True, default=None)
    kind = Text()
    subject_id = UUIDColumn()
    member_id = UUIDColumn()
    made_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)
    used_at = Timestamptz(default=None, null=True)


async def offer(here: Here, kind: str, subject_id: UUID, *, seconds: int = SECONDS) -> str:
    """Remember that this member may take `kind` of `subject_id` back; returns the token for the bar."""
    token = uuid7(here.now)
    assert here.member_id is not None
    await Undo.insert(
        Undo(
            id=token,
            kind=kind,
            subject_id=subject_id,
            member_id=here.member_id,
            made_at=here.now,
            expires_at=here.now + timedelta(seconds=seconds),
        )
    )
    return str(token)


async def take(here: Here, token: str) -> tuple[str, UUID, bool]:
    """Use an offer up: (kind, subject id, whether it was still unused).

    Raises NotFound for a stranger's token and Ended when its time is over. A second press finds it used: harmless.
    """
    try:
        row = await Undo.select().where(Undo.id == UUID(token), Undo.member_id == here.member_id).lock_rows().first()
    except ValueError:
        raise NotFound from None
    if row is None:
        raise NotFound
    if row["used_at"] is not None:
        return row["kind"], row["subject_id"], False
    if row["expires_at"] < here.now:
        raise Ended
    await Undo.update({Undo.used_at: here.now}).where(Undo.id == row["id"])
    return row["kind"], row["subject_id"], True
