"""A spreadsheet on its way to becoming people and cases: received, mapped, checked, mended by hand.

Rows keep what the file said, sealed. A check is repeatable and writes only what each row is. `committing.py` goes on.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from khuen import audit, thai, vault
from khuen.cases import service as cases
from khuen.enrolment import columns, queries, rows
from khuen.enrolment.batches import (
    CHANGED_MEANWHILE,
    Batch,
    Content,
    Mapping,
    Raw,
    as_json,
    batch,
    count_rows,
    locked,
    read_problems,
    read_row,
    remembered,
    seal,
    typed_texts,
    unseal,
    waiting,
    written_problems,
)
from khuen.enrolment.opening import Resembling, person_of, resembling
from khuen.enrolment.rules import DUPLICATES, Around
from khuen.enrolment.tables import ImportBatch, ImportRow
from khuen.enrolment.upload import Sheet
from khuen.errors import Conflict, KeyReused, NotFound
from khuen.ids import uuid7
from khuen.people import service as people
from khuen.tenancy import Here, hot, many

NEW, SAME, LEFT_OUT = "new", "same:", "left_out"
_CHOICE = re.compile(f"{NEW}|{SAME}[0-9a-f-]{{36}}")


@dataclass(frozen=True, slots=True)
class Work:
    """What a check needs, taken out of one transaction so that reading holds none open."""

    batch: Batch
    around: Around
    raw: list[Raw] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """One row on the page: what was typed, understood and found wrong."""

    number: int
    state: str
    typed: dict[str, str] = field(repr=False)
    problems: tuple[rows.Problem, ...]
    notes: tuple[rows.Note, ...]
    cells: dict[str, str]  #: field -> "C14"
    choice: str
    matches: tuple[Resembling, ...] = ()


async def receive(here: Here, key: UUID, file_name: str, content: bytes, sheet: Sheet, project_id: UUID) -> Batch:
    """Keep a file's rows. The same file under the same key again: the batch that is there.

    Raises KeyReused for another file under the key, NotFound for a project that is not here.
    """
    digest = hashlib.sha256(content).digest()
    if project_id not in {project.id for project in await cases.projects(here)}:
        raise NotFound
    headers = columns.guess_headers(sheet.rows)
    body = [(at, row) for at, row in enumerate(sheet.rows) if at > headers.row and any(cell.strip() for cell in row)]
    mapping = Mapping(await remembered(headers.names) or columns.guess_fields(headers.names))
    inserted = await (
        ImportBatch.insert(
            ImportBatch(
                id=key,
                member_id=here.member_id,
                file_name=columns.shown(file_name),
                file_hash=digest,
                state="uploaded",
                project_id=project_id,
                sheet=columns.shown(sheet.name),
                headers=as_json({"row": headers.row, "names": headers.names}),
                mapping=as_json(mapping),
                total=len(body),
                made_at=here.now,
            )
        )
        .on_conflict((ImportBatch.tenant_id, ImportBatch.id), "DO NOTHING")
        .returning(ImportBatch.id)
    )
    if not inserted:
        return await _again(here, key, digest)
    safe = await vault.open_tenant(here)
    stored = [(uuid7(here.now), number, Content(row, sheet.formulas.get(number, []))) for number, row in body]
    await many(queries.ADD_ROW, [(id_, key, number, seal(safe, id_, content)) for id_, number, content in stored])
    await audit.record(here, "import:uploaded", key, count=len(body))
    return await batch(here, key)


async def same_file_before(here: Here, batch_id: UUID) -> Any:
    """When a file with the very same bytes was committed before, or None."""
    own = await ImportBatch.select(ImportBatch.file_hash).where(ImportBatch.id == batch_id).first()
    if own is None:
        raise NotFound
    row = (
        await ImportBatch.select(ImportBatch.committed_at)
        .where(
            ImportBatch.file_hash == own["file_hash"],
            ImportBatch.id != batch_id,
            ImportBatch.state == "committed",
        )
        .order_by(ImportBatch.committed_at, ascending=False)
        .first()
    )
    return row["committed_at"] if row else None


async def begin_check(here: Here, batch_id: UUID, mapping: Mapping, near: str) -> Work:
    """Keep how the columns are read, for this file and for the next of its kind, and hand out its rows.

    Raises Conflict once a commit has begun.
    """
    held = await locked(batch_id)
    if held.state not in ("uploaded", "checked"):
        raise Conflict(CHANGED_MEANWHILE)
    await ImportBatch.update({ImportBatch.mapping: as_json(mapping)}).where(ImportBatch.id == batch_id)
    await hot(
        queries.REMEMBER_MAPPING,
        uuid7(here.now),
        columns.signature(held.names),
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
    held = await locked(work.batch.id)
    if held.state not in ("uploaded", "checked"):
        raise Conflict(CHANGED_MEANWHILE)
    compared = await compare(here, work, read)
    await many(queries.CHECKED, await _written(here, work, compared))
    await count_rows(work.batch.id, state="checked")
    await audit.record(here, "import:checked", work.batch.id, count=len(work.raw))


async def _written(here: Here, work: Work, read: dict[int, rows.Row]) -> list[tuple[UUID, str, str, bytes]]:
    safe = await vault.open_tenant(here)
    written = []
    for raw in work.raw:
        raw.content.entry = read[raw.number].entry
        row = read[raw.number]
        written.append((raw.id, row.state, written_problems(row), seal(safe, raw.id, raw.content)))
    return written


async def kinds(here: Here, batch_id: UUID) -> list[tuple[str, int]]:
    """How many rows have each kind of problem, the most frequent first: (key of rules.PROBLEMS, rows)."""
    found: Counter[str] = Counter()
    for row in await hot(queries.WAITING, batch_id):
        found.update({problem.code for problem in read_problems(row["problems"])})
    return found.most_common()


async def page(
    here: Here, held: Batch, near: str, states: list[str], kind: str | None, number: int, size: int = 50
) -> tuple[list[Shown], int]:
    """One page of rows as they stand, and how many there are in all."""
    mark = f'"{kind}"' if kind else None
    found = await hot(queries.PAGE, held.id, states, mark, size, (number - 1) * size)
    return await _shown(here, held, near, found), found[0]["total"] if found else 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row as it came and what became of it."""

    number: int
    cells: list[str] = field(repr=False)
    state: str
    problems: tuple[rows.Problem, ...]


async def result_rows(here: Here, held: Batch) -> list[Outcome]:
    """Every row that is still kept, in the order of the file, with an audit row: it leaves the site."""
    safe = await vault.open_tenant(here)
    found = await hot(queries.PAGE, held.id, _ALL, None, 1_000_000, 0)
    await audit.record(here, "export:made", held.id, kind="import_result", count=len(found))
    return [
        Outcome(row["number"], unseal(safe, row).cells, row["state"], read_problems(row["problems"])) for row in found
    ]


async def samples(here: Here, held: Batch, size: int = 3) -> dict[int, list[str]]:
    """Column -> its first filled cells, shown beside the header while columns are matched."""
    safe = await vault.open_tenant(here)
    found: dict[int, list[str]] = {}
    for row in await hot(queries.PAGE, held.id, _ALL, None, 10, 0):
        for at, cell in enumerate(unseal(safe, row).cells):
            if cell.strip() and len(found.setdefault(at, [])) < size:
                found[at].append(cell[:40])
    return found


_ALL = ["raw", "good", "bad", "duplicate", "done", "left_out", "undone"]


async def one(here: Here, held: Batch, near: str, number: int) -> Shown:
    """Raises NotFound."""
    row = await ImportRow.select().where(ImportRow.batch_id == held.id, ImportRow.number == number).first()
    if row is None:
        raise NotFound
    return (await _shown(here, held, near, [row]))[0]


async def mend(here: Here, batch_id: UUID, near: str, number: int, mended: dict[str, str], choice: str) -> Shown:
    """Put a row right by hand, or choose what to do about a double, and look at it again.

    Raises NotFound; Conflict when the rows are going in already.
    """
    held = await locked(batch_id)
    row = await ImportRow.select().where(ImportRow.batch_id == batch_id, ImportRow.number == number).first()
    if row is None:
        raise NotFound
    if held.state != "checked":
        raise Conflict(CHANGED_MEANWHILE)
    safe = await vault.open_tenant(here)
    content, before = unseal(safe, row), read_problems(row["problems"])
    was = typed_texts(held, content)
    changed = {name: text for name, text in mended.items() if text != was.get(name, "")}
    content.mended |= changed
    content.choice = choice if _may_choose(choice, before) else ""
    read = read_row(held, content, Around(here.today, near))
    doubled = next((problem for problem in before if problem.code == "same_in_file"), None)
    if doubled and not content.choice and not changed.keys() & _TELLS_WHO:
        read = read.with_problem(doubled)  # a look at all rows found it, and nothing that it depends on has changed
    work = Work(held, Around(here.today, near), [Raw(row["id"], number, content)])
    compared = (await compare(here, work, {number: read}))[number]
    (written,) = await _written(here, work, {number: compared})
    await many(queries.CHECKED, [written])
    if choice == LEFT_OUT:
        await ImportRow.update({ImportRow.state: LEFT_OUT}).where(ImportRow.id == row["id"])
    await count_rows(batch_id)
    return await one(here, held, near, number)


_TELLS_WHO = {"full_name", "given_name", "family_name", "national_id", "birth", "phone"}


def _may_choose(choice: str, problems: tuple[rows.Problem, ...]) -> bool:
    """Nobody shares a national ID with another person."""
    same_id = any(problem.field == "national_id" and problem.code in DUPLICATES for problem in problems)
    return bool(_CHOICE.fullmatch(choice)) and not (choice == NEW and same_id)


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


async def _shown(here: Here, held: Batch, near: str, found: list[Any]) -> list[Shown]:
    safe = await vault.open_tenant(here)
    around = Around(here.today, near)
    opened = [(row, unseal(safe, row)) for row in found]
    matches = await _matches(here, held, around, opened)
    shown = []
    for row, content in opened:
        cells = {name: columns.cell(row["number"], at) for at, name in held.mapping.fields.items()}
        shown.append(
            Shown(
                row["number"],
                row["state"],
                typed_texts(held, content),
                read_problems(row["problems"]),
                read_row(held, content, around).notes,
                cells,
                content.choice,
                matches.get(row["number"], ()),
            )
        )
    return shown


async def _matches(
    here: Here, held: Batch, around: Around, opened: list[tuple[Any, Content]]
) -> dict[int, tuple[Resembling, ...]]:
    """For the doubles among these rows, who they resemble here, with the newest case of each."""
    asking = {
        row["number"]: person_of(entry, row["id"])
        for row, content in opened
        if row["state"] == "duplicate" and (entry := read_row(held, content, around).entry) is not None
    }
    if not asking:
        return {}
    same = await people.likely_same(here, list(asking.values()))
    return {number: await resembling(here, same[person.id]) for number, person in asking.items()}


async def _again(here: Here, key: UUID, digest: bytes) -> Batch:
    row = await ImportBatch.select(ImportBatch.file_hash, ImportBatch.member_id).where(ImportBatch.id == key).first()
    if row is None or row["file_hash"] != digest or row["member_id"] != here.member_id:
        raise KeyReused
    return await batch(here, key)
