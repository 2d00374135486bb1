"""Which name at another organisation opens which account. A name is only ever linked by its signed-in owner."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from khuen import audit
from khuen.errors import Conflict
from khuen.signin.provider_file import Provider
from khuen.signin.rows import reading, writing
from khuen.words import N_


class LastWayIn(Conflict):
    text = N_("This is your only way in. Set up another one first, for example a passkey")


async def account_of(provider: Provider, subject: str) -> UUID | None:
    """Who is known by this name there, if they may sign in."""
    async with reading() as connection:
        found: UUID | None = await connection.fetchval(
            "SELECT a.id FROM auth.identity i JOIN auth.account a ON a.id = i.account_id AND a.state = 'active'"
            " WHERE i.provider = $1 AND i.subject = $2",
            provider.id,
            subject,
        )
    return found


async def link(provider: Provider, subject: str, account_id: UUID, now: datetime) -> bool:
    """From now on this name there opens this account. False when it already opens another. Harmless twice."""
    async with writing() as connection:
        linked = await connection.fetchval(
            "INSERT INTO auth.identity (provider, subject, account_id, linked_at) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (provider, subject) DO NOTHING RETURNING true",
            provider.id,
            subject,
            account_id,
            now,
        )
        if linked:
            await audit.record_event(connection, now, "identity:linked", account_id, provider=provider.id)
            return True
        owner: UUID = await connection.fetchval(
            "SELECT account_id FROM auth.identity WHERE provider = $1 AND subject = $2", provider.id, subject
        )
    return owner == account_id


async def unlink(provider_id: str, account_id: UUID, now: datetime) -> None:
    """That name opens this account no more. Harmless twice. Raises LastWayIn when nothing else would open it.

    The account's row is held, so that two ways taken away at once do not leave none.
    """
    async with writing() as connection:
        others = await connection.fetchval(_OTHER_WAYS, account_id, provider_id)
        if not others:
            raise LastWayIn
        gone = await connection.fetch(
            "DELETE FROM auth.identity WHERE account_id = $1 AND provider = $2 RETURNING true", account_id, provider_id
        )
        if gone:
            await audit.record_event(connection, now, "identity:unlinked", account_id, provider=provider_id)


async def refuse(provider: Provider, reason: str, account_id: UUID | None, now: datetime) -> None:
    """Write down a sign-in there that opened nothing here."""
    async with writing() as connection:
        await audit.record_event(connection, now, "identity:refused", account_id, provider=provider.id, reason=reason)


async def linked(account_id: UUID) -> set[str]:
    """Ids of the providers that open this account."""
    async with reading() as connection:
        rows = await connection.fetch("SELECT DISTINCT provider FROM auth.identity WHERE account_id = $1", account_id)
    return {row["provider"] for row in rows}


#: a bound phone is no other way in: it opens the buddy's work only
_OTHER_WAYS = """SELECT a.password_hash IS NOT NULL
    OR EXISTS (SELECT FROM auth.passkey k WHERE k.account_id = a.id AND k.removed_at IS NULL)
    OR EXISTS (SELECT FROM auth.identity i WHERE i.account_id = a.id AND i.provider <> $2)
    FROM auth.account a WHERE a.id = $1 FOR UPDATE"""
