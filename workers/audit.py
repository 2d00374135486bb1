"""The hourly seal of every audit chain outside the database, and the nightly check that each is whole."""

from __future__ import annotations

import asyncio
import logging

from khuen import audit_proof, registry
from khuen.admin import audit_log
from khuen.ids import uuid7
from khuen.registry import District
from khuen.settings import Settings
from khuen.tenancy import within

log = logging.getLogger("khuen.workers.audit")


async def seal_heads(settings: Settings) -> int:
    """Returns 0: a district that fails is logged by the seal itself and has its turn again within the hour."""
    if settings.seals_dir is None:
        log.warning("KHUEN_SEALS_DIR is not set: audit chains are not sealed outside the database")
        return 0
    await audit_proof.seal_heads(settings)
    return 0


async def verify(settings: Settings) -> int:
    """Follow every district's chain to its end, some thousand rows a transaction. Returns how many districts failed."""
    failed = 0
    for district in await registry.active():
        try:
            found = await _verify(settings, district)
        except Exception:
            failed += 1
            log.exception("the audit of %s was not checked", district.slug)
            continue
        if found.reason:
            log.error("the audit of %s is broken at row %s: %s", district.slug, found.broken_seq, found.reason)
    return failed


async def _verify(settings: Settings, district: District) -> audit_log.Check:
    key = uuid7()
    seals, broken = await asyncio.to_thread(audit_log.seals_of, settings, district.id)
    while True:
        async with within(here := district.here()):
            check = await audit_log.check(here, key, seals, broken)
        if check.ended_at:
            return check
