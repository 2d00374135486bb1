"""Imports whose commit was left half way go on by themselves; old drafts and rows of old imports go."""

from __future__ import annotations

import dataclasses
import logging
from datetime import timedelta
from uuid import UUID

from khuen import registry
from khuen.enrolment import committing, purging
from khuen.registry import District
from khuen.settings import Settings
from khuen.tenancy import Here, within
from workers.districts import in_each

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


async def purge(settings: Settings) -> int:
    """Nightly. Returns how many districts failed."""

    async def act(here: Here) -> None:
        rows_after, drafts_after = timedelta(days=settings.keep_import_days), timedelta(days=settings.keep_draft_days)
        await purging.purge(here, rows_after, drafts_after)

    return await in_each("purge_enrolments", await registry.active(), act)


async def _finish(district: District, batch_id: UUID, member_id: UUID) -> None:
    finished = False
    while not finished:
        here = dataclasses.replace(district.here(), member_id=member_id)
        async with within(here):
            finished = (await committing.continue_batch(here, batch_id)).finished
