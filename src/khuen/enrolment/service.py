"""Enrolling one person: a draft that is saved page by page, and the one transaction that makes it a case."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import msgspec

from khuen import audit, clock, thai, undo, vault
from khuen.buddies import service as buddies
from khuen.buddies.rules import Home, Suggestion
from khuen.cases import service as cases
from khuen.enrolment import forms, queries, rules
from khuen.enrolment.opening import (
    Opening,
    Resembling,
    close_all,
    near_of,
    open_many,
    project_of,
    resembling,
)
from khuen.enrolment.rules import Around, Entry
from khuen.enrolment.tables import Draft
from khuen.errors import Conflict, NotFound
from khuen.ids import uuid7
from khuen.msgid import N_
from khuen.people import service as people
from khuen.people.service import NewPerson
from khuen.tenancy import Here, hot

CHANGED = N_("This form was changed meanwhile. Read it through once more")
NOT_COMPLETE = N_("A page is not complete yet")
WORKED_ON = N_("Somebody has worked on this case already, so it stays. Close it on its own page")


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


@dataclass(frozen=True, slots=True)
class Enrolled:
    code: str
    undo: str | None  #: token of the undo bar, the first time


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


async def save(here: Here, draft_id: UUID, step: str, typed: dict[str, str]) -> Held:
    """Keep what a page holds. A draft that became a case stays as it is. Raises NotFound."""
    held = await _locked(here, draft_id)
    if held.case_id is not None:
        return held
    merged = held.typed | typed
    safe = await vault.open_tenant(here)
    changed = {Draft.step: step, Draft.content_sealed: _seal(safe, draft_id, merged), Draft.changed_at: here.now}
    await Draft.update(changed).where(Draft.id == draft_id)
    return Held(draft_id, step, here.now, None, merged)


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


async def around(here: Here) -> Around:
    return Around(here.today, await near_of(here))


async def same_people(here: Here, held: Held) -> tuple[Resembling, ...]:
    """Who of those registered here may be the person of this draft."""
    person = _comparable(held)
    matches = await people.likely_same(here, [person])
    return await resembling(here, matches[person.id])


def decided(held: Held, found: tuple[Resembling, ...]) -> bool:
    """Whether the question "the same person?" was answered for exactly these people."""
    return not found or held.typed.get("same_for") == _fingerprint(found)


async def decide_same(here: Here, draft_id: UUID, choice: str) -> Held:
    """Remember the answer: "new", or the id of somebody who was found. Raises NotFound; Conflict for another id.

    Nobody shares a national ID with another person, and who has an open case is not enrolled once more.
    """
    held = await draft(here, draft_id)
    found = await same_people(here, held)
    allowed = {str(one.person_id) for one in found if not one.open_case}
    if all(one.by != "national_id" for one in found):
        allowed.add("new")
    if choice not in allowed:
        raise Conflict
    return await save(here, draft_id, held.step, {"same": choice, "same_for": _fingerprint(found)})


async def suggested(here: Here, held: Held) -> list[Suggestion]:
    """Buddies who would suit, best first."""
    entry = forms.read(held.typed, await around(here)).entry
    if entry is None:
        return await buddies.suggestions_for(
            here, Home(held.id, held.typed.get("subdistrict_code") or None, None, None)
        )
    return await buddies.suggestions_for(here, Home(held.id, entry.subdistrict_code, entry.moo, entry.sex))


async def confirm(here: Here, draft_id: UUID, seen: str) -> Enrolled:
    """The draft becomes a person, a case, consents, a first visit and perhaps an assignment. Harmless twice.

    The case takes the draft's id. `seen` is `seen_mark` of what was read through. Raises Conflict when that is no
    longer what the draft says, a page is not complete, or the person turned out to be here already.
    """
    held = await _locked(here, draft_id)
    if held.case_id is not None:
        return Enrolled(await _code(held.case_id), None)
    if seen != seen_mark(held):
        raise Conflict(CHANGED)
    entry = forms.entry(held.typed, await around(here))
    if entry is None:
        raise Conflict(NOT_COMPLETE)
    if not decided(held, await same_people(here, held)):
        raise Conflict(cases.OPEN_ALREADY)
    codes = await open_many(here, await project_of(here, _uuid(held.typed.get("project"))), [_opening(held, entry)])
    safe = await vault.open_tenant(here)
    emptied = {Draft.case_id: draft_id, Draft.content_sealed: _seal(safe, draft_id, {}), Draft.changed_at: here.now}
    await Draft.update(emptied).where(Draft.id == draft_id)
    return Enrolled(codes[draft_id], await undo.offer(here, "enrolment", draft_id))


def seen_mark(held: Held) -> str:
    return held.changed_at.isoformat()


async def take_back(here: Here, case_id: UUID) -> None:
    """Undo an enrolment: the case is closed with the reason, its buddy is free, the person stays found by search.

    Nothing is deleted, because within the minute a colleague may have seen the case. Raises Conflict when somebody
    has worked on it.
    """
    stage = await hot(queries.STAGE_OF, case_id)
    if not stage:
        raise NotFound
    if stage[0]["stage"] == "closed":
        return
    if stage[0]["stage"] != "enrolled" or await hot(queries.VISITED, [case_id]):
        raise Conflict(WORKED_ON)
    await close_all(here, [case_id], "enrolled_by_mistake")
    await audit.record(here, "case:closed", case_id, reason="enrolled_by_mistake")


def _opening(held: Held, entry: Entry) -> Opening:
    same = held.typed.get("same", "new")
    return Opening(
        held.id,
        entry,
        known_person=None if same == "new" else _uuid(same),
        buddy=_uuid(held.typed.get("buddy")),
        extra_reason=held.typed.get("extra_reason") or None,
    )


def _comparable(held: Held) -> NewPerson:
    """Name, id and phone of the first page, whatever the later pages still lack; what cannot be read is left out."""
    given, family, id_, phone = (
        forms.understood(reader, held.typed.get(name, ""))
        for reader, name in (
            (rules.name, "given_name"),
            (rules.no_family, "family_name"),
            (rules.national_id, "national_id"),
            (rules.phone, "phone"),
        )
    )
    name = thai.split_prefix(given or "")[1]
    return NewPerson(held.id, "", name, family or "", name, national_id=id_, phone=phone)


def _fingerprint(found: tuple[Resembling, ...]) -> str:
    return " ".join(sorted(f"{one.person_id}:{one.by}" for one in found))


def _refusals_name(here: Here) -> str:
    return f"refused:{clock.fiscal_year(here.today)}"


async def _code(case_id: UUID) -> str:
    rows = await hot(queries.STAGE_OF, case_id)
    if not rows:
        raise NotFound
    return str(rows[0]["code"])


async def _locked(here: Here, draft_id: UUID) -> Held:
    row = await Draft.select().where(Draft.id == draft_id, Draft.member_id == here.member_id).lock_rows().first()
    if row is None:
        raise NotFound
    return _held(await vault.open_tenant(here), row)


def _held(safe: vault.TenantVault, row: dict[str, object]) -> Held:
    id_, sealed = row["id"], row["content_sealed"]
    text = safe.unseal("enrolment_draft", "content", id_, sealed)  # type: ignore[arg-type]
    typed = msgspec.json.decode(text, type=dict[str, str])
    return Held(id_, row["step"], row["changed_at"], row["case_id"], typed)  # type: ignore[arg-type]


def _seal(safe: vault.TenantVault, draft_id: UUID, typed: dict[str, str]) -> bytes:
    return safe.seal("enrolment_draft", "content", draft_id, msgspec.json.encode(typed).decode())


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
