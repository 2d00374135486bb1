"""The count of each case: rewritten in the transaction of what changes it, and looked at again every night."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from khuen import packs, vault
from khuen.cases import service as cases
from khuen.cases.tables import CaseFile
from khuen.ids import uuid7
from khuen.pathway import service as pathway
from khuen.tenancy import Here, hot, many
from khuen.treatment import draw_rules, queries, rules
from khuen.treatment.draw_rules import Window
from khuen.treatment.rules import Attended, Break, Kind, Mark, Reading, Result, Sample, Tally
from khuen.treatment.tables import TreatmentTally

PART = 200  #: cases in one transaction of the night
_COLUMNS = tuple(field.name for field in fields(Tally))


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a count was not what the rule says; `stood` is None where none had been written yet."""

    case_id: UUID
    stood: Tally | None
    tally: Tally


async def tallies(here: Here, case_ids: Collection[UUID] | None = None) -> dict[UUID, Tally]:
    """The count of these cases, or of all that are open. One statement.

    `negatives` is for pages of the clinic and the doctor and for the pathway's rule only.
    """
    rows = await hot(queries.TALLIES, list(case_ids) if case_ids is not None else None)
    found = {}
    for row in rows:
        if row["id"] is None:
            pack = await packs.pack(here, row["pack_id"])
            found[row["case_id"]] = rules.tally(row["opened_on"], (), (), pack.pathway.urine_every_days)
        else:
            found[row["case_id"]] = stood(row)
    return found


async def recompute(here: Here, case_ids: Collection[UUID]) -> list[Difference]:
    """Put the counts right from every mark and every test, and answer where they differed. The day of the next test,
    drawn or a further one of this week, goes with the case, where the board finds it.

    Whose key was thrown away keeps the count that stood.
    """
    ids = sorted(set(case_ids))
    if not ids:
        return []
    # The lock comes first: what commits meanwhile is then seen by the statement that follows.
    held = CaseFile.select(CaseFile.id, CaseFile.test_on).where(CaseFile.id.is_in(ids)).order_by(CaseFile.id)
    drawn = {row["id"]: row["test_on"] for row in await held.lock_rows("NO KEY UPDATE")}
    kept = await TreatmentTally.select().where(TreatmentTally.case_id.is_in(ids))
    before = {row["case_id"]: stood(row) for row in kept}
    safe, percent = await vault.open_tenant(here), (await packs.settings_of(here)).treatment.extra_tests_percent
    found, days = [], []
    for row in await hot(queries.FACTS, ids):
        if row["wrapped"] is None:
            continue
        pack = await packs.pack(here, row["pack_id"])
        every_days = pack.pathway.urine_every_days
        made = rules.tally(row["opened_on"], _sessions(row), _tests(safe, row), every_days, _breaks(row))
        if before.get(row["case_id"]) != made:
            found.append(Difference(row["case_id"], before.get(row["case_id"]), made))
        window, since = Window(made.opens_on, made.closes_on), made.last_test_on or row["opened_on"] - timedelta(days=1)
        day = draw_rules.due_day(seed(safe, row["case_id"]), window, since, here.today, percent)
        if drawn[row["case_id"]] != day:
            days.append((row["case_id"], day))
    await many(
        queries.SETTLE,
        [(uuid7(here.now), one.case_id, *(getattr(one.tally, name) for name in _COLUMNS)) for one in found],
    )
    await cases.record_test_days(days)
    await pathway.heard(here, {one.case_id: _told(one.tally) for one in found})
    return found


async def recompute_part(here: Here, after: UUID | None) -> tuple[UUID | None, int]:
    """Recompute the next open cases after `after`: (the last of them or None at the end, how many differed).

    A case without a count yet is no difference: nothing was said that was wrong.
    """
    wanted = CaseFile.select(CaseFile.id).where(CaseFile.stage != "closed")
    if after is not None:
        wanted = wanted.where(CaseFile.id > after)
    ids = [row["id"] for row in await wanted.order_by(CaseFile.id).limit(PART)]
    differed = [one for one in await recompute(here, ids) if one.stood is not None]
    return (ids[-1] if len(ids) == PART else None), len(differed)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a doctor looks at before deciding: the days of sessions that the doctor led, and each test that stands."""

    sessions: tuple[date, ...]
    tests: tuple[tuple[date, Result], ...]


async def shown(here: Here, case_ids: Collection[UUID]) -> dict[UUID, Shown]:
    """The evidence of many cases in one statement, in order of date; for pages of the doctor only.

    Whose key was thrown away is not in the answer.
    """
    safe = await vault.open_tenant(here)
    found = {}
    for row in await hot(queries.FACTS, sorted(case_ids)):
        if row["wrapped"] is not None:
            came = sorted(one.on for one in _sessions(row) if one.cbtx and one.mark is Mark.PRESENT)
            tests = sorted((one.on, one.result) for one in _tests(safe, row))
            found[row["case_id"]] = Shown(tuple(came), tuple(tests))
    return found


def seed(safe: vault.TenantVault, case_id: UUID) -> bytes:
    """What the days of a case's tests are drawn with: kept nowhere, the same for ever, unknown outside the district."""
    return safe.blind("test days", str(case_id))


def _told(tally: Tally) -> dict[str, date | int | None]:
    """What the pathway has to know of it."""
    return {
        "started_on": tally.started_on,
        "sessions": tally.with_doctor,
        "missed": tally.missed,
        "tests": tally.tests,
        "negatives": tally.negatives,
        "best_negatives": tally.best_negatives,
        "broken_on": tally.broken_on,
    }


def stood(row: Any) -> Tally:
    """The count as a row of `treatment_tally` holds it."""
    return Tally(**{name: row[name] for name in _COLUMNS})


def _sessions(row: Any) -> list[Attended]:
    return [
        Attended(datetime.fromisoformat(starts_at), date.fromisoformat(on), kind == Kind.CBTX, Mark(mark))
        for starts_at, on, kind, mark in json.loads(row["sessions"] or "[]")
    ]


def _breaks(row: Any) -> list[Break]:
    rows = json.loads(row["breaks"] or "[]")
    return [Break(date.fromisoformat(on), datetime.fromisoformat(told_at)) for on, told_at in rows]


def _tests(safe: vault.TenantVault, row: Any) -> list[Reading]:
    own = safe.unwrap(row["person_id"], row["key_id"], row["wrapped"])
    found = []
    for id_, on, made_at, sample, sealed, confirms in json.loads(row["tests"] or "[]"):
        key = UUID(id_)
        result = Result(own.unseal("urine_test", "result", key, base64.b64decode(sealed)))
        confirmed = UUID(confirms) if confirms else None
        at = datetime.fromisoformat(made_at)
        found.append(Reading(key, date.fromisoformat(on), at, Sample(sample), result, confirmed))
    return found
