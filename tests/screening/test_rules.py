"""Every published figure at both edges, and what holds for all answers. Sources: docs/screening.md, by instrument."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khuen.screening import rules
from khuen.screening.instruments import CURRENT, instrument, words
from khuen.screening.rules import CORE, Colour, Decided, Do, Instrument, Result, Step, Tool
from tests.screening.filling import DAY, answers, lowest, result

#: (instrument, fewest and most points of a band, band), as docs/screening.md has them
BANDS = [
    (Tool.V2, 0, 0, "unclear"),  # one source says "use" (0-3), another "none"; 1 cannot occur
    (Tool.V2, 2, 3, "use"),
    (Tool.V2, 4, 26, "misuse"),
    (Tool.V2, 27, 39, "dependence"),
    (Tool.OAS, 0, 0, "none"),
    (Tool.OAS, 1, 1, "semi_urgent"),
    (Tool.OAS, 2, 2, "urgent"),
    (Tool.OAS, 3, 3, "emergency"),
    (Tool.TWO_Q, 0, 0, "none"),
    (Tool.TWO_Q, 1, 2, "some"),
    (Tool.NINE_Q, 0, 6, "none"),
    (Tool.NINE_Q, 7, 12, "mild"),
    (Tool.NINE_Q, 13, 18, "moderate"),
    (Tool.NINE_Q, 19, 27, "severe"),
    (Tool.EIGHT_Q, 0, 0, "none"),
    (Tool.EIGHT_Q, 1, 8, "low"),
    (Tool.EIGHT_Q, 9, 16, "moderate"),
    (Tool.EIGHT_Q, 17, 52, "severe"),
    (Tool.ST5, 0, 4, "low"),
    (Tool.ST5, 5, 7, "moderate"),
    (Tool.ST5, 8, 9, "high"),
    (Tool.ST5, 10, 15, "highest"),
    (Tool.SMI_V, 0, 0, "none"),
    (Tool.SMI_V, 1, 4, "met"),
]
MOST = {Tool.V2: 39, Tool.OAS: 3, Tool.TWO_Q: 2, Tool.NINE_Q: 27, Tool.EIGHT_Q: 52, Tool.ST5: 15, Tool.SMI_V: 4}


def scored(tool: Tool, given: Mapping[str, str]) -> tuple[int, str]:
    found = rules.score(CURRENT[tool], given)
    assert found
    return found[0].points, found[0].band


@pytest.mark.parametrize(("tool", "lowest_points", "highest_points", "band"), BANDS)
def test_a_band_begins_and_ends_where_it_was_published(
    tool: Tool, lowest_points: int, highest_points: int, band: str
) -> None:
    for points in (lowest_points, highest_points):
        assert scored(tool, answers(tool, points)) == (points, band)


@pytest.mark.parametrize(("tool", "most"), MOST.items())
def test_the_most_points_are_those_of_the_published_form(tool: Tool, most: int) -> None:
    made = CURRENT[tool]
    highest = {item.id: max(item.options, key=lambda option: option.points).value for item in made.items}
    assert scored(tool, highest)[0] == most
    bands = made.parts[0].bands
    assert [band.lowest for band in bands[1:]] == [band.highest + 1 for band in bands[:-1]]
    assert (bands[0].lowest, bands[-1].highest) == (0, most)


@pytest.mark.parametrize(
    ("item", "points"),
    {
        "q1": (0, 2, 3, 4, 6),
        "q2": (0, 3, 4, 5, 6),
        "q3": (0, 4, 5, 6, 7),
        "q4": (0, 5, 6, 7, 8),
        "q5": (0, 3, 6),
        "q6": (0, 3, 6),
    }.items(),
)
def test_the_points_of_v2(item: str, points: tuple[int, ...]) -> None:
    made = next(one for one in CURRENT[Tool.V2].items if one.id == item)
    assert tuple(option.points for option in made.options) == points


def test_v2_cannot_come_to_one_point_and_says_that_its_sources_differ_for_none() -> None:
    with pytest.raises(AssertionError):
        answers(Tool.V2, 1)
    assert "ต่างกัน" in words(CURRENT[Tool.V2], "", "unclear")[1]


def test_v2_is_about_one_substance_and_asks_about_injecting_apart() -> None:
    made, given = CURRENT[Tool.V2], answers(Tool.V2, 12)
    assert {item.id for item in made.items if not item.scored} == {"substance", "injected"}
    assert rules.score(made, given | {"injected": "recent", "substance": "ice"}) == rules.score(made, given)
    for item in ("substance", "injected"):
        assert rules.score(made, {**given, item: ""}) is None


@pytest.mark.parametrize(
    ("letter", "points", "band"),
    [
        ("b", 10, "low"),
        ("b", 11, "moderate"),
        ("b", 26, "moderate"),
        ("b", 27, "high"),
        *(
            (letter, *edge)
            for letter in "acdefghij"
            for edge in ((3, "low"), (4, "moderate"), (26, "moderate"), (27, "high"))
        ),
    ],
)
def test_the_bands_of_assist_are_wider_for_alcohol(letter: str, points: int, band: str) -> None:
    part = next(one for one in CURRENT[Tool.ASSIST].parts if one.id == letter)
    assert [one.id for one in part.bands if one.lowest <= points <= one.highest] == [band]


def assist(letter: str, **given: str) -> rules.Score | None:
    made = CURRENT[Tool.ASSIST]
    typed = lowest(made) | {f"{name}_{letter}": value for name, value in given.items()}
    found = rules.score(made, typed)
    return next(one for one in found if one.part == letter) if found else None


ALL = {"q1": "yes", "q2": "daily", "q3": "daily", "q4": "daily", "q5": "daily", "q6": "recent", "q7": "recent"}


@pytest.mark.parametrize(("letter", "most"), [("a", 31), ("b", 39), ("e", 39), ("j", 39)])
def test_the_most_points_of_assist_are_less_for_tobacco(letter: str, most: int) -> None:
    found = assist(letter, **ALL)
    assert found and found.points == most
    assert CURRENT[Tool.ASSIST].items[-1].scored is False  # question 8


def test_assist_asks_nothing_more_of_what_was_never_used() -> None:
    made = CURRENT[Tool.ASSIST]
    assert len(made.parts) == 10
    assert [item.id for item in rules.asked(made, lowest(made))] == [f"q1_{one}" for one in "abcdefghij"] + ["q8"]
    never = assist("c", **{**ALL, "q1": "no"})
    assert never and never.points == 0
    lately = assist("c", **{**ALL, "q2": "never"})  # questions 3 to 5 are not asked
    assert lately and lately.points == 12
    assert assist("c", **{**ALL, "q6": ""}) is None


def test_oas_is_the_highest_of_its_three_and_the_self_has_no_one() -> None:
    made = CURRENT[Tool.OAS]
    assert scored(Tool.OAS, {"self": "2", "others": "1", "property": "2"}) == (2, "urgent")
    assert [option.points for option in made.items[0].options] == [0, 2, 3]
    assert rules.score(made, {"self": "1", "others": "0", "property": "0"}) is None


def test_8q_asks_whether_it_can_be_controlled_only_after_the_thought() -> None:
    made = CURRENT[Tool.EIGHT_Q]
    no = lowest(made)
    assert "q3b" not in [item.id for item in rules.asked(made, no)]
    assert scored(Tool.EIGHT_Q, no | {"q3b": "cannot"})[0] == 0
    assert rules.score(made, {**no, "q3": "yes", "q3b": ""}) is None
    assert scored(Tool.EIGHT_Q, {**no, "q3": "yes", "q3b": "can"})[0] == 6
    assert scored(Tool.EIGHT_Q, {**no, "q3": "yes", "q3b": "cannot"})[0] == 14
    single = {"q1": 1, "q2": 2, "q4": 8, "q5": 9, "q6": 4, "q7": 10, "q8": 4}
    assert {item: scored(Tool.EIGHT_Q, {**no, item: "yes"})[0] for item in single} == single


@pytest.mark.parametrize(
    ("tool", "points", "more", "then"),
    [
        (Tool.TWO_Q, 0, {}, None),
        (Tool.TWO_Q, 1, {}, Tool.NINE_Q),
        (Tool.NINE_Q, 6, {}, None),
        (Tool.NINE_Q, 7, {}, Tool.EIGHT_Q),
        (Tool.NINE_Q, 0, {"q9": "some"}, Tool.EIGHT_Q),
        (Tool.OAS, 3, {}, None),
    ],
)
def test_one_instrument_calls_for_the_next(tool: Tool, points: int, more: dict[str, str], then: Tool | None) -> None:
    assert rules.leads_to(result(tool, points, **more)) is then


@pytest.mark.parametrize(
    ("tool", "points", "danger"),
    [
        (Tool.EIGHT_Q, 16, False),
        (Tool.EIGHT_Q, 17, True),
        (Tool.OAS, 2, False),
        (Tool.OAS, 3, True),
        (Tool.NINE_Q, 27, False),
    ],
)
def test_what_is_told_at_once(tool: Tool, points: int, danger: bool) -> None:
    assert rules.is_danger(result(tool, points)) is danger


def test_a_danger_stands_on_the_page_until_a_clinician_decided_about_it() -> None:
    danger, calm = result(Tool.EIGHT_Q, 17), result(Tool.EIGHT_Q, 16)
    before, after = danger.recorded_at - timedelta(hours=1), danger.recorded_at + timedelta(hours=1)
    assert rules.in_danger([danger], None) and not rules.in_danger([calm], None)
    assert rules.in_danger([danger], Decided(Colour.GREEN, before))
    assert not rules.in_danger([danger], Decided(Colour.GREEN, after))
    assert rules.in_danger([calm], Decided(Colour.RED, after))


@pytest.mark.parametrize(
    ("made", "colour"),
    [
        ({Tool.OAS: 0}, Colour.GREEN),
        ({Tool.OAS: 1}, Colour.YELLOW),
        ({Tool.OAS: 2}, Colour.ORANGE),
        ({Tool.OAS: 3}, Colour.RED),
        ({Tool.OAS: 0, Tool.SMI_V: 0}, Colour.GREEN),
        ({Tool.OAS: 0, Tool.SMI_V: 1}, Colour.ORANGE),
        ({Tool.OAS: 3, Tool.SMI_V: 1}, Colour.RED),
        ({Tool.OAS: 0, Tool.EIGHT_Q: 0}, Colour.GREEN),
        ({Tool.OAS: 0, Tool.EIGHT_Q: 1}, Colour.YELLOW),
        ({Tool.OAS: 0, Tool.EIGHT_Q: 8}, Colour.YELLOW),
        ({Tool.OAS: 0, Tool.EIGHT_Q: 9}, Colour.ORANGE),
        ({Tool.OAS: 0, Tool.EIGHT_Q: 16}, Colour.ORANGE),
        ({Tool.OAS: 0, Tool.EIGHT_Q: 17}, Colour.RED),
        ({Tool.OAS: 0, Tool.V2: 26}, Colour.GREEN),
        ({Tool.OAS: 0, Tool.V2: 27}, Colour.YELLOW),
        ({Tool.OAS: 2, Tool.V2: 27}, Colour.ORANGE),
    ],
)
def test_the_suggested_colour_and_its_reasons(made: dict[Tool, int], colour: Colour) -> None:
    found = rules.suggest([result(tool, points) for tool, points in made.items()])
    assert found.colour is colour and found.has_base
    assert any("OAS" in reason.text for reason in found.reasons)
    assert colour in {reason.colour for reason in found.reasons}


def test_without_oas_the_suggestion_has_no_base() -> None:
    nothing = rules.suggest([])
    assert (nothing.colour, nothing.has_base) == (None, False) and len(nothing.reasons) == 1
    only = rules.suggest([result(Tool.EIGHT_Q, 20)])
    assert (only.colour, only.has_base) == (Colour.RED, False) and len(only.reasons) == 2


def test_the_newest_of_each_instrument_counts_and_of_v2_that_of_each_substance() -> None:
    old, new = result(Tool.OAS, 3, days_ago=9), result(Tool.OAS, 1)
    assert rules.suggest([new, old]).colour is Colour.YELLOW
    ice, pills = result(Tool.V2, 30, days_ago=5, substance="ice"), result(Tool.V2, 2)
    assert rules.suggest([ice, pills, new]).reasons[0].params == {"points": 30}
    assert rules.to_hospital([ice, pills], None)
    assert not rules.to_hospital([pills, result(Tool.V2, 4, substance="ice"), ice], None)


@pytest.mark.parametrize(
    ("points", "colour", "refers"),
    [
        (26, None, False),
        (27, None, True),
        (39, Colour.GREEN, True),
        (4, Colour.YELLOW, False),
        (4, Colour.ORANGE, True),
        (4, Colour.RED, True),
    ],
)
def test_who_goes_to_hospital_first(points: int, colour: Colour | None, refers: bool) -> None:
    assert rules.to_hospital([result(Tool.V2, points)], colour) is refers


def core(**points: int) -> list[Result]:
    return [result(tool, points.get(tool.name.lower(), 0)) for tool in CORE]


def test_what_a_clinician_does_next() -> None:
    calm, later = core(v2=10), DAY + timedelta(days=1)
    decided = Decided(Colour.GREEN, calm[0].recorded_at)
    assert rules.next_step([], None) == Step(Do.ASK, Tool.V2)
    assert rules.next_step(calm[:1], None) == Step(Do.ASK, Tool.OAS)
    assert rules.next_step([result(Tool.ASSIST, 0), *calm[1:]], None) == Step(Do.DECIDE)
    assert rules.next_step(calm, None) == Step(Do.DECIDE)
    assert rules.next_step(calm, decided) == Step(Do.GO_ON)
    assert rules.next_step(core(v2=27), replace(decided, colour=Colour.YELLOW)) == Step(Do.REFER)
    worse = replace(result(Tool.OAS, 2), taken_on=later, recorded_at=decided.at + timedelta(days=1))
    assert rules.next_step([*calm, worse], decided) == Step(Do.DECIDE)
    assert rules.next_step([*calm, worse], Decided(Colour.ORANGE, decided.at)) == Step(Do.REFER)
    assert rules.next_step([*calm, worse], Decided(Colour.RED, worse.recorded_at)) == Step(Do.REFER)


def test_what_another_result_calls_for_comes_first() -> None:
    low = core(two_q=1)
    assert rules.next_step(low[2:3], None) == Step(Do.ASK, Tool.NINE_Q)
    nine = result(Tool.NINE_Q, 7)
    assert rules.next_step([*low, nine], None) == Step(Do.ASK, Tool.EIGHT_Q)
    assert rules.next_step([*low, nine, result(Tool.EIGHT_Q, 3, days_ago=30)], None) == Step(Do.ASK, Tool.EIGHT_Q)
    assert rules.next_step([*low, nine, result(Tool.EIGHT_Q, 3)], None) == Step(Do.DECIDE)


def test_when_the_core_is_complete() -> None:
    days: dict[Tool, date] = {tool: DAY - timedelta(days=n) for n, tool in enumerate(CORE)}
    assert rules.complete_on(days) == DAY
    for tool in CORE:
        assert rules.complete_on({known: day for known, day in days.items() if known is not tool}) is None
    without = {tool: day for tool, day in days.items() if tool is not Tool.V2}
    assert rules.complete_on(without | {Tool.ASSIST: DAY - timedelta(days=9)}) == days[Tool.OAS]


def test_an_old_form_keeps_its_wording_and_its_points() -> None:
    for made in CURRENT.values():
        assert instrument(made.tool, made.version) is made
        first = instrument(made.tool, f"{made.version.rpartition('/')[0]}/th-1")
        assert (first is made) == made.version.endswith("/th-1")
        for then, now in zip(first.items, made.items, strict=True):
            assert (then.id, [(one.value, one.points) for one in then.options]) == (
                now.id,
                [(one.value, one.points) for one in now.options],
            )
    changed = {made.name for made in CURRENT.values() if made.version.endswith("/th-2")}
    assert changed == {"V2", "OAS", "9Q", "SMI-V"}
    with pytest.raises(KeyError):
        instrument(Tool.V2, "V.9")


def test_a_clear_threat_to_harm_is_an_emergency() -> None:
    """Two hospitals' forms agree; the first wording had it one step too low."""
    others = {option.points: option.label for option in CURRENT[Tool.OAS].items[1].options}
    assert "ขู่จะทำร้าย" in others[3] and "ขู่จะทำร้าย" not in others[2]
    first = {option.points: option.label for option in instrument(Tool.OAS, "OAS/th-1").items[1].options}
    assert "ขู่จะทำร้าย" in first[2]


#: the figures of each instrument, word for word as its row of docs/screening.md has them
QUOTED = {
    Tool.V2: "2–3 use, 4–26 misuse, 27–39 dependence",
    Tool.OAS: "1 within 24 hours, 2 within 2 hours, 3 at once",
    Tool.TWO_Q: "0; 1–2 asks for 9Q",
    Tool.NINE_Q: "0–6 none, 7–12 mild, 13–18 moderate, 19–27 severe",
    Tool.EIGHT_Q: "0, 1–8 low, 9–16 moderate, 17–52 severe",
    Tool.ST5: "0–4, 5–7, 8–9, 10–15",
    Tool.SMI_V: "0; any (1–4) is SMI-V",
    Tool.ASSIST: "alcohol 0–10, 11–26, 27–39; others 0–3, 4–26, 27–39",
}


@pytest.mark.parametrize("tool", list(Tool))
def test_every_band_edge_is_quoted_from_its_row_and_was_read_in_a_source(tool: Tool) -> None:
    made = CURRENT[tool]
    sheet = (Path(__file__).parents[2] / "docs/screening.md").read_text("utf-8").splitlines()
    (row,) = [line for line in sheet if line.startswith(f"| **{made.name}** `{made.version}`")]
    assert QUOTED[tool] in row and "[S]" in row
    edges = {int(edge) for edge in re.findall(r"\b[0-9]+\b(?! hours)", QUOTED[tool])}
    said = {edge for part in made.parts for band in part.bands for edge in (band.lowest, band.highest)}
    assert said - {Tool.V2: {0, 1}, Tool.OAS: {0}}.get(tool, set()) == edges  # those are told beside the row


# --- what holds for all answers --------------------------------------------------------------------------------------

TOOLS = st.sampled_from([CURRENT[tool] for tool in Tool])


@st.composite
def whole(draw: Any) -> tuple[Instrument, dict[str, str]]:
    """An instrument with every item answered, asked or not."""
    made: Instrument = draw(TOOLS)
    return made, {item.id: draw(st.sampled_from([option.value for option in item.options])) for item in made.items}


@given(whole())
def test_a_score_lies_in_its_band_and_its_range(drawn: tuple[Instrument, dict[str, str]]) -> None:
    made, given_ = drawn
    found = rules.score(made, given_)
    assert found is not None and [one.part for one in found] == [part.id for part in made.parts]
    for one, part in zip(found, made.parts, strict=True):
        band = next(band for band in part.bands if band.id == one.band)
        assert band.lowest <= one.points <= band.highest <= 52
    assert rules.score(made, rules.kept(made, given_)) == found


@given(whole(), st.data())
def test_a_missing_or_unknown_answer_gives_no_score(drawn: tuple[Instrument, dict[str, str]], data: Any) -> None:
    made, given_ = drawn
    left_out = data.draw(st.sampled_from(rules.asked(made, given_)))
    for gone in ({**given_, left_out.id: data.draw(st.sampled_from(["", "no such answer"]))}, dict(given_)):
        if gone == given_:
            del gone[left_out.id]
        assert rules.score(made, gone) is None
        assert left_out in rules.unanswered(made, gone) and left_out.id not in rules.kept(made, gone)


@given(whole(), st.data())
def test_a_worse_answer_never_lowers_a_score(drawn: tuple[Instrument, dict[str, str]], data: Any) -> None:
    made, given_ = drawn
    item = data.draw(st.sampled_from([one for one in made.items if one.scored]))
    now = item.option(given_[item.id])
    assert now
    worse = data.draw(st.sampled_from([option for option in item.options if option.points >= now.points]))
    before, after = rules.score(made, given_), rules.score(made, {**given_, item.id: worse.value})
    assert before and after
    assert all(one.points <= other.points for one, other in zip(before, after, strict=True))


@given(st.dictionaries(st.sampled_from([Tool.OAS, Tool.SMI_V, Tool.EIGHT_Q, Tool.V2]), st.integers(0, 3)))
def test_more_results_never_suggest_a_calmer_colour(points: dict[Tool, int]) -> None:
    steps = {Tool.OAS: (0, 1, 2, 3), Tool.SMI_V: (0, 1, 2, 4), Tool.EIGHT_Q: (0, 8, 9, 17), Tool.V2: (0, 4, 27, 39)}
    made = [result(tool, steps[tool][step]) for tool, step in points.items()]
    order = [None, *Colour]
    for count in range(len(made)):
        fewer, more = rules.suggest(made[:count]).colour, rules.suggest(made[: count + 1]).colour
        assert order.index(fewer) <= order.index(more)
