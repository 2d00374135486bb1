"""The nightly look at the count of sessions and tests: it says where one was not what the rule says."""

from __future__ import annotations

import logging
from uuid import UUID

from khuen import registry
from khuen.registry import District
from khuen.tenancy import within
from khuen.treatment import service

log = logging.getLogger("khuen.workers.treatment")


async def recompute() -> int:
    """Put every district's counts right. Returns how many districts failed."""
    failed = 0
    for district in await registry.active():
        try:
            differed = await _recompute_one(district)
        except Exception:
            failed += 1
            log.exception("recompute_treatment failed in %s", district.slug)
            continue
        if differed:
            log.error("%s counts of treatment in %s were wrong, and were put right", differed, district.slug)
    return failed


async def _recompute_one(district: District) -> int:
    after: UUID | None = None
    differed, more = 0, True
    while more:
        async with within(here := district.here()):
            after, some = await service.recompute_part(here, after)
        differed, more = differed + some, after is not None
    return differed
