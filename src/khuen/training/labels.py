"""What the codes of this room are called on a page."""

from khuen.msgid import N_
from khuen.training.rules import UNDONE, Employer, Found, Grant, Job, Outcome, Partner, Refusal, State, Why

PARTNERS: dict[str, str] = {
    Partner.LABOUR_OFFICE: N_("Provincial labour office"),
    Partner.SKILL_OFFICE: N_("Skill development office"),
    Partner.LOCAL_GOVERNMENT: N_("Local government"),
    Partner.SOCIAL_OFFICE: N_("Social development office"),
    Partner.COLLEGE: N_("College or community learning centre"),
    Partner.PRIVATE: N_("Private company"),
    Partner.COMMUNITY: N_("Community group or temple"),
    Partner.OTHER: N_("Another partner"),
}
OUTCOMES: dict[str, str] = {
    Outcome.ATTENDING: N_("Attending"),
    Outcome.FINISHED: N_("Finished"),
    Outcome.NOT_FINISHED: N_("Not finished"),
}
WHYS: dict[str, str] = {
    Why.WORK: N_("Work"),
    Why.ILL: N_("Ill"),
    Why.TRAVEL: N_("No way to travel"),
    Why.FAMILY: N_("Family matters"),
    Why.MOVED: N_("Moved away"),
    Why.UNWILLING: N_("Does not wish to go on"),
    Why.ENDED: N_("It was not held, or came to an end"),
    Why.UNKNOWN: N_("Reason not known"),
    Why.MISTAKE: N_("Written down by mistake"),
}
GRANTS: dict[str, str] = {
    Grant.APPLIED: N_("Applied for"),
    Grant.GRANTED: N_("Granted"),
    Grant.HANDED_OVER: N_("Handed over"),
    Grant.REPORTED: N_("Use reported"),
    Grant.REFUSED: N_("Refused by the source"),
    Grant.WITHDRAWN: N_("Application withdrawn"),
    UNDONE: N_("Take the last step back"),
}
REFUSALS: dict[str, str] = {
    Refusal.NO_BUDGET: N_("No budget left"),
    Refusal.NOT_ENTITLED: N_("Conditions not met"),
    Refusal.PAPERS: N_("Papers incomplete"),
    Refusal.OTHER_SOURCE: N_("Got it from another source"),
    Refusal.CHANGED_MIND: N_("The person changed their mind"),
    Refusal.MISTAKE: N_("Written down by mistake"),
}
JOBS: dict[str, str] = {
    Job.FARM: N_("Farming, animals, fishing"),
    Job.DAY_LABOUR: N_("Day labour"),
    Job.EMPLOYEE: N_("Employee or factory worker"),
    Job.TRADE: N_("Shop or market"),
    Job.CRAFT: N_("Craft or building trade"),
    Job.SERVICE: N_("Service, such as haircuts or driving"),
    Job.OTHER: N_("Other work"),
}
EMPLOYERS: dict[str, str] = {
    Employer.SELF: N_("Own business"),
    Employer.FAMILY: N_("Family or relatives"),
    Employer.PRIVATE: N_("Private company"),
    Employer.LOCAL_GOVERNMENT: N_("Local government"),
    Employer.STATE: N_("State agency"),
    Employer.COMMUNITY: N_("Community group or temple"),
}
FOUNDS: dict[str, str] = {
    Found.HELD: N_("Still works there"),
    Found.LOST: N_("Lost the work"),
    Found.NOT_REACHED: N_("Nobody was reached"),
}
STATES: dict[str, str] = {
    State.AHEAD: N_("Not yet due"),
    State.DUE: N_("Ask now"),
    State.HELD: N_("Still works there"),
    State.LOST: N_("Lost the work"),
    State.OVER: N_("The work had ended before"),
}
#: how a tag looks: (of an outcome, of a grant, of a date)
TAGS: dict[str, str] = {
    Outcome.ATTENDING: "waiting",
    Outcome.FINISHED: "done",
    Outcome.NOT_FINISHED: "late",
    Grant.APPLIED: "waiting",
    Grant.GRANTED: "waiting",
    Grant.HANDED_OVER: "waiting",
    Grant.REPORTED: "done",
    Grant.REFUSED: "late",
    Grant.WITHDRAWN: "done",
    State.AHEAD: "waiting",
    State.DUE: "new",
    State.HELD: "done",
    State.LOST: "late",
    State.OVER: "done",
}
