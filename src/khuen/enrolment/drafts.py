"""Drafts of enrolments: what somebody has typed so far, sealed, and seen by nobody else."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import msgspec

from khuen import audit, clock, vault
from khuen.enrolment import queries
from khuen.enrolment.tables import Draft
from khuen.errors import NotFound
from khuen.ids import uuid7
from khuen.tenancy import Here, hot


@dataclass(frozen=True, slots=True)
class Held:
    """One draft, opened. `typed` is what the pages hold, field by field, as it was typed."""

    id: UUID
    step: str
    changed_at: datetime
    case_id: UUID | None
    typed: dict[str, str] = field(repr=False)

    @property
    def name(self) -> str:
        return f"{self.typed.get('given_name', '')} {self.typed.get('family_name', '')}".strip()


async def begin(here: Here, key: UUID) -> None:
    """Start a draft. Harmless twice."""
    safe = await vault.open_tenant(here)
    await Draft.insert(
        Draft(
            id=key,
            member_id=here.member_id,
            step="person",
            content_sealed=_seal(safe, key, {}),
            made_at=here.now,
            changed_at=here.now,
        )
    ).on_conflict((Draft.tenant_id, Draft.id), "DO NOTHING")


async def mine(here: Here) -> list[Held]:
    """Drafts of whoever asks, the newest first, at most fifty; nobody sees those of others."""
    safe = await vault.open_tenant(here)
    found = (
        await Draft.select()
        .where(Draft.member_id == here.member_id, Draft.case_id.is_null())
        .order_by(Draft.changed_at, ascending=False)
        .limit(50)
    )
    return [_held(safe, row) for row in found]


async def draft(here: Here, draft_id: UUID) -> Held:
    """Raises NotFound, for somebody else's draft too."""
    row = await Draft.select().where(Draft.id == draft_id, Draft.member_id == here.member_id).first()
    if row is None:
        raise NotFound
    return _held(await vault.open_tenant(here), row)


async def locked(here: Here, draft_id: UUID) -> Held:
    """The same, held until COMMIT."""
    row = await Draft.select().where(Draft.id == draft_id, Draft.member_id == here.member_id).lock_rows().first()
    if row is None:
        raise NotFound
    return _held(await vault.open_tenant(here), row)


async def save(here: Here, draft_id: UUID, step: str, typed: dict[str, str]) -> Held:
    """Keep what a page holds. A draft that became a case stays as it is. Raises NotFound."""
    held = await locked(here, draft_id)
    if held.case_id is not None:
        return held
    merged = held.typed | typed
    safe = await vault.open_tenant(here)
    changed = {Draft.step: step, Draft.content_sealed: _seal(safe, draft_id, merged), Draft.changed_at: here.now}
    await Draft.update(changed).where(Draft.id == draft_id)
    return Held(draft_id, step, here.now, None, merged)


async def became(here: Here, draft_id: UUID, case_id: UUID) -> None:
    """A case was made of the draft: it keeps the case's id and nothing else."""
    safe = await vault.open_tenant(here)
    emptied = {Draft.case_id: case_id, Draft.content_sealed: _seal(safe, draft_id, {}), Draft.changed_at: here.now}
    await Draft.update(emptied).where(Draft.id == draft_id)


async def discard(here: Here, draft_id: UUID) -> None:
    """Throw a draft away. Harmless twice."""
    await Draft.delete().where(Draft.id == draft_id, Draft.member_id == here.member_id, Draft.case_id.is_null())


async def refuse(here: Here, draft_id: UUID) -> None:
    """The person does not wish to join: the draft goes, one more is counted, no name is kept. Harmless twice."""
    gone = await (
        Draft.delete()
        .where(Draft.id == draft_id, Draft.member_id == here.member_id, Draft.case_id.is_null())
        .returning(Draft.id)
    )
    if gone:
        await hot(queries.COUNT_REFUSAL, uuid7(here.now), _refusals_name(here))
        await audit.record(here, "enrolment:refused")


async def refusals(here: Here) -> int:
    """How many did not wish to join in this fiscal year."""
    rows = await hot(queries.REFUSALS, _refusals_name(here))
    return rows[0]["value"] if rows else 0


def _refusals_name(here: Here) -> str:
    return f"refused:{clock.fiscal_year(here.today)}"


def _held(safe: vault.TenantVault, row: dict[str, object]) -> Held:
    id_, sealed = row["id"], row["content_sealed"]
    text = safe.unseal("enrolment_draft", "content", id_, sealed)  # type: ignore[arg-type]
    typed = msgspec.json.decode(text, type=dict[str, str])
    return Held(id_, row["step"], row["changed_at"], row["case_id"], typed)  # type: ignore[arg-type]


def _seal(safe: vault.TenantVault, draft_id: UUID, typed: dict[str, str]) -> bytes:
    return safe.seal("enrolment_draft", "content", draft_id, msgspec.json.encode(typed).decode())
