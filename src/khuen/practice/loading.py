"""Putting a world into its district, in the order of time and in one transaction: a filled district or an empty one.

People, cases, consents, buddies and due visits go through the rooms' own services; only rows that no service writes in
bulk go by queries of our own.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from datetime import datetime
from itertools import chain
from uuid import UUID

from khuen import audit, clock, members, packs, vault
from khuen.audit import Entry
from khuen.buddies import service as buddies
from khuen.cases import service as cases
from khuen.cases.rules import Step
from khuen.enrolment import drafts
from khuen.followups import queries as followup_queries
from khuen.followups import service as followups
from khuen.ids import uuid7
from khuen.messages.rules import Kind, State
from khuen.people import service as people
from khuen.practice import after_loading, answers, elsewhere_loading, loading_meetings, queries
from khuen.practice.answers import Act, Note
from khuen.practice.earning import earn
from khuen.practice.life import Visit
from khuen.practice.telling import Told
from khuen.practice.treating import treat
from khuen.practice.world import HANDED_OVER, Moment, World, moments
from khuen.screening import service as screening
from khuen.screening.forms import Filled
from khuen.tenancy import Here, hot, many

_OUTCOMES = {State.SENT: "accepted", State.UNCERTAIN: "unknown", State.GIVEN_UP: "retry"}


async def is_filled(here: Here) -> bool:
    """Whether a world was put into this district before."""
    return bool(await hot(queries.FILLED))


async def load(here: Here, world: World, projects: list[str]) -> None:
    """Put all of it into an empty district. `projects` are the names of its projects as the tenant file orders them.

    Runs inside the caller's transaction; audit rows carry the times of the world.
    """
    office = replace(here, member_id=world.roles["coordinator"], roles=frozenset({"coordinator"}))
    await members.add(replace(here, now=world.begins_at), list(world.members))
    known = {project.name: project.id for project in await cases.projects(here)}
    ids = [known[name] for name in projects]
    returning = _returning(world)
    acts = iter(world.acts)
    waiting: Act | None = next(acts, None)
    for moment in moments(world):
        entries: list[Entry] = []
        while waiting and waiting.at < moment.at:
            entries.append(_entry(here, waiting))
            waiting = next(acts, None)
        await audit.record_many(here, entries)
        await _take_place(replace(office, now=moment.at), moment, ids)
        if moment.closing and moment.closing[0] in returning:
            await cases.record_steps(here, returning[moment.closing[0]])
    await audit.record_many(here, [_entry(here, act) for act in (*([waiting] if waiting else ()), *acts)])
    await _rows(here, world, returning)
    known_packs = {life.id: life.pack for life in world.lives}
    await after_loading.load(here, world.after, known_packs, world.roles["clinic"], world.roles["coordinator"])
    await elsewhere_loading.load(here, world.elsewhere, ids, _coordinators(world), world.roles["clinic"])
    await followups.recompute(here, [life.id for life in world.lives])
    await treat(here, world, ids)
    await earn(here, world)
    await _messages(world)
    newest = next(project.pack_id for project in await cases.projects(here) if project.id == ids[0])
    read_aloud = (await packs.pack(here, newest)).consent.versions
    await loading_meetings.load(here, world)
    for draft in world.begun:
        then = replace(office, now=draft.at)
        await drafts.begin(then, draft.id)
        chosen = {"project": str(ids[0]), "texts_read": read_aloud}
        await drafts.save(then, draft.id, draft.step, draft.typed | chosen)
    end = replace(here, now=world.until)
    await audit.record(end, "practice:filled", here.tenant_id, count=world.check_ins)


def _coordinators(world: World) -> tuple[UUID, ...]:
    return tuple(member.id for member in world.members if "coordinator" in member.roles)


async def _take_place(here: Here, moment: Moment, projects: list[UUID]) -> None:
    if moment.intake:
        known = await packs.all_of(here)
        opened = [
            replace(newcomer.case, project_id=projects[newcomer.case.project_id.int]) for newcomer in moment.intake
        ]
        pack_of = {project.id: known[project.pack_id] for project in await cases.projects(here)}
        await people.register(here, [newcomer.person for newcomer in moment.intake if not newcomer.again])
        await cases.open_cases(here, opened)
        await followups.begin(here, [(case.id, here.today, pack_of[case.project_id]) for case in opened])
        await buddies.assign(here, [newcomer.buddy for newcomer in moment.intake if newcomer.buddy])
    if moment.handover:
        await buddies.replace(here, moment.handover, HANDED_OVER)
    if moment.closing:
        case_id, step = moment.closing
        await followups.finish(here, case_id)
        await buddies.end(here, case_id, step.reason)


def _returning(world: World) -> dict[UUID, list[tuple[UUID, Step]]]:
    """The steps of the closed cases whose people come back: a person has one open case, so those close in time."""
    back = {life.newcomer.person.id for life in world.lives if life.newcomer.again}
    closed = [life for life in world.lives if life.closed_on and life.newcomer.person.id in back]
    return {life.id: [(life.id, step) for step in life.steps[1:]] for life in closed}


async def _rows(here: Here, world: World, returning: Container[UUID]) -> None:
    """What the chain has told already, as rows."""
    await _visits([*(visit for life in world.lives for visit in life.visits), *(slip.visit for slip in world.slips)])
    await many(queries.WITHDRAWN, [(slip.id, slip.visit.id, slip.at, slip.visit.member_id) for slip in world.slips])
    await many(queries.SEEN, list(world.seen))
    await many(queries.PHONE, answers.phones(world.lives, world.until))
    lives = [life for life in world.lives if life.id not in returning]
    await cases.record_steps(here, [(life.id, step) for life in lives for step in life.steps[1:]])
    await _notes(here, world.notes)
    await _screenings(here, world)


async def _visits(made: list[Visit]) -> None:
    size, whole = queries.CHUNK, len(made) // queries.CHUNK * queries.CHUNK
    chunks = [made[start : start + size] for start in range(0, whole, size)]
    await many(queries.visits(size), [tuple(chain.from_iterable(chunk)) for chunk in chunks])
    await many(queries.visits(1), list(made[whole:]))


async def _notes(here: Here, notes: tuple[Note, ...]) -> None:
    keys = await vault.persons(here, {note.person_id for note in notes})
    sealed = [keys[note.person_id].seal("check_in_note", "note", note.id, note.text) for note in notes]
    rows = [(n.id, n.check_in_id, seal, n.at, n.by_id) for n, seal in zip(notes, sealed, strict=True)]
    await many(followup_queries.NOTE, rows)


async def _screenings(here: Here, world: World) -> None:
    if not world.asked:
        return
    forms = (
        (one.case_id, one.person_id, Filled(one.id, one.tool, clock.day(one.at), one.answers), one.at, one.by_id)
        for one in world.asked
    )
    await screening.keep_many(here, forms)
    await screening.decide_many(here, world.coloured)


async def _messages(world: World) -> None:
    late = [told.subject_id for told in world.told if told.kind is Kind.OVERDUE_ESCALATION]
    due = {row["case_id"]: row["id"] for row in await hot(queries.VISITS_DUE, late)}
    await many(queries.TOLD, [_message(told, due.get(told.subject_id, told.subject_id)) for told in world.told])
    tried = [told for told in world.told if told.channel]
    await many(
        queries.TRIED,
        [
            (uuid7(told.made_at), told.id, told.channel, _started(told), told.settled_at, *_outcome(told))
            for told in tried
        ],
    )


def _message(told: Told, subject: UUID) -> tuple[object, ...]:
    return (
        told.id,
        told.kind,
        subject,
        told.recipient_id,
        told.day,
        told.urgent,
        told.people,
        told.state,
        told.made_at,
        told.channel,
        told.reason,
        told.tries,
        told.settled_at,
    )


def _started(told: Told) -> datetime:
    return told.made_at if told.state is not State.GIVEN_UP else told.settled_at  # the last of its tries


def _outcome(told: Told) -> tuple[str, str | None]:
    return _OUTCOMES[told.state], told.reason if told.state is not State.GIVEN_UP else "busy"


def _entry(here: Here, act: Act) -> Entry:
    return audit.entry(replace(here, now=act.at, member_id=act.member_id), act.tag, act.subject_id, **act.detail)
