"""What the rooms tell of a case, and what follows for its stage. Nobody types a stage."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from khuen import audit, packs
from khuen.cases import service as cases
from khuen.cases.rules import Stage, Step
from khuen.errors import Conflict, KeyReused, NotFound
from khuen.ids import uuid7
from khuen.msgid import N_
from khuen.pathway import queries, rules
from khuen.pathway.rules import Facts, Progress
from khuen.pathway.tables import ConditionSkip
from khuen.rule_pack import RulePack
from khuen.tenancy import Here, hot, many

LEFT_OUT_ALREADY = N_("Somebody left this out already. Look at the reason given")
PART = 200  #: cases in one transaction of the nightly look

#: what a room above may tell; the rest of a row is worked out here
TOLD = frozenset(Facts.__dataclass_fields__) - {"stated", "consents"}


@dataclass(frozen=True, slots=True)
class Way:
    """One case with what is known of it and what follows."""

    case_id: UUID
    code: str
    stage: Stage  #: the stage that stands in its file
    facts: Facts
    progress: Progress
    pack: RulePack


async def heard(here: Here, told: Mapping[UUID, Mapping[str, date | int | None]]) -> None:
    """Keep what a room knows of cases, and let their stages follow: {case id: {name of a fact: value}}.

    Every case is told the same facts. Names are those of `rules.Facts`. Telling the same again changes nothing.
    """
    if not told:
        return
    names = sorted(next(iter(told.values())))
    if set(names) - TOLD or any(set(facts) != set(names) for facts in told.values()):
        raise ValueError(f"not the facts of every case: {names}")
    order = sorted(told)
    await many(queries.BEGIN, [(uuid7(here.now), case_id) for case_id in order])
    settings = ", ".join(f"{name} = ${place}" for place, name in enumerate(names, 3))
    differs = " OR ".join(f"{name} IS DISTINCT FROM ${place}" for place, name in enumerate(names, 3))
    await many(
        f"UPDATE case_evidence SET {settings} WHERE tenant_id = $1 AND case_id = $2 AND ({differs})",
        [(case_id, *(told[case_id][name] for name in names)) for case_id in order],
    )
    await settle(here, order)


async def settle(here: Here, case_ids: Collection[UUID]) -> list[UUID]:
    """Let stage and readiness of cases follow from what is known today; answers the cases in which something moved.

    The same few statements for one case as for a whole roster whose first session was closed.
    """
    steps: list[tuple[UUID, Step]] = []
    ready: dict[UUID, bool] = {}
    for row in await hot(queries.HELD, sorted(case_ids)):
        way = await _way(here, row)
        if way.progress.ready != row["ready"]:
            ready[way.case_id] = way.progress.ready
        if way.progress.stage is not way.stage:
            on = rules.reached_on(way.facts, way.progress.stage, here.today)
            steps.append((way.case_id, Step(way.progress.stage, on, here.now)))
    await cases.record_ready(list(ready.items()))
    if len(steps) == 1:
        await cases.record_step(here, steps[0][0], steps[0][1].stage, steps[0][1].on)
    elif steps:
        await cases.record_steps(here, steps)
        await audit.record(here, "case:stage_changed", count=len(steps))
    return sorted({*ready, *(case_id for case_id, _ in steps)})


async def settle_part(here: Here, after: UUID | None) -> tuple[UUID | None, int]:
    """The same for the next open cases after `after`: (the last of them or None at the end, how many moved)."""
    ids = [row["case_id"] for row in await hot(queries.OPEN_AFTER, after, PART)]
    moved = await settle(here, ids)
    return (ids[-1] if len(ids) == PART else None), len(moved)


async def way(here: Here, code: str) -> Way:
    """One case. Raises NotFound."""
    rows = await hot(queries.READ, [code])
    if not rows:
        raise NotFound
    return await _way(here, rows[0])


async def seen(here: Here, code: str) -> tuple[str, Way]:
    """(the name, the way) of one case for its page, with the audit row of having been seen. Raises NotFound."""
    rows = await hot(queries.READ_NAMED, code)
    if not rows:
        raise NotFound
    found = await _way(here, rows[0])
    await audit.record(here, "case:seen", found.case_id, page="pathway")
    return f"{rows[0]['prefix']}{rows[0]['given_name']} {rows[0]['family_name']}".strip(), found


async def ways(here: Here, codes: Collection[str] | None = None) -> list[Way]:
    """Many cases in one statement; all open ones without `codes`."""
    rows = await hot(queries.READ_OPEN) if codes is None else await hot(queries.READ, list(codes))
    return [await _way(here, row) for row in rows]


async def skip(here: Here, code: str, condition: str, reason: str, key: UUID) -> UUID:
    """Leave a condition out of one case, with a reason; answers the id of the row, for undo. Harmless twice by `key`.

    Raises NotFound, Conflict when it is left out already, KeyReused when the key stands for something else.
    """
    found = await way(here, code)
    if not rules.may_skip(condition) or found.stage is Stage.CLOSED:
        raise NotFound
    assert here.member_id is not None
    try:
        fresh = await hot(queries.SKIP, key, found.case_id, condition, reason, here.now, here.member_id)
    except asyncpg.UniqueViolationError as error:
        raise Conflict(LEFT_OUT_ALREADY) from error
    if not fresh:
        first = await ConditionSkip.select().where(ConditionSkip.id == key).first()
        if first is None or (first["case_id"], first["condition"], first["reason"]) != (
            found.case_id,
            condition,
            reason,
        ):
            raise KeyReused
        return key
    await _settle_fresh(here, found.case_id)
    await audit.record(here, "condition:skipped", found.case_id, kind=condition)
    return key


async def undo_skip(here: Here, skip_id: UUID) -> None:
    """The condition counts again. Harmless twice. Raises NotFound."""
    row = await ConditionSkip.select().where(ConditionSkip.id == skip_id).lock_rows().first()
    if row is None:
        raise NotFound
    if row["undone_at"] is not None:
        return
    await ConditionSkip.update({ConditionSkip.undone_at: here.now, ConditionSkip.undone_by: here.member_id}).where(
        ConditionSkip.id == skip_id
    )
    await _settle_fresh(here, row["case_id"])
    await audit.record(here, "condition:counts_again", row["case_id"], kind=row["condition"])


async def skips(here: Here, case_id: UUID) -> dict[str, UUID]:
    """The conditions that are left out of a case, each with the id of its row."""
    rows = await ConditionSkip.select(ConditionSkip.id, ConditionSkip.condition).where(
        ConditionSkip.case_id == case_id, ConditionSkip.undone_at.is_null()
    )
    return {row["condition"]: row["id"] for row in rows}


async def _settle_fresh(here: Here, case_id: UUID) -> None:
    """A case of which nothing was told yet gets its row first."""
    await many(queries.BEGIN, [(uuid7(here.now), case_id)])
    await settle(here, [case_id])


async def _way(here: Here, row: Any) -> Way:
    pack = await packs.pack(here, row["pack_id"])
    known = _facts(row)
    skipped = msgspec.json.decode(row["skipped"]) if row["skipped"] else {}
    stage = Stage(row["stage"])
    found = rules.progress(known, pack.pathway, skipped, here.today)
    return Way(row["case_id"], row["code"], stage, known, found, pack)


def _facts(row: Any) -> Facts:
    """What stands in the row. Without one, the stage in the file is all that is known; a closed file stays closed."""
    stage, stated = Stage(row["stage"]), row["stated"]
    facts: dict[str, Any] = {}
    if row["id"] is None:
        stated = stage if stage not in (Stage.ENROLLED, Stage.CLOSED) else None
    else:
        facts = {name: row[name] for name in TOLD}
    if stage is Stage.CLOSED and facts.get("closed_on") is None:
        facts["closed_on"] = date.min
    return Facts(**facts, consents=row["consents"], stated=Stage(stated) if stated else None)
