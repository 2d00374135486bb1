"""Practice districts that begin again, as the door sees it: who asked, how far it is, and the moment of the change.

A restart fills a *new* district beside the one in use and then lets the two change places in one transaction, so that
whatever dies in between, one whole district stands behind the address (docs/decisions/0010-practice-restart.md).
Every statement here asks the district's own row whether it is a practice one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from khuen import audit, thai
from khuen.ids import uuid7
from khuen.signin import sessions
from khuen.signin.rows import reading, writing
from khuen.words import N_

LEASE = timedelta(minutes=2)
JUST_NOW = timedelta(minutes=1)

#: how far it is, in words
STEPS = {
    "waiting": N_("It begins in a few seconds."),
    "inventing": N_("Step 1 of 2: the invented people get their stories."),
    "writing": N_("Step 2 of 2: the stories are written down. You will be on the practice page in a moment."),
}


@dataclass(frozen=True, slots=True)
class Door:
    """What the page of a practice district says. `step` while it begins again; `practising`: open sessions there."""

    step: str | None
    began_at: datetime | None  #: when it last began again
    practising: int


@dataclass(frozen=True, slots=True)
class Restart:
    """One restart, taken by a worker. `id` is also the id of the district that will take the place of `tenant_id`."""

    id: UUID
    tenant_id: UUID
    slug: str
    seed: int
    as_of: date | None

    @property
    def meanwhile(self) -> str:
        """The address of the new district until it takes the place; nobody enters it: it is suspended."""
        return f"new-{self.id.hex[-12:]}"


async def remember(tenant_id: UUID, seed: int, today: date, now: datetime) -> None:
    """Write down from what a practice district was filled: only one that has this row can begin again."""
    async with writing() as connection:
        await connection.execute(
            "INSERT INTO auth.practice_world (tenant_id, seed, today, filled_at) SELECT id, $2, $3, $4 FROM auth.tenant"
            " WHERE id = $1 AND practice ON CONFLICT (tenant_id) DO NOTHING",
            tenant_id,
            seed,
            today,
            now,
        )


async def door_of(tenant_id: UUID, now: datetime) -> Door | None:
    """None for a real district, and for a practice one that was not filled by the simulation."""
    async with reading() as connection:
        row = await connection.fetchrow(_DOOR, tenant_id, now)
    return Door(**dict(row)) if row else None


async def practice_at(slug: str) -> str | None:
    """The address itself when a practice district stands there."""
    if thai.refuse(slug):
        return None
    async with reading() as connection:
        found: str | None = await connection.fetchval(
            "SELECT slug FROM auth.tenant WHERE slug = $1 AND practice AND state = 'active'", slug
        )
    return found


async def ask(tenant_id: UUID, now: datetime) -> bool:
    """Somebody pressed the button; twice is once. False, and written down, where it is not possible."""
    async with writing() as connection:
        possible = await connection.fetchval(f"SELECT true {_FILLED} AND t.id = $1", tenant_id)
        if possible:
            await connection.execute(_ASK, uuid7(now), tenant_id, "asked", now)
        else:
            await audit.record_event(connection, now, "practice:refused", None, tenant_id, kind="restart")
    return bool(possible)


async def ask_all(due_at: datetime, now: datetime) -> int:
    """The night: whatever was filled before `due_at`. One that stands still in time only when somebody was there."""
    async with writing() as connection:
        rows = await connection.fetch(_STALE, due_at)
        for row in rows:
            await connection.execute(_ASK, uuid7(now), row["id"], "night", now)
    return len(rows)


async def take(now: datetime) -> Restart | None:
    """The oldest restart that nobody works on, or None; held for two minutes, then it is anybody's again."""
    async with writing() as connection:
        row = await connection.fetchrow(_TAKE, now, now + LEASE)
    return Restart(**dict(row)) if row else None


async def say(work: Restart, step: str, now: datetime) -> None:
    """How far it is, for the page; the lease begins anew."""
    async with writing() as connection:
        await connection.execute(
            "UPDATE auth.practice_restart SET step = $2, leased_until = $3 WHERE id = $1 AND ended_at IS NULL",
            work.id,
            step,
            now + LEASE,
        )


async def change_places(work: Restart, now: datetime) -> bool:
    """The new district takes the address, the old one is suspended and everybody there is signed out: all or nothing.

    False when it happened before.
    """
    async with writing() as connection:
        ended = await connection.fetchval(_END, work.id, now)
        if not ended:
            return False
        for tenant_id, slug, state in (
            (work.tenant_id, f"was-{work.tenant_id.hex[-12:]}", "suspended"),
            (work.id, work.slug, "active"),
        ):
            moved = await connection.execute(_MOVE, tenant_id, slug, state)
            if moved != "UPDATE 1":
                raise ValueError("only a practice district begins again")
        await connection.execute(_END_SESSIONS, work.tenant_id, now)
        await connection.execute(
            "UPDATE auth.account SET state = 'disabled' WHERE practice_tenant_id = $1", work.tenant_id
        )
        await connection.execute(
            "UPDATE auth.membership SET ended_at = $2 WHERE tenant_id = $1 AND ended_at IS NULL", work.tenant_id, now
        )
        await audit.record_event(connection, now, "practice:restarted", None, work.id, before=work.tenant_id)
    sessions.forget_all()
    return True


_FILLED = """FROM auth.tenant t JOIN auth.practice_world w ON w.tenant_id = t.id
    WHERE t.practice AND t.state = 'active'"""
_DOOR = f"""SELECT (SELECT r.step FROM auth.practice_restart r WHERE r.tenant_id = t.id AND r.ended_at IS NULL) AS step,
    (SELECT r.ended_at FROM auth.practice_restart r WHERE r.id = t.id) AS began_at,
    (SELECT count(*) FROM auth.session s WHERE s.practice_tenant_id = t.id AND s.ended_at IS NULL
        AND s.expires_at > $2 AND s.seen_at + make_interval(secs => s.idle_seconds) > $2) AS practising
    {_FILLED} AND t.id = $1"""
_ASK = """INSERT INTO auth.practice_restart (id, tenant_id, why, asked_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (tenant_id) WHERE ended_at IS NULL DO NOTHING"""
_STALE = f"""SELECT t.id {_FILLED} AND w.filled_at < $1 AND (t.as_of IS NULL OR EXISTS (
    SELECT FROM auth.session s WHERE s.practice_tenant_id = t.id)) ORDER BY t.id"""
_TAKE = """WITH taken AS (
    UPDATE auth.practice_restart SET leased_until = $2 WHERE id = (
        SELECT r.id FROM auth.practice_restart r
        WHERE r.ended_at IS NULL AND (r.leased_until IS NULL OR r.leased_until < $1)
        ORDER BY r.asked_at, r.id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, tenant_id)
    SELECT r.id, r.tenant_id, t.slug, w.seed, t.as_of FROM taken r
    JOIN auth.tenant t ON t.id = r.tenant_id AND t.practice JOIN auth.practice_world w ON w.tenant_id = t.id"""
_END = """UPDATE auth.practice_restart SET step = 'done', leased_until = NULL, ended_at = $2
    WHERE id = $1 AND ended_at IS NULL RETURNING true"""
_MOVE = "UPDATE auth.tenant SET slug = $2, state = $3 WHERE id = $1 AND practice"
_END_SESSIONS = """UPDATE auth.session s SET ended_at = $2 WHERE s.ended_at IS NULL AND (s.practice_tenant_id = $1
    OR s.account_id IN (SELECT m.account_id FROM auth.membership m WHERE m.tenant_id = $1 AND m.ended_at IS NULL)
    AND NOT EXISTS (SELECT FROM auth.membership e WHERE e.account_id = s.account_id
        AND e.tenant_id <> $1 AND e.ended_at IS NULL))"""
