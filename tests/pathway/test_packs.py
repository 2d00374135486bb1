"""A rule pack is drafted, rehearsed on the real cases, published once, and a case keeps the one it started with."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from khuen import clock
from khuen.ids import uuid7
from khuen.pathway import service
from khuen.tenancy import within
from tests.care import Site

DRAFTS = "/chatturat/pack-drafts"


async def drafted(site: Site) -> str:
    key = str(uuid7())
    for _ in range(2):
        answer = await site.clients["nok"].post(DRAFTS, data={"key": key, "base": str(site.chatturat.pack_id)})
        assert (answer.status_code, answer.headers["location"]) == (303, f"{DRAFTS}/{key}")
    return f"{DRAFTS}/{key}"


async def form(site: Site, path: str) -> dict[str, str]:
    """What a browser would send without a change."""
    text = (await site.clients["nok"].get(path)).text
    values = dict(re.findall(r'<input [^>]*name="(\w+)" type="text" value="([^"]*)"', text))
    seen = re.search(r'name="seen" value="([^"]+)"', text)
    assert seen
    return values | {"seen": seen[1], "training_required": "true"}


async def test_from_draft_to_rehearsal_to_publication(site: Site, root: Any) -> None:
    code, today = await site.case(), clock.day(clock.now())
    here = site.chatturat.here("nok", clock.now())
    facts = {"screened_on": today, "started_on": today - timedelta(weeks=12), "sessions": 12, "visits": 12}
    async with within(here):
        told = facts | {"negatives": 4, "best_negatives": 4, "courses": 1}
        await service.heard(here, {site.chatturat.cases[code]: told})
    path = await drafted(site)
    values = await form(site, path)
    values |= {"cbtx_sessions": "๑๒", "min_weeks": "12", "title": "สั้นลง 12 สัปดาห์"}
    answer = await site.clients["nok"].post(path, data=values)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}/rehearsal")
    page = (await site.clients["nok"].get(f"{path}/rehearsal")).text
    assert code in page and "เสนอแพทย์พิจารณา" in page and "16 → 12" in page
    publication = {"project": str(site.chatturat.project_id)}
    for _ in range(2):
        answer = await site.clients["nok"].post(f"{path}/publication", data=publication)
        assert answer.status_code == 303
    rows = await root.fetch("SELECT version FROM pack WHERE tenant_id = $1 AND name = 'standard'", here.tenant_id)
    assert sorted(row["version"] for row in rows) == [1, 2]
    new = await site.case(None, given_name="สมมุติ", national_id=None)
    packs = await root.fetch("SELECT code, pack_id FROM case_file WHERE code = ANY ($1)", [code, new])
    assert len({row["pack_id"] for row in packs}) == 2
    async with within(here):
        old = await service.way(here, code)
    assert (old.pack.pathway.cbtx_sessions, old.progress.ready) == (16, False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cbtx_sessions", "0"),
        ("min_weeks", "-1"),
        ("every_days", "สาม"),
        ("soon_days", "30"),
        ("rounds", "1m 2w"),
        ("rounds", "เดือนละครั้ง"),
        ("title", ""),
    ],
)
async def test_a_value_that_cannot_be_is_named_and_kept(site: Site, field: str, value: str) -> None:
    path = await drafted(site)
    answer = await site.clients["nok"].post(path, data=await form(site, path) | {field: value})
    assert answer.status_code == 422 and f'href="#{field}"' in answer.text
    assert f'value="{value}"' in answer.text


async def test_two_who_draft_at_once_both_learn_of_it(site: Site) -> None:
    path = await drafted(site)
    values = await form(site, path)
    assert (await site.clients["nok"].post(path, data=values | {"min_weeks": "20"})).status_code == 303
    late = await site.clients["nok"].post(path, data=values | {"min_weeks": "8"})
    assert late.status_code == 409 and 'value="20"' in late.text


async def test_a_draft_that_changes_nothing_is_not_published(site: Site, root: Any) -> None:
    path = await drafted(site)
    answer = await site.clients["nok"].post(f"{path}/publication")
    assert answer.status_code == 409
    assert (await site.clients["nok"].post(f"{path}/discard")).status_code == 303
    assert await root.fetchval("SELECT count(*) FROM pack_draft") == 0
    assert (await site.clients["nok"].get(path)).status_code == 404


async def test_another_districts_pack_is_not_found(site: Site) -> None:
    for base in (str(site.phon.pack_id), str(uuid7()), "x", ""):
        answer = await site.clients["nok"].post(DRAFTS, data={"key": str(uuid7()), "base": base})
        assert answer.status_code == 404
    assert (await site.clients["nok"].get(f"/chatturat/packs/{site.phon.pack_id}")).status_code == 404
