"""Check-ins and what follows from them. `log_check_in` is the hot path: one statement, whatever it has to write."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from khuen import audit, clock, packs, thai, undo, vault
from khuen.cases.tables import CaseFile
from khuen.errors import Busy, Conflict, KeyReused, NotFound
from khuen.followups import mine, queries, rules
from khuen.followups.rules import Answer, Due, How, Turn, Window
from khuen.followups.tables import Acknowledgement, CheckIn, CheckInWithdrawal, VisitDue
from khuen.ids import uuid7
from khuen.messages import service as messages
from khuen.messages.rules import Kind
from khuen.rule_pack import RulePack
from khuen.tenancy import Here, hot, many

SAVED, REPEAT, OTHER_CONTENT, UNKNOWN = "saved", "repeat", "other_content", "unknown"


@dataclass(frozen=True, slots=True)
class Sent:
    """One answer as a form or a phone sends it. `happened_at` is the phone's clock, None means now."""

    code: str
    key: UUID
    how: How
    happened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """What a buddy sees after an answer. `on_call` are the colleagues who hear of an urgent one."""

    code: str
    name: str
    outcome: str
    window: Window | None
    on_call: tuple[str, ...] = ()
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """What `visit_due` said of a case, and what the rule says."""

    case_id: UUID
    stood: Due | None
    due: Due


async def begin(here: Here, cases: list[tuple[UUID, date, RulePack]]) -> None:
    """Plan the first visit of cases: (case id, opened on, pack). Harmless twice."""
    rows = []
    for case_id, opened_on, pack in cases:
        first = rules.present(opened_on, (), (), pack.visits)
        window = first.window
        rows.append((uuid7(here.now), case_id, window.opens_on, window.due_on, window.closes_on, first.priority))
    await many(queries.BEGIN, rows)


async def finish(here: Here, *case_ids: UUID) -> None:
    """No more visits: the cases are closed. Harmless twice."""
    await VisitDue.update({VisitDue.state: "ended"}).where(VisitDue.case_id.is_in(list(case_ids)))


async def log_check_in(here: Here, sent: Sent) -> Card:
    """Record an answer once, however many times and however late it is sent.

    Raises NotFound when the case is not this buddy's, KeyReused when the key already stands for something else.
    """
    card, late = await _log(here, sent)
    if late:
        await recompute(here, [late])
    if card.outcome == UNKNOWN:
        raise NotFound
    if card.outcome == OTHER_CONTENT:
        raise KeyReused
    return card


async def add_note(here: Here, check_in_id: UUID, key: UUID, text: str) -> None:
    """Keep what the buddy tells about a visit, sealed under the person's key. Harmless twice.

    Raises NotFound, KeyReused when the key stands for another text.
    """
    own = await mine.check_in(here, check_in_id)
    safe = await vault.person(here, own.person_id)
    sealed = safe.seal("check_in_note", "note", key, text)
    if await hot(queries.NOTE, key, check_in_id, sealed, here.now, here.member_id):
        await audit.record(here, "check-in:noted", own.case_id)
        return
    first = (await hot(queries.NOTE_SENT, key))[0]
    if first["check_in_id"] != check_in_id or safe.unseal("check_in_note", "note", key, first["note_sealed"]) != text:
        raise KeyReused


async def withdraw(here: Here, check_in_id: UUID) -> None:
    """Take one's own check-in back: a row that says so, and the plan as if it had not been. Harmless twice.

    An urgent message that has not gone yet is cancelled. Raises NotFound for somebody else's.
    """
    row = (
        await CheckIn.select(CheckIn.case_id)
        .where(CheckIn.id == check_in_id, CheckIn.member_id == here.member_id)
        .first()
    )
    if row is None:
        raise NotFound
    assert here.member_id is not None
    taken = (
        await CheckInWithdrawal.insert(
            CheckInWithdrawal(id=uuid7(here.now), check_in_id=check_in_id, at=here.now, by_id=here.member_id)
        )
        .on_conflict((CheckInWithdrawal.tenant_id, CheckInWithdrawal.check_in_id), "DO NOTHING")
        .returning(CheckInWithdrawal.id)
    )
    if taken:
        await recompute(here, [row["case_id"]])
        await messages.cancel(here, Kind.URGENT_CHECK_IN, check_in_id)
        await audit.record(here, "check-in:withdrawn", row["case_id"])


async def acknowledge(here: Here, code: str, key: UUID, note: str, *, seen: UUID | None = None) -> UUID:
    """Say that somebody looks after what calls for attention in a case; answers the id of the row, for undo.

    `seen` is the check-in that the page showed. Harmless twice by `key`. Raises NotFound, Conflict when nothing wants
    attention any more or something else does, KeyReused when the key stands for another case, author or note.
    """
    case = await CaseFile.select(CaseFile.id).where(CaseFile.code == code).first()
    if case is None:
        raise NotFound
    done = (
        await Acknowledgement.select(Acknowledgement.case_id, Acknowledgement.by_id, Acknowledgement.note)
        .where(Acknowledgement.id == key)
        .first()
    )
    if done:
        if (done["case_id"], done["by_id"], done["note"]) != (case["id"], here.member_id, note):
            raise KeyReused
        return key
    due = await VisitDue.select(VisitDue.attention_id).where(VisitDue.case_id == case["id"]).lock_rows().first()
    wanted = due["attention_id"] if due else None
    if wanted is None or (seen is not None and seen != wanted):
        raise Conflict
    assert here.member_id is not None
    await Acknowledgement.insert(
        Acknowledgement(
            id=key, case_id=case["id"], check_in_id=wanted, at=here.now, by_id=here.member_id, note=note, undone_at=None
        )
    )
    await recompute(here, [case["id"]])
    await audit.record(here, "acknowledgement:made", case["id"])
    return key


async def undo_acknowledgement(here: Here, acknowledgement_id: UUID) -> None:
    """What called for attention calls again. Harmless twice. Raises NotFound."""
    row = await Acknowledgement.select().where(Acknowledgement.id == acknowledgement_id).lock_rows().first()
    if row is None:
        raise NotFound
    if row["undone_at"] is None:
        await Acknowledgement.update({Acknowledgement.undone_at: here.now}).where(
            Acknowledgement.id == acknowledgement_id
        )
        await recompute(here, [row["case_id"]])
        await audit.record(here, "acknowledgement:undone", row["case_id"])


async def recompute(here: Here, case_ids: Collection[UUID]) -> list[Difference]:
    """Put `visit_due` right from every answer and acknowledgement, and answer where it differed."""
    ids = list(case_ids)
    if not ids:
        return []
    # The lock comes first: an answer that commits meanwhile is then seen by the statements that follow.
    stood = {
        row["case_id"]: due_of(row)
        for row in await VisitDue.select().where(VisitDue.case_id.is_in(ids)).order_by(VisitDue.case_id).lock_rows()
    }
    answers = _by_case(await hot(queries.ANSWERS, ids))
    seen = _by_case(await hot(queries.ACKNOWLEDGED, ids))
    turns = defaultdict(list)
    for row in await hot(queries.TURNS, ids):
        turns[row["case_id"]].append(Turn(row["at"], row["kind"] == "support"))
    cases = await CaseFile.select(CaseFile.id, CaseFile.opened_on, CaseFile.pack_id).where(CaseFile.id.is_in(ids))
    found: list[Difference] = []
    for case in cases:
        pack = await packs.pack(here, case["pack_id"])
        due = rules.present(case["opened_on"], answers[case["id"]], seen[case["id"]], pack.visits, turns[case["id"]])
        if stood.get(case["id"]) != due:
            found.append(Difference(case["id"], stood.get(case["id"]), due))
    await settle(here, found)
    return found


async def settle(here: Here, found: list[Difference]) -> None:
    """Write the plans that differ, in one flight."""
    await many(queries.SETTLE, [_settled(here, one) for one in found])


def days_ahead(happened_at: datetime, received_at: datetime) -> int:
    """Whole days by which the phone's clock is fast, for the audit; 0 while it is within reason."""
    return (happened_at - received_at).days if rules.skewed(happened_at, received_at) else 0


async def _log(here: Here, sent: Sent) -> tuple[Card, UUID | None]:
    """The card, and the case whose plan still has to be put right: an answer older than what is known moves no date,
    but it may end a row of misses."""
    for _ in range(3):
        known = await packs.all_of(here)
        rows = await _write(here, sent, known) if known else []  # without a rule pack there is no case either
        if not rows:
            return Card(sent.code, "", UNKNOWN, None), None
        row = rows[0]
        if row["outcome"] == "no_pack":  # published after this process last looked
            packs.forget(here.tenant_id)
        elif row["outcome"] != "unseen":  # the same answer was being written as we looked: look again
            break
    else:
        raise Busy(retry_after=1)
    if row["outcome"] in (SAVED, "late") and row["audit_seq"] is None:
        raise RuntimeError("the audit chain of this district was never started")
    return _card(row), row["case_id"] if row["outcome"] == "late" else None


async def _write(here: Here, sent: Sent, known: dict[UUID, RulePack]) -> list[Any]:
    happened_at = sent.happened_at or here.now
    planned_at = rules.planned(happened_at, here.now)
    on = clock.day(planned_at)
    windows = [rules.window(on, sent.how, pack.visits) for pack in known.values()]
    limits = [pack.visits.not_found_limit for pack in known.values()]
    any_pack = next(iter(known.values())).visits
    below, at = 0, any_pack.not_found_limit
    on_call = (await packs.settings_of(here)).escalation.urgent_to if rules.calls_for_help(sent.how) else ()
    entry = audit.entry(here, "check-in:logged", how=str(sent.how), days=days_ahead(happened_at, here.now))
    return await hot(
        queries.LOG_AND_TELL if on_call else queries.LOG,
        sent.code,
        here.member_id,
        sent.key,
        sent.how,
        happened_at,
        planned_at,
        here.now,
        list(known),
        [window.opens_on for window in windows],
        [window.due_on for window in windows],
        [window.closes_on for window in windows],
        limits,
        rules.priority(sent.how, below, any_pack),
        rules.priority(sent.how, at, any_pack),
        rules.attention_rank(sent.how, below, any_pack),
        rules.attention_rank(sent.how, at, any_pack),
        here.now + timedelta(seconds=undo.SECONDS),
        *entry.values,
        *((list(on_call), here.today) if on_call else ()),
    )


def _card(row: Any) -> Card:
    outcome = SAVED if row["outcome"] == "late" else row["outcome"]
    window = Window(row["opens_on"], row["due_on"], row["closes_on"]) if row["due_on"] else None
    name = thai.on_phone(row["called_name"], row["family_name"])
    return Card(row["code"], name, outcome, window, tuple(row["on_call"] or ()), row["received_at"])


def _by_case(rows: list[Any]) -> dict[UUID, list[Answer]]:
    found: dict[UUID, list[Answer]] = defaultdict(list)
    for row in rows:
        found[row["case_id"]].append(Answer(row["id"], How(row["how"]), row["planned_at"], row["received_at"]))
    return found


def due_of(row: Mapping[str, Any]) -> Due:
    """A row of `visit_due` as the rule knows it."""
    return Due(
        window=Window(row["opens_on"], row["due_on"], row["closes_on"]),
        seen_at=row["seen_at"],
        seen_id=row["seen_id"],
        last_how=How(row["last_how"]) if row["last_how"] else None,
        misses=row["misses"],
        attention_id=row["attention_id"],
        attention_rank=row["attention_rank"],
        priority=row["priority"],
        turned_at=row["turned_at"],
    )


def _settled(here: Here, one: Difference) -> tuple[Any, ...]:
    due = one.due
    return (
        uuid7(here.now),
        one.case_id,
        "open",
        due.window.opens_on,
        due.window.due_on,
        due.window.closes_on,
        due.seen_at,
        due.seen_id,
        due.last_how,
        due.misses,
        due.attention_id,
        due.attention_rank,
        due.priority,
        due.turned_at,
    )
