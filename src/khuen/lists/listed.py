"""What a list is made of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from khuen.lists.columns import Column
from khuen.lists.reading import Asked, Found
from khuen.tenancy import Here

Read: TypeAlias = Callable[[Here, Asked], Awaitable[Found]]


@dataclass(frozen=True, slots=True)
class Listed:
    """`name` is the part of the address. `leads_to` is the page of a case that a row opens ("" the case itself).

    `dated`: a period is asked for. `may_leave`: this list alone may be handed to police or administration, because to
    stand on it tells no more than being in the programme; to stand on any other tells how somebody is. `worked_on` is
    the page, within the district, on which one works with it.
    """

    name: str
    title: str
    about: str
    permission: str
    read: Read
    columns: tuple[Column, ...]
    leads_to: str | None = None
    dated: bool = False
    may_leave: bool = False
    worked_on: str = ""
