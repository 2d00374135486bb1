"""Who takes part, who visits whom, and who may be here twice."""

from __future__ import annotations

from khuen.board.rules import COLOURS
from khuen.cases.rules import STAGES
from khuen.lists import columns as c
from khuen.lists import reading
from khuen.lists.columns import CODE, FULL_NAME, PERSON, SUBDISTRICT, VILLAGE
from khuen.lists.listed import Listed
from khuen.msgid import N_
from khuen.people.rules import SAME_BY

PEOPLE = (
    Listed(
        "members",
        N_("People in the programme"),
        N_("Everybody whose case is open and who agrees to treatment."),
        "cases.see",
        reading.members,
        (
            *(CODE, FULL_NAME, SUBDISTRICT, VILLAGE),
            c.text(N_("Project"), "project"),
            c.word(N_("Stage"), "stage", STAGES),
            c.word(N_("Colour"), "colour", COLOURS, needs="cases.clinical"),
            c.day(N_("In the programme since"), "opened_on"),
            c.text(N_("Buddy"), "buddy"),
            c.yes(N_("Agrees to sharing"), "shares"),
            c.yes(N_("Agrees to LINE"), "line"),
        ),
        leads_to="",
        may_leave=True,
        worked_on="board",
    ),
    Listed(
        "buddies",
        N_("Volunteer buddies"),
        N_("Who may be a buddy, and how many people each of them visits."),
        "buddies.assign",
        reading.buddies,
        (c.text(N_("Buddy"), "called_name"), SUBDISTRICT, VILLAGE, c.number(N_("People now"), "cases")),
        worked_on="matching",
    ),
    Listed(
        "matching",
        N_("Who visits whom"),
        N_("Every open case with its buddy; those without one come first."),
        "buddies.assign",
        reading.matching,
        (
            *(CODE, PERSON, SUBDISTRICT, VILLAGE),
            c.text(N_("Buddy"), "buddy"),
            c.day(N_("Since"), "started_at"),
            c.text(N_("Why a further person"), "extra_reason"),
            c.day(N_("In the programme since"), "opened_on"),
        ),
        leads_to="assignment",
        worked_on="matching",
    ),
    Listed(
        "duplicates",
        N_("Perhaps the same person"),
        N_("Pairs of records about which nobody has decided yet."),
        "people.duplicates",
        reading.duplicates,
        (
            c.text(N_("First"), "first_name"),
            c.text(N_("Cases of the first"), "first_codes"),
            c.text(N_("Second"), "second_name"),
            c.text(N_("Cases of the second"), "second_codes"),
            c.word(N_("Why"), "reason", SAME_BY),
            c.day(N_("Found"), "found_at"),
        ),
        worked_on="people/duplicates",
    ),
)
