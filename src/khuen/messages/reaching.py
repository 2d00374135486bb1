"""How the members of a district are reached: what they gave, and what they linked themselves."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from khuen import members, vault
from khuen.errors import KeyReused
from khuen.members import Contact
from khuen.messages import queries
from khuen.tenancy import Here, hot


async def contacts(here: Here, ids: Collection[UUID]) -> dict[UUID, Contact]:
    """Addresses by member id, unsealed, for the channel that sends. Unknown ids are left out."""
    found = await members.contacts(here, ids)
    linked = await hot(queries.LINKED, list(ids))
    safe = await vault.open_tenant(here) if linked else None
    for row in linked:
        assert safe is not None
        table, column = ("line_link", "user") if row["channel"] == "line" else ("push_subscription", "endpoint")
        address = safe.unseal(table, column, row["id"], row["sealed"])
        known = found.get(row["member_id"], Contact(None, None))
        found[row["member_id"]] = replace(known, **{row["channel"]: address})
    return found


async def take_push(here: Here, key: UUID, endpoint: str) -> None:
    """One browser of the member takes notices from now on, the newest. Harmless twice by `key`; raises KeyReused."""
    assert here.member_id is not None
    if known := await hot(queries.PUSH_BY_KEY, key):
        if known[0]["member_id"] != here.member_id:
            raise KeyReused
        return
    await hot(queries.END_PUSH, here.member_id, here.now)
    sealed = (await vault.open_tenant(here)).seal("push_subscription", "endpoint", key, endpoint)
    await hot(queries.TAKE_PUSH, key, here.member_id, sealed, here.now)


async def forget(here: Here, channel: str, member_id: UUID) -> None:
    """A service says that this address is nobody's any more: the next message does not try it."""
    if channel == "push":
        await hot(queries.END_PUSH, member_id, here.now)
