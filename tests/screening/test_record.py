"""Keeping, correcting and withdrawing a form: once, complete, with consent, and sealed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from khuen import clock
from khuen.cases import service as cases
from khuen.cases.rules import ConsentKind, Decision
from khuen.cases.service import Consent
from khuen.errors import Invalid, KeyReused, NotFound
from khuen.ids import uuid7
from khuen.pathway import service as pathway
from khuen.screening import service
from khuen.screening.forms import Filled
from khuen.screening.rules import CORE, Colour, Tool
from khuen.screening.service import AlreadyReplaced, NoConsent
from khuen.tenancy import Here, within
from tests.care import Site
from tests.screening.filling import filled


def wipa(site: Site) -> Here:
    return site.chatturat.here("wipa", clock.now())


async def record(site: Site, code: str, *forms: Filled) -> list[service.Saved]:
    saved = []
    for form in forms:
        here = wipa(site)
        async with within(here):
            saved.append(await service.record(here, code, form))
    return saved


async def read(site: Site, code: str) -> service.Overview:
    here = wipa(site)
    async with within(here):
        return await service.overview(here, code, results=True)


async def consent(site: Site, code: str, decision: Decision) -> None:
    here = site.chatturat.here("nok", clock.now())
    async with within(here):
        decided = Consent(ConsentKind.TREATMENT, decision, "2569-1", here.today)
        await cases.record_consent(here, site.chatturat.cases[code], decided, key=uuid7())


async def test_a_form_is_kept_with_answers_version_score_and_both_days(site: Site) -> None:
    code, here = await site.case(), wipa(site)
    asked_on = here.today - timedelta(days=3)
    await record(site, code, filled(Tool.V2, 12, asked_on, note="พบที่บ้าน"))
    [form] = (await read(site, code)).forms
    assert (form.result.taken_on, clock.day(form.result.recorded_at)) == (asked_on, here.today)
    assert form.result.points == 12 and form.result.scores[0].band == "misuse"
    assert (form.version, form.note, form.by, form.stands) == ("V.2/th-2", "พบที่บ้าน", "Wipa", True)
    assert set(form.result.answers) == {"substance", "q1", "q2", "q3", "q4", "q5", "q6", "injected"}


async def test_the_same_form_twice_is_one_and_another_under_its_key_is_refused(site: Site, root: Any) -> None:
    code, other = await site.case(), await site.case("mali")
    form = filled(Tool.OAS, 3, wipa(site).today, note="ก")
    first, again = await record(site, code, form, form)
    assert first.told == ("Nok",) and again == service.Saved(form.id, None)
    day_before = replace(form, taken_on=form.taken_on - timedelta(days=1))
    calmer = replace(filled(Tool.OAS, 1, form.taken_on, note="ก"), id=form.id)
    for changed in (
        replace(form, note="ข"),
        day_before,
        calmer,
        replace(filled(Tool.ST5, 1, form.taken_on), id=form.id),
    ):
        with pytest.raises(KeyReused):
            await record(site, code, changed)
    with pytest.raises(KeyReused):
        await record(site, other, form)
    assert await root.fetchval("SELECT count(*) FROM screening") == 1
    assert await root.fetchval("SELECT count(*) FROM message WHERE kind = 'alert'") == 1


async def test_blank_answers_in_an_instrument_are_never_scored_as_none(site: Site, root: Any) -> None:
    code = await site.case()
    form = filled(Tool.NINE_Q, 5, wipa(site).today)
    for answers in ({}, {**form.answers, "q9": ""}, {name: v for name, v in form.answers.items() if name != "q1"}):
        with pytest.raises(Invalid):
            await record(site, code, replace(form, answers=answers))
    assert await root.fetchval("SELECT count(*) FROM screening") == 0


async def test_without_a_given_consent_nothing_is_kept_from_the_next_request_on(site: Site, root: Any) -> None:
    code, day = await site.case(), wipa(site).today
    first = filled(Tool.OAS, 1, day)
    await record(site, code, first)
    for decision in (Decision.WITHDRAWN, Decision.REFUSED):
        await consent(site, code, decision)
        with pytest.raises(NoConsent):
            await record(site, code, filled(Tool.OAS, 1, day))
        here = wipa(site)
        with pytest.raises(NoConsent):
            async with within(here):
                await service.decide(here, code, uuid7(), Colour.YELLOW, "")
        assert (await record(site, code, first))[0].told is None  # what was kept before is a success when resent
        async with within(here):
            with pytest.raises(NoConsent):
                await service.empty_form(here, code, None)
    assert await root.fetchval("SELECT count(*) FROM screening") == 1
    await consent(site, code, Decision.GIVEN)
    await record(site, code, filled(Tool.OAS, 1, day))
    never = await site.case("mali")
    await root.execute("DELETE FROM consent WHERE case_id = $1", site.chatturat.cases[never])
    with pytest.raises(NoConsent):
        await record(site, never, filled(Tool.OAS, 1, day))


async def test_a_correction_replaces_and_the_earlier_form_stays_readable(site: Site, root: Any) -> None:
    code, day = await site.case(), wipa(site).today
    wrong = filled(Tool.OAS, 3, day)
    right = filled(Tool.OAS, 1, day, replaces=wrong.id, reason="อ่านแบบผิดข้อ")
    await record(site, code, wrong, right, right)
    found = await read(site, code)
    assert [result.points for result in found.results] == [1] and len(found.forms) == 2
    earlier = next(form for form in found.forms if not form.stands)
    later = next(form for form in found.forms if form.stands)
    assert (earlier.replaced_by, later.replaces, later.reason) == (right.id, wrong.id, "อ่านแบบผิดข้อ")
    for again in (wrong.id, uuid7()):
        with pytest.raises((AlreadyReplaced, NotFound)):
            await record(site, code, filled(Tool.OAS, 2, day, replaces=again, reason="อีกครั้ง"))
    with pytest.raises(NotFound):  # a correction is of the same instrument
        await record(site, code, filled(Tool.ST5, 2, day, replaces=right.id, reason="ผิดแบบ"))
    rows = await root.fetch("SELECT state, reason FROM message WHERE kind = 'alert'")
    assert [tuple(row) for row in rows] == [("cancelled", "no_longer_due")]


async def test_a_withdrawn_form_counts_no_longer(site: Site, root: Any) -> None:
    code, day, key = await site.case(), wipa(site).today, uuid7()
    form = filled(Tool.EIGHT_Q, 17, day)
    await record(site, code, form)
    for _ in range(2):
        here = wipa(site)
        async with within(here):
            await service.withdraw(here, code, form.id, key, "เป็นผลของคนอื่น")
    found = await read(site, code)
    assert found.results == [] and found.forms[0].withdrawn_because == "เป็นผลของคนอื่น"
    with pytest.raises(AlreadyReplaced):
        async with within(here):
            await service.withdraw(here, code, form.id, uuid7(), "อีกครั้ง")
    for wrong_case, wrong_form in ((code, uuid7()), (await site.case("mali"), form.id)):
        with pytest.raises(NotFound):
            async with within(here):
                await service.withdraw(here, wrong_case, wrong_form, uuid7(), "ไม่ใช่ของเขา")
    assert await root.fetchval("SELECT state FROM message WHERE kind = 'alert'") == "cancelled"


async def test_nothing_of_it_is_readable_in_the_database(site: Site, root: Any) -> None:
    code, here = await site.case(), wipa(site)
    await record(site, code, filled(Tool.V2, 30, here.today, note="zanziquok"))
    async with within(here):
        await service.decide(here, code, uuid7(), Colour.GREEN, "zanziquok")
    form = filled(Tool.OAS, 2, here.today)
    await record(site, code, form)
    async with within(here):
        await service.withdraw(here, code, form.id, uuid7(), "zanziquok")
    for table in ("screening", "screening_withdrawal", "colour_decision", "audit", "message", "case_evidence"):
        kept = str([tuple(row) for row in await root.fetch(f"SELECT * FROM {table}")])
        for word in ("zanziquok", "misuse", "dependence", "urgent'", '"q1"', "daily"):
            assert word not in kept, (table, word)
    tags = [row["tag"] for row in await root.fetch("SELECT tag FROM audit ORDER BY seq")]
    assert {"screening:recorded", "screening:withdrawn", "colour:decided"} <= set(tags)
    details = await root.fetch("SELECT detail FROM audit WHERE tag LIKE 'screening:%' OR tag LIKE 'colour:%'")
    assert {row["detail"] for row in details} == {"{}"}  # not even which form: 8Q is asked because of a result


async def test_rooms_above_learn_the_day_of_a_complete_screening_and_the_pathway_waits_for_the_colour(
    site: Site, root: Any
) -> None:
    code, here = await site.case(), wipa(site)
    case_id, other = site.chatturat.cases[code], await site.case("mali")

    async def said() -> tuple[Any, Any]:
        async with within(here):
            found = await service.screened(here, [case_id, site.chatturat.cases[other]])
            return found.get(case_id), (await pathway.way(here, code)).facts.screened_on

    forms = [filled(tool, 0, here.today - timedelta(days=n)) for n, tool in enumerate(CORE)]
    await record(site, code, *forms[:-1])
    assert await said() == (None, None)
    await record(site, code, forms[-1])
    assert await said() == (here.today, None)
    async with within(here):
        await service.decide(here, code, uuid7(), Colour.GREEN, "")
    assert await said() == (here.today, here.today)
    async with within(here):
        await service.withdraw(here, code, forms[0].id, uuid7(), "คนละคน")
    assert await said() == (None, None)


async def test_a_stranger_finds_nothing(site: Site) -> None:
    code, day = await site.case(), wipa(site).today
    form = filled(Tool.OAS, 0, day)
    await record(site, code, form)
    there = site.phon.here("kanya", clock.now())
    acts: list[Callable[[], Any]] = [
        lambda: service.record(there, code, filled(Tool.OAS, 0, day)),
        lambda: service.withdraw(there, code, form.id, uuid7(), "x"),
        lambda: service.decide(there, code, uuid7(), Colour.RED, "x"),
        lambda: service.overview(there, code, results=True),
        lambda: service.form(there, code, form.id),
        lambda: service.empty_form(there, code, None),
    ]
    for act in acts:
        with pytest.raises(NotFound):
            async with within(there):
                await act()
    async with within(there):
        assert await service.screened(there, list(site.chatturat.cases.values())) == {}
        assert await service.colour_history(there, site.chatturat.cases[code]) == []
