"""Districts with members and messages for the tests of messages and workers, and a mail server that can be unkind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from aiosmtpd.smtp import SMTP

from khuen import clock, district, members, packs, vault
from khuen.database import Pools
from khuen.district import (
    CaseCode,
    DistrictSettings,
    Enrolment,
    Escalation,
    Holidays,
    QuietHours,
    Reminders,
)
from khuen.ids import uuid7
from khuen.members import NewMember
from khuen.messages import service
from khuen.messages.rules import Kind
from khuen.registry import District
from khuen.settings import Settings
from khuen.tenancy import Here, hot, within

SETTINGS = DistrictSettings(
    case_code=CaseCode(prefix="CPM"),
    enrolment=Enrolment(youngest=12, oldest=65, buddy_within_hours=24),
    escalation=Escalation(overdue_days=3, overdue_to=("coordinator",), urgent_to=("coordinator",)),
    quiet_hours=QuietHours(start=time(0, 0), end=time(0, 0)),
    reminders=Reminders(at=time(7, 30)),
    hotlines=(),
    holidays=Holidays(dates=()),
    wording={},
)


@dataclass(frozen=True)
class Post:
    """One district, its buddy and its coordinator."""

    district: District
    buddy: UUID = field(default_factory=uuid7)
    coordinator: UUID = field(default_factory=uuid7)

    def here(self, now: datetime | None = None, member: UUID | None = None, *roles: str) -> Here:
        return Here(self.district.id, member, frozenset(roles or ("clock",)), now or clock.now())


async def open_district(
    settings: Settings,
    slug: str = "chatturat",
    *,
    practice: bool = False,
    as_of: date | None = None,
    email: str | None = "buddy@example.org",
    chosen: DistrictSettings = SETTINGS,
) -> Post:
    """A district as sign-in and its own tables know it."""
    vault.configure(settings.kek, settings.erasures_file)
    made = Post(District(uuid7(), slug, practice, as_of))
    await Pools.sign_in().execute(
        "INSERT INTO auth.tenant (id, slug, name, short_name, area_path, practice, as_of, created_at)"
        " VALUES ($1, $2, $2, $2, 'th/northeast/36', $3, $4, $5)",
        made.district.id,
        slug,
        practice,
        as_of,
        clock.now(),
    )
    async with within(here := made.here(datetime(2026, 1, 1, tzinfo=UTC))):
        await hot(
            "INSERT INTO district_settings (tenant_id, id, content, set_at) VALUES ($1, $2, $3, $4)",
            uuid7(),
            json.dumps(district.settings_content(chosen)),
            here.now,
        )
        await members.add(
            here,
            [
                NewMember(made.buddy, "สมมุติ", ("buddy",), email=email),
                NewMember(made.coordinator, "ทดลอง", ("coordinator",), email="nok@example.org"),
            ],
        )
    packs.forget(made.district.id)
    return made


async def urgent(post: Post, number: int = 1, *, now: datetime | None = None, to: UUID | None = None) -> list[UUID]:
    """Write that many urgent messages; their subjects. They need no case to stay true."""
    subjects = [uuid7() for _ in range(number)]
    here = post.here(now)
    new = [service.NewMessage(Kind.URGENT_CHECK_IN, one, to or post.buddy, urgent=True) for one in subjects]
    async with within(here):
        await service.compose_many(here, new)
    return subjects


async def calm(post: Post, number: int = 1, *, now: datetime | None = None) -> list[UUID]:
    """The same, not urgent: a kind whose truth does not rest on visits, so that only delivery is looked at."""
    subjects = [uuid7() for _ in range(number)]
    here = post.here(now)
    new = [service.NewMessage(Kind.URGENT_CHECK_IN, one, post.buddy) for one in subjects]
    async with within(here):
        await service.compose_many(here, new)
    return subjects


async def rows(post: Post, table: str = "message") -> list[dict[str, Any]]:
    async with within(post.here()):
        order = "made_at, id" if table == "message" else "started_at, id"
        return [dict(row) for row in await hot(f"SELECT * FROM {table} WHERE tenant_id = $1 ORDER BY {order}")]


async def visits(
    post: Post,
    *closes_on: date,
    buddy: UUID | None = None,
    due_on: date | None = None,
    seen_at: datetime | None = None,
    rank: int = 0,
    state: str = "open",
) -> list[tuple[str, UUID]]:
    """Cases with a buddy (the district's own unless said) whose visit's window closes on these days: (code, case)."""
    made = []
    async with within(post.here()):
        pack, project = await _ground()
        for number, closes in enumerate(closes_on):
            person, case, visit = uuid7(), uuid7(), uuid7()
            code = f"CPM-{1000 + number + int(person.hex[-7:], 16) % 1_000_000}"
            await _put(
                "person",
                person,
                given_name="ทดลอง",
                family_name="ตัวอย่าง",
                called_name="ทด",
                sort_key="ท",
                search_name="ท",
                search_family="ต",
                created_at=clock.now(),
            )
            await _put(
                "case_file",
                case,
                code=code,
                person_id=person,
                project_id=project,
                pack_id=pack,
                legal_basis="s113",
                proposed_by="self",
                agreed_on=closes,
                opened_on=closes,
                stage="enrolled",
                made_at=clock.now(),
            )
            if buddy != NOBODY:
                await _put(
                    "assignment",
                    uuid7(),
                    case_id=case,
                    member_id=buddy or post.buddy,
                    started_at=clock.now(),
                    extra_reason="ขาดบัดดี้ในหมู่บ้าน",
                )
            await _put(
                "visit_due",
                visit,
                case_id=case,
                state=state,
                opens_on=closes - timedelta(days=4),
                due_on=due_on or closes - timedelta(days=2),
                closes_on=closes,
                seen_at=seen_at,
                attention_rank=rank,
                opened_on=closes,
            )
            made.append((code, case))
    return made


NOBODY = UUID(int=0)


async def _ground() -> tuple[UUID, UUID]:
    if known := await hot("SELECT id, pack_id FROM project WHERE tenant_id = $1"):
        return known[0]["pack_id"], known[0]["id"]
    pack, project, day = uuid7(), uuid7(), date(2026, 1, 1)
    await _put("pack", pack, name="p", version=1, content="{}", content_hash="", published_at=clock.now())
    await _put("project", project, name="p", level="village", starts_on=day, pack_id=pack)
    return pack, project


async def _put(table: str, id_: UUID, **values: Any) -> None:
    places = ", ".join(f"${n}" for n in range(3, len(values) + 3))
    sql = f"INSERT INTO {table} (tenant_id, id, {', '.join(values)}) VALUES ($1, $2, {places})"
    await hot(sql, id_, *values.values())


# --- the mail server --------------------------------------------------------------------------------------------------


class Mail:
    """What a mail server took, and how it is to behave next: ok, temporary, refused, data_refused, cut, slow."""

    def __init__(self) -> None:
        self.taken: list[tuple[list[str], bytes]] = []
        self.mood: Callable[[int], str] = lambda _: "ok"
        self.calls = 0
        self.slow_seconds = 1.0

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        self.calls += 1
        mood = self.mood(self.calls)
        envelope.mood = mood
        if mood == "temporary":
            return "450 come back later"
        if mood == "refused":
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if envelope.mood == "data_refused":
            return "554 not wanted"
        self.taken.append((list(envelope.rcpt_tos), envelope.content))
        if envelope.mood == "slow":
            await asyncio.sleep(self.slow_seconds)
        if envelope.mood == "cut":
            server.transport.abort()
        return "250 taken"


@asynccontextmanager
async def mail_server(settings: Settings) -> AsyncIterator[tuple[Mail, Settings]]:
    """A real SMTP server in this event loop, and settings that point at it."""
    mail = Mail()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(mail, loop=loop, hostname="mail.test"), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield mail, replace(settings, smtp_url=f"smtp://127.0.0.1:{port}", mail_from="khuen@example.org")
    finally:
        server.close()


async def until(condition: Callable[[], Any], seconds: float = 10.0) -> None:
    """Wait for a condition (plain or awaited); fails with a timeout."""
    async with asyncio.timeout(seconds):
        while True:
            found = condition()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return
            await asyncio.sleep(0.05)
