"""What each row of a file is: read, compared with the other rows, and with the people of the district.

A check is repeatable and writes only what each row is. `committing.py` goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from khuen import audit, thai, vault
from khuen.enrolment import columns, queries, rows
from khuen.enrolment.batches import (
    CHANGED_MEANWHILE,
    Batch,
    Mapping,
    Raw,
    as_json,
    batch,
    count_rows,
    locked,
    read_row,
    seal,
    waiting,
    written_problems,
)
from khuen.enrolment.opening import person_of
from khuen.enrolment.rules import Around
from khuen.enrolment.tables import ImportBatch
from khuen.errors import Conflict
from khuen.ids import uuid7
from khuen.people import service as people
from khuen.tenancy import Here, hot, many

SAME = "same:"


@dataclass(frozen=True, slots=True)
class Work:
    """What a check needs, taken out of one transaction so that reading holds none open."""

    batch: Batch
    around: Around
    raw: list[Raw] = field(repr=False)


async def begin_check(here: Here, batch_id: UUID, mapping: Mapping, near: str) -> Work:
    """Keep how the columns are read, for this file and for the next of its kind, and hand out its rows.

    Raises Conflict once a commit has begun.
    """
    held = await locked(here, batch_id)
    if not held.may_be("uploaded", "checked"):
        raise Conflict(CHANGED_MEANWHILE)
    await ImportBatch.update({ImportBatch.mapping: as_json(mapping)}).where(ImportBatch.id == batch_id)
    await hot(
        queries.REMEMBER_MAPPING,
        uuid7(here.now),
        columns.signature(held.source.names),
        as_json({str(at): name for at, name in mapping.fields.items()}),
        here.now,
    )
    return Work(await batch(here, batch_id), Around(here.today, near), await waiting(here, batch_id))


def read_rows(work: Work) -> dict[int, rows.Row]:
    """The pure part of a check, for a thread: no query, no clock. 5,000 rows take about a second."""
    read = {raw.number: read_row(work.batch, raw.content, work.around) for raw in work.raw}
    return without_doubles(work, read)


def without_doubles(work: Work, read: dict[int, rows.Row]) -> dict[int, rows.Row]:
    """The rows with doubles marked, but for those about which somebody has chosen."""
    chosen = {raw.number for raw in work.raw if raw.content.choice}
    return rows.mark_doubles(read) | {number: read[number] for number in chosen}


async def finish_check(here: Here, work: Work, read: dict[int, rows.Row]) -> None:
    """Compare with the people of the district and write down what every row is. Raises Conflict as `begin_check`."""
    held = await locked(here, work.batch.id)
    if not held.may_be("uploaded", "checked"):
        raise Conflict(CHANGED_MEANWHILE)
    compared = await compare(here, work, read)
    await many(queries.CHECKED, await written(here, work, compared))
    await count_rows(work.batch.id, state="checked")
    await audit.record(here, "import:checked", work.batch.id, count=len(work.raw))


async def written(here: Here, work: Work, read: dict[int, rows.Row]) -> list[tuple[UUID, str, str, bytes]]:
    safe = await vault.open_tenant(here)
    written = []
    for raw in work.raw:
        raw.content.entry = read[raw.number].entry
        row = read[raw.number]
        written.append((raw.id, row.state, written_problems(row), seal(safe, raw.id, raw.content)))
    return written


async def compare(here: Here, work: Work, read: dict[int, rows.Row]) -> dict[int, rows.Row]:
    """The rows with what the people of the district add: who is here already. A choice made by hand answers that."""
    contents = {raw.number: raw.content for raw in work.raw}
    asking = {
        raw.number: person_of(row.entry, raw.id)
        for raw in work.raw
        if (row := read[raw.number]).entry is not None and row.state == "good"
    }
    same = await people.likely_same(here, list(asking.values()))
    matched = list({match.person_id for matches in same.values() for match in matches})
    open_now = {row["person_id"]: row["batch_id"] for row in await hot(queries.OPEN_OF, matched)} if matched else {}
    compared = dict(read)
    for number, new in asking.items():
        content = contents[number]
        for match in same[new.id]:
            # Doubles within one file were looked for among all its rows, with their dates of birth.
            own = open_now.get(match.person_id) == work.batch.id and not content.mended
            if code := _clash(match, new, content.choice, match.person_id in open_now, own):
                compared[number] = compared[number].with_problem(rows.Problem(_FIELD_OF[code], code))
                break
        chosen = known_person(content.choice)
        if chosen and all(match.person_id != chosen for match in same[new.id]):
            compared[number] = read[number].with_problem(rows.Problem("given_name", "other_person"))
    return compared


def known_person(choice: str) -> UUID | None:
    """The person that a choice names, for whom a further case is to begin."""
    return UUID(choice.removeprefix(SAME)) if choice.startswith(SAME) else None


def _clash(match: people.Match, new: people.NewPerson, choice: str, open_case: bool, own: bool) -> str | None:
    """The problem that a match makes, if it does. Families share phones: a phone alone is no sign of a double."""
    if choice == f"{SAME}{match.person_id}":
        return "open_case" if open_case else None
    if match.by == "national_id":
        return "same_id"
    if choice or own:
        return None
    if match.by == "name":
        return "same_name"
    related = thai.search_prefix(match.given_name) == thai.search_prefix(new.given_name)
    return "same_phone" if related else None


_FIELD_OF = {"same_id": "national_id", "same_name": "given_name", "same_phone": "phone", "open_case": "given_name"}
