"""The audit chains: what is written, what is refused, and whether a tampering is found."""

from __future__ import annotations

import ast
import asyncio
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from khuen import audit, tenancy
from khuen.database import Pools
from khuen.settings import Settings
from khuen.tenancy import Here, within

NOW = datetime(2026, 11, 24, 2, 0, 0, 123456, tzinfo=UTC)
BAN, NEIGHBOUR = UUID(int=0xB0), UUID(int=0xC0)
MEMBER, CASE = UUID(int=1), UUID(int=2)


def here(tenant: UUID = BAN) -> Here:
    return Here(tenant, MEMBER, frozenset({"coordinator"}), NOW)


async def test_each_row_is_chained_to_the_one_before(pools: Settings, root: Any) -> None:
    async with within(here()):
        await audit.record(here(), "case:opened", CASE, code="BTY-0007", count=1)
        await audit.record(here(), "audit:verified")
    rows = await root.fetch("SELECT * FROM audit ORDER BY seq")
    assert [(r["seq"], r["tag"], r["subject_id"], r["member_id"]) for r in rows] == [
        (1, "case:opened", CASE, MEMBER),
        (2, "audit:verified", None, MEMBER),
    ]
    assert rows[0]["detail"] == '{"code":"BTY-0007","count":1}'
    link = audit.genesis(BAN)
    for row in rows:
        digest = audit.digest_of(row["id"], row["at"], row["member_id"], row["tag"], row["detail"])
        link = audit.next_hash(link, row["seq"], digest, row["subject_id"])
        assert row["hash"] == link
    assert tuple(await root.fetchrow("SELECT seq, hash FROM audit_head")) == (2, link)


async def test_what_is_rolled_back_was_never_written(pools: Settings, root: Any) -> None:
    class Mishap(Exception):
        pass

    with pytest.raises(Mishap):
        async with within(here()):
            await audit.record(here(), "case:seen", CASE)
            raise Mishap
    assert await root.fetchval("SELECT count(*) FROM audit") == 0


async def test_writers_at_once_make_one_chain_and_districts_have_their_own(pools: Settings, root: Any) -> None:
    async def write(tenant: UUID) -> None:
        async with within(here(tenant)):
            await audit.record(here(tenant), "case:seen", CASE)

    await asyncio.gather(*(write(tenant) for tenant in (BAN, NEIGHBOUR) for _ in range(12)))
    for tenant in (BAN, NEIGHBOUR):
        rows = await root.fetch("SELECT seq FROM audit WHERE tenant_id = $1 ORDER BY seq", tenant)
        assert [row["seq"] for row in rows] == list(range(1, 13))


async def test_a_hot_statement_writes_its_fact_and_its_row_in_one_flight(pools: Settings, root: Any) -> None:
    statement = f"""WITH saved AS (
        INSERT INTO counter (tenant_id, id, name, value) VALUES ($1, $2, 'cases', 1)
        ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id AS case_id),
        {audit.cte(3, "saved.case_id", of="saved")}
        SELECT audited.seq FROM saved, audited"""
    async with within(here()):
        await audit.start_chain(here())
        first = await tenancy.hot(statement, CASE, *audit.entry(here(), "check-in:logged").values)
        again = await tenancy.hot(statement, CASE, *audit.entry(here(), "check-in:logged").values)
    assert [row["seq"] for row in first] == [1]
    assert again == []
    assert await root.fetchval("SELECT array_agg(subject_id) FROM audit") == [CASE]


async def test_an_unknown_tag_and_a_detail_about_a_person_are_refused() -> None:
    with pytest.raises(ValueError, match="not in TAGS"):
        audit.entry(here(), "case:stolen")
    with pytest.raises(ValueError, match="not in KEYS"):
        audit.entry(here(), "case:seen", name="x")
    secrets = ("สมมุติ", "Somchai Jaidee", "1101700230705", "1-1017-00230-70-5", "081-234-5678", "x" * 49, 1101700230705)
    for value in (*secrets, 1.5, ["a"], NOW):
        with pytest.raises(ValueError, match="may tell who") as refused:
            audit.entry(here(), "case:seen", kind=value)
        assert str(value) not in str(refused.value)
    made = audit.entry(here(), "export:made", kind="xlsx", count=3, batch=CASE, upto=date(2026, 11, 24), result=None)
    assert made.detail == f'{{"batch":"{CASE}","count":3,"kind":"xlsx","result":null,"upto":"2026-11-24"}}'


async def test_threat_26_the_site_may_neither_edit_nor_delete_nor_empty_the_audit(pools: Settings) -> None:
    for sql in ("UPDATE audit SET tag = 'x' WHERE tenant_id = $1", "DELETE FROM audit WHERE tenant_id = $1"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with within(here()):
                await tenancy.hot(sql)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with within(here()) as opened:
            await opened.connection.fetch("TRUNCATE audit")
    for sql in ("UPDATE auth.event SET tag = 'x'", "DELETE FROM auth.event", "TRUNCATE auth.event"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await Pools.sign_in().execute(sql)


def test_every_tag_and_detail_in_the_tree_is_on_its_list() -> None:
    root = Path(__file__).parents[1]
    calls = [
        node
        for folder in ("src", "workers")
        for path in (root / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func) in ("audit.record", "audit.entry", "audit.record_event")
    ]
    assert calls
    for call in calls:
        event = ast.unparse(call.func) == "audit.record_event"
        tag = call.args[2 if event else 1]
        if isinstance(tag, ast.Constant):
            assert tag.value in (audit.EVENT_TAGS if event else audit.TAGS), ast.unparse(call)
        named = {word.arg for word in call.keywords if word.arg} - {"account_id", "tenant_id", "subject_id"}
        assert named <= audit.KEYS, ast.unparse(call)
