"""Taking away what signing in leaves behind: rows that can never count again."""

from __future__ import annotations

from datetime import datetime, timedelta

from khuen.signin.rows import writing

SESSIONS_KEPT = timedelta(days=30)  #: ended or expired ones stay so long in the list of one's own sessions
ATTEMPTS_KEPT = timedelta(days=1)

_SWEEP = (
    ("DELETE FROM auth.flow WHERE expires_at < $1", timedelta()),
    ("DELETE FROM auth.challenge WHERE expires_at < $1", timedelta()),
    ("DELETE FROM auth.attempt WHERE at < $1", ATTEMPTS_KEPT),
    ("DELETE FROM auth.session WHERE least(expires_at, coalesce(ended_at, expires_at)) < $1", SESSIONS_KEPT),
)


async def sweep(now: datetime) -> int:
    """Returns how many rows went."""
    gone = 0
    async with writing() as connection:
        for statement, kept in _SWEEP:
            gone += int((await connection.execute(statement, now - kept)).rpartition(" ")[2])
    return gone
