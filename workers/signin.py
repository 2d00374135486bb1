"""The nightly tidying of what signing in leaves behind."""

from __future__ import annotations

import logging

from khuen import clock
from khuen.signin import expiry

log = logging.getLogger("khuen.workers.signin")


async def sweep() -> int:
    """Returns 0: it is one transaction, which worked or raised."""
    log.info("%s expired sign-in rows taken away", await expiry.sweep(clock.now()))
    return 0
