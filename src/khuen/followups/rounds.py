"""The follow-up rounds of a case: planned when treatment ends, recorded one by one, and what is to do now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from khuen import audit, packs, thai, vault
from khuen.cases.rules import STOPPED, Stage, too_late
from khuen.cases.service import asked_code
from khuen.errors import Conflict, Invalid, KeyReused, NotFound
from khuen.followups import round_queries as queries
from khuen.followups import round_rules as rules
from khuen.followups.round_rules import Method, Outcome, Result, Round, State
from khuen.ids import uuid7
from khuen.msgid import N_
from khuen.rule_pack import RulePack
from khuen.tenancy import Here, hot, many

PAGE = 50
PART = 200  #: cases in one transaction of the nightly look
CLOSED = N_("This case is closed. Open it again, or begin a new one")


@dataclass(frozen=True, slots=True)
class NewResult:
    key: UUID
    number: int
    on: date
    result: Result
    method: Method
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One result of a round; the newest one stands."""

    id: UUID
    result: Result
    method: Method
    on: date
    note: str = field(repr=False)
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Line:
    round: Round
    state: State
    results: tuple[Recorded, ...]  #: the oldest first


@dataclass(frozen=True, slots=True)
class Rounds:
    """The rounds of one case; no line without an end of treatment."""

    lines: tuple[Line, ...]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ToDo:
    """One row of the coordinator's list."""

    code: str
    name: str
    subdistrict_code: str | None
    moo: str | None
    number: int
    round: str
    due_on: date
    closes_on: date
    lost_on: date
    state: State
    not_found: bool
    buddy: str | None


@dataclass(frozen=True, slots=True)
class ToDos:
    lines: tuple[ToDo, ...]
    total: int
    late: int


async def plan(here: Here, ends: Mapping[UUID, tuple[date, RulePack]]) -> None:
    """Plan the rounds of cases from the day their treatment ended: {case id: (day, pack)}. Results are kept.

    Harmless twice; another day moves them.
    """
    newest = _newest(await hot(queries.RESULTS, sorted(ends)))
    await many(queries.CLEAR, [(case_id,) for case_id in sorted(ends)])
    rows = [
        (uuid7(here.now), case_id, *one)
        for case_id, (ended_on, pack) in sorted(ends.items())
        for one in _planned(case_id, ended_on, pack, newest)
    ]
    await many(queries.PLAN, rows)


async def recompute_part(here: Here, after: UUID | None) -> tuple[UUID | None, int]:
    """Plan anew what differs of the next open cases after `after`: (the last or None at the end, how many differed)."""
    ended = await hot(queries.ENDED_AFTER, after, PART)
    stood: dict[UUID, list[tuple[Any, ...]]] = {}
    for row in await hot(queries.ROUNDS, [row["case_id"] for row in ended]):
        stood.setdefault(row["case_id"], []).append((*_days(_round(row)), row["result"], row["result_on"]))
    newest = _newest(await hot(queries.RESULTS, [row["case_id"] for row in ended]))
    differ = {}
    for row in ended:
        pack = await packs.pack(here, row["pack_id"])
        if stood.get(row["case_id"], []) != _planned(row["case_id"], row["ended_on"], pack, newest):
            differ[row["case_id"]] = (row["ended_on"], pack)
    if differ:
        await plan(here, differ)
    return (ended[-1]["case_id"] if len(ended) == PART else None), len(differ)


async def drop(here: Here, case_id: UUID) -> None:
    """Treatment had not ended after all: no rounds. What was recorded stays and counts again when they are planned."""
    await hot(queries.CLEAR, case_id)


async def outcome(here: Here, case_id: UUID, ended_on: date | None) -> Outcome:
    """Whether treatment and follow-up are completed today."""
    rows = await hot(queries.ROUNDS, [case_id])
    return rules.outcome(ended_on, [rules.state(_round(row), row["result"], here.today) for row in rows])


async def of_case(here: Here, case_id: UUID, person_id: UUID, ended_on: date | None) -> Rounds:
    """The rounds of a case whose page is open, with every result, notes opened."""
    rows = await hot(queries.ROUNDS, [case_id])
    recorded = await hot(queries.RESULTS, [case_id]) if rows else []
    own = await vault.person(here, person_id) if any(row["note_sealed"] for row in recorded) else None
    results: dict[int, list[Recorded]] = {}
    for row in recorded:
        kept = row["note_sealed"]
        note = own.unseal("follow_up_result", "note", row["id"], kept) if own and kept else ""
        one = Recorded(
            row["id"], Result(row["result"]), Method(row["method"]), row["on_date"], note, row["at"], row["by"]
        )
        results.setdefault(row["number"], []).append(one)
    lines = tuple(
        Line(_round(row), rules.state(_round(row), row["result"], here.today), tuple(results.get(row["number"], ())))
        for row in rows
    )
    return Rounds(lines, rules.outcome(ended_on, [line.state for line in lines]))


async def record(here: Here, code: str, new: NewResult) -> bool:
    """Keep what came of a round; recorded again it corrects the first. Answers whether it was new.

    Harmless twice by the key. Raises NotFound, Invalid for the day, Conflict for a closed case, KeyReused.
    """
    case = await _case(code)
    planned = {row["number"]: _round(row) for row in await hot(queries.ROUNDS, [case["id"]])}
    if new.number not in planned:
        raise NotFound
    if known := await hot(queries.SENT, new.key):
        if tuple(known[0]) != (case["id"], new.number, new.result, new.method, new.on):
            raise KeyReused
        return False
    if case["stage"] == Stage.CLOSED:
        raise Conflict(CLOSED)
    if problem := rules.wrong_day(planned[new.number], new.on, here.today):
        raise Invalid({"on": problem})
    if too_late(case["stopped_on"], new.on):
        raise Invalid({"on": STOPPED})
    own = await vault.person(here, case["person_id"])
    note = own.seal("follow_up_result", "note", new.key, new.note) if new.note else None
    await hot(
        queries.RECORD,
        new.key,
        case["id"],
        new.number,
        new.result,
        new.method,
        new.on,
        note,
        here.now,
        here.member_id,
    )
    await hot(queries.STANDS, case["id"], new.number, new.result, new.on)
    await audit.record(here, "round:recorded", case["id"], step=str(new.number))
    return True


async def undo_record(here: Here, result_id: UUID) -> None:
    """The result of before stands again. Harmless twice; NotFound never: a token names it."""
    gone = await hot(queries.TAKE_BACK, result_id, here.now, here.member_id)
    for row in gone:
        before = await hot(queries.NEWEST, row["case_id"], row["number"])
        stands = tuple(before[0]) if before else (None, None)
        await hot(queries.STANDS, row["case_id"], row["number"], *stands)
        await audit.record(here, "round:taken_back", row["case_id"], step=str(row["number"]))


async def to_do(here: Here, *, late: bool, page: int) -> ToDos:
    """Rounds that can be made now, the first to be lost first; 50 a page."""
    rows = await hot(queries.TO_DO, here.today, late, PAGE, (page - 1) * PAGE)
    lines = tuple(
        ToDo(
            code=row["code"],
            name=thai.on_phone(row["called_name"], row["family_name"]),
            subdistrict_code=row["subdistrict_code"],
            moo=row["moo"],
            number=row["number"],
            round=row["name"],
            due_on=row["due_on"],
            closes_on=row["closes_on"],
            lost_on=row["lost_on"],
            state=State.LATE if row["closes_on"] < here.today else State.OPEN,
            not_found=row["result"] == Result.NOT_FOUND,
            buddy=row["buddy"],
        )
        for row in rows
    )
    return ToDos(lines, rows[0]["total"] if rows else 0, rows[0]["late"] if rows else 0)


def _newest(recorded: list[Any]) -> dict[tuple[UUID, int], tuple[str, date]]:
    """{(case, number): (result, day)} of the last result that stands."""
    return {(row["case_id"], row["number"]): (row["result"], row["on_date"]) for row in recorded}


def _planned(
    case_id: UUID, ended_on: date, pack: RulePack, newest: Mapping[tuple[UUID, int], tuple[str, date]]
) -> list[tuple[Any, ...]]:
    """What the rule says of one case, as rows: number, name, four days, result and its day."""
    found = rules.schedule(ended_on, pack.follow_up.rounds, pack.follow_up.window_days)
    return [(*_days(one), *newest.get((case_id, one.number), (None, None))) for one in found]


def _days(one: Round) -> tuple[int, str, date, date, date, date]:
    return one.number, one.name, one.opens_on, one.due_on, one.closes_on, one.lost_on


async def _case(code: str) -> Any:
    rows = await hot(queries.CASE, asked_code(code))
    if not rows:
        raise NotFound
    return rows[0]


def _round(row: Any) -> Round:
    return Round(row["number"], row["name"], row["opens_on"], row["due_on"], row["closes_on"], row["lost_on"])
