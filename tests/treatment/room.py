"""What the tests of this room start from: sessions on the day of the tests, and people who come to them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from khuen import clock
from khuen.cases.rules import Stage, Step
from khuen.ids import uuid7
from khuen.tenancy import Here, within
from khuen.treatment import calendar_rules, rules, service, sessions
from khuen.treatment.rules import Kind, Mark, Reason, Said
from khuen.treatment.service import Marked
from khuen.treatment.sessions import NewSession
from tests.care import Site

CAME, ILL = Said(Mark.PRESENT), Said(Mark.ABSENT, Reason.ILL)


def here(site: Site, name: str = "nok", days: int = 0) -> Here:
    """A colleague now, or so many days later."""
    return site.chatturat.here(name, clock.now() + timedelta(days=days))


def new(site: Site, **values: Any) -> NewSession:
    base = NewSession(site.chatturat.project_id, Kind.CBTX, "", "ศาลาหมู่ 3 (ตัวอย่าง)", 120)
    return replace(base, **values)


async def plan(site: Site, on: date | None = None, **values: Any) -> UUID:
    """A session of that day, or of today."""
    nok = here(site)
    async with within(nok):
        return await sessions.add_session(
            nok, uuid7(), new(site, **values), calendar_rules.moment(on or nok.today, time(9, 0))
        )


async def person(site: Site, opened_on: date | None = None, **values: Any) -> str:
    """A case that was opened that day, or a month ago; its steps stand as the pages would have written them."""
    on = opened_on or clock.day(clock.now()) - timedelta(days=30)
    return await site.case(None, opened_on=on, **values)


async def reach(site: Site, code: str, stage: Stage, on: date) -> None:
    from khuen.cases import service as cases

    nok = here(site)
    async with within(nok):
        step = Step(stage, on, datetime.combine(on, time(9, 0), clock.BANGKOK), "ตัวอย่าง")
        await cases.record_step(nok, site.chatturat.cases[code], step.stage, step.on, step.reason)


async def mark(site: Site, session_id: UUID, *marks: tuple[str, Said], days: int = 0, correction: str = "") -> None:
    nok = here(site, days=days)
    rows = [Marked(uuid7(), code, said) for code, said in marks]
    async with within(nok):
        await service.record_attendance(nok, session_id, rows, correction=correction)


async def doctor(site: Site, session_id: UUID, name: str = "wipa") -> None:
    nok = here(site)
    async with within(nok):
        await service.doctor_came(nok, session_id, site.chatturat.people[name][0], key=uuid7())


async def close(site: Site, session_id: UUID, kind: Kind = Kind.CBTX, *, rest: bool = True, days: int = 0) -> Kind:
    nok = here(site, days=days)
    async with within(nok):
        return await service.close_session(nok, session_id, key=uuid7(), kind=kind, rest_absent=rest)


async def count(site: Site, code: str) -> rules.Tally:
    nok, case_id = here(site), site.chatturat.cases[code]
    async with within(nok):
        return (await service.tallies(nok, [case_id]))[case_id]


def key_of(text: str, name: str) -> str:
    """The value of a hidden field of a page."""
    found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', text)
    assert found, name
    return found[1]
