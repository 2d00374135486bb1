"""One buddy for one person: the database keeps it, the pages say it kindly, and nothing is ever lost."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import html5lib
import pytest

from khuen import clock
from khuen.buddies import service as buddies
from khuen.buddies.service import NewAssignment
from khuen.errors import Conflict, Invalid, KeyReused, NotFound
from khuen.ids import uuid7
from khuen.tenancy import within
from tests.care import Site

CURRENT = "SELECT member_id FROM assignment WHERE case_id = $1 AND ended_at IS NULL"


def form(site: Site, name: str, **more: str) -> dict[str, str]:
    return {"key": str(uuid7()), "member_id": str(site.chatturat.people[name][0]), **more}


async def test_a_case_gets_its_buddy(site: Site, root: Any) -> None:
    code = await site.case(None)
    nok, path = site.clients["nok"], f"/chatturat/cases/{code}/assignment"
    page = await nok.get(path)
    assert "Somchai" in page.text and "หมู่บ้านเดียวกัน" in page.text
    answer = await nok.post(path, data=form(site, "somchai"))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/chatturat/cases/{code}")
    assert await root.fetchval(CURRENT, site.chatturat.cases[code]) == site.chatturat.people["somchai"][0]


async def test_the_same_form_twice_is_one_assignment(site: Site, root: Any) -> None:
    code = await site.case(None)
    data = form(site, "somchai")
    send = site.clients["nok"].post
    answers = await asyncio.gather(*(send(f"/chatturat/cases/{code}/assignment", data=data) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {303}
    assert await root.fetchval("SELECT count(*) FROM assignment") == 1
    assert await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'assignment:made'") == 1


async def test_a_second_person_needs_a_reason(site: Site, root: Any) -> None:
    await site.case("somchai")
    code = await site.case(None)
    send, path = site.clients["nok"].post, f"/chatturat/cases/{code}/assignment"
    refused = await send(path, data=form(site, "somchai"))
    assert refused.status_code == 409 and 'href="#extra_reason"' in refused.text
    assert (await send(path, data=form(site, "somchai", extra_reason="ก"))).status_code == 422
    assert (await send(path, data=form(site, "somchai", extra_reason="บ้านติดกัน"))).status_code == 303


async def test_changing_the_buddy_wants_a_reason_and_keeps_the_history(site: Site, root: Any) -> None:
    code = await site.case("somchai")
    send, path = site.clients["nok"].post, f"/chatturat/cases/{code}/assignment"
    refused = await send(path, data=form(site, "mali"))
    assert refused.status_code == 422 and 'href="#reason"' in refused.text
    data = form(site, "mali", reason="ย้ายบ้าน")
    assert (await send(path, data=data)).status_code == 303
    assert (await send(path, data=data)).status_code == 303
    rows = await root.fetch("SELECT member_id, end_reason FROM assignment ORDER BY started_at")
    assert [row["end_reason"] for row in rows] == ["ย้ายบ้าน", None]


async def test_undo_brings_back_whom_it_replaced(site: Site, root: Any) -> None:
    code = await site.case("somchai")
    data = form(site, "mali", reason="ย้ายบ้าน")
    await site.clients["nok"].post(f"/chatturat/cases/{code}/assignment", data=data)
    here = site.chatturat.here("nok", clock.now())
    for _ in range(2):
        async with within(here):
            await buddies.undo_assignment(here, data["key"])  # type: ignore[arg-type]
    assert await root.fetchval(CURRENT, site.chatturat.cases[code]) == site.chatturat.people["somchai"][0]
    assert await root.fetchval("SELECT count(*) FROM assignment") == 3


async def test_somebody_who_is_no_buddy_cannot_be_chosen(site: Site) -> None:
    code = await site.case(None)
    answer = await site.clients["nok"].post(f"/chatturat/cases/{code}/assignment", data=form(site, "nok"))
    assert answer.status_code == 422 and 'href="#member_id"' in answer.text
    other = {"key": str(uuid7()), "member_id": str(site.phon.people["malee"][0])}
    assert (await site.clients["nok"].post(f"/chatturat/cases/{code}/assignment", data=other)).status_code == 422


async def test_threat_08_only_a_coordinator_of_the_district_assigns(site: Site) -> None:
    code = await site.case(None)
    path = f"/chatturat/cases/{code}/assignment"
    assert (await site.clients["somchai"].post(path, data=form(site, "somchai"))).status_code == 403
    assert (await site.clients["kanya"].get(path)).status_code == 404
    assert (await site.clients["kanya"].get(f"/phon/cases/{code}/assignment")).status_code == 404
    assert (await site.clients["nok"].get("/chatturat/cases/CTR-9999/assignment")).status_code == 404


async def test_matching_assigns_all_that_are_chosen(site: Site, root: Any) -> None:
    one, two = await site.case(None), await site.case(None)
    page = await site.clients["nok"].get("/chatturat/matching")
    assert page.text.count("selected") == 2
    pairs = [
        f"{site.chatturat.cases[one]}:{site.chatturat.people['somchai'][0]}",
        f"{site.chatturat.cases[two]}:{site.chatturat.people['mali'][0]}",
    ]
    data = {"key": str(uuid7()), "pair": [*pairs, ""]}
    for _ in range(2):
        assert (await site.clients["nok"].post("/chatturat/matching", data=data)).status_code == 303
    assert await root.fetchval("SELECT count(*) FROM assignment WHERE ended_at IS NULL") == 2
    here = site.chatturat.here("nok", clock.now())
    async with within(here):
        await buddies.undo_matching(here, data["key"])  # type: ignore[arg-type]
    assert await root.fetchval("SELECT count(*) FROM assignment WHERE ended_at IS NULL") == 0
    assert len((await site.clients["nok"].get("/chatturat/matching")).text.split("selected")) == 3


async def test_one_buddy_chosen_twice_is_refused_whole(site: Site, root: Any) -> None:
    one, two = await site.case(None), await site.case(None)
    member = site.chatturat.people["somchai"][0]
    data = {"key": str(uuid7()), "pair": [f"{site.chatturat.cases[code]}:{member}" for code in (one, two)]}
    answer = await site.clients["nok"].post("/chatturat/matching", data=data)
    assert answer.status_code == 409 and 'href="#pair"' in answer.text
    assert await root.fetchval("SELECT count(*) FROM assignment") == 0


@pytest.mark.parametrize("pair", ["", "x", "1:2", f"{UUID(int=1)}", f"{UUID(int=1)}:{UUID(int=2)}:{UUID(int=3)}"])
async def test_a_bad_matching_form_is_refused(site: Site, pair: str) -> None:
    await site.case(None)
    data = {"key": str(uuid7()), "pair": pair}
    assert (await site.clients["nok"].post("/chatturat/matching", data=data)).status_code == 422


async def test_services_refuse_what_cannot_be(site: Site) -> None:
    code = await site.case(None)
    here, case_id = site.chatturat.here("nok", clock.now()), site.chatturat.cases[code]
    somchai, malee = site.chatturat.people["somchai"][0], site.phon.people["malee"][0]
    key = uuid7()
    async with within(here):
        await buddies.assign(here, [NewAssignment(key, case_id, somchai)])
        await buddies.assign(here, [NewAssignment(key, case_id, somchai)])
    with pytest.raises(Invalid):
        async with within(here):
            await buddies.assign(here, [NewAssignment(uuid7(), case_id, malee)])
    with pytest.raises(NotFound):
        async with within(here):
            await buddies.assign(here, [NewAssignment(uuid7(), uuid7(), site.chatturat.people["mali"][0])])
    with pytest.raises(KeyReused):
        async with within(here):
            await buddies.assign(here, [NewAssignment(key, case_id, site.chatturat.people["mali"][0])])
    with pytest.raises(Conflict):
        async with within(here):
            await buddies.assign(here, [NewAssignment(uuid7(), case_id, site.chatturat.people["mali"][0])])
    with pytest.raises(RuntimeError):
        await buddies.assign(here, [NewAssignment(uuid7(), case_id, somchai)])


async def test_threat_16_fields_that_nobody_asked_for_change_nothing(site: Site, root: Any) -> None:
    code = await site.case(None)
    extra = {
        "tenant_id": str(site.phon.tenant_id),
        "case_id": str(uuid4()),
        "made_by": str(uuid4()),
        "ended_at": "2020-01-01",
    }
    answer = await site.clients["nok"].post(f"/chatturat/cases/{code}/assignment", data=form(site, "somchai", **extra))
    assert answer.status_code == 303
    row = await root.fetchrow("SELECT * FROM assignment")
    assert (row["tenant_id"], row["case_id"]) == (site.chatturat.tenant_id, site.chatturat.cases[code])
    assert row["made_by"] == site.chatturat.people["nok"][0] and row["ended_at"] is None


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "<b hx-get='/x'>หนา</b>"]
)
async def test_threat_21_stored_text_is_shown_as_text(site: Site, root: Any, text: str) -> None:
    code = await site.case(None, called_name=text, given_name=text, family_name=text, moo=text)
    await root.execute("UPDATE member SET called_name = $1, moo = $1", text)
    nok = site.clients["nok"]
    found = await nok.post("/chatturat/search", data={"q": code})
    for page in (await nok.get("/chatturat/matching"), await nok.get(f"/chatturat/cases/{code}/assignment"), found):
        assert page.status_code == 200 and code in page.text and text not in page.text
        for element in html5lib.parse(page.text).iter():
            assert element.get("src") != "x" and element.get("hx-get") != "/x" and "onerror" not in element.attrib
