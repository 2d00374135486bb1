"""The way in for people without a mailbox: a one-time link or QR, then a PIN on the phone that it bound.

A link is used up by its button, never by opening it, because chat programs open links to show a preview. Its token is
computed from its row, so that a sheet sent twice shows the same links.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from khuen import audit
from khuen.errors import Conflict, Ended
from khuen.ids import uuid7
from khuen.settings import Settings
from khuen.signin import accounts, keys, passwords, sessions
from khuen.signin.rows import reading, writing
from khuen.words import N_

VALID = timedelta(hours=24)
MISSES = 5
SHEET = 20  #: links on one printed sheet
_AGENTS = (
    ("Line/", "LINE"),
    ("EdgA?/", "Edge"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox|FxiOS", "Firefox"),
    ("Chrome|CriOS", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone|iPod", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux|X11", "Linux"),
)


class ElsewhereToo(Conflict):
    text = N_("Somebody you chose works in another area too and keeps the sign-in they have. Ask the operator.")


@dataclass(frozen=True, slots=True)
class Invitation:
    id: UUID
    account_id: UUID
    called_name: str
    login: str | None
    tenant_name: str
    slug: str
    purpose: str  #: "device": binds a phone, "password": sets login and password at a desk


@dataclass(frozen=True, slots=True)
class Device:
    """A bound phone that was not revoked."""

    id: UUID
    account_id: UUID
    called_name: str
    has_pin: bool


@dataclass(frozen=True, slots=True)
class Tried:
    """What a PIN did: the account it opened, or how many tries are left (0: the phone is locked now)."""

    account_id: UUID | None
    left: int


async def invite(
    wanted: list[tuple[UUID, str]], tenant_id: UUID, key: UUID, by: UUID | None, settings: Settings, now: datetime
) -> dict[UUID, str]:
    """{account id: token} for (account id, purpose) pairs. The same form sent twice makes the same links once.

    Raises ElsewhereToo when an administrator (`by`) asks for somebody whom another district lets in as well: a link
    opens all that its account may enter, which is not this administrator's to give.
    """
    made = {}
    async with writing() as connection:
        if by is not None and await connection.fetchval(
            _ELSEWHERE, [account_id for account_id, _ in wanted], tenant_id
        ):
            raise ElsewhereToo
        for account_id, purpose in wanted:
            id_ = uuid5(key, f"{by} {account_id} {purpose}")
            token = _token(id_, settings)
            fresh = await connection.fetchval(
                "INSERT INTO auth.invitation"
                " (id, token_hash, account_id, tenant_id, purpose, created_at, created_by, expires_at)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING RETURNING true",
                id_,
                _hash(token),
                account_id,
                tenant_id,
                purpose,
                now,
                by,
                now + VALID,
            )
            if fresh:
                await audit.record_event(connection, now, "invitation:made", account_id, tenant_id, by=by, kind=purpose)
            made[account_id] = token
    return made


async def invitation(token: str, now: datetime) -> Invitation:
    """Raises Ended: used, expired and unknown look the same."""
    async with reading() as connection:
        row = await connection.fetchrow(_INVITATION + " AND i.used_at IS NULL AND i.expires_at > $2", _hash(token), now)
    if row is None:
        raise Ended
    return Invitation(**dict(row))


async def bind(token: str, name: str, now: datetime) -> tuple[Invitation, UUID, str]:
    """Use a "device" link up: (who, the phone's id, the phone's own token). The phone before it opens nothing more.

    Raises Ended.
    """
    known = await invitation(token, now)
    if known.purpose != "device":
        raise Ended
    device_id, device_token = uuid7(now), secrets.token_urlsafe(32)
    async with writing() as connection:
        await _use_up(connection, token, now)
        await _replace_phones(connection, known.account_id, now)
        await connection.execute(
            "INSERT INTO auth.device (id, account_id, token_hash, name, bound_at) VALUES ($1, $2, $3, $4, $5)",
            device_id,
            known.account_id,
            _hash(device_token),
            name[:80],
            now,
        )
        await audit.record_event(connection, now, "device:bound", known.account_id, device=device_id)
    sessions.forget(known.account_id)
    return known, device_id, device_token


async def take_password(token: str, login: str, password: str, now: datetime) -> Invitation:
    """Use a "password" link up; whoever was signed in before is out.

    Raises Ended, or asyncpg.UniqueViolationError when the login is taken; the link then stays good.
    """
    known = await invitation(token, now)
    if known.purpose != "password":
        raise Ended
    password_hash = await passwords.hashed(password)
    async with writing() as connection:
        await _use_up(connection, token, now)
        await accounts.set_password(connection, known.account_id, login, password_hash, now)
        await sessions.end_all(connection, known.account_id, None, now)
    return known


async def known_device(device_token: str) -> Device | None:
    async with reading() as connection:
        row = await connection.fetchrow(
            "SELECT d.id, d.account_id, a.called_name, d.pin_hash IS NOT NULL AS has_pin FROM auth.device d"
            " JOIN auth.account a ON a.id = d.account_id AND a.state = 'active'"
            " WHERE d.token_hash = $1 AND d.revoked_at IS NULL",
            _hash(device_token),
        )
    return Device(**dict(row)) if row else None


async def set_pin(device_id: UUID, pin: str) -> None:
    pin_hash = await passwords.hashed(pin)
    async with writing() as connection:
        await connection.execute(
            "UPDATE auth.device SET pin_hash = $2, pin_misses = 0 WHERE id = $1", device_id, pin_hash
        )


async def enter_pin(device: Device, pin: str, now: datetime) -> Tried:
    """The try is counted before it is looked at, so that many at once get no more than five."""
    async with reading() as connection:
        row = await connection.fetchrow(
            "UPDATE auth.device SET pin_misses = pin_misses + 1"
            " WHERE id = $1 AND revoked_at IS NULL AND pin_misses < $2 AND pin_hash IS NOT NULL"
            " RETURNING pin_misses, pin_hash",
            device.id,
            MISSES,
        )
    if row is None:
        return Tried(None, 0)
    if await passwords.matches(row["pin_hash"], pin):
        async with writing() as connection:
            await connection.execute("UPDATE auth.device SET pin_misses = 0 WHERE id = $1", device.id)
        return Tried(device.account_id, MISSES)
    async with writing() as connection:
        await audit.record_event(connection, now, "sign-in:refused", device.account_id, method="pin", device=device.id)
    if row["pin_misses"] >= MISSES:
        await revoke(device.account_id, device.id, now, reason="pin")
    return Tried(None, MISSES - row["pin_misses"])


async def revoke(
    account_id: UUID, device_id: UUID, now: datetime, *, reason: str = "own", by: UUID | None = None
) -> None:
    """The phone opens nothing any more; the sessions on it end with the same commit. Harmless twice."""
    async with writing() as connection:
        revoked = await connection.fetchval(
            "UPDATE auth.device SET revoked_at = $3 WHERE id = $1 AND account_id = $2 AND revoked_at IS NULL"
            " RETURNING true",
            device_id,
            account_id,
            now,
        )
        if revoked:
            await connection.execute(
                "UPDATE auth.session SET ended_at = $2 WHERE device_id = $1 AND ended_at IS NULL", device_id, now
            )
            await audit.record_event(
                connection, now, "device:revoked", account_id, device=device_id, reason=reason, by=by or account_id
            )
    sessions.forget(account_id)


def easy(pin: str) -> bool:
    """One digit six times, or a run up or down: what a stranger tries first."""
    return len(set(pin)) == 1 or pin in "01234567890123" or pin in "98765432109876"


def name_of(agent: str) -> str:
    """What kind of device this is, in words a person knows: "Chrome · Android"."""
    browser = next((name for mark, name in _AGENTS if re.search(mark, agent)), "")
    system = next((name for mark, name in _SYSTEMS if re.search(mark, agent)), "")
    return " · ".join(filter(None, (browser, system)))


_ELSEWHERE = """SELECT true FROM auth.membership m JOIN auth.tenant t ON t.id = m.tenant_id AND NOT t.practice
    WHERE m.account_id = ANY ($1::uuid[]) AND m.tenant_id <> $2 AND m.ended_at IS NULL LIMIT 1"""
_INVITATION = """
SELECT i.id, i.account_id, a.called_name, a.login, t.name AS tenant_name, t.slug, i.purpose
FROM auth.invitation i
JOIN auth.account a ON a.id = i.account_id AND a.state = 'active'
JOIN auth.tenant t ON t.id = i.tenant_id AND t.state = 'active'
JOIN auth.membership m ON m.account_id = i.account_id AND m.tenant_id = i.tenant_id AND m.ended_at IS NULL
WHERE i.token_hash = $1"""


async def _use_up(connection: Any, token: str, now: datetime) -> None:
    row = await connection.fetchrow(
        "UPDATE auth.invitation SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2"
        " RETURNING account_id, tenant_id",
        _hash(token),
        now,
    )
    if row is None:
        raise Ended
    await audit.record_event(connection, now, "invitation:used", row["account_id"], row["tenant_id"])


async def _replace_phones(connection: Any, account_id: UUID, now: datetime) -> None:
    """Whoever asks for a new link may have lost the old phone."""
    await connection.execute(
        "UPDATE auth.device SET revoked_at = $2 WHERE account_id = $1 AND revoked_at IS NULL", account_id, now
    )
    await connection.execute(
        "UPDATE auth.session SET ended_at = $2, ended_by = $1"
        " WHERE account_id = $1 AND device_id IS NOT NULL AND ended_at IS NULL",
        account_id,
        now,
    )


def _token(id_: UUID, settings: Settings) -> str:
    proof = hmac.digest(keys.derive(settings.kek, "invitation"), id_.bytes, "sha256")
    return base64.urlsafe_b64encode(proof).rstrip(b"=").decode()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
