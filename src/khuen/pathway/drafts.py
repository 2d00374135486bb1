"""Rule packs: drafted from a published one, rehearsed on the real cases, published as a further version, never changed.

A case keeps the pack it started with; a published pack holds for cases that start afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from khuen import audit, packs
from khuen.cases.tables import Project
from khuen.district import from_content, pack_content, pack_hash
from khuen.errors import Conflict, KeyReused, NotFound
from khuen.msgid import N_
from khuen.pathway import queries, rules, service
from khuen.pathway.rules import Progress
from khuen.pathway.service import Way
from khuen.pathway.tables import Pack, PackDraft
from khuen.rule_pack import RulePack
from khuen.tenancy import Here, hot

CHANGED_MEANWHILE = N_("Somebody changed this draft meanwhile. Below is what stands now; your values were not saved")
NOTHING_CHANGED = N_("The draft says the same as the pack it comes from. There is nothing to publish")


@dataclass(frozen=True, slots=True)
class Published:
    id: UUID
    name: str
    version: int
    title: str
    published_at: datetime
    by: str | None
    projects: tuple[str, ...]  #: whose new cases start under it
    cases: int  #: open cases that live under it
    newest: bool


@dataclass(frozen=True, slots=True)
class Draft:
    id: UUID
    base_id: UUID
    base: RulePack
    pack: RulePack
    changed_at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One open case as it stands, and as it would stand had it started under the draft."""

    way: Way
    under: Progress


async def published(here: Here) -> list[Published]:
    """Every published pack, by name, the newest version first."""
    return [
        Published(
            row["id"],
            row["name"],
            row["version"],
            msgspec.json.decode(row["content"])["title"],
            row["published_at"],
            row["by"],
            tuple(row["projects"] or ()),
            row["cases"],
            row["newest"],
        )
        for row in await hot(queries.PUBLISHED)
    ]


async def drafts(here: Here) -> list[Draft]:
    """The drafts, the one changed last first."""
    return [_draft(row) for row in await hot(queries.DRAFTS, None)]


async def draft(here: Here, draft_id: UUID) -> Draft:
    """Raises NotFound."""
    rows = await hot(queries.DRAFTS, draft_id)
    if not rows:
        raise NotFound
    return _draft(rows[0])


async def begin(here: Here, base_id: UUID, key: UUID) -> UUID:
    """A draft that says what this pack says. Harmless twice by `key`. Raises NotFound, KeyReused."""
    base = await packs.pack(here, base_id)
    assert here.member_id is not None
    fresh = await hot(queries.BEGIN_DRAFT, key, base_id, _written(base), here.now, here.member_id)
    if fresh:
        await audit.record(here, "pack:drafted", key, pack=base.name)
    elif (await draft(here, key)).base_id != base_id:
        raise KeyReused
    return key


async def change(here: Here, draft_id: UUID, pack: RulePack, seen: datetime) -> None:
    """Write the draft anew. Raises NotFound, Conflict when somebody changed it after `seen`."""
    row = await PackDraft.select(PackDraft.changed_at).where(PackDraft.id == draft_id).lock_rows().first()
    if row is None:
        raise NotFound
    if row["changed_at"] != seen:
        raise Conflict(CHANGED_MEANWHILE)
    values = {PackDraft.content: _written(pack), PackDraft.changed_at: here.now, PackDraft.changed_by: here.member_id}
    await PackDraft.update(values).where(PackDraft.id == draft_id)


async def rehearse(here: Here, draft_id: UUID) -> tuple[Draft, list[Difference], int]:
    """Which open cases would stand elsewhere under the draft: (draft, those cases, how many were looked at)."""
    found = await draft(here, draft_id)
    ways = await service.ways(here)
    differences = []
    for way in ways:
        skipped: dict[str, str] = {line.condition: line.reason for line in way.progress.lines if line.reason}
        under = rules.progress(way.facts, found.pack.pathway, skipped, here.today)
        if (under.stage, under.ready, under.act) != (way.progress.stage, way.progress.ready, way.progress.act):
            differences.append(Difference(way, under))
    return found, differences, len(ways)


async def publish(here: Here, draft_id: UUID, project_ids: list[UUID]) -> UUID:
    """Publish the draft as a further version; new cases of these projects start under it. The draft is gone then.

    Answers the id of the pack, which is the draft's own: published twice it is the same pack.
    Raises NotFound, Conflict when nothing differs from the pack it comes from.
    """
    rows = await hot(queries.HOLD_DRAFT, draft_id)
    if not rows:
        await packs.pack(here, draft_id)  # sent again after the first answer was lost
        return draft_id
    found = await draft(here, draft_id)
    if found.pack == found.base:
        raise Conflict(NOTHING_CHANGED)
    content = pack_content(found.pack)
    await hot(
        queries.PUBLISH, draft_id, found.pack.name, _written(found.pack), pack_hash(content), here.now, here.member_id
    )
    if project_ids:
        await Project.update({Project.pack_id: draft_id}).where(Project.id.is_in(project_ids))
    await PackDraft.delete().where(PackDraft.id == draft_id)
    await audit.record(here, "pack:published", draft_id, pack=found.pack.name)
    packs.forget(here.tenant_id)
    return draft_id


async def discard(here: Here, draft_id: UUID) -> None:
    """Throw a draft away. Harmless twice."""
    gone = await PackDraft.delete().where(PackDraft.id == draft_id).returning(PackDraft.id)
    if gone:
        await audit.record(here, "pack:draft_discarded", draft_id)


async def pack(here: Here, pack_id: UUID) -> tuple[RulePack, int]:
    """A published pack and its version. Raises NotFound."""
    row = await Pack.select(Pack.version).where(Pack.id == pack_id).first()
    if row is None:
        raise NotFound
    return await packs.pack(here, pack_id), row["version"]


def _draft(row: Any) -> Draft:
    return Draft(row["id"], row["base_id"], _read(row["base"]), _read(row["content"]), row["changed_at"], row["by"])


def _read(content: str) -> RulePack:
    return from_content(msgspec.json.decode(content))


def _written(pack: RulePack) -> str:
    return msgspec.json.encode(pack_content(pack), order="sorted").decode()
