"""What was asked of people soon after they joined, again towards the end, and the colours that followed. Pure.

Nobody in it is in danger: an alert would have been sent, and here nobody hears of anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import NamedTuple
from uuid import UUID

from khuen.cases.rules import Stage
from khuen.practice.answers import Act
from khuen.practice.life import identity
from khuen.practice.lives import Life, bangkok
from khuen.screening import rules
from khuen.screening.instruments import CURRENT
from khuen.screening.rules import Colour, Result, Tool

_FIRST, _AGAIN = "first", "again"
#: how often V2 is answered "never" and so on, then and later
_USE = {_FIRST: (5, 20, 35, 30, 10), _AGAIN: (70, 25, 5, 0, 0)}
_CALM = {_FIRST: (78, 17, 5), _AGAIN: (92, 8, 0)}  # OAS 0, 1, 2
_SUBSTANCES = (("methamphetamine", 70), ("ice", 14), ("cannabis", 8), ("kratom", 5), ("inhalants", 3))


class Asked(NamedTuple):
    """A filled form."""

    id: UUID
    case_id: UUID
    person_id: UUID
    tool: Tool
    answers: dict[str, str]
    at: datetime
    by_id: UUID


class Coloured(NamedTuple):
    """A colour, decided as suggested."""

    id: UUID
    case_id: UUID
    person_id: UUID
    colour: Colour
    at: datetime
    by_id: UUID


def screened(
    chance: Random, lives: Sequence[Life], clinic: UUID, doctor: UUID, until: datetime
) -> tuple[list[Asked], list[Coloured]]:
    """Of everybody who is past enrolment; whoever came further was asked a second time."""
    asked: list[Asked] = []
    coloured: list[Coloured] = []
    for life in lives:
        results: list[Result] = []
        substance = chance.choices([name for name, _ in _SUBSTANCES], [share for _, share in _SUBSTANCES])[0]
        for turn, on in _days(chance, life):
            at = bangkok(on, 13, chance.randint(0, 20))
            forms = [_form(chance, life, tool, given, at, clinic) for tool, given in _answers(chance, turn, substance)]
            asked += forms
            results += [_result(form) for form in forms]
            colour = rules.suggest(results).colour
            assert colour
            decided_at = min(until, at + timedelta(hours=2))
            person_id = life.newcomer.person.id
            coloured.append(Coloured(identity(chance, decided_at), life.id, person_id, colour, decided_at, doctor))
    return asked, coloured


def told(asked: Sequence[Asked], coloured: Sequence[Coloured]) -> list[Act]:
    """The audit rows of it."""
    forms = [Act(one.at, one.by_id, "screening:recorded", one.case_id, {}) for one in asked]
    return [*forms, *(Act(one.at, one.by_id, "colour:decided", one.case_id, {}) for one in coloured)]


def _days(chance: Random, life: Life) -> Iterator[tuple[str, date]]:
    opened_on, later = life.steps[0].on, [step for step in life.steps[1:] if step.stage is not Stage.CLOSED]
    if len(life.steps) == 1:
        return
    yield _FIRST, min(opened_on + timedelta(days=chance.randint(0, 2)), life.steps[1].on)
    if any(step.stage is Stage.AWAITING_DOCTOR for step in later):
        yield _AGAIN, later[-1].on


def _answers(chance: Random, turn: str, substance: str) -> Iterator[tuple[Tool, dict[str, str]]]:
    yield Tool.V2, _v2(chance, turn, substance)
    harm = chance.choices(("0", "1", "2"), _CALM[turn])[0]
    yield Tool.OAS, {"self": "0", "others": harm, "property": "0"}
    low = turn == _FIRST and chance.random() < 0.25
    yield Tool.TWO_Q, {"q1": "yes" if low else "no", "q2": "no"}
    if low:
        nine = {f"q{n}": chance.choice(("none", "some", "some", "often")) for n in range(1, 9)} | {"q9": "none"}
        yield Tool.NINE_Q, nine
        if sum(("none", "some", "often").index(given) for given in nine.values()) >= rules.ASK_8Q:
            yield Tool.EIGHT_Q, {f"q{n}": "yes" if n == 1 and chance.random() < 0.2 else "no" for n in range(1, 9)}
    met = turn == _FIRST and chance.random() < 0.03
    yield Tool.SMI_V, {"q1": "no", "q2": "yes" if met else "no", "q3": "no", "q4": "no"}


def _v2(chance: Random, turn: str, substance: str) -> dict[str, str]:
    often = [option.value for option in CURRENT[Tool.V2].items[1].options]
    used = chance.choices(often, _USE[turn])[0]
    rest = {name: chance.choice(often[: often.index(used) + 1]) for name in ("q2", "q3", "q4")}
    concern = {name: chance.choice(("never", "before", "recent")) for name in ("q5", "q6")}
    return {"substance": substance, "q1": used, **rest, **concern, "injected": "never"}


def _form(chance: Random, life: Life, tool: Tool, given: dict[str, str], at: datetime, by_id: UUID) -> Asked:
    return Asked(identity(chance, at), life.id, life.newcomer.person.id, tool, given, at, by_id)


def _result(form: Asked) -> Result:
    scores = rules.score(CURRENT[form.tool], form.answers)
    assert scores
    return Result(form.id, form.tool, form.at.date(), form.at, form.answers, scores)
