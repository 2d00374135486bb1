"""Where a member may go from anywhere by a few letters: pages, the case that stands open, a case by its code. Pure.

What is offered follows the permission table; what is typed may be a name and is compared, never kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from khuen import thai
from khuen.board.rules import LANES
from khuen.msgid import N_

May = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Place:
    """`path` begins inside the district; `act` is a form that is sent there instead of a link."""

    permission: str
    path: str
    label: str
    act: bool = False


BOARD = (
    *(Place("board.see", f"board?lane={lane}", label) for lane, label in LANES.items()),
    Place("board.see", "board/views", N_("Saved views")),
)
#: pages beside those of the menu
PAGES = (
    Place("people.search", "search", N_("Search")),
    Place("phones.see", "phones", N_("Buddies to call")),
    Place("people.duplicates", "people/duplicates", N_("Perhaps the same person")),
    Place("people.duplicates", "people/merges", N_("Merged records")),
    Place("treatment.schedule", "sessions/new", N_("Plan a session")),
    Place("treatment.see", "absences", N_("To ask after")),
    Place("treatment.see", "calendar", N_("Calendar on your phone")),
    Place("messages.own", "my-messages", N_("How messages reach me")),
    Place("pages.find", "keys", N_("Keys")),
)
#: what can be done or seen about one case; {code} is its code
OF_CASE = (
    Place("cases.see", "cases/{code}", N_("The case itself")),
    Place("messages.nudge", "cases/{code}/nudges", N_("Remind the buddy"), act=True),
    Place("buddies.assign", "cases/{code}/assignment", N_("Choose or change the buddy")),
    Place("cases.see", "cases/{code}/pathway", N_("Conditions")),
    Place("screening.see_done", "cases/{code}/screening", N_("Screening")),
    Place("screening.decide", "cases/{code}/colour", N_("Decide the colour")),
    Place("treatment.see", "cases/{code}/treatment", N_("Sessions, tests and home visits")),
    Place("training.see", "cases/{code}/livelihood", N_("Courses, grants and work")),
    Place("endings.see", "cases/{code}/follow-up", N_("Follow-up")),
    Place("endings.see", "cases/{code}/slips", N_("Slips")),
    Place("endings.see", "cases/{code}/referrals", N_("Referral")),
    Place("endings.see", "cases/{code}/stays", N_("Elsewhere")),
    Place("endings.see", "cases/{code}/transfers", N_("Transfer")),
    Place("endings.see", "cases/{code}/endings", N_("End")),
    Place("cases.correct", "cases/{code}?edit=safety#facts", N_("Safety note")),
    Place("people.correct", "people/{code}/corrections", N_("Correct the record")),
)
_CODE = re.compile(r"([A-Za-z]{2,5})?[\s-]*([0-9]{1,9})")


def offered(places: Iterable[Place], typed: str, may: May, say: Callable[[str], tuple[str, ...]]) -> list[Place]:
    """Those that the member may enter and whose words hold every word that was typed; `say` gives the words."""
    wanted = [thai.squash(word) for word in typed.split()]

    def fits(place: Place) -> bool:
        words = thai.squash(" ".join(say(place.label)))
        return all(word in words for word in wanted)

    return [place for place in places if may(place.permission) and fits(place)]


def code_in(typed: str, prefix: str) -> str | None:
    """The case code that somebody types in a hurry: "btj12", "BTJ-0012" or only "12" of the district's own."""
    found = _CODE.fullmatch(thai.arabic(typed.strip()))
    return f"{(found[1] or prefix).upper()}-{found[2].zfill(4)}" if found else None
