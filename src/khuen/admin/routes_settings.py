"""What a district sets, page by page; what was changed, by whom, and back again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from khuen import clock, district_rows, members, packs, undo, web
from khuen.admin import keeping, setting_fields
from khuen.admin.keeping import Entry, Saving, SettingsChanged
from khuen.admin.setting_fields import PARTS, Part
from khuen.district import DistrictSettings, settings_table
from khuen.errors import Conflict, Invalid, KeyReused, NotFound
from khuen.ids import uuid7
from khuen.messages.rules import KINDS
from khuen.signin.door import Asked
from khuen.signin.role_names import ROLE_NAMES
from khuen.tenancy import within
from khuen.words import N_

SETTINGS = {"perm": "admin.settings"}
HOLIDAYS, WORDING = N_("Holidays"), N_("Words of messages")
SAVED, SET_BACK = N_("Saved. It counts from now on"), N_("Set back. It counts from now on")


class Opened(msgspec.Struct):
    """What every form of a setting carries: its key and the row that it showed."""

    key: UUID
    was: int = 0


@get("/{tenant:str}/admin/settings", opt=SETTINGS)
async def overview(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    here = web.here(request)
    async with within(here):
        saved = await district_rows.by_part(here)
        names = await members.names(here, [by for _, by in saved.values() if by])
    said = {part: (clock.short(clock.day(at)), names.get(by, "–") if by else "–") for part, (at, by) in saved.items()}
    return web.page(request, "admin/settings.html", parts=PARTS.values(), saved=said)


@get("/{tenant:str}/admin/settings/{part:str}", opt=SETTINGS)
async def one_part(request: Asked, tenant: FromPath[str], part: FromPath[str]) -> Response[Any]:
    return await _part(request, _known(part))


@post("/{tenant:str}/admin/settings/{part:str}", opt=SETTINGS)
async def save(request: Asked, tenant: FromPath[str], part: FromPath[str]) -> Response[Any]:
    page, raw, here = _known(part), await request.form(), web.here(request)
    opened, _ = web.read(Opened, raw)
    if opened is None:
        raise NotFound
    said = setting_fields.typed(page, raw)

    def change(settings: DistrictSettings) -> DistrictSettings:
        table = settings_table(settings)
        if errors := setting_fields.read(page, said, table):
            raise Invalid(errors)
        return msgspec.convert(table, DistrictSettings)

    try:
        async with within(here):
            await keeping.save(here, Saving(opened.key, page.slug, opened.was), _view(page), change)
    except Invalid as error:
        return await _part(request, page, said, opened, errors=error.fields, status=422)
    except SettingsChanged as changed:
        differs = _view(page)(changed.present.settings)
        return await _part(request, page, said, None, differs=differs, status=409)
    packs.forget(here.tenant_id)
    return web.saved(request, f"/{tenant}/admin/settings/{page.slug}", text=SAVED)


@get("/{tenant:str}/admin/settings/history", opt=SETTINGS)
async def history(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    return await _history(request)


@post("/{tenant:str}/admin/settings/history/{row_id:uuid}/return", opt=SETTINGS)
async def set_back(request: Asked, tenant: FromPath[str], row_id: FromPath[UUID]) -> Response[Any]:
    opened, _ = web.read(Opened, await request.form())
    if opened is None:
        raise NotFound
    here = web.here(request)
    try:
        async with within(here):
            await keeping.set_back(here, row_id, opened.key)
    except KeyReused:
        raise
    except Conflict as conflict:
        return await _history(request, problem=conflict.text, status=409)
    packs.forget(here.tenant_id)
    return web.saved(request, f"/{tenant}/admin/settings/history", text=SET_BACK)


ROUTES: list[Any] = [overview, history, set_back, one_part, save]


def _known(slug: str) -> Part:
    if slug not in PARTS:
        raise NotFound
    return PARTS[slug]


def _view(part: Part) -> keeping.View:
    return lambda settings: setting_fields.shown(part, settings)


async def _part(
    request: Asked,
    part: Part,
    said: dict[str, Any] | None = None,
    opened: Opened | None = None,
    *,
    errors: dict[str, str] | None = None,
    differs: dict[str, Any] | None = None,
    status: int = 200,
) -> Response[Any]:
    """`differs` is what stands now, when somebody saved meanwhile: shown beside what was typed, which stays."""
    here = web.here(request)
    async with within(here):
        now = await keeping.present(here)
    values = setting_fields.shown(part, now.settings) if said is None else said
    fresh = said is None and now.part == part.slug and now.set_by == here.member_id
    return web.page(
        request,
        "admin/setting.html",
        status=status,
        part=part,
        values=values,
        rows=_rows(values),
        key=opened.key if opened else uuid7(),
        was=opened.was if opened else now.number,
        back_key=uuid7(),
        errors=errors or {},
        differs=differs,
        before=now.id if fresh and here.now - now.set_at < timedelta(seconds=undo.SECONDS) else None,
        roles=[(role, ROLE_NAMES[role]) for role in setting_fields.TOLD],
        weekdays=setting_fields.WEEKDAYS,
    )


def _rows(values: dict[str, Any]) -> int:
    """How many lines of numbers the form has: two empty ones behind the last."""
    places = [int(name.rpartition("-")[2]) for name in values if name.startswith(("number-", "name-"))]
    return min(setting_fields.MOST_NUMBERS, max(places, default=0) + 2)


async def _history(request: Asked, *, problem: str | None = None, status: int = 200) -> Response[Any]:
    here, before = web.here(request), request.query_params.get("before", "")
    async with within(here):
        entries, older = await keeping.history(here, int(before) if before.isdecimal() and len(before) < 9 else None)
    return web.page(
        request,
        "admin/history.html",
        status=status,
        entries=[(one, clock.in_words(one.set_at, here.now), _page_of(one), _changes(one), uuid7()) for one in entries],
        older=older,
        problem=problem,
    )


def _page_of(entry: Entry) -> str:
    if entry.first:
        return N_("The beginning")
    if entry.part == keeping.BACK:
        return N_("An earlier change set back")
    if entry.part in PARTS:
        return PARTS[entry.part].title
    if entry.part is None:
        return N_("The operator's file")
    return WORDING if entry.part.startswith("wording-") else HOLIDAYS


def _changes(entry: Entry) -> list[tuple[str, list[str], list[str]]]:
    """(label, from, to) in words; of a list of days only what came and went."""
    lines = []
    for leaf, (before, after) in entry.changes.items():
        if leaf == ("holidays", "dates"):
            before, after = [on for on in before if on not in after], [on for on in after if on not in before]
        label = KINDS[leaf[1]] if leaf[0] == "messages" else setting_fields.LABELS.get(leaf, ".".join(leaf))
        lines.append((label, setting_fields.words_of(leaf, before), setting_fields.words_of(leaf, after)))
    return lines
