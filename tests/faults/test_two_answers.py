"""Answers of one case that arrive at the same moment and not in their order."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from bench.ledger import Ledger, verify
from khuen import clock
from khuen.followups.rules import How
from khuen.followups.service import Sent, log_check_in
from khuen.ids import uuid7
from khuen.tenancy import within
from tests.care import Site


async def test_answers_of_one_case_in_any_order_do_not_wait_for_each_other(site: Site, root: Any) -> None:
    """A late answer recomputes the plan after the audit row, a fresh one moves it before: one order of locks."""
    code, ledger = await site.case(), Ledger()
    now = clock.now()

    async def answer(seconds_ago: int) -> None:
        here, key = site.chatturat.here("somchai", now), uuid7()
        async with within(here):
            await log_check_in(here, Sent(code, key, How.WELL, now - timedelta(seconds=seconds_ago)))
        ledger.acknowledged.append(key)

    for start in range(0, 40, 8):  # late and fresh ones side by side
        await asyncio.gather(*(answer(start + (5 * n) % 8) for n in range(8)))
    assert len(ledger.acknowledged) == 40 and await verify(root, [ledger]) == []
