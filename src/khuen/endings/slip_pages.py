"""The pages of slips: what happened, and what is done to help."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from khuen import clock, undo, web
from khuen.endings import forms, slips
from khuen.endings.forms import Asked, Page
from khuen.endings.rules import CHOSEN, SLOTS, SUPPORTS, TOLD, USES, Slot, Told
from khuen.endings.service import Subject
from khuen.endings.slips import Line, NewSlip
from khuen.errors import NotFound
from khuen.tenancy import Here
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
    return await SLIPS.show(request, code)


@post("/{tenant:str}/cases/{code:str}/slips", opt=RECORD)
async def record(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(SlipForm, raw)
    on = forms.day(raw, "on", errors)
    page = _sent_from(raw.get("corrects"))
    if form is None or errors:
        return await page.again(request, code, errors)
    new = NewSlip(form.key, on, form.told_by, form.note, form.corrects)

    async def act(here: Here) -> tuple[str, str]:
        done = await slips.record(here, code, new)
        return CORRECTED if new.corrects else RECORDED, await undo.offer(here, "slip", done)

    return await page.acted(request, code, act, "on", meanwhile=SLIPS)


@get("/{tenant:str}/cases/{code:str}/slips/{slip_id:uuid}", opt=SEE)
async def slip(request: Asked, tenant: FromPath[str], code: FromPath[str], slip_id: FromPath[UUID]) -> Response[str]:
    return await _page_of(slip_id).show(request, code)


@post("/{tenant:str}/cases/{code:str}/slips/{slip_id:uuid}/withdrawal", opt=RECORD)
async def withdraw(
    request: Asked, tenant: FromPath[str], code: FromPath[str], slip_id: FromPath[UUID]
) -> Response[Any]:
    form, errors = web.read(WithdrawalForm, await request.form())
    page = _page_of(slip_id)
    if form is None:
        return await page.again(request, code, errors)
    why = form.why

    async def act(here: Here) -> tuple[str, None]:
        await slips.withdraw(here, code, slip_id, why)
        return WITHDRAWN, None

    return await page.acted(request, code, act, "why")


@post("/{tenant:str}/cases/{code:str}/slips/{slip_id:uuid}/slot", opt=RECORD)
async def settle_slot(
    request: Asked, tenant: FromPath[str], code: FromPath[str], slip_id: FromPath[UUID]
) -> Response[Any]:
    """Booked for a day, talked with on a day, or not needed."""
    raw = await request.form()
    form, errors = web.read(SlotForm, raw)
    dated = form is not None and form.slot in (Slot.BOOKED, Slot.SEEN)
    on = forms.day(raw, "slot_on", errors) if dated else None
    page = _page_of(slip_id)
    if form is None or errors:
        return await page.again(request, code, errors)
    was, now = form.was, form.slot

    async def act(here: Here) -> tuple[str, None]:
        await slips.settle_slot(here, code, slip_id, was, now, on)
        return CHANGED, None

    return await page.acted(request, code, act, "slot")


ROUTES = [all_slips, record, slip, withdraw, settle_slot]


async def _all(here: Here, case: Subject) -> dict[str, Any]:
    lines = await slips.of_case(here, case)
    return {"lines": [(line, _when(here, line)) for line in lines], "tellers": _tellers(), **_words()}


SLIPS = Page("slips", "endings/slips.html", _all)


def _page_of(slip_id: UUID) -> Page:
    """The page of one entry; what is done there leads back to all of them."""

    async def values(here: Here, case: Subject) -> dict[str, Any]:
        line = next((line for line in await slips.of_case(here, case) if line.id == slip_id), None)
        if line is None:
            raise NotFound
        typed = forms.fill_day({"told_by": line.told_by.value, "note": line.note}, "on", line.on)
        typed = forms.fill_day(typed, "slot_on", line.slot_on or here.today)
        return {"line": line, "when": _when(here, line), "typed": typed, "tellers": _tellers(line.told_by), **_words()}

    return Page("slips", "endings/slip.html", values, ("why",), days=())


def _sent_from(corrects: Any) -> Page:
    """The page whose form was sent: of a new entry, or of a correction."""
    try:
        return _page_of(UUID(str(corrects)))
    except ValueError:
        return SLIPS


def _when(here: Here, line: Line) -> tuple[str, str]:
    """(when it was recorded, when it was taken back) in words."""
    back = clock.in_words(line.withdrawn[0], here.now) if line.withdrawn else ""
    return clock.in_words(line.recorded_at, here.now), back


def _tellers(present: Told = Told.SELF) -> list[tuple[Told, str]]:
    """Whom the form offers; what stands may stay."""
    return [(kind, TOLD[kind]) for kind in dict.fromkeys((*CHOSEN, present))]


def _words() -> dict[str, Any]:
    return {"told": TOLD, "uses": USES, "supports": SUPPORTS, "slots": SLOTS, "own_whys": OWN_WHYS}


#: reasons that the product writes itself
OWN_WHYS = {slips.CORRECTED: N_("Corrected by a later entry"), "undone": N_("Taken back at once")}
