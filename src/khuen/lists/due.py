"""What is to be done now."""

from __future__ import annotations

from khuen.cases.rules import STAGES
from khuen.endings.rules import SLOTS
from khuen.lists import columns as c
from khuen.lists import reading
from khuen.lists.columns import CODE, NAMED, PERSON, SUBDISTRICT, VILLAGE
from khuen.lists.listed import Listed
from khuen.msgid import N_
from khuen.training.labels import EMPLOYERS, JOBS

DUE = (
    Listed(
        "tests-due",
        N_("Urine tests due today"),
        N_("Whose day of the test has come; the longest due comes first."),
        "treatment.see",
        reading.tests_due,
        (
            *(CODE, NAMED, SUBDISTRICT, VILLAGE),
            c.text(N_("Project"), "project"),
            c.day(N_("Last test"), "last_on"),
            c.day(N_("Since"), "drawn"),
            c.day(N_("Not after"), "closes_on"),
            c.yes(N_("Late"), "late"),
            c.word(N_("Why today"), "why", reading.WHY_TODAY, needs="treatment.results"),
            c.text(N_("Buddy"), "buddy"),
        ),
        leads_to="treatment",
        worked_on="sessions",
    ),
    Listed(
        "work-due",
        N_("Work to ask about"),
        N_("Work whose third, sixth or twelfth month has come: is it still held?"),
        "training.see",
        reading.work_due,
        (
            *(CODE, NAMED, SUBDISTRICT, VILLAGE),
            c.word(N_("Job"), "job", JOBS),
            c.word(N_("Employer"), "employer", EMPLOYERS),
            c.day(N_("Since"), "since"),
            c.number(N_("Month"), "months"),
            c.day(N_("Due"), "due_on"),
            c.yes(N_("Asked, nobody reached"), "tried"),
            c.text(N_("Buddy"), "buddy"),
        ),
        leads_to="livelihood",
    ),
    Listed(
        "doctor-slots",
        N_("Waiting for time with the doctor"),
        N_("Asked for and not yet held; those without a day come first."),
        "endings.see",
        reading.slots,
        (
            *(CODE, NAMED, SUBDISTRICT, VILLAGE),
            c.day(N_("Day it was asked for"), "asked_at"),
            c.word(N_("State"), "state", SLOTS),
            c.day(N_("Booked for"), "on"),
            c.text(N_("Buddy"), "buddy"),
        ),
        leads_to="slips",
    ),
    Listed(
        "stopped",
        N_("Took back the consent to treatment"),
        N_("They are on no list of work. Talk with them, then close the case or record a new consent."),
        "cases.see",
        reading.stopped,
        (
            *(CODE, PERSON, SUBDISTRICT, VILLAGE),
            c.day(N_("Taken back on"), "decided_on"),
            c.word(N_("Stage"), "stage", STAGES),
            c.day(N_("In the programme since"), "opened_on"),
            c.text(N_("Buddy"), "buddy"),
        ),
        leads_to="",
    ),
)
