"""The hourly seal of every audit chain, outside the database."""

from __future__ import annotations

import logging

from khuen import audit_proof
from khuen.settings import Settings

log = logging.getLogger("khuen.workers.audit")


async def seal_heads(settings: Settings) -> int:
    """Returns 0: a district that fails is logged by the seal itself and has its turn again within the hour."""
    if settings.seals_dir is None:
        log.warning("KHUEN_SEALS_DIR is not set: audit chains are not sealed outside the database")
        return 0
    await audit_proof.seal_heads(settings)
    return 0
