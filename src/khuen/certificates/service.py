"""The doctor's queue, and what is decided of each case: certified, declined with a reason, or asked about."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from khuen import audit, thai, vault
from khuen.cases.rules import Stage
from khuen.cases.service import asked_code
from khuen.certificates import evidence, queries, rules
from khuen.certificates.evidence import Evidence
from khuen.certificates.rules import CORRECTED, Ended, Kind, Refused
from khuen.certificates.tables import Assessment, Certificate
from khuen.errors import Conflict, Invalid, KeyReused, NotFound
from khuen.ids import uuid7
from khuen.msgid import N_
from khuen.tenancy import Here, hot

PAGE = 20
PLACES = ("ready", "reviewed", "missing", "asked", "declined")
NOT_WAITING = N_("This person is not waiting for a doctor's decision")
SAY_WHY = N_("Say why in a few words: the coordinator reads it")
NOTHING_ASKED = N_("Nothing was asked about this case, or somebody has answered already")
NOT_TO_CORRECT = N_("There is no paper of this person that could be corrected")


@dataclass(frozen=True, slots=True)
class Waiting:
    """One person of the queue; `decision_id` is the decision that stands and `mine` whether the reader made it."""

    evidence: Evidence
    decision_id: UUID | None
    mine: bool
    may_sign: bool


@dataclass(frozen=True, slots=True)
class Queue:
    counts: dict[str, int]
    mine: int  #: certified by the reader and not yet signed
    lines: tuple[Waiting, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Signer:
    """Under which name and licence a doctor signs."""

    full_name: str
    licence: str


@dataclass(frozen=True, slots=True)
class NewDecision:
    """`seen` is the hash of the evidence on the page; `why` is set for a paper that is to be corrected."""

    key: UUID
    kind: Kind
    seen: bytes
    said: str = field(default="", repr=False)
    why: Ended | None = None


async def queue(here: Here, place: str, page: int) -> Queue:
    """One part of the queue, the longest waiting first, and how many there are in each. Raises NotFound."""
    if place not in PLACES:
        raise NotFound
    counted = {row["place"]: row for row in await hot(queries.COUNTS, here.member_id)}
    counts = {name: counted[name]["n"] if name in counted else 0 for name in PLACES}
    rows = await hot(queries.QUEUE, place, PAGE, (page - 1) * PAGE, None)
    seen = await evidence.read(here, [row["code"] for row in rows])
    lines = tuple(_waiting(here, row, seen[row["code"]]) for row in rows if row["code"] in seen)
    if lines:
        await audit.record(here, "document:seen", kind="evidence", count=len(lines))
    mine = counted["reviewed"]["mine"] if "reviewed" in counted else 0
    return Queue(counts, mine, lines, counts[place])


async def one(here: Here, code: str) -> Waiting:
    """One person with the decision that stands. Raises NotFound."""
    seen = await evidence.read(here, [asked_code(code)])
    if code not in seen:
        raise NotFound
    rows = await hot(queries.STANDING, [seen[code].case_id])
    decision: dict[str, Any] = {"decision_id": None, "by_id": None}
    if rows and rows[0]["certificate_id"] is None:
        decision = {"decision_id": rows[0]["id"], "by_id": rows[0]["by_id"]}
    return _waiting(here, decision, seen[code])


async def decide(here: Here, code: str, new: NewDecision) -> UUID:
    """Keep what a doctor decided, with what was seen. Harmless twice by the key; answers the id, for undo.

    Raises NotFound, Invalid without a reason, Conflict when the evidence is no longer what was seen, when a condition
    is open, or when it is the doctor's own person; KeyReused.
    """
    case = await _held(code)
    first = await Assessment.select().where(Assessment.id == new.key).first()
    if first is not None:
        if (first["case_id"], first["kind"], first["by_id"]) != (case["id"], new.kind, here.member_id):
            raise KeyReused
        return new.key
    seen = (await evidence.read(here, [code])).get(code)
    if seen is None:
        raise NotFound
    replaces = await _to_correct(case["id"]) if new.why else None
    await _refuse(here, seen, new, replaces)
    own = await vault.person(here, case["person_id"])
    said = own.seal("assessment", "said", new.key, new.said) if new.said else None
    kept = own.seal("assessment", "seen", new.key, rules.canonical(seen.record).decode())
    why = new.why if replaces else None
    values = (new.key, case["id"], new.kind, seen.hash, kept, said, replaces, why, here.now, here.member_id)
    await hot(queries.DECIDE, *values)
    await audit.record(here, f"case:{_TAGS[new.kind]}", case["id"])
    return new.key


async def take_back(here: Here, decision_id: UUID) -> None:
    """The doctor's own decision, as long as nothing was signed. Harmless twice; a stranger's stays."""
    rows = await hot(queries.TAKE_BACK, decision_id, here.now, here.member_id)
    if rows:
        await audit.record(here, "case:decision_taken_back", rows[0]["case_id"])


async def answer(here: Here, code: str, text: str, key: UUID) -> None:
    """What the coordinator answers to a question or a refusal: the person is in the queue again.

    Harmless twice by `key`. Raises NotFound, Invalid, Conflict when nothing was asked, KeyReused.
    """
    case = await _held(code)
    if not text:
        raise Invalid({"said": SAY_WHY})
    first = await Assessment.select().where(Assessment.id == key).first()
    if first is not None:
        if (first["case_id"], first["by_id"]) != (case["id"], here.member_id):
            raise KeyReused
        return
    standing = await hot(queries.STANDING, [case["id"]])
    if not standing or standing[0]["kind"] not in (Kind.ASKED, Kind.DECLINED):
        raise Conflict(NOTHING_ASKED)
    own = await vault.person(here, case["person_id"])
    said = own.seal("assessment", "said", key, text)
    values = (key, case["id"], Kind.ANSWERED, None, None, said, None, None, here.now, here.member_id)
    await hot(queries.DECIDE, *values)
    await audit.record(here, "case:answered", case["id"])


async def signer(here: Here, member_id: UUID | None) -> Signer | None:
    """Under which name somebody signs; None before they said so."""
    rows = await hot(queries.SIGNER, member_id)
    return Signer(rows[0]["full_name"], rows[0]["licence"]) if rows else None


async def certified(here: Here) -> list[tuple[str, str]]:
    """(code, name as on a phone) of everybody whom this doctor certified and has not signed for."""
    rows = await hot(queries.MINE, here.member_id)
    return [(row["code"], thai.on_phone(row["called_name"], row["family_name"])) for row in rows]


async def sign_as(here: Here, new: Signer) -> None:
    """Keep name and licence for the papers from now on; those that are signed stay as they are."""
    if await signer(here, here.member_id) != new:
        await hot(queries.SIGN_AS, uuid7(here.now), here.member_id, new.full_name, new.licence, here.now)


async def asked_of(here: Here, case_id: UUID) -> tuple[Kind, datetime] | None:
    """Whether a doctor waits for an answer about this case, and since when."""
    rows = await hot(queries.STANDING, [case_id])
    if not rows or rows[0]["kind"] not in (Kind.ASKED, Kind.DECLINED):
        return None
    return Kind(rows[0]["kind"]), rows[0]["at"]


def refusal(here: Here, seen: Evidence, *, replaces: bool) -> Refused | None:
    """Why this person cannot be signed for by this member; None when nothing stands against it."""
    assert here.member_id is not None
    if not rules.may_sign(here.member_id, seen.close):
        return Refused.OWN
    if seen.countersign:  # until the director has a page: such a paper would wait for ever
        return Refused.DIRECTOR
    if replaces:
        return None
    waits = seen.stage is Stage.AWAITING_DOCTOR and seen.ready
    return None if waits else Refused.NOT_READY


_TAGS = {Kind.CERTIFIED: "certified", Kind.DECLINED: "declined", Kind.ASKED: "asked"}


def _waiting(here: Here, row: Any, seen: Evidence) -> Waiting:
    assert here.member_id is not None
    mine = row["decision_id"] is not None and row["by_id"] == here.member_id
    return Waiting(seen, row["decision_id"], mine, rules.may_sign(here.member_id, seen.close))


async def _held(code: str) -> Any:
    rows = await hot(queries.HELD, [asked_code(code)])
    if not rows:
        raise NotFound
    return rows[0]


async def _to_correct(case_id: UUID) -> UUID:
    """The published paper that a corrected one will take the place of. Raises Conflict."""
    rows = (
        await Certificate.select(Certificate.id)
        .where(Certificate.case_id == case_id, Certificate.state == "published", Certificate.ended.is_null())
        .first()
    )
    if rows is None:
        raise Conflict(NOT_TO_CORRECT)
    found: UUID = rows["id"]
    return found


async def _refuse(here: Here, seen: Evidence, new: NewDecision, replaces: UUID | None) -> None:
    if new.kind in (Kind.DECLINED, Kind.ASKED) and not new.said:
        raise Invalid({"said": SAY_WHY})
    if new.why and new.why not in CORRECTED:
        raise Invalid({"why": SAY_WHY})
    if seen.stage is not Stage.AWAITING_DOCTOR and replaces is None:
        raise Conflict(NOT_WAITING)
    standing = await hot(queries.STANDING, [seen.case_id])
    if standing and standing[0]["certificate_id"] and standing[0]["ended"] is None and replaces is None:
        raise Conflict(rules.REFUSED[Refused.ALREADY])
    if new.kind is not Kind.CERTIFIED:
        return
    if new.seen != seen.hash:
        raise Conflict(rules.REFUSED[Refused.CHANGED])
    problem = refusal(here, seen, replaces=replaces is not None)
    if problem:
        raise Conflict(rules.REFUSED[problem])
