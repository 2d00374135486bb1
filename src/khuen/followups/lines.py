"""A person as a row or a card of the buddy's pages shows them; days are in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from khuen import clock, thai
from khuen.followups import rules
from khuen.followups.mine import MyPerson
from khuen.followups.rules import HOWS, Group
from khuen.places import Where, where
from khuen.tenancy import Here

AHEAD = 4  #: days that a snapshot can show without a signal: it is wiped after 72 hours


@dataclass(frozen=True, slots=True)
class Line:
    person: MyPerson
    place: Where
    late_days: int
    opens: str
    closes: str
    can_visit: bool
    visits: tuple[tuple[str, str], ...]  #: the buddy's last two: (how, when)
    phone: str | None
    group: Group
    meeting: str | None  #: when the next group session is


def line(here: Here, person: MyPerson, on: date | None = None) -> Line:
    """As it is today, or on a day ahead; past days are then said as dates, which stay true."""
    today = on or here.today
    said = clock.short if on else lambda day: clock.day_in_words(day, today)
    seen_on = clock.day(person.visits[0].at) if person.visits else None
    return Line(
        person=person,
        place=where(person.subdistrict_code, person.moo),
        late_days=rules.overdue_days(person.window.closes_on, today),
        opens=clock.day_ahead(person.window.opens_on, today),
        closes=clock.day_ahead(person.window.closes_on, today),
        can_visit=person.window.opens_on <= today,
        visits=tuple((HOWS[visit.how], said(clock.day(visit.at))) for visit in person.visits),
        phone=thai.phone(person.phone).shown if person.phone else None,
        group=rules.group(person.window, seen_on, person.priority, today),
        meeting=_meeting(person, today),
    )


def ahead(here: Here, person: MyPerson) -> list[Line]:
    """The same person today and on the days that follow."""
    return [line(here, person, here.today + timedelta(days=days)) for days in range(AHEAD)]


def grouped(lines: list[Line]) -> dict[Group, list[Line]]:
    groups: dict[Group, list[Line]] = {group: [] for group in Group}
    for one in lines:
        groups[one.group].append(one)
    return groups


def neighbours(lines: list[Line], code: str | None) -> list[Line]:
    """Who waits for a visit in the village of the person just visited."""
    place = next((one.place for one in lines if one.person.code == code and one.place[0]), None)
    wait = (Group.FIRST, Group.WEEK)
    return [one for one in lines if one.place == place and one.person.code != code and one.group in wait]


def _meeting(person: MyPerson, today: date) -> str | None:
    if person.meeting_at is None:
        return None
    return f"{clock.day_in_words(clock.day(person.meeting_at), today)} {clock.time_of_day(person.meeting_at)}"
