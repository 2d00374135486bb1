"""Threat 4: an injected statement cannot name another district. Each payload is run as khuen_app inside `within`."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from khuen.database import DB
from khuen.tenancy import within
from tests.isolation.conftest import Districts, here

_SET = ("set_config('app.tenant_id', '{other}', true)", "pg_catalog.set_config('app.tenant_id', '{other}', false)")
#: what an injection would hang onto "SELECT called_name FROM person WHERE given_name = '…'"
PAYLOADS = [
    *(f"x' UNION ALL SELECT {call} UNION ALL SELECT called_name FROM person --" for call in _SET),
    *(f"x' OR {call} <> '' --" for call in _SET),
    *(f"x' OR (SELECT {call}) IS NOT NULL --" for call in _SET),
    *(f"x' OR EXISTS (WITH s AS MATERIALIZED (SELECT {call}) SELECT FROM s) --" for call in _SET),
    *(f"x' UNION SELECT called_name FROM person, LATERAL (SELECT {call}) s --" for call in _SET),
    *(f"x' OR called_name = (CASE WHEN {call} = '' THEN 'a' ELSE 'b' END) --" for call in _SET),
    *(f"x' ORDER BY (SELECT {call}) --" for call in _SET),
    *(f"x' GROUP BY called_name HAVING {call} IS NOT NULL --" for call in _SET),
    *(f"x' LIMIT (SELECT length({call})) --" for call in _SET),
    *(f"x' UNION SELECT x::text FROM generate_series(1, length({call})) x --" for call in _SET),
    *(f"x' OR row_to_json(row({call}))::text <> '' --" for call in _SET),
    *(f"x' OR coalesce({call}, '') <> '' --" for call in _SET),
    "x'; SET app.tenant_id = '{other}'; SELECT called_name FROM person --",
    "x'; SET LOCAL app.tenant_id = '{other}'; SELECT called_name FROM person --",
    "x'; COMMIT; BEGIN; SET LOCAL app.tenant_id = '{other}'; SELECT called_name FROM person --",
    "x'; RESET app.tenant_id; SELECT called_name FROM person --",
    "x'; SET ROLE khuen_owner; SELECT called_name FROM person --",
    "x'; ALTER TABLE person NO FORCE ROW LEVEL SECURITY; SELECT '1",
    "x'; DO $$ BEGIN PERFORM 1; END $$; SELECT '1",
    "x' UNION SELECT query_to_xml('SET app.tenant_id = ''{other}''', true, false, '')::text --",
    "x' UNION SELECT query_to_xml('SELECT set_config(''app.tenant_id'', ''{other}'', true)', true, false, '')::text --",
    "x' UNION SELECT database_to_xml(true, false, '')::text --",
    "x' UNION SELECT table_to_xml('auth.account', true, false, '')::text --",
    "x' UNION SELECT pg_read_file('/etc/passwd') --",
    "x' UNION SELECT lo_import('/etc/passwd')::text --",
    "x' UNION SELECT password_hash FROM auth.account --",
    "x' UNION SELECT rolpassword FROM pg_authid --",
]
WRITES = [
    "UPDATE pg_settings SET setting = '{other}' WHERE name = 'app.tenant_id'",
    "ALTER ROLE khuen_app SET app.tenant_id = '{other}'",
    "ALTER DATABASE khuen SET app.tenant_id = '{other}'",
    "ALTER SYSTEM SET app.tenant_id = '{other}'",
    "SET SESSION AUTHORIZATION khuen_owner",
    "SET ROLE khuen_owner",
    "CREATE FUNCTION public.f() RETURNS void LANGUAGE sql AS 'SELECT 1'",
    "CREATE TEMP TABLE t (x int)",
    "CREATE TABLE public.t (x int)",
    "COPY person TO PROGRAM 'cat'",
    "TRUNCATE person",
    "DELETE FROM audit",
    "UPDATE audit SET tag = 'x'",
    "UPDATE pack SET content = '{{}}'",
    "DELETE FROM pack",
    "DROP POLICY person_of_tenant ON person",
]


def test_there_are_at_least_forty_payloads() -> None:
    assert len(PAYLOADS) + len(WRITES) >= 40


async def test_threat_04_injected_selects(districts: Districts) -> None:
    for payload in PAYLOADS:
        await _select(districts, payload)


async def _select(districts: Districts, payload: str) -> None:
    mine, other = districts.ids[:2]
    sql = f"SELECT called_name FROM person WHERE given_name = '{payload.replace('{other}', str(other))}"
    names: list[str] = []
    with pytest.raises((asyncpg.PostgresError, RuntimeError)) as caught:
        async with within(here(mine)):
            connection: Any = DB.current_transaction.get().connection  # type: ignore[union-attr]
            names = [str(row[0]) for row in await connection.fetch(sql)]
            raise RuntimeError("the statement ran")
    if isinstance(caught.value, asyncpg.PostgresError):
        assert caught.value.sqlstate in {"42501", "42601", "2201W", "22023", "0A000", "42P01"}, caught.value
    assert "ทดลอง1" not in "".join(names)
    if "set_config" in payload and "query_to_xml" not in payload:
        assert getattr(caught.value, "sqlstate", None) == "42501"


async def test_threat_04_injected_statements(districts: Districts) -> None:
    for statement in WRITES:
        await _statement(districts, statement)


async def _statement(districts: Districts, statement: str) -> None:
    mine, other = districts.ids[:2]
    with pytest.raises(asyncpg.PostgresError) as caught:
        async with within(here(mine)):
            connection: Any = DB.current_transaction.get().connection  # type: ignore[union-attr]
            await connection.execute(statement.format(other=other))
    assert caught.value.sqlstate in {"42501", "0A000", "25001", "22023"}, caught.value
    async with within(here(mine)):
        connection = DB.current_transaction.get().connection  # type: ignore[union-attr]
        assert {row[0] for row in await connection.fetch("SELECT called_name FROM person")} == {"ทดลอง0"}
