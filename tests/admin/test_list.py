"""The list: whom it shows, and whom it never shows."""

from __future__ import annotations

import httpx

from khuen.ids import uuid7
from khuen.members import NewMember, add
from khuen.tenancy import within
from tests.admin.conftest import PEOPLE, Office


async def test_everybody_who_works_here_and_nobody_else(office: Office) -> None:
    page = (await office.clients["dao"].get(PEOPLE)).text
    assert all(name in page for name in ("Dao", "Boon", "Nok", "Somchai", "Wipa"))
    assert "Kanya" not in page and "Malee" not in page
    buddies = (await office.clients["dao"].get(PEOPLE, params={"role": "buddy"})).text
    assert "Somchai" in buddies and "Wipa" not in buddies


async def test_fifty_a_page(office: Office) -> None:
    here = office.here("dao")
    async with within(here):
        await add(here, [NewMember(uuid7(), f"ทดลอง {n:03d}", ("buddy",)) for n in range(60)])
    first = (await office.clients["dao"].get(PEOPLE)).text
    second = (await office.clients["dao"].get(PEOPLE, params={"page": "2"})).text
    assert first.count('<th scope="row"') == 50 and second.count('<th scope="row"') == 15
    assert (await office.clients["dao"].get(PEOPLE, params={"page": "9"})).status_code == 200


async def test_a_name_is_looked_for_by_a_form_and_stays_out_of_the_address(office: Office) -> None:
    found = await office.clients["dao"].post(f"{PEOPLE}/search", data={"q": "omcha"})
    assert found.status_code == 200 and "Somchai" in found.text and "Wipa" not in found.text
    assert "omcha" not in str(found.url)
    for text in ("%", "Malee"):
        assert "ไม่พบ" in (await office.clients["dao"].post(f"{PEOPLE}/search", data={"q": text})).text


async def test_the_administrator_never_sees_a_person_in_care(office: Office) -> None:
    code, dao = await office.in_care(), office.clients["dao"]
    somchai = f"{PEOPLE}/{office.id('somchai')}"
    pages = [PEOPLE, f"{PEOPLE}?role=buddy", f"{PEOPLE}/new", somchai, f"{somchai}/ending", f"{somchai}/phone-removal"]
    for path in [*pages, "/chatturat/admin/invitations"]:
        text = (await dao.get(path)).text
        assert not [word for word in (code, "ลับเฉพาะ", "ห้ามเห็น", "/cases/") if word in text], path
    assert "1 คน" in (await dao.get(f"{somchai}/ending")).text
    assert "ไม่พบ" in (await dao.post(f"{PEOPLE}/search", data={"q": "ลับเฉพาะ"})).text
    for path in ("board", f"cases/{code}", "search", "messages"):
        assert (await dao.get(f"/chatturat/{path}")).status_code == 403, path


async def test_an_administrator_begins_with_what_is_still_to_be_set_up(office: Office) -> None:
    answer: httpx.Response = await office.clients["dao"].get("/chatturat/")
    assert answer.headers["location"] == "/chatturat/admin"
