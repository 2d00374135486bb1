"""One job over all districts: each in its own transaction; one district's failure is logged and the others go on."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable

from khuen.registry import District
from khuen.tenancy import Here, within

log = logging.getLogger("khuen.workers")


async def in_each(job: str, districts: Iterable[District], act: Callable[[Here], Awaitable[object]]) -> int:
    """Returns how many districts failed, so that the run is tried again; every job is harmless twice."""
    failed = 0
    for district in districts:
        here = district.here()
        try:
            async with within(here):
                await act(here)
        except Exception:
            failed += 1
            log.exception("%s failed in %s", job, district.slug)
    return failed
