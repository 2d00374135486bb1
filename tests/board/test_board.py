"""The board: who needs somebody today, in one statement; its lanes, filters, acts and files."""

from __future__ import annotations

import re
from typing import Any

from tests.care import Site


async def get(site: Site, path: str, who: str = "nok", **headers: str) -> Any:
    return await site.clients[who].get(path, headers=headers)


async def test_an_empty_district_says_how_to_begin(site: Site) -> None:
    answer = await get(site, "/chatturat/board")
    assert answer.status_code == 200
    assert "/chatturat/imports" in answer.text and "/chatturat/enrolments" in answer.text


async def test_a_case_without_a_buddy_stands_in_its_lane(site: Site) -> None:
    code = await site.case(None)
    answer = await get(site, "/chatturat/board?lane=no_buddy")
    assert code in answer.text and f"/chatturat/cases/{code}/assignment" in answer.text


async def test_the_case_page_opens(site: Site) -> None:
    code = await site.case()
    for tab in ("path", "visits", "buddy", "opened"):
        answer = await get(site, f"/chatturat/cases/{code}?tab={tab}")
        assert answer.status_code == 200, answer.text[:3000]
