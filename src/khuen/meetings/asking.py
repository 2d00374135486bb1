"""What the pages of a meeting read out of an address and a form."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request
from msgspec import Meta

from khuen import clock, thai
from khuen.errors import NotFound
from khuen.meetings import rules
from khuen.meetings.rules import Kind, Section, Task
from khuen.words import N_

TIME_WRONG = N_("Enter a time such as 9.30")
WHY = N_("Say why in a few words")

Asked: TypeAlias = Request[Any, Any, Any]
Reason: TypeAlias = Annotated[str, Meta(min_length=3, max_length=300, extra={"error": WHY})]


class PlanForm(msgspec.Struct):
    key: UUID
    kind: Kind
    on: str
    at: str
    place: Annotated[str, Meta(max_length=120)]


class KeyForm(msgspec.Struct):
    key: UUID


class ReasonForm(msgspec.Struct):
    key: UUID
    reason: Reason


class ItemForm(msgspec.Struct):
    key: UUID
    section: Section
    title: Annotated[str, Meta(min_length=3, max_length=300)]
    no_name: bool = False


class MoveForm(msgspec.Struct):
    to: Annotated[int, Meta(ge=1, le=999)]


class ChairForm(msgspec.Struct):
    key: UUID
    who: Annotated[str, Meta(pattern="^(chief|substitute)$")]
    name: Annotated[str, Meta(max_length=120)] = ""
    reason: Annotated[str, Meta(max_length=300)] = ""


class ClosingForm(msgspec.Struct):
    key: UUID
    ended: str
    recorder: Annotated[str, Meta(max_length=120)]
    reviewer: Annotated[str, Meta(max_length=120)] = ""
    adopted: Annotated[str, Meta(pattern="^(adopted|amended|none)$")] = "none"


class DecisionForm(msgspec.Struct):
    key: UUID
    kind: str
    owner: UUID
    due: str
    text: Annotated[str, Meta(max_length=300)] = ""
    no_name: bool = False


class ResultForm(msgspec.Struct):
    key: UUID
    state: Task
    reason: Annotated[str, Meta(max_length=300)] = ""
    no_name: bool = False


class NameForm(msgspec.Struct):
    reason: str


def which(meeting: str) -> tuple[Kind, date]:
    """The meeting that an address names. Raises NotFound."""
    found = rules.read_address(meeting)
    if found is None:
        raise NotFound
    return found


def read_time(text: str) -> time | None:
    """A time of day as people type it: 9.30, 09:30, ๙.๓๐ น., 9.30 น."""
    found = re.fullmatch(r"([0-9]{1,2})[.:]([0-9]{2})( ?น\.?)?", thai.arabic(text).strip())
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        return None
    return time(int(found[1]), int(found[2]))


def moment(on: date, at: time) -> datetime:
    """That time of day in Bangkok."""
    return datetime.combine(on, at, clock.BANGKOK)


def shown(at: time | datetime | None) -> str:
    """09.30, as minutes write it."""
    if at is None:
        return ""
    local = at.astimezone(clock.BANGKOK) if isinstance(at, datetime) else at
    return f"{local:%H.%M}"


def line(text: str) -> str:
    """One typed line, canonical, 300 characters at most; "" when it cannot be kept."""
    return "" if thai.refuse(text, 300) else thai.canonical(text)
