"""The rows of an import as people see them: a page of them, one of them, the kinds of problems, the result file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from khuen import audit, vault
from khuen.enrolment import columns, queries, rows
from khuen.enrolment.batches import ALL_STATES, MOST, Batch, Content, read_problems, read_row, typed_texts, unseal
from khuen.enrolment.opening import Resembling, person_of, resembling
from khuen.enrolment.rules import Around
from khuen.enrolment.tables import ImportRow
from khuen.errors import NotFound
from khuen.people import service as people
from khuen.tenancy import Here, hot


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


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row as it came and what became of it."""

    number: int
    cells: list[str] = field(repr=False)
    state: str
    problems: tuple[rows.Problem, ...]


@dataclass(frozen=True, slots=True)
class Sieve:
    """Which rows are wanted: in these states, with a problem of this kind, in this field; grouped by column or not."""

    states: list[str]
    kind: str = ""
    field: str = ""
    grouped: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows have each kind of problem, the most frequent first, and a problem in each field, as columns lie."""

    kinds: list[tuple[str, int]]
    fields: list[tuple[str, int]]


async def problem_tally(here: Here, held: Batch) -> Tally:
    kinds: Counter[str] = Counter()
    fields: Counter[str] = Counter()
    for row in await hot(queries.WAITING, held.id):
        found = read_problems(row["problems"])
        kinds.update({problem.code for problem in found})
        fields.update({problem.field for problem in found})
    return Tally(kinds.most_common(), [(name, fields[name]) for name in _as_columns_lie(held) if name in fields])


async def page(
    here: Here, held: Batch, near: str, sieve: Sieve, number: int = 1, size: int = 50
) -> tuple[list[Shown], int]:
    """One page of rows as they stand, and how many there are in all."""
    marks = f'["{sieve.field}",' if sieve.field else "", f',"{sieve.kind}",' if sieve.kind else ""
    order = _as_columns_lie(held) if sieve.grouped else []
    found = await hot(queries.PAGE, held.id, sieve.states, *marks, order, size, (number - 1) * size)
    return await _shown(here, held, near, found), found[0]["total"] if found else 0


def _as_columns_lie(held: Batch) -> list[str]:
    """Every field: those of the file from left to right, then the others."""
    mapped = [name for _, name in sorted(held.mapping.fields.items())]
    return [*mapped, *(name for name in columns.FIELDS if name not in mapped)]


async def one(here: Here, held: Batch, near: str, number: int) -> Shown:
    """Raises NotFound."""
    row = await ImportRow.select().where(ImportRow.batch_id == held.id, ImportRow.number == number).first()
    if row is None:
        raise NotFound
    return (await _shown(here, held, near, [row]))[0]


async def result_rows(here: Here, held: Batch) -> list[Outcome]:
    """Every row that is still kept, in the order of the file, with an audit row: it leaves the site."""
    safe = await vault.open_tenant(here)
    found = await hot(queries.ROWS, held.id, ALL_STATES, MOST)
    await audit.record(here, "export:made", held.id, kind="import_result", count=len(found))
    return [
        Outcome(row["number"], unseal(safe, row).cells, row["state"], read_problems(row["problems"])) for row in found
    ]


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
