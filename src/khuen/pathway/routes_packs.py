"""Rule packs on the screen: what holds, drafts, a rehearsal on the real cases, publishing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import asyncpg
import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from khuen import clock, web
from khuen.cases import service as cases
from khuen.cases.rules import STAGES
from khuen.errors import Busy, Conflict, KeyReused, NotFound
from khuen.ids import uuid7
from khuen.pathway import drafts
from khuen.pathway.drafts import Draft
from khuen.pathway.rules import ACTS
from khuen.rule_pack import FollowUp, RulePack, rounds_in_order
from khuen.tenancy import within
from khuen.words import N_

SAVED, PUBLISHED, DISCARDED = N_("The draft is saved"), N_("The rule pack is published"), N_("The draft is thrown away")
NUMBER = N_("A whole number within the limits")
ROUNDS = N_('Weeks (w) or months (m) after the end of treatment, each later than the one before: "2w 1m 2m"')
LONGER = N_("Not longer than the calm rhythm")
SEE, DRAFT = {"perm": "packs.see"}, {"perm": "packs.draft"}

Asked: TypeAlias = Request[Any, Any, Any]
Small = Annotated[int, Meta(ge=0, le=200, extra={"error": NUMBER})]
Some = Annotated[int, Meta(ge=1, le=200, extra={"error": NUMBER})]
Days = Annotated[int, Meta(ge=1, le=365, extra={"error": NUMBER})]

#: the fields of a pack in the order of the form: (part, field, label, hint)
FIELDS: tuple[tuple[str, str, str, str | None], ...] = (
    ("visits", "every_days", N_("Calm rhythm"), N_("days between visits while all is well")),
    ("visits", "soon_days", N_("After a worrying or urgent answer"), N_("days")),
    ("visits", "retry_days", N_("After not being found"), N_("days")),
    ("visits", "not_found_limit", N_("Not found so many times in a row goes to the coordinator"), None),
    ("visits", "visit_window", N_("A visit counts so many days before and after its day"), None),
    ("pathway", "cbtx_sessions", N_("CBTx sessions with the doctor"), None),
    ("pathway", "min_weeks", N_("Shortest course"), N_("weeks")),
    ("pathway", "urine_every_days", N_("Days between urine tests"), None),
    ("pathway", "negative_tests", N_("Negative tests in a row before the doctor decides"), None),
    ("pathway", "min_visits", N_("Visits of the buddy, at least"), None),
    ("pathway", "drop_out_missed", N_("Missed sessions in a row that call for a review"), None),
    ("follow_up", "round_window", N_("A follow-up round counts so many days before and after its day"), None),
)


class PackForm(msgspec.Struct):
    seen: datetime
    title: Annotated[str, Meta(min_length=1, max_length=120)]
    every_days: Days
    soon_days: Days
    retry_days: Days
    not_found_limit: Some
    visit_window: Small
    cbtx_sessions: Some
    min_weeks: Small
    urine_every_days: Days
    negative_tests: Small
    min_visits: Small
    drop_out_missed: Some
    round_window: Small
    rounds: Annotated[str, Meta(max_length=80, extra={"error": ROUNDS})]
    training_required: bool = False
    countersign: bool = False


class BeginForm(msgspec.Struct):
    key: UUID
    base: UUID


class PublishForm(msgspec.Struct):
    project: list[UUID] = []


@get("/{tenant:str}/packs", opt=SEE)
async def all_packs(request: Asked, tenant: FromPath[str]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        published, open_ = await drafts.published(here), await drafts.drafts(here)
    return web.page(
        request,
        "pathway/packs.html",
        published=[(one, clock.day(one.published_at)) for one in published],
        drafts=[(one, clock.in_words(one.changed_at, here.now)) for one in open_],
        keys=[uuid7() for _ in published],
    )


@get("/{tenant:str}/packs/{pack_id:uuid}", opt=SEE)
async def one_pack(request: Asked, tenant: FromPath[str], pack_id: FromPath[UUID]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        pack, version = await drafts.pack(here, pack_id)
    values = _values(pack)
    return web.page(request, "pathway/pack.html", pack=pack, version=version, fields=FIELDS, values=values)


@post("/{tenant:str}/pack-drafts", opt=DRAFT)
async def begin(request: Asked, tenant: FromPath[str]) -> Response[Any]:
    form, _errors = web.read(BeginForm, await request.form())
    if form is None:
        raise NotFound
    here = web.here(request)
    async with within(here):
        draft_id = await drafts.begin(here, form.base, form.key)
    return web.saved(request, f"/{tenant}/pack-drafts/{draft_id}", text=SAVED)


@get("/{tenant:str}/pack-drafts/{draft_id:uuid}", opt=DRAFT)
async def one_draft(request: Asked, tenant: FromPath[str], draft_id: FromPath[UUID]) -> Response[str]:
    here = web.here(request)
    async with within(here):
        found = await drafts.draft(here, draft_id)
    return _form(request, found)


@post("/{tenant:str}/pack-drafts/{draft_id:uuid}", opt=DRAFT)
async def change(request: Asked, tenant: FromPath[str], draft_id: FromPath[UUID]) -> Response[Any]:
    raw = await request.form()
    here = web.here(request)
    async with within(here):
        found = await drafts.draft(here, draft_id)
    form, errors = web.read(PackForm, raw)
    if form is not None:
        errors = _contradictions(form)
    if form is None or errors:
        return _form(request, found, status=422, errors=errors, typed=web.typed(raw))
    try:
        async with within(here):
            await drafts.change(here, draft_id, _packed(found.pack, form), form.seen)
    except Conflict as conflict:
        async with within(here):
            found = await drafts.draft(here, draft_id)
        return _form(request, found, status=409, errors={"title": str(conflict)})
    return web.saved(request, f"/{tenant}/pack-drafts/{draft_id}/rehearsal", text=SAVED)


@get("/{tenant:str}/pack-drafts/{draft_id:uuid}/rehearsal", opt=DRAFT)
async def rehearsal(request: Asked, tenant: FromPath[str], draft_id: FromPath[UUID]) -> Response[str]:
    return await _rehearsal(request, draft_id)


@post("/{tenant:str}/pack-drafts/{draft_id:uuid}/publication", opt=DRAFT)
async def publish(request: Asked, tenant: FromPath[str], draft_id: FromPath[UUID]) -> Response[Any]:
    form, errors = web.read(PublishForm, await request.form())
    if form is None:
        return await _rehearsal(request, draft_id, status=422, errors=errors)
    here = web.here(request)
    try:
        async with within(here):
            pack_id = await drafts.publish(here, draft_id, form.project)
    except asyncpg.UniqueViolationError as error:
        raise Busy(retry_after=1) from error
    except KeyReused:
        raise
    except Conflict as conflict:
        return await _rehearsal(request, draft_id, status=409, errors={"project": str(conflict)})
    return web.saved(request, f"/{tenant}/packs/{pack_id}", text=PUBLISHED)


@post("/{tenant:str}/pack-drafts/{draft_id:uuid}/discard", opt=DRAFT)
async def discard(request: Asked, tenant: FromPath[str], draft_id: FromPath[UUID]) -> Response[Any]:
    here = web.here(request)
    async with within(here):
        await drafts.discard(here, draft_id)
    return web.saved(request, f"/{tenant}/packs", text=DISCARDED)


ROUTES = [all_packs, one_pack, begin, one_draft, change, rehearsal, publish, discard]


def _form(
    request: Asked,
    found: Draft,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
) -> Response[str]:
    values = _values(found.pack) | (typed or {})
    if typed is not None:
        values |= {name: typed.get(name, "") for name in ("training_required", "countersign")}
    return web.page(
        request,
        "pathway/draft.html",
        status=status,
        draft=found,
        seen=found.changed_at.isoformat(),
        fields=FIELDS,
        values=values,
        errors=errors or {},
    )


async def _rehearsal(
    request: Asked, draft_id: UUID, *, status: int = 200, errors: dict[str, str] | None = None
) -> Response[str]:
    here = web.here(request)
    async with within(here):
        found, differences, looked_at = await drafts.rehearse(here, draft_id)
        projects = await cases.projects(here)
    return web.page(
        request,
        "pathway/rehearsal.html",
        status=status,
        draft=found,
        differences=differences[:_SHOWN],
        more=max(0, len(differences) - _SHOWN),
        total=len(differences),
        looked_at=looked_at,
        changed=[line for line in _changes(found)],
        projects=[(project.id, project.name) for project in projects],
        ticked=[project.id for project in projects if project.pack_id == found.base_id],
        stages=STAGES,
        acts=ACTS,
        errors=errors or {},
    )


def _changes(found: Draft) -> list[tuple[str, str, str]]:
    """What the draft says differently: (label, before, after)."""
    before, after = _values(found.base), _values(found.pack)
    labels = {name: label for _, name, label, _ in FIELDS} | _OTHERS
    return [(labels[name], before[name], after[name]) for name in labels if before[name] != after[name]]


def _values(pack: RulePack) -> dict[str, str]:
    """What a form shows of a pack."""
    found = {name: getattr(pack.pathway, name) for part, name, *_ in FIELDS if part == "pathway"}
    found |= {name: getattr(pack.visits, name) for name in ("every_days", "soon_days", "retry_days", "not_found_limit")}
    found |= {"visit_window": pack.visits.window_days, "round_window": pack.follow_up.window_days}
    shown = {name: str(value) for name, value in found.items()}
    ticks = {name: "true" if getattr(pack.pathway, name) else "" for name in ("training_required", "countersign")}
    return shown | ticks | {"title": pack.title, "rounds": " ".join(pack.follow_up.rounds)}


def _packed(base: RulePack, form: PackForm) -> RulePack:
    """The base with the values of the form; the stages and the consent texts stay."""
    visits = {name: getattr(form, name) for name in ("every_days", "soon_days", "retry_days", "not_found_limit")}
    course: dict[str, Any] = {name: getattr(form, name) for part, name, *_ in FIELDS if part == "pathway"}
    ticks: dict[str, Any] = {"training_required": form.training_required, "countersign": form.countersign}
    return replace(
        base,
        title=form.title,
        visits=replace(base.visits, **visits, window_days=form.visit_window),
        follow_up=FollowUp(rounds=tuple(form.rounds.lower().split()), window_days=form.round_window),
        pathway=replace(base.pathway, **course, **ticks),
    )


def _contradictions(form: PackForm) -> dict[str, str]:
    wrong = {
        name: LONGER for name in ("soon_days", "retry_days", "visit_window") if getattr(form, name) > form.every_days
    }
    return wrong if rounds_in_order(form.rounds.lower().split()) else wrong | {"rounds": ROUNDS}


_SHOWN = 200
_OTHERS = {
    "title": N_("Name of the pack"),
    "rounds": N_("Follow-up rounds"),
    "training_required": N_("Job training is asked for"),
    "countersign": N_("The hospital's director signs too"),
}
