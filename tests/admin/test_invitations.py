"""One-time links for people of this district, also for those who had no account before."""

from __future__ import annotations

import re
from typing import Any

import pytest

from khuen.ids import uuid7
from khuen.members import NewMember, add
from khuen.signin import accounts
from khuen.tenancy import within
from tests.admin.conftest import PEOPLE, Office

PATH = "/chatturat/admin/invitations"


async def colleagues(office: Office, number: int) -> list[str]:
    """So many buddies whom only the district knows."""
    here, new = office.here("dao"), [NewMember(uuid7(), f"ทดลอง {n:02d}", ("buddy",)) for n in range(number)]
    async with within(here):
        await add(here, new)
    return [str(one.id) for one in new]


async def test_a_sheet_is_made_once_however_often_the_form_is_sent(office: Office, root: Any) -> None:
    page = (await office.clients["dao"].get(PATH)).text
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert key is not None and str(office.id("somchai")) in page
    form = {"key": key[1], "kind": "device", "member": str(office.id("somchai"))}
    first, again = [await office.clients["dao"].post(PATH, data=form) for _ in range(2)]
    assert first.status_code == 200 and "<svg" in first.text and "Somchai" in first.text
    (address,) = re.findall(r"http://[\w.]+(/sign-in/once/[\w-]+)", first.text)
    assert address in again.text and (await office.clients["nok"].get(address)).status_code == 200
    assert await root.fetchval("SELECT count(*) FROM auth.invitation") == 1
    assert await root.fetchval("SELECT count(*) FROM auth.event WHERE tag = 'invitation:made'") == 1


async def test_whoever_has_no_account_gets_one_with_the_link(office: Office, root: Any) -> None:
    (new,) = await colleagues(office, 1)
    assert "ยังเข้าระบบไม่ได้" in (await office.clients["dao"].get(PATH, params={"role": "buddy"})).text
    sheet = await office.clients["dao"].post(PATH, data={"kind": "device", "member": new})
    (address,) = re.findall(r"http://[\w.]+(/sign-in/once/[\w-]+)", sheet.text)
    assert "ทดลอง 00" in (await office.clients["dao"].get(address)).text
    assert await root.fetchval("SELECT count(*) FROM auth.account WHERE called_name = 'ทดลอง 00'") == 1


async def test_a_sheet_refuses_too_many_nobody_and_the_wrong_kind(office: Office) -> None:
    dao, many = office.clients["dao"], await colleagues(office, 21)
    assert (await dao.post(PATH, data={"kind": "device"})).status_code == 422
    assert (await dao.post(PATH, data={"kind": "device", "member": str(office.id("nok"))})).status_code == 422
    assert (await dao.post(PATH, data={"kind": "device", "member": many})).status_code == 422
    assert (await dao.post(PATH, data={"kind": "device", "member": many[:20]})).status_code == 200


async def test_strangers_and_those_who_left_are_not_found(office: Office) -> None:
    dao, gone = office.clients["dao"], (await colleagues(office, 1))[0]
    await dao.post(f"{PEOPLE}/{gone}/ending")
    for member in (office.id("malee"), uuid7(), "x", gone):
        assert (await dao.post(PATH, data={"kind": "device", "member": str(member)})).status_code == 404
    assert (await office.clients["nok"].get(PATH)).status_code == 403


@pytest.mark.parametrize("kind", ["device", "password"])
async def test_nobody_gets_a_link_for_an_account_that_opens_another_district(
    office: Office, root: Any, kind: str
) -> None:
    """Whoever held that link would stand in the other district too."""
    somchai = office.id("somchai")
    account = await office.account(root, somchai)
    await accounts.admit(account, office.foreign.tenant_id, uuid7(), "Somchai", {"buddy"})
    answer = await office.clients["dao"].post(PATH, data={"kind": kind, "member": str(somchai)})
    assert answer.status_code == 409 and "พื้นที่อื่น" in answer.text and "/sign-in/once/" not in answer.text
    assert await root.fetchval("SELECT count(*) FROM auth.invitation") == 0
