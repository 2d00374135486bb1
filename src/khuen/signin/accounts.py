"""Accounts and what they may enter: made by operators and invitations, never by whoever comes along."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from khuen import audit, clock
from khuen.access import ROLES
from khuen.ids import uuid7
from khuen.signin import passwords, sessions
from khuen.signin.rows import reading, writing
from khuen.thai import canonical


@dataclass(frozen=True, slots=True)
class Account:
    id: UUID
    called_name: str
    login: str | None
    lang: str
    totp: bool  #: a confirmed authenticator app is asked for after the password
    has_password: bool


async def create(
    called_name: str,
    *,
    login: str | None = None,
    password: str | None = None,
    practice_tenant_id: UUID | None = None,
    now: datetime | None = None,
    id_: UUID | None = None,
) -> UUID:
    """A new account without any district; with an id of one's own it is harmless twice.

    Raises asyncpg.UniqueViolationError when the login is taken.
    """
    now = now or clock.now()
    account_id = id_ or uuid7(now)
    password_hash = await passwords.hashed(password) if password else None
    async with writing() as connection:
        made = await connection.fetchval(
            "INSERT INTO auth.account (id, called_name, login, password_hash, practice_tenant_id, created_at)"
            " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING RETURNING true",
            account_id,
            called_name,
            login_of(login) if login else None,
            password_hash,
            practice_tenant_id,
            now,
        )
        if made:
            await audit.record_event(connection, now, "account:made", account_id, practice_tenant_id)
    return account_id


async def admit(
    account_id: UUID,
    tenant_id: UUID,
    member_id: UUID,
    called_name: str,
    roles: frozenset[str] | set[str],
    *,
    now: datetime | None = None,
    by: UUID | None = None,
) -> None:
    """Let an account into a district as this member, with exactly these roles. Harmless twice.

    Raises ValueError for a role that Khuen does not know.
    """
    if unknown := set(roles) - ROLES:
        raise ValueError(f"unknown roles: {', '.join(sorted(unknown))}")
    now = now or clock.now()
    async with writing() as connection:
        await connection.execute(
            "INSERT INTO auth.membership (account_id, tenant_id, member_id, called_name) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (account_id, tenant_id)"
            " DO UPDATE SET member_id = excluded.member_id, called_name = excluded.called_name, ended_at = NULL",
            account_id,
            tenant_id,
            member_id,
            called_name,
        )
        await hold_roles(connection, account_id, tenant_id, roles, now, by)


async def hold_roles(
    connection: Any,
    account_id: UUID,
    tenant_id: UUID,
    roles: frozenset[str] | set[str],
    now: datetime,
    by: UUID | None,
) -> None:
    """Inside a transaction: exactly these roles in a district; what was held ends and stays written down."""
    had = await connection.fetch(
        "SELECT id, role FROM auth.membership_role"
        " WHERE account_id = $1 AND tenant_id = $2 AND ended_at IS NULL FOR UPDATE",
        account_id,
        tenant_id,
    )
    gone = [row for row in had if row["role"] not in roles]
    new = sorted(set(roles) - {row["role"] for row in had})
    await connection.executemany(
        "UPDATE auth.membership_role SET ended_at = $2 WHERE id = $1", [(row["id"], now) for row in gone]
    )
    await connection.executemany(
        "INSERT INTO auth.membership_role (id, account_id, tenant_id, role, granted_at, granted_by)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        [(uuid7(now), account_id, tenant_id, role, now, by) for role in new],
    )
    for tag, role in [*(("role:ended", row["role"]) for row in gone), *(("role:granted", role) for role in new)]:
        await audit.record_event(connection, now, tag, account_id, tenant_id, role=role, by=by)


async def practice_account(
    tenant_id: UUID, role: str, member_id: UUID, called_name: str, *, now: datetime | None = None
) -> UUID:
    """The account behind the button of one role in a practice district: no login, no password, no other district.

    Raises ValueError when the district is a real one.
    """
    async with reading() as connection:
        if not await connection.fetchval("SELECT practice FROM auth.tenant WHERE id = $1", tenant_id):
            raise ValueError("practice accounts are for practice districts only")
    account_id = await create(called_name, practice_tenant_id=tenant_id, now=now)
    await admit(account_id, tenant_id, member_id, called_name, {role}, now=now)
    return account_id


async def disable(account_id: UUID, *, by: UUID | None = None, now: datetime | None = None) -> None:
    """Shut an account out; every session of it ends with the same commit."""
    now = now or clock.now()
    async with writing() as connection:
        await connection.execute("UPDATE auth.account SET state = 'disabled' WHERE id = $1", account_id)
        await sessions.end_all(connection, account_id, None, now, by=by)
        await audit.record_event(connection, now, "account:disabled", account_id, by=by)


async def set_password(connection: Any, account_id: UUID, login: str, password_hash: str, now: datetime) -> None:
    """Inside a transaction. Raises asyncpg.UniqueViolationError when the login is somebody else's."""
    await connection.execute(
        "UPDATE auth.account SET login = $2, password_hash = $3 WHERE id = $1",
        account_id,
        login_of(login),
        password_hash,
    )
    await audit.record_event(connection, now, "password:changed", account_id)


async def find(account_id: UUID) -> Account | None:
    """An account that may sign in."""
    async with reading() as connection:
        row = await connection.fetchrow(
            "SELECT id, called_name, login, lang, totp_confirmed_at, password_hash FROM auth.account"
            " WHERE id = $1 AND state = 'active'",
            account_id,
        )
    return _account(row) if row else None


#: (account, its districts): whether its password may be tried now; (None, []) for a login that nobody has
MayTry = Callable[[UUID | None, list[str]], Awaitable[bool]]


async def by_password(login: str, password: str, now: datetime, may_try: MayTry | None = None) -> Account | None:
    """The account that has this login and password.

    Unknown, disabled, wrong and not to be tried now cost the same and look the same.
    """
    async with reading() as connection:
        row = await connection.fetchrow(_BY_LOGIN, login_of(login))
    whose, districts = (row["id"], (row["districts"] or "").split()) if row else (None, [])
    tried = may_try is None or await may_try(whose, districts)
    right = await passwords.matches(row["password_hash"] if row and tried else None, password)
    if row and right:
        return _account(row)
    async with writing() as connection:
        await audit.record_event(connection, now, "sign-in:refused", row["id"] if row else None, method="password")
    return None


async def set_lang(account_id: UUID, lang: str) -> None:
    async with writing() as connection:
        await connection.execute("UPDATE auth.account SET lang = $2 WHERE id = $1", account_id, lang)


_BY_LOGIN = """SELECT a.id, a.called_name, a.login, a.lang, a.totp_confirmed_at, a.password_hash,
    (SELECT string_agg(m.tenant_id::text, ' ' ORDER BY m.tenant_id) FROM auth.membership m
        WHERE m.account_id = a.id AND m.ended_at IS NULL) AS districts
    FROM auth.account a WHERE a.login = $1 AND a.state = 'active'"""


def login_of(typed: str) -> str:
    """How a login is compared: canonical text without case."""
    return canonical(typed).casefold()


def _account(row: Any) -> Account:
    return Account(
        row["id"],
        row["called_name"],
        row["login"],
        row["lang"],
        row["totp_confirmed_at"] is not None,
        row["password_hash"] is not None,
    )
