"""The people who work in a district, as the district knows them. Who may sign in, and with which roles, is `auth`'s.

Roles stand here once more because a message to "the coordinators" is written inside the district's own transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Bytea, Text, Timestamptz

from khuen import audit, thai, vault
from khuen.errors import NotFound
from khuen.ids import uuid7
from khuen.tenancy import Here, TenantTable, hot, many


class Member(TenantTable, tablename="member"):
    id = UUIDColumn(primary_key=True, default=None)
    called_name = Text()
    sort_key = Text()
    phone_sealed = Bytea(null=True, default=None)
    email_sealed = Bytea(null=True, default=None)
    subdistrict_code = Text(null=True, default=None)
    moo = Text(null=True, default=None)
    gender = Text(null=True, default=None)
    joined_at = Timestamptz(default=None)
    left_at = Timestamptz(null=True, default=None)


class MemberRole(TenantTable, tablename="member_role"):
    id = UUIDColumn(primary_key=True, default=None)
    member_id = UUIDColumn()
    role = Text()
    since_at = Timestamptz(default=None)
    ended_at = Timestamptz(null=True, default=None)


@dataclass(frozen=True, slots=True)
class NewMember:
    id: UUID
    called_name: str
    roles: tuple[str, ...]
    phone: str | None = None  #: E.164
    email: str | None = None
    subdistrict_code: str | None = None
    moo: str | None = None
    gender: str | None = None


@dataclass(frozen=True, slots=True)
class Details:
    """Who a member is and how they are reached: what an administrator may correct."""

    called_name: str
    phone: str | None  #: E.164
    email: str | None
    subdistrict_code: str | None
    moo: str | None
    gender: str | None


def fields(one: Details | NewMember) -> dict[str, Any]:
    """The details by name, of whichever of the two holds them."""
    return {name: getattr(one, name) for name in Details.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class MemberCard:
    """What colleagues see of each other."""

    id: UUID
    called_name: str
    subdistrict_code: str | None
    moo: str | None
    gender: str | None


@dataclass(frozen=True, slots=True)
class Contact:
    """How somebody is reached; what is not set up is None. `line` and `push` are the rooms' of messages to fill in."""

    phone: str | None = field(repr=False)
    email: str | None = field(repr=False)
    line: str | None = field(default=None, repr=False)  #: LINE's id of the user, for this district's account only
    push: str | None = field(default=None, repr=False)  #: address of a browser at its push service


async def add(here: Here, new: list[NewMember]) -> None:
    """Write members and their roles; harmless twice."""
    safe = await vault.open_tenant(here)

    def sealed(column: str, member: NewMember, text: str | None) -> bytes | None:
        return safe.seal("member", column, member.id, text) if text else None

    await many(
        """INSERT INTO member (tenant_id, id, called_name, sort_key, phone_sealed, email_sealed, subdistrict_code, moo,
                               gender, joined_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (tenant_id, id) DO NOTHING""",
        [
            (
                m.id,
                m.called_name,
                thai.sort_key(m.called_name),
                sealed("phone", m, m.phone),
                sealed("email", m, m.email),
                m.subdistrict_code,
                m.moo,
                m.gender,
                here.now,
            )
            for m in new
        ],
    )
    await many(
        _GRANT,
        [(uuid7(here.now), m.id, role, here.now) for m in new for role in m.roles],
    )


async def held(member_id: UUID) -> frozenset[str]:
    """The roles of somebody who works here now; the member's row is held until COMMIT, so that changes take turns.

    Raises NotFound for a stranger and for whoever has left.
    """
    if not await hot(_HOLD, member_id):
        raise NotFound
    rows = await MemberRole.select(MemberRole.role).where(
        MemberRole.member_id == member_id, MemberRole.ended_at.is_null()
    )
    return frozenset(row["role"] for row in rows)


async def set_roles(here: Here, member_id: UUID, roles: frozenset[str]) -> None:
    """From now on exactly these. What was held ends and stays written down; every change is an audit row.

    Harmless twice. Raises NotFound as held does.
    """
    before = await held(member_id)
    gone, new = sorted(before - roles), sorted(roles - before)
    if gone:
        await MemberRole.update({MemberRole.ended_at: here.now}).where(
            MemberRole.member_id == member_id, MemberRole.role.is_in(gone), MemberRole.ended_at.is_null()
        )
    await many(_GRANT, [(uuid7(here.now), member_id, role, here.now) for role in new])
    for tag, role in [*(("role:ended", role) for role in gone), *(("role:granted", role) for role in new)]:
        await audit.record(here, tag, member_id, role=role)


async def details(here: Here, member_id: UUID) -> Details:
    """Unsealed, for the administrator's form. Raises NotFound for a stranger and for whoever has left."""
    row = await Member.select().where(Member.id == member_id, Member.left_at.is_null()).first()
    if row is None:
        raise NotFound
    reached = await contact(here, member_id)
    return Details(row["called_name"], reached.phone, reached.email, row["subdistrict_code"], row["moo"], row["gender"])


async def correct(here: Here, member_id: UUID, new: Details) -> None:
    """Write other details over the ones there; the caller holds the member (`held`) and writes the audit row."""
    safe = await vault.open_tenant(here)

    def sealed(column: str, text: str | None) -> bytes | None:
        return safe.seal("member", column, member_id, text) if text else None

    await Member.update(
        {
            Member.called_name: new.called_name,
            Member.sort_key: thai.sort_key(new.called_name),
            Member.phone_sealed: sealed("phone", new.phone),
            Member.email_sealed: sealed("email", new.email),
            Member.subdistrict_code: new.subdistrict_code,
            Member.moo: new.moo,
            Member.gender: new.gender,
        }
    ).where(Member.id == member_id)


async def leave(here: Here, member_id: UUID) -> None:
    """Somebody works here no longer: their roles end, what they did stays. Raises NotFound as held does."""
    await set_roles(here, member_id, frozenset())
    await Member.update({Member.left_at: here.now}).where(Member.id == member_id)
    await audit.record(here, "member:ended", member_id)


async def with_role(here: Here, role: str) -> list[MemberCard]:
    """Members who hold this role now, in Thai dictionary order."""
    held = await MemberRole.select(MemberRole.member_id).where(MemberRole.role == role, MemberRole.ended_at.is_null())
    if not held:
        return []
    rows = (
        await Member.select(Member.id, Member.called_name, Member.subdistrict_code, Member.moo, Member.gender)
        .where(Member.id.is_in([row["member_id"] for row in held]), Member.left_at.is_null())
        .order_by(Member.sort_key)
    )
    return [MemberCard(**row) for row in rows]


async def names(here: Here, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Called names by member id; unknown ids are left out."""
    wanted = list(set(ids))
    if not wanted:
        return {}
    rows = await Member.select(Member.id, Member.called_name).where(Member.id.is_in(wanted))
    return {row["id"]: row["called_name"] for row in rows}


async def contact(here: Here, member_id: UUID) -> Contact:
    """How a member is reached: unsealed, for the channel that sends and for a colleague's call button."""
    return (await contacts(here, [member_id])).get(member_id, Contact(None, None))


async def contacts(here: Here, ids: Collection[UUID]) -> dict[UUID, Contact]:
    """The same for several at once, by member id; unknown ids are left out."""
    rows = await Member.select(Member.id, Member.phone_sealed, Member.email_sealed).where(Member.id.is_in(list(ids)))
    safe = await vault.open_tenant(here) if rows else None

    def opened(row: dict[str, Any], column: str) -> str | None:
        sealed = row[f"{column}_sealed"]
        return safe.unseal("member", column, row["id"], sealed) if safe and sealed else None

    return {row["id"]: Contact(opened(row, "phone"), opened(row, "email")) for row in rows}


_HOLD = "SELECT 1 FROM member m WHERE m.tenant_id = $1 AND m.id = $2 AND m.left_at IS NULL FOR UPDATE"
_GRANT = """INSERT INTO member_role (tenant_id, id, member_id, role, since_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (tenant_id, member_id, role) WHERE ended_at IS NULL DO NOTHING"""
