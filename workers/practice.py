"""Practice districts begin again: at once when somebody pressed the button, and every night."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime

from khuen import clock
from khuen.practice import again
from khuen.signin import restarts
from workers.rounds import AWAY

LOOK_EVERY = 2.0

log = logging.getLogger("khuen.workers.practice")


async def every_night(due_at: datetime) -> int:
    """Ask for all that were filled before this night; `watch` does the work. Returns 0: nothing here can half fail."""
    log.info("%s practice districts begin again tonight", await restarts.ask_all(due_at, clock.now()))
    return 0


async def watch(stop: asyncio.Event) -> None:
    """Take what was asked for, one after another; what a dead worker left is taken when its lease ends."""
    while not stop.is_set():
        try:
            if await one():
                continue
        except AWAY as error:
            log.warning("no practice district begins again: %s", type(error).__name__)
        except Exception:
            log.exception("a practice district did not begin again; its lease ends in two minutes")
        try:
            await asyncio.wait_for(stop.wait(), LOOK_EVERY)
        except TimeoutError:
            continue


async def one() -> bool:
    """Whether there was one to do."""
    work = await restarts.take(clock.now())
    if work is None:
        return False
    if await again.begin_again(work):
        log.info("practice district %s has begun again", work.slug)
    return True
