"""Answers that waited in a phone: many in one transaction, with as many statements for fifty as for two.

The rule works the plans out here, where one answer alone is a statement that does (`service.log_check_in`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from asyncpg import UniqueViolationError

from khuen import audit, packs, undo
from khuen.errors import Busy
from khuen.followups import queries, rules, service
from khuen.followups.rules import Answer, Due, How
from khuen.followups.service import OTHER_CONTENT, REPEAT, SAVED, UNKNOWN, Difference, Sent
from khuen.messages import service as messages
from khuen.messages.rules import Kind
from khuen.messages.service import NewMessage
from khuen.tenancy import Here, hot, many


@dataclass(frozen=True, slots=True)
class Became:
    """What became of one answer: saved, repeat, other_content (`kept`: what stands under the key), unknown.

    `told` are the colleagues who hear of an urgent one.
    """

    outcome: str
    kept: How | None = None
    told: tuple[str, ...] = ()
    received_at: datetime | None = None


async def log_check_ins(here: Here, sent: Sequence[Sent]) -> list[Became]:
    """Record each answer once; what one of them is never stops another.

    They are taken in order of time, and answered in the order given. Raises Busy when one of the keys is being written
    for somebody else's case at this moment.
    """
    if not sent:
        return []
    # Whoever then waits for the audit chain holds no plan of theirs, and nobody else writes an answer of these cases
    mine = {row["code"]: row for row in await hot(queries.LOCK_MINE, here.member_id)}
    rows = await hot(queries.KNOWN, _keys(sent))
    known = {row["id"]: (row["case_id"], row["how"], row["member_id"]) for row in rows}
    arrived = {row["id"]: row["received_at"] for row in rows}
    outcomes: dict[int, str] = {}
    fresh: list[Sent] = []
    for place in sorted(range(len(sent)), key=lambda n: (sent[n].happened_at or here.now, sent[n].key)):
        one = sent[place]
        if one.code not in mine:
            outcomes[place] = UNKNOWN
            continue
        this = (mine[one.code]["case_id"], one.how, here.member_id)
        if one.key not in known:
            known[one.key] = this
            fresh.append(one)
            outcomes[place] = SAVED
        else:
            outcomes[place] = REPEAT if known[one.key] == this else OTHER_CONTENT
    on_call = await _on_call(here, [one for place, one in enumerate(sent) if outcomes[place] in (SAVED, REPEAT)])
    if fresh:
        await _write(here, fresh, mine, list(on_call))
    cases = {row["case_id"] for row in mine.values()}
    became = []
    for place, one in enumerate(sent):
        case_id, how, member_id = known.get(one.key, (None, None, None))
        own = outcomes[place] == OTHER_CONTENT and member_id == here.member_id and case_id in cases
        taken = outcomes[place] in (SAVED, REPEAT) and rules.calls_for_help(one.how)
        told = tuple(sorted(on_call.values())) if taken else ()
        became.append(Became(outcomes[place], How(how) if own else None, told, arrived.get(one.key, here.now)))
    return became


async def _write(here: Here, fresh: list[Sent], mine: dict[str, Any], on_call: list[UUID]) -> None:
    answers = [(mine[one.code]["case_id"], one.happened_at or here.now, _answer(here, one)) for one in fresh]
    until = here.now + timedelta(seconds=undo.SECONDS)
    try:
        await many(
            queries.ADD,
            [
                (answer.id, case_id, here.member_id, answer.how, happened_at, answer.planned_at, here.now)
                for case_id, happened_at, answer in answers
            ],
        )
    except UniqueViolationError as clash:
        raise Busy(retry_after=1) from clash
    await many(queries.OFFER, [(answer.id, here.member_id, here.now, until) for _, _, answer in answers])
    await _move_plans(here, [(case_id, answer) for case_id, _, answer in answers], mine)
    urgent = [answer.id for _, _, answer in answers if rules.calls_for_help(answer.how)]
    if urgent:
        await messages.compose_many(
            here, [NewMessage(Kind.URGENT_CHECK_IN, id_, who, urgent=True) for id_ in urgent for who in on_call]
        )
    await audit.record_many(
        here,
        [
            audit.entry(
                here, "check-in:logged", case_id, how=str(answer.how), days=service.days_ahead(happened_at, here.now)
            )
            for case_id, happened_at, answer in answers
        ],
    )


async def _move_plans(here: Here, answers: list[tuple[UUID, Answer]], mine: dict[str, Any]) -> None:
    """Each plan after its new answers. One older than what is known makes the whole plan to be worked out again."""
    stood = {row["case_id"]: row for row in mine.values()}
    plans: dict[UUID, Due] = {}
    late: set[UUID] = set()
    for case_id, answer in answers:
        pack = await packs.pack(here, stood[case_id]["pack_id"])
        before = plans.get(case_id) or service.due_of(stood[case_id])
        after = rules.met(before, answer, pack.visits)
        if after is None:
            late.add(case_id)
        else:
            plans[case_id] = after
    await service.settle(
        here, [Difference(case_id, None, due) for case_id, due in plans.items() if case_id not in late]
    )
    await service.recompute(here, late)


async def _on_call(here: Here, taken: list[Sent]) -> dict[UUID, str]:
    """Who hears of the urgent ones among these answers, by id."""
    if not any(rules.calls_for_help(one.how) for one in taken):
        return {}
    roles = list((await packs.settings_of(here)).escalation.urgent_to)
    return {row["id"]: row["called_name"] for row in await hot(queries.ON_CALL, roles)}


def _answer(here: Here, one: Sent) -> Answer:
    return Answer(one.key, one.how, rules.planned(one.happened_at or here.now, here.now), here.now)


def _keys(sent: Sequence[Sent]) -> list[UUID]:
    return [one.key for one in sent]
