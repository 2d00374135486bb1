"""Filling in, correcting and withdrawing forms, deciding a colour, and reading what stands.

A danger is told to whoever is on duty in the transaction of the form or decision that showed it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from khuen import audit, vault
from khuen.cases import service as cases
from khuen.errors import Conflict, Invalid, KeyReused, NotFound
from khuen.msgid import N_
from khuen.pathway import service as pathway
from khuen.screening import alerts, forms, queries, rules
from khuen.screening.forms import Choice, Done, Filled, Form
from khuen.screening.instruments import CURRENT
from khuen.screening.rules import Colour, Decided, Result, Tool
from khuen.screening.tables import ColourDecision, Screening, ScreeningWithdrawal
from khuen.tenancy import Here, hot, many

GIVE_A_REASON = N_("This differs from the suggestion. Please say why")


class NoConsent(Conflict):
    title = N_("There is no consent to treatment")
    text = N_("Nothing is asked without it. Record the consent first, or talk with the person again.")


class AlreadyReplaced(Conflict):
    text = N_("This form was corrected or withdrawn meanwhile. Look at the newest one, then decide.")


@dataclass(frozen=True, slots=True)
class Saved:
    """`told` are the colleagues who hear of a danger; None when there is none, or when it was told before."""

    id: UUID
    told: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Head:
    case_id: UUID
    code: str
    name: str
    colour: Colour | None
    has_consent: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """`forms` is empty for whoever may not see results; `done` is for everybody."""

    head: Head
    done: tuple[Done, ...]
    decisions: tuple[Choice, ...]
    forms: tuple[Form, ...]

    @property
    def results(self) -> list[Result]:
        return [form.result for form in self.forms if form.stands]

    @property
    def decided(self) -> Decided | None:
        return Decided(self.decisions[0].colour, self.decisions[0].at) if self.decisions else None


async def record(here: Here, code: str, filled: Filled) -> Saved:
    """Keep a complete form once; tell whoever is on duty when it shows a danger. Harmless twice by its id.

    Raises NotFound, NoConsent, AlreadyReplaced, KeyReused, and Invalid while an answer is missing.
    """
    case = await _hold(code)
    own = await vault.person(here, case["person_id"])
    scores = rules.score(CURRENT[filled.tool], filled.answers)
    if scores is None:
        raise Invalid({})
    if kept := await Screening.select().where(Screening.id == filled.id).first():
        if not _is_same(here, own, kept, case["id"], filled):
            raise KeyReused
        return Saved(filled.id)
    _need_consent(case)
    if filled.replaces:
        await _need_standing(case["id"], filled.replaces, filled.tool)
    if not await hot(queries.KEEP, *forms.row_of(here, own, case["id"], filled, scores)):
        raise KeyReused  # of another case, at this very moment: this one is held
    if filled.replaces:
        await alerts.cancel(here, filled.replaces)
    result = Result(filled.id, filled.tool, filled.taken_on, here.now, filled.answers, scores)
    told = await alerts.tell(here, filled.id) if rules.is_danger(result) else None
    await _tell_pathway(here, [case["id"]])
    await audit.record(here, "screening:corrected" if filled.replaces else "screening:recorded", case["id"])
    return Saved(filled.id, told)


async def withdraw(here: Here, code: str, screening_id: UUID, key: UUID, reason: str) -> None:
    """A form that should not have been: it counts no longer, and stays readable. Harmless twice by `key`.

    Raises NotFound, AlreadyReplaced, KeyReused.
    """
    case = await _hold(code)
    own = await vault.person(here, case["person_id"])
    done = await ScreeningWithdrawal.select().where(ScreeningWithdrawal.screening_id == screening_id).first()
    if done and done["id"] == key:
        return
    await _need_standing(case["id"], screening_id)
    sealed = own.seal("screening_withdrawal", "reason", key, reason)
    row = ScreeningWithdrawal(
        id=key, screening_id=screening_id, reason_sealed=sealed, at=here.now, by_id=here.member_id
    )
    kept = ScreeningWithdrawal.insert(row).on_conflict(
        (ScreeningWithdrawal.tenant_id, ScreeningWithdrawal.id), "DO NOTHING"
    )
    if not await kept.returning(ScreeningWithdrawal.id):
        raise KeyReused
    await alerts.cancel(here, screening_id)
    await _tell_pathway(here, [case["id"]])
    await audit.record(here, "screening:withdrawn", case["id"])


async def decide(here: Here, code: str, key: UUID, colour: Colour, reason: str) -> Saved:
    """A clinician decides the colour of a case; red is told to whoever is on duty. Harmless twice by `key`.

    Raises NotFound, NoConsent, KeyReused, and Invalid when it differs from the suggestion without a reason.
    """
    case = await _hold(code)
    own = await vault.person(here, case["person_id"])
    if made := await ColourDecision.select().where(ColourDecision.id == key).first():
        first = (made["case_id"], made["colour"], made["by_id"])
        if first != (case["id"], colour, here.member_id) or forms.choice_of(own, {**made, "by": None}).reason != reason:
            raise KeyReused
        return Saved(key)
    _need_consent(case)
    filled = [forms.form_of(own, row) for row in await hot(queries.FORMS, case["id"], None)]
    suggested = rules.suggest([form.result for form in filled if form.stands]).colour
    if colour != suggested and not reason:
        raise Invalid({"reason": GIVE_A_REASON})
    sealed = forms.seal(own, "colour_decision", key, {"suggested": suggested, "reason": reason})
    if not await hot(queries.DECIDE, key, case["id"], colour, sealed, here.now, here.member_id):
        raise KeyReused
    newest = (await hot(queries.DECISIONS, case["id"]))[0]  # not this one when its request waited behind a later one
    await cases.record_colour(here, case["id"], newest["colour"])
    told = await alerts.tell(here, key) if colour is Colour.RED else None
    await _tell_pathway(here, [case["id"]])
    await audit.record(here, "colour:decided", case["id"])
    return Saved(key, told)


async def overview(here: Here, code: str, *, results: bool) -> Overview:
    """What was done and decided, with the audit row of having been seen; nothing is opened without `results`.

    Raises NotFound.
    """
    head, own = await _head(here, code)
    rows = await hot(queries.FORMS, head.case_id, None)
    key = own if results else None
    decisions = tuple(forms.choice_of(key, row) for row in await hot(queries.DECISIONS, head.case_id))
    filled = tuple(forms.form_of(key, row) for row in rows) if key else ()
    return Overview(head, forms.done_of(rows), decisions, filled)


async def form(here: Here, code: str, screening_id: UUID) -> tuple[Head, Form]:
    """One filled form, with an audit row. Raises NotFound."""
    head, own = await _head(here, code)
    rows = await hot(queries.FORMS, head.case_id, screening_id)
    if not rows:
        raise NotFound
    return head, forms.form_of(own, rows[0])


async def empty_form(here: Here, code: str, corrects: UUID | None) -> tuple[Head, Form | None]:
    """Whom a form is about, and the one that it corrects. Raises NotFound, NoConsent."""
    if corrects:
        head, found = await form(here, code, corrects)
    else:
        (head, _), found = await _head(here, code), None
    if not head.has_consent:
        raise NoConsent
    return head, found


async def keep_many(here: Here, filled: Iterable[tuple[UUID, UUID, Filled, datetime, UUID]]) -> None:
    """Complete forms at once, nobody told: (case id, person id, form, recorded at, by). For practice data."""
    made = list(filled)
    keys = await vault.persons(here, {person_id for _, person_id, *_ in made})
    rows = []
    for case_id, person_id, one, at, by_id in made:
        scores = rules.score(CURRENT[one.tool], one.answers)
        assert scores is not None, "a form of practice data lacks an answer"
        rows.append(forms.row_of(replace(here, now=at, member_id=by_id), keys[person_id], case_id, one, scores))
    await many(queries.KEEP, rows)


async def decide_many(here: Here, made: Iterable[tuple[UUID, UUID, UUID, Colour, datetime, UUID]]) -> None:
    """Decisions as suggested, nobody told: (id, case id, person id, colour, at, by). For practice data."""
    choices = list(made)
    keys = await vault.persons(here, {person_id for _, _, person_id, *_ in choices})
    rows = [
        (id_, case_id, colour, forms.seal(keys[who], "colour_decision", id_, {"suggested": colour, "reason": ""}), *by)
        for id_, case_id, who, colour, *by in choices
    ]
    await many(queries.DECIDE, rows)
    await cases.record_colours([(case_id, colour) for _, case_id, _, colour, *_ in choices])
    await _tell_pathway(here, [case_id for _, case_id, *_ in choices])


async def screened(here: Here, case_ids: Collection[UUID]) -> dict[UUID, date]:
    """Case id -> the newest day of a screening whose core is complete (rules.CORE); others are left out.

    Says that it was done and nothing else: for rooms above, whoever asks.
    """
    days: dict[UUID, dict[Tool, date]] = {}
    for row in await hot(queries.TAKEN_ON, list(case_ids)):
        days.setdefault(row["case_id"], {})[Tool(row["instrument"])] = row["taken_on"]
    found = {case_id: rules.complete_on(taken_on) for case_id, taken_on in days.items()}
    return {case_id: day for case_id, day in found.items() if day}


async def colour_history(here: Here, case_id: UUID) -> list[Choice]:
    """The colours that were decided, the newest first: words, days and names, no reason."""
    return [forms.choice_of(None, row) for row in await hot(queries.DECISIONS, case_id)]


async def _tell_pathway(here: Here, case_ids: list[UUID]) -> None:
    """The pathway counts a screening that is complete and has led to a colour."""
    days = await screened(here, case_ids)
    rows = await ColourDecision.select(ColourDecision.case_id).where(ColourDecision.case_id.is_in(case_ids))
    coloured = {row["case_id"] for row in rows}
    told = {case_id: {"screened_on": days.get(case_id) if case_id in coloured else None} for case_id in case_ids}
    await pathway.heard(here, told)


async def _hold(code: str) -> Any:
    rows = await hot(queries.HOLD, code)
    if not rows:
        raise NotFound
    return rows[0]


def _need_consent(case: Any) -> None:
    if not case["consents"]:
        raise NoConsent


async def _need_standing(case_id: UUID, screening_id: UUID, tool: Tool | None = None) -> None:
    rows = await hot(queries.FORMS, case_id, screening_id)
    if not rows or tool not in (None, rows[0]["instrument"]):
        raise NotFound
    if rows[0]["replaced_by"] or rows[0]["withdrawal_id"]:
        raise AlreadyReplaced


def _is_same(here: Here, own: vault.PersonVault, kept: dict[str, Any], case_id: UUID, filled: Filled) -> bool:
    """Whether the form that this key stands for is this one; whatever another person's key sealed is not."""
    first = (kept["case_id"], kept["instrument"], kept["taken_on"], kept["replaces_id"], kept["by_id"])
    if first != (case_id, filled.tool, filled.taken_on, filled.replaces, here.member_id):
        return False
    said = forms.unseal(own, "screening", filled.id, kept["content_sealed"])
    again = forms.content(filled, ())
    return all(said[name] == again[name] for name in ("answers", "note", "reason"))


async def _head(here: Here, code: str) -> tuple[Head, vault.PersonVault]:
    rows = await hot(queries.HEAD, code, *audit.entry(here, "case:seen", page="screening").values)
    if not rows:
        raise NotFound
    row = rows[0]
    if row["audit_seq"] is None:
        raise RuntimeError("the audit chain of this district was never started")
    name = f"{row['prefix']}{row['given_name']} {row['family_name']}"
    colour = Colour(row["colour"]) if row["colour"] else None
    safe = await vault.open_tenant(here)
    own = safe.unwrap(row["person_id"], row["key_id"], row["wrapped"])
    return Head(row["id"], row["code"], name, colour, row["consents"]), own
