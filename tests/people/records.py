"""A district with two records of one person, and all that a database holds, opened, to compare before and after."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from khuen import vault
from khuen.cases import service as cases
from khuen.cases.rules import ConsentKind, Decision, Stage
from khuen.cases.service import Consent, NewCase
from khuen.ids import uuid7
from khuen.people import merging
from khuen.people import service as people
from khuen.people.resealing import labels
from khuen.people.rules import Field
from khuen.tenancy import hot, within
from khuen.vault import PersonVault, WrongKey
from tests import care
from tests.care import District

#: what only grows: the chain of what was done, and the merges themselves
GROWS = frozenset({"public.audit", "public.audit_head", "public.person_merge", "clockwork.run", "clockwork.beat"})
NOTE = "ทดลองเล่าให้ฟังว่าสบายดี"


async def register(made: District, **values: Any) -> UUID:
    here = made.here("nok")
    who = care.person(**values)
    async with within(here):
        await people.register(here, [who])
    return who.id


async def open_case(made: District, person_id: UUID, *, closed: bool = False, guardian: str = "ผู้ปกครองทดลอง") -> str:
    """A case with a consent that names a guardian, a visit and what was told about it."""
    here, case_id = made.here("nok"), uuid7()
    given = Consent(ConsentKind.TREATMENT, Decision.GIVEN, "1", here.today, guardian)
    new = NewCase(case_id, person_id, made.project_id, "s113", "self", here.today, consents=(given,))
    async with within(here):
        code = (await cases.open_cases(here, [new]))[case_id]
        made.cases[code] = case_id
    await tell(made, code)
    if closed:
        async with within(here):
            await cases.record_step(here, case_id, Stage.CLOSED, here.today, "ย้ายบ้าน")
    return code


async def tell(made: District, code: str) -> None:
    """A visit and a sealed note of it, as rows: whoever visits is not what this is about."""
    here, check_in, note = made.here("nok"), uuid7(), uuid7()
    async with within(here):
        rows = await hot("SELECT person_id FROM case_file WHERE tenant_id = $1 AND id = $2", made.cases[code])
        own = await vault.person(here, rows[0]["person_id"])
        await hot(
            "INSERT INTO check_in (tenant_id, id, case_id, member_id, how, happened_at, planned_at, received_at)"
            " VALUES ($1, $2, $3, $4, 'well', $5, $5, $5)",
            check_in,
            made.cases[code],
            here.member_id,
            here.now,
        )
        await hot(
            "INSERT INTO check_in_note (tenant_id, id, check_in_id, note_sealed, written_at, by_id)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            note,
            check_in,
            own.seal("check_in_note", "note", note, NOTE),
            here.now,
            here.member_id,
        )


async def merge(
    made: District, kept: UUID, merged: UUID, standing: dict[Field, UUID] | None = None, *, key: UUID | None = None
) -> UUID:
    here, key = made.here("nok"), key or uuid7()
    async with within(here):
        mark = await merging.seen(here, kept, merged)
        await merging.merge(here, key, kept, merged, standing or {}, mark)
    return key


async def undo(made: District, merge_id: UUID) -> None:
    here = made.here("nok")
    async with within(here):
        await merging.undo(here, merge_id)


async def content(root: Any, made: District, *, without: Iterable[str] = GROWS) -> dict[str, list[str]]:
    """Every row of every table, sealed values opened with whatever key of the district opens them."""
    here = made.here("nok")
    async with within(here):
        ids = [row["person_id"] for row in await hot("SELECT person_id FROM vault.person_key WHERE tenant_id = $1")]
        keys = [*(await vault.persons(here, ids)).items(), (None, await vault.open_tenant(here))]
    tables = await root.fetch(
        "SELECT schemaname || '.' || tablename AS name FROM pg_tables WHERE schemaname IN ('public', 'vault', 'clockwork')"
    )
    found = {}
    for (name,) in tables:
        if name not in without:
            rows = await root.fetch(f"SELECT to_jsonb(t)::text AS row FROM {name} t")
            found[name] = sorted(_opened(name, json.loads(row["row"]), keys) for row in rows)
    return found


def _opened(table: str, row: dict[str, Any], keys: list[tuple[UUID | None, PersonVault]]) -> str:
    for column in [name for name in row if name.endswith("_sealed") and row[name]]:
        row[column] = _open(table.rpartition(".")[2], column, row, keys)
    return json.dumps(row, sort_keys=True, ensure_ascii=False)


def _open(table: str, column: str, row: dict[str, Any], keys: list[tuple[UUID | None, PersonVault]]) -> str:
    """Whose key opens it, and the text."""
    sealed = bytes.fromhex(row[column].removeprefix("\\x"))
    for (whose, own), label in itertools.product(keys, labels(column)):
        try:
            return f"{whose}: {own.unseal(table, label, UUID(row['id']), sealed)}"
        except WrongKey:
            continue
    raise AssertionError(f"{table}.{column} opens with no key")
