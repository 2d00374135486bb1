"""Phones that never give up, and what they were told: the book against which the database is checked after a fault."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

#: sends one check-in under a key: (status, whether the answer says when to come again); OSError when the line broke
Post = Callable[[UUID], Awaitable[tuple[int, bool]]]


@dataclass
class Ledger:
    acknowledged: list[UUID] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)

    async def visit(self, post: Post, until: Callable[[], bool]) -> None:
        """One check-in after another; each is sent again under its key until it is acknowledged."""
        while not until():
            await self.insist(post, uuid4())

    async def insist(self, post: Post, key: UUID, pause: float = 0.1) -> None:
        while not await self.once(post, key):
            await asyncio.sleep(pause)

    async def once(self, post: Post, key: UUID) -> bool:
        """Whether it was acknowledged. Raises AssertionError for an answer that is neither yes nor a calm "later"."""
        try:
            status, comes_again = await post(key)
        except OSError:
            self.answers["line broke"] += 1
            return False
        if status == 303:
            self.answers["acknowledged"] += 1
            self.acknowledged.append(key)
            return True
        assert status == 503 and comes_again, f"answered {status}, with a time to come again: {comes_again}"
        self.answers["later"] += 1
        return False

    def __str__(self) -> str:
        return ", ".join(f"{count:,} × {answer}" for answer, count in sorted(self.answers.items()))


async def verify(root: Any, ledgers: Iterable[Ledger]) -> list[str]:
    """What is wrong, in sentences; empty when each acknowledged check-in had its one effect. `root` is a superuser's.

    An answer that was never acknowledged may stand or not; whatever stands was audited once and chained.
    """
    keys = [key for ledger in ledgers for key in ledger.acknowledged]
    wrong = []
    if len(keys) != len(set(keys)):
        wrong.append("a key was used twice: the test itself is wrong")
    there = await root.fetchval("SELECT count(*) FROM check_in WHERE id = ANY ($1)", keys)
    if there != len(keys):
        wrong.append(f"{len(keys) - there} acknowledged check-ins are lost")
    offered = await root.fetchval("SELECT count(*) FROM undo WHERE kind = 'check_in' AND subject_id = ANY ($1)", keys)
    if offered != len(keys):
        wrong.append(f"{len(keys)} acknowledged check-ins have {offered} offers to take them back")
    wrong += [f"{case}: {visits} check-ins, {audited} audit rows" for case, audited, visits in await root.fetch(_TWICE)]
    wrong += [f"the chain of {row['tenant_id']} breaks" for row in await root.fetch(_CHAIN)]
    return wrong


#: only what came after the loader: audit rows and undo offers are made by the product alone
_TWICE = """SELECT a.case_id, a.audited, coalesce(v.visits, 0) AS visits
    FROM (SELECT subject_id AS case_id, count(*) AS audited FROM audit WHERE tag = 'check-in:logged' GROUP BY 1) a
    LEFT JOIN (SELECT c.case_id, count(*) AS visits FROM check_in c JOIN undo u ON u.subject_id = c.id GROUP BY 1) v
        USING (case_id)
    WHERE a.audited IS DISTINCT FROM v.visits"""
_CHAIN = """SELECT h.tenant_id FROM audit_head h
    LEFT JOIN LATERAL (SELECT max(a.seq) AS last, count(*) AS links FROM audit a
        WHERE a.tenant_id = h.tenant_id) x ON true
    WHERE h.seq <> coalesce(x.last, 0) OR h.seq <> x.links"""
