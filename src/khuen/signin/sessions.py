"""Sessions: rows that say who is signed in where. The browser holds 256 random bits, the row only their SHA-256.

A row is written at sign-in, step-up and sign-out, and once a minute to say that it is still used; never by an ordinary
answer, which could bring an ended session back.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from khuen import audit
from khuen.ids import uuid7
from khuen.signin.rows import reading, writing

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
ON_BOUND_DEVICE = timedelta(days=14)
FRESH = timedelta(minutes=5)  #: how long a step-up counts
CHECK_IN = "check-in"
_SEEN_EVERY = timedelta(minutes=1)
_REMEMBERED_SECONDS, _REMEMBERED = 1.0, 10_000


@dataclass(frozen=True, slots=True)
class Membership:
    """One district of an account, with the roles that this session may use there."""

    tenant_id: UUID
    slug: str
    name: str
    short_name: str
    practice: bool
    as_of: date | None
    member_id: UUID
    called_name: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Session:
    id: UUID
    account_id: UUID
    called_name: str
    scope: str  #: "full", or "check-in": the buddy's work only
    method: str
    practice_tenant_id: UUID | None
    practice_role: str | None
    device_id: UUID | None
    stepped_up_at: datetime | None
    created_at: datetime
    csrf: str  #: <whose>.<HMAC under the token>: bound to this session, and says whose form it was after it ended
    memberships: tuple[Membership, ...]

    def fresh(self, now: datetime) -> bool:
        """Whether this person proved who they are within the last five minutes."""
        return self.stepped_up_at is not None and now - self.stepped_up_at <= FRESH


async def look_up(token: str, now: datetime) -> Session | None:
    """Who holds this token, by one query; remembered in this process for at most a second.

    None when it is unknown, ended, expired or idle, or when the account is disabled or the phone locked.
    """
    key = _hash(token)
    remembered = _memory.get(key)
    if remembered is not None and remembered[0] > time.monotonic():
        return remembered[1]
    asked_at = time.monotonic()  # before the query: what it answers may already be old when it arrives
    async with reading() as connection:
        rows = await connection.fetch(_LOOK_UP, key, now)
        if rows and now - rows[0]["seen_at"] >= _SEEN_EVERY:
            await connection.execute(
                "UPDATE auth.session SET seen_at = $2 WHERE id = $1 AND seen_at < $3",
                rows[0]["id"],
                now,
                now - _SEEN_EVERY,
            )
    if not rows:
        _memory.pop(key, None)
        return None
    session = _session(token, rows)
    _memory[key] = (asked_at + _REMEMBERED_SECONDS, session)
    _memory.move_to_end(key)
    while len(_memory) > _REMEMBERED:
        _memory.popitem(last=False)
    return session


async def was_ended(token: str) -> bool:
    """Whether somebody ended this session, took its phone away or shut its account, which is more than its time being
    over. False for a token that was never one."""
    async with reading() as connection:
        return bool(
            await connection.fetchval(
                "SELECT true FROM auth.session s JOIN auth.account a ON a.id = s.account_id"
                " LEFT JOIN auth.device d ON d.id = s.device_id WHERE s.token_hash = $1"
                " AND (s.ended_at IS NOT NULL OR d.revoked_at IS NOT NULL OR a.state <> 'active')",
                _hash(token),
            )
        )


async def start(
    account_id: UUID,
    *,
    method: str,
    now: datetime,
    device_id: UUID | None = None,
    practice: tuple[UUID, str] | None = None,
    scope: str = "full",
    agent: str = "",
) -> str:
    """A new session; returns its token. `practice` is (tenant, role): the session can use nothing else.

    The check-in scope lasts 14 days on its bound device, every other session 30 minutes idle and 12 hours in all.
    """
    token = secrets.token_urlsafe(32)
    idle, longest = (ON_BOUND_DEVICE, ON_BOUND_DEVICE) if scope == CHECK_IN else (IDLE, LONGEST)
    tenant_id, role = practice or (None, None)
    async with writing() as connection:
        await connection.execute(
            "INSERT INTO auth.session (id, token_hash, account_id, device_id, practice_tenant_id, practice_role, scope,"
            " method, agent, created_at, seen_at, idle_seconds, expires_at, stepped_up_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12, $13)",
            uuid7(now),
            _hash(token),
            account_id,
            device_id,
            tenant_id,
            role,
            scope,
            method,
            agent[:80],
            now,
            int(idle.total_seconds()),
            now + longest,
            None if scope == CHECK_IN else now,
        )
        tag = "practice:entered" if practice else "session:started"
        await audit.record_event(
            connection, now, tag, account_id, tenant_id, method=method, role=role, device=device_id
        )
    return token


async def rotate(session: Session, now: datetime) -> str:
    """After a step-up: the same session under a new token; the old one opens nothing any more."""
    token = secrets.token_urlsafe(32)
    async with writing() as connection:
        await connection.execute(
            "UPDATE auth.session SET token_hash = $2, stepped_up_at = $3 WHERE id = $1 AND ended_at IS NULL",
            session.id,
            _hash(token),
            now,
        )
        await audit.record_event(connection, now, "step-up:passed", session.account_id)
    forget(session.account_id)
    return token


async def end(account_id: UUID, session_id: UUID, now: datetime, *, by: UUID | None = None) -> None:
    """End one session of this account; harmless twice, and nothing happens to a stranger's."""
    async with writing() as connection:
        ended = await connection.fetchval(
            "UPDATE auth.session SET ended_at = $3, ended_by = $4"
            " WHERE id = $2 AND account_id = $1 AND ended_at IS NULL RETURNING true",
            account_id,
            session_id,
            now,
            by or account_id,
        )
        if ended:
            await audit.record_event(connection, now, "session:ended", account_id, by=by or account_id)
    forget(account_id)


async def end_all_others(account_id: UUID, keep: UUID | None, now: datetime, *, by: UUID | None = None) -> None:
    """End every session of this account but one (or all of them)."""
    async with writing() as connection:
        await end_all(connection, account_id, keep, now, by=by)
        await audit.record_event(connection, now, "session:ended", account_id, by=by or account_id, kind="others")
    forget(account_id)


async def end_all(
    connection: Any, account_id: UUID, keep: UUID | None, now: datetime, *, by: UUID | None = None
) -> None:
    """The same inside a transaction that does more."""
    await connection.execute(
        "UPDATE auth.session SET ended_at = $3, ended_by = $4"
        " WHERE account_id = $1 AND ended_at IS NULL AND id IS DISTINCT FROM $2",
        account_id,
        keep,
        now,
        by or account_id,
    )


async def list_for(account_id: UUID, now: datetime) -> list[dict[str, Any]]:
    """The open sessions of an account, last used first: id, method, scope, agent, device, created_at, seen_at."""
    async with reading() as connection:
        rows = await connection.fetch(
            "SELECT s.id, s.method, s.scope, s.agent, d.name AS device, s.created_at, s.seen_at FROM auth.session s"
            " LEFT JOIN auth.device d ON d.id = s.device_id WHERE s.account_id = $1 AND s.ended_at IS NULL"
            " AND s.expires_at > $2 AND s.seen_at + make_interval(secs => s.idle_seconds) > $2"
            " ORDER BY s.seen_at DESC, s.id",
            account_id,
            now,
        )
    return [dict(row) for row in rows]


def whose(account_id: UUID) -> str:
    """The part of a form's token that names its account without telling who that is."""
    return hashlib.sha256(b"khuen form of " + account_id.bytes).hexdigest()[:16]


def forget_all() -> None:
    """Drop what this process remembers; the next look asks the database."""
    _memory.clear()


_memory: OrderedDict[bytes, tuple[float, Session]] = OrderedDict()

_LOOK_UP = """
SELECT s.id, s.account_id, a.called_name, s.scope, s.method, s.practice_tenant_id, s.practice_role, s.device_id,
    s.stepped_up_at, s.created_at, s.seen_at, t.id AS tenant_id, t.slug, t.name, t.short_name, t.practice, t.as_of,
    m.member_id, m.called_name AS member_name, r.role
FROM auth.session s
JOIN auth.account a ON a.id = s.account_id AND a.state = 'active'
LEFT JOIN auth.device d ON d.id = s.device_id
LEFT JOIN auth.membership m ON m.account_id = s.account_id AND m.ended_at IS NULL
    AND (s.practice_tenant_id IS NULL OR m.tenant_id = s.practice_tenant_id)
LEFT JOIN auth.tenant t ON t.id = m.tenant_id AND t.state = 'active'
LEFT JOIN auth.membership_role r ON r.account_id = m.account_id AND r.tenant_id = m.tenant_id AND r.ended_at IS NULL
WHERE s.token_hash = $1 AND s.ended_at IS NULL AND s.expires_at > $2
    AND s.seen_at + make_interval(secs => s.idle_seconds) > $2 AND d.revoked_at IS NULL
ORDER BY t.name, t.id
"""


def _session(token: str, rows: list[Any]) -> Session:
    first = rows[0]
    whose_form = whose(first["account_id"])
    proof = hmac.digest(token.encode(), f"khuen csrf {whose_form}".encode(), "sha256").hex()
    return Session(
        id=first["id"],
        account_id=first["account_id"],
        called_name=first["called_name"],
        scope=first["scope"],
        method=first["method"],
        practice_tenant_id=first["practice_tenant_id"],
        practice_role=first["practice_role"],
        device_id=first["device_id"],
        stepped_up_at=first["stepped_up_at"],
        created_at=first["created_at"],
        csrf=f"{whose_form}.{proof}",
        memberships=_memberships(rows),
    )


def _memberships(rows: list[Any]) -> tuple[Membership, ...]:
    by_tenant: dict[UUID, list[Any]] = {}
    for row in rows:
        if row["tenant_id"] is not None:
            by_tenant.setdefault(row["tenant_id"], []).append(row)
    return tuple(
        Membership(
            tenant_id=tenant_id,
            slug=same[0]["slug"],
            name=same[0]["name"],
            short_name=same[0]["short_name"],
            practice=same[0]["practice"],
            as_of=same[0]["as_of"],
            member_id=same[0]["member_id"],
            called_name=same[0]["member_name"],
            roles=_roles(same),
        )
        for tenant_id, same in by_tenant.items()
    )


def _roles(rows: list[Any]) -> frozenset[str]:
    """What this session may use of them: the buddy's work on a phone, one role in practice."""
    roles = frozenset(row["role"] for row in rows if row["role"])
    if rows[0]["scope"] == CHECK_IN:
        roles &= {"buddy"}
    if rows[0]["practice_tenant_id"] is not None:
        roles &= {rows[0]["practice_role"]}
    return roles


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def forget(account_id: UUID) -> None:
    """Drop what this process remembers of one account, so that an end is an end at once."""
    for key in [key for key, (_, session) in _memory.items() if session.account_id == account_id]:
        del _memory[key]
