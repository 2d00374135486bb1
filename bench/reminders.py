"""The sweep that tells people of overdue visits: the whole nation at once, when nothing is new, and four at a time."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta
from typing import Any

from bench.data import Size
from bench.goals import Measured, Scene
from bench.rounds import Spread
from khuen import clock, settings
from khuen.database import connect, connected
from workers import followups

NATION = Size(tenants=878, cases=240_000, check_ins=240_000, largest=1_700)
OVERDUE, ROUNDS, ONE_BY_ONE, WORKERS = 39_000, 3, 1_000, 4

#: every sixth person's visit closed ten days ago, the others' is still to come
_OVERDUE = """
UPDATE visit_due v SET due_on = $1::date + days, closes_on = $1::date + days, opens_on = $1::date + days,
    seen_at = NULL, attention_rank = 0
FROM (SELECT tenant_id, id, CASE WHEN row_number() OVER (ORDER BY id) <= $2 THEN -10 ELSE 5 END AS days
    FROM visit_due) o
WHERE o.tenant_id = v.tenant_id AND o.id = v.id
"""


async def sweep(on: Scene) -> list[Measured]:
    """P15, and P14: the same messages written one by one, as a program that saves objects would, by the same rule."""
    database = await on.stage.database("overdue", NATION)
    own = settings.load(on.stage.environment(database))
    root = await connect(on.stage.superuser_of(database))
    now = clock.now()
    await root.execute(_OVERDUE, clock.day(now), OVERDUE)
    await root.execute("VACUUM ANALYZE visit_due")
    seven = datetime.combine(clock.day(now), datetime.min.time(), clock.BANGKOK) + timedelta(hours=7, minutes=30)
    whole: list[float] = []
    idle: list[float] = []
    again: list[float] = []
    try:
        async with connected(own, size=8):
            idle.append(await _took(followups.escalate(seven - timedelta(hours=4))))  # reads when each is reminded
            await followups.escalate(seven)  # statements prepared
            for _ in range(ROUNDS):
                await root.execute("TRUNCATE message, message_attempt")
                whole.append(await _took(followups.escalate(seven)))
                assert await _messages(root) == OVERDUE
                again.append(await _took(followups.escalate(seven)))
            await root.execute("TRUNCATE message, message_attempt")
            together = await _took(asyncio.gather(*(followups.escalate(seven) for _ in range(WORKERS))))
            twice = await _messages(root) - OVERDUE
        await root.execute("TRUNCATE message, message_attempt")
        alone = await _one_by_one(await connect(on.stage.settings_of(database).dsn("app")), root, now)
    finally:
        await root.close()
    ratio = Spread(tuple(alone * OVERDUE / one for one in whole))
    notes = [
        f"{WORKERS} workers at once: {together:.1f} s, {twice} doubled",
        f"the same again, nothing of it new: {Spread(tuple(again)):.2f} s",
    ]
    return [
        Measured("P14", "sweep of overdue visits / row by row", 10, 20, ratio, "×"),
        Measured(
            "P15",
            f"sweep of {OVERDUE:,} overdue in {NATION.tenants} districts",
            5,
            2,
            Spread(tuple(whole)),
            "s",
            True,
            notes,
        ),
        Measured("P15", "sweep at an hour when no district is reminded", 0.3, 0.15, Spread(tuple(idle)), "s", True),
        Measured("P15", f"messages doubled by {WORKERS} workers", 0, 0, Spread((float(twice),)), "", True),
    ]


async def _one_by_one(app: Any, root: Any, now: datetime) -> float:
    """Seconds for a message: its visit is read, whether it was told is asked, it is written; each on its own."""
    rows = await root.fetch(
        "SELECT v.tenant_id, v.id, o.member_id FROM visit_due v JOIN member_role o ON o.tenant_id = v.tenant_id"
        " AND o.role = 'coordinator' WHERE v.closes_on < $1 LIMIT $2",
        clock.day(now),
        ONE_BY_ONE,
    )
    started = time.perf_counter()
    for row in rows:
        await app.execute(f"BEGIN; SET LOCAL app.tenant_id = '{row['tenant_id']}'")
        visit = await app.fetchrow(
            "SELECT id, closes_on, state FROM visit_due WHERE tenant_id = $1 AND id = $2", row["tenant_id"], row["id"]
        )
        told = await app.fetchval(
            "SELECT count(*) FROM message WHERE tenant_id = $1 AND kind = 'overdue_escalation' AND subject_id = $2"
            " AND recipient_id = $3",
            row["tenant_id"],
            visit["id"],
            row["member_id"],
        )
        if not told:
            await app.execute(
                "INSERT INTO message (tenant_id, id, kind, subject_id, recipient_id, day, urgent, count, state, due_at,"
                " made_at) VALUES ($1, uuidv7(), 'overdue_escalation', $2, $3, $4, false, $5, 'waiting', $6, $6)",
                row["tenant_id"],
                visit["id"],
                row["member_id"],
                clock.day(now),
                (clock.day(now) - visit["closes_on"]).days,
                now,
            )
        await app.execute("COMMIT")
    took = time.perf_counter() - started
    await app.close()
    return took / len(rows)


async def _took(work: Any) -> float:
    started = time.perf_counter()
    await work
    return time.perf_counter() - started


async def _messages(root: Any) -> int:
    found: int = await root.fetchval("SELECT count(*) FROM message")
    return found
