"""Two records that may be of one person: found at entry and every night, decided about by a coordinator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from khuen import audit, sound, thai
from khuen.errors import KeyReused, NotFound
from khuen.ids import uuid7
from khuen.people import queries
from khuen.people.rules import Apart, SameBy, pair, strength
from khuen.people.service import LARGEST_GROUP, name_keys
from khuen.people.tables import DuplicatePair, PairDecision
from khuen.tenancy import Here, hot, many

MOST = 500  #: pairs that one night may add: a queue that nobody can finish helps nobody
LATER = timedelta(days=30)
PART = 500  #: rows whose keys are made again in one transaction

Shown = Literal["open", "apart"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """One pair of the queue. What was decided is empty while nothing stands."""

    id: UUID
    reason: SameBy
    found_at: datetime
    first_id: UUID
    second_id: UUID
    first_name: str = field(repr=False)
    second_name: str = field(repr=False)
    kind: str | None
    apart_reason: str | None
    note: str | None = field(repr=False)
    decided_at: datetime | None
    by: str | None


async def queue(here: Here, shown: Shown, limit: int, offset: int) -> tuple[list[Waiting], int]:
    """(one page, how many in all): the strongest reason first, or the last decision first."""
    rows = await hot(queries.QUEUE, here.today, shown, None, limit, offset)
    return [_waiting(row) for row in rows], rows[0]["total"] if rows else 0


async def waiting(here: Here) -> int:
    """How many pairs wait to be compared."""
    found: int = (await hot(queries.WAITING_PAIRS, here.today))[0][0]
    return found


async def one(here: Here, pair_id: UUID) -> Waiting:
    """A pair of two living people, whatever was decided about it. Raises NotFound."""
    rows = await hot(queries.QUEUE, here.today, "any", pair_id, 1, 0)
    if not rows:
        raise NotFound
    return _waiting(rows[0])


async def ids(here: Here, pair_id: UUID) -> tuple[UUID, UUID]:
    """Whom a pair is about, whatever became of them since. Raises NotFound."""
    row = await DuplicatePair.select().where(DuplicatePair.id == pair_id).first()
    if row is None:
        raise NotFound
    return row["first_id"], row["second_id"]


async def decide(
    here: Here, pair_id: UUID, key: UUID, apart: Apart | None, note: str = "", *, until: timedelta = LATER
) -> None:
    """Two people, never to be asked again, with how one knows; or with None: not now. Harmless twice by `key`.

    Raises NotFound, KeyReused.
    """
    held = await DuplicatePair.select(DuplicatePair.id).where(DuplicatePair.id == pair_id).lock_rows().first()
    if held is None:
        raise NotFound
    known = await PairDecision.select(PairDecision.pair_id, PairDecision.reason).where(PairDecision.id == key).first()
    if known is not None:
        if (known["pair_id"], known["reason"]) != (pair_id, apart):
            raise KeyReused
        return
    assert here.member_id is not None
    await PairDecision.insert(
        PairDecision(
            id=key,
            pair_id=pair_id,
            kind="apart" if apart else "later",
            reason=apart,
            note=note if apart else "",
            until_on=None if apart else here.today + until,
            at=here.now,
            by_id=here.member_id,
        )
    )
    await audit.record(here, "pair:decided", pair_id, kind="apart" if apart else "later", reason=apart and str(apart))


async def enrolled_apart(here: Here, person_id: UUID, others: Mapping[UUID, SameBy]) -> None:
    """Somebody new was enrolled though these look alike, and whoever enrolled said so: nobody is asked again."""
    await many(
        queries.KEEP_PAIR,
        [(uuid7(here.now), *pair(person_id, other), by, 0, here.now) for other, by in others.items()],
    )
    found = await hot(queries.PAIRS_WITH, person_id, list(others))
    values = (Apart.ENROLLED, here.now, here.member_id)
    await many(queries.TELL_APART, [(uuid7(here.now), row["id"], *values) for row in found])
    await audit.record(here, "pair:decided", person_id, kind="apart", reason=str(Apart.ENROLLED), count=len(found))


async def reopen(here: Here, pair_id: UUID) -> None:
    """Take back what was decided about a pair: it waits again. Harmless twice. Raises NotFound."""
    if not await DuplicatePair.exists().where(DuplicatePair.id == pair_id):
        raise NotFound
    undone = (
        await PairDecision.update({PairDecision.undone_at: here.now, PairDecision.undone_by: here.member_id})
        .where(PairDecision.pair_id == pair_id, PairDecision.undone_at.is_null())
        .returning(PairDecision.id)
    )
    if undone:
        await audit.record(here, "pair:reopened", pair_id)


async def reopen_of(here: Here, decision_id: UUID) -> None:
    """The same by the decision, for the bar that offers to take it back."""
    row = await PairDecision.select(PairDecision.pair_id).where(PairDecision.id == decision_id).first()
    if row is None:
        raise NotFound
    await reopen(here, row["pair_id"])


async def find(here: Here) -> int:
    """Look through the district and keep the pairs that nobody has seen, the strongest first. Returns how many."""
    apart = {pair(row["one"], row["other"]) for row in await hot(queries.SAID_APART)}
    best: dict[tuple[UUID, UUID], tuple[int, SameBy]] = {}
    for row in await hot(queries.LOOK_ALIKE, 20 * MOST, LARGEST_GROUP):
        both, by = (row["one"], row["other"]), SameBy(row["by"])
        strong = _strength(row, by)
        if both not in apart and strong > best.get(both, (0, by))[0]:
            best[both] = (strong, by)
    new = sorted(best.items(), key=lambda item: (-item[1][0], item[0]))[:MOST]
    if new:
        await many(queries.KEEP_PAIR, [(uuid7(here.now), *both, by, strong, here.now) for both, (strong, by) in new])
    return len(new)


async def make_keys_again(here: Here) -> bool:
    """Search keys of another version are made again, some at a time; True while there are more."""
    people = await hot(queries.OLD_KEYS, sound.VERSION, PART)
    names = await hot(queries.OLD_NAME_KEYS, sound.VERSION, PART)
    await many(
        queries.SET_KEYS,
        [
            (
                row["id"],
                *name_keys(row["given_name"], row["family_name"]).values(),
                thai.search_prefix(row["called_name"]),
            )
            for row in people
        ],
    )
    keys = [(row["id"], name_keys(row["given_name"], row["family_name"])) for row in names]
    columns = ("search_name", "search_family", "sound_name", "sound_version")
    await many(queries.SET_NAME_KEYS, [(id_, *(made[column] for column in columns)) for id_, made in keys])
    return PART in (len(people), len(names))


def _strength(row: Any, by: SameBy) -> int:
    known = row["born"] is not None and row["born_other"] is not None
    return strength(
        by,
        born_alike=row["born"] == row["born_other"] if known else None,
        same_phone=bool(row["same_phone"]),
        same_given=thai.search_prefix(row["given_name"]) == thai.search_prefix(row["given_other"]),
    )


def _waiting(row: Any) -> Waiting:
    names = Waiting.__slots__
    values = {name: row[name] for name in names}
    return Waiting(**values | {"reason": SameBy(row["reason"])})
