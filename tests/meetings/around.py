"""What the matrix of all routes finds of meetings: one in the state that an act needs, a matter, a task."""

from __future__ import annotations

from datetime import date, time, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from khuen import clock
from khuen.cases import service as cases
from khuen.cases.rules import ConsentKind, Decision
from khuen.cases.service import Consent
from khuen.ids import uuid7
from khuen.meetings import agenda, service, tasks
from khuen.meetings.rules import Kind
from khuen.tenancy import within

if TYPE_CHECKING:
    from tests.town import Town

NOBODYS = "2001-01-02"
_DAYS = count(1)  #: one meeting a day, backwards, so that no two meet


async def meeting(town: Town, name: str, state: str = "held", code: str | None = None) -> tuple[str, str, str]:
    """A meeting of this one's district: its address, a matter of its agenda, and a task that `name` has.

    `code` is a case whose person may be named.
    """
    own = town.of(name) is town.own
    here = town.here("coordinator" if own else "stranger")
    on = here.today - timedelta(days=next(_DAYS) + (0 if own else 9000))
    task = uuid7()
    async with within(here):
        if code:
            given = Consent(ConsentKind.SHARING, Decision.GIVEN, "2569-1", here.today)
            await cases.record_consent(here, town.of(name).cases[code], given, key=uuid7())
        made = await service.plan(here, service.New(uuid7(), Kind.WEEKLY, on, time(9, 30), "ที่ว่าการอำเภอ"))
        if state == "planned":
            return made.address, str(uuid7()), str(task)
        held = await service.open_meeting(here, Kind.WEEKLY, on, uuid7())
        items = await agenda.items(here, held.id)
        new = tasks.New(task, items[-1].id, "other", "รายงานที่ประชุม", town.of(name).people[name][0], here.today)
        await tasks.decide(here, Kind.WEEKLY, on, new, no_name=True)
    return held.address, str(items[0].id), str(task)


async def address(town: Town, path: str, who: str | None, code: str) -> str:
    """The path with a meeting in the state that the act needs; for a promise an earlier one that made it."""
    if who is None:
        return path.replace("{meeting}", NOBODYS)
    state = "planned" if path.endswith(("/opening", "/cancellation")) else "held"
    _, _, promised = await meeting(town, who) if "{decision_id}" in path else ("", "", "")
    place, item, _ = await meeting(town, who, state, code if "/name/" in path else None)
    return path.replace("{meeting}", place).replace("{item_id}", item).replace("{decision_id}", promised)


def forms(town: Town) -> dict[str, dict[str, Any]]:
    key = {"key": str(uuid7())}
    owner, today = str(town.own.people["coordinator"][0]), clock.day(clock.now())
    return {
        "{tenant}/meetings": {
            **key,
            "kind": "weekly",
            "on": _typed(today + timedelta(days=next(_DAYS))),
            "at": "9.30",
            "place": "ที่ว่าการอำเภอ",
        },
        "{meeting}/opening": key,
        "{meeting}/items": {**key, "section": "other", "title": "เรื่องงบประมาณ"},
        "{item_id}/place": {"to": "2"},
        "{item_id}/decisions": {**key, "kind": "watch", "owner": owner, "due": _typed(today + timedelta(days=3))},
        "{meeting}/chair": {**key, "who": "chief"},
        "{meeting}/attendance": {**key, "came_police": "yes"},
        "{meeting}/closing": {**key, "ended": "11.30", "recorder": "สมพร"},
        "{meeting}/cancellation": {**key, "reason": "วันหยุด"},
        "promises/{decision_id}": {**key, "state": "done"},
        "{decision_id}/results": {**key, "state": "done"},
        "name/{code}": {"reason": "visit"},
    }


def _typed(on: date) -> str:
    return f"{on.day}/{on.month}/{clock.buddhist(on)}"
