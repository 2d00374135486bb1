"""Imports whose commit was left half way, because a process died or a browser went away: they go on by themselves."""

from __future__ import annotations

import dataclasses
import logging
from uuid import UUID

from khuen import registry
from khuen.enrolment import committing
from khuen.registry import District
from khuen.tenancy import within

log = logging.getLogger("khuen.workers.enrolment")


async def continue_imports() -> int:
    """Finish what was begun, in the name of who began it. Returns how many districts failed."""
    failed = 0
    for district in await registry.active():
        try:
            async with within(here := district.here()):
                waiting = await committing.unfinished(here)
            for batch_id, member_id in waiting:
                await _finish(district, batch_id, member_id)
        except Exception:
            failed += 1
            log.exception("continue_imports failed in %s", district.slug)
    return failed


async def _finish(district: District, batch_id: UUID, member_id: UUID) -> None:
    finished = False
    while not finished:
        here = dataclasses.replace(district.here(), member_id=member_id)
        async with within(here):
            finished = (await committing.continue_batch(here, batch_id)).finished
