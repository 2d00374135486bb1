"""Search: by a called name and a former one, and by sound when letters find little."""

from __future__ import annotations

from typing import Any

import pytest

from khuen.ids import uuid7
from khuen.people import corrections
from khuen.people import service as people
from khuen.people.rules import Field, Reason, asked
from khuen.tenancy import within
from tests.care import Site
from tests.followups.flights import counted
from tests.people.records import register


async def find(site: Site, text: str) -> list[tuple[str, bool]]:
    here = site.chatturat.here("nok")
    async with within(here):
        return [(one.given_name, one.alike) for one in await people.search(here, asked(text))]


@pytest.mark.parametrize("text", ["เล็ก", "น้องเล", "ณัฐ", "สาธ", "เก่า", "นามเดิม"])
async def test_somebody_is_found_by_any_name_they_have_or_had(site: Site, text: str) -> None:
    here = site.chatturat.here("nok")
    who = await register(site.chatturat, given_name="เก่า", family_name="นามเดิม", called_name="น้องเล็ก")
    name = {"prefix": "นาย", "given_name": "ณัฐพล", "family_name": "สาธิต"}
    async with within(here):
        await corrections.correct(here, who, Field.NAME, name, was=None, reason=Reason.PAPERS, key=uuid7())
    found = await find(site, text.replace("เล็ก", "น้องเล็ก") if text == "เล็ก" else text)
    assert found == [("ณัฐพล", False)]


async def test_sound_is_asked_when_letters_find_little_and_it_is_said(site: Site) -> None:
    await site.case(given_name="ณัฐพล", family_name="ใจดี")
    await site.case(None, given_name="นัทพล", family_name="ใจดี")
    assert await find(site, "นัทพล") == [("นัทพล", False), ("ณัฐพล", True)]
    assert await find(site, "นัดพล ไจ") == [("ณัฐพล", True), ("นัทพล", True)]
    page = await site.clients["nok"].post("/chatturat/search", data={"q": "นัทพล"})
    assert page.text.count("ออกเสียงคล้าย") == 1
    assert page.text.index("CTR-0002") < page.text.index("CTR-0001")


async def test_sound_stays_quiet_when_letters_find_enough(site: Site) -> None:
    for number in range(people.ENOUGH):
        await register(site.chatturat, given_name=f"นัทพล{number}", phone=None)
    await register(site.chatturat, given_name="ณัฐพล", phone=None)
    assert all(not alike for _, alike in await find(site, "นัทพล"))


@pytest.mark.parametrize("text", ["นัทพล", "ไม่มีใคร", "0812340000", "1234"])
async def test_a_search_sends_as_many_statements_whatever_it_finds(site: Site, text: str, root: Any) -> None:
    await site.case(given_name="ณัฐพล", family_name="ใจดี")
    await site.clients["nok"].post("/chatturat/search", data={"q": text})
    async with counted() as sent:
        await site.clients["nok"].post("/chatturat/search", data={"q": text})
    found = "CTR-0001" in (await site.clients["nok"].post("/chatturat/search", data={"q": text})).text
    assert len(sent) == (5 if found else 4)
