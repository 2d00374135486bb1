"""What a district has to do before it begins, seen from its own rows: nothing is ticked by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from khuen import audit, district_rows
from khuen.admin import queries, service
from khuen.errors import TooMany
from khuen.messages import service as messages
from khuen.messages.rules import Kind
from khuen.msgid import N_
from khuen.tenancy import Here, hot

TEST_EVERY = timedelta(seconds=30)
_NEXT_YEAR_FROM = 11  #: the month from which the holidays of the next year are due


@dataclass(frozen=True, slots=True)
class Step:
    done: bool
    title: str
    about: str
    place: str  #: inside /{tenant}/admin


@dataclass(frozen=True, slots=True)
class Test:
    """The last test message of a member."""

    id: UUID
    state: str
    reason: str | None
    channel: str | None
    made_at: datetime

    @property
    def under_way(self) -> bool:
        return self.state in ("waiting", "sending")


async def steps(here: Here, *, doctor_enters: bool) -> list[Step]:
    """In the order in which a district is set up. `doctor_enters`: a doctor can sign in (signin/staff.py)."""
    people = await service.counts(here)
    saved = await district_rows.by_part(here)
    tested = bool(await hot(queries.TESTED))
    return [*_people(people, doctor_enters), *_settings(frozenset(saved), here.today), _test(tested)]


async def last_test(here: Here) -> Test | None:
    rows = await hot(queries.TESTS, here.member_id)
    return Test(**rows[0]) if rows else None


async def test(here: Here, key: UUID) -> None:
    """Send a message to oneself, the way every message goes. Harmless twice by `key`. Raises TooMany."""
    last = await last_test(here)
    if last and last.id == key:
        return
    if last and here.now - last.made_at < TEST_EVERY:
        raise TooMany(retry_after=int(TEST_EVERY.total_seconds()))
    assert here.member_id is not None
    # Urgent: whoever asked for it waits for it, in the quiet hours too.
    new = messages.NewMessage(Kind.TEST, key, here.member_id, urgent=True, id=key)
    await messages.compose_many(here, [new])
    await audit.record(here, "message:tested", key)


def _people(people: dict[str, int], doctor_enters: bool) -> list[Step]:
    def held(role: str, at_least: int = 1) -> bool:
        return people.get(role, 0) >= at_least

    return [
        Step(
            held("tenant_admin", 2),
            N_("Two administrators"),
            N_("One can help when the other is away, and gives roles that nobody gives to themselves"),
            "members?role=tenant_admin",
        ),
        Step(
            held("coordinator"),
            N_("At least one coordinator"),
            N_("Enrols people, finds buddies, sees what is late"),
            "members?role=coordinator",
        ),
        Step(
            held("doctor") and doctor_enters,
            N_("A doctor who can sign in"),
            N_("Decides, and assesses at the end. Send a link from the doctor's page"),
            "members?role=doctor",
        ),
        Step(held("chair"), N_("A chair of the meeting"), N_("Chairs the weekly meeting"), "members?role=chair"),
        Step(held("buddy"), N_("Buddies"), N_("Add each with phone and village, then print the links"), "members/new"),
    ]


def _settings(saved: frozenset[str], today: date) -> list[Step]:
    years = [today.year, *([today.year + 1] if today.month >= _NEXT_YEAR_FROM else [])]
    return [
        Step(
            "numbers" in saved,
            N_("Emergency numbers are right"),
            N_("Ring each number, then save the page"),
            "settings/numbers",
        ),
        Step(
            "visits" in saved,
            N_("Who is told, and when"),
            N_("Look at reminders and quiet hours, then save the page"),
            "settings/visits",
        ),
        Step(
            "meetings" in saved,
            N_("Habit of the weekly meeting"),
            N_("Day, time and place, then save the page"),
            "settings/meetings",
        ),
        *(
            Step(
                f"holidays-{year}" in saved,
                N_("Holidays of this year") if year == today.year else N_("Holidays of next year"),
                N_("Tick those that count here, then save the page"),
                f"settings/holidays?y={year + 543}",
            )
            for year in years
        ),
    ]


def _test(tested: bool) -> Step:
    return Step(tested, N_("Messages arrive"), N_("Send one to yourself, below"), "#tested")
