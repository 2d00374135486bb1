"""The coordinator's page of messages: what it shows, its filters, another try, and who sees nothing of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from khuen import clock, clockwork
from khuen.database import Pools
from khuen.ids import uuid7
from khuen.messages import line_accounts
from khuen.messages.line_accounts import NewAccount
from khuen.signin import sessions
from khuen.tenancy import hot, within
from tests.messages.conftest import Desk
from tests.post import calm, mail_server, rows, urgent
from workers import messages as worker


async def _set(post: Any, message_id: Any, state: str, reason: str | None = None) -> None:
    async with within(post.here()):
        await hot(
            "UPDATE message SET state = $3, reason = $4, settled_at = $5 WHERE tenant_id = $1 AND id = $2",
            message_id,
            state,
            reason,
            clock.now(),
        )


async def _three(desk: Desk) -> list[Any]:
    """One waits, one was sent, one was given up."""
    await urgent(desk.post, 3)
    ids = [row["id"] for row in await rows(desk.post)]
    await _set(desk.post, ids[1], "sent")
    await _set(desk.post, ids[2], "given_up", "no_address")
    return ids


async def test_it_shows_states_reasons_and_recipients(desk: Desk) -> None:
    await _three(desk)
    page = await desk.nok.get("/chatturat/messages")
    assert page.status_code == 200
    for words in ("รอส่ง", "ส่งแล้ว", "ส่งไม่สำเร็จ", "ไม่มีช่องทางติดต่อผู้รับ", "สมมุติ", "ส่งอีกครั้ง"):
        assert words in page.text
    assert page.text.count("/retry") == 1
    assert "<html" in page.text


async def test_htmx_gets_the_piece(desk: Desk) -> None:
    await _three(desk)
    piece = await desk.nok.get("/chatturat/messages", **{"hx-request": "true"})
    assert "<html" not in piece.text and "ส่งไม่สำเร็จ" in piece.text
    assert 'hx-swap-oob="morph">ทั้งหมด 3 รายการ' in piece.text


async def test_filters_are_links_and_wrong_ones_are_no_filters(desk: Desk) -> None:
    ids = await _three(desk)

    async def shown(query: str) -> set[Any]:
        page = await desk.nok.get(f"/chatturat/messages?{query}")
        assert page.status_code == 200
        return {id_ for id_ in ids if f"/messages/{id_}" in page.text}

    assert await shown("state=waiting") == {ids[0]}
    assert await shown("state=given_up&reason=no_address") == {ids[2]}
    assert await shown("reason=expired") == set()
    assert await shown("kind=nudge") == set()
    for nonsense in ("state=x", "state=%00", "page=-1", "page=๙", "page=99999999999", "kind=" + "x" * 5000):
        assert await shown(nonsense) == set(ids)


async def test_pages_hold_fifty(desk: Desk) -> None:
    await urgent(desk.post, 60)
    first, second = [await desk.nok.get(f"/chatturat/messages?page={n}") for n in (1, 2)]
    assert first.text.count("<td hx-disable>") == 50 and second.text.count("<td hx-disable>") == 10
    assert 'rel="next"' in first.text and 'rel="prev"' in second.text


async def test_an_empty_outbox_says_what_will_come(desk: Desk) -> None:
    page = await desk.nok.get("/chatturat/messages")
    assert "ยังไม่มีข้อความ" in page.text


async def test_one_message_shows_its_text_and_tries(desk: Desk) -> None:
    await calm(desk.post)
    async with mail_server(desk.settings) as (mail, settings):
        mail.mood = lambda _: "cut"
        await worker.deliver(settings, desk.post.district)
    [row] = await rows(desk.post)
    page = await desk.nok.get(f"/chatturat/messages/{row['id']}")
    for words in ("มีเรื่องด่วน", f"{desk.settings.origin}/chatturat/board", "อีเมล", "ไม่ได้รับการยืนยัน", "ไม่แน่ชัด"):
        assert words in page.text
    assert "ข้อความอาจไปถึงแล้ว" in page.text
    assert "buddy@example.org" not in page.text


async def test_a_given_up_message_goes_on_request_and_only_once(desk: Desk) -> None:
    await calm(desk.post)
    async with mail_server(desk.settings) as (mail, settings):
        mail.mood = lambda call: "refused" if call == 1 else "ok"
        for _ in range(2):
            await worker.deliver(settings, desk.post.district)
        [row] = await rows(desk.post)
        assert row["state"] == "given_up"
        for _ in range(2):
            answer = await desk.nok.post(f"/chatturat/messages/{row['id']}/retry")
            assert answer.status_code == 303 and answer.headers["location"] == f"/chatturat/messages/{row['id']}"
        [row] = await rows(desk.post)
        assert (row["state"], row["tries"]) == ("waiting", 0)
        await worker.deliver(settings, desk.post.district)
    assert (await rows(desk.post))[0]["state"] == "sent"
    assert [attempt["outcome"] for attempt in await rows(desk.post, "message_attempt")] == ["refused", "accepted"]
    assert len([row for row in await rows_of_audit(desk) if row["tag"] == "message:retried"]) == 1


async def rows_of_audit(desk: Desk) -> list[Any]:
    async with within(desk.post.here()):
        return list(await hot("SELECT tag FROM audit WHERE tenant_id = $1"))


async def test_what_was_sent_is_not_sent_again(desk: Desk) -> None:
    ids = await _three(desk)
    answer = await desk.nok.post(f"/chatturat/messages/{ids[1]}/retry")
    assert answer.status_code == 409 and "ส่งข้อความนี้อีกครั้งไม่ได้" in answer.text
    assert {row["id"]: row["state"] for row in await rows(desk.post)}[ids[1]] == "sent"


async def test_strangers_and_missing_ones_look_the_same(desk: Desk) -> None:
    ids = await _three(desk)
    for path in ("/chatturat/messages", f"/chatturat/messages/{ids[0]}"):
        assert (await desk.kanya.get(path)).status_code == 404
        assert (await desk.somchai.get(path)).status_code == 403
    foreign = await desk.kanya.get(f"/phon/messages/{ids[0]}")
    missing = await desk.kanya.get(f"/phon/messages/{uuid7()}")
    assert foreign.status_code == missing.status_code == 404
    assert (await desk.kanya.post(f"/phon/messages/{ids[2]}/retry")).status_code == 404
    assert (await desk.nok.get("/chatturat/messages/not-an-id")).status_code == 404
    assert {row["id"]: row["state"] for row in await rows(desk.post)}[ids[2]] == "given_up"


async def test_metrics_tell_what_workers_saw(desk: Desk) -> None:
    await clockwork.beat(uuid7(), clock.now(), clockwork.Figures(7, 2, 31.5))
    said = (await desk.nok.get("/metrics")).text
    for line in (
        "khuen_workers 1.0",
        "khuen_messages_waiting 7.0",
        "khuen_messages_given_up 2.0",
        "khuen_messages_lag_seconds 31.5",
    ):
        assert line in said


async def test_practice_says_that_nothing_leaves(desk: Desk) -> None:
    await urgent(desk.post)
    [row] = await rows(desk.post)
    plain = await desk.nok.get(f"/chatturat/messages/{row['id']}")
    assert "ไม่มีข้อความใดออกไปนอกระบบ" not in plain.text
    await Pools.sign_in().execute("UPDATE auth.tenant SET practice = true WHERE id = $1", desk.post.district.id)
    sessions.forget_all()
    practised = await desk.nok.get(f"/chatturat/messages/{row['id']}")
    assert "ไม่มีข้อความใดออกไปนอกระบบ" in practised.text and "มีเรื่องด่วน" in practised.text
    await worker.deliver(desk.settings, replace(desk.post.district, practice=True))
    assert "พื้นที่ฝึก แสดงที่นี่เท่านั้น" in (await desk.nok.get(f"/chatturat/messages/{row['id']}")).text


async def test_the_month_on_line_has_a_gauge(desk: Desk) -> None:
    assert "line-meter" not in (await desk.nok.get("/chatturat/messages")).text
    async with within(here := desk.post.here(None, desk.post.coordinator)):
        await line_accounts.connect(here, uuid7(), NewAccount("@123abcde", "U" + "b" * 32, "t" * 40, "0" * 32))
        await line_accounts.read_meter(here, 300, 290)
    page = (await desk.nok.get("/chatturat/messages")).text
    assert '<progress max="300" value="290"' in page and "โควตา LINE เดือนนี้ใกล้หมด" in page
    async with within(desk.post.here()):
        await line_accounts.read_meter(here, None, 12)
    assert "LINE เดือนนี้ ส่งแล้ว 12 ข้อความ ไม่จำกัด" in (await desk.nok.get("/chatturat/messages")).text
    assert "line-meter" not in (await desk.kanya.get("/phon/messages")).text
