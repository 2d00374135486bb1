"""Runs of the clock and the heartbeats of workers: two tables without a district and without a person.

A run is a row (job, due_at), so a job that fell due while nobody worked is found and done later, and of many workers
exactly one has it. The lease frees it when its worker dies.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from khuen.database import DB
from khuen.errors import Busy

KEPT = timedelta(days=14)
BEAT_IS_OLD = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Figures:
    """What waits in all districts together, as a worker last saw it."""

    waiting: int = 0
    given_up: int = 0  #: of the last 24 hours
    lag_seconds: float = 0.0  #: how long the oldest due message has waited


def _pool() -> Any:
    if DB.pool is None:
        raise Busy(retry_after=2)
    return DB.pool


async def write_down(job: str, due: list[datetime]) -> None:
    """Make the rows of these runs; those that exist stay as they are."""
    await _pool().executemany(
        "INSERT INTO clockwork.run (job, due_at) VALUES ($1, $2) ON CONFLICT (job, due_at) DO NOTHING",
        [(job, moment) for moment in due],
    )


async def ask_for(job: str, now: datetime) -> None:
    """A run of this job at once, beside those that fall due by themselves; done within a second or two."""
    await write_down(job, [now])


async def newest(job: str) -> datetime | None:
    """The last moment written down for this job."""
    found: datetime | None = await _pool().fetchval("SELECT max(due_at) FROM clockwork.run WHERE job = $1", job)
    return found


async def take(jobs: list[str], now: datetime, lasts: timedelta) -> tuple[str, datetime, int] | None:
    """Take the oldest open run of these jobs: (job, its moment, the number of this try), or None."""
    row = await _pool().fetchrow(
        """UPDATE clockwork.run SET leased_until = $3, tries = tries + 1
           WHERE (job, due_at) = (SELECT job, due_at FROM clockwork.run WHERE job = ANY ($1::text[]) AND due_at <= $2
             AND done_at IS NULL AND (leased_until IS NULL OR leased_until < $2)
             ORDER BY due_at, job LIMIT 1 FOR UPDATE SKIP LOCKED)
           RETURNING job, due_at, tries""",
        jobs,
        now,
        now + lasts,
    )
    return (row["job"], row["due_at"], row["tries"]) if row else None


async def hold(job: str, due_at: datetime, until: datetime) -> None:
    """Keep a run that takes long, or put its next try off."""
    await _pool().execute(
        "UPDATE clockwork.run SET leased_until = $3 WHERE job = $1 AND due_at = $2 AND done_at IS NULL",
        job,
        due_at,
        until,
    )


async def done(job: str, due_at: datetime, now: datetime) -> None:
    """Close a run, and forget the runs of two weeks ago."""
    await _pool().execute("UPDATE clockwork.run SET done_at = $3 WHERE job = $1 AND due_at = $2", job, due_at, now)
    await _pool().execute("DELETE FROM clockwork.run WHERE job = $1 AND due_at < $2", job, now - KEPT)


async def beat(worker_id: UUID, now: datetime, figures: Figures) -> None:
    """Say that this worker lives and what it sees."""
    await _pool().execute(
        """INSERT INTO clockwork.beat (worker_id, at, waiting, given_up, lag_seconds) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (worker_id) DO UPDATE SET at = excluded.at, waiting = excluded.waiting,
             given_up = excluded.given_up, lag_seconds = excluded.lag_seconds""",
        worker_id,
        now,
        figures.waiting,
        figures.given_up,
        figures.lag_seconds,
    )


async def stop_beating(worker_id: UUID) -> None:
    await _pool().execute("DELETE FROM clockwork.beat WHERE worker_id = $1", worker_id)


async def living(now: datetime) -> tuple[int, Figures]:
    """How many workers live, and the newest figures of one of them; for /metrics of the site."""
    row = await _pool().fetchrow(
        """SELECT count(*) AS workers, max(waiting) AS waiting, max(given_up) AS given_up, max(lag_seconds) AS lag
           FROM clockwork.beat WHERE at > $1""",
        now - BEAT_IS_OLD,
    )
    return row["workers"], Figures(row["waiting"] or 0, row["given_up"] or 0, row["lag"] or 0.0)
