"""What only a superuser can do, once per server and again at an upgrade: roles, the database, and what nobody may.

Row-level security rests on it: whoever may call set_config() inside a SELECT can name another district there. Each
migration grants what its tables need; there are no default privileges (docs/decisions/0003-embedded-engines.md).
"""

import base64
import hashlib
import hmac
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg

from khuen.settings import SettingsError

ROLES = ("khuen_owner", "khuen_app", "khuen_auth", "khuen_lead", "khuen_backup")
SERVING = ("khuen_app", "khuen_auth", "khuen_lead")
# A page that waits longer is broken, and a transaction that stays open holds locks that others wait for.
LIMITS = {
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
    "transaction_timeout": "15s",
    "plan_cache_mode": "auto",
}
SET_CONFIG = "pg_catalog.set_config(text, text, boolean)"
ONE_AT_A_TIME = 0x6B6875656E  # advisory lock: "khuen" in ASCII
NO_DATABASE = {"", "postgres", "template0", "template1"}


class BootstrapRefused(SettingsError):
    """The server cannot carry Khuen's walls; the message says why and what would help."""


async def prepare(superuser_dsn: str, passwords: Mapping[str, str], *, citus: bool = False) -> None:
    """Make the roles and the database, and seal it. Harmless twice; a second run also sets changed passwords.

    `passwords` has owner, app, auth, lead and backup. The database is the one the DSN names, else `khuen`.
    With `citus`, run it on every node before they are joined. Raises BootstrapRefused.
    """
    name = database_name(superuser_dsn)
    async with _superuser(superuser_dsn, "postgres") as connection:
        await connection.execute(f"SELECT pg_advisory_lock({ONE_AT_A_TIME})")
        for role in ROLES:
            await _make_role(connection, role, passwords[role.removeprefix("khuen_")], citus=citus)
        await _make_database(connection, name)
    if citus:
        async with _superuser(superuser_dsn, name) as connection:
            await connection.execute("CREATE EXTENSION IF NOT EXISTS citus")
    await seal_database(superuser_dsn)


async def seal_database(superuser_dsn: str) -> None:
    """Take from everybody what one database grants by default. Harmless twice. Raises BootstrapRefused.

    A copy made with TEMPLATE keeps the rights inside (functions, schemas) but not those on the database itself
    (CONNECT, TEMP): seal each copy as well.
    """
    name = database_name(superuser_dsn)
    async with _superuser(superuser_dsn, name) as connection:
        if await connection.fetchval("SELECT true FROM pg_extension WHERE extname = 'citus'"):
            await _seal_citus(connection)
        database = await _quoted(connection, name)
        await connection.execute(
            f"REVOKE ALL ON DATABASE {database} FROM PUBLIC;"
            f"GRANT CONNECT ON DATABASE {database} TO {', '.join(ROLES)};"
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC;"
            f"REVOKE EXECUTE ON FUNCTION {SET_CONFIG} FROM PUBLIC;"
            # pg_dump begins with set_config('search_path', …) and stops without it
            f"GRANT EXECUTE ON FUNCTION {SET_CONFIG} TO khuen_backup"
        )
        await _refuse_open_set_config(connection)


def database_name(superuser_dsn: str) -> str:
    name = urlsplit(superuser_dsn).path.removeprefix("/")
    return "khuen" if name in NO_DATABASE else name


@asynccontextmanager
async def _superuser(dsn: str, database: str) -> AsyncIterator[asyncpg.Connection]:
    try:
        connection = await asyncpg.connect(dsn, database=database, timeout=10)
    except (OSError, asyncpg.PostgresError) as error:
        raise BootstrapRefused(f"The server does not let its superuser in: {error}") from None
    try:
        if not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
            raise BootstrapRefused("This needs a superuser: only one can take set_config() from everybody.")
        if connection.get_server_version() < (18,):
            raise BootstrapRefused(f"Khuen needs PostgreSQL 18 or later; this is {connection.get_server_version()[0]}.")
        yield connection
    finally:
        await connection.close()


async def _make_role(connection: asyncpg.Connection, role: str, password: str, *, citus: bool) -> None:
    if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
        await connection.execute(f"CREATE ROLE {role}")
    # Moving a shard copies rows of every district, so on Citus the owner must see them.
    bypass = role == "khuen_backup" or (citus and role == "khuen_owner")
    await connection.execute(
        f"ALTER ROLE {role} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION LOGIN "
        f"{'BYPASSRLS' if bypass else 'NOBYPASSRLS'} PASSWORD '{_scram_verifier(role, password)}'"
    )
    if role in SERVING:
        for setting, value in LIMITS.items():
            await connection.execute(f"ALTER ROLE {role} SET {setting} = '{value}'")
    if role == "khuen_backup":
        await connection.execute(f"ALTER ROLE {role} SET default_transaction_read_only = on")
        await connection.execute(f"GRANT pg_read_all_data TO {role}")


async def _make_database(connection: asyncpg.Connection, name: str) -> None:
    database = await _quoted(connection, name)
    if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
        # The same order of text everywhere, whatever the server's own locale.
        await connection.execute(
            f"CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8' "
            "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"
        )
    await connection.execute(f"ALTER DATABASE {database} OWNER TO khuen_owner")


async def _seal_citus(connection: asyncpg.Connection) -> None:
    """These run any statement on the workers, where it could set another tenant. This node only: each has its own."""
    await connection.execute("SET citus.enable_ddl_propagation = off")
    functions = await connection.fetch(
        "SELECT oid::regprocedure::text AS signature FROM pg_proc "
        "WHERE proname ^@ 'run_command_on_' OR proname = 'master_run_on_worker'"
    )
    for function in functions:
        await connection.execute(f"REVOKE EXECUTE ON FUNCTION {function['signature']} FROM PUBLIC")


async def _refuse_open_set_config(connection: asyncpg.Connection) -> None:
    open_to = await connection.fetch(
        "SELECT rolname FROM pg_roles WHERE NOT rolsuper AND rolname <> 'khuen_backup' "
        f"AND has_function_privilege(oid, '{SET_CONFIG}', 'EXECUTE') ORDER BY rolname"
    )
    if open_to:
        names = ", ".join(row["rolname"] for row in open_to)
        raise BootstrapRefused(f"set_config() is still open to {names}: REVOKE it from them and run this again.")


async def _quoted(connection: asyncpg.Connection, name: str) -> str:
    quoted: str = await connection.fetchval("SELECT quote_ident($1)", name)
    return quoted


def _scram_verifier(role: str, password: str) -> str:
    """What PostgreSQL stores for SCRAM-SHA-256 (RFC 5802), so that the password itself reaches no server log."""
    if len(password) < 16 or not password.isascii():
        raise BootstrapRefused(f"The password of {role} needs at least 16 ASCII characters.")
    salt, rounds = os.urandom(16), 4096
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${rounds}:{salt64}${stored64}:{server64}"
