"""The pages of slips: what happened, and what is done to help."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from khuen import clock, undo, web
from khuen.endings import forms, service, slips
from khuen.endings.forms import Asked
from khuen.endings.rules import SLOTS, SUPPORTS, TOLD, USES, Slot, Told
from khuen.endings.slips import Line, NewSlip
from khuen.errors import Conflict, Invalid, KeyReused, NotFound
from khuen.tenancy import Here, within
from khuen.words import N_

RECORDED = N_("The slip is recorded. The buddy is asked to visit, and time with the doctor is asked for")
CORRECTED = N_("The entry is corrected")
WITHDRAWN = N_("The entry is taken back")
CHANGED = N_("The time with the doctor is recorded")
WHY = N_("Say why in a few words")
SEE, RECORD = {"perm": "endings.see"}, {"perm": "endings.record"}


class SlipForm(msgspec.Struct):
    key: UUID
    told_by: Told
    note: Annotated[str, Meta(max_length=1000, extra={"lines": True})] = ""
    corrects: UUID | None = None


class WithdrawalForm(msgspec.Struct):
    why: Annotated[str, Meta(min_length=3, max_length=200, extra={"error": WHY})]


class SlotForm(msgspec.Struct):
    was: Slot
    slot: Slot


@get("/{tenant:str}/cases/{code:str}/slips", opt=SEE)
async def all_slips(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[str]:
    return await _page(request, code)


@post("/{tenant:str}/cases/{code:str}/slips", opt=RECORD)
async def record(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(SlipForm, raw)
    on = forms.day(raw, "on", errors)
    if form is None or errors:
        return await _again(request, code, raw.get("corrects"), 422, errors, web.typed(raw))
    here = web.here(request)
    try:
        async with within(here):
            done = await slips.record(here, code, NewSlip(form.key, on, form.told_by, form.note, form.corrects))
            token = await undo.offer(here, "slip", done)
    except Invalid as wrong:
        return await _again(request, code, raw.get("corrects"), 422, wrong.fields, web.typed(raw))
    except KeyReused:
        raise
    except Conflict as conflict:
        return await _page(request, code, status=409, errors={"on": conflict.text}, typed=web.typed(raw))
    text = CORRECTED if form.corrects else RECORDED
    return web.saved(request, f"/{tenant}/cases/{code}/slips", text=text, undo=token)


@get("/{tenant:str}/cases/{code:str}/slips/{slip_id:uuid}", opt=SEE)
async def slip(request: Asked, tenant: FromPath[str], code: FromPath[str], slip_id: FromPath[UUID]) -> Response[str]:
    return await _one(request, code, slip_id)


@post("/{tenant:str}/cases/{code:str}/slips/{slip_id:uuid}/withdrawal", opt=RECORD)
async def withdraw(
    request: Asked, tenant: FromPath[str], code: FromPath[str], slip_id: FromPath[UUID]
) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(WithdrawalForm, raw)
    if form is None:
        return await _one(request, code, slip_id, status=422, errors=errors, typed=web.typed(raw))
    here = web.here(request)
    async with within(here):
        await slips.withdraw(here, code, slip_id, form.why)
    return web.saved(request, f"/{tenant}/cases/{code}/slips", text=WITHDRAWN)


@post("/{tenant:str}/cases/{code:str}/slips/{slip_id:uuid}/slot", opt=RECORD)
async def settle_slot(
    request: Asked, tenant: FromPath[str], code: FromPath[str], slip_id: FromPath[UUID]
) -> Response[Any]:
    """Booked for a day, talked with on a day, or not needed."""
    raw = await request.form()
    form, errors = web.read(SlotForm, raw)
    dated = form is not None and form.slot in (Slot.BOOKED, Slot.SEEN)
    on = forms.day(raw, "slot_on", errors) if dated else None
    if form is None or errors:
        return await _one(request, code, slip_id, status=422, errors=errors, typed=web.typed(raw))
    here = web.here(request)
    try:
        async with within(here):
            await slips.settle_slot(here, code, slip_id, form.was, form.slot, on)
    except Invalid as wrong:
        return await _one(request, code, slip_id, status=422, errors=wrong.fields, typed=web.typed(raw))
    except Conflict as conflict:
        return await _one(request, code, slip_id, status=409, errors={"slot": conflict.text}, typed=web.typed(raw))
    return web.saved(request, f"/{tenant}/cases/{code}/slips", text=CHANGED)


ROUTES = [all_slips, record, slip, withdraw, settle_slot]


async def _again(
    request: Asked, code: str, corrects: Any, status: int, errors: dict[str, str], typed: dict[str, str]
) -> Response[str]:
    """The form that was sent: of a new entry, or of a correction."""
    try:
        slip_id = UUID(str(corrects))
    except ValueError:
        return await _page(request, code, status=status, errors=errors, typed=typed)
    return await _one(request, code, slip_id, status=status, errors=errors, typed=typed)


async def _page(
    request: Asked,
    code: str,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
) -> Response[str]:
    here = web.here(request)
    async with within(here):
        case = await service.seen(here, code, "slips")
        lines = await slips.of_case(here, case)
    return forms.page(
        request,
        "endings/slips.html",
        case,
        "slips",
        status=status,
        errors=errors,
        lines=[(line, _when(here, line)) for line in lines],
        typed=forms.fill_day(typed or {}, "on", here.today),
        **_words(),
    )


async def _one(
    request: Asked,
    code: str,
    slip_id: UUID,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
) -> Response[str]:
    here = web.here(request)
    async with within(here):
        case = await service.seen(here, code, "slips")
        found = [line for line in await slips.of_case(here, case) if line.id == slip_id]
    if not found:
        raise NotFound
    line = found[0]
    shown = {"told_by": line.told_by.value, "note": line.note, "why": ""} | (typed or {})
    shown = forms.fill_day(forms.fill_day(shown, "on", line.on), "slot_on", line.slot_on or here.today)
    return forms.page(
        request,
        "endings/slip.html",
        case,
        "slips",
        status=status,
        errors=errors,
        line=line,
        when=_when(here, line),
        typed=shown,
        **_words(),
    )


def _when(here: Here, line: Line) -> tuple[str, str]:
    """(when it was recorded, when it was taken back) in words."""
    back = clock.in_words(line.withdrawn[0], here.now) if line.withdrawn else ""
    return clock.in_words(line.recorded_at, here.now), back


def _words() -> dict[str, Any]:
    return {"told": TOLD, "uses": USES, "supports": SUPPORTS, "slots": SLOTS, "own_whys": OWN_WHYS}


#: reasons that the product writes itself
OWN_WHYS = {slips.CORRECTED: N_("Corrected by a later entry"), "undone": N_("Taken back at once")}
