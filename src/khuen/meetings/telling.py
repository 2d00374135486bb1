"""A matter and a decision in words, for pages, the projector and the minutes alike: codes, stages and days, no more."""

from __future__ import annotations

from collections.abc import Iterator

from khuen import clock
from khuen.cases.rules import STAGES
from khuen.meetings.rules import AGENCIES, DECISIONS, KINDS, TASKS, Matter, Promise, Section
from khuen.meetings.service import Card
from khuen.msgid import N_
from khuen.words import gettext

RANKS = {1: N_("Wants attention"), 2: N_("Urgent")}
#: the figures in the order in which they are told (docs/numbers.yml, meeting_*)
FIGURES = {
    "enrolled": N_("Enrolled since the beginning"),
    "open": N_("In care now"),
    "in_treatment": N_("In treatment"),
    "awaiting_doctor": N_("Awaiting the doctor"),
    "certified": N_("Certified"),
    "visits": N_("Visits in the last seven days"),
    "overdue": N_("Visits overdue"),
    "late_tasks": N_("Late tasks of earlier meetings"),
}


def number(card: Card) -> str:
    """8/2570: the number within the fiscal year."""
    return f"{card.number}/{card.fiscal_year}"


def name(card: Card, lang: str) -> str:
    return _(N_("%(kind)s no. %(number)s"), lang, kind=gettext(KINDS[card.kind], lang), number=number(card))


def subject(matter: Matter, lang: str) -> str:
    """What a matter is about: a code, what was typed, or what stands together on it."""
    if matter.code:
        return matter.code
    if matter.on_hold:
        return gettext(N_("A matter on hold"), lang)
    if matter.codes:
        return _(N_("%(count)s further cases"), lang, count=len(matter.codes))
    if matter.section == Section.NUMBERS:
        return gettext(N_("Where we stand"), lang)
    return matter.title or gettext(N_("A matter of an earlier meeting"), lang)


def facts(matter: Matter, lang: str) -> list[str]:
    """What is known of the case, each a few words; what is as it should be is not told."""
    return list(_facts(matter, lang))


def figures(matter: Matter, lang: str) -> list[tuple[str, str, int]]:
    """(name of the number, words, figure)"""
    return [(key, gettext(words, lang), matter.numbers[key]) for key, words in FIGURES.items() if key in matter.numbers]


def decided(kind: str, text: str, lang: str) -> str:
    """The choice and the words; of "as written" only the words."""
    words = gettext(DECISIONS.get(kind, DECISIONS["other"]), lang)
    if not text:
        return words
    return text if kind == "other" else f"{words}: {text}"


def promised(one: Promise, lang: str) -> tuple[str, str]:
    """(what was decided, by whom until when, what became of it)."""
    until = _(N_("%(owner)s, by %(day)s"), lang, owner=one.owner, day=clock.short(one.due_on))
    state = gettext(TASKS[one.state], lang)
    return f"{decided(one.kind, one.text, lang)} ({until})", f"{state}: {one.reason}" if one.reason else state


def agency(key: str, lang: str) -> str:
    return gettext(AGENCIES[key], lang)


def _facts(matter: Matter, lang: str) -> Iterator[str]:
    if matter.on_hold:
        yield gettext(N_("On hold: not talked about now"), lang)
    if matter.rank:
        yield gettext(RANKS[matter.rank], lang)
    if matter.stage:
        stage = gettext(STAGES[matter.stage], lang)
        counted = matter.sessions and matter.of_sessions
        said = N_("%(stage)s, CBTx %(done)s of %(all)s")
        yield _(said, lang, stage=stage, done=matter.sessions, all=matter.of_sessions) if counted else stage
    for message, days in (
        (N_("visit %(days)s days overdue"), matter.late_days),
        (N_("missed CBTx %(days)s times in a row"), matter.missed),
        (N_("no buddy for %(days)s days"), matter.alone_days),
        (N_("at this stage for %(days)s days"), matter.same_stage_days if _stands_still(matter) else 0),
    ):
        if days:
            yield _(message, lang, days=days)
    if matter.ready:
        yield gettext(N_("everything is there for the doctor"), lang)


def _stands_still(matter: Matter) -> bool:
    return matter.section in (Section.STUCK, Section.READY)


def _(message: str, lang: str, **values: object) -> str:
    return gettext(message, lang) % values
