"""Where the rows of each list come from: a statement, or what the room below works out, one page of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from khuen import clock, vault
from khuen.endings import rules as endings_rules
from khuen.endings import slots as waiting_slots
from khuen.followups.round_rules import Round
from khuen.followups.round_rules import state as round_state
from khuen.lists import queries
from khuen.meetings import telling
from khuen.meetings.rules import KINDS as MEETINGS
from khuen.msgid import N_
from khuen.records import service as records
from khuen.tenancy import Here, hot
from khuen.training import due as training_due
from khuen.training import rules as training_rules
from khuen.training.rules import Check, Step
from khuen.training.rules import Found as FoundAt
from khuen.treatment import due as treatment_due
from khuen.treatment.rules import KINDS as SESSIONS
from khuen.words import gettext

Row = Mapping[str, Any]
#: why a test is due today, for whoever may know the day that was drawn
WHY_TODAY = {
    "late": N_("The time for it is over"),
    "drawn": N_("The day that was drawn"),
    "further": N_("A random test in between"),
}
SESSION_STATES = {
    "planned": N_("Planned"),
    "cancelled": N_("Cancelled"),
    "cbtx": N_("Closed as CBTx"),
    "other": N_("Closed as another activity"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows: a span of days, both counted, and a page. `results` for whoever may know what a test said."""

    since: date
    until: date
    limit: int
    offset: int = 0
    results: bool = False
    lang: str = "th"


@dataclass(frozen=True, slots=True)
class Found:
    """One page, and how many rows there are in all."""

    rows: Sequence[Row]
    total: int


async def members(here: Here, asked: Asked) -> Found:
    return _found(await hot(queries.MEMBERS, asked.limit, asked.offset))


async def stopped(here: Here, asked: Asked) -> Found:
    return _found(await hot(queries.STOPPED, asked.limit, asked.offset))


async def buddies(here: Here, asked: Asked) -> Found:
    return _found(await hot(queries.BUDDIES, asked.limit, asked.offset))


async def matching(here: Here, asked: Asked) -> Found:
    return _found(await hot(queries.MATCHING, asked.limit, asked.offset))


async def attendance(here: Here, asked: Asked) -> Found:
    return _found(await hot(queries.ATTENDANCE, *_span(asked)))


async def training(here: Here, asked: Asked) -> Found:
    rows = await hot(queries.TRAINEES, *_span(asked))
    return _found(rows, lambda row: {"outcome": row["outcome"] or training_rules.Outcome.ATTENDING})


async def endings(here: Here, asked: Asked) -> Found:
    return _found(await hot(queries.ENDINGS, *_span(asked)))


async def messages(here: Here, asked: Asked) -> Found:
    return _found(await hot(queries.MESSAGES, *_span(asked)))


async def tests_due(here: Here, asked: Asked) -> Found:
    def told(one: treatment_due.TestDue) -> Row:
        return _plain(one) | {"why": "late" if one.late else "drawn" if one.drawn else "further"}

    return _page([told(one) for one in await treatment_due.tests_due(here, clinical=asked.results)], asked)


async def work_due(here: Here, asked: Asked) -> Found:
    found = await training_due.work_due(here)
    dates = [{"months": one.due.months, "due_on": one.due.due_on, "tried": one.due.tried} for one in found]
    return _page([_plain(one) | date_ for one, date_ in zip(found, dates, strict=True)], asked)


async def slots(here: Here, asked: Asked) -> Found:
    return _page([_plain(one) for one in await waiting_slots.waiting(here)], asked)


async def duplicates(here: Here, asked: Asked) -> Found:
    found, total = await records.queue(here, "open", asked.limit, asked.offset)
    rows = [
        _plain(one.pair)
        | {
            "first_codes": ", ".join(case.code for case in one.first),
            "second_codes": ", ".join(case.code for case in one.second),
        }
        for one in found
    ]
    return Found(rows, total)


async def sessions(here: Here, asked: Asked) -> Found:
    def told(row: Any) -> Row:
        at, kind = row["starts_at"].astimezone(clock.BANGKOK), SESSIONS[row["kind"]]
        return {
            "time": f"{at:%H:%M}",
            "shown_state": row["closed_as"] or row["state"],
            "title": row["title"] or gettext(kind, asked.lang),
        }

    return _found(await hot(queries.SESSIONS, *_span(asked)), told)


async def tests(here: Here, asked: Asked) -> Found:
    """What a test said is opened only for whoever may know it."""
    rows = await hot(queries.TESTS, asked.since, asked.until, asked.results, asked.limit, asked.offset)
    safe = await vault.open_tenant(here) if asked.results and rows else None

    def told(row: Any) -> Row:
        if safe is None or row["wrapped"] is None:
            return {"result": None}
        own = safe.unwrap(row["person_id"], row["key_id"], row["wrapped"])
        return {"result": own.unseal("urine_test", "result", row["id"], row["result_sealed"])}

    return _found(rows, told)


async def rounds(here: Here, asked: Asked) -> Found:
    def told(row: Any) -> Row:
        one = Round(*(row[name] for name in ("number", "name", "opens_on", "due_on", "closes_on", "lost_on")))
        return {"state": round_state(one, row["result"], here.today)}

    return _found(await hot(queries.ROUNDS, *_span(asked)), told)


async def slips(here: Here, asked: Asked) -> Found:
    rows = await hot(queries.SLIPS, *_span(asked))
    return _found(rows, lambda row: {"use": endings_rules.use(row["on_date"], row["treated_until"])})


async def grants(here: Here, asked: Asked) -> Found:
    def told(row: Any) -> Row:
        steps = [Step(what, date.fromisoformat(on), baht) for what, on, baht in json.loads(row["steps"] or "[]")]
        now = training_rules.standing(row["applied_on"], row["baht"], steps)
        granted = now.baht if training_rules.counts(now.state) else None
        return {"asked": row["baht"], "state": now.state, "state_on": now.on, "granted": granted}

    return _found(await hot(queries.GRANTS, *_span(asked)), told)


async def work(here: Here, asked: Asked) -> Found:
    def told(row: Any) -> Row:
        answers = json.loads(row["checks"] or "[]")
        checks = [Check(months, FoundAt(what), date.fromisoformat(on)) for months, what, on in answers]
        dates = training_rules.schedule(row["since_on"], checks, here.today)
        return {f"months_{one.months}": one.state for one in dates} | {"lost_on": training_rules.lost_on(checks)}

    return _found(await hot(queries.WORK, *_span(asked)), told)


async def decisions(here: Here, asked: Asked) -> Found:
    def told(row: Any) -> Row:
        kind = MEETINGS[row["meeting"]]
        return {
            "meeting_name": f"{gettext(kind, asked.lang)} {row['number']}/{row['fiscal_year']}",
            "matter": row["code"] or row["title"],
            "decided": telling.decided(row["kind"], row["text"], asked.lang),
        }

    return _found(await hot(queries.DECISIONS, *_span(asked)), told)


def _span(asked: Asked) -> tuple[date, date, int, int]:
    return asked.since, asked.until, asked.limit, asked.offset


def _found(rows: list[Any], told: Any = None) -> Found:
    """The rows of a statement, with what the rule says of each."""
    whole: Sequence[Row] = [dict(row) | told(row) for row in rows] if told else rows
    return Found(whole, rows[0]["total"] if rows else 0)


def _page(rows: Sequence[Row], asked: Asked) -> Found:
    return Found(rows[asked.offset : asked.offset + asked.limit], len(rows))


def _plain(one: Any) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__slots__}
