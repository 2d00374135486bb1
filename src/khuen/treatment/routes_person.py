"""One person's treatment, asking after those who did not come, and the card that a colleague's phone reads."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias
from uuid import UUID

import msgspec
import segno
from litestar import Request, Response, get, post
from litestar.params import FromPath
from markupsafe import Markup
from msgspec import Meta

from khuen import access, clock, web
from khuen.cases.rules import STAGES
from khuen.cases.service import asked_code
from khuen.errors import Invalid, NotFound
from khuen.ids import uuid7
from khuen.tenancy import within
from khuen.treatment import asking, cards, forms, person, rules, service, urine
from khuen.treatment.rules import KINDS, MARKS, REASONS, RESULTS, SAMPLES, Result, Said, Sample
from khuen.treatment.service import Marked
from khuen.treatment.urine import NewTest
from khuen.words import N_

Asked: TypeAlias = Request[Any, Any, Any]

SEE, ATTEND, TEST = ({"perm": f"treatment.{act}"} for act in ("see", "attend", "test"))
TEST_SAVED, VISIT_SAVED = N_("The test is written down"), N_("The visit is written down")
ASKED_SAVED, HANDED_SAVED = N_("Saved what came of asking"), N_("Saved to whom the sample went")
IS_MARKED = N_("Marked: came")
STEPS = {"taken": N_("Taken by %(who)s"), "handed": N_("Handed to %(who)s"), "read": N_("Read by %(who)s")}


class TestForm(msgspec.Struct):
    key: UUID
    sample: Sample
    result: Result
    taken_by: UUID
    read_by: UUID
    observed: str = ""
    extra: str = ""
    lot: Annotated[str, Meta(max_length=60)] = ""
    handed_to: Annotated[str, Meta(max_length=120)] = ""
    detail: Annotated[str, Meta(max_length=1000, extra={"lines": True})] = ""
    confirms: UUID | None = None
    replaces: UUID | None = None


class HandForm(msgspec.Struct):
    key: UUID
    receiver: Annotated[str, Meta(min_length=2, max_length=120)]


class VisitForm(msgspec.Struct):
    visit_key: UUID
    visited_by: UUID
    seen: Annotated[str, Meta(min_length=2, max_length=2000, extra={"lines": True})]


class ContactForm(msgspec.Struct):
    key: UUID
    reached: str
    note: Annotated[str, Meta(min_length=2, max_length=500, extra={"lines": True})]


class CameForm(msgspec.Struct):
    key: UUID
    session: UUID


@get("/{tenant:str}/cases/{code:str}/treatment", opt=SEE)
async def treatment(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[str]:
    return await _person(request, code, {}, {})


@post("/{tenant:str}/cases/{code:str}/tests", opt=TEST)
async def record_test(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(TestForm, raw)
    on = forms.day(raw, "taken_on", errors)
    if form is None or on is None:
        return await _person(request, code, errors, web.typed(raw))
    here = web.here(request)
    new = NewTest(
        key=form.key,
        sample=form.sample,
        taken_on=on,
        observed=form.observed == "yes",
        lot=form.lot,
        result=form.result,
        detail=form.detail,
        taken_by=form.taken_by,
        read_by=form.read_by if rules.was_done(form.result) else None,
        handed_to=form.handed_to,
        extra=form.extra == "yes",
        confirms_id=form.confirms,
        replaces_id=form.replaces,
    )
    try:
        async with within(here):
            await urine.record_test(here, asked_code(code), new)
    except Invalid as error:
        return await _person(request, code, error.fields, web.typed(raw))
    return web.saved(request, f"/{tenant}/cases/{code}/treatment", text=TEST_SAVED)


@post("/{tenant:str}/cases/{code:str}/tests/{test_id:uuid}/custody", opt=TEST)
async def hand_over(
    request: Asked, tenant: FromPath[str], code: FromPath[str], test_id: FromPath[UUID]
) -> Response[Any]:
    form, errors = web.read(HandForm, await request.form())
    if form is None:
        return await _person(request, code, errors, {})
    here = web.here(request)
    async with within(here):
        await urine.hand_over(here, asked_code(code), test_id, key=form.key, receiver=form.receiver)
    return web.saved(request, f"/{tenant}/cases/{code}/treatment", text=HANDED_SAVED)


@post("/{tenant:str}/cases/{code:str}/home-visits", opt=TEST)
async def record_home_visit(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(VisitForm, raw)
    on = forms.day(raw, "visited_on", errors)
    if form is None or on is None:
        return await _person(request, code, errors, web.typed(raw))
    here = web.here(request)
    try:
        async with within(here):
            await person.record_home_visit(
                here, asked_code(code), key=form.visit_key, by=form.visited_by, on=on, note=form.seen
            )
    except Invalid as error:
        return await _person(request, code, error.fields, web.typed(raw))
    return web.saved(request, f"/{tenant}/cases/{code}/treatment", text=VISIT_SAVED)


@get("/{tenant:str}/absences", opt=SEE)
async def absences(request: Asked, tenant: FromPath[str]) -> Response[str]:
    return await _absences(request, None, {}, {})


@post("/{tenant:str}/absences/{task_id:uuid}/contacts", opt=ATTEND)
async def contact(request: Asked, tenant: FromPath[str], task_id: FromPath[UUID]) -> Response[Any]:
    raw = await request.form()
    form, errors = web.read(ContactForm, raw)
    if form is None:
        return await _absences(request, task_id, errors, web.typed(raw))
    here = web.here(request)
    async with within(here):
        await asking.record_contact(here, task_id, key=form.key, reached=form.reached == "yes", note=form.note)
    return web.saved(request, f"/{tenant}/absences", text=ASKED_SAVED)


@get("/{tenant:str}/cases/{code:str}/card.svg", opt=SEE)
async def card_svg(request: Asked, tenant: FromPath[str], code: FromPath[str]) -> Response[bytes]:
    """The picture on one card, as a file to print."""
    here = web.here(request)
    async with within(here):
        word = await cards.word_of(here, asked_code(code))
    drawn = _drawn(_address(request, code, word), inline=False)
    return Response(drawn.encode(), media_type="image/svg+xml")


@get("/{tenant:str}/sessions/{session_id:uuid}/cards", opt=SEE)
async def cards_of_session(request: Asked, tenant: FromPath[str], session_id: FromPath[UUID]) -> Response[str]:
    """The cards of everybody on a roster, to print and cut."""
    here = web.here(request)
    async with within(here):
        found = await service.session(here, session_id)
        people = await service.roster_sheet(here, found)
        words = await cards.words(here, [one.case_id for one in people])
    drawn = [
        (one.code, one.name, Markup(_drawn(_address(request, one.code, words[one.case_id]), inline=True)))
        for one in people
    ]
    return web.page(request, "treatment/cards.html", it=found, cards=drawn, kinds=KINDS)


@get("/{tenant:str}/cards/{code:str}/{word:str}", opt=ATTEND)
async def read_card(request: Asked, tenant: FromPath[str], code: FromPath[str], word: FromPath[str]) -> Response[str]:
    """What a phone shows that read a card: looking marks nobody, the button does."""
    here = web.here(request)
    async with within(here):
        found = await cards.read(here, asked_code(code), word)
    return web.page(
        request,
        "treatment/card.html",
        it=found,
        kinds=KINDS,
        new_key=uuid7,
        lines=[(one, clock.time_of_day(one.starts_at)) for one in found.sessions],
    )


@post("/{tenant:str}/cards/{code:str}/{word:str}", opt=ATTEND)
async def come(request: Asked, tenant: FromPath[str], code: FromPath[str], word: FromPath[str]) -> Response[Any]:
    form, errors = web.read(CameForm, await request.form())
    here = web.here(request)
    async with within(here):
        await cards.read(here, asked_code(code), word)
        if form:
            said = Said(rules.Mark.PRESENT)
            await service.record_attendance(here, form.session, [Marked(form.key, code, said)])
    if form is None:
        raise Invalid(errors)
    return web.saved(request, f"/{tenant}/cards/{code}/{word}", text=IS_MARKED)


ROUTES = [
    treatment,
    record_test,
    hand_over,
    record_home_visit,
    absences,
    contact,
    card_svg,
    cards_of_session,
    read_card,
    come,
]


async def _person(request: Asked, code: str, errors: dict[str, str], typed: dict[str, str]) -> Response[str]:
    here = web.here(request)
    results = access.may(here.roles, "treatment.results")
    async with within(here):
        found = await person.treatment_of(here, asked_code(code), results=results)
    today = forms.parts("taken_on", here.today) | forms.parts("visited_on", here.today)
    own = str(here.member_id) if str(here.member_id) in {str(id_) for id_, _ in found.clinicians} else ""
    base = dict.fromkeys(("lot", "handed_to", "detail", "seen", "confirms", "replaces", "extra", "result"), "")
    base |= {"sample": "strip", "observed": "yes", "taken_by": own, "read_by": own, "visited_by": own} | today
    tally, limit = found.tally, found.pack.pathway.drop_out_missed
    return web.page(
        request,
        "treatment/person.html",
        status=422 if errors else 200,
        it=found,
        results=results,
        drops_out=rules.drops_out(tally.missed, limit),
        late=tally.closes_on < here.today,
        recording=request.query_params.get("record") == "test",
        errors=errors,
        typed=base | ({"observed": "", "extra": ""} | typed if typed else {}),
        key=uuid7(),
        new_key=uuid7,
        positive=[(str(test.id), clock.short(test.taken_on)) for test in found.tests if _open(test, found.tests)],
        stages=STAGES,
        kinds=KINDS,
        marks=MARKS,
        reasons=REASONS,
        samples=SAMPLES,
        result_words=RESULTS,
        steps=STEPS,
        at=lambda moment: clock.in_words(moment, here.now),
        today=here.today,
    )


def _open(test: urine.TestLine, tests: tuple[urine.TestLine, ...]) -> bool:
    """A positive strip that nobody confirmed yet."""
    return test.must_confirm and not test.replaced and not any(one.confirms_id == test.id for one in tests)


async def _absences(
    request: Asked, task_id: UUID | None, errors: dict[str, str], typed: dict[str, str]
) -> Response[str]:
    here = web.here(request)
    async with within(here):
        found = await asking.open_absences(here)
    if task_id and task_id not in {one.id for one in found}:
        raise NotFound
    return web.page(
        request,
        "treatment/absences.html",
        status=422 if errors else 200,
        lines=[(one, clock.day_of_sentence(one.due_on, here.today), one.due_on < here.today) for one in found],
        wrong=task_id,
        errors=errors,
        typed=typed,
        new_key=uuid7,
        reasons=REASONS,
    )


def _address(request: Asked, code: str, word: str) -> str:
    return f"{request.app.state.settings.origin}/{request.path_params['tenant']}/cards/{code}/{word}"


def _drawn(address: str, *, inline: bool) -> str:
    made = segno.make(address, error="m", micro=False)
    drawn: str = made.svg_inline(scale=4, border=2, dark="#000", light="#fff", omitsize=True)
    return drawn if inline else drawn.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
