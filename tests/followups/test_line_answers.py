"""LINE tells of a member: signed or not, once or a hundred times, ours or another's, and what comes of it."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from khuen import clock, words
from khuen.buddies import service as buddies
from khuen.buddies.service import NewAssignment
from khuen.channels import line as channel
from khuen.followups import line_answers, line_rules
from khuen.followups.rules import How
from khuen.ids import uuid7
from khuen.messages import line_accounts, links
from khuen.messages.line_accounts import NewAccount
from khuen.outgoing import BANNED
from khuen.tenancy import within
from tests.care import Site
from tests.line_api import BASIC_ID, BOT, SECRET, TOKEN, USER, Line, line_server, signed

HOOK = "/hooks/line/chatturat"


@dataclass
class Chat:
    site: Site
    line: Line
    root: Any

    def body(self, text: str = "", event: str | None = None, **more: Any) -> bytes:
        event = event or uuid7().hex
        made = {
            "type": "message",
            "mode": "active",
            "timestamp": int(clock.now().timestamp() * 1000),
            "webhookEventId": event,
            "deliveryContext": {"isRedelivery": False},
            "replyToken": f"reply-{event}",
            "source": {"type": "user", "userId": USER},
            "message": {"id": "1", "type": "text", "text": text, "quoteToken": "q"},
        }
        destination = more.pop("destination", BOT)
        return json.dumps({"destination": destination, "events": [made | more]}, ensure_ascii=False).encode()

    async def send(self, body: bytes, to: str = HOOK, **headers: str) -> httpx.Response:
        """As LINE calls: no cookie, no origin."""
        transport: Any = httpx.ASGITransport(app=self.site.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver.local") as client:
            return await client.post(to, content=body, headers=signed(body) | headers)

    async def says(self, text: str, **more: Any) -> str:
        """Write to the account; its reply."""
        before = len(self.line.replies)
        assert (await self.send(self.body(text, **more))).status_code == 200
        return self.line.replies[-1][1] if len(self.line.replies) > before else ""

    async def page(self) -> str:
        return (await self.site.clients["somchai"].get("/chatturat/my-messages")).text

    async def code(self) -> str:
        key = str(uuid7())
        for _ in range(2):
            answer = await self.site.clients["somchai"].post("/chatturat/my-messages/line-codes", data={"key": key})
            assert (answer.status_code, answer.headers["location"]) == (303, "/chatturat/my-messages")
        [code] = set(re.findall(r"<b>([0-9A-Z]{4}-[0-9A-Z]{4})</b>", await self.page()))
        return str(code)

    async def link(self) -> None:
        await self.says(await self.code())

    async def check_ins(self) -> list[str]:
        return [row["how"] for row in await self.root.fetch("SELECT how FROM check_in ORDER BY received_at")]


@pytest.fixture
async def chat(site: Site, root: Any) -> AsyncIterator[Chat]:
    async with within(here := site.chatturat.here("nok", clock.now())):
        await line_accounts.connect(here, uuid7(), NewAccount(BASIC_ID, BOT, TOKEN, SECRET))
    async with line_server() as server:
        site.app.state.settings = replace(site.app.state.settings, line_api=server.address)
        yield Chat(site, server, root)
        await channel.close()


async def test_a_code_links_once_and_the_page_ends_it(chat: Chat) -> None:
    code = await chat.code()
    assert f"https://line.me/R/oaMessage/%40123abcde/?{code}" in await chat.page()
    assert await chat.says(code.lower().replace("-", " ")) == words.gettext(line_answers.LINKED)
    assert "ผูกแล้ว" in await chat.page() and code not in await chat.page()
    assert words.gettext(line_answers.CODE_WRONG) in await chat.says(code)  # used
    [row] = await chat.root.fetch("SELECT user_sealed, user_index FROM line_link")
    assert USER.encode() not in row["user_sealed"] + row["user_index"]
    for _ in range(2):
        await chat.site.clients["somchai"].post("/chatturat/my-messages/line/removal")
    assert "ผูกแล้ว" not in await chat.page()
    assert await chat.root.fetchval("SELECT count(*) FROM line_link WHERE user_sealed IS NOT NULL") == 0
    tags = await chat.root.fetch("SELECT tag FROM audit WHERE tag LIKE 'line:%linked' ORDER BY seq")
    assert [row["tag"] for row in tags] == ["line:linked", "line:unlinked"]


async def test_an_old_code_and_a_replaced_one_link_nobody(chat: Chat) -> None:
    first = await chat.code()
    second = await chat.code()
    assert first != second and words.gettext(line_answers.CODE_WRONG) in await chat.says(first)
    await chat.root.execute("UPDATE line_code SET expires_at = made_at")
    assert words.gettext(line_answers.CODE_WRONG) in await chat.says(second)
    assert await chat.root.fetchval("SELECT count(*) FROM line_link") == 0


async def test_leaving_the_account_unlinks(chat: Chat) -> None:
    await chat.link()
    await chat.send(chat.body(type="unfollow"))
    assert "ผูกแล้ว" not in await chat.page()


async def test_a_number_is_a_check_in_when_it_is_plain_whom_it_is_about(chat: Chat) -> None:
    await chat.link()
    assert words.gettext(line_answers.NOBODY) in await chat.says("1")
    await chat.site.case(opened_on=clock.day(clock.now()) - timedelta(days=7))
    assert await chat.says("๒ น่าเป็นห่วง") == words.gettext(line_answers.SAVED)
    assert await chat.check_ins() == ["worrying"]
    assert words.gettext(line_answers.NOBODY) in await chat.says("1")  # visited just now
    said = await chat.says("3")  # help is asked for the only person there is, due or not
    assert said.startswith(words.gettext(line_answers.HELP)) and said.endswith("/b/urgent?openExternalBrowser=1")
    assert await chat.check_ins() == ["worrying", "urgent"]
    assert await chat.root.fetchval("SELECT count(*) FROM message WHERE kind = 'urgent_check_in'") == 1


async def test_with_several_the_page_is_shown_instead(chat: Chat) -> None:
    await chat.link()
    week_ago = clock.day(clock.now()) - timedelta(days=7)
    await chat.site.case(opened_on=week_ago)
    code = await chat.site.case(None, opened_on=week_ago, called_name="สอง")
    async with within(here := chat.site.chatturat.here("nok", clock.now())):
        member, case = chat.site.chatturat.people["somchai"][0], chat.site.chatturat.cases[code]
        await buddies.assign(here, [NewAssignment(uuid7(), case, member, extra_reason="บ้านติดกัน")])
    assert (await chat.says("1")).endswith("/chatturat/b/?openExternalBrowser=1")
    assert (await chat.says("3")).endswith("/chatturat/b/urgent?openExternalBrowser=1")
    assert words.gettext(line_answers.HINT) in await chat.says("วันนี้ฝนตก")
    assert await chat.check_ins() == []


async def test_threat_33_the_same_event_a_hundred_times_acts_once(chat: Chat) -> None:
    await chat.link()
    await chat.site.case(opened_on=clock.day(clock.now()) - timedelta(days=7))
    body = chat.body("3", "01FZ74A0TDDPYRVKNK77XKC3ZR")
    for _ in range(100):
        assert (await chat.send(body)).status_code == 200
    assert await chat.check_ins() == ["urgent"] and len(chat.line.replies) == 2  # of the link and of this


async def test_threat_33_whatever_is_not_lines_own_does_nothing(chat: Chat) -> None:
    await chat.link()
    await chat.site.case(opened_on=clock.day(clock.now()) - timedelta(days=7))
    body, foreign = chat.body("1"), chat.body("1", destination="U" + "c" * 32)
    flipped = [bytes([*body[:n], body[n] ^ 1, *body[n + 1 :]]) for n in range(len(body))]
    signature = signed(body)["x-line-signature"]
    assert channel.genuine(body, signature, SECRET)
    assert not any(channel.genuine(one, signature, SECRET) for one in flipped)
    calls = [
        *((one, HOOK, signed(body)) for one in flipped[::60]),
        (body, HOOK, {"x-line-signature": ""}),
        (body, HOOK, {"x-line-signature": "x"}),
        (body, HOOK, signed(body, "another" + "0" * 25)),
        (foreign, HOOK, signed(foreign)),
        (b"[]", HOOK, signed(b"[]")),
        (b"\xff", HOOK, signed(b"\xff")),
        (body, "/hooks/line/phon", signed(body)),
        (body, "/hooks/line/nowhere", signed(body)),
    ]
    seen = {(await chat.send(raw, to, **headers)).status_code for raw, to, headers in calls}
    assert seen == {404}
    for moment in (clock.now() - timedelta(days=2), clock.now() + timedelta(hours=1)):
        assert await chat.says("1", timestamp=int(moment.timestamp() * 1000)) == ""
    assert await chat.says("1", source={"type": "group", "groupId": "x", "userId": USER}) == ""
    assert await chat.check_ins() == []
    assert await chat.says("1") == words.gettext(line_answers.SAVED)  # and the real one still does


async def test_a_redelivery_of_today_is_believed_and_dated_when_it_was_said(chat: Chat) -> None:
    await chat.link()
    await chat.site.case(opened_on=clock.day(clock.now()) - timedelta(days=7))
    said_at = clock.now() - timedelta(hours=5)
    await chat.says("1", timestamp=int(said_at.timestamp() * 1000), deliveryContext={"isRedelivery": True})
    [row] = await chat.root.fetch("SELECT happened_at FROM check_in")
    assert abs(row["happened_at"] - said_at) < timedelta(seconds=2)


async def test_a_stranger_and_another_district_learn_nothing(chat: Chat) -> None:
    await chat.site.case(opened_on=clock.day(clock.now()) - timedelta(days=7))
    assert words.gettext(line_answers.STRANGER) in await chat.says("1")
    assert await chat.check_ins() == []
    answer = await chat.site.clients["malee"].post("/phon/my-messages/line-codes", data={"key": str(uuid7())})
    assert answer.status_code == 409  # that district has no account


@pytest.mark.parametrize(
    ("text", "how"),
    [
        *(("1", How.WELL), ("๑", How.WELL), (" 2. ", How.WORRYING), ("3 ด่วน", How.URGENT), ("ปกติดี", How.WELL)),
        *(("12", None), ("1 คนไม่อยู่บ้าน", None), ("", None), ("4", None), ("ไม่ปกติ", None)),
    ],
)
def test_which_texts_are_answers(text: str, how: How | None) -> None:
    assert line_rules.answer_in(text) == how


@pytest.mark.parametrize("lang", words.SPOKEN)
def test_no_reply_holds_a_banned_word(lang: str) -> None:
    assert not [text for text in line_answers.REPLIES if BANNED.search(words.gettext(text, lang))]


async def test_what_was_heard_is_forgotten_after_a_month(chat: Chat) -> None:
    await chat.says("1")
    async with within(here := chat.site.chatturat.here("nok", clock.now() + timedelta(days=31))):
        await links.forget_events(here)
    assert await chat.root.fetchval("SELECT count(*) FROM line_event") == 0
