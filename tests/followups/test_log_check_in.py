"""A buddy logs a check-in: once, however often and however late it is sent, and only for their own people."""

from __future__ import annotations

import asyncio
import re
from typing import Any
from uuid import uuid4

import pytest

from khuen import clock
from khuen.buddies import service as buddies
from khuen.ids import uuid7
from khuen.tenancy import within
from tests.care import Site, open_case

ROWS = "SELECT count(*) FROM {}"


async def counts(root: Any) -> dict[str, int]:
    found = {table: await root.fetchval(ROWS.format(table)) for table in ("check_in", "message", "undo")}
    return found | {"audit": await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'check-in:logged'")}


async def due(root: Any) -> dict[str, Any]:
    return dict(await root.fetchrow("SELECT * FROM visit_due"))


def same(answer: Any) -> tuple[int, str]:
    """Status and body without the support code, which is another one each time."""
    return answer.status_code, re.sub(r'<b class="code">\w+</b>', "", answer.text)


async def test_an_answer_is_saved_and_leads_back_to_the_list(site: Site, root: Any) -> None:
    code = await site.case()
    answer = await site.clients["somchai"].post(
        f"/chatturat/cases/{code}/check-ins", data={"key": str(uuid7()), "how": "well"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"/chatturat/b/?near={code}")
    assert await counts(root) == {"check_in": 1, "message": 0, "undo": 1, "audit": 1}
    after = await due(root)
    assert (after["last_how"], after["misses"], after["attention_rank"], after["priority"]) == ("well", 0, 0, 1)


async def test_five_sends_are_one_check_in(site: Site, root: Any) -> None:
    code = await site.case()
    data = {"key": str(uuid4()), "how": "urgent", "happened_at": "2026-11-20T09:30:00+07:00"}
    for _ in range(5):
        answer = await site.clients["somchai"].post(f"/chatturat/cases/{code}/check-ins", data=data)
        assert answer.status_code == 303
    assert await counts(root) == {"check_in": 1, "message": 1, "undo": 1, "audit": 1}


async def test_eight_at_once_are_one_check_in(site: Site, root: Any) -> None:
    code = await site.case()
    data = {"key": str(uuid7()), "how": "urgent"}
    send = site.clients["somchai"].post
    answers = await asyncio.gather(*(send(f"/chatturat/cases/{code}/check-ins", data=data) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {303}
    assert await counts(root) == {"check_in": 1, "message": 1, "undo": 1, "audit": 1}


async def test_the_same_key_with_other_content_is_refused(site: Site, root: Any) -> None:
    code, other = await site.case(), await site.case("mali")
    key = str(uuid7())
    send = site.clients["somchai"].post
    assert (await send(f"/chatturat/cases/{code}/check-ins", data={"key": key, "how": "well"})).status_code == 303
    assert (await send(f"/chatturat/cases/{code}/check-ins", data={"key": key, "how": "urgent"})).status_code == 409
    answer = await site.clients["mali"].post(f"/chatturat/cases/{other}/check-ins", data={"key": key, "how": "well"})
    assert answer.status_code == 409
    assert await counts(root) == {"check_in": 1, "message": 0, "undo": 1, "audit": 1}


async def test_the_same_key_in_two_districts_is_two_rows(site: Site, root: Any) -> None:

    code, key = await site.case(), str(uuid7())
    here = site.phon.here("kanya", clock.now())
    async with within(here):
        theirs = await open_case(here, site.phon, "malee")
    for name, slug, own in (("somchai", "chatturat", code), ("malee", "phon", theirs)):
        data = {"key": key, "how": "well"}
        assert (await site.clients[name].post(f"/{slug}/cases/{own}/check-ins", data=data)).status_code == 303
    assert (await counts(root))["check_in"] == 2


async def test_an_older_answer_that_arrives_late_moves_nothing(site: Site, root: Any) -> None:
    code = await site.case()
    send = site.clients["somchai"].post
    await send(f"/chatturat/cases/{code}/check-ins", data={"key": str(uuid7()), "how": "well"})
    before = await due(root)
    late = {"key": str(uuid7()), "how": "worrying", "happened_at": "2026-11-01T09:00:00+07:00"}
    assert (await send(f"/chatturat/cases/{code}/check-ins", data=late)).status_code == 303
    assert await due(root) == before
    assert (await counts(root))["check_in"] == 2


async def test_a_fast_phone_clock_plans_nothing_in_the_future(site: Site, root: Any) -> None:
    code = await site.case()
    data = {"key": str(uuid7()), "how": "well", "happened_at": "2031-01-01T00:00:00+07:00"}
    assert (await site.clients["somchai"].post(f"/chatturat/cases/{code}/check-ins", data=data)).status_code == 303
    row = await root.fetchrow("SELECT happened_at, planned_at, received_at FROM check_in")
    assert row["happened_at"].year == 2030 and row["planned_at"] == row["received_at"]
    assert '"days":' in await root.fetchval("SELECT detail FROM audit WHERE tag = 'check-in:logged'")


async def test_a_phone_that_lost_its_clock_is_not_refused(site: Site, root: Any) -> None:
    code = await site.case()
    data = {"key": str(uuid7()), "how": "well", "happened_at": "1970-01-01T00:00:05Z"}
    assert (await site.clients["somchai"].post(f"/chatturat/cases/{code}/check-ins", data=data)).status_code == 303


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"how": "well"}, "key"),
        ({"key": "not-a-key", "how": "well"}, "key"),
        ({"key": str(uuid4())}, "how"),
        ({"key": str(uuid4()), "how": "dancing"}, "how"),
        ({"key": str(uuid4()), "how": "well\x00"}, "how"),
        ({"key": str(uuid4()), "how": "well", "happened_at": "yesterday"}, "happened_at"),
        ({"key": str(uuid4()), "how": "well", "happened_at": "2026-11-20T09:30:00"}, "happened_at"),
        ({"key": str(uuid4()), "how": "well", "happened_at": "9999-12-31T23:59:59-14:00"}, "happened_at"),
        ({"key": str(uuid4()), "how": "well", "happened_at": "0001-01-01T00:00:00+14:00"}, "happened_at"),
    ],
)
async def test_a_bad_form_says_what_is_wrong(site: Site, root: Any, data: dict[str, str], field: str) -> None:
    code = await site.case()
    answer = await site.clients["somchai"].post(f"/chatturat/cases/{code}/check-ins", data=data)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text and "ปกติดี" in answer.text
    assert (await counts(root))["check_in"] == 0


async def test_threat_08_a_stranger_and_a_missing_case_look_the_same(site: Site, root: Any) -> None:
    """Another buddy, the right buddy at the wrong district, a buddy of another district: each as for an unknown code."""
    code = await site.case()
    data = {"key": str(uuid7()), "how": "well"}
    for name, slug in (("mali", "chatturat"), ("somchai", "phon"), ("malee", "chatturat"), ("malee", "phon")):
        send = site.clients[name].post
        mine = await send(f"/{slug}/cases/{code}/check-ins", data=data)
        for other in ("CTR-9999", "%00", "x'--"):
            assert same(mine) == same(await send(f"/{slug}/cases/{other}/check-ins", data=data))
        assert mine.status_code == 404 and code not in mine.text
    assert await counts(root) == {"check_in": 0, "message": 0, "undo": 0, "audit": 0}


async def test_a_former_buddy_is_a_stranger(site: Site, root: Any) -> None:

    code = await site.case()
    here = site.chatturat.here("nok", clock.now())
    async with within(here):
        await buddies.end(here, site.chatturat.cases[code], "moved")
    data = {"key": str(uuid7()), "how": "well"}
    assert (await site.clients["somchai"].post(f"/chatturat/cases/{code}/check-ins", data=data)).status_code == 404


@pytest.mark.parametrize("name", ["nok", "wipa"])
async def test_other_roles_may_not(site: Site, name: str) -> None:
    code = await site.case()
    data = {"key": str(uuid7()), "how": "well"}
    assert (await site.clients[name].post(f"/chatturat/cases/{code}/check-ins", data=data)).status_code == 403


async def test_threat_16_fields_that_nobody_asked_for_change_nothing(site: Site, root: Any) -> None:
    code = await site.case()
    data = {
        "key": str(uuid7()),
        "how": "well",
        "tenant_id": str(site.phon.tenant_id),
        "member_id": str(uuid4()),
        "case_id": str(uuid4()),
        "received_at": "2020-01-01T00:00:00Z",
        "priority": "4",
        "role": "coordinator",
    }
    assert (await site.clients["somchai"].post(f"/chatturat/cases/{code}/check-ins", data=data)).status_code == 303
    row = await root.fetchrow("SELECT * FROM check_in")
    assert row["tenant_id"] == site.chatturat.tenant_id
    assert row["member_id"] == site.chatturat.people["somchai"][0]
    assert row["case_id"] == site.chatturat.cases[code] and row["received_at"].year > 2020
    assert (await due(root))["priority"] == 1


async def test_an_urgent_answer_says_who_was_told(site: Site, root: Any) -> None:
    code = await site.case()
    client = site.clients["somchai"]
    await client.post(f"/chatturat/cases/{code}/check-ins", data={"key": str(uuid7()), "how": "urgent"})
    page = await client.get("/chatturat/b/")
    assert "ส่งถึงคุณNok แล้ว" in page.text
    message = await root.fetchrow("SELECT * FROM message")
    assert (message["kind"], message["urgent"], message["state"]) == ("urgent_check_in", True, "waiting")
    assert message["recipient_id"] == site.chatturat.people["nok"][0]
    assert message["due_at"] == message["made_at"]
