"""Ending somebody's work here, and taking a phone away: at once, on every device (threat 19)."""

from __future__ import annotations

from typing import Any

from khuen import clock
from khuen.ids import uuid7
from khuen.signin import accounts, devices, sessions, staff
from tests.admin.conftest import PEOPLE, Office


async def bound(office: Office, root: Any, name: str) -> str:
    """The token of a phone that this member bound."""
    account = await office.account(root, office.id(name))
    settings = office.app.state.settings
    links = await devices.invite([(account, "device")], office.own.tenant_id, uuid7(), None, settings, clock.now())
    _, device_id, token = await devices.bind(links[account], "Chrome · Android", clock.now())
    await devices.set_pin(device_id, "480216")
    return token


async def test_threat_19_sessions_roles_links_and_phone_end_with_the_work(office: Office, root: Any) -> None:
    token, account = await bound(office, root, "somchai"), await office.account(root, office.id("somchai"))
    settings = office.app.state.settings
    links = await devices.invite([(account, "password")], office.own.tenant_id, uuid7(), None, settings, clock.now())
    on_phone = await sessions.start(account, method="pin", now=clock.now(), scope=sessions.CHECK_IN)
    assert (await office.clients["somchai"].get("/chatturat/b/")).status_code == 200
    answer = await office.clients["dao"].post(f"{PEOPLE}/{office.id('somchai')}/ending")
    assert answer.headers["location"] == PEOPLE
    assert (await office.clients["somchai"].get("/chatturat/b/")).status_code == 401
    assert await sessions.look_up(on_phone, clock.now()) is None
    assert await devices.known_device(token) is None
    assert (await office.clients["dao"].get(f"/sign-in/once/{links[account]}")).status_code == 410
    assert await office.roles(root, office.id("somchai")) == (set(), set())
    assert await root.fetchval("SELECT left_at IS NOT NULL FROM member WHERE id = $1", office.id("somchai"))
    tags = {row["tag"] for row in await root.fetch("SELECT tag FROM audit WHERE subject_id = $1", office.id("somchai"))}
    assert {"role:ended", "member:ended"} <= tags
    events = {row["tag"] for row in await root.fetch("SELECT tag FROM auth.event WHERE account_id = $1", account)}
    assert {"role:ended", "membership:ended", "device:revoked"} <= events
    again = await office.clients["dao"].post(f"{PEOPLE}/{office.id('somchai')}/ending")
    assert again.status_code == 404


async def test_an_end_that_stopped_halfway_is_finished_by_the_same_form(office: Office, root: Any) -> None:
    by = await office.account(root, office.id("dao"))
    await staff.shut_out(office.own.tenant_id, office.id("nok"), by=by, now=clock.now())
    assert (await office.clients["dao"].get(f"{PEOPLE}/{office.id('nok')}")).status_code == 200
    assert (await office.clients["dao"].post(f"{PEOPLE}/{office.id('nok')}/ending")).status_code == 303
    assert await root.fetchval("SELECT left_at IS NOT NULL FROM member WHERE id = $1", office.id("nok"))


async def test_a_phone_that_another_district_needs_goes_on_working(office: Office, root: Any) -> None:
    token, account = await bound(office, root, "somchai"), await office.account(root, office.id("somchai"))
    await accounts.admit(account, office.foreign.tenant_id, uuid7(), "Somchai", {"buddy"})
    await office.clients["dao"].post(f"{PEOPLE}/{office.id('somchai')}/ending")
    assert await devices.known_device(token) is not None
    assert (await office.clients["somchai"].get("/chatturat/b/")).status_code == 401


async def test_the_page_before_says_how_many_people_need_another_buddy(office: Office) -> None:
    ask = f"{PEOPLE}/{office.id('somchai')}/ending"
    assert "เป็นบัดดี้ของ" not in (await office.clients["dao"].get(ask)).text
    await office.in_care()
    assert "เป็นบัดดี้ของ 1 คน" in (await office.clients["dao"].get(ask)).text


async def test_the_people_of_a_deactivated_buddy_wait_for_another_one(office: Office, root: Any) -> None:
    code = await office.in_care()
    await office.clients["dao"].post(f"{PEOPLE}/{office.id('somchai')}/ending")
    row = await root.fetchrow("SELECT ended_at IS NOT NULL AS ended, end_reason FROM assignment")
    assert tuple(row) == (True, "ไม่ได้ทำงานที่นี่แล้ว")
    assert await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'assignment:ended'") == 1
    matching = (await office.clients["nok"].get("/chatturat/matching")).text
    assert code in matching and "Somchai" not in matching
    answer = await office.clients["nok"].post(
        f"/chatturat/cases/{code}/assignment", data={"key": str(uuid7()), "member_id": str(office.id("somchai"))}
    )
    assert answer.status_code == 422, "whoever left is nobody's buddy again"


async def test_nobody_ends_themselves_or_the_last_administrator(office: Office, root: Any) -> None:
    assert (await office.clients["dao"].post(f"{PEOPLE}/{office.id('dao')}/ending")).status_code == 409
    await root.execute(
        "UPDATE auth.account SET password_hash = NULL WHERE id = $1", await office.account(root, office.id("dao"))
    )
    answer = await office.clients["dao"].post(f"{PEOPLE}/{office.id('boon')}/ending")
    assert answer.status_code == 409
    assert await office.roles(root, office.id("boon")) == ({"tenant_admin"}, {"tenant_admin"})


async def test_a_lost_phone_is_taken_away_and_the_person_stays(office: Office, root: Any) -> None:
    token = await bound(office, root, "somchai")
    page = f"{PEOPLE}/{office.id('somchai')}"
    assert "Chrome · Android" in (await office.clients["dao"].get(page)).text
    for _ in range(2):
        assert (await office.clients["dao"].post(f"{page}/phone-removal")).headers["location"] == page
    assert await devices.known_device(token) is None
    assert await office.roles(root, office.id("somchai")) == ({"buddy"}, {"buddy"})
    assert await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'member:phone_removed'") == 1
    assert "Chrome · Android" not in (await office.clients["dao"].get(page)).text
