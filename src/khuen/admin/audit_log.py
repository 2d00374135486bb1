"""The audit of a district as its administrator reads it, and the check that its chain is whole, in pieces.

A line names the case by its code and says which act; what was found or decided about a person stays unsaid.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from khuen import audit, audit_proof
from khuen.admin import audit_queries as queries
from khuen.audit_proof import Place, SealsBroken
from khuen.clock import BANGKOK
from khuen.settings import Settings
from khuen.tenancy import Here, hot

A_PAGE, EXPORTED = 50, 10_000
PIECE, AT_ONCE = 2_000, 10  #: rows read at a time, and how many such reads one request or turn makes
#: what a line may say besides its act; colours, results and reasons are not for whoever sees no person
SHOWN = ("count", "page", "role", "fields", "version", "how")
_EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC))
_END = 2**62


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lines; None is all. `behind` is (moment, place) of the line after which the page begins."""

    day: date | None = None
    member_id: UUID | None = None
    thing: str | None = None
    code: str | None = None
    behind: tuple[datetime, int] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    seq: int
    at: datetime
    who: str | None  #: None: the system itself
    tag: str
    code: str | None
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """How far the chain was followed. `sealed`: how many sealed heads agree, None without seals."""

    id: UUID
    begun_at: datetime
    by_id: UUID | None
    seq: int
    link: bytes
    target: int
    sealed: int | None
    ended_at: datetime | None
    broken_seq: int | None
    reason: str | None


async def lines(here: Here, asked: Asked, limit: int = A_PAGE) -> list[Line]:
    """The newest first. A code that is not here has none."""
    subjects = await _subjects(asked.code) if asked.code else None
    if subjects == []:
        return []
    since, until = _span(asked.day)
    moment, seq = asked.behind or (_EVER[1], _END)
    until = min(until, moment + timedelta(microseconds=1))  # an index begins here; the pair alone is only a filter
    tags = [tag for tag in sorted(audit.TAGS) if tag.partition(":")[0] == asked.thing] if asked.thing else None
    values = (since, until, asked.member_id, tags, subjects, moment, seq, limit)
    return [_line(row, asked.code) for row in await hot(_statement(asked), *values)]


async def members_of(here: Here) -> list[tuple[UUID, str]]:
    """(member, called name) of everybody who works or worked here, in dictionary order."""
    return [(row["id"], row["called_name"]) for row in await hot(queries.MEMBERS)]


async def export(here: Here, asked: Asked, form: str) -> tuple[list[Line], bool]:
    """(ten thousand lines at most, for a file; whether there are more); that it was made is written down."""
    found = await lines(here, replace(asked, behind=None), EXPORTED + 1)
    taken = found[:EXPORTED]
    await audit.record(here, "export:made", kind="audit", how=form, count=len(taken))
    return taken, len(found) > EXPORTED


async def last_check(here: Here) -> Check | None:
    rows = await hot(queries.LAST_CHECK)
    return Check(**rows[0]) if rows else None


async def check(here: Here, key: UUID, seals: Mapping[int, bytes] | None, broken_seal: int | None = None) -> Check:
    """Follow the chain for some thousand rows more; `key` names the check, which begins with the first call.

    A check that has ended stays as it is. `seals` are the sealed heads, None when there are none to compare with;
    `broken_seal` is the place of one that was changed.
    """
    await hot(queries.BEGIN_CHECK, key, here.now, here.member_id, audit.genesis(here.tenant_id))
    run = Check(**(await hot(queries.HOLD_CHECK, key))[0])
    if run.ended_at is not None:
        return run
    place = Place(run.seq, run.link, _agreed(seals, run.seq))
    broken = (broken_seal, "seals") if broken_seal is not None else None
    rows: list[Any] = []
    for _ in range(0 if broken else AT_ONCE):
        rows = await hot(queries.PIECE, place.seq, min(PIECE, run.target - place.seq))
        # Hashing is work for a processor: others are served meanwhile.
        place, broken = await asyncio.to_thread(audit_proof.follow, rows, place, seals or {})
        if broken or not rows or place.seq >= run.target:
            break
    ended = bool(broken) or not rows or place.seq >= run.target
    if ended and not broken:
        broken = await _end(place, seals or {})
    return await _write_down(here, run, place, seals, broken, ended)


def seals_of(settings: Settings, tenant_id: UUID) -> tuple[dict[int, bytes] | None, int | None]:
    """(the sealed heads by place, None where none are kept; the place of a seal that was changed, if any)"""
    if settings.seals_dir is None:
        return None, None
    try:
        return {seal.seq: seal.hash for seal in audit_proof.read_seals(settings, tenant_id)}, None
    except SealsBroken as error:
        return {}, error.seq


async def _write_down(
    here: Here,
    run: Check,
    place: Place,
    seals: Mapping[int, bytes] | None,
    broken: tuple[int, str] | None,
    ended: bool,
) -> Check:
    reached = replace(
        run,
        seq=place.seq,
        link=place.link,
        sealed=None if seals is None else sum(seq <= place.seq for seq in seals),
        ended_at=here.now if ended else None,
        broken_seq=broken[0] if broken else None,
        reason=broken[1] if broken else None,
    )
    await hot(
        queries.WRITE_CHECK,
        run.id,
        reached.seq,
        reached.link,
        reached.sealed,
        reached.ended_at,
        reached.broken_seq,
        reached.reason,
    )
    if ended:
        await audit.record(here, "audit:verified", run.id, upto=reached.seq, state=reached.reason or "whole")
    return reached


async def _end(place: Place, seals: Mapping[int, bytes]) -> tuple[int, str] | None:
    """What is wrong behind the last row that was followed, if anything. Rows may have been written meanwhile."""
    head = (await hot(queries.END))[0]
    if (head["last"] or 0) < head["seq"] or max(seals, default=0) > head["seq"]:
        return (head["last"] or 0) + 1, "cut"
    if (head["last"] or 0) > head["seq"] or (head["seq"] == place.seq and head["hash"] != place.link):
        return place.seq, "head"
    return None


async def _subjects(code: str) -> list[UUID]:
    rows = await hot(queries.SUBJECTS, code)
    return [id_ for row in rows for id_ in (row["id"], row["person_id"])]


def _statement(asked: Asked) -> str:
    if asked.code:
        return queries.OF_SUBJECT
    if asked.member_id:
        return queries.OF_MEMBER
    return queries.OF_TAGS if asked.thing else queries.ALL


def _span(day: date | None) -> tuple[datetime, datetime]:
    if day is None:
        return _EVER
    start = datetime.combine(day, time(), BANGKOK)
    return start, start + timedelta(days=1)


def _line(row: Any, code: str | None) -> Line:
    detail = json.loads(row["detail"])
    said = {name: detail[name] for name in SHOWN if detail.get(name) not in (None, "")}
    who = (row["who"] or "–") if row["member_id"] else None
    return Line(row["seq"], row["at"], who, row["tag"], row["code"] or code, said)


def _agreed(seals: Mapping[int, bytes] | None, upto: int) -> int:
    return max((seq for seq in seals or {} if seq <= upto), default=0)
