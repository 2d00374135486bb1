"""The nightly look for records of one person: search keys put right first, then pairs, then what slipped by a merge."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from khuen import registry
from khuen.people import merging, pairs
from khuen.registry import District
from khuen.tenancy import within

GATHERED = timedelta(days=2)  #: a merge is looked at in the next night, and once more in case that night was missed

log = logging.getLogger("khuen.workers.people")


async def find_duplicates(due_at: datetime) -> int:
    """Returns how many districts failed; harmless twice."""
    failed = 0
    for district in await registry.active():
        try:
            await _look(district, due_at)
        except Exception:
            failed += 1
            log.exception("find_duplicates failed in %s", district.slug)
    return failed


async def _look(district: District, due_at: datetime) -> None:
    more = True
    while more:
        async with within(here := district.here()):
            more = await pairs.make_keys_again(here)
    async with within(here := district.here()):
        await merging.gather(here, due_at - GATHERED)
    async with within(here := district.here()):
        await pairs.find(here)
