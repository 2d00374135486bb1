"""Ten cases or three hundred: a page sends the same statements, with rows of every kind on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from khuen import clock, packs
from khuen.cases import service as cases
from khuen.cases.service import NewCase
from khuen.followups import service as followups
from khuen.ids import uuid7
from khuen.people import service as people
from khuen.tenancy import within
from tests.care import Site, person
from tests.followups.flights import counted
from tests.kept import put_right

GIVEN = ("ทดลอง", "สมมุติ", "จำลอง", "สาธิต", "ฝึกหัด", "เสมือน", "ต้นแบบ")
FAMILY = ("ตัวอย่าง", "ใจดี", "ลองงาน", "ในนิทาน", "หัดเดิน")
#: every third of these stands in each lane: alone, tests that are due, ready for the doctor, late visits, urgent ones
KINDS = """
UPDATE case_file c SET colour = 'green', stage = (ARRAY['enrolled', 'in_treatment', 'awaiting_doctor'])[1 + n % 3],
    ready = n % 3 = 2, test_on = $1::date - n % 5
FROM (SELECT code, row_number() OVER (ORDER BY code)::integer AS n FROM case_file) o WHERE o.code = c.code
"""
LATE = """
UPDATE visit_due v SET closes_on = $1::date - n % 4, due_on = $1::date - n % 4, attention_rank = CASE WHEN n % 7 = 0 THEN 1 ELSE 0 END
FROM (SELECT id, row_number() OVER (ORDER BY id)::integer AS n FROM visit_due) o WHERE o.id = v.id
"""


async def enrol(site: Site, root: Any, first: int, number: int) -> None:
    """So many more cases of chatturat at once; nobody but the first few has a buddy."""
    here = site.chatturat.here("nok", clock.now())
    new = []
    for n in range(first, first + number):
        given, family = f"{GIVEN[n % 7]}{n}", FAMILY[n % 5]
        new.append(person(given_name=given, family_name=family, called_name=given, phone=f"+6681{n:07}", house=str(n)))
    opened = [NewCase(uuid7(), who.id, site.chatturat.project_id, "s113", "self", here.today) for who in new]
    async with within(here):
        pack = await packs.pack(here, site.chatturat.pack_id)
        await people.register(here, new)
        codes = await cases.open_cases(here, opened)
        await followups.begin(here, [(case.id, here.today - timedelta(n % 9), pack) for n, case in enumerate(opened)])
    site.chatturat.cases.update({code: id_ for id_, code in codes.items()})
    await root.execute(KINDS, here.today)
    await root.execute(LATE, here.today)
    await put_right(root)


async def test_the_flights_of_a_page_do_not_grow_with_the_district(
    site: Site, root: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packs, "_SECONDS", 3600.0)
    code = await site.case()
    await site.case("mali")
    nok, base = site.clients["nok"], "/chatturat"
    asks: dict[str, Callable[[], Awaitable[httpx.Response]]] = {
        place: lambda place=place: nok.get(f"{base}/{place}")  # type: ignore[misc]
        for place in (
            "board",
            "board?lane=all&sort=buddy",
            "board?lane=tests",
            "board?lane=no_buddy",
            f"cases/{code}",
            f"cases/{code}/pathway",
            f"cases/{code}/assignment",
            "matching",
            "follow-ups",
            "absences",
        )
    }
    for typed in ("ทดลอง", "ทดลง", code, "1234"):
        asks[f"search {typed}"] = lambda typed=typed: nok.post(f"{base}/search", data={"q": typed})  # type: ignore[misc]
    asks["export"] = lambda: nok.post(f"{base}/board/exports", data={"form": "csv", "lane": "all"})
    seen = []
    for first, number in ((0, 8), (8, 290)):
        await enrol(site, root, first, number)
        flights = {}
        for name, ask in asks.items():
            await ask()
            async with counted() as sent:
                answer = await ask()
            assert answer.status_code == 200, name
            flights[name] = len(sent)
        seen.append(flights)
    assert seen[0] == seen[1]
