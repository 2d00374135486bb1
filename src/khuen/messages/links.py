"""Who is linked to the district's account on LINE: by a code that works once, until either side ends it.

LINE's id of a user lies sealed, with a blind index to find it by; both are wiped when the link ends.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from khuen import audit, vault
from khuen.errors import Conflict, KeyReused
from khuen.ids import uuid7
from khuen.messages import line_queries as queries
from khuen.messages.rules import CODE_LETTERS
from khuen.msgid import N_
from khuen.tenancy import Here, hot

CODE_LASTS = timedelta(minutes=15)
PAGE = "my-messages"  #: where a member sees how they are reached
EVENTS_KEPT = timedelta(days=30)
NOT_CONNECTED = N_("The district has no account on LINE yet.")


@dataclass(frozen=True, slots=True)
class Own:
    """What somebody sees of their own link."""

    basic_id: str | None  #: the district's account; None: it has none
    linked_at: datetime | None
    code: str | None  #: to be sent to the account: two groups of four
    code_ends_at: datetime | None
    push_at: datetime | None  #: since when a browser of theirs takes notices


async def own(here: Here) -> Own:
    row = (await hot(queries.OWN, here.member_id, here.now))[0]
    code = await _code(here, row["code_id"]) if row["code_id"] else None
    return Own(row["basic_id"], row["linked_at"], code, row["expires_at"], row["push_at"])


async def ask_code(here: Here, key: UUID) -> None:
    """A new code for whoever is signed in; their earlier one ends. Harmless twice by `key`.

    Raises Conflict without an account of the district, KeyReused.
    """
    if not await hot(queries.ACCOUNT):
        raise Conflict(NOT_CONNECTED)
    if known := await hot(queries.CODE_BY_KEY, key):
        if known[0]["member_id"] != here.member_id:
            raise KeyReused
        return
    await hot(queries.END_CODES, here.member_id, here.now)
    safe = await vault.open_tenant(here)
    index = safe.blind("line_code_index", await _code(here, key))
    await hot(queries.NEW_CODE, key, here.member_id, index, here.now, here.now + CODE_LASTS)


async def unlink(here: Here) -> None:
    """One's own link ends. Harmless twice."""
    assert here.member_id is not None
    await end_of(here, here.member_id)


async def end_of(here: Here, member_id: UUID) -> None:
    """Nobody is reached by LINE as this member any more. Harmless twice."""
    await _end(here, await hot(queries.END_BY_MEMBER, member_id, here.now, "member"))


async def link(here: Here, code: str, user: str) -> UUID | None:
    """Link a LINE user to whoever asked for this code; None when it is wrong, used or too old.

    `code` is as `rules.code_in` reads it. Earlier links of either side end.
    """
    safe = await vault.open_tenant(here)
    rows = await hot(queries.USE_CODE, safe.blind("line_code_index", code), here.now)
    if not rows:
        return None
    member, index, key = rows[0]["member_id"], safe.blind("line_user", user), uuid7(here.now)
    await hot(queries.END_BY_MEMBER, member, here.now, "replaced")
    await hot(queries.END_BY_USER, index, here.now, "replaced")
    await hot(queries.LINK, key, member, safe.seal("line_link", "user", key, user), index, here.now)
    await audit.record(replace(here, member_id=member), "line:linked", member)
    return UUID(str(member))


async def member_of(here: Here, user: str) -> Here | None:
    """The place of the member whom this LINE user is, with the roles they hold now; None for a stranger."""
    safe = await vault.open_tenant(here)
    rows = await hot(queries.MEMBER_OF, safe.blind("line_user", user))
    return replace(here, member_id=rows[0]["member_id"], roles=frozenset(rows[0]["roles"])) if rows else None


async def unfollowed(here: Here, user: str) -> None:
    """The user has blocked the account: nothing can reach them there."""
    safe = await vault.open_tenant(here)
    await _end(here, await hot(queries.END_BY_USER, safe.blind("line_user", user), here.now, "unfollowed"))


async def first_time(here: Here, event: str) -> UUID | None:
    """The id under which this event of LINE's acts; None when it has been here before."""
    key = uuid5(here.tenant_id, f"line event {event}")
    return key if await hot(queries.SEE_EVENT, key, here.now) else None


async def forget_events(here: Here) -> None:
    """Events older than anything that is still believed."""
    await hot(queries.FORGET_EVENTS, here.now - EVENTS_KEPT)


async def _code(here: Here, key: UUID) -> str:
    """Eight letters made from the row's id under the district's key: nothing of it is stored."""
    number = int.from_bytes((await vault.open_tenant(here)).blind("line_code", str(key))[:5])
    letters = "".join(CODE_LETTERS[number >> 5 * place & 31] for place in range(8))
    return f"{letters[:4]}-{letters[4:]}"


async def _end(here: Here, ended: list[Any]) -> None:
    for row in ended:
        member = row["member_id"]
        await audit.record(replace(here, member_id=member), "line:unlinked", member)
