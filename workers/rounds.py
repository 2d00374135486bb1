"""Going round the districts: each is looked at about once a second, nobody twice before everybody once.

With very many districts a round takes longer (a hundred looks a second); a ring of the bell puts a district first.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg

from khuen import registry
from khuen.errors import Busy
from khuen.registry import District

LOOKS_A_SECOND = 100
AT_ONCE = 4  #: a slow mail server of one district must not stop the others
KNOWN_FOR = 10.0  #: seconds until the list of districts is read again
LONGEST_PENALTY = 60.0

AWAY = (
    Busy,
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
)

log = logging.getLogger("khuen.workers")


class Rounds:
    """`deliver(district)` sends a few messages and says whether there may be more."""

    def __init__(self, deliver: Callable[[District], Awaitable[bool]], stop: asyncio.Event) -> None:
        self._deliver = deliver
        self._stop = stop
        self._districts: dict[UUID, District] = {}
        self._read_at = -KNOWN_FOR
        self._order: deque[UUID] = deque()
        self._first: dict[UUID, None] = {}  # in the order of ringing
        self._again: set[UUID] = set()  # rang while they were being visited
        self._woken = asyncio.Event()
        self._visits: dict[UUID, asyncio.Task[None]] = {}
        self._free = asyncio.Semaphore(AT_ONCE)
        self._failures: dict[UUID, int] = {}
        self._not_before: dict[UUID, float] = {}

    def wake(self, tenant_id: UUID) -> None:
        """This district has something new."""
        if tenant_id in self._visits:
            self._again.add(tenant_id)
        elif tenant_id in self._districts:
            self._first[tenant_id] = None
            self._woken.set()

    async def districts(self) -> list[District]:
        """The active districts, read again after a while; the old list serves while the database is away."""
        if time.monotonic() - self._read_at >= KNOWN_FOR:
            found = await registry.active()
            self._read_at = time.monotonic()
            self._districts = {one.id: one for one in found}
            new = [id_ for id_ in self._districts if id_ not in set(self._order)]
            random.shuffle(new)  # workers side by side begin at different places
            self._order = deque([id_ for id_ in self._order if id_ in self._districts] + new)
        return list(self._districts.values())

    async def go(self) -> None:
        """Until told to stop; then the visits under way end what they are sending."""
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                await self.districts()
                await self._one_round()
            except AWAY as error:
                log.warning("the database is away: %s", type(error).__name__)
            self._woken.clear()
            if not self._first:
                await self._rest(1.0 - (time.monotonic() - began))
        await asyncio.gather(*self._visits.values(), return_exceptions=True)

    async def _one_round(self) -> None:
        for _ in range(min(LOOKS_A_SECOND, len(self._order) + len(self._first))):
            district = self._next()
            if district is None or self._stop.is_set():
                return
            await self._free.acquire()
            task = asyncio.create_task(self._visit(district), context=contextvars.Context())
            self._visits[district.id] = task

    def _next(self) -> District | None:
        for _ in range(len(self._order) + len(self._first)):
            if self._first:
                id_ = next(iter(self._first))
                del self._first[id_]
                if id_ in self._visits:
                    self._again.add(id_)
            else:
                id_ = self._order[0]
                self._order.rotate(-1)
            waits = self._not_before.get(id_, 0.0) > time.monotonic()
            if id_ in self._districts and id_ not in self._visits and not waits:
                return self._districts[id_]
        return None

    async def _visit(self, district: District) -> None:
        try:
            more = await self._deliver(district)
        except Exception as error:
            self._punish(district, error)
        else:
            self._failures.pop(district.id, None)
            if more:
                self._again.add(district.id)
        finally:
            del self._visits[district.id]
            self._free.release()
            if district.id in self._again:
                self._again.discard(district.id)
                self.wake(district.id)

    def _punish(self, district: District, error: Exception) -> None:
        """One district's failure is logged and the others go on; it comes round again after a growing while."""
        failures = self._failures[district.id] = self._failures.get(district.id, 0) + 1
        away = isinstance(error, AWAY)
        self._not_before[district.id] = time.monotonic() + (1.0 if away else min(2.0**failures, LONGEST_PENALTY))
        log.warning(
            "deliveries of %s failed (%s)", district.slug, type(error).__name__, exc_info=None if away else error
        )

    async def _rest(self, seconds: float) -> None:
        waits = [asyncio.create_task(self._woken.wait()), asyncio.create_task(self._stop.wait())]
        await asyncio.wait(waits, timeout=max(seconds, 0.0), return_when=asyncio.FIRST_COMPLETED)
        for task in waits:
            task.cancel()
