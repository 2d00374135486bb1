"""Telling more about a visit, and taking it back."""

from __future__ import annotations

from typing import Any

import pytest

from khuen import clock, vault
from khuen.errors import NotFound
from khuen.followups import service
from khuen.ids import uuid7
from khuen.tenancy import within
from tests.care import Site


async def logged(site: Site, how: str = "well") -> tuple[str, str]:
    code, key = await site.case(), str(uuid7())
    await site.clients["somchai"].post(f"/chatturat/cases/{code}/check-ins", data={"key": key, "how": how})
    return code, key


async def test_a_story_is_sealed_under_the_persons_key(site: Site, root: Any) -> None:
    _, check_in = await logged(site)
    key, path = str(uuid7()), f"/chatturat/b/check-ins/{check_in}/note"
    assert "เห็นหรือได้ยินอะไรบ้าง" in (await site.clients["somchai"].get(path)).text
    for _ in range(2):
        answer = await site.clients["somchai"].post(path, data={"key": key, "note": "เขายิ้ม\nกินข้าวได้"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/chatturat/b/")
    row = await root.fetchrow("SELECT id, note_sealed FROM check_in_note")
    assert "ยิ้ม".encode() not in row["note_sealed"]
    here = site.chatturat.here("nok", clock.now())
    async with within(here):
        person = await root.fetchval("SELECT person_id FROM case_file")
        own = await vault.person(here, person)
        assert own.unseal("check_in_note", "note", row["id"], row["note_sealed"]) == "เขายิ้ม\nกินข้าวได้"
    other = await site.clients["somchai"].post(path, data={"key": key, "note": "อย่างอื่น"})
    assert other.status_code == 409
    assert await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'check-in:noted'") == 1


@pytest.mark.parametrize("note", ["", "   ", "ก" * 2001, "a\x00b"])
async def test_a_bad_story_is_refused_and_kept_on_the_page(site: Site, root: Any, note: str) -> None:
    _, check_in = await logged(site)
    answer = await site.clients["somchai"].post(
        f"/chatturat/b/check-ins/{check_in}/note", data={"key": str(uuid7()), "note": note}
    )
    assert answer.status_code == 422 and 'href="#note"' in answer.text
    assert note.strip().replace("\x00", "") == "" or note.replace("\x00", "")[:50] in answer.text.replace("\x00", "")
    assert await root.fetchval("SELECT count(*) FROM check_in_note") == 0


async def test_threat_08_a_story_about_somebody_elses_visit_is_refused(site: Site, root: Any) -> None:
    _, check_in = await logged(site)
    for name, path in (
        ("mali", f"/chatturat/b/check-ins/{check_in}/note"),
        ("malee", f"/phon/b/check-ins/{check_in}/note"),
        ("somchai", f"/chatturat/b/check-ins/{uuid7()}/note"),
        ("somchai", "/chatturat/b/check-ins/nothing/note"),
    ):
        assert (await site.clients[name].get(path)).status_code == 404
        answer = await site.clients[name].post(path, data={"key": str(uuid7()), "note": "x"})
        assert answer.status_code == 404
    assert await root.fetchval("SELECT count(*) FROM check_in_note") == 0


async def test_a_withdrawn_urgent_answer_is_as_if_it_had_not_been(site: Site, root: Any) -> None:
    code, check_in = await logged(site, "urgent")
    here = site.chatturat.here("somchai", clock.now())
    for _ in range(2):
        async with within(here):
            await service.withdraw(here, check_in)  # type: ignore[arg-type]
    row = await root.fetchrow("SELECT seen_at, attention_rank, priority FROM visit_due")
    assert tuple(row) == (None, 0, 2)
    assert await root.fetchval("SELECT state FROM message") == "cancelled"
    assert await root.fetchval("SELECT count(*) FROM check_in") == 1
    assert await root.fetchval("SELECT count(*) FROM check_in_withdrawal") == 1
    assert "ครั้งแรก" in (await site.clients["somchai"].get(f"/chatturat/b/check-in?p={code}")).text


async def test_only_who_made_it_takes_it_back(site: Site) -> None:
    _, check_in = await logged(site)
    for name in ("mali", "nok"):
        here = site.chatturat.here(name, clock.now())
        with pytest.raises(NotFound):
            async with within(here):
                await service.withdraw(here, check_in)  # type: ignore[arg-type]
