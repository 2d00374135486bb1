"""A practice district begins again: the same seed, in a new district that takes the place of the one in use."""

from __future__ import annotations

from functools import partial

from khuen import clock
from khuen.practice import filling
from khuen.signin import restarts
from khuen.signin.restarts import Restart


async def begin_again(work: Restart) -> bool:
    """Fill the new district, then let the two change places. What an interruption left is finished by the next call.

    False when another worker has finished it meanwhile.
    """
    wanted = filling.demo(work.slug, clock.day(clock.now()))
    await filling.fill(wanted, work.seed, beside=(work.id, work.meanwhile), say=partial(_say, work))
    return await restarts.change_places(work, clock.now())


async def _say(work: Restart, step: str) -> None:
    await restarts.say(work, step, clock.now())
