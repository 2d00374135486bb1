"""Scoring of questionnaires, the suggested colour and what follows. Pure; figures and sources: docs/screening.md.

An instrument is data (instruments.py, substances.py). It has a score only when every item that is asked has an answer:
a blank never counts as 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from khuen.msgid import N_


class Tool(StrEnum):
    V2 = "v2"
    ASSIST = "assist"
    OAS = "oas"
    TWO_Q = "2q"
    NINE_Q = "9q"
    EIGHT_Q = "8q"
    ST5 = "st5"
    SMI_V = "smi-v"


class Colour(StrEnum):
    """In order: each later one is more pressing."""

    GREEN = "green"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"


class Sum(StrEnum):
    """How the points of the items become a score."""

    ADDED = "added"
    HIGHEST = "highest"


class Do(StrEnum):
    """What a clinician does next."""

    ASK = "ask"  #: another instrument
    DECIDE = "decide"  #: the colour
    REFER = "refer"  #: to hospital first, not to CBTx
    GO_ON = "go_on"  #: to treatment in the community


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    points: int = 0


@dataclass(frozen=True, slots=True)
class When:
    """An item is asked only when another one was answered so."""

    item: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Item:
    """`part` names the group of a score it belongs to; an item that is not scored is asked all the same."""

    id: str
    number: str
    text: str
    options: tuple[Option, ...]
    when: When | None = None
    part: str = ""
    scored: bool = True

    def option(self, value: str | None) -> Option | None:
        return next((option for option in self.options if option.value == value), None)


@dataclass(frozen=True, slots=True)
class Band:
    """Points from `lowest` to `highest`, both included."""

    lowest: int
    highest: int
    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Part:
    """One score of an instrument; most have one, ASSIST has one for each group of substances."""

    id: str
    label: str
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True)
class Instrument:
    """A questionnaire in one wording. A changed text or figure is a new version; old answers keep theirs."""

    tool: Tool
    version: str
    name: str  #: short, as people call it
    title: str
    asks_about: str  #: the span of time
    items: tuple[Item, ...]
    parts: tuple[Part, ...]
    sum: Sum = Sum.ADDED


@dataclass(frozen=True, slots=True)
class Score:
    part: str
    points: int
    band: str


@dataclass(frozen=True, slots=True)
class Result:
    """One filled form that stands: neither replaced nor withdrawn."""

    id: UUID
    tool: Tool
    taken_on: date
    recorded_at: datetime
    answers: Mapping[str, str] = field(repr=False)
    scores: tuple[Score, ...] = field(repr=False)

    @property
    def points(self) -> int:
        """Of its highest part."""
        return max(score.points for score in self.scores)

    @property
    def order(self) -> tuple[date, datetime, UUID]:
        return self.taken_on, self.recorded_at, self.id


@dataclass(frozen=True, slots=True)
class Reason:
    """A message id and what fills it; `colour` is the least that follows from it."""

    text: str
    params: Mapping[str, object]
    colour: Colour | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`colour` is None when nothing speaks for one; without `has_base` it is only the least."""

    colour: Colour | None
    reasons: tuple[Reason, ...]
    has_base: bool


@dataclass(frozen=True, slots=True)
class Decided:
    colour: Colour
    at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    do: Do
    tool: Tool | None = None


#: what a first screening consists of; ASSIST may stand for V2
CORE = (Tool.V2, Tool.OAS, Tool.TWO_Q, Tool.SMI_V)
#: asked only because of another one's result: to say that they were done would tell that result
FOLLOWING = frozenset({Tool.NINE_Q, Tool.EIGHT_Q})
ASK_8Q, SEVERE_8Q, MODERATE_8Q, EMERGENCY_OAS, HOSPITAL_V2 = 7, 17, 9, 3, 27
_BASE = dict(enumerate(Colour))  # OAS 0, 1, 2, 3
_ORDER = list(Colour)


def asked(instrument: Instrument, answers: Mapping[str, str]) -> list[Item]:
    """The items that are asked of somebody who answered so, in order."""
    found: dict[str, Item] = {}
    for item in instrument.items:
        if item.when is None or (item.when.item in found and answers.get(item.when.item) in item.when.values):
            found[item.id] = item
    return list(found.values())


def unanswered(instrument: Instrument, answers: Mapping[str, str]) -> list[Item]:
    """What is asked and has no answer, or one that the instrument does not know."""
    return [item for item in asked(instrument, answers) if item.option(answers.get(item.id)) is None]


def kept(instrument: Instrument, answers: Mapping[str, str]) -> dict[str, str]:
    """The answers that count: of items that are asked, and known to the instrument."""
    return {item.id: answers[item.id] for item in asked(instrument, answers) if item.option(answers.get(item.id))}


def score(instrument: Instrument, answers: Mapping[str, str]) -> tuple[Score, ...] | None:
    """One score for each part, or None while an answer is missing."""
    if unanswered(instrument, answers):
        return None
    given: dict[str, list[int]] = {part.id: [0] for part in instrument.parts}
    for item in asked(instrument, answers):
        option = item.option(answers[item.id])
        if item.scored and option:
            given[item.part].append(option.points)
    add = max if instrument.sum is Sum.HIGHEST else sum
    return tuple(_scored(part, add(given[part.id])) for part in instrument.parts)


def leads_to(result: Result) -> Tool | None:
    """The instrument that this result calls for: any yes in 2Q asks for 9Q; 9Q from 7, or its item 9, asks for 8Q."""
    if result.tool is Tool.TWO_Q and result.points > 0:
        return Tool.NINE_Q
    harm = result.tool is Tool.NINE_Q and result.answers.get("q9") != "none"
    if result.tool is Tool.NINE_Q and (result.points >= ASK_8Q or harm):
        return Tool.EIGHT_Q
    return None


def is_danger(result: Result) -> bool:
    """Somebody on duty has to hear of it at once: 8Q from 17, OAS 3."""
    return (result.tool is Tool.EIGHT_Q and result.points >= SEVERE_8Q) or (
        result.tool is Tool.OAS and result.points >= EMERGENCY_OAS
    )


def in_danger(results: Iterable[Result], decided: Decided | None) -> bool:
    """Whether the emergency numbers stand on the page: red, or a danger that nobody has decided about since."""
    if decided and decided.colour is Colour.RED:
        return True
    dangers = [result for result in latest(results).values() if is_danger(result)]
    return any(decided is None or result.recorded_at > decided.at for result in dangers)


def latest(results: Iterable[Result]) -> dict[tuple[Tool, str], Result]:
    """The newest result of each instrument; of V2 one for each main substance, because each has its own form."""
    found: dict[tuple[Tool, str], Result] = {}
    for result in sorted(results, key=lambda one: one.order):
        found[result.tool, result.answers.get("substance", "")] = result
    return found


def suggest(results: Iterable[Result]) -> Suggestion:
    """The colour that the newest results speak for, and why. A clinician decides; this only suggests."""
    newest = sorted(latest(results).values(), key=lambda one: one.order)
    reasons = [reason for result in newest for reason in _reasons(result)]
    has_base = any(result.tool is Tool.OAS for result in newest)
    if not has_base:
        reasons.append(Reason(N_("OAS is not done yet: the suggestion has no base"), {}))
    colours = [reason.colour for reason in reasons if reason.colour]
    return Suggestion(max(colours, key=_ORDER.index, default=None), tuple(reasons), has_base)


def to_hospital(results: Iterable[Result], colour: Colour | None) -> bool:
    """Orange, red, and V2 from 27 go to hospital first, not to treatment in the community."""
    high = any(one.tool is Tool.V2 and one.points >= HOSPITAL_V2 for one in latest(results).values())
    return high or colour in (Colour.ORANGE, Colour.RED)


def next_step(results: Sequence[Result], decided: Decided | None) -> Step:
    """What a clinician does next: what another result calls for, what is not done, the colour, then where to."""
    newest = latest(results)
    missing = _owed(newest) or next((tool for tool in CORE if not _done(newest, tool)), None)
    if missing:
        return Step(Do.ASK, missing)
    if decided is None or _outdated(results, decided):
        return Step(Do.DECIDE)
    return Step(Do.REFER if to_hospital(results, decided.colour) else Do.GO_ON)


def complete_on(taken_on: Mapping[Tool, date]) -> date | None:
    """The newest day of a screening whose core is complete; None while one of its instruments was never done."""
    first = [taken_on[tool] for tool in (Tool.V2, Tool.ASSIST) if tool in taken_on]
    rest = [taken_on[tool] for tool in CORE[1:] if tool in taken_on]
    if not first or len(rest) < len(CORE) - 1:
        return None
    return max(*first, *rest)


def _scored(part: Part, points: int) -> Score:
    band = next(band for band in part.bands if band.lowest <= points <= band.highest)
    return Score(part.id, points, band.id)


def _reasons(result: Result) -> list[Reason]:
    points = result.points
    said = {"points": points}
    if result.tool is Tool.OAS:
        return [Reason(N_("OAS %(points)s is the base of the suggestion"), said, _BASE[points])]
    if result.tool is Tool.SMI_V and points:
        return [Reason(N_("SMI-V: %(points)s of 4 criteria met, at least orange"), said, Colour.ORANGE)]
    if result.tool is Tool.EIGHT_Q and points >= SEVERE_8Q:
        return [Reason(N_("8Q %(points)s points (17 or more): red"), said, Colour.RED)]
    if result.tool is Tool.EIGHT_Q and points >= MODERATE_8Q:
        return [Reason(N_("8Q %(points)s points (9 to 16): at least orange"), said, Colour.ORANGE)]
    if result.tool is Tool.EIGHT_Q and points:
        return [Reason(N_("8Q %(points)s points (1 to 8): at least yellow"), said, Colour.YELLOW)]
    if result.tool is Tool.V2 and points >= HOSPITAL_V2:
        return [Reason(N_("V2 %(points)s points (27 or more): at least yellow, and to hospital"), said, Colour.YELLOW)]
    return []


def _owed(newest: Mapping[tuple[Tool, str], Result]) -> Tool | None:
    """The most pressing instrument that a result called for and that was not done on that day or later."""
    for tool in (Tool.NINE_Q, Tool.TWO_Q):
        caller = newest.get((tool, ""))
        wanted = leads_to(caller) if caller else None
        answer = newest.get((wanted, "")) if wanted else None
        if caller and wanted and (answer is None or answer.taken_on < caller.taken_on):
            return wanted
    return None


def _done(newest: Mapping[tuple[Tool, str], Result], tool: Tool) -> bool:
    stands_for = {tool, Tool.ASSIST} if tool is Tool.V2 else {tool}
    return any(known in stands_for for known, _ in newest)


def _outdated(results: Sequence[Result], decided: Decided) -> bool:
    """Whether something newer than the decision speaks for another colour."""
    fresh = any(result.recorded_at > decided.at for result in results)
    return fresh and suggest(results).colour != decided.colour
