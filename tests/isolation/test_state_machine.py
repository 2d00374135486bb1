"""Threat 1: random work in several districts; a model says who sees what. And threat 6 for every foreign key."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as budget
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from khuen import database
from khuen.ids import uuid7
from khuen.tenancy import many, within
from tests import databases
from tests.conftest import Stage
from tests.isolation.conftest import NOW, PERSON, here
from tests.isolation.tables import AnyPerson

FORMER = """INSERT INTO person_name (tenant_id, id, person_id, prefix, given_name, family_name, until_at)
            VALUES ($1, $2, $3, '', 'เดิม', 'ตัวอย่าง', $4)"""
NAMES = st.sampled_from(["ทดลอง", "สมมุติ", "จำลอง", "สาธิต"])


class Districts(RuleBasedStateMachine):
    """`people[tenant][id] = called name` is what must be there, and nothing else."""

    loop: asyncio.AbstractEventLoop
    persons = Bundle("persons")

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @initialize(count=st.integers(2, 5))
    def found(self, count: int) -> None:
        self.people: dict[UUID, dict[UUID, str]] = {uuid7(): {} for _ in range(count)}

    def tenant(self, number: int) -> UUID:
        return list(self.people)[number % len(self.people)]

    @rule(target=persons, number=st.integers(0, 4), name=NAMES)
    def add(self, number: int, name: str) -> tuple[UUID, UUID]:
        tenant, person = self.tenant(number), uuid7()
        self.do(self._write(tenant, PERSON, (person, name, NOW)))
        self.people[tenant][person] = name
        return tenant, person

    @rule(target=persons, number=st.integers(0, 4), owned=persons, name=NAMES)
    def add_with_the_same_id(self, number: int, owned: tuple[UUID, UUID], name: str) -> tuple[UUID, UUID]:
        """An id that another district uses is free here: nothing tells that it exists there."""
        tenant, (_, person) = self.tenant(number), owned
        self.do(self._write(tenant, PERSON + " ON CONFLICT (tenant_id, id) DO NOTHING", (person, name, NOW)))
        self.people[tenant].setdefault(person, name)
        return tenant, person

    @rule(number=st.integers(0, 4), owned=persons, name=NAMES)
    def rename(self, number: int, owned: tuple[UUID, UUID], name: str) -> None:
        tenant, (_, person) = self.tenant(number), owned
        changed = self.do(self._rename(tenant, person, name))
        assert bool(changed) == (person in self.people[tenant])
        if changed:
            self.people[tenant][person] = name

    @rule(number=st.integers(0, 4), owned=persons)
    def attach(self, number: int, owned: tuple[UUID, UUID]) -> None:
        tenant, (_, person) = self.tenant(number), owned
        attach = self._write(tenant, FORMER, (uuid7(), person, NOW))
        if person in self.people[tenant]:
            self.do(attach)
        else:
            with pytest.raises(asyncpg.ForeignKeyViolationError):
                self.do(attach)

    @invariant()
    def everybody_sees_their_own(self) -> None:
        for tenant, people in getattr(self, "people", {}).items():
            assert self.do(self._seen(tenant)) == people

    async def _write(self, tenant: UUID, sql: str, row: tuple[Any, ...]) -> None:
        async with within(here(tenant)):
            await many(sql, [row])

    async def _rename(self, tenant: UUID, person: UUID, name: str) -> list[Any]:
        async with within(here(tenant)):
            return list(
                await AnyPerson.update({AnyPerson.called_name: name})
                .where(AnyPerson.id == person)
                .returning(AnyPerson.id)
            )

    async def _seen(self, tenant: UUID) -> dict[UUID, str]:
        async with within(here(tenant)):
            rows = await AnyPerson.select(AnyPerson.id, AnyPerson.called_name)
        return {UUID(str(row["id"])): row["called_name"] for row in rows}


def test_threat_01_state_machine(stage: Stage) -> None:
    loop = asyncio.new_event_loop()
    name = loop.run_until_complete(databases.copy(stage.superuser, stage.superuser_of))
    own = replace(
        stage.settings, database_url=urlunsplit(urlsplit(stage.settings.database_url)._replace(path=f"/{name}"))
    )
    opened = database.connected(own, size=2)
    loop.run_until_complete(opened.__aenter__())
    Districts.loop = loop
    try:
        run_state_machine_as_test(
            Districts,
            settings=budget(
                max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
    finally:
        loop.run_until_complete(opened.__aexit__(None, None, None))
        loop.run_until_complete(databases.drop(stage.superuser, name))
        loop.close()


async def test_threat_06_every_foreign_key_refuses_the_id_of_another_district(root: Any) -> None:
    """Generated from the catalogue: a child row here, its parent in another district; and no key cascades."""
    keys = await root.fetch(
        """SELECT k.conname, k.conrelid::regclass::text AS child, k.confrelid::regclass::text AS parent,
                  a.attname AS column, k.confdeltype::text AS on_delete,
                  (SELECT array_agg(c.attname::text) FROM pg_attribute c
                    WHERE c.attrelid = k.conrelid AND c.attnum = ANY (k.conkey)) AS columns
           FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[2]
           WHERE k.contype = 'f' AND k.connamespace IN ('public'::regnamespace, 'vault'::regnamespace)"""
    )
    assert len(keys) > 20
    for key in keys:
        assert key["on_delete"] == "a"
        transaction = root.transaction()
        await transaction.start()
        try:
            ours, theirs, parent = uuid7(), uuid7(), uuid7()
            others = [k["conname"] for k in keys if k["child"] in (key["child"], key["parent"]) and k != key]
            table_of = {k["conname"]: k["child"] for k in keys}
            for other in others:
                await root.execute(f"ALTER TABLE {table_of[other]} DROP CONSTRAINT {other}")
            await _bare_row(root, key["parent"], theirs, parent, {}, [])
            with pytest.raises(asyncpg.ForeignKeyViolationError):
                await _bare_row(root, key["child"], ours, uuid7(), {key["column"]: parent}, key["columns"])
        finally:
            await transaction.rollback()


async def _bare_row(root: Any, table: str, tenant: UUID, row_id: UUID, given: dict[str, Any], also: list[str]) -> None:
    """Insert a row that fills what must be filled, and `also` (a key with a hole in it refers to nothing)."""
    columns = await root.fetch(
        """SELECT a.attname AS name, a.atttypid::regtype::text AS type FROM pg_attribute a
           WHERE a.attrelid = $1::text::regclass AND a.attnum > 0
             AND (a.attnotnull AND NOT a.atthasdef OR a.attname = ANY ($2::text[])) AND a.attgenerated = ''""",
        table,
        also,
    )
    for check in await root.fetch(
        "SELECT conname FROM pg_constraint WHERE conrelid = $1::text::regclass AND contype = 'c'", table
    ):
        await root.execute(f"ALTER TABLE {table} DROP CONSTRAINT {check['conname']}")
    filler = {
        "uuid": "gen_random_uuid()",
        "text": "'x'",
        "bytea": "'\\x00'",
        "date": "'2026-11-24'",
        "timestamp with time zone": "'2026-11-24'",
        "time without time zone": "'09:30'",
        "integer": "1",
        "bigint": "1",
        "boolean": "false",
    }
    values = {"tenant_id": f"'{tenant}'", "id": f"'{row_id}'"} | {name: f"'{value}'" for name, value in given.items()}
    values = {column["name"]: filler[column["type"]] for column in columns} | values
    await root.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(values.values())})")
