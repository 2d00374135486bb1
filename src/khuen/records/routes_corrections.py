"""Correcting one field of a person, with its reason; and all that was corrected before."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from khuen import clock, places, web
from khuen.cases.service import asked_code
from khuen.ids import uuid7
from khuen.people import corrections
from khuen.people.corrections import Changed, Line, Values
from khuen.people.rules import FIELDS, OFFERED_REASONS, REASONS, Field, Reason
from khuen.records import rules, service
from khuen.records.shown import SEXES, said
from khuen.tenancy import Here, within
from khuen.words import N_

Asking: TypeAlias = Request[Any, Any, Any]

CORRECT = {"perm": "people.correct"}
SAVED, BACK = N_("The correction is saved"), N_("Taken back")
WHY = N_("Choose why this is corrected")
WHICH_TAMBON = N_("Several tambons have this name. Choose one from the list")
NO_TAMBON = N_("No tambon fits. Check the spelling, or type less")


class CorrectionForm(msgspec.Struct):
    key: UUID
    field: Field
    mark: Annotated[str, Meta(max_length=40)]
    reason: Annotated[Literal["typing", "papers", "changed", "said", "other"], Meta(extra={"error": WHY})]
    note: Annotated[str, Meta(max_length=200)] = ""


@get("/{tenant:str}/people/{code:str}/corrections", opt=CORRECT)
async def page(request: Asking, tenant: FromPath[str], code: FromPath[str]) -> Response[str]:
    asked = request.query_params.get("field", "")
    return await _page(request, tenant, code, Field(asked) if asked in FIELDS else None)


@post("/{tenant:str}/people/{code:str}/corrections", opt=CORRECT)
async def correct(request: Asking, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    typed = web.typed(raw)
    form, errors = web.read(CorrectionForm, raw)
    one = Field(typed["field"]) if typed.get("field") in FIELDS else None
    here = web.here(request)
    values: dict[str, str] = {}
    choices: list[places.Place] = []
    if one is not None:
        values, wrong = rules.read(one, typed, here.today)
        if one is Field.ADDRESS and not wrong:
            values["subdistrict_code"], choices, wrong = _tambon(typed)
        errors = wrong | errors
    if form is None or errors:
        return await _page(request, tenant, code, one, status=422, errors=errors, typed=typed, choices=choices)
    try:
        async with within(here):
            whose = await service.known(here, asked_code(code))
            await corrections.correct(
                here,
                whose.person_id,
                form.field,
                values,
                was=form.mark,
                reason=Reason(form.reason),
                note=form.note,
                key=form.key,
            )
    except Changed as changed:
        return await _page(request, tenant, code, one, status=409, typed=typed, changed=changed)
    return web.saved(request, f"/{tenant}/people/{code}/corrections", text=SAVED)


@post("/{tenant:str}/people/{code:str}/corrections/{correction_id:uuid}/undo", opt=CORRECT)
async def take_back(
    request: Asking, tenant: FromPath[str], code: FromPath[str], correction_id: FromPath[UUID]
) -> Response[Any]:
    here = web.here(request)
    try:
        async with within(here):
            whose = await service.known(here, asked_code(code))
            await corrections.take_back(here, whose.person_id, correction_id, key=uuid7(here.now))
    except Changed as changed:
        return await _page(request, tenant, code, None, status=409, changed=changed)
    return web.saved(request, f"/{tenant}/people/{code}/corrections", text=BACK)


ROUTES = [page, correct, take_back]


async def _page(
    request: Asking,
    tenant: str,
    code: str,
    one: Field | None,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
    choices: list[places.Place] | None = None,
    changed: Changed | None = None,
) -> Response[str]:
    here = web.here(request)
    async with within(here):
        whose, stands, lines = await service.corrected(here, asked_code(code))
        mark = await corrections.mark(here, stands[one]) if one else ""
    base = f"/{tenant}/people/{code}/corrections"
    return web.page(
        request,
        "people/corrections.html",
        status=status,
        whose=whose,
        fields=[(field, FIELDS[field], said(field, stands[field])) for field in Field],
        one=one,
        label=FIELDS[one] if one else "",
        mark=mark,
        values=_typed(one, stands[one], typed) if one else {},
        tambons=_tambons(stands[Field.ADDRESS]["subdistrict_code"], choices or []) if one is Field.ADDRESS else [],
        credit=places.CREDIT,
        sexes=SEXES,
        reasons=[(reason, REASONS[reason]) for reason in OFFERED_REASONS],
        errors=errors or {},
        typed=typed or {},
        changed=_both(one, changed) if changed else None,
        lines=[_line(here, line) for line in lines],
        base=base,
        back=f"/{tenant}/cases/{code}",
        key=uuid7(),
    )


def _typed(one: Field, stands: Values, typed: dict[str, str] | None) -> dict[str, str]:
    """What the form shows: what was typed, else what stands; an identity number is never shown again."""
    if typed is not None:
        return {name: typed.get(name, "") for name in (*rules.FORM[one], "tambon")}
    if one is Field.BIRTH:
        day = stands["born_on"].split("-") if stands["born_on"] else ["", "", ""]
        year = str(int(stands["born_year"]) + 543) if stands["born_year"] else ""
        return {"birth_day": day[2].lstrip("0"), "birth_month": day[1].lstrip("0"), "birth_year": year}
    if one is Field.NATIONAL_ID:
        return {"national_id": "", "none": ""}
    if one is Field.PHONE:
        return {"phone": said(one, stands)[0]}
    return {**stands, "tambon": ""}


def _tambon(typed: dict[str, str]) -> tuple[str, list[places.Place], dict[str, str]]:
    """(code, tambons to choose from, errors): what was typed beside the list counts before the list."""
    text, chosen = typed.get("tambon", "").strip(), typed.get("subdistrict_code", "")
    if not text:
        return (chosen if places.place(chosen) else ""), [], {}
    found = places.find_tambon(text[:100])
    if chosen and any(one.code == chosen for one in found):
        return chosen, found, {}
    if len(found) == 1:
        return found[0].code, found, {}
    return "", found, {"tambon": WHICH_TAMBON if found else NO_TAMBON}


def _tambons(code: str, choices: list[places.Place]) -> list[tuple[str, str]]:
    found = choices or places.tambons(code[:4])
    return [(one.code, one.label) for one in found]


def _both(one: Field | None, changed: Changed) -> tuple[Any, Any] | None:
    """(what stands now, what was sent), as the page says them."""
    field = one or next(field for field in Field if set(corrections.PARTS[field]) == set(changed.present))
    return said(field, changed.present), said(field, changed.typed)


def _line(here: Here, line: Line) -> dict[str, Any]:
    return {
        "id": line.id,
        "label": FIELDS[line.field],
        "before": said(line.field, line.before),
        "after": said(line.field, line.after),
        "reason": REASONS[line.reason],
        "note": line.note,
        "at": clock.in_words(line.at, here.now),
        "by": line.by,
        "undone": line.undone,
        "back": line.reverts is None and not line.undone,
    }
