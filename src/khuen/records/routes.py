"""The queue of pairs that may be one person, the comparison side by side, and the merges that were made."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from khuen import clock, undo, web
from khuen.cases.rules import STAGES
from khuen.errors import Conflict, KeyReused, NotFound
from khuen.ids import uuid7
from khuen.people import merging, pairs
from khuen.people.pairs import Shown
from khuen.people.rules import APART, FIELDS, OFFERED_APART, SAME_BY, Apart, Field
from khuen.records import service
from khuen.records.shown import masked
from khuen.tenancy import Here, within
from khuen.words import N_

Asking: TypeAlias = Request[Any, Any, Any]

PAGE = 20
SEE, MERGE = {"perm": "people.duplicates"}, {"perm": "people.merge"}
MERGED = N_("The two records are one now")
PARTED = N_("The two records are two again, each as it was")
SAID_APART = N_("Noted: two people. They will not be shown together again")
PUT_OFF = N_("Put off for 30 days")
REOPENED = N_("The pair waits again")
HOW_KNOWN = N_("Choose how you know")


class MergeForm(msgspec.Struct):
    key: UUID
    mark: Annotated[str, Meta(max_length=40)]


class DecisionForm(msgspec.Struct):
    key: UUID
    kind: Literal["apart", "later"]
    reason: Annotated[Apart | None, Meta(extra={"error": HOW_KNOWN})] = None
    note: Annotated[str, Meta(max_length=200)] = ""


@get("/{tenant:str}/people/duplicates", opt=SEE)
async def queue(request: Asking, tenant: FromPath[str]) -> Response[str]:
    here, page = web.here(request), _page(request.query_params.get("page", ""))
    shown: Shown = "apart" if request.query_params.get("show") == "apart" else "open"
    async with within(here):
        found, total = await service.queue(here, shown, PAGE, (page - 1) * PAGE)
    base = f"/{tenant}/people/duplicates"
    return web.page(
        request,
        "people/duplicates.html",
        found=[(one, clock.in_words(one.pair.decided_at, here.now) if one.pair.decided_at else "") for one in found],
        shown=shown,
        total=total,
        page=page,
        pages=max(1, -(-total // PAGE)),
        base=base,
        tabs=_tabs(tenant, shown),
        reasons=SAME_BY,
        apart_words=APART,
        stages=STAGES,
    )


@get("/{tenant:str}/people/duplicates/{pair_id:uuid}", opt=SEE)
async def pair(request: Asking, tenant: FromPath[str], pair_id: FromPath[UUID]) -> Response[str]:
    return await _compare(request, tenant, pair_id)


@post("/{tenant:str}/people/duplicates/{pair_id:uuid}/merge", opt=MERGE)
async def merge(request: Asking, tenant: FromPath[str], pair_id: FromPath[UUID]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(MergeForm, raw)
    if form is None:
        return await _compare(request, tenant, pair_id, status=422, errors=errors)
    here = web.here(request)
    standing = {one: side for one in Field if (side := str(raw.get(f"stands-{one}", ""))) in ("first", "second")}
    try:
        async with within(here):
            made = await service.merge(here, pair_id, form.key, standing, form.mark)
            token = await undo.offer(here, "merge", made)
    except KeyReused:
        raise
    except Conflict as conflict:
        return await _compare(request, tenant, pair_id, status=409, conflict=conflict)
    return web.saved(request, f"/{tenant}/people/duplicates", text=MERGED, undo=token)


@post("/{tenant:str}/people/duplicates/{pair_id:uuid}/decision", opt=SEE)
async def decision(request: Asking, tenant: FromPath[str], pair_id: FromPath[UUID]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(DecisionForm, raw)
    if form is not None and form.kind == "apart" and form.reason not in OFFERED_APART:
        errors = {"reason": HOW_KNOWN}
    if form is None or errors:
        return await _compare(request, tenant, pair_id, status=422, errors=errors, typed=web.typed(raw))
    here, apart = web.here(request), form.reason if form.kind == "apart" else None
    async with within(here):
        await pairs.decide(here, pair_id, form.key, apart, form.note)
        token = await undo.offer(here, "pair_decision", form.key)
    text = SAID_APART if apart else PUT_OFF
    return web.saved(request, f"/{tenant}/people/duplicates", text=text, undo=token)


@post("/{tenant:str}/people/duplicates/{pair_id:uuid}/reopening", opt=SEE)
async def reopening(request: Asking, tenant: FromPath[str], pair_id: FromPath[UUID]) -> Response[Any]:
    here = web.here(request)
    async with within(here):
        await pairs.reopen(here, pair_id)
    return web.saved(request, f"/{tenant}/people/duplicates", text=REOPENED)


@get("/{tenant:str}/people/merges", opt=SEE)
async def merges(request: Asking, tenant: FromPath[str]) -> Response[str]:
    return await _merges(request, tenant)


@post("/{tenant:str}/people/merges/{merge_id:uuid}/undo", opt=MERGE)
async def undo_merge(request: Asking, tenant: FromPath[str], merge_id: FromPath[UUID]) -> Response[Any]:
    here = web.here(request)
    try:
        async with within(here):
            await merging.undo(here, merge_id)
    except Conflict as conflict:
        return await _merges(request, tenant, status=409, conflict=conflict)
    return web.saved(request, f"/{tenant}/people/merges", text=PARTED)


ROUTES = [queue, pair, merge, decision, reopening, merges, undo_merge]


async def _compare(
    request: Asking,
    tenant: str,
    pair_id: UUID,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
    conflict: Conflict | None = None,
) -> Response[str]:
    here = web.here(request)
    async with within(here):
        found = await _compared(here, pair_id, after_conflict=conflict is not None)
    if found is None:
        assert conflict is not None
        raise conflict
    rows = [
        (
            one,
            FIELDS[one],
            masked(one, found.first.fields[one]),
            masked(one, found.second.fields[one]),
            one in found.differing,
            _stands(found, one),
        )
        for one in Field
    ]
    return web.page(
        request,
        "people/pair.html",
        status=status,
        found=found,
        rows=rows,
        reason=SAME_BY[found.pair.reason],
        days=[clock.day_in_words(clock.day(side.registered_at), here.today) for side in (found.first, found.second)],
        stages=STAGES,
        apart_words={one: APART[one] for one in OFFERED_APART},
        two_open=service.TWO_OPEN,
        errors=errors or {},
        typed=typed or {},
        conflict=conflict,
        base=f"/{tenant}/people/duplicates",
        key=uuid7(),
    )


async def _compared(here: Here, pair_id: UUID, *, after_conflict: bool) -> service.Compared | None:
    """None when the pair is no pair any more, and a conflict says why already."""
    try:
        return await service.compare(here, pair_id)
    except NotFound:
        if after_conflict:
            return None
        raise


def _stands(found: service.Compared, one: Field) -> str:
    """Which side is ticked first: the record that goes on, unless it has nothing there."""
    sides = {"first": found.first, "second": found.second}
    kept = "first" if found.kept == found.first.person_id else "second"
    other = "second" if kept == "first" else "first"
    return kept if masked(one, sides[kept].fields[one])[0] or not masked(one, sides[other].fields[one])[0] else other


async def _merges(
    request: Asking, tenant: str, *, status: int = 200, conflict: Conflict | None = None
) -> Response[str]:
    here, page = web.here(request), _page(request.query_params.get("page", ""))
    async with within(here):
        found, total = await service.merges(here, PAGE, (page - 1) * PAGE)
    return web.page(
        request,
        "people/merges.html",
        status=status,
        found=[
            (row, clock.in_words(row["at"], here.now), row["undone_at"] and clock.in_words(row["undone_at"], here.now))
            for row in found
        ],
        total=total,
        page=page,
        pages=max(1, -(-total // PAGE)),
        tabs=_tabs(tenant, "merges"),
        conflict=conflict,
        base=f"/{tenant}/people/merges",
    )


def _tabs(tenant: str, shown: str) -> list[tuple[str, str, bool]]:
    base = f"/{tenant}/people"
    return [
        (f"{base}/duplicates", N_("To compare"), shown == "open"),
        (f"{base}/duplicates?show=apart", N_("Two people"), shown == "apart"),
        (f"{base}/merges", N_("Merged"), shown == "merges"),
    ]


def _page(text: str) -> int:
    return int(text) if text.isdecimal() and text.isascii() and 0 < len(text) < 6 and int(text) else 1
