"""Going anywhere by a few letters: what is offered follows the permission table, what is typed stays nowhere."""

from __future__ import annotations

import re
from typing import Any

import pytest

from khuen.board import going
from khuen.board.going import Place
from tests.care import ORIGIN, Site
from tests.followups.flights import counted


async def offered(site: Site, typed: str, who: str = "nok", at: str = "board") -> list[str]:
    headers = {"hx-request": "true", "referer": f"{ORIGIN}/chatturat/{at}"}
    answer = await site.clients[who].post("/chatturat/go", data={"q": typed}, headers=headers)
    assert answer.status_code == 200 and "<html" not in answer.text
    return re.findall(r'role="option"[^>]*(?:href|formaction)="/chatturat/([^"]*)"', answer.text)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("12", "CTR-0012"),
        ("ctr12", "CTR-0012"),
        ("BTJ-0007", "BTJ-0007"),
        ("๑๒", "CTR-0012"),
        ("12a", None),
        ("", None),
    ],
)
def test_a_code_is_read_as_it_is_typed_in_a_hurry(typed: str, code: str | None) -> None:
    assert going.code_in(typed, "CTR") == code


def test_every_word_has_to_fit_in_thai_or_english_and_only_what_one_may_is_offered() -> None:
    places = (Place("a", "1", "Match buddies"), Place("b", "2", "Board"))

    def say(label: str) -> tuple[str, ...]:
        return {"Match buddies": "จับคู่บัดดี้", "Board": "กระดาน"}[label], label

    def paths(typed: str, *may: str) -> list[str]:
        return [one.path for one in going.offered(places, typed, lambda permission: permission in may, say)]

    assert paths("", "a", "b") == ["1", "2"] and paths("", "b") == ["2"]
    assert paths("บัดดี้", "a", "b") == ["1"] and paths("BUDD mat", "a", "b") == ["1"] and paths("บัดดี้ กระ", "a", "b") == []


async def test_pages_follow_the_role(site: Site) -> None:
    own, doctors = await offered(site, ""), await offered(site, "", "wipa")
    assert {"board", "matching", "imports", "people/duplicates"} <= set(own)
    assert "board" in doctors and not {"matching", "imports", "people/duplicates"} & set(doctors)
    answer = await site.clients["somchai"].post("/chatturat/go", data={"q": ""})
    assert answer.status_code == 403


async def test_a_case_is_found_by_its_number_and_only_if_it_is_here(site: Site) -> None:
    code = await site.case()
    prefix, _, number = code.partition("-")
    for typed in (code, number.lstrip("0"), prefix.lower() + number):
        assert (await offered(site, typed))[0] == f"cases/{code}", typed
    assert not [path for path in await offered(site, "999999") if path.startswith("cases/")]


async def test_the_case_that_stands_open_can_be_acted_on(site: Site, root: Any) -> None:
    code = await site.case()
    found = await offered(site, "บัดดี้", at=f"cases/{code}?tab=visits")
    assert found[:2] == [f"cases/{code}/nudges", f"cases/{code}/assignment"]
    assert f"cases/{code}/screening" in await offered(site, "", "wipa", at=f"people/{code}/corrections")
    elsewhere = {"hx-request": "true", "referer": f"https://elsewhere.example/chatturat/cases/{code}"}
    answer = await site.clients["nok"].post("/chatturat/go", data={"q": ""}, headers=elsewhere)
    assert code not in answer.text


async def test_without_a_script_it_is_a_page_that_remembers_the_case(site: Site) -> None:
    code = await site.case()
    page = await site.clients["nok"].get("/chatturat/go", headers={"referer": f"{ORIGIN}/chatturat/cases/{code}"})
    assert f'name="case" value="{code}"' in page.text and "/chatturat/matching" in page.text
    page = await site.clients["nok"].post("/chatturat/go", data={"q": "บัดดี้", "case": code})
    assert (
        f'href="/chatturat/cases/{code}/assignment"' in page.text
        and f'action="/chatturat/cases/{code}/nudges"' in page.text
    )
    assert "/chatturat/search" in page.text and "imports" not in page.text.partition("<main")[2]


async def test_a_name_costs_no_statement_and_stands_in_no_address(site: Site) -> None:
    async with counted() as sent:
        answer = await site.clients["nok"].post("/chatturat/go", data={"q": "ทดลอง <b>"})
    assert sent == [] and "<b>" not in answer.text and "ทดลอง &lt;b&gt;" in answer.text
    assert not [
        address for address in re.findall(r'(?:href|action|formaction)="([^"]*)"', answer.text) if "ทดลอง" in address
    ]
    assert "set-cookie" not in answer.headers and "location" not in answer.headers
