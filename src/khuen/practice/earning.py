"""Putting a practice district's courses, grants and work into its tables."""

from __future__ import annotations

from khuen.practice.livings import COURSES, SOURCES, Living, evening
from khuen.practice.world import World
from khuen.tenancy import Here, many
from khuen.training import queries, service
from khuen.training.rules import Outcome


async def earn(here: Here, world: World) -> None:
    """All of it; then the pathway hears who has finished a course."""
    if world.living is None:
        return
    await _courses(world, world.living)
    await _grants(world, world.living)
    await _work(world, world.living)
    finished = {one.case_id for one in world.living.taken if one.outcome is Outcome.FINISHED}
    await service.tell(here, sorted(finished))


async def _courses(world: World, it: Living) -> None:
    by_id = world.roles["coordinator"]
    await many(queries.NEW_COURSE, [(one.id, one.at, by_id) for one in it.courses])
    facts = []
    for one in it.courses:
        skill, kind, partner, hours, _days = COURSES[one.number]
        days = (one.from_on, one.until_on, hours, 20)
        facts.append((one.id, one.id, kind, partner, skill, "ศาลาประชาคม (ตัวอย่าง)", *days, one.at, by_id))
    await many(queries.FACT, facts)
    await many(queries.ENROL, [(one.id, one.course_id, one.case_id, one.at, by_id) for one in it.taken])
    until = {one.id: one.until_on for one in it.courses}
    await many(
        queries.RESULT,
        [
            (
                one.result_id,
                one.course_id,
                one.case_id,
                one.hours,
                one.outcome,
                one.why,
                one.certificate,
                until[one.course_id] if one.certificate else None,
                one.result_at,
                by_id,
            )
            for one in it.taken
            if one.result_at
        ],
    )


async def _grants(world: World, it: Living) -> None:
    by_id = world.roles["coordinator"]
    rows = [
        (one.id, one.case_id, *SOURCES[one.source], one.what_for, one.on, evening(one.on), by_id) for one in it.grants
    ]
    await many(queries.APPLY, rows)
    await many(
        queries.STEP,
        [
            (id_, one.id, what, on, None, "no_budget" if what == "refused" else None, evening(on), by_id)
            for one in it.grants
            for id_, what, on in one.steps
        ],
    )


async def _work(world: World, it: Living) -> None:
    by_id = world.roles["coordinator"]
    await many(
        queries.FOUND,
        [(one.id, one.case_id, one.job, one.employer, one.since, evening(one.since), by_id) for one in it.work],
    )
    await many(
        queries.CHECK,
        [
            (id_, one.id, months, found, on, why, evening(on), by_id)
            for one in it.work
            for id_, months, found, on, why in one.checks
        ],
    )
