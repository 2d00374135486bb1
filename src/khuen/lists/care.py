"""What is recorded of care: sessions, tests, rounds, slips, endings."""

from __future__ import annotations

from khuen.cases.rules import STAGES
from khuen.endings.rules import ENDINGS, SLOTS, TOLD, USES
from khuen.followups.round_rules import RESULTS as ROUND_RESULTS
from khuen.followups.round_rules import STATES as ROUND_STATES
from khuen.lists import columns as c
from khuen.lists import reading
from khuen.lists.columns import CODE, PERSON, SUBDISTRICT, VILLAGE
from khuen.lists.listed import Listed
from khuen.msgid import N_
from khuen.treatment.rules import KINDS, MARKS, REASONS, RESULTS, SAMPLES

CARE = (
    Listed(
        "sessions",
        N_("Sessions"),
        N_("Every session with its doctors and how many came."),
        "treatment.see",
        reading.sessions,
        (
            c.day(N_("Date"), "on_date"),
            c.text(N_("Time"), "time"),
            c.word(N_("Kind"), "kind", KINDS),
            c.text(N_("What is done"), "title"),
            c.text(N_("Where it is held"), "place"),
            c.text(N_("Project"), "project"),
            c.word(N_("State"), "shown_state", reading.SESSION_STATES),
            c.number(N_("Doctors"), "doctors"),
            c.number(N_("Came"), "came"),
            c.number(N_("Absent"), "absent"),
            c.number(N_("Excused"), "excused"),
        ),
        dated=True,
        worked_on="sessions",
    ),
    Listed(
        "attendance",
        N_("Who came to sessions"),
        N_("A row for each person who was marked at a session."),
        "treatment.see",
        reading.attendance,
        (
            c.day(N_("Date"), "on_date"),
            c.word(N_("Kind"), "kind", KINDS),
            c.text(N_("What is done"), "title"),
            *(CODE, PERSON),
            c.word(N_("Came?"), "mark", MARKS),
            c.word(N_("Reason"), "reason", REASONS),
        ),
        leads_to="treatment",
        dated=True,
    ),
    Listed(
        "tests",
        N_("Urine tests"),
        N_("Tests that stand. What a test said is for the clinic and the doctor alone."),
        "treatment.see",
        reading.tests,
        (
            c.day(N_("Date"), "taken_on"),
            *(CODE, PERSON),
            c.word(N_("Sample"), "sample", SAMPLES),
            c.yes(N_("Observed"), "observed"),
            c.word(N_("Result"), "result", RESULTS, needs="treatment.results"),
        ),
        leads_to="treatment",
        dated=True,
    ),
    Listed(
        "rounds",
        N_("Follow-up rounds"),
        N_("Rounds by the day on which they are due, and what came of them."),
        "rounds.see",
        reading.rounds,
        (
            *(CODE, PERSON, SUBDISTRICT, VILLAGE),
            c.number(N_("Round"), "number"),
            c.day(N_("Due"), "due_on"),
            c.day(N_("Until"), "closes_on"),
            c.word(N_("State"), "state", ROUND_STATES),
            c.word(N_("What came of it"), "result", ROUND_RESULTS),
            c.text(N_("Buddy"), "buddy"),
        ),
        leads_to="follow-up",
        dated=True,
        worked_on="follow-ups",
    ),
    Listed(
        "slips",
        N_("Slips"),
        N_("Slips by day, with the time with the doctor that was asked for."),
        "endings.see",
        reading.slips,
        (
            c.day(N_("Date"), "on_date"),
            *(CODE, PERSON),
            c.word(N_("Told by"), "told_by", TOLD),
            c.word(N_("Kind of use"), "use", USES),
            c.word(N_("Doctor"), "slot", SLOTS),
            c.day(N_("Day with the doctor"), "slot_on"),
        ),
        leads_to="slips",
        dated=True,
    ),
    Listed(
        "endings",
        N_("Ended cases"),
        N_("Cases that were closed, how and by whom."),
        "endings.see",
        reading.endings,
        (
            c.day(N_("Date"), "on_date"),
            *(CODE, PERSON),
            c.word(N_("Way of ending"), "kind", ENDINGS),
            c.text(N_("Exit code"), "exit_code"),
            c.word(N_("Stage before"), "stage", STAGES),
            c.day(N_("In the programme since"), "opened_on"),
            c.text(N_("Closed by"), "by"),
        ),
        leads_to="endings",
        dated=True,
    ),
)
