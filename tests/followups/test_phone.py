"""The phone without a signal, as far as HTTP says it: the shell, the snapshot, a token, the worker, whom to call."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import brotli

from khuen import assets, clock
from khuen.followups import phones
from khuen.ids import uuid7
from khuen.signin import sessions
from khuen.tenancy import within
from tests.care import Site

SCRIPT_BYTES = 4096
#: what a phone of Chrome 107 does not know, and what would be sent to somebody else
NEWER = r"structuredClone\(|Object\.groupBy|Promise\.withResolvers|\.toSorted|\.findLast\(|URL\.canParse|eval\(|https?:"


async def test_the_script_is_small_and_asks_for_nothing_newer_than_its_phones() -> None:
    script = assets.asset("phone.js")
    assert len(brotli.compress(script.body, quality=11)) <= SCRIPT_BYTES
    assert not re.search(NEWER, script.body.decode())


async def test_the_shell_holds_no_person_and_no_token(site: Site) -> None:
    code = await site.case(called_name="สมชาย", safety_note="อย่าไปคนเดียว")
    client = site.clients["somchai"]
    await client.post(
        f"/chatturat/cases/{code}/check-ins", data={"key": str(uuid7()), "how": "well"}
    )  # leaves a message
    shell = (await client.get("/chatturat/b/outbox")).text
    assert not re.search(f"สมชาย|{code}|อย่าไปคนเดียว|Somchai|_csrf", shell)
    assert 'href="tel:1669"' in shell and 'href="sms:+66812345678?body=' in shell


async def test_the_snapshot_holds_the_buddys_own_people_and_little_of_them(site: Site) -> None:
    code = await site.case(called_name="สมชาย", family_name="กล้าหาญ", safety_note="อย่าไปคนเดียว")
    await site.case("mali", called_name="ของคนอื่น")
    snapshot = (await site.clients["somchai"].get("/chatturat/b/snapshot")).text
    assert f'data-code="{code}"' in snapshot and "คุณสมชาย ก." in snapshot and "อย่าไปคนเดียว" in snapshot
    assert snapshot.count("data-day=") == 8  # four days, in the row and on the card
    assert not re.search(r"ของคนอื่น|กล้าหาญ|\+66|081-|99/1|_csrf|s113", snapshot)


async def test_a_snapshot_of_sixty_people_is_light(site: Site) -> None:
    from tests.followups.test_pages import give

    await site.case()
    for _ in range(59):
        await give(site, await site.case(None, safety_note="อย่าไปคนเดียว"))
    snapshot = (await site.clients["somchai"].get("/chatturat/b/snapshot")).text
    assert snapshot.count("data-code=") == 60 and len(brotli.compress(snapshot.encode(), quality=4)) <= 30_000


async def test_the_manifest_says_nothing_of_what_the_work_is_about(site: Site) -> None:
    answer = await site.clients["somchai"].get("/chatturat/b/app.webmanifest")
    assert answer.headers["content-type"].startswith("application/manifest+json")
    said = answer.json()
    assert said["scope"] == said["start_url"] == "/chatturat/b/" and said["name"].startswith("คืนสู่ชุมชน · ")
    assert not re.search("ยา|บำบัด|เสพ|ติด|drug|treat", answer.text)
    for icon in said["icons"]:
        assert (await site.clients["somchai"].get(icon["src"])).headers["content-type"] == "image/png"


async def test_the_worker_changes_with_the_script_and_is_asked_for_each_time(site: Site) -> None:
    answer = await site.clients["malee"].get("/chatturat/b/sw.js")
    assert answer.text == f'importScripts("{assets.url("phone.js")}");\n'
    assert answer.headers["cache-control"] == "no-cache" and "javascript" in answer.headers["content-type"]


async def test_a_token_for_whoever_may_send_and_a_reason_for_whoever_may_not(site: Site) -> None:
    path = "/chatturat/b/token"
    assert (await site.clients["somchai"].get(path)).json() == {
        "token": site.clients["somchai"].headers["x-csrf-token"]
    }
    assert (await site.clients["nok"].get(path)).json() == {"why": "gone"}  # no buddy here
    assert (await site.clients["malee"].get(path)).json() == {"why": "gone"}  # of another district
    client = site.clients["somchai"]
    client.cookies.set("khuen", "nobodys", domain="testserver.local")
    assert (await client.get(path)).json() == {"why": "sign"}


async def test_a_session_that_is_over_asks_to_sign_in_and_one_that_was_ended_takes_all_away(
    site: Site, root: Any
) -> None:
    client, path = site.clients["somchai"], "/chatturat/b/token"
    token = client.cookies.get("khuen", domain="testserver.local")
    session = await sessions.look_up(str(token), clock.now())
    assert session is not None
    await root.execute("UPDATE auth.session SET seen_at = seen_at - interval '1 day' WHERE id = $1", session.id)
    sessions.forget_all()
    assert (await client.get(path)).json() == {"why": "sign"}
    await sessions.end(session.account_id, session.id, clock.now())
    assert (await client.get(path)).json() == {"why": "gone"}


async def test_who_is_no_buddy_any_more_keeps_nothing(site: Site, root: Any) -> None:
    client = site.clients["somchai"]
    await root.execute("UPDATE auth.membership_role SET ended_at = now() WHERE role = 'buddy'")
    sessions.forget_all()
    assert (await client.get("/chatturat/b/token")).json() == {"why": "gone"}


async def test_what_an_urgent_answer_and_a_conflict_tell_the_phone(site: Site) -> None:
    code, client = await site.case(), site.clients["somchai"]
    item = {"code": code, "key": str(uuid7()), "how": "urgent", "happened_at": clock.now().isoformat()}
    first = (await client.post("/chatturat/b/check-ins", json=[item])).json()
    again = (await client.post("/chatturat/b/check-ins", json=[item])).json()
    assert first[0]["told"] == again[0]["told"] == ["Nok"] and first[0]["when"] == again[0]["when"]
    other = (await client.post("/chatturat/b/check-ins", json=[{**item, "how": "well"}])).json()
    assert other == [{"key": item["key"], "outcome": "other_content", "kept": "urgent"}]


async def test_a_conflict_of_somebody_else_tells_nothing(site: Site) -> None:
    code, theirs, key = await site.case(), await site.case("mali"), str(uuid7())
    sent = {"key": key, "how": "well", "happened_at": clock.now().isoformat()}
    await site.clients["mali"].post("/chatturat/b/check-ins", json=[{**sent, "code": theirs}])
    answer = await site.clients["somchai"].post(
        "/chatturat/b/check-ins", json=[{**sent, "code": code, "how": "urgent"}]
    )
    assert answer.json() == [{"key": key, "outcome": "other_content"}]


async def test_a_form_sent_with_two_answers_shows_both(site: Site) -> None:
    code, client, key = await site.case(), site.clients["somchai"], str(uuid7())
    path = f"/chatturat/cases/{code}/check-ins"
    await client.post(path, data={"key": key, "how": "well"})
    answer = await client.post(path, data={"key": key, "how": "not_found"})
    assert answer.status_code == 409 and "ในระบบ: ปกติดี · ที่กดตอนนี้: ไม่พบตัว" in answer.text
    assert f'name="key" value="{key}"' not in answer.text and answer.text.count('name="how"') == 4


async def test_a_late_answer_never_undoes_what_the_clinic_decided_later(site: Site, root: Any) -> None:
    """docs/decisions/0016-the-phone.md: support after a slip stands until an answer from then or later."""
    from khuen.followups import turns

    code = await site.case()
    here = site.chatturat.here("wipa", clock.now())
    async with within(here):
        await turns.ask_support(here, site.chatturat.cases[code], uuid7())
    before = await root.fetchrow("SELECT opens_on, due_on, closes_on, turned_at FROM visit_due")
    late = (clock.now() - timedelta(days=2)).isoformat()
    item = {"code": code, "key": str(uuid7()), "how": "well", "happened_at": late}
    assert (await site.clients["somchai"].post("/chatturat/b/check-ins", json=[item])).json()[0]["outcome"] == "saved"
    assert await root.fetchrow("SELECT opens_on, due_on, closes_on, turned_at FROM visit_due") == before


async def test_neighbours_of_whoever_was_just_visited_come_first(site: Site) -> None:
    from tests.followups.test_pages import give

    visited = await site.case(called_name="ไปแล้ว")
    beside, far = await site.case(None, called_name="ข้างบ้าน"), await site.case(None, called_name="ไกล", moo="9")
    for code in (beside, far):
        await give(site, code)
    client = site.clients["somchai"]
    answer = await client.post(f"/chatturat/cases/{visited}/check-ins", data={"key": str(uuid7()), "how": "well"})
    page = (await client.get(answer.headers["location"])).text
    assert page.index("อยู่แถวนี้อีก") < page.index("คุณข้างบ้าน") < page.index("คุณไกล")
    assert page.count("คุณข้างบ้าน") == 1 and "อยู่แถวนี้อีก" not in (await client.get("/chatturat/b/")).text


async def test_larger_letters_without_scripts(site: Site) -> None:
    client = site.clients["somchai"]
    assert (await client.post("/chatturat/b/text-size", data={"size": "largest"})).status_code == 303
    assert '<html lang="th" class="largest">' in (await client.get("/chatturat/b/")).text
    assert (await client.post("/chatturat/b/text-size", data={"size": "9px"})).status_code == 422


async def test_practice_people_write_nothing(site: Site, root: Any) -> None:
    await site.case()
    client = site.clients["somchai"]
    assert "/chatturat/b/practice" in (await client.get("/chatturat/b/")).text
    for n in range(1, 5):
        page = await client.get(f"/chatturat/b/practice?n={n}&how=well")
        assert page.status_code == 200 and page.text.count('name="how"') == (4 if n < 4 else 0)
    assert await root.fetchval("SELECT count(*) FROM check_in") == 0


async def test_a_silent_phone_and_a_wrong_clock_are_people_to_call(site: Site, root: Any) -> None:
    await site.case()
    await site.case("mali")
    for name in ("somchai", "mali"):
        await site.clients[name].get("/chatturat/b/token", headers={"x-clock": clock.now().isoformat()})
    nok = site.clients["nok"]
    assert "Somchai" not in (await nok.get("/chatturat/phones")).text
    ahead = (clock.now() + timedelta(days=3)).isoformat()
    assert "token" in (await site.clients["mali"].get("/chatturat/b/token", headers={"x-clock": ahead})).json()
    await root.execute("UPDATE phone SET seen_at = seen_at - interval '4 days' WHERE ahead_hours = 0")
    page = (await nok.get("/chatturat/phones")).text
    assert "Somchai" in page and 'href="tel:+66812345678"' in page and "นาฬิกาในเครื่องเร็วไป 3 วัน" in page
    assert "Kanya" not in page and "ทดลอง" not in page


async def test_a_phone_is_written_down_at_most_every_ten_minutes(site: Site, root: Any) -> None:
    for minutes, expected in ((0, 0), (9, 0), (11, 11)):
        here = site.chatturat.here("somchai", clock.now() + timedelta(minutes=minutes))
        async with within(here):
            await phones.seen(here, None)
        seen = await root.fetchval("SELECT seen_at FROM phone")
        assert round((seen - clock.now()).total_seconds() / 60) == expected


async def test_signing_out_throws_nothing_away_that_waits(site: Site) -> None:
    client = site.clients["somchai"]
    client.cookies.set("khuen-waiting", "1", domain="testserver.local")
    asked = await client.post("/sign-out")
    assert asked.status_code == 200 and "มีคำตอบรอส่งในเครื่องนี้" in asked.text
    kept = await client.post("/sign-out", data={"kept": "yes"})
    assert kept.status_code == 303 and kept.headers["clear-site-data"] == '"cache"'
    assert (await client.get("/chatturat/b/")).status_code == 401
    thrown = await site.clients["mali"].post("/sign-out")
    assert thrown.headers["clear-site-data"] == '"cache", "storage"'


async def test_line_nine_two_is_ready_to_copy(site: Site) -> None:
    code, client = await site.case(), site.clients["somchai"]
    for _ in range(2):
        await client.post(f"/chatturat/cases/{code}/check-ins", data={"key": str(uuid7()), "how": "well"})
    page = (await client.get("/chatturat/b/me")).text
    assert '<b id="help">1</b> คน' in page and "ข้อ 9.2" in page
