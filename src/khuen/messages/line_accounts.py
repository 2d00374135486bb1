"""A district's own account on LINE: its token and secret, sealed under the district's key. One counts at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from khuen import audit, vault
from khuen.errors import KeyReused
from khuen.ids import uuid7
from khuen.messages import line_queries as queries
from khuen.messages import rules
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
    """What sends, and what a webhook is checked with. `spared`: only urgent messages may still go this month."""

    bot_id: str
    token: str = field(repr=False)
    secret: str = field(repr=False)
    spared: bool = False


@dataclass(frozen=True, slots=True)
class Meter:
    """The messages of this month on LINE, as LINE said at `read_at`. `allowed` None: no limit."""

    allowed: int | None
    used: int
    read_at: datetime


async def account(here: Here) -> Account | None:
    rows = await hot(queries.ACCOUNT)
    return Account(**rows[0]) if rows else None


async def keys(here: Here) -> Keys | None:
    rows = await hot(queries.KEYS, here.today.replace(day=1))
    if not rows:
        return None
    row, safe = rows[0], await vault.open_tenant(here)
    return Keys(
        row["bot_id"],
        safe.unseal("line_account", "token", row["id"], row["token_sealed"]),
        safe.unseal("line_account", "secret", row["id"], row["secret_sealed"]),
        row["used"] is not None and rules.spared(row["allowed"], row["used"]),
    )


async def meter(here: Here) -> Meter | None:
    """None without an account, or before LINE was asked this month."""
    rows = await hot(queries.METER, here.today.replace(day=1))
    return Meter(**rows[0]) if rows else None


async def read_meter(here: Here, allowed: int | None, used: int) -> None:
    """Keep what LINE said just now."""
    await hot(queries.READ_METER, uuid7(here.now), here.today.replace(day=1), allowed, used, here.now)


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
