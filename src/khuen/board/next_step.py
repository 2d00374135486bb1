"""What the case page says comes next: the one most pressing thing, with one button. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from khuen import clock
from khuen.board.rules import ACTS, NEEDS, PAGES, Act, Facts, test_days
from khuen.cases.rules import Stage
from khuen.followups.rules import overdue_days
from khuen.msgid import N_
from khuen.pathway import rules as pathway
from khuen.pathway.rules import Lead

#: a message id and what fills it
Said: TypeAlias = tuple[str, dict[str, object]]

#: steps of the way that a test which is due comes before
_GOING_ON = (pathway.Act.INVITE, pathway.Act.CONTINUE)


@dataclass(frozen=True, slots=True)
class NextStep:
    """`act` is pressed on the page itself; else the first of `leads` that somebody may follow is the button."""

    said: Said
    act: Act | None = None
    leads: tuple[Lead, ...] = ()
    visits: Said | None = None  #: how the buddy's visits stand, where the step is about something else


def next_step(facts: Facts, way: pathway.Act, waits_hours: int, today: date, allowed: Collection[str]) -> NextStep:
    """Somebody in need first, then consent, then what a press can mend, then what the way of the case asks for.

    `way` is what the pathway says (`khuen.pathway.rules.progress`), `waits_hours` how long the case has had no buddy.
    What somebody may not do is not their next step.
    """
    if facts.stage == Stage.CLOSED:
        return NextStep((N_("The case is closed"), {}))
    if facts.rank > 0:
        urgent = N_("The buddy calls for help: look after it now, then acknowledge")
        calm = N_("The last answers call for attention: look into it")
        return NextStep((urgent if facts.rank > 1 else calm, {}), Act.ACKNOWLEDGE)
    if way is not pathway.Act.ASK_CONSENT:
        if not facts.has_buddy and NEEDS[Act.MATCH] in allowed:
            return NextStep(_alone(waits_hours), leads=(_lead(Act.MATCH),))
        late = overdue_days(facts.closes_on, today) if facts.closes_on and facts.has_buddy else 0
        if late and NEEDS[Act.NUDGE] in allowed:
            return NextStep((N_("The visit is %(days)s days late: remind the buddy"), {"days": late}), Act.NUDGE)
    visits = _visits(facts, today)
    if way in _GOING_ON and test_days(facts, today) is not None:
        leads = (_lead(Act.TEST), pathway.LEADS[pathway.Act.CONTINUE])
        return NextStep((N_("A urine test is due"), {}), None, leads, visits)
    lead = pathway.LEADS.get(way)
    return NextStep((pathway.ACTS[way], {}), None, (lead,) if lead else (), visits)


def _lead(act: Act) -> Lead:
    return Lead(PAGES[act], ACTS[act], NEEDS[act])


def _alone(hours: int) -> Said:
    if hours < 1:
        return N_("Match a buddy: nobody visits yet"), {}
    return N_("Match a buddy: nobody visits for %(hours)s hours now"), {"hours": hours}


def _visits(facts: Facts, today: date) -> Said:
    if not facts.has_buddy:
        return N_("No buddy yet"), {}
    if facts.opens_on is None or facts.closes_on is None:
        return N_("No visit is planned"), {}
    if late := overdue_days(facts.closes_on, today):
        return N_("The visit is %(days)s days late"), {"days": late}
    opens, closes = clock.day_ahead(facts.opens_on, today), clock.day_ahead(facts.closes_on, today)
    if facts.opens_on > today:
        return N_("The buddy's next visit: from %(opens)s to %(closes)s"), {"opens": opens, "closes": closes}
    return N_("The buddy's visit is due by %(closes)s"), {"closes": closes}
