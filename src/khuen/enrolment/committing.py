"""The good rows of a checked spreadsheet become people and cases, and can be taken back for a day.

A commit goes in chunks. Each is one transaction that opens the cases and marks their rows, so a process that dies
leaves no row half done, and whoever looks next, the page or the worker, goes on (docs/decisions/0009-import.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from khuen import audit, erasure, vault
from khuen.enrolment import queries
from khuen.enrolment.batches import (
    CHANGED_MEANWHILE,
    Batch,
    Raw,
    batch,
    count_rows,
    locked,
    seal,
    tally,
    unseal,
    written_problems,
)
from khuen.enrolment.checking import Work, compare, known_person, without_doubles
from khuen.enrolment.mending import NEW
from khuen.enrolment.opening import Opening, close_all, near_of, open_many, person_of, project_of
from khuen.enrolment.rows import Problem, Row
from khuen.enrolment.rules import Around
from khuen.enrolment.tables import ImportBatch
from khuen.errors import Conflict
from khuen.ids import uuid7
from khuen.people import service as people
from khuen.people.rules import SameBy
from khuen.tenancy import Here, hot, many
from khuen.words import N_

CHUNK = 200
UNDO_HOURS = 24
TOO_LATE_TO_UNDO = N_("This import can no longer be undone. Close single cases on their own pages")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a commit is. `finished` when no row waits any more."""

    done: int
    total: int
    finished: bool


async def begin_commit(here: Here, batch_id: UUID) -> Batch:
    """Decide that the good rows go in. Harmless twice. Raises Conflict for a batch that is not checked."""
    held = await locked(here, batch_id)
    if held.state in ("committing", "committed"):
        return held
    if not held.may_be("checked"):
        raise Conflict(CHANGED_MEANWHILE)
    await ImportBatch.update({ImportBatch.state: "committing"}).where(ImportBatch.id == batch_id)
    return await batch(here, batch_id)


async def continue_batch(here: Here, batch_id: UUID) -> Progress:
    """Put the next 200 good rows in, in the caller's transaction. Any number of callers: rows are never done twice.

    Raises NotFound.
    """
    held = await locked(here, batch_id)
    if held.state != "committing":
        counts = await tally(here, batch_id)
        return Progress(held.done, held.done + counts.get("good", 0), held.state != "checked")
    found = await hot(queries.ROWS, batch_id, ["good"], CHUNK)
    await _put_in(here, held, found)
    counts = await count_rows(batch_id)
    if not counts.get("good"):
        await ImportBatch.update({ImportBatch.state: "committed", ImportBatch.committed_at: here.now}).where(
            ImportBatch.id == batch_id
        )
        await audit.record(here, "import:committed", batch_id, count=counts.get("done", 0))
    done = counts.get("done", 0)
    return Progress(done, done + counts.get("good", 0), not counts.get("good"))


async def unfinished(here: Here) -> list[tuple[UUID, UUID]]:
    """(batch id, member who began it) of commits that have begun and not ended: for the worker's sweep."""
    found = await ImportBatch.select(ImportBatch.id, ImportBatch.member_id).where(ImportBatch.state == "committing")
    return [(row["id"], row["member_id"]) for row in found]


async def _put_in(here: Here, held: Batch, found: list[Any]) -> None:
    """Open the cases of these rows; one whose person came here by another way meanwhile waits for somebody instead."""
    safe = await vault.open_tenant(here)
    around = Around(here.today, await near_of(here))
    raw = [Raw(row["id"], row["number"], unseal(safe, row)) for row in found]
    work = Work(held, around, raw)
    compared = await compare(here, work, without_doubles(work, {one.number: Row(one.content.entry) for one in raw}))
    apart = await _said_apart(here, raw, compared)
    ready: list[tuple[Raw, Opening]] = []
    waiting: list[tuple[UUID, str, str, bytes]] = []
    taken: set[str | UUID] = set()
    for one in raw:
        row = compared[one.number]
        if row.entry is not None and row.state == "good":
            person = known_person(one.content.choice)
            who = {one_of for one_of in (row.entry.national_id, person) if one_of}
            if not who & taken:
                taken |= who
                other = apart.get(one.number, {})
                ready.append((one, Opening(uuid7(here.now), row.entry, person, apart=other)))
                continue
            row = row.with_problem(Problem("national_id", "same_in_file"))
        waiting.append((one.id, row.state, written_problems(row), seal(safe, one.id, one.content)))
    project = await project_of(here, held.project_id)
    if ready:
        await open_many(here, project, [opening for _, opening in ready], held.id)
        await many(queries.DONE, [(one.id, opening.case_id) for one, opening in ready])
    await many(queries.CHECKED, waiting)


async def _said_apart(here: Here, raw: list[Raw], compared: dict[int, Row]) -> dict[int, dict[UUID, SameBy]]:
    """{row: who looks alike} of rows about which somebody said that it is a new person."""
    said = [one for one in raw if one.content.choice == NEW]
    asking = {one.number: person_of(entry, one.id) for one in said if (entry := compared[one.number].entry)}
    alike = await people.likely_same(here, list(asking.values())) if asking else {}
    return {number: {match.person_id: match.by for match in alike[new.id]} for number, new in asking.items()}


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo did, or would do: cases taken back, and codes of cases that stay because work was done on them."""

    taken_back: int
    kept: tuple[str, ...]


def may_undo(held: Batch, now: datetime) -> bool:
    """For 24 hours after the commit ended."""
    return (
        held.state == "committed"
        and held.committed_at is not None
        and now - held.committed_at <= timedelta(hours=UNDO_HOURS)
    )


async def undo_preview(here: Here, batch_id: UUID) -> Undone:
    """What an undo would do now."""
    back, kept = await _split(batch_id)
    return Undone(len(back), kept)


async def undo_batch(here: Here, batch_id: UUID) -> Undone:
    """Take an import back: its untouched cases are closed, people who have nothing else here are erased.

    A case that somebody visited, or that went on to treatment, stays; its code is named. Harmless twice.
    Raises Conflict when 24 hours have passed or the commit has not ended.
    """
    held = await locked(here, batch_id)
    if held.state != "undone" and not may_undo(held, here.now):
        raise Conflict(TOO_LATE_TO_UNDO)
    back, kept = await _split(batch_id)
    if held.state == "undone":
        return Undone(len(back), kept)
    await close_all(here, [row["id"] for row in back], "import_undone")
    await hot(queries.UNDONE, batch_id, [row["id"] for row in back])
    await ImportBatch.update({ImportBatch.state: "undone", ImportBatch.undone_at: here.now}).where(
        ImportBatch.id == batch_id
    )
    await audit.record(here, "import:undone", batch_id, count=len(back), left=len(kept))
    mine = {row["person_id"] for row in back if row["made_here"]}
    known = await hot(queries.KNOWN, list(mine), [row["id"] for row in back])
    await erasure.erase_people(here, mine - {row["person_id"] for row in known})
    return Undone(len(back), kept)


async def _split(batch_id: UUID) -> tuple[list[Any], tuple[str, ...]]:
    """Cases of a batch that can be taken back, and codes of those that somebody worked on."""
    found = await hot(queries.OF_BATCH, batch_id)
    visited = {row["case_id"] for row in await hot(queries.VISITED, [row["id"] for row in found])}
    kept = [row for row in found if row["id"] in visited or row["stage"] not in ("enrolled", "closed")]
    stays = {row["id"] for row in kept}
    back = [row for row in found if row["id"] not in stays and row["stage"] == "enrolled"]
    return back, tuple(row["code"] for row in kept)
