"""The nightly end of erasures that a crash cut short before COMMIT (docs/decisions/0004-sealed-data.md)."""

from __future__ import annotations

from khuen import erasure, registry
from khuen.settings import Settings
from workers.districts import in_each


async def finish(settings: Settings) -> int:
    """Returns the number of districts that failed; none without a list, as nobody can have been erased."""
    if settings.erasures_file is None:
        return 0
    return await in_each("finish_erasures", await registry.active(), erasure.finish)
