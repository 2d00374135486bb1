"""Every list that can be taken out: what it is called, who may, where its rows come from, what is in each column."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from khuen.board.rules import COLOURS
from khuen.cases.rules import STAGES
from khuen.endings.rules import ENDINGS, SLOTS, TOLD, USES
from khuen.followups.round_rules import RESULTS as ROUND_RESULTS
from khuen.followups.round_rules import STATES as ROUND_STATES
from khuen.lists import columns as c
from khuen.lists import reading
from khuen.lists.columns import CODE, FULL_NAME, NAMED, PERSON, SUBDISTRICT, VILLAGE, Column
from khuen.lists.reading import Asked, Found
from khuen.meetings.rules import TASKS
from khuen.messages.rules import CHANNELS, STATES
from khuen.messages.rules import KINDS as MESSAGES
from khuen.messages.rules import REASONS as MESSAGE_REASONS
from khuen.msgid import N_
from khuen.people.rules import SAME_BY
from khuen.tenancy import Here
from khuen.training.labels import EMPLOYERS, GRANTS, JOBS, OUTCOMES, PARTNERS, WHYS
from khuen.training.labels import STATES as WORK_STATES
from khuen.treatment.rules import KINDS, MARKS, REASONS, RESULTS, SAMPLES

Read: TypeAlias = Callable[[Here, Asked], Awaitable[Found]]


@dataclass(frozen=True, slots=True)
class Listed:
    """`name` is the part of the address. `leads_to` is the page of a case that a row opens ("" the case itself).

    `dated`: a period is asked for. `may_leave`: this list alone may be handed to police or administration, because to
    stand on it tells no more than being in the programme; to stand on any other tells how somebody is. `worked_on` is
    the page, within the district, on which one works with it.
    """

    name: str
    title: str
    about: str
    permission: str
    read: Read
    columns: tuple[Column, ...]
    leads_to: str | None = None
    dated: bool = False
    may_leave: bool = False
    worked_on: str = ""


#: what is to be done now, then what is recorded
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
TOGETHER = (
    Listed(
        "decisions",
        N_("Decisions and tasks"),
        N_("What meetings decided, who answers for it, and what became of it. By code, without names."),
        "tasks.see",
        reading.decisions,
        (
            c.day(N_("Date"), "on_date"),
            c.text(N_("Meeting"), "meeting_name"),
            c.text(N_("Matter"), "matter"),
            c.text(N_("Decision"), "decided"),
            c.text(N_("Responsible"), "owner"),
            c.day(N_("Due"), "due_on"),
            c.word(N_("State"), "state", TASKS),
            c.text(N_("Reason"), "reason"),
        ),
        dated=True,
        worked_on="tasks",
    ),
    Listed(
        "messages",
        N_("Messages"),
        N_("What was sent to whom who works here, and what was not sent, with its reason."),
        "messages.see",
        reading.messages,
        (
            c.day(N_("Date"), "day"),
            c.word(N_("Kind"), "kind", MESSAGES),
            c.text(N_("Recipient"), "recipient"),
            c.number(N_("About how many"), "count"),
            c.word(N_("State"), "state", STATES),
            c.word(N_("Channel"), "channel", CHANNELS),
            c.word(N_("Reason"), "reason", MESSAGE_REASONS),
            c.day(N_("Settled"), "settled_at"),
        ),
        dated=True,
        worked_on="messages",
    ),
)
#: the index names them under these headings
GROUPS: tuple[tuple[str, tuple[Listed, ...]], ...] = (
    (N_("To do now"), DUE),
    (N_("People and buddies"), PEOPLE),
    (N_("Care"), CARE),
    (N_("Making a living"), LIVING),
    (N_("Meetings and messages"), TOGETHER),
)
LISTS: dict[str, Listed] = {one.name: one for _heading, some in GROUPS for one in some}
