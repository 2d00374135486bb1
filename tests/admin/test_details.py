"""Correcting who somebody is and how they are reached: nothing of another administrator's work is overwritten unseen."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import UUID

import httpx
import pytest

from khuen import members
from khuen.signin import accounts
from khuen.tenancy import within
from tests.admin.conftest import PEOPLE, Office


def path(office: Office, whom: str) -> str:
    return f"{PEOPLE}/{office.id(whom)}/details"


async def opened(office: Office, by: str, whom: str) -> dict[str, str]:
    """The form as this administrator sees it."""
    page = (await office.clients[by].get(path(office, whom))).text
    typed = {name: value for name, value in re.findall(r'<input[^>]* name="([\w]+)"[^>]* value="([^"]*)"', page)}
    mark = re.search(r'name="was" value="(\w+)"', page)
    assert mark
    return {"called_name": typed["called_name"], "was": mark[1], "reason": "moved"}


async def known(office: Office, whom: str) -> members.Details:
    async with within(here := office.here("dao")):
        return await members.details(here, office.id(whom))


async def test_a_new_name_and_number_count_everywhere_and_the_audit_says_which_fields(
    office: Office, root: Any
) -> None:
    form = await opened(office, "dao", "nok")
    new = {
        "called_name": "นกน้อย",
        "phone": "๐๘๙-๘๗๖-๕๔๓๒",
        "moo": "๔",
        "subdistrict_code": "360605",
        "gender": "other",
    }
    for _ in range(2):
        answer = await office.clients["dao"].post(path(office, "nok"), data=form | new)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{PEOPLE}/{office.id('nok')}")
    page = (await office.clients["dao"].get(f"{PEOPLE}/{office.id('nok')}")).text
    assert "นกน้อย" in page and "089-876-5432" in page and "หมู่ 4 กุดน้ำใส" in page and "<dd>อื่น" in page
    assert (
        await root.fetchval("SELECT called_name FROM auth.membership WHERE member_id = $1", office.id("nok")) == "นกน้อย"
    )
    rows = await root.fetch("SELECT detail FROM audit WHERE tag = 'member:corrected'")
    assert [json.loads(row["detail"]) for row in rows] == [
        {"fields": "called_name+phone+tambon+moo+gender", "reason": "moved"}
    ]


async def test_two_administrators_at_once_see_both_and_lose_nothing(office: Office, root: Any) -> None:
    mine, theirs = await opened(office, "dao", "nok"), await opened(office, "boon", "nok")
    first = await office.clients["boon"].post(path(office, "nok"), data=theirs | {"phone": "0812345678"})
    assert first.status_code == 303
    late = await office.clients["dao"].post(
        path(office, "nok"), data=mine | {"called_name": "นกใหญ่", "phone": "0898765432", "moo": "7"}
    )
    assert late.status_code == 409 and "มีคนแก้ข้อมูลนี้ไปก่อนแล้ว" in late.text
    assert "081-234-5678" in late.text and 'value="0898765432"' in late.text and 'value="นกใหญ่"' in late.text
    assert (await known(office, "nok")).phone == "+66812345678"
    again = re.search(r'name="was" value="(\w+)"', late.text)
    assert again
    done = await office.clients["dao"].post(
        path(office, "nok"), data=mine | {"was": again[1], "called_name": "นกใหญ่", "phone": "0898765432", "moo": "7"}
    )
    assert done.status_code == 303
    assert await known(office, "nok") == members.Details("นกใหญ่", "+66898765432", None, None, "7", None)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"called_name": ""}, "called_name"),
        ({"phone": "12345"}, "phone"),
        ({"email": "ไม่ใช่อีเมล"}, "email"),
        ({"moo": "สาม"}, "moo"),
        ({"reason": ""}, "reason"),
        ({"reason": "เพราะอยาก"}, "reason"),
    ],
)
async def test_wrong_fields_are_named_and_what_was_typed_stays(
    office: Office, wrong: dict[str, str], field: str
) -> None:
    form = await opened(office, "dao", "nok") | {"called_name": "นกใหญ่", "moo": "7"}
    answer = await office.clients["dao"].post(path(office, "nok"), data=form | wrong)
    assert answer.status_code == 422 and f'<a href="#{field}' in answer.text
    assert ('value="7"' in answer.text) is (field != "moo") and f'value="{form["was"]}"' in answer.text
    assert (await known(office, "nok")).called_name == "Nok"


async def test_looking_for_a_tambon_keeps_the_form_and_the_mark(office: Office) -> None:
    form = await opened(office, "dao", "nok") | {"called_name": "นกใหญ่", "act": "search", "q": "ละหาน"}
    answer: httpx.Response = await office.clients["dao"].post(path(office, "nok"), data=form)
    assert answer.status_code == 200 and 'value="360607"' in answer.text and 'value="นกใหญ่"' in answer.text
    assert f'value="{form["was"]}"' in answer.text


async def test_whoever_has_left_or_is_a_stranger_is_not_found(office: Office) -> None:
    form = await opened(office, "dao", "nok")
    await office.clients["dao"].post(f"{PEOPLE}/{office.id('nok')}/ending")
    for whom in ("nok", "malee"):
        assert (await office.clients["dao"].get(path(office, whom))).status_code == 404
        assert (await office.clients["dao"].post(path(office, whom), data=form)).status_code == 404


async def test_a_correction_makes_no_account_and_brings_no_role_back(office: Office, root: Any) -> None:
    account: UUID = await office.account(root, office.id("nok"))
    await accounts.admit(account, office.own.tenant_id, office.id("nok"), "Nok", set())
    form = await opened(office, "dao", "nok") | {"called_name": "นกใหญ่"}
    await office.clients["dao"].post(path(office, "nok"), data=form)
    assert await office.roles(root, office.id("nok")) == ({"coordinator"},) * 2  # the district's word is finished
    assert await root.fetchval("SELECT count(*) FROM auth.account") == 7
