"""A row is put right by hand, or somebody says what to do about a double."""

from __future__ import annotations

import re
from uuid import UUID

from khuen import vault
from khuen.enrolment import queries, rows
from khuen.enrolment.batches import (
    CHANGED_MEANWHILE,
    Raw,
    count_rows,
    locked,
    read_problems,
    read_row,
    typed_texts,
    unseal,
)
from khuen.enrolment.checking import SAME, Work, compare, written
from khuen.enrolment.listing import Shown, one
from khuen.enrolment.problems import DUPLICATES
from khuen.enrolment.rules import Around
from khuen.enrolment.tables import ImportRow
from khuen.errors import Conflict, NotFound
from khuen.tenancy import Here, many

NEW, LEFT_OUT = "new", "left_out"


async def mend(here: Here, batch_id: UUID, near: str, number: int, mended: dict[str, str], choice: str) -> Shown:
    """Put a row right by hand, or choose what to do about a double, and look at it again.

    Raises NotFound; Conflict when the rows are going in already.
    """
    held = await locked(here, batch_id)
    row = await ImportRow.select().where(ImportRow.batch_id == batch_id, ImportRow.number == number).first()
    if row is None:
        raise NotFound
    if not held.may_be("checked"):
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
    (row_written,) = await written(here, work, {number: compared})
    await many(queries.CHECKED, [row_written])
    if choice == LEFT_OUT:
        await ImportRow.update({ImportRow.state: LEFT_OUT}).where(ImportRow.id == row["id"])
    await count_rows(batch_id)
    return await one(here, held, near, number)


_TELLS_WHO = {"full_name", "given_name", "family_name", "national_id", "birth", "phone"}


_CHOICE = re.compile(f"{NEW}|{SAME}[0-9a-f-]{{36}}")


def _may_choose(choice: str, problems: tuple[rows.Problem, ...]) -> bool:
    """Nobody shares a national ID with another person."""
    same_id = any(problem.field == "national_id" and problem.code in DUPLICATES for problem in problems)
    return bool(_CHOICE.fullmatch(choice)) and not (choice == NEW and same_id)
