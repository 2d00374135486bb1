"""The board of a district with 5,000 cases: the whole way of its page, in every lane, order and narrowing."""

from __future__ import annotations

import time
from urllib.parse import quote

from bench import goals, load
from bench.data import Phone
from bench.goals import Measured, Scene
from bench.rounds import Spread
from bench.search import LARGE

#: what is asked for over the day, and what is dearest: everybody, narrowed, in another order, far behind
ASKED = (
    "",
    "lane=overdue",
    "lane=no_buddy",
    "lane=tests",
    "lane=ready",
    "lane=today",
    "lane=all",
    "lane=all&page=90",
    "filters=1",
    "sort=name",
    "lane=all&sort=buddy&place=360607-3",
)
TIMES = 25


async def large_board(on: Scene) -> list[Measured]:
    async with goals.scene(on.stage, "search", LARGE, on.seconds) as large:
        phone = large.coordinators[0]
        for asked in ASKED:
            await _took(large, phone, asked)
        found = {asked: [await _took(large, phone, asked) for _ in range(TIMES)] for asked in ASKED}
    every = sorted(seconds for times in found.values() for seconds in times)
    p95 = every[round(len(every) * 0.95) - 1] * 1000
    notes = [
        ", ".join(f"{asked or 'work'}: {sorted(times)[TIMES // 2] * 1000:.0f} ms" for asked, times in found.items())
    ]
    return [Measured("B5", "board of 5,000 cases, whole page, p95", 150, 50, Spread((p95,)), "ms", True, notes)]


async def _took(on: Scene, phone: Phone, asked: str) -> float:
    """Seconds until the whole page is there."""
    path = f"/{phone.slug}/board?{quote(asked, safe='=&-')}".rstrip("?")
    request = f"GET {path} HTTP/1.1\r\n{load.heads(phone)}\r\n".encode()
    began = time.perf_counter()
    answer = await load.ask(on.site, request)
    if b" 200 " not in answer[:20]:
        raise load.BadAnswer(answer[:200].decode("latin-1"))
    return time.perf_counter() - began
