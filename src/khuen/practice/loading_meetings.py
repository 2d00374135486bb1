"""Putting the meetings of a world into its district."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from khuen import packs
from khuen.ids import uuid7
from khuen.meetings import agenda, rules
from khuen.meetings import queries as rooms
from khuen.meetings.rules import Kind, Matter, State
from khuen.meetings.service import Came
from khuen.practice import queries
from khuen.practice.gatherings import Gathering
from khuen.practice.world import World
from khuen.tenancy import Here, hot, many


async def load(here: Here, world: World) -> None:
    """All rows of the meetings; the audit chain has told them already."""
    by_id = world.roles["coordinator"]
    called = {member.id: member.called_name for member in world.members}
    settings = (await packs.settings_of(here)).meetings
    codes = {row["id"]: row["code"] for row in await hot(queries.CODES)}
    met = world.meetings
    await many(
        queries.MET,
        [
            (
                one.id,
                one.kind,
                one.on,
                settings.at,
                settings.place,
                rules.fiscal_year(one.on),
                one.number,
                settings.province_chair if one.kind is Kind.PROVINCE else settings.chair,
                State.CLOSED if one.ended_at else State.PLANNED,
                one.planned_at,
                by_id,
                one.opened_at,
                one.ended_at,
                called[by_id] if one.ended_at else "",
                "adopted" if one.ended_at else "",
            )
            for one in met
        ],
    )
    await many(rooms.STEP, [(uuid7(at), one.id, state, at, by_id, "") for one in met for state, at in _steps(one)])
    await many(
        rooms.CHAIRED,
        [
            (uuid7(one.opened_at), one.id, False, *one.substitute, one.opened_at, by_id)
            for one in met
            if one.substitute and one.opened_at
        ],
    )
    await many(
        rooms.ATTENDED,
        [(uuid7(one.ended_at), one.id, _came(one), one.ended_at, by_id) for one in met if one.ended_at],
    )
    await many(rooms.ITEM, [row for one in met for row in _items(one, codes, by_id)])
    made = [(one, d) for one in met for d in one.decided]
    await many(
        queries.DECIDED,
        [
            (d.id, one.id, d.item_id, d.case_id, d.kind, d.text, d.owner_id, d.due_on, d.at, by_id, d.state(here.now))
            for one, d in made
        ],
    )
    told = [(d.step, d) for _, d in made if d.step]
    await many(rooms.TASK_STEP, [(step.id, d.id, step.state, step.reason, step.at, d.owner_id) for step, d in told])


def _steps(one: Gathering) -> list[tuple[State, datetime]]:
    at = [(State.PLANNED, one.planned_at), (State.HELD, one.opened_at), (State.CLOSED, one.ended_at)]
    return [(state, moment) for state, moment in at if moment is not None]


def _came(one: Gathering) -> str:
    return msgspec.json.encode({agency: Came(True) for agency in one.came}, order="sorted").decode()


def _items(one: Gathering, codes: dict[UUID, str], by_id: UUID) -> list[tuple[Any, ...]]:
    return [
        (
            item.id,
            one.id,
            item.matter.section,
            place,
            item.matter.case_id,
            "",
            agenda.facts(_with_codes(item.matter, codes)),
            one.opened_at,
            by_id,
        )
        for place, item in enumerate(one.items, start=1)
    ]


def _with_codes(matter: Matter, codes: dict[UUID, str]) -> Matter:
    if matter.case_id is None:
        return matter
    code = codes[matter.case_id]
    return replace(matter, code=code, promises=tuple(replace(one, code=code) for one in matter.promises))
