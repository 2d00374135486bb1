"""What waited in a phone arrives at once: one transaction, and an answer for each."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from khuen import clock
from khuen.ids import uuid7
from tests.care import Site
from tests.followups.flights import counted

PATH = "/chatturat/b/check-ins"


def item(code: str, how: str = "well", **more: Any) -> dict[str, Any]:
    return {"code": code, "key": str(uuid7()), "how": how, "happened_at": clock.now().isoformat(), **more}


async def test_each_item_is_told_what_became_of_it(site: Site, root: Any) -> None:
    code, theirs = await site.case(), await site.case("mali")
    good, reused = item(code, "urgent"), item(code)
    client = site.clients["somchai"]
    assert [a["outcome"] for a in (await client.post(PATH, json=[reused])).json()] == ["saved"]
    sent = [good, good, {**reused, "how": "urgent"}, item(theirs), item("CTR-9999"), item(code, "dancing"), {}, 7]
    answers = (await client.post(PATH, json=sent)).json()
    assert [answer["outcome"] for answer in answers] == [
        *("saved", "repeat", "other_content", "unknown", "unknown"),
        *("invalid", "invalid", "invalid"),
    ]
    assert answers[0]["key"] == good["key"]
    again = (await client.post(PATH, json=sent)).json()
    assert [answer["outcome"] for answer in again][:3] == ["repeat", "repeat", "other_content"]
    assert await root.fetchval("SELECT count(*) FROM check_in") == 2
    assert await root.fetchval("SELECT count(*) FROM message") == 1
    assert await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'check-in:logged'") == 2


async def test_the_newest_by_the_phones_clock_decides_whatever_the_order(site: Site, root: Any) -> None:
    code = await site.case()
    sent = [
        item(code, how, happened_at=f"2026-11-{day:02d}T09:00:00+07:00")
        for day, how in ((20, "worrying"), (22, "well"), (18, "urgent"), (21, "not_found"))
    ]
    answers = (await site.clients["somchai"].post(PATH, json=sent)).json()
    assert [answer["key"] for answer in answers] == [one["key"] for one in sent]
    assert {answer["outcome"] for answer in answers} == {"saved"}
    row = await root.fetchrow("SELECT last_how, misses, attention_rank FROM visit_due")
    assert tuple(row) == ("well", 0, 2)


async def test_fifty_are_one_transaction_and_no_more_are_taken(site: Site, root: Any) -> None:
    code, client = await site.case(), site.clients["somchai"]
    async with counted() as sent:
        assert (await client.post(PATH, json=[item(code) for _ in range(50)])).status_code == 200
    assert len([query for query in sent if query.startswith("BEGIN")]) == 1 and len(sent) <= 12
    assert (await client.post(PATH, json=[item(code) for _ in range(51)])).status_code == 422
    assert await root.fetchval("SELECT count(*) FROM check_in") == 50


@pytest.mark.parametrize("body", ["", "{}", "nonsense", '"text"', "null", "[" * 5000])
async def test_what_is_no_list_is_refused(site: Site, body: str) -> None:
    answer = await site.clients["somchai"].post(PATH, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422


async def test_an_empty_list_is_fine(site: Site) -> None:
    answer = await site.clients["somchai"].post(PATH, json=[])
    assert (answer.status_code, answer.json()) == (200, [])


async def test_two_phones_flush_at_once(site: Site, root: Any) -> None:
    code = await site.case()
    sent = [item(code, "urgent" if n % 5 == 0 else "well") for n in range(20)]
    answers = await asyncio.gather(*(site.clients["somchai"].post(PATH, json=sent) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {200}
    outcomes = [one["outcome"] for answer in answers for one in answer.json()]
    assert outcomes.count("saved") == 20 and outcomes.count("repeat") == 40
    assert await root.fetchval("SELECT count(*) FROM check_in") == 20


async def test_a_batch_needs_the_token_and_the_role(site: Site) -> None:
    code = await site.case()
    client = site.clients["somchai"]
    refused = await client.post(PATH, json=[item(code)], headers={"x-csrf-token": str(uuid4())})
    assert refused.status_code == 403
    assert (await site.clients["nok"].post(PATH, json=[item(code)])).status_code == 403
    assert (await site.clients["malee"].post(PATH, json=[item(code)])).status_code == 404
