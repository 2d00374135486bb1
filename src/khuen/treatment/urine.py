"""Urine tests and their trail. What a test said is sealed under the person's key and leaves only for the clinic."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from asyncpg import ForeignKeyViolationError

from khuen import audit, vault
from khuen.cases.rules import STOPPED, too_late
from khuen.errors import Conflict, Invalid, KeyReused, NotFound
from khuen.msgid import N_
from khuen.tenancy import Here, hot, many
from khuen.treatment import queries, rules
from khuen.treatment.rules import Reading, Result, Sample
from khuen.treatment.tables import UrineTest
from khuen.treatment.tallies import recompute

DAY_AHEAD = N_("The day lies ahead")
NOT_A_STRIP = N_("Choose a strip of this person that was positive")
SAY_WHY = N_("Say what was wrong with the first entry")
REPLACED = N_("This test was replaced by another entry already")


@dataclass(frozen=True, slots=True)
class NewTest:
    """A test as it is written down. `read_by` is None for one that was not made; `handed_to` names a laboratory."""

    key: UUID
    sample: Sample
    taken_on: date
    observed: bool
    lot: str
    result: Result = field(repr=False)
    detail: str = field(repr=False)
    taken_by: UUID
    read_by: UUID | None = None
    handed_to: str = ""
    extra: bool = False
    confirms_id: UUID | None = None
    replaces_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class TestLine:
    """A test as a page shows it; `result` and `detail` are None for whoever may only know that it was done."""

    id: UUID
    sample: Sample
    taken_on: date
    observed: bool
    lot: str
    done: bool
    extra: bool
    backdated: bool
    replaced: bool
    confirms_id: UUID | None
    by: str | None
    trail: tuple[tuple[str, str, datetime], ...]  #: (step, who, when)
    result: Result | None = field(default=None, repr=False)
    detail: str | None = field(default=None, repr=False)
    must_confirm: bool = False


async def record_test(here: Here, code: str, new: NewTest) -> None:
    """Write a test and its trail down, and count anew. Harmless twice by the key.

    Raises NotFound, Invalid for a day ahead, before enrolment or without consent and for a confirmation of something
    else, Conflict when the test it replaces was replaced, KeyReused.
    """
    case = await _case(code)
    if problem := _problem(case, new, here.today):
        raise Invalid(problem)
    own = await vault.person(here, case["person_id"])
    await _refers(own, case["id"], new)
    if not await hot(queries.TEST, *_row(here, own, case["id"], new)):
        await _same(own, case["id"], new)
        return
    try:
        await many(queries.CUSTODY, _trail(here, new))
    except ForeignKeyViolationError as error:
        raise NotFound from error  # who took or read it does not work here
    await recompute(here, [case["id"]])
    await audit.record(here, "test:recorded", case["id"], kind=str(new.sample))


async def hand_over(here: Here, code: str, test_id: UUID, *, key: UUID, receiver: str) -> None:
    """A further step of the trail: to whom the sample went. Harmless twice. Raises NotFound, KeyReused."""
    case = await _case(code)
    if not await UrineTest.exists().where(UrineTest.id == test_id, UrineTest.case_id == case["id"]):
        raise NotFound
    rows = await hot(queries.CUSTODY_SENT, key)
    if rows:
        if tuple(rows[0]) != (test_id, "handed", receiver):
            raise KeyReused
        return
    await many(queries.CUSTODY, [(key, test_id, "handed", None, receiver, here.now, here.member_id)])
    await audit.record(here, "test:custody", case["id"])


async def tests_of(case_id: UUID, own: vault.PersonVault | None) -> list[TestLine]:
    """Every test of a case, the newest first; with the person's vault also what they said."""
    return [_line(own, row) for row in await hot(queries.TESTS, case_id)]


async def _case(code: str) -> Any:
    rows = await hot(queries.HELD, code)
    if not rows:
        raise NotFound
    return rows[0]


def _problem(case: Any, new: NewTest, today: date) -> dict[str, str]:
    if new.taken_on > today:
        return {"taken_on": DAY_AHEAD}
    if new.taken_on < case["opened_on"]:
        return {"taken_on": rules.NOT_YET_ENROLLED}
    if too_late(case["stopped_on"], new.taken_on):
        return {"taken_on": STOPPED}
    return {"detail": SAY_WHY} if new.replaces_id and not new.detail else {}


async def _refers(own: vault.PersonVault, case_id: UUID, new: NewTest) -> None:
    """A confirmation is of a positive strip, a replacement of a test that stands; both of the same person."""
    known = {line.id: line for line in await tests_of(case_id, own)} if new.confirms_id or new.replaces_id else {}
    if new.key in known:
        return
    if new.confirms_id and not (new.confirms_id in known and known[new.confirms_id].must_confirm):
        raise Invalid({"confirms": NOT_A_STRIP})
    if new.replaces_id:
        if new.replaces_id not in known:
            raise NotFound
        if known[new.replaces_id].replaced:
            raise Conflict(REPLACED)


def _row(here: Here, own: vault.PersonVault, case_id: UUID, new: NewTest) -> tuple[Any, ...]:
    return (
        new.key,
        case_id,
        new.sample,
        new.taken_on,
        new.observed,
        new.lot,
        rules.was_done(new.result),
        new.extra,
        own.seal("urine_test", "result", new.key, new.result),
        own.seal("urine_test", "detail", new.key, new.detail) if new.detail else None,
        new.confirms_id,
        new.replaces_id,
        rules.backdated(new.taken_on, here.today),
        here.now,
        here.member_id,
    )


async def _same(own: vault.PersonVault, case_id: UUID, new: NewTest) -> None:
    """Raises KeyReused when the key stands for something else."""
    row = await UrineTest.select().where(UrineTest.id == new.key).first()
    if row is None or row["case_id"] != case_id:
        raise KeyReused
    detail = own.unseal("urine_test", "detail", new.key, row["detail_sealed"]) if row["detail_sealed"] else ""
    kept = (row["sample"], row["taken_on"], row["observed"], row["lot"], detail)
    result = own.unseal("urine_test", "result", new.key, row["result_sealed"])
    if (*kept, result) != (new.sample, new.taken_on, new.observed, new.lot, new.detail, new.result):
        raise KeyReused


def _trail(here: Here, new: NewTest) -> list[tuple[Any, ...]]:
    """Who took, to whom it went, who read: ids made of the test, so that the rows are as harmless twice as it is."""
    steps: list[tuple[str, UUID | None, str]] = [("taken", new.taken_by, "")]
    if new.handed_to:
        steps.append(("handed", None, new.handed_to))
    if new.read_by:
        steps.append(("read", new.read_by, ""))
    return [
        (uuid5(new.key, f"{number} {step}"), new.key, step, member, receiver, here.now, here.member_id)
        for number, (step, member, receiver) in enumerate(steps)
    ]


def _line(own: vault.PersonVault | None, row: Any) -> TestLine:
    result = Result(own.unseal("urine_test", "result", row["id"], row["result_sealed"])) if own else None
    sealed = row["detail_sealed"]
    sample = Sample(row["sample"])
    return TestLine(
        id=row["id"],
        sample=sample,
        taken_on=row["taken_on"],
        observed=row["observed"],
        lot=row["lot"],
        done=row["done"],
        extra=row["extra"],
        backdated=row["backdated"],
        replaced=row["replaced"],
        confirms_id=row["confirms_id"],
        by=row["by"],
        trail=tuple((step, who, datetime.fromisoformat(at)) for step, who, at in json.loads(row["trail"] or "[]")),
        result=result,
        detail=own.unseal("urine_test", "detail", row["id"], sealed) if own and sealed else None,
        must_confirm=result is not None
        and rules.must_confirm(Reading(row["id"], row["taken_on"], row["made_at"], sample, result)),
    )
