"""Putting a practice district's sessions, tests and visits into its tables."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid5

from khuen import clock, vault
from khuen.practice import queries
from khuen.practice.courses import MINUTES, Course
from khuen.practice.world import World
from khuen.tenancy import Here, many
from khuen.treatment import calendar_rules, rules, service, sessions
from khuen.treatment import queries as treatment_queries
from khuen.treatment.rules import Kind


async def treat(here: Here, world: World, projects: list[UUID]) -> None:
    """All of it, then the count of every case from it, of which the pathway hears."""
    if world.course is None:
        return
    await _sessions(world, world.course, projects)
    await _clinic(here, world, world.course)
    await service.recompute(here, [life.id for life in world.lives])


async def _sessions(world: World, it: Course, projects: list[UUID]) -> None:
    by_id, doctor = world.roles["coordinator"], world.roles["doctor"]
    series = [(one, one.weekly, calendar_rules.moment(one.weekly.from_on, one.weekly.at)) for one in it.series]
    await many(
        treatment_queries.SERIES,
        [
            (
                one.id,
                projects[one.project],
                Kind.CBTX,
                "",
                week.weekday,
                week.at,
                MINUTES,
                one.place,
                week.from_on,
                week.until_on,
                at,
                by_id,
            )
            for one, week, at in series
        ],
    )
    begun = {one.id: at for one, _, at in series}
    await many(
        treatment_queries.PLAN,
        [
            (
                one.id,
                projects[one.project],
                one.series_id,
                Kind.CBTX,
                "",
                one.on,
                one.starts_at,
                MINUTES,
                one.place,
                one.state,
                False,
                begun[one.series_id],
                by_id,
            )
            for one in it.held
        ],
    )
    off = [one for one in it.held if one.state == "cancelled"]
    await many(
        treatment_queries.CHANGE,
        [
            (
                uuid5(one.id, "off"),
                one.id,
                "cancelled",
                sessions.HOLIDAY,
                one.starts_at,
                one.starts_at,
                begun[one.series_id],
                by_id,
            )
            for one in off
        ],
    )
    came = [one for one in it.held if one.presence_id]
    await many(treatment_queries.DOCTOR_CAME, [(one.presence_id, one.id, doctor, one.starts_at, by_id) for one in came])
    await many(
        treatment_queries.MARK,
        [(one.id, one.session_id, one.case_id, one.mark, one.reason, "", one.at, by_id) for one in it.marks],
    )
    await many(
        treatment_queries.CLOSE,
        [
            (one.closure_id, one.id, one.closed_as, one.presence_id, one.starts_at + timedelta(minutes=MINUTES), by_id)
            for one in it.held
            if one.closed_as
        ],
    )


async def _clinic(here: Here, world: World, it: Course) -> None:
    """What is sealed under each person's key."""
    clinic, by_id = world.roles["clinic"], world.roles["coordinator"]
    person = {life.id: life.newcomer.person.id for life in world.lives}
    keys = await vault.persons(here, set(person.values()))
    own = {case_id: keys[person_id] for case_id, person_id in person.items()}
    await many(
        queries.ASKED,
        [
            (
                one.id,
                one.case_id,
                one.session_id,
                one.due_on,
                one.made_at,
                one.asked_at,
                by_id if one.asked_at else None,
                "reached" if one.asked_at else None,
            )
            for one in it.asked
        ],
    )
    await many(
        treatment_queries.CONTACT,
        [
            (
                one.contact_id,
                one.id,
                True,
                own[one.case_id].seal("absence_contact", "note", one.contact_id, one.note),
                one.asked_at,
                by_id,
            )
            for one in it.asked
            if one.asked_at
        ],
    )
    await many(
        treatment_queries.TEST,
        [
            (
                one.id,
                one.case_id,
                one.sample,
                one.on,
                True,
                "TST-01",
                rules.was_done(one.result),
                False,
                own[one.case_id].seal("urine_test", "result", one.id, one.result),
                None,
                one.confirms_id,
                None,
                rules.backdated(one.on, clock.day(one.at)),
                one.at,
                clinic,
            )
            for one in it.tests
        ],
    )
    await many(
        treatment_queries.CUSTODY,
        [
            (uuid5(one.id, step), one.id, step, clinic, "", one.at, clinic)
            for one in it.tests
            for step in (("taken", "read") if rules.was_done(one.result) else ("taken",))
        ],
    )
    await many(
        treatment_queries.HOME_VISIT,
        [
            (
                one.id,
                one.case_id,
                clinic,
                one.on,
                own[one.case_id].seal("home_visit", "note", one.id, one.note),
                False,
                one.at,
                clinic,
            )
            for one in it.visits
        ],
    )
