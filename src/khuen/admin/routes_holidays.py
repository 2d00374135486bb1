"""The holidays of a year: the country's are offered, the district's own are written in, what is ticked counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath

from khuen import clock, packs, public_holidays, thai, web
from khuen.admin import keeping
from khuen.admin.keeping import Saving, SettingsChanged
from khuen.admin.routes_settings import SAVED, SETTINGS, Opened
from khuen.admin.setting_fields import TEXT
from khuen.district import DistrictSettings
from khuen.errors import NotFound
from khuen.ids import uuid7
from khuen.signin.door import Asked
from khuen.tenancy import within
from khuen.words import N_

OTHER_YEAR = N_("This day is not in the year of the page")
NAME_IT = N_("Write what the day is called")
BLANKS = 3
_FIRST, _LAST = 2020, 2100


@dataclass(frozen=True, slots=True)
class Day:
    """One line: kept by the district, or offered."""

    on: date
    name: str
    kept: bool
    own: bool  #: not a holiday of the country


@dataclass(frozen=True, slots=True)
class Typed:
    """What a form holds: the days that are ticked, and the lines of days written in, (day, name) as typed."""

    days: frozenset[date]
    lines: tuple[tuple[str, str], ...]


@get("/{tenant:str}/admin/settings/holidays", opt=SETTINGS)
async def year(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    return await _year(request, _asked(request, web.here(request).today.year))


@post("/{tenant:str}/admin/settings/holidays", opt=SETTINGS)
async def save(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    raw, here = await request.form(), web.here(request)
    opened, _ = web.read(Opened, raw)
    if opened is None:
        raise NotFound
    of = _asked(request, here.today.year)
    typed = _typed(raw, of)
    added, errors = _added(typed, of)
    if errors:
        return await _year(request, of, typed, opened, errors=errors, status=422)

    def change(settings: DistrictSettings) -> DistrictSettings:
        kept = settings.holidays
        days = typed.days | added.keys() | {on for on in kept.dates if on.year != of}
        names = {day: name for day, name in kept.names.items() if date.fromisoformat(day) in days}
        names |= {on.isoformat(): name for on, name in added.items()}
        return replace(settings, holidays=replace(kept, dates=tuple(sorted(days)), names=names))

    try:
        async with within(here):
            await keeping.save(here, Saving(opened.key, part_of(of), opened.was), _view(of), change)
    except SettingsChanged as changed:
        return await _year(request, of, typed, differs=changed.present.settings, status=409)
    packs.forget(here.tenant_id)
    return web.saved(request, f"/{tenant}/admin/settings/holidays?y={of + 543}", text=SAVED)


ROUTES: list[Any] = [year, save]


def part_of(of: int) -> str:
    """The page of a year in the history of settings."""
    return f"holidays-{of}"


def _asked(request: Asked, this_year: int) -> int:
    """The common-era year of ?y=2569."""
    text = request.query_params.get("y", "")
    of = int(text) - 543 if text.isascii() and text.isdecimal() and len(text) == 4 else this_year
    return of if _FIRST <= of <= _LAST else this_year


def _typed(form: FormMultiDict, of: int) -> Typed:
    fields = web.typed(form)
    ticked = {on for text in form.getall("day", []) if isinstance(text, str) and (on := _iso(text)) and on.year == of}
    lines = tuple((fields.get(f"new-{n}", "").strip(), fields.get(f"name-{n}", "").strip()) for n in _blanks())
    return Typed(frozenset(ticked), lines)


def _added(typed: Typed, of: int) -> tuple[dict[date, str], dict[str, str]]:
    """The days written in with their names, or what is wrong with which field."""
    added: dict[date, str] = {}
    errors: dict[str, str] = {}
    for n, (day, name) in zip(_blanks(), typed.lines, strict=True):
        if not day and not name:
            continue
        on = clock.parse_date_text(day)
        if isinstance(on, str) or on.year != of:
            errors[f"new-{n}"] = on if isinstance(on, str) else OTHER_YEAR
        elif not name or thai.refuse(name, 120):
            errors[f"name-{n}"] = TEXT if name else NAME_IT
        else:
            added[on] = thai.canonical(name)
    return added, errors


def _view(of: int) -> keeping.View:
    def view(settings: DistrictSettings) -> list[tuple[date, str]]:
        kept = settings.holidays
        return [(on, kept.names.get(on.isoformat(), "")) for on in sorted(kept.dates) if on.year == of]

    return view


async def _year(
    request: Asked,
    of: int,
    typed: Typed | None = None,
    opened: Opened | None = None,
    *,
    errors: dict[str, str] | None = None,
    differs: DistrictSettings | None = None,
    status: int = 200,
) -> Response[Any]:
    here = web.here(request)
    async with within(here):
        now = await keeping.present(here)
    kept = now.settings.holidays
    days = _days(kept.dates, kept.names, of)
    fresh = not any(day.kept for day in days)  # nothing of this year yet: all that is offered is ticked
    ticked = {day.on for day in days if day.kept or fresh} if typed is None else typed.days
    return web.page(
        request,
        "admin/holidays.html",
        status=status,
        year=of + 543,
        days=[(day, clock.echo(day.on), day.on in ticked) for day in days],
        offered=sum(not day.kept for day in days),
        lines=list(zip(_blanks(), typed.lines if typed else [("", "")] * BLANKS, strict=True)),
        now_there=[(clock.echo(on), name) for on, name in _view(of)(differs)] if differs else None,
        key=opened.key if opened else uuid7(),
        was=opened.was if opened else now.number,
        errors=errors or {},
    )


def _days(kept: tuple[date, ...], own: dict[str, str], of: int) -> list[Day]:
    public, ours = public_holidays.of_year(of), {on for on in kept if on.year == of}
    return [
        Day(on, public_holidays.name_of(on, own), on in ours, on not in public) for on in sorted(public.keys() | ours)
    ]


def _iso(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _blanks() -> range:
    return range(1, BLANKS + 1)
