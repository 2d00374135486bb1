"""Threat 1: whatever khuen_app asks, through Piccolo or by plain SQL, it sees and changes rows of one district only."""

from __future__ import annotations

import random
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from khuen.database import DB
from khuen.ids import uuid7
from khuen.tenancy import hot, tenant, within
from tests import care
from tests.isolation.conftest import NOW, PERSON, Districts, here
from tests.isolation.tables import AnyPerson

ATTEMPTS = 20_000
BATCH = 200  # attempts in one transaction


async def test_threat_01_random_attempts_across_districts_find_nothing(districts: Districts, root: Any) -> None:
    chance = random.Random(20261124)
    before = await root.fetch("SELECT * FROM person ORDER BY tenant_id, id")
    made, refused, seen = 0, 0, 0
    while made < ATTEMPTS:
        mine = chance.choice(districts.ids)
        others = [person for owner in districts.ids if owner != mine for person in districts.people[owner]]
        async with within(here(mine)):
            for _ in range(BATCH):
                got, no = await _attempt(chance, mine, chance.choice(others), chance.choice(districts.ids))
                seen, refused, made = seen + got, refused + no, made + 1
    assert seen == 0
    assert refused > 1_000  # inserts and moves into another district: 42501
    assert await root.fetch("SELECT * FROM person ORDER BY tenant_id, id") == before


async def _attempt(chance: random.Random, mine: UUID, person: UUID, other: UUID) -> tuple[int, int]:
    """One try at somebody else's row: (rows of another district that came back or changed, refusals)."""
    connection: Any = DB.current_transaction.get().connection  # type: ignore[union-attr]
    kind = chance.randrange(10)
    if kind == 0:
        return len(await AnyPerson.select().where(AnyPerson.id == person)), 0
    if kind == 1:
        return len(await AnyPerson.objects().where(AnyPerson.tenant_id == other, AnyPerson.id == person)), 0
    if kind == 2:
        return len(await connection.fetch("SELECT * FROM person WHERE id = $1", person)), 0
    if kind == 3:
        rows = await connection.fetch("SELECT tenant_id FROM person OFFSET $1", chance.randrange(5))
        return sum(row["tenant_id"] != mine for row in rows), 0
    if kind == 4:
        changed = (
            await AnyPerson.update({AnyPerson.called_name: "x"}).where(AnyPerson.id == person).returning(AnyPerson.id)
        )
        return len(changed), 0
    if kind == 5:
        return len(await connection.fetch("UPDATE person SET called_name = 'x' WHERE id = $1 RETURNING id", person)), 0
    if kind == 6:
        return int(await AnyPerson.exists().where(AnyPerson.id == person)), 0
    if kind == 7:
        rows = await hot("SELECT p.tenant_id FROM person p, person q WHERE q.id = $2 AND p.tenant_id <> $1", person)
        return len(rows), 0
    await connection.execute("SAVEPOINT attempt")
    try:
        if kind == 8:
            elsewhere = other if other != mine else uuid7()
            await connection.execute(PERSON, elsewhere, uuid7(), "ทดลอง", NOW)
        else:
            own = (await connection.fetchval("SELECT id FROM person LIMIT 1")) or uuid7()
            await connection.execute("UPDATE person SET tenant_id = $1 WHERE id = $2", uuid7(), own)
    except asyncpg.InsufficientPrivilegeError:
        return 0, 1
    finally:
        await connection.execute("ROLLBACK TO SAVEPOINT attempt")
    return 1, 0


async def test_threat_01_the_table_stamps_and_checks_its_rows(districts: Districts) -> None:
    mine, other = districts.ids[:2]
    async with within(here(mine)):
        row = AnyPerson(id=uuid7(), given_name="a", called_name="a", created_at=NOW)
        assert row.tenant_id == mine
        foreign = AnyPerson(tenant_id=other, id=uuid7(), given_name="a", called_name="a", created_at=NOW)
        with pytest.raises(RuntimeError, match="another tenant"):
            await AnyPerson.insert(foreign)


async def test_every_statement_of_a_tenant_table_names_the_tenant(districts: Districts) -> None:
    """Not only the policy: plans stay right for small districts, and Citus routes by it."""
    said: list[str] = []
    async with within(here(districts.ids[0])):
        connection: Any = DB.current_transaction.get().connection  # type: ignore[union-attr]
        with connection.query_logger(lambda record: said.append(record.query)):
            nobody = AnyPerson.id == uuid7()
            await AnyPerson.select(AnyPerson.called_name).where(nobody)
            await AnyPerson.objects().where(nobody)
            await AnyPerson.count().where(nobody)
            await AnyPerson.exists().where(nobody)
            await AnyPerson.update({AnyPerson.called_name: "x"}).where(nobody)
            await AnyPerson.objects().get(nobody)
            row = AnyPerson(id=uuid7(), given_name="a", called_name="a", created_at=NOW)
            await row.save()
            await row.refresh()
            row.called_name = "b"
            await row.save()
    for sql in said:
        _, _, condition = sql.partition(" WHERE ")
        assert "tenant_id" in (condition or sql), sql
    assert len(said) >= 9


async def test_update_and_delete_still_want_a_where(districts: Districts) -> None:
    """Our predicate must not disarm Piccolo's own guard against changing a whole table."""
    from piccolo.query.methods.delete import DeletionError
    from piccolo.query.methods.update import UpdateError  # type: ignore[attr-defined]

    async with within(here(districts.ids[0])):
        with pytest.raises(DeletionError):
            await AnyPerson.delete()
        with pytest.raises(UpdateError):
            await AnyPerson.update({AnyPerson.called_name: "x"})


async def test_threat_02_a_query_with_no_district_fails_loudly(pools: Any, stage: Any) -> None:
    for ask in (AnyPerson.select, AnyPerson.objects, AnyPerson.count, AnyPerson.exists):
        with pytest.raises(RuntimeError, match=r"outside within"):
            await ask()
    with pytest.raises(RuntimeError, match=r"outside within"):
        await AnyPerson.raw("SELECT 1")
    with pytest.raises(RuntimeError, match="use within"):
        async with DB.transaction():  # type: ignore[attr-defined]
            pass
    with pytest.raises(RuntimeError, match=r"outside within"):
        tenant()
    await care.stand(pools, "chatturat", nok="coordinator")  # a policy is asked only where there are rows
    connection = await asyncpg.connect(pools.dsn("app"))
    try:
        with pytest.raises(asyncpg.UndefinedObjectError):  # never set: 42704
            await connection.fetch("SELECT count(*) FROM member")
        async with connection.transaction():
            await connection.execute(f"SET LOCAL app.tenant_id = '{uuid7()}'")
            assert await connection.fetchval("SELECT count(*) FROM member") == 0
        with pytest.raises(asyncpg.InvalidTextRepresentationError):  # afterwards it reads '': 22P02
            await connection.fetch("SELECT count(*) FROM member")
    finally:
        await connection.close()
