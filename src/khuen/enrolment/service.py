"""Enrolling one person: the one transaction in which a draft becomes a case, and taking that back."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from khuen import audit, packs, undo
from khuen.buddies import service as buddies
from khuen.buddies.rules import Home, Suggestion
from khuen.cases import service as cases
from khuen.enrolment import drafts, forms, queries
from khuen.enrolment.drafts import Held
from khuen.enrolment.opening import Opening, Resembling, close_all, near_of, open_many, project_of
from khuen.enrolment.rules import Around, Entry
from khuen.enrolment.sameness import decided, same_people
from khuen.errors import Conflict, NotFound
from khuen.msgid import N_
from khuen.people.rules import SameBy
from khuen.tenancy import Here, hot

CHANGED = N_("This form was changed meanwhile. Read it through once more")
NOT_COMPLETE = N_("A page is not complete yet")
OTHER_TEXTS = N_("These are not the consent texts that were read. Go to the page of consents and read the new ones")
WORKED_ON = N_("Somebody has worked on this case already, so it stays. Close it on its own page")


@dataclass(frozen=True, slots=True)
class Enrolled:
    code: str
    undo: str | None  #: token of the undo bar, the first time


async def around(here: Here) -> Around:
    return Around(here.today, await near_of(here))


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
    held = await drafts.locked(here, draft_id)
    if held.case_id is not None:
        return Enrolled(await _code(held.case_id), None)
    if seen != seen_mark(held):
        raise Conflict(CHANGED)
    entry = forms.entry(held.typed, await around(here))
    if entry is None:
        raise Conflict(NOT_COMPLETE)
    alike = await same_people(here, held)
    if not decided(held, alike):
        raise Conflict(cases.OPEN_ALREADY)
    project = await project_of(here, _uuid(held.typed.get("project")))
    if held.typed.get("texts_read") != (await packs.pack(here, project.pack_id)).consent.versions:
        raise Conflict(OTHER_TEXTS)
    codes = await open_many(here, project, [_opening(held, entry, alike)])
    await drafts.became(here, draft_id, draft_id)
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


def _opening(held: Held, entry: Entry, alike: tuple[Resembling, ...]) -> Opening:
    same = held.typed.get("same", "new")
    return Opening(
        held.id,
        entry,
        known_person=None if same == "new" else _uuid(same),
        buddy=_uuid(held.typed.get("buddy")),
        extra_reason=held.typed.get("extra_reason") or None,
        apart={one.person_id: SameBy(one.by) for one in alike} if same == "new" else {},
    )


async def _code(case_id: UUID) -> str:
    rows = await hot(queries.STAGE_OF, case_id)
    if not rows:
        raise NotFound
    return str(rows[0]["code"])


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
