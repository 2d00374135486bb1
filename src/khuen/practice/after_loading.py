"""Putting slips, ends of treatment, rounds and endings of a world into its district."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from khuen import vault
from khuen.endings import queries
from khuen.endings.rules import EXPIRES_DAYS
from khuen.followups import round_queries, rounds
from khuen.pathway import service as pathway
from khuen.practice import queries as own
from khuen.practice.after import TRIED, After, Closed
from khuen.rule_pack import RulePack
from khuen.tenancy import Here, many
from khuen.treatment.queries import BREAK
from khuen.vault import PersonVault

_HELD = '{"buddy":null,"extra":null,"slots":[]}'


async def load(here: Here, after: After, packs: Mapping[UUID, RulePack], clinic: UUID, coordinator: UUID) -> None:
    """The rows, in a few flights. Due visits are recomputed afterwards by whoever calls."""
    slipped, closed = [one.person_id for one in after.uses], [one.person_id for one in after.closed]
    keys = await vault.persons(here, {*slipped, *closed})
    await many(queries.COMPLETE, [(one.id, one.case_id, one.on, one.at, clinic) for one in after.ends])
    await many(round_queries.RECORD, [(*one[:6], None, one.at, clinic) for one in after.made])
    await _uses(after, keys, clinic, coordinator)
    await rounds.plan(here, {one.case_id: (one.on, packs[one.case_id]) for one in after.ends})
    await _closed(after.closed, keys, clinic, coordinator)
    await pathway.heard(here, {one.case_id: {"ended_on": one.on} for one in after.ends})
    await pathway.heard(here, {one.case_id: {"closed_on": one.on} for one in after.closed})


async def _uses(after: After, keys: Mapping[UUID, PersonVault], clinic: UUID, coordinator: UUID) -> None:
    by = {one.id: one.by(clinic, coordinator) for one in after.uses}
    rows = []
    for one in after.uses:
        note = keys[one.person_id].seal("slip", "note", one.id, one.note) if one.note else None
        rows.append((one.id, one.case_id, one.on, one.told_by, note, None, one.at, by[one.id], one.result_id))
    await many(queries.RECORD, rows)
    await many(BREAK, [(one.id, one.case_id, one.on, one.at, by[one.id]) for one in after.uses])
    await many(own.TURNED, [(one.id, one.case_id, one.at, by[one.id]) for one in after.uses])
    await many(
        own.SLOT,
        [
            (one.id, one.case_id, one.seen_on, one.at, by[one.id], one.at + timedelta(days=2), clinic)
            for one in after.uses
        ],
    )


async def _closed(
    closed: tuple[Closed, ...], keys: Mapping[UUID, PersonVault], clinic: UUID, coordinator: UUID
) -> None:
    dropped = [one for one in closed if one.proposed_at is not None]
    rows = []
    for one in dropped:
        tried = keys[one.person_id].seal("drop_out", "tried", one.id, TRIED)
        expires_on = one.on + timedelta(days=EXPIRES_DAYS)
        rows.append((one.id, one.case_id, one.seen_on, one.reason, tried, 3, expires_on, one.proposed_at, coordinator))
    await many(queries.PROPOSE, rows)
    await many(own.CONFIRMED, [(one.id, one.at, clinic) for one in dropped])
    await many(
        queries.END,
        [
            (
                one.id,
                one.case_id,
                one.kind,
                one.exit_code,
                one.on,
                None,
                _HELD,
                "in_treatment",
                one.id if one.proposed_at else None,
                one.at,
                coordinator,
            )
            for one in closed
        ],
    )
