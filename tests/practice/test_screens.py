"""What practice people were asked: complete forms of those who are past enrolment, nobody in danger, colours as the
rules suggest them."""

from __future__ import annotations

from datetime import date

from khuen import clock, district
from khuen.cases.rules import Stage
from khuen.paths import folder
from khuen.practice import plans
from khuen.practice.screens import Asked
from khuen.practice.world import World, invent
from khuen.screening import rules
from khuen.screening.instruments import CURRENT
from khuen.screening.rules import CORE, Colour, Result, Tool

TODAY = date(2026, 11, 24)


def world(slug: str, plan: plans.Plan) -> World:
    return invent(district.read(folder("tenants") / "demo" / f"{slug}.toml"), plan, seed=1, today=TODAY)


LIVING = world("bantuayang", plans.LIVING)


def result(form: Asked) -> Result:
    scores = rules.score(CURRENT[form.tool], form.answers)
    assert scores
    return Result(form.id, form.tool, clock.day(form.at), form.at, form.answers, scores)


def test_whoever_is_past_enrolment_was_screened_and_has_a_colour() -> None:
    past = {life.id for life in LIVING.lives if len(life.steps) > 1}
    assert past == {form.case_id for form in LIVING.asked} == {one.case_id for one in LIVING.coloured}
    for case_id in past:
        assert set(CORE) <= {form.tool for form in LIVING.asked if form.case_id == case_id}
    assert {form.tool for form in LIVING.asked} >= {*CORE, Tool.NINE_Q, Tool.EIGHT_Q}
    assert {one.colour for one in LIVING.coloured} >= {Colour.GREEN, Colour.YELLOW, Colour.ORANGE}
    again = next(life for life in LIVING.lives if life.steps[-1].stage is Stage.AWAITING_DOCTOR)
    assert sum(form.tool is Tool.V2 and form.case_id == again.id for form in LIVING.asked) == 2


def test_what_a_result_calls_for_was_asked_and_nobody_is_in_danger() -> None:
    for life in LIVING.lives:
        own = [result(form) for form in LIVING.asked if form.case_id == life.id]
        decided = [one for one in LIVING.coloured if one.case_id == life.id]
        assert not any(map(rules.is_danger, own))
        if decided:
            assert decided[-1].colour is rules.suggest(own).colour and decided[-1].at <= LIVING.until
            step = rules.next_step(own, rules.Decided(decided[-1].colour, decided[-1].at))
            assert step.do in (rules.Do.GO_ON, rules.Do.REFER)


def test_many_districts_have_visits_only() -> None:
    assert world("phon", plans.many(60, 20, 7)).asked == ()
