"""Pairs, interleaved: A B A B …, so that whatever else the machine does falls on both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

T = TypeVar("T")
ROUNDS = 4


@dataclass(frozen=True)
class Spread:
    """The median and the ends of what was measured."""

    values: tuple[float, ...]

    @property
    def middle(self) -> float:
        return median(self.values)

    def __format__(self, how: str) -> str:
        ends = f"{min(self.values):{how}} … {max(self.values):{how}}"
        return f"{self.middle:{how}} [{ends}]"


async def pairs(
    a: Callable[[], Awaitable[T]], b: Callable[[], Awaitable[T]], rounds: int = ROUNDS
) -> list[tuple[T, T]]:
    """Both once to warm up, then so many pairs; every second pair begins with B."""
    await a()
    await b()
    found = []
    for number in range(rounds):
        if number % 2:
            second = await b()
            found.append((await a(), second))
        else:
            found.append((await a(), await b()))
    return found


def ratios(found: list[tuple[T, T]], of: Callable[[T], float]) -> Spread:
    return Spread(tuple(of(a) / of(b) for a, b in found))
