"""How the people of a district get in: what their accounts can do there, seen and changed by its administrator.

A member of the district may have no account yet; it is made when they are let in, under an id that follows from the
member, so that whoever does it twice does it once.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from khuen import audit
from khuen.errors import Conflict
from khuen.signin import accounts, sessions
from khuen.signin.rows import reading, writing
from khuen.words import N_

ADMINISTRATOR = "tenant_admin"


class LastAdministrator(Conflict):
    """Nobody would be left who lets people in."""

    text = N_("This is the only administrator who can sign in. Give somebody else that role first.")


@dataclass(frozen=True, slots=True)
class Entry:
    """One member's way in. `phone` is the bound phone; `last_at` is remembered for about 30 days."""

    account_id: UUID
    practice: bool  #: the account behind a role button
    desk: bool  #: has a password, a passkey or another organisation's sign-in
    phone_id: UUID | None
    phone_name: str | None
    phone_since: datetime | None
    last_at: datetime | None

    @property
    def opens(self) -> bool:
        """Whether this person can sign in by themselves now."""
        return self.desk or self.practice or self.phone_id is not None


async def entries(tenant_id: UUID, member_ids: Collection[UUID]) -> dict[UUID, Entry]:
    """By member id; whoever has no account of this district is left out."""
    async with reading() as connection:
        rows = await connection.fetch(_ENTRIES, tenant_id, list(member_ids))
        accounts_ = [row["account_id"] for row in rows]
        last = {row["account_id"]: row["at"] for row in await connection.fetch(_LAST, accounts_)}
    return {
        row["member_id"]: Entry(
            row["account_id"],
            row["practice"],
            row["desk"],
            row["phone_id"],
            row["phone_name"],
            row["phone_since"],
            last.get(row["account_id"]),
        )
        for row in rows
    }


async def let_in(
    tenant_id: UUID, member_id: UUID, called_name: str, roles: frozenset[str], *, by: UUID, now: datetime
) -> UUID:
    """The account of a member who works here now, made when there is none, with exactly these roles. Harmless twice."""
    account_id = await _account_of(tenant_id, member_id)
    if account_id is None:
        id_ = uuid5(tenant_id, f"account of {member_id}")
        account_id = await accounts.create(called_name, now=now, id_=id_)
    await accounts.admit(account_id, tenant_id, member_id, called_name, roles, now=now, by=by)
    sessions.forget(account_id)
    return account_id


async def keep_roles(tenant_id: UUID, member_id: UUID, roles: frozenset[str], *, by: UUID, now: datetime) -> None:
    """Take every role away that is not among these; none is given. Nothing happens to whoever has no account.

    Raises LastAdministrator.
    """
    account_id = await _account_of(tenant_id, member_id)
    if account_id is None:
        return
    async with writing() as connection:
        if ADMINISTRATOR not in roles:
            await _another_administrator(connection, tenant_id, account_id)
        had = await connection.fetch(_HELD, account_id, tenant_id)
        await accounts.hold_roles(connection, account_id, tenant_id, roles & {row["role"] for row in had}, now, by)
    sessions.forget(account_id)


async def shut_out(tenant_id: UUID, member_id: UUID, *, by: UUID, now: datetime) -> None:
    """The membership ends, and every session with it; phones too, unless another district still lets this person in.

    Harmless twice. Raises LastAdministrator.
    """
    account_id = await _account_of(tenant_id, member_id)
    if account_id is None:
        return
    async with writing() as connection:
        await _another_administrator(connection, tenant_id, account_id)
        await accounts.hold_roles(connection, account_id, tenant_id, frozenset(), now, by)
        await connection.execute(_END, account_id, tenant_id, now)
        await connection.execute(_UNUSED_LINKS, account_id, tenant_id, now)
        await sessions.end_all(connection, account_id, None, now, by=by)
        for row in await connection.fetch(_REVOKE, account_id, now):
            await audit.record_event(
                connection, now, "device:revoked", account_id, tenant_id, device=row["id"], reason="left", by=by
            )
        await audit.record_event(connection, now, "membership:ended", account_id, tenant_id, by=by)
    sessions.forget(account_id)


async def _account_of(tenant_id: UUID, member_id: UUID) -> UUID | None:
    async with reading() as connection:
        found: UUID | None = await connection.fetchval(
            "SELECT account_id FROM auth.membership WHERE tenant_id = $1 AND member_id = $2 AND ended_at IS NULL",
            tenant_id,
            member_id,
        )
    return found


async def _another_administrator(connection: Any, tenant_id: UUID, account_id: UUID) -> None:
    """The rows are held, so that two administrators cannot take the role from each other at once."""
    rows = await connection.fetch(_ADMINISTRATORS, tenant_id, ADMINISTRATOR)
    if any(row["account_id"] == account_id for row in rows) and not any(
        row["account_id"] != account_id and row["opens"] for row in rows
    ):
        raise LastAdministrator


_DESK = """(a.password_hash IS NOT NULL
    OR EXISTS (SELECT FROM auth.passkey k WHERE k.account_id = a.id AND k.removed_at IS NULL)
    OR EXISTS (SELECT FROM auth.identity i WHERE i.account_id = a.id))"""
_ENTRIES = f"""SELECT m.member_id, m.account_id, a.practice_tenant_id IS NOT NULL AS practice, {_DESK} AS desk,
    d.id AS phone_id, d.name AS phone_name, d.bound_at AS phone_since
    FROM auth.membership m JOIN auth.account a ON a.id = m.account_id AND a.state = 'active'
    LEFT JOIN auth.device d ON d.account_id = a.id AND d.revoked_at IS NULL
    WHERE m.tenant_id = $1 AND m.member_id = ANY ($2::uuid[]) AND m.ended_at IS NULL"""
_LAST = """SELECT account_id, max(created_at) AS at FROM auth.session WHERE account_id = ANY ($1::uuid[])
    GROUP BY account_id"""
_HELD = "SELECT role FROM auth.membership_role WHERE account_id = $1 AND tenant_id = $2 AND ended_at IS NULL"
_ADMINISTRATORS = f"""SELECT r.account_id, a.practice_tenant_id IS NOT NULL OR {_DESK} AS opens
    FROM auth.membership_role r JOIN auth.account a ON a.id = r.account_id AND a.state = 'active'
    WHERE r.tenant_id = $1 AND r.role = $2 AND r.ended_at IS NULL ORDER BY r.id FOR UPDATE OF r"""
_END = "UPDATE auth.membership SET ended_at = $3 WHERE account_id = $1 AND tenant_id = $2 AND ended_at IS NULL"
_UNUSED_LINKS = """UPDATE auth.invitation SET expires_at = $3
    WHERE account_id = $1 AND tenant_id = $2 AND used_at IS NULL AND expires_at > $3"""
_REVOKE = """UPDATE auth.device SET revoked_at = $2 WHERE account_id = $1 AND revoked_at IS NULL AND NOT EXISTS (
    SELECT FROM auth.membership m WHERE m.account_id = $1 AND m.ended_at IS NULL) RETURNING id"""
