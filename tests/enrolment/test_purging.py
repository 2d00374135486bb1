"""The name of a file is somebody's secret too, and what nobody needs any more goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from khuen import erasure, settings, vault
from khuen.enrolment import batches, committing, drafts, purging, receiving, upload
from khuen.errors import Conflict
from khuen.ids import uuid7
from khuen.settings import Settings, SettingsError
from khuen.tenancy import Here, within
from tests import care
from tests.care import Site
from tests.enrolment import messy
from tests.enrolment.test_import import checked, committed
from tests.enrolment.walk import hidden, said
from workers.enrolment import purge

MONTH = timedelta(days=30)
NAME = "ทดลอง ตัวอย่าง ย้ายมา.xlsx"


async def received(made: Any, here: Here, rows: int = 5) -> batches.Batch:
    content = messy.xlsx(messy.make(rows, 0, seed=rows))
    sheet = await upload.read(content)
    async with within(here):
        return await receiving.receive(here, uuid7(), NAME, content, sheet, made.project_id)


def later(here: Here, days: float) -> Here:
    return replace(here, now=here.now + timedelta(days=days))


async def purged(here: Here, rows_after: timedelta = MONTH) -> tuple[int, int]:
    async with within(here):
        return await purging.purge(here, rows_after, MONTH)


async def test_the_name_and_the_headers_of_a_file_are_sealed(pools: Settings, root: Any) -> None:
    made = await care.stand(pools, nok="coordinator")
    here = made.here("nok")
    content = "ก,ข\nทดลอง,ตัวอย่าง\n".encode()  # no header is known, so the first row may be a person
    sheet = await upload.read(content)
    async with within(here):
        batch = await receiving.receive(here, uuid7(), NAME, content, sheet, made.project_id)
        assert (await batches.batch(here, batch.id)).source.file_name == NAME
        assert [one.source.names for one in await batches.batches(here)] == [("ก", "ข")]
    row = str(dict(await root.fetchrow("SELECT * FROM import_batch")))
    assert "ทดลอง" not in row and "ก" not in row and NAME.encode().hex() not in row


async def test_threat_28_an_erasure_takes_the_name_of_the_file(pools: Settings, root: Any, tmp_path: Path) -> None:
    made = await care.stand(pools, nok="coordinator")
    here = made.here("nok")
    vault.configure(pools.kek, tmp_path / "erased")
    mine, other = await received(made, here, 5), await received(made, here, 6)
    for batch in (mine, other):
        await checked(here, batch.id, batch.mapping)
        await committed(here, batch.id)
    person = await root.fetchval("SELECT person_id FROM case_file WHERE batch_id = $1 LIMIT 1", mine.id)
    async with within(here):
        assert await erasure.erase_person(here, person)
        assert (await batches.batch(here, mine.id)).source == batches.Source()
        assert (await batches.batch(here, other.id)).source.file_name == NAME


async def test_old_rows_go_with_the_name_and_figures_and_cases_stay(pools: Settings, root: Any) -> None:
    made = await care.stand(pools, nok="coordinator")
    here = made.here("nok")
    done, waiting, going = await received(made, here, 5), await received(made, here, 6), await received(made, here, 7)
    for batch in (done, waiting, going):
        await checked(here, batch.id, batch.mapping)
    await committed(here, done.id)
    async with within(here):
        await committing.begin_commit(here, going.id)
    assert await purged(later(here, 29.9)) == (0, 0)
    assert await purged(later(here, 30.1)) == (11, 0)
    assert await purged(later(here, 30.1)) == (0, 0)
    left = {
        row["batch_id"]: row["n"] for row in await root.fetch("SELECT batch_id, count(*) n FROM import_row GROUP BY 1")
    }
    assert left == {going.id: 7}
    assert await root.fetchval("SELECT count(*) FROM case_file WHERE batch_id = $1", done.id) == 5
    kept = await root.fetchrow("SELECT total, done, source_sealed FROM import_batch WHERE id = $1", done.id)
    assert tuple(kept) == (5, 5, None)
    assert await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'import:purged'") == 1
    with pytest.raises(Conflict):
        async with within(here):
            await committing.begin_commit(here, waiting.id)


async def test_what_can_still_be_undone_is_never_purged(pools: Settings, root: Any) -> None:
    made = await care.stand(pools, nok="coordinator")
    here = made.here("nok")
    batch = await received(made, here)
    await checked(here, batch.id, batch.mapping)
    await committed(here, batch.id)
    soon = later(here, 23 / 24)
    assert await purged(soon, timedelta(0)) == (0, 0)
    async with within(soon):
        assert (await committing.undo_batch(soon, batch.id)).taken_back == 5
    assert await root.fetchval("SELECT purged_at FROM import_batch") is None
    assert await purged(later(soon, 1.1), timedelta(0)) == (0, 0)  # the rows went with their people
    assert await root.fetchval("SELECT purged_at FROM import_batch") is not None


async def test_a_draft_goes_a_month_after_it_was_last_touched(pools: Settings, root: Any) -> None:
    made, other = await care.stand(pools, nok="coordinator"), await care.stand(pools, "phon", kanya="coordinator")
    here, key, old = made.here("nok"), uuid7(), uuid7()
    async with within(here):
        await drafts.begin(here, key)
        await drafts.begin(here, old)
    touched = later(here, 20)
    async with within(touched):
        await drafts.save(touched, key, "person", {"given_name": "ทดลอง"})
    stranger = other.here("kanya")
    async with within(stranger):
        await drafts.begin(stranger, uuid7())
    assert await purged(later(here, 31)) == (0, 1)
    assert await root.fetchval("SELECT count(*) FROM enrolment_draft") == 2
    assert await purged(later(here, 51)) == (0, 1)
    assert [row["detail"] for row in await root.fetch("SELECT detail FROM audit WHERE tag = 'enrolment:purged'")] == [
        '{"count":1}',
        '{"count":1}',
    ]


async def test_the_nightly_job_keeps_what_the_operator_set(pools: Settings, root: Any) -> None:
    made = await care.stand(pools, nok="coordinator")
    await received(made, made.here("nok"))
    await root.execute("UPDATE import_batch SET made_at = made_at - interval '10 days'")
    assert await purge(pools) == 0
    assert await root.fetchval("SELECT count(*) FROM import_row") == 5
    assert await purge(replace(pools, keep_import_days=9)) == 0
    assert await root.fetchval("SELECT count(*) FROM import_row") == 0


async def test_the_page_of_a_purged_import_says_so(site: Site, root: Any) -> None:
    nok = site.clients["nok"]
    page = await nok.get("/chatturat/imports")
    form = {"key": hidden(page.text, "key"), "project": hidden(page.text, "project")}
    sent = {"file": (NAME, messy.xlsx(messy.make(3, 0)), "application/octet-stream")}
    url = (await nok.post("/chatturat/imports", data=form, files=sent)).headers["location"]
    assert NAME in (await nok.get(url)).text
    await purged(later(site.chatturat.here("nok"), 31))
    for address in (url, f"{url}?columns_again=1", "/chatturat/imports"):
        text = (await nok.get(address)).text
        assert NAME not in text and "ไม่มีชื่อ" in said(text), address
    assert "ถูกลบแล้ว" in said((await nok.get(url)).text)
    assert (await nok.post(f"{url}/commit")).status_code == 409


@pytest.mark.parametrize("days", ["1", "0", "-3", "x", "๓๐", "4000", ""])
def test_days_that_are_none_are_refused(days: str) -> None:
    env = {"KHUEN_DATABASE_URL": "postgresql:///x", "KHUEN_KEK": "A" * 43 + "=", "KHUEN_KEEP_IMPORT_DAYS": days}
    with pytest.raises(SettingsError, match="KHUEN_KEEP_IMPORT_DAYS"):
        settings.load(env)
