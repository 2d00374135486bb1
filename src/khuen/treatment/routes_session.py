"""One session: its roster, who came, the doctor, and closing it."""

from __future__ import annotations

from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from khuen import clock, web
from khuen.errors import Invalid
from khuen.ids import uuid7
from khuen.tenancy import within
from khuen.treatment import rules, service
from khuen.treatment.rules import KINDS, MARKS, REASONS, Kind, Mark, Said
from khuen.treatment.service import Expected, Marked
from khuen.words import N_

Asked: TypeAlias = Request[Any, Any, Any]

SEE, ATTEND = {"perm": "treatment.see"}, {"perm": "treatment.attend"}
SAVED, CLOSED = N_("Saved who came"), N_("The session is closed")
DOCTOR_SAVED = N_("Saved who the doctor was")


class DoctorForm(msgspec.Struct):
    key: UUID
    doctor: UUID
    present: str = ""


class CloseForm(msgspec.Struct):
    key: UUID
    kind: Kind
    rest: str = ""


@get("/{tenant:str}/sessions/{session_id:uuid}", opt=SEE)
async def session(request: Asked, tenant: FromPath[str], session_id: FromPath[UUID]) -> Response[str]:
    return await _session(request, session_id)


@get("/{tenant:str}/sessions/{session_id:uuid}/sheet", opt=SEE)
async def sheet(request: Asked, tenant: FromPath[str], session_id: FromPath[UUID]) -> Response[str]:
    """The roster on paper, with room for signatures."""
    here = web.here(request)
    async with within(here):
        found = await service.session(here, session_id)
        people = await service.roster_sheet(here, found)
    time = clock.time_of_day(found.starts_at)
    return web.page(request, "treatment/sheet.html", it=found, people=people, kinds=KINDS, time=time)


@post("/{tenant:str}/sessions/{session_id:uuid}/attendance", opt=ATTEND)
async def attendance(request: Asked, tenant: FromPath[str], session_id: FromPath[UUID]) -> Response[Any]:
    """The whole roster, or as much of it as the form holds; only rows that say something new are written.

    Looking for somebody is a button of the same form, so that no tick is lost; who is looked for is in no address.
    """
    raw = await request.form()
    codes = [name.removeprefix("key.") for name in raw if name.startswith("key.")]
    marks, errors = _marks(raw, codes)
    correction = str(raw.get("correction", "")).strip()[:200]
    here = web.here(request)
    if not errors:
        try:
            async with within(here):
                await service.record_attendance(here, session_id, marks, correction=correction)
        except Invalid as error:
            errors = error.fields or {"roster": error.text}
    if errors:
        draft = {one.code: one.said for one in marks}
        return await _session(request, session_id, errors=errors, typed=web.typed(raw), draft=draft, status=422)
    if find := str(raw.get("find", "")).strip()[:60]:
        kept = {"correction": correction} if "correction" in raw else {}
        return await _session(request, session_id, typed=kept, find=find)
    return web.saved(request, f"/{tenant}/sessions/{session_id}", text=SAVED)


@post("/{tenant:str}/sessions/{session_id:uuid}/attendance/{code:str}", opt=ATTEND)
async def mark(request: Asked, tenant: FromPath[str], session_id: FromPath[UUID], code: FromPath[str]) -> Response[Any]:
    """One row, as soon as it is ticked."""
    marks, errors = _marks(await request.form(), [code])
    here = web.here(request)
    if errors:
        raise Invalid(errors)
    async with within(here):
        found = await service.record_attendance(here, session_id, marks)
        people = await service.roster(here, found)
    if not web.is_htmx(request):
        return web.saved(request, f"/{tenant}/sessions/{session_id}", text=SAVED)
    row = next(one for one in people if one.code == code)
    return web.piece(request, "treatment/_marked.html", it=found, row=row, **_words(people))


@post("/{tenant:str}/sessions/{session_id:uuid}/doctors", opt=ATTEND)
async def doctors(request: Asked, tenant: FromPath[str], session_id: FromPath[UUID]) -> Response[Any]:
    form, errors = web.read(DoctorForm, await request.form())
    if form is None:
        return await _session(request, session_id, errors=errors, status=422)
    here = web.here(request)
    try:
        async with within(here):
            if form.present:
                await service.doctor_came(here, session_id, form.doctor, key=form.key)
            else:
                await service.doctor_went(here, session_id, form.doctor)
    except Invalid as error:
        return await _session(request, session_id, errors=error.fields or {"doctor": error.text}, status=422)
    return web.saved(request, f"/{tenant}/sessions/{session_id}", text=DOCTOR_SAVED)


@post("/{tenant:str}/sessions/{session_id:uuid}/closure", opt=ATTEND)
async def close(request: Asked, tenant: FromPath[str], session_id: FromPath[UUID]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(CloseForm, raw)
    if form is None:
        return await _session(request, session_id, errors=errors, typed=web.typed(raw), status=422)
    here = web.here(request)
    try:
        async with within(here):
            await service.close_session(
                here, session_id, key=form.key, kind=form.kind, rest_absent=form.rest == "absent"
            )
    except Invalid as error:
        fields = error.fields or {"kind": error.text}
        return await _session(request, session_id, errors=fields, typed=web.typed(raw), status=422)
    return web.saved(request, f"/{tenant}/sessions/{session_id}", text=CLOSED)


ROUTES = [session, sheet, attendance, mark, doctors, close]


async def _session(
    request: Asked,
    session_id: UUID,
    *,
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
    draft: dict[str, Said] | None = None,
    find: str = "",
    status: int = 200,
) -> Response[str]:
    here = web.here(request)
    async with within(here):
        found = await service.session(here, session_id)
        people = await service.roster(here, found)
    names = {one.code: one.name for one in people}
    told = {f"why.{field}" if field in names else field: text for field, text in (errors or {}).items()}
    return web.page(
        request,
        "treatment/session.html",
        status=status,
        it=found,
        people=people,
        shown=[one for one in people if rules.is_meant(find, one.name, one.code)],
        find=find,
        time=clock.time_of_day(found.starts_at),
        may_mark=rules.may_mark(found.on, here.today) and found.state == "planned",
        day_has_come=rules.may_mark(found.on, here.today),
        errors=told,
        typed=typed or {},
        draft=draft or {},
        correcting=found.state == "closed" and ("correct" in request.query_params or "correction" in (typed or {})),
        when=clock.day_ahead(found.on, here.today),
        moved=[
            (change, clock.in_words(change.was_at, here.now), clock.in_words(change.starts_at, here.now))
            for change in found.changes
        ],
        marks=MARKS,
        reasons=REASONS,
        closed_when=clock.in_words(found.closed_at, here.now) if found.closed_at else "",
        key=uuid7(),
        kinds=KINDS,
        **_words(people),
    )


def _words(people: list[Expected]) -> dict[str, Any]:
    """What a roster and each of its rows say; keys of rows are made fresh for every showing."""
    said = [one.said.mark if one.said else None for one in people]
    return {
        "new_key": uuid7,
        "whys": [("", N_("Choose the reason")), (Mark.EXCUSED.value, MARKS[Mark.EXCUSED]), *REASONS.items()],
        "counts": [
            (MARKS[Mark.PRESENT], said.count(Mark.PRESENT)),
            (MARKS[Mark.ABSENT], said.count(Mark.ABSENT)),
            (MARKS[Mark.EXCUSED], said.count(Mark.EXCUSED)),
            (N_("Not marked"), said.count(None)),
        ],
    }


def _marks(raw: Any, codes: list[str]) -> tuple[list[Marked], dict[str, str]]:
    """What the rows of a form say anew: the tick `here.CODE`, the reason `why.CODE`, how it stood `was.CODE`."""
    marks, errors = [], {}
    for code in codes:
        try:
            was = rules.from_code(str(raw.get(f"was.{code}", "")))
            now = rules.said(f"here.{code}" in raw, str(raw.get(f"why.{code}", "")), was)
            if now and now != was:
                marks.append(Marked(UUID(str(raw.get(f"key.{code}", ""))), code, now))
        except ValueError:
            errors[code] = web.WRONG
    return marks, errors
