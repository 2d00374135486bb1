"""Putting stays, referrals and transfers of a world into its district."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from uuid import UUID

from khuen import clock, vault
from khuen.cases.service import record_projects
from khuen.endings import away_queries
from khuen.endings.rules import Decision
from khuen.practice import queries
from khuen.practice.elsewhere import Elsewhere, Offered, Stay
from khuen.tenancy import Here, many
from khuen.vault import PersonVault

_MORNING = time(8, 0)


async def load(here: Here, it: Elsewhere, projects: list[UUID], coordinators: tuple[UUID, ...], clinic: UUID) -> None:
    """The rows, in a few flights. Due visits are recomputed afterwards by whoever calls."""
    by_id = coordinators[0]
    people = [one.person_id for one in it.stays] + [one.person_id for one in it.sent]
    keys = await vault.persons(here, {*people, *(one.person_id for one in it.offered)})
    await _stays(it.stays, keys, coordinators)
    await many(
        away_queries.REFER,
        [(one.id, one.case_id, one.place, one.cause, one.on, None, one.at, clinic) for one in it.sent],
    )
    back = [one for one in it.sent if one.answered_at]
    await many(
        queries.ANSWERED,
        [(one.id, one.answer, clock.day(one.answered_at), one.answered_at, clinic) for one in back if one.answered_at],
    )
    await many(away_queries.OFFER, [_offer(one, keys, projects, by_id) for one in it.offered])
    decided = [one for one in it.offered if one.decision]
    await many(queries.TRANSFERRED, [(one.id, one.decision, one.decided_at, by_id) for one in decided])
    accepted = [one for one in decided if one.decision is Decision.ACCEPTED]
    await record_projects([(one.case_id, projects[one.to_project]) for one in accepted])


async def _stays(stays: tuple[Stay, ...], keys: dict[UUID, PersonVault], coordinators: tuple[UUID, ...]) -> None:
    by_id = coordinators[0]
    rows = []
    for one in stays:
        place = keys[one.person_id].seal("guest_stay", "place", one.id, one.place)
        rows.append((one.id, one.case_id, place, one.from_on, one.until_on, one.at, by_id))
    await many(away_queries.STAY, rows)
    await many(queries.ANEW, [(one.id, one.case_id, _midnight(one), one.at, by_id) for one in stays])
    await many(queries.RETURNED, [(one.id, one.returned_on, by_id) for one in stays if one.returned_on])
    away = [one for one in stays if not one.returned_on]
    await many(
        queries.REMINDED,
        [
            (id_, one.id, coordinator, one.until_on, datetime.combine(one.until_on, _MORNING, clock.BANGKOK), one.at)
            for one in away
            for id_, coordinator in zip(one.message_ids, coordinators, strict=False)
        ],
    )


def _midnight(one: Stay) -> datetime:
    return datetime.combine(one.until_on, datetime.min.time(), clock.BANGKOK)


def _offer(one: Offered, keys: dict[UUID, PersonVault], projects: list[UUID], by_id: UUID) -> tuple[Any, ...]:
    reason = keys[one.person_id].seal("case_transfer", "reason", one.id, one.reason)
    return one.id, one.case_id, projects[one.from_project], projects[one.to_project], reason, one.at, by_id
