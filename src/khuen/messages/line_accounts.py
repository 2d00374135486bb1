"""A district's own account on LINE: its token and secret, sealed under the district's key. One counts at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from khuen import audit, vault
from khuen.errors import KeyReused
from khuen.messages import line_queries as queries
from khuen.tenancy import Here, hot


@dataclass(frozen=True, slots=True)
class Account:
    """What a page may show of it: nothing that is secret."""

    id: UUID
    basic_id: str  #: what people look for, such as @123abcde
    set_at: datetime
    set_by: UUID


@dataclass(frozen=True, slots=True)
class NewAccount:
    basic_id: str
    bot_id: str
    token: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keys:
    """What a webhook is checked with, and answered with."""

    bot_id: str
    token: str = field(repr=False)
    secret: str = field(repr=False)


async def account(here: Here) -> Account | None:
    rows = await hot(queries.ACCOUNT)
    return Account(**rows[0]) if rows else None


async def token(here: Here) -> str | None:
    """The channel access token, unsealed, for the channel that sends; None without an account."""
    found = await keys(here)
    return found.token if found else None


async def keys(here: Here) -> Keys | None:
    rows = await hot(queries.KEYS)
    if not rows:
        return None
    row, safe = rows[0], await vault.open_tenant(here)
    return Keys(
        row["bot_id"],
        safe.unseal("line_account", "token", row["id"], row["token_sealed"]),
        safe.unseal("line_account", "secret", row["id"], row["secret_sealed"]),
    )


async def connect(here: Here, key: UUID, new: NewAccount) -> None:
    """From now on this account counts. Who was linked to another account has to link again: ids differ by account.

    Harmless twice by `key`; raises KeyReused when the key stands for an account that has ended.
    """
    before = await hot(queries.HELD)
    if known := await hot(queries.BY_KEY, key):
        if known[0]["ended_at"] is not None:
            raise KeyReused
        return
    await hot(queries.END_ACCOUNT, here.now)
    if any(row["bot_id"] != new.bot_id for row in before):
        await hot(queries.END_LINKS, here.now, "account")
    safe = await vault.open_tenant(here)
    sealed = (safe.seal("line_account", name, key, getattr(new, name)) for name in ("token", "secret"))
    await hot(queries.CONNECT, key, *sealed, new.basic_id, new.bot_id, here.now, here.member_id)
    await audit.record(here, "line:connected", key)


async def disconnect(here: Here) -> None:
    """Nothing goes by LINE any more, and nobody is linked. Harmless twice."""
    if ended := await hot(queries.END_ACCOUNT, here.now):
        await hot(queries.END_LINKS, here.now, "account")
        await audit.record(here, "line:disconnected", ended[0]["id"])
