"""Setting what a district may set: each save is a further row, nobody's is overwritten unseen, all can be set back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from khuen import audit, district_rows, members
from khuen.district import DistrictSettings, settings_contradictions, settings_table
from khuen.district_rows import Kept, Leaf
from khuen.errors import Busy, Conflict, KeyReused, NotFound
from khuen.msgid import N_
from khuen.tenancy import Here

A_PAGE = 20
BACK = "return"  #: the page of a row that sets an earlier change back
_TRIES = 3

CHANGED_SINCE = N_("This was changed again since. Set the later change back first, or write it on its page.")
DOES_NOT_FIT = N_("The earlier values do not fit what is set now. Change them on their page.")


class SettingsChanged(Conflict):
    """Somebody saved the same fields after the form was opened; `present` is what stands there."""

    def __init__(self, present: Kept) -> None:
        super().__init__()
        self.present = present


@dataclass(frozen=True, slots=True)
class Saving:
    """`key` becomes the row's id; `was` is the number of the row that the form showed."""

    key: UUID
    part: str
    was: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the history with what it changed, leaf -> (from, to). `by` is None for the operator's file."""

    id: UUID
    set_at: datetime
    by: str | None
    part: str | None
    changes: dict[Leaf, tuple[Any, Any]]
    stands: bool  #: all of it holds now, so it can be set back
    first: bool  #: the row with which the district began


View = Callable[[DistrictSettings], Any]
Change = Callable[[DistrictSettings], DistrictSettings]


async def present(here: Here) -> Kept:
    """Raises NotFound in a district that was never made."""
    found = await district_rows.newest(here)
    if found is None:
        raise NotFound
    return found


async def save(here: Here, saving: Saving, view: View, change: Change) -> None:
    """Write what `change` makes of the present settings; `view` is the part of them that the form shows.

    Harmless twice. Raises SettingsChanged when that part became another one since the form was opened, KeyReused,
    and what `change` raises.
    """
    for _ in range(_TRIES):
        earlier = await district_rows.one(here, saving.key)
        if earlier is not None:
            return _same(here, earlier, saving, view, change)
        now = await present(here)
        wanted = change(now.settings)
        if now.number != saving.was and view(wanted) != view(now.settings):
            seen = await district_rows.numbered(here, saving.was)
            if seen is None or view(seen.settings) != view(now.settings):
                raise SettingsChanged(now)
        if await district_rows.add(here, saving.key, now.number + 1, wanted, part=saving.part):
            count = len(district_rows.changes(now.settings, wanted))
            return await audit.record(here, "setting:changed", saving.key, page=saving.part, count=count)
    raise Busy(retry_after=1)


async def history(here: Here, before: int | None = None) -> tuple[list[Entry], int | None]:
    """Twenty rows, the newest first, and the number from which older ones go on."""
    now = await present(here)
    rows = await district_rows.latest(here, A_PAGE + 1, before)
    names = await members.names(here, [row.set_by for row in rows if row.set_by])
    entries = [
        _entry(row, older, now, names) for row, older in zip(rows, [*rows[1:], None], strict=True) if row.number
    ][:A_PAGE]
    return entries, rows[A_PAGE - 1].number if len(rows) > A_PAGE else None


async def set_back(here: Here, row_id: UUID, key: UUID) -> None:
    """What this row changed becomes as it was before it, in a further row. Harmless twice.

    Raises NotFound, KeyReused, Conflict when it does not hold any more or does not fit.
    """
    if earlier := await district_rows.one(here, key):
        if (earlier.set_by, earlier.part) != (here.member_id, BACK):
            raise KeyReused
        return
    row = await district_rows.one(here, row_id)
    older = await district_rows.latest(here, 1, row.number) if row else []
    if row is None or not older:
        raise NotFound
    changed, now = district_rows.changes(older[0].settings, row.settings), await present(here)
    if not changed:
        return  # it was only looked at
    if not _stands(changed, now):
        raise Conflict(CHANGED_SINCE)
    wanted = district_rows.over(now.settings, {leaf: before for leaf, (before, _) in changed.items()})
    if list(settings_contradictions(settings_table(wanted))):
        raise Conflict(DOES_NOT_FIT)
    if not await district_rows.add(here, key, now.number + 1, wanted, part=BACK):
        raise Busy(retry_after=1)
    await audit.record(here, "setting:changed", key, page=BACK, count=len(changed))


def _same(here: Here, earlier: Kept, saving: Saving, view: View, change: Change) -> None:
    ours = (earlier.set_by, earlier.part) == (here.member_id, saving.part)
    if not ours or view(change(earlier.settings)) != view(earlier.settings):
        raise KeyReused


def _entry(row: Kept, older: Kept | None, now: Kept, names: dict[UUID, str]) -> Entry:
    changed = district_rows.changes(older.settings, row.settings) if older else {}
    by = names.get(row.set_by, "–") if row.set_by else None
    stands = bool(changed) and _stands(changed, now)
    return Entry(row.id, row.set_at, by, row.part, changed, stands, older is None)


def _stands(changed: dict[Leaf, tuple[Any, Any]], now: Kept) -> bool:
    held = district_rows.leaves(now.settings)
    return all(held.get(leaf) == after for leaf, (_, after) in changed.items())
