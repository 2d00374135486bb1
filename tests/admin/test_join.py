"""Adding somebody who works here: once, however often the form is sent, and finished by the same form after a crash."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest

from khuen.admin import service
from khuen.ids import uuid7
from khuen.members import NewMember
from khuen.tenancy import within
from tests.admin.conftest import PEOPLE, Office


def form(**more: Any) -> dict[str, Any]:
    base = {"key": str(uuid7()), "called_name": "ทดลอง คนใหม่", "roles": ["buddy", "coordinator"]}
    return {**base, "phone": "๐๘๑-๒๓๔-๕๖๗๘", "email": "new@example.invalid", "moo": "๓", "gender": "female", **more}


async def test_a_new_colleague_is_known_to_the_district_and_at_the_door(office: Office, root: Any) -> None:
    typed = form(subdistrict_code="360607")
    answer = await office.clients["dao"].post(PEOPLE, data=typed)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PEOPLE}/{typed['key']}")
    both = {"buddy", "coordinator"}
    assert await office.roles(root, UUID(typed["key"])) == (both, both)
    page = (await office.clients["dao"].get(answer.headers["location"])).text
    assert "ทดลอง คนใหม่" in page and "081-234-5678" in page and "หมู่ 3 ละหาน" in page
    assert 'name="kind" value="device"' in page and 'name="kind" value="password"' in page
    tags = [row["tag"] for row in await root.fetch("SELECT tag FROM audit WHERE subject_id = $1", UUID(typed["key"]))]
    assert sorted(tags) == ["member:joined", "role:granted", "role:granted"]


async def test_the_same_form_twice_is_one_colleague_and_other_content_is_refused(office: Office, root: Any) -> None:
    typed, dao = form(), office.clients["dao"]
    for _ in range(2):
        assert (await dao.post(PEOPLE, data=typed)).status_code == 303
    assert await root.fetchval("SELECT count(*) FROM member WHERE id = $1", UUID(typed["key"])) == 1
    assert await root.fetchval("SELECT count(*) FROM auth.account WHERE called_name = $1", typed["called_name"]) == 1
    for other in ({"called_name": "สมมุติ อื่น"}, {"roles": ["doctor"]}, {"phone": "0899999999"}, {"moo": "4"}):
        assert (await dao.post(PEOPLE, data=typed | other)).status_code == 409
    assert (await office.roles(root, UUID(typed["key"])))[0] == {"buddy", "coordinator"}


async def test_what_a_crash_left_opens_nothing_and_the_same_form_finishes_it(office: Office, root: Any) -> None:
    typed, dao = form(roles=["buddy"], phone="", email="", moo="", gender=""), office.clients["dao"]
    here = office.here("dao")
    async with within(here):
        await service.join(here, NewMember(UUID(typed["key"]), typed["called_name"], ("buddy",)))
    assert (await office.roles(root, UUID(typed["key"])))[1] == set()
    assert "ยังเข้าระบบไม่ได้" in (await dao.get(PEOPLE, params={"role": "buddy"})).text
    assert (await dao.post(PEOPLE, data=typed)).status_code == 303
    assert await office.roles(root, UUID(typed["key"])) == ({"buddy"}, {"buddy"})


async def test_a_form_that_arrives_after_the_end_brings_nobody_back(office: Office, root: Any) -> None:
    typed, dao = form(), office.clients["dao"]
    await dao.post(PEOPLE, data=typed)
    assert (await dao.post(f"{PEOPLE}/{typed['key']}/ending")).status_code == 303
    assert (await dao.post(PEOPLE, data=typed)).headers["location"] == PEOPLE
    assert await office.roles(root, UUID(typed["key"])) == (set(), set())


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"called_name": ""}, "called_name"),
        ({"called_name": "ก" * 81}, "called_name"),
        ({"roles": []}, "roles"),
        ({"roles": ["operator"]}, "roles"),
        ({"phone": "12345"}, "phone"),
        ({"email": "ไม่ใช่อีเมล"}, "email"),
        ({"moo": "สาม"}, "moo"),
        ({"subdistrict_code": "999999"}, "subdistrict_code"),
    ],
)
async def test_wrong_fields_are_named_and_what_was_typed_stays(
    office: Office, root: Any, wrong: dict[str, Any], field: str
) -> None:
    answer = await office.clients["dao"].post(PEOPLE, data=form(**wrong))
    assert answer.status_code == 422 and f'<a href="#{field}">' in answer.text
    assert field == "email" or "new@example.invalid" in answer.text
    assert await root.fetchval("SELECT count(*) FROM member WHERE called_name = 'ทดลอง คนใหม่'") == 0


async def test_the_tambon_is_looked_for_without_scripts_and_the_form_is_kept(office: Office) -> None:
    answer = await office.clients["dao"].post(PEOPLE, data=form(act="search", q="กุดน้ำใส"))
    assert answer.status_code == 200 and 'value="360605"' in answer.text and "ทดลอง คนใหม่" in answer.text
    assert len(re.findall(r'name="roles"[^>]* checked', answer.text)) == 2
    piece = await office.clients["dao"].post(f"{PEOPLE}/places", data={"q": "ละหาน"})
    assert 'value="360607"' in piece.text and "<html" not in piece.text
