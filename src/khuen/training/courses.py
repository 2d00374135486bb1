"""Courses with partners: who is enrolled, the hours, who finished, the certificate of the course."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from khuen import audit
from khuen.cases.rules import STOPPED, Stage, too_late
from khuen.cases.service import asked_code
from khuen.errors import Invalid, KeyReused, NotFound
from khuen.msgid import N_
from khuen.tenancy import Here, hot, many
from khuen.thai import on_phone
from khuen.training import queries, rules
from khuen.training.rules import Outcome, Partner, Result, Span, Why
from khuen.training.service import refuse, same, tell

PAGE = 50
OFFERED_DAYS = 180  #: a course that is over is offered that long, for what is written down late
NO_SUCH_CASE = N_("There is no case with one of these codes in your area")
CASE_CLOSED = N_("One of these cases is closed")
FULL = N_("There are not so many seats left")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a course is. Hours in all; both days are days of the course."""

    kind: Partner
    partner: str
    skill: str
    place: str
    from_on: date
    until_on: date
    hours: int
    seats: int

    @property
    def span(self) -> Span:
        return Span(self.from_on, self.until_on, self.hours)


@dataclass(frozen=True, slots=True)
class Course:
    """A course as it stands, with how many are enrolled, have finished and have left."""

    id: UUID
    facts: Facts
    people: int
    finished: int
    stopped: int

    @property
    def free(self) -> int:
        return self.facts.seats - self.people + self.stopped


@dataclass(frozen=True, slots=True)
class Trainee:
    case_id: UUID
    code: str
    name: str  #: called name and initial
    full_name: str = field(repr=False)
    subdistrict_code: str | None
    moo: str | None
    result: Result


@dataclass(frozen=True, slots=True)
class Row:
    """One row of how somebody did; the newest stands."""

    result: Result
    at: datetime
    by: str | None


async def courses(here: Here, page: int = 1) -> tuple[list[Course], int]:
    """(one page, the newest course first; how many there are in all)."""
    rows = await hot(queries.COURSES, PAGE, (page - 1) * PAGE)
    return [_course(row) for row in rows], rows[0]["total"] if rows else 0


async def offered(here: Here) -> list[Course]:
    """The courses that somebody may be enrolled in, the newest first."""
    return [_course(row) for row in await hot(queries.OFFERED, here.today - timedelta(days=OFFERED_DAYS))]


async def course(here: Here, course_id: UUID) -> Course:
    """Raises NotFound."""
    rows = await hot(queries.COURSE, course_id)
    if not rows:
        raise NotFound
    return _course(rows[0])


async def trainees(here: Here, course_id: UUID) -> list[Trainee]:
    """Everybody who was ever enrolled, by name."""
    return [_trainee(row) for row in await hot(queries.TRAINEES, course_id)]


async def sheet(here: Here, course_id: UUID, *, form: str | None = None) -> tuple[Course, list[Trainee]]:
    """The course with its people, to leave the site on paper, or as a file of that `form`: written down once."""
    found, people = await course(here, course_id), await trainees(here, course_id)
    if form:
        await audit.record(here, "export:made", course_id, kind=form, page="course", count=len(people), purpose="own")
    else:
        await audit.record(here, "document:made", course_id, kind="course", count=len(people))
    return found, people


async def trainee(here: Here, course_id: UUID, code: str) -> tuple[Course, Trainee, list[Row]]:
    """One person in one course, with every row, the newest first. Raises NotFound."""
    found, person = await course(here, course_id), await _one(course_id, code)
    rows = await hot(queries.RESULTS, course_id, person.case_id)
    return found, person, [Row(_result(row), row["at"], row["by"]) for row in rows]


async def add_course(here: Here, key: UUID, new: Facts) -> UUID:
    """A new course, whose id is the key. Harmless twice by it. Raises Invalid, KeyReused."""
    _refuse_facts(new)
    await hot(queries.NEW_COURSE, key, here.now, here.member_id)
    await _write(here, key, key, new, "course:made")
    return key


async def correct_course(here: Here, course_id: UUID, key: UUID, new: Facts) -> None:
    """What was wrong stays as an earlier row. Harmless twice by `key`. Raises NotFound, Invalid, KeyReused."""
    found = await _held(here, course_id)
    _refuse_facts(new)
    if new.seats < found.facts.seats - found.free:
        raise Invalid({"seats": FULL})
    await _write(here, course_id, key, new, "course:corrected")


async def enrol(here: Here, course_id: UUID, codes: Sequence[str], key: UUID) -> int:
    """Enrol cases; answers how many are new. Who is enrolled already stays so, and the same key is harmless twice.

    Raises NotFound for a stranger's course; Invalid ("codes") for an unknown or closed case or when seats are short;
    KeyReused when the key stands for another course.
    """
    found = await _held(here, course_id)
    rows = await hot(queries.CASES, sorted(set(codes)))
    if len(rows) < len(set(codes)) or not rows:
        raise Invalid({"codes": NO_SUCH_CASE})
    ids = {row["id"]: uuid5(key, row["code"]) for row in rows}
    before = await hot(queries.ENROLLED, course_id, list(ids), list(ids.values()))
    if any(row["course_id"] != course_id for row in before):
        raise KeyReused
    new = [row for row in rows if row["id"] not in {one["case_id"] for one in before}]
    if any(row["stage"] == Stage.CLOSED for row in new):
        raise Invalid({"codes": CASE_CLOSED})
    if any(too_late(row["stopped_on"], found.facts.until_on) for row in new):
        raise Invalid({"codes": STOPPED})
    if len(new) > found.free:
        raise Invalid({"codes": FULL})
    if new:
        values = [(ids[row["id"]], course_id, row["id"], here.now, here.member_id) for row in new]
        await many(queries.ENROL, values)
        await audit.record(here, "course:enrolled", course_id, count=len(new))
    return len(new)


async def record_result(here: Here, course_id: UUID, code: str, key: UUID, made: Result) -> None:
    """How somebody did: a row, the newest stands, and the pathway hears whether the course is finished.

    Harmless twice by `key`. Raises NotFound, Invalid (field by field), KeyReused.
    """
    found, person = await _held(here, course_id), await _one(course_id, code)
    await hot(queries.HOLD_CASE, person.case_id)
    values = (course_id, person.case_id, made.hours, made.outcome, made.why, made.certificate, made.certified_on)
    refuse(rules.wrong_result(made, found.facts.span, here.today))
    if not rules.holds_seat(person.result.outcome) and rules.holds_seat(made.outcome) and found.free < 1:
        raise Invalid({"outcome": FULL})
    if not await hot(queries.RESULT, key, *values, here.now, here.member_id):
        return await same(queries.RESULT_SENT, key, values)
    if Outcome.FINISHED in (made.outcome, person.result.outcome):
        await tell(here, [person.case_id])
    await audit.record(here, "course:result", person.case_id, result=made.outcome.value)


def result_of(row: Any) -> Result:
    """What stands of somebody in a course; without a row they attend and no hour is written down yet."""
    return _result(row) if row["outcome"] else Result(0, Outcome.ATTENDING)


async def _held(here: Here, course_id: UUID) -> Course:
    """The course, held until COMMIT. Raises NotFound."""
    await hot(queries.HOLD_COURSE, course_id)
    return await course(here, course_id)


async def _one(course_id: UUID, code: str) -> Trainee:
    rows = await hot(queries.TRAINEE, course_id, asked_code(code))
    if not rows:
        raise NotFound
    return _trainee(rows[0])


async def _write(here: Here, course_id: UUID, key: UUID, new: Facts, tag: str) -> None:
    span = (new.from_on, new.until_on, new.hours, new.seats)
    values = (course_id, new.kind, new.partner, new.skill, new.place, *span)
    if await hot(queries.FACT, key, *values, here.now, here.member_id):
        await audit.record(here, tag, course_id)
    else:
        await same(queries.FACT_SENT, key, values)


def _refuse_facts(new: Facts) -> None:
    if wrong := rules.wrong_span(new.from_on, new.until_on):
        raise Invalid({"until": wrong})


def _course(row: Any) -> Course:
    facts = Facts(
        Partner(row["partner_kind"]),
        row["partner"],
        row["skill"],
        row["place"],
        row["from_on"],
        row["until_on"],
        row["hours"],
        row["seats"],
    )
    return Course(row["id"], facts, row["people"], row["finished"], row["stopped"])


def _trainee(row: Any) -> Trainee:
    return Trainee(
        case_id=row["case_id"],
        code=row["code"],
        name=on_phone(row["called_name"], row["family_name"]),
        full_name=f"{row['prefix']}{row['given_name']} {row['family_name']}".strip(),
        subdistrict_code=row["subdistrict_code"],
        moo=row["moo"],
        result=result_of(row),
    )


def _result(row: Any) -> Result:
    why = Why(row["why"]) if row["why"] else None
    return Result(row["hours"], Outcome(row["outcome"]), why, row["certificate"], row["certified_on"])
