"""Reading the board and a case, and the acts that go across rooms: asking many buddies, another buddy, taking back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid5

import msgspec

from khuen import audit, clock, vault
from khuen import undo as offers
from khuen.board import queries, rules
from khuen.board.rules import Act, Facts, Lane, Sort
from khuen.buddies import service as buddies
from khuen.buddies.rules import Suggestion
from khuen.cases import service as cases
from khuen.endings import undoing
from khuen.enrolment import service as enrolment
from khuen.errors import Conflict, NotFound, TooMany
from khuen.followups import reminders
from khuen.followups import service as followups
from khuen.meetings import tasks
from khuen.pathway import service as pathway
from khuen.people import service as people
from khuen.people.service import Contact
from khuen.tenancy import Here, hot

PAGE = 50
WEEK = timedelta(days=6)
LARGEST_EXPORT = 10_000
NEWEST = 200  #: entries of a tab
#: what counts as opening somebody's file
SEEN_TAGS = ("case:seen", "document:seen", "person:named")


class Changed(Conflict):
    """Somebody else changed what this form shows: `present` is what stands now, `typed` what was sent."""

    def __init__(self, present: str, typed: str) -> None:
        super().__init__()
        self.present = present
        self.typed = typed


@dataclass(frozen=True, slots=True)
class Name:
    prefix: str
    given_name: str
    family_name: str

    def __str__(self) -> str:
        return f"{self.prefix}{self.given_name} {self.family_name}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the board says; None is no filter."""

    lane: Lane = Lane.WORK
    subdistrict_code: str | None = None
    moo: str | None = None
    project_id: UUID | None = None
    buddy_id: UUID | None = None
    sort: Sort = Sort.PRESSING
    page: int = 1

    @property
    def filtered(self) -> bool:
        return any((self.subdistrict_code, self.moo, self.project_id, self.buddy_id))


class Row(NamedTuple):
    """One line of the board."""

    code: str
    called_name: str
    family_name: str
    colour: str | None
    subdistrict_code: str | None
    moo: str | None
    buddy: str | None
    lane: Lane
    late_days: int
    opens_on: date | None
    closes_on: date | None
    last_how: str | None
    seen_at: datetime | None
    waited_hours: int  #: without a buddy
    attention_id: UUID | None
    act: Act


@dataclass(frozen=True, slots=True)
class Choices:
    """What the filters offer: (id, name), and (tambon code, village number)."""

    projects: tuple[tuple[str, str], ...]
    buddies: tuple[tuple[str, str], ...]
    places: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Board:
    rows: tuple[Row, ...]
    counts: dict[Lane, int]
    buddy_within_hours: int
    choices: Choices | None


@dataclass(frozen=True, slots=True)
class ConsentLine:
    kind: str
    decision: str
    version: str
    decided_on: date


@dataclass(frozen=True, slots=True)
class CaseHead:
    """Who a case is about and where it stands: never a number, a phone or a house; those are asked for one by one."""

    id: UUID
    code: str
    person_id: UUID
    prefix: str
    given_name: str
    family_name: str
    called_name: str
    age: int | None
    stage: str
    colour: str | None
    legal_basis: str
    proposed_by: str
    agreed_on: date
    opened_on: date
    safety_note: str
    project: str
    subdistrict_code: str | None
    moo: str | None
    buddy: str | None
    buddy_since: datetime | None
    buddy_phone: str | None
    attention_id: UUID | None
    last_how: str | None
    seen_at: datetime | None
    consents: tuple[ConsentLine, ...]
    facts: Facts
    step: rules.NextStep


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. `own_at` is the phone's clock; `undone` when it was taken back."""

    kind: str
    at: datetime
    by: str | None
    what: str | None = None
    own_at: datetime | None = None
    more: str | None = None
    undone: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """A case that may get another buddy, with who would suit."""

    case_id: UUID
    code: str
    called_name: str
    family_name: str
    subdistrict_code: str | None
    moo: str | None
    member_id: UUID | None
    buddy: str | None
    suggestions: tuple[Suggestion, ...] = ()


async def board(here: Here, asked: Asked, *, choices: bool = True) -> Board:
    """The counts of all lanes and one page of one of them, in one statement."""
    found = await hot(
        queries.BOARD, *_filters(here, asked), asked.lane, asked.sort, PAGE, (asked.page - 1) * PAGE, choices
    )
    head, today = found[0], here.today
    return Board(
        rows=tuple(_row(here.now, today, row) for row in found if row["code"]),
        counts={lane: head["all_" if lane is Lane.ALL else lane.value] for lane in Lane},
        buddy_within_hours=head["buddy_within_hours"] or 24,
        choices=_choices(head) if choices else None,
    )


async def export(here: Here, asked: Asked, codes: Collection[str], *, form: str) -> list[Any]:
    """Every row of the lane, or only the chosen codes; written down once, with its count."""
    found = await hot(queries.EXPORT, *_filters(here, asked, codes), asked.lane, asked.sort, LARGEST_EXPORT)
    await audit.record(here, "export:made", kind=form, count=len(found), page="board")
    return found


async def case(here: Here, code: str, *, page: str) -> CaseHead:
    """One case for whoever may see cases, with the audit row of having been seen. Raises NotFound."""
    rows = await hot(queries.CASE, code, *audit.entry(here, "case:seen", page=page).values)
    if not rows:
        raise NotFound
    if rows[0]["audit_seq"] is None:
        raise RuntimeError("the audit chain of this district was never started")
    return await _head(here, rows[0])


async def timeline(here: Here, code: str) -> list[Entry]:
    return [Entry(**dict(row)) for row in await hot(queries.TIMELINE, code, NEWEST)]


async def visits(here: Here, code: str) -> list[Entry]:
    """The buddy's visits with what was told about them, opened for this page."""
    rows = await hot(queries.VISITS, code, NEWEST)
    sealed = [row for row in rows if row["note_sealed"] and row["wrapped"]]
    own = None
    if sealed:
        safe = await vault.open_tenant(here)
        own = safe.unwrap(sealed[0]["person_id"], sealed[0]["key_id"], sealed[0]["wrapped"])
    return [_visit(own, row) for row in rows]


async def buddies_of(here: Here, code: str) -> list[Any]:
    return await hot(queries.BUDDIES, code, NEWEST)


async def opened_by(here: Here, code: str) -> list[Entry]:
    """Who opened this file, newest first."""
    rows = await hot(queries.OPENED, code, NEWEST, list(SEEN_TAGS))
    return [Entry(row["tag"], row["at"], row["by"], msgspec.json.decode(row["detail"]).get("page")) for row in rows]


async def contact(here: Here, code: str) -> Contact:
    """Phone, house and national id, unsealed and written down. Raises NotFound."""
    head = await case(here, code, page="contact")
    found = await people.contact(here, head.person_id)
    await audit.record(here, "document:seen", head.id, page="contact")
    return found


async def correct_name(here: Here, code: str, was: str, name: Name, key: UUID) -> None:
    """Correct a name that still reads `was`; the one before is kept. Raises NotFound, Changed."""
    held = await _held(code)
    present = Name(held["prefix"], held["given_name"], held["family_name"])
    if present == name:
        return
    if str(present) != was:
        raise Changed(str(present), str(name))
    await people.rename(
        here,
        held["person_id"],
        prefix=name.prefix,
        given_name=name.given_name,
        family_name=name.family_name,
        key=key,
    )


async def correct_safety_note(here: Here, code: str, was: str, text: str) -> None:
    """Raises NotFound, Changed."""
    held = await _held(code)
    if held["safety_note"] == text:
        return
    if held["safety_note"] != was:
        raise Changed(held["safety_note"], text)
    await cases.correct_safety_note(here, held["id"], text)


async def correct_phone(here: Here, code: str, was: str, phone: str) -> None:
    """`was` and `phone` are E.164, or empty for none. Raises NotFound, Changed."""
    held = await _held(code)
    present = (await people.contact(here, held["person_id"])).phone or ""
    if present == phone:
        return
    if present != was:
        raise Changed(present, phone)
    await people.correct_phone(here, held["person_id"], phone or None)


async def nudge_many(here: Here, codes: Collection[str], key: UUID) -> tuple[int, int]:
    """Ask the buddies of these cases to visit: (asked, left out because nobody visits or one was just asked).

    Each message has an id made of `key` and its case, so a second press asks nobody twice.
    """
    asked = 0
    for code in dict.fromkeys(codes):
        try:
            await reminders.nudge(here, code, uuid5(key, code))
        except (Conflict, TooMany):
            continue
        asked += 1
    return asked, len(set(codes)) - asked


async def turns(here: Here, codes: Collection[str]) -> list[Turn]:
    """The open cases among these, each with the buddies who would suit. A stranger's code finds nothing."""
    rows = await hot(queries.CHOSEN, list(codes))
    suited = await buddies.suggestions(here, [row["id"] for row in rows])
    return [
        Turn(
            row["id"],
            row["code"],
            row["called_name"],
            row["family_name"],
            row["subdistrict_code"],
            row["moo"],
            row["member_id"],
            row["buddy"],
            tuple(one for one in suited[row["id"]] if one.member_id != row["member_id"]),
        )
        for row in rows
    ]


async def reassign(here: Here, chosen: dict[str, UUID], reason: str, key: UUID) -> int:
    """Another buddy for each of these cases; the one before is kept with `reason`. Answers how many.

    Harmless twice: each assignment has an id made of `key` and its case, and `key` is the batch that undo takes back.
    Raises NotFound for a case or a buddy that was not offered, Conflict.
    """
    offered = {turn.code: turn for turn in await turns(here, chosen)}
    if set(offered) != set(chosen):
        raise NotFound
    for code, member_id in chosen.items():
        turn = offered[code]
        if member_id == turn.member_id:
            continue  # a second press finds it done
        load = {one.member_id: one.current_cases for one in turn.suggestions}
        if member_id not in load:
            raise NotFound
        extra = reason if load[member_id] else None
        new = buddies.NewAssignment(uuid5(key, code), turn.case_id, member_id, extra, key)
        await buddies.replace(here, new, reason)
    return len(chosen)


async def take_back(here: Here, token: str) -> bool:
    """Take back what the token stands for; False when that was done already.

    Raises NotFound for a stranger's token, Ended when its time is over, and what the room's own function raises.
    """
    kind, subject, unused = await offers.take(here, token)
    if unused:
        await _TAKES_BACK[kind](here, subject)
        await audit.record(here, "undo:used", subject, kind=kind)
    return unused


#: which function takes which kind of act back
_TAKES_BACK: dict[str, Callable[[Here, UUID], Awaitable[Any]]] = {
    "check_in": followups.withdraw,
    "acknowledgement": followups.undo_acknowledgement,
    "assignment": buddies.undo_assignment,
    "matching": buddies.undo_matching,
    "enrolment": enrolment.take_back,
    "condition_skip": pathway.undo_skip,
    **undoing.TAKES_BACK,
    **tasks.TAKES_BACK,
}


async def _held(code: str) -> Any:
    rows = await hot(queries.HELD, code)
    if not rows:
        raise NotFound
    return rows[0]


def _filters(here: Here, asked: Asked, codes: Collection[str] = ()) -> tuple[Any, ...]:
    """$2 to $8 of the statements."""
    return (
        here.today,
        here.today + WEEK,
        asked.subdistrict_code,
        asked.moo,
        asked.project_id,
        asked.buddy_id,
        list(codes) or None,
    )


def _row(now: datetime, today: date, row: Any) -> Row:
    facts = Facts(row["stage"], row["buddy"] is not None, row["rank"], row["opens_on"], row["closes_on"])
    return Row(
        code=row["code"],
        called_name=row["called_name"],
        family_name=row["family_name"],
        colour=row["colour"],
        subdistrict_code=row["subdistrict_code"],
        moo=row["moo"],
        buddy=row["buddy"],
        lane=rules.first_lane(row["lane"]),
        late_days=max(0, (today - row["closes_on"]).days) if row["closes_on"] else 0,
        opens_on=row["opens_on"],
        closes_on=row["closes_on"],
        last_how=row["last_how"],
        seen_at=row["seen_at"],
        waited_hours=0 if facts.has_buddy else rules.waited_hours(_alone_since(row), now),
        attention_id=row["attention_id"],
        act=rules.suggested(facts, today),
    )


def _alone_since(row: Any) -> datetime:
    """Since when nobody visits: since the last buddy stopped, else since the case was opened."""
    left_at: datetime | None = row["left_at"]
    made_at: datetime = row["made_at"]
    if left_at is not None:
        return left_at
    if clock.day(made_at) == row["opened_on"]:
        return made_at
    return datetime.combine(row["opened_on"], datetime.min.time(), clock.BANGKOK)


def _choices(head: Any) -> Choices:
    def pairs(name: str) -> tuple[Any, ...]:
        return tuple(tuple(pair) for pair in msgspec.json.decode(head[name] or "[]"))

    return Choices(pairs("projects"), pairs("buddies"), pairs("places"))


async def _head(here: Here, row: Any) -> CaseHead:
    facts = Facts(row["stage"], row["member_id"] is not None, row["rank"], row["opens_on"], row["closes_on"])
    hours = 0 if facts.has_buddy else rules.waited_hours(_alone_since(row), here.now)
    phone = None
    if row["buddy_phone"]:
        safe = await vault.open_tenant(here)
        phone = safe.unseal("member", "phone", row["member_id"], row["buddy_phone"])
    return CaseHead(
        id=row["id"],
        code=row["code"],
        person_id=row["person_id"],
        prefix=row["prefix"],
        given_name=row["given_name"],
        family_name=row["family_name"],
        called_name=row["called_name"],
        age=_age(row, here.today),
        stage=row["stage"],
        colour=row["colour"],
        legal_basis=row["legal_basis"],
        proposed_by=row["proposed_by"],
        agreed_on=row["agreed_on"],
        opened_on=row["opened_on"],
        safety_note=row["safety_note"],
        project=row["project"],
        subdistrict_code=row["subdistrict_code"],
        moo=row["moo"],
        buddy=row["buddy"],
        buddy_since=row["started_at"],
        buddy_phone=phone,
        attention_id=row["attention_id"],
        last_how=row["last_how"],
        seen_at=row["seen_at"],
        consents=tuple(
            ConsentLine(kind, decision, version, date.fromisoformat(decided_on))
            for kind, decision, version, decided_on in msgspec.json.decode(row["consents"] or "[]")
        ),
        facts=facts,
        step=rules.next_step(facts, hours, here.today),
    )


def _age(row: Any, today: date) -> int | None:
    if row["born_on"]:
        return clock.age(row["born_on"], today)
    return today.year - row["born_year"] if row["born_year"] else None


def _visit(own: vault.PersonVault | None, row: Any) -> Entry:
    note = None
    if own is not None and row["note_sealed"]:
        note = own.unseal("check_in_note", "note", row["note_id"], row["note_sealed"])
    return Entry("check_in", row["at"], row["by"], row["how"], row["own_at"], note, row["undone"])
