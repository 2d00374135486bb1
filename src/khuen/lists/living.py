"""Courses, grants and work."""

from __future__ import annotations

from khuen.lists import columns as c
from khuen.lists import reading
from khuen.lists.columns import CODE, FULL_NAME, PERSON
from khuen.lists.listed import Listed
from khuen.msgid import N_
from khuen.training.labels import EMPLOYERS, GRANTS, JOBS, OUTCOMES, PARTNERS, WHYS
from khuen.training.labels import STATES as WORK_STATES

LIVING = (
    Listed(
        "training",
        N_("Training"),
        N_("Who learns what, and how it ended."),
        "training.see",
        reading.training,
        (
            *(CODE, FULL_NAME),
            c.text(N_("Course"), "skill"),
            c.word(N_("Kind of partner"), "partner_kind", PARTNERS),
            c.text(N_("Partner"), "partner"),
            c.day(N_("First day"), "from_on"),
            c.day(N_("Last day"), "until_on"),
            c.number(N_("Hours attended"), "hours"),
            c.word(N_("How it ended"), "outcome", OUTCOMES),
            c.word(N_("Reason"), "why", WHYS),
            c.text(N_("Number of the certificate"), "certificate"),
        ),
        leads_to="livelihood",
        dated=True,
        worked_on="courses",
    ),
    Listed(
        "grants",
        N_("Occupation grants"),
        N_("Every grant by the day of its application, and where it stands."),
        "training.see",
        reading.grants,
        (
            *(CODE, FULL_NAME),
            c.text(N_("Source"), "source"),
            c.word(N_("Kind of source"), "source_kind", PARTNERS),
            c.text(N_("What it is for"), "what_for"),
            c.day(N_("Applied on"), "applied_on"),
            c.number(N_("Asked for, baht"), "asked"),
            c.word(N_("State"), "state", GRANTS),
            c.day(N_("Since"), "state_on"),
            c.number(N_("Granted, baht"), "granted"),
        ),
        leads_to="livelihood",
        dated=True,
    ),
    Listed(
        "work",
        N_("Employment"),
        N_("Work that was found, and whether it was still held at 3, 6 and 12 months."),
        "training.see",
        reading.work,
        (
            *(CODE, PERSON),
            c.word(N_("Job"), "job", JOBS),
            c.word(N_("Employer"), "employer", EMPLOYERS),
            c.day(N_("Since"), "since_on"),
            c.word(N_("3 months"), "months_3", WORK_STATES),
            c.word(N_("6 months"), "months_6", WORK_STATES),
            c.word(N_("12 months"), "months_12", WORK_STATES),
            c.day(N_("Lost on"), "lost_on"),
        ),
        leads_to="livelihood",
        dated=True,
    ),
)
