"""The colour: suggested by the forms, decided by a clinician, every decision a row."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from khuen.errors import Invalid, KeyReused
from khuen.ids import uuid7
from khuen.screening import service
from khuen.screening.rules import Colour, Tool
from khuen.tenancy import Here, within
from tests.care import Site
from tests.screening.filling import filled
from tests.screening.test_record import read, record, wipa


async def decide(
    site: Site, code: str, colour: Colour, reason: str = "", key: Any = None, here: Here | None = None
) -> Any:
    here = here or wipa(site)
    async with within(here):
        return await service.decide(here, code, key or uuid7(), colour, reason)


async def test_a_decision_as_suggested_needs_no_reason_and_another_one_does(site: Site) -> None:
    code = await site.case()
    await record(site, code, filled(Tool.OAS, 1, wipa(site).today))
    assert await decide(site, code, Colour.YELLOW)
    with pytest.raises(Invalid) as refused:
        await decide(site, code, Colour.GREEN)
    assert refused.value.fields == {"reason": service.GIVE_A_REASON}
    await decide(site, code, Colour.GREEN, "อาการสงบแล้ว")
    newest, first = (await read(site, code)).decisions
    assert (newest.colour, newest.suggested, newest.reason, newest.by) == ("green", "yellow", "อาการสงบแล้ว", "Wipa")
    assert (first.colour, first.suggested, first.reason) == ("yellow", "yellow", "")


async def test_the_case_follows_the_newest_decision_and_the_history_is_kept(site: Site, root: Any) -> None:
    code, here = await site.case(), wipa(site)
    case_id = site.chatturat.cases[code]
    for colour in (Colour.ORANGE, Colour.GREEN):
        await decide(site, code, colour, "ดูแลต่อ")
    assert await root.fetchval("SELECT colour FROM case_file WHERE id = $1", case_id) == "green"
    earlier = replace(here, now=here.now - timedelta(hours=1))  # its request waited behind the others
    await decide(site, code, Colour.YELLOW, "ก่อนหน้า", here=earlier)
    assert await root.fetchval("SELECT colour FROM case_file WHERE id = $1", case_id) == "green"
    async with within(here):
        history = await service.colour_history(here, case_id)
    assert [choice.colour for choice in history] == ["green", "orange", "yellow"]
    assert {(choice.suggested, choice.reason) for choice in history} == {(None, "")}


async def test_the_same_decision_twice_is_one(site: Site, root: Any) -> None:
    code, other, key = await site.case(), await site.case("mali"), uuid7()
    first = await decide(site, code, Colour.RED, "เห็นเอง", key)
    again = await decide(site, code, Colour.RED, "เห็นเอง", key)
    assert (first.told, again.told) == (("Nok",), None)
    for case, colour, reason in (
        (code, Colour.GREEN, "เห็นเอง"),
        (code, Colour.RED, "อย่างอื่น"),
        (other, Colour.RED, "เห็นเอง"),
    ):
        with pytest.raises(KeyReused):
            await decide(site, case, colour, reason, key)
    assert await root.fetchval("SELECT count(*) FROM colour_decision") == 1
    assert await root.fetchval("SELECT count(*) FROM message WHERE kind = 'alert'") == 1
