"""The follow-up rounds after treatment: when each is due, and how it stands. Pure (docs/domain.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from khuen import clock
from khuen.msgid import N_

LAST_CHANCE_DAYS = 30  #: how long after its window the last round may still be made; the others until the next opens

FUTURE = N_("This day lies in the future")
TOO_SOON = N_("This day lies before the round opens")
TOO_LATE = N_("By this day the round was over. Record it with the next one")


class Result(StrEnum):
    ABSTINENT = "abstinent"
    REDUCED = "reduced"
    RELAPSE = "relapse"
    REFUSED = "refused"
    NOT_FOUND = "not_found"


class Method(StrEnum):
    HOSPITAL = "hospital"
    HOME_VISIT = "home_visit"
    PHONE = "phone"
    LINE = "line"
    HEALTH_CENTRE = "health_centre"
    COMMUNITY = "community"


class State(StrEnum):
    COMING = "coming"
    OPEN = "open"
    LATE = "late"  #: the window is over, the next round has not opened yet
    DONE = "done"
    MISSED = "missed"


RESULTS: dict[str, str] = {
    Result.ABSTINENT: N_("Does not use"),
    Result.REDUCED: N_("Uses less"),
    Result.RELAPSE: N_("Uses again"),
    Result.REFUSED: N_("Did not wish to be tested"),
    Result.NOT_FOUND: N_("Not found"),
}
METHODS: dict[str, str] = {
    Method.HOSPITAL: N_("At the hospital"),
    Method.HOME_VISIT: N_("Visit at home"),
    Method.PHONE: N_("By telephone"),
    Method.LINE: N_("By LINE"),
    Method.HEALTH_CENTRE: N_("Through the health centre"),
    Method.COMMUNITY: N_("Through the community"),
}
STATES: dict[str, str] = {
    State.COMING: N_("Coming"),
    State.OPEN: N_("Open now"),
    State.LATE: N_("Late"),
    State.DONE: N_("Done"),
    State.MISSED: N_("Missed"),
}


#: "2w" and "6m" in words
UNITS = {"w": N_("%(n)s weeks"), "m": N_("%(n)s months")}


@dataclass(frozen=True, slots=True)
class Round:
    """Calendar days: it counts from `opens_on` to `closes_on`; from `lost_on` on it can no longer be made up for."""

    number: int
    name: str  #: as the rule pack writes it: "2w", "6m"
    opens_on: date
    due_on: date
    closes_on: date
    lost_on: date


@dataclass(frozen=True, slots=True)
class Outcome:
    """Two different facts; systems in the field use one word for both (docs/domain.md)."""

    treatment_completed: bool
    follow_up_completed: bool
    follow_up_over: bool  #: no round lies ahead or can still be made


def tells_use(result: str) -> bool:
    """Less is use too: treatment was completed, so there should be none (docs/domain.md, relapse)."""
    return result in (Result.RELAPSE, Result.REDUCED)


def due_on(ended_on: date, name: str) -> date:
    """Calendar weeks or months after the end of treatment: 31 January and one month is the last of February."""
    number, unit = int(name[:-1]), name[-1]
    return ended_on + timedelta(weeks=number) if unit == "w" else clock.add_months(ended_on, number)


def schedule(ended_on: date, names: Iterable[str], window_days: int) -> tuple[Round, ...]:
    """Every round of a case, by its rule pack. Nothing that happens later moves it but a corrected end of treatment."""
    days = sorted((due_on(ended_on, name), name) for name in names)
    opening = [
        max(on - timedelta(days=window_days), (days[n - 1][0] if n else ended_on) + timedelta(days=1))
        for n, (on, _) in enumerate(days)
    ]
    found = []
    for n, (on, name) in enumerate(days):
        closes_on = on + timedelta(days=window_days)
        after = opening[n + 1] if n + 1 < len(days) else closes_on + timedelta(days=LAST_CHANCE_DAYS)
        lost_on = max(after, closes_on + timedelta(days=1))
        found.append(Round(n + 1, name, min(opening[n], on), on, closes_on, lost_on))
    return tuple(found)


def state(one: Round, result: str | None, today: date) -> State:
    """Somebody who was not found may still be found while the round can be made."""
    if result is not None and result != Result.NOT_FOUND:
        return State.DONE
    if today < one.opens_on:
        return State.COMING
    if today <= one.closes_on:
        return State.OPEN
    return State.LATE if today < one.lost_on else State.MISSED


def wrong_day(one: Round, on: date, today: date) -> str | None:
    """The message id of what is wrong with a day on which a round is said to have been made."""
    if on > today:
        return FUTURE
    if on < one.opens_on:
        return TOO_SOON
    return TOO_LATE if on >= one.lost_on else None


def outcome(ended_on: date | None, states: Sequence[State]) -> Outcome:
    settled = bool(states) and all(one in (State.DONE, State.MISSED) for one in states)
    every = bool(states) and all(one is State.DONE for one in states)
    return Outcome(ended_on is not None, ended_on is not None and every, ended_on is not None and settled)
