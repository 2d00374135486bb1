"""Changing roles: it counts at once, nothing is deleted, and two rules stand against an administrator's own wishes."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx

from khuen import clock
from khuen.admin.service import BUDDY_NO_MORE
from khuen.signin import staff
from khuen.words import gettext as th
from tests.admin.conftest import PEOPLE, Office


async def change(office: Office, by: str, whom: str, was: list[str], wanted: list[str]) -> httpx.Response:
    return await office.clients[by].post(f"{PEOPLE}/{office.id(whom)}/roles", data={"was": was, "roles": wanted})


async def test_a_role_counts_at_once_and_the_one_before_stays_written_down(office: Office, root: Any) -> None:
    assert (await office.clients["nok"].get("/chatturat/board")).status_code == 200
    assert (await change(office, "dao", "nok", ["coordinator"], ["buddy"])).status_code == 303
    assert (await office.clients["nok"].get("/chatturat/board")).status_code == 403
    assert (await office.clients["nok"].get("/chatturat/b/")).status_code == 200
    assert await office.roles(root, office.id("nok")) == ({"buddy"}, {"buddy"})
    rows = await root.fetch("SELECT role, ended_at FROM member_role WHERE member_id = $1", office.id("nok"))
    assert {row["role"]: row["ended_at"] is None for row in rows} == {"coordinator": False, "buddy": True}
    tags = await root.fetch("SELECT tag FROM audit WHERE subject_id = $1 ORDER BY seq", office.id("nok"))
    assert [row["tag"] for row in tags] == ["role:ended", "role:granted"]


async def test_twice_is_harmless_and_a_form_of_yesterday_is_refused(office: Office, root: Any) -> None:
    for _ in range(2):
        answer = await change(office, "dao", "nok", ["coordinator"], ["coordinator", "clinic"])
        assert answer.status_code == 303
    assert await root.fetchval("SELECT count(*) FROM member_role WHERE member_id = $1", office.id("nok")) == 2
    late = await change(office, "boon", "nok", ["coordinator"], ["buddy"])
    assert late.status_code == 409
    assert await office.roles(root, office.id("nok")) == ({"coordinator", "clinic"},) * 2


async def test_two_administrators_at_once_see_both_choices_and_neither_is_overwritten(
    office: Office, root: Any
) -> None:
    """Both opened the page while nok was a coordinator, and both press at the same moment."""
    answers = await asyncio.gather(
        change(office, "dao", "nok", ["coordinator"], ["buddy"]),
        change(office, "boon", "nok", ["coordinator"], ["clinic", "doctor"]),
    )
    assert sorted(one.status_code for one in answers) == [303, 409]
    (late,) = [one.text for one in answers if one.status_code == 409]
    held = {"clinic", "doctor"} if answers[0].status_code == 409 else {"buddy"}
    chosen = {"buddy"} if answers[0].status_code == 409 else {"clinic", "doctor"}
    assert await office.roles(root, office.id("nok")) == (held, held)
    assert "บทบาทขณะนี้" in late and "ที่คุณเลือกไว้" in late
    assert set(re.findall(r'name="roles" value="(\w+)" checked', late)) == chosen
    again = set(re.findall(r'name="was" value="(\w+)"', late))
    assert again == held and (await change(office, "boon", "nok", [*again], [*chosen])).status_code == 303
    assert await office.roles(root, office.id("nok")) == (chosen, chosen)


async def test_many_changes_at_once_leave_the_district_and_the_door_of_one_mind(office: Office, root: Any) -> None:
    wanted = [["buddy"], ["clinic"], ["chair"], ["buddy", "clinic"]]
    for _ in range(4):
        held = sorted((await office.roles(root, office.id("nok")))[0])
        ending = [change(office, "dao", "nok", held, some) for some in wanted]
        await asyncio.gather(*ending)
        there, door = await office.roles(root, office.id("nok"))
        assert there == door


async def test_an_end_and_a_change_at_once_leave_no_way_in(office: Office, root: Any) -> None:
    for name in ("nok", "wipa", "somchai"):
        held = sorted((await office.roles(root, office.id(name)))[0])
        await asyncio.gather(
            office.clients["boon"].post(f"{PEOPLE}/{office.id(name)}/ending"),
            change(office, "dao", name, held, ["chair"]),
        )
        assert await office.roles(root, office.id(name)) == (set(), set())


async def test_a_change_is_taken_back_by_one_press(office: Office, root: Any) -> None:
    await change(office, "dao", "nok", ["coordinator"], ["doctor"])
    page = (await office.clients["dao"].get(f"{PEOPLE}/{office.id('nok')}")).text
    (form,) = re.findall(r'<form class="change-back".*?</form>', page, re.S)
    fields = re.findall(r'name="(was|roles)" value="(\w+)"', form)
    assert fields == [("was", "doctor"), ("roles", "coordinator")]
    assert (await change(office, "dao", "nok", ["doctor"], ["coordinator"])).status_code == 303
    assert await office.roles(root, office.id("nok")) == ({"coordinator"}, {"coordinator"})
    await root.execute(
        "UPDATE member_role SET since_at = since_at - interval '1 hour', ended_at = ended_at - interval '1 hour'"
    )
    assert "change-back" not in (await office.clients["dao"].get(f"{PEOPLE}/{office.id('nok')}")).text


async def test_a_health_role_for_oneself_needs_a_second_person(office: Office, root: Any) -> None:
    for role in ("clinic", "doctor", "hospital_director"):
        answer = await change(office, "dao", "dao", ["tenant_admin"], ["tenant_admin", role])
        assert answer.status_code == 422, role
    assert await office.roles(root, office.id("dao")) == ({"tenant_admin"}, {"tenant_admin"})
    assert (await change(office, "boon", "dao", ["tenant_admin"], ["tenant_admin", "clinic"])).status_code == 303


async def test_the_last_administrator_keeps_the_role(office: Office, root: Any) -> None:
    assert (await change(office, "dao", "boon", ["tenant_admin"], ["buddy"])).status_code == 303
    assert (await change(office, "dao", "dao", ["tenant_admin"], ["coordinator"])).status_code == 409
    assert await office.roles(root, office.id("dao")) == ({"tenant_admin"}, {"tenant_admin"})


async def test_an_administrator_who_never_signed_in_does_not_count(office: Office, root: Any) -> None:
    await root.execute(
        "UPDATE auth.account SET password_hash = NULL WHERE id = $1", await office.account(root, office.id("boon"))
    )
    assert (await change(office, "dao", "dao", ["tenant_admin"], ["coordinator"])).status_code == 409


async def test_two_administrators_cannot_take_the_role_from_each_other_at_once(office: Office, root: Any) -> None:
    by, now = await office.account(root, office.id("nok")), clock.now()
    done = await asyncio.gather(
        *(
            staff.keep_roles(office.own.tenant_id, office.id(name), frozenset(), by=by, now=now)
            for name in ("dao", "boon")
        ),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in done) == ["LastAdministrator", "NoneType"]


async def test_whoever_gives_the_role_up_is_led_out_of_its_pages(office: Office) -> None:
    answer = await change(office, "dao", "dao", ["tenant_admin"], ["coordinator"])
    assert answer.headers["location"] == "/chatturat/"
    assert (await office.clients["dao"].get(PEOPLE)).status_code == 403


async def test_nobody_is_left_without_a_role(office: Office) -> None:
    assert (await change(office, "dao", "nok", ["coordinator"], [])).status_code == 422


async def test_whoever_is_a_buddy_no_more_leaves_nobody_behind_and_may_take_them_up_again(
    office: Office, root: Any
) -> None:
    code, matching = await office.in_care(), "/chatturat/matching"
    page = f"{PEOPLE}/{office.id('somchai')}"
    assert "เป็นบัดดี้ของ 1 คน" in (await office.clients["dao"].get(page)).text
    assert (await change(office, "dao", "somchai", ["buddy"], ["chair"])).status_code == 303
    row = await root.fetchrow("SELECT ended_at IS NOT NULL AS ended, end_reason FROM assignment")
    assert tuple(row) == (True, th(BUDDY_NO_MORE))
    assert code in (await office.clients["nok"].get(matching)).text, "they wait for another buddy"
    assert (await change(office, "dao", "somchai", ["chair"], ["buddy"])).status_code == 303
    assert code not in (await office.clients["nok"].get(matching)).text, "taken back within the minute"
    assert await root.fetchval("SELECT member_id FROM assignment WHERE ended_at IS NULL") == office.id("somchai")
    await change(office, "dao", "somchai", ["buddy"], ["chair"])
    await root.execute("UPDATE assignment SET ended_at = ended_at - interval '1 hour' WHERE ended_at IS NOT NULL")
    await change(office, "dao", "somchai", ["chair"], ["buddy"])
    assert code in (await office.clients["nok"].get(matching)).text, "later the coordinator decides anew"
