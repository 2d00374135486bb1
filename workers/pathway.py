"""The nightly look at stages: weeks in treatment pass by themselves, and nobody records that."""

from __future__ import annotations

import logging
from uuid import UUID

from khuen import registry
from khuen.pathway import service
from khuen.registry import District
from khuen.tenancy import within

log = logging.getLogger("khuen.workers.pathway")


async def settle() -> int:
    """Let the stages of every district follow from what is known today. Returns how many districts failed."""
    failed = 0
    for district in await registry.active():
        try:
            await _settle_one(district)
        except Exception:
            failed += 1
            log.exception("settle_stages failed in %s", district.slug)
    return failed


async def _settle_one(district: District) -> None:
    after: UUID | None = None
    while True:
        async with within(here := district.here()):
            after, _ = await service.settle_part(here, after)
        if after is None:
            return
