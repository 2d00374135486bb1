"""The public register of papers, in schema auth: which district a code belongs to and whether its paper holds.

Nothing here is about a person. What a page shows of a paper it reads in that district (docs/decisions/0017).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from khuen.registry import District
from khuen.signin.rows import reading, writing


@dataclass(frozen=True, slots=True)
class Entry:
    code: str
    token_id: UUID
    state: str  #: valid, replaced or revoked


@dataclass(frozen=True, slots=True)
class Key:
    """A hospital's public key: `jwk` is JSON, `id` its thumbprint (RFC 7638)."""

    id: str
    jwk: str
    hospital: str
    practice: bool


class Taken(Exception):
    """The code belongs to a paper of another district."""


async def tell(district: District, entry: Entry, at: datetime) -> None:
    """Say what a paper is worth from now on. Harmless twice; a paper that ended never holds again. Raises Taken."""
    async with writing() as connection:
        found = await connection.fetchval(
            "INSERT INTO auth.paper AS p (code, tenant_id, token_id, state, practice, changed_at)"
            " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (code) DO UPDATE SET"
            " state = CASE WHEN p.state = 'valid' THEN excluded.state ELSE p.state END,"
            " changed_at = excluded.changed_at"
            " WHERE p.tenant_id = excluded.tenant_id RETURNING p.code",
            entry.code,
            district.id,
            entry.token_id,
            entry.state,
            district.practice,
            at,
        )
    if found is None:
        raise Taken


async def find(code: str) -> District | None:
    """Whose paper this is; None for a code that nobody published and for a district that is suspended."""
    async with reading() as connection:
        row = await connection.fetchrow(
            "SELECT t.id, t.slug, t.practice, t.as_of FROM auth.paper p JOIN auth.tenant t ON t.id = p.tenant_id"
            " WHERE p.code = $1 AND t.state = 'active'",
            code,
        )
    return District(**row) if row else None


async def ended() -> list[UUID]:
    """The tokens of papers that no longer hold, in a fixed order: for checkers that have no line."""
    async with reading() as connection:
        rows = await connection.fetch("SELECT token_id FROM auth.paper WHERE state <> 'valid' ORDER BY token_id")
    return [row["token_id"] for row in rows]


async def remember_key(tenant_id: UUID, key: Key, at: datetime) -> None:
    """Publish a key with its first paper; it stays published for as long as papers may be shown."""
    async with writing() as connection:
        await connection.execute(
            "INSERT INTO auth.paper_key (id, tenant_id, jwk, hospital, practice, first_used_at)"
            " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING",
            key.id,
            tenant_id,
            key.jwk,
            key.hospital,
            key.practice,
            at,
        )


async def keys() -> list[Key]:
    """Every key that ever signed a paper here."""
    async with reading() as connection:
        rows = await connection.fetch(
            "SELECT id, jwk, hospital, practice FROM auth.paper_key ORDER BY first_used_at, id"
        )
    return [Key(**row) for row in rows]
