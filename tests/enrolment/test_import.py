"""A spreadsheet on its whole way: services first, then the pages as a browser without scripts uses them."""

from __future__ import annotations

import asyncio
import io
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import openpyxl
import pytest

from khuen import clock
from khuen.enrolment import batches, checking, committing, listing, mending, receiving, upload
from khuen.enrolment.batches import Mapping
from khuen.enrolment.listing import Sieve
from khuen.errors import Conflict, KeyReused, NotFound
from khuen.ids import uuid7
from khuen.settings import Settings
from khuen.tenancy import Here, within
from tests import care
from tests.care import Site
from tests.enrolment import messy
from tests.enrolment.walk import hidden, said
from workers.enrolment import continue_imports

NEAR = "3606"


async def received(here: Here, project_id: UUID, content: bytes, key: UUID | None = None) -> batches.Batch:
    sheet = await upload.read(content)
    async with within(here):
        return await receiving.receive(here, key or uuid7(), "รายชื่อ.xlsx", content, sheet, project_id)


async def checked(here: Here, batch_id: UUID, mapping: Mapping) -> dict[str, int]:
    async with within(here):
        work = await checking.begin_check(here, batch_id, mapping, NEAR)
    read = await asyncio.to_thread(checking.read_rows, work)
    async with within(here):
        await checking.finish_check(here, work, read)
        return await batches.tally(here, batch_id)


async def committed(here: Here, batch_id: UUID) -> committing.Progress:
    async with within(here):
        await committing.begin_commit(here, batch_id)
    while True:
        async with within(here):
            progress = await committing.continue_batch(here, batch_id)
        if progress.finished:
            return progress


async def test_five_thousand_rows_with_a_hundred_bad_ones(pools: Settings, root: Any) -> None:
    """Each bad row is named with its cell, each good one is in, and all of it can be taken back."""
    made = await care.stand(pools, nok="coordinator")
    here = made.here("nok")
    sheet = messy.make(5000, 100)
    batch = await received(here, made.project_id, messy.xlsx(sheet))
    counts = await checked(here, batch.id, batch.mapping)
    assert counts == {"good": 4900, "bad": 90, "duplicate": 10}
    async with within(here):
        held = await batches.batch(here, batch.id)
        rows, total = await listing.page(here, held, NEAR, Sieve(["bad", "duplicate"]), 1, 200)
    found = {row.cells[problem.field]: problem.code for row in rows for problem in row.problems}
    assert total == 100 and found == sheet.wrong
    assert await committed(here, batch.id) == committing.Progress(4900, 4900, True)
    assert await root.fetchval("SELECT count(*) FROM case_file WHERE stage = 'enrolled'") == 4900
    assert await root.fetchval("SELECT count(DISTINCT person_id) FROM case_file") == 4900
    assert await root.fetchval("SELECT count(*) FROM visit_due WHERE state = 'open'") == 4900
    await root.execute("ANALYZE")
    async with within(here):
        assert (await committing.undo_batch(here, batch.id)).taken_back == 4900
    assert await root.fetchval("SELECT count(*) FROM case_file WHERE stage <> 'closed'") == 0
    assert await root.fetchval("SELECT count(*) FROM person WHERE erased_at IS NULL") == 0


async def test_a_commit_that_died_goes_on_where_it_stopped(pools: Settings, root: Any) -> None:
    made = await care.stand(pools, nok="coordinator")
    here = made.here("nok")
    batch = await received(here, made.project_id, messy.xlsx(messy.make(450, 0)))
    await checked(here, batch.id, batch.mapping)
    async with within(here):
        await committing.begin_commit(here, batch.id)
    async with within(here):
        await committing.continue_batch(here, batch.id)
    with pytest.raises(asyncio.CancelledError):
        async with within(here):
            await committing.continue_batch(here, batch.id)
            raise asyncio.CancelledError  # the process dies before COMMIT
    assert await root.fetchval("SELECT count(*) FROM case_file") == 200

    async def page() -> None:
        for _ in range(4):
            async with within(here):
                await committing.continue_batch(here, batch.id)

    answers = await asyncio.gather(page(), continue_imports(), page())  # two windows, and the worker
    assert answers[1] == 0
    assert await root.fetchval("SELECT count(*) FROM case_file WHERE made_by IS DISTINCT FROM $1", here.member_id) == 0
    assert await root.fetchval("SELECT count(*) FROM case_file") == 450
    assert await root.fetchval("SELECT count(*) FROM import_row WHERE state = 'done'") == 450
    assert await root.fetchval("SELECT count(*) FROM person") == 450


async def test_the_same_upload_twice_is_one_batch(pools: Settings, root: Any) -> None:
    made = await care.stand(pools, nok="coordinator")
    here, key, content = made.here("nok"), uuid7(), messy.xlsx(messy.make(20, 0))
    first = await received(here, made.project_id, content, key)
    assert (await received(here, made.project_id, content, key)).id == first.id
    with pytest.raises(KeyReused):
        await received(here, made.project_id, messy.xlsx(messy.make(21, 0)), key)
    assert await root.fetchval("SELECT count(*) FROM import_row") == 20


async def test_rows_are_sealed(pools: Settings, root: Any) -> None:
    made = await care.stand(pools, nok="coordinator")
    await received(made.here("nok"), made.project_id, messy.xlsx(messy.make(5, 0)))
    for row in await root.fetch("SELECT content_sealed, problems FROM import_row"):
        assert "ทดลอง".encode() not in row["content_sealed"] and "ทดลอง" not in row["problems"]


async def test_a_second_file_finds_the_people_of_the_first(pools: Settings) -> None:
    made = await care.stand(pools, nok="coordinator")
    here, content = made.here("nok"), messy.xlsx(messy.make(30, 0))
    first = await received(here, made.project_id, content)
    await checked(here, first.id, first.mapping)
    await committed(here, first.id)
    second = await received(here, made.project_id, content + b" ")
    assert await checked(here, second.id, second.mapping) == {"duplicate": 30}
    async with within(here):
        (row, *_), _ = await listing.page(here, second, NEAR, Sieve(["duplicate"]))
        assert row.matches[0].open_case and row.matches[0].name.startswith("ทดลอง")
        again = await mending.mend(here, second.id, NEAR, row.number, {}, f"same:{row.matches[0].person_id}")
        assert again.problems[0].code == "open_case"
        stranger = await mending.mend(here, second.id, NEAR, row.number, {}, f"same:{uuid7()}")
        assert stranger.state == "duplicate"


async def test_rows_that_nobody_agreed_to_are_counted_and_a_new_person_is_not_asked_about_again(
    site: Site, root: Any
) -> None:
    made, nok = site.chatturat, site.clients["nok"]
    here, sheet = made.here("nok"), messy.make(100, 20)
    batch = await received(here, made.project_id, messy.xlsx(sheet))
    await checked(here, batch.id, batch.mapping)
    said = "ไม่รับ 2 แถว</b>: "
    assert said in (await nok.get(f"/chatturat/imports/{batch.id}")).text
    await committed(here, batch.id)
    assert said in (await nok.get(f"/chatturat/imports/{batch.id}")).text
    again = await received(here, made.project_id, messy.xlsx(sheet) + b" ")
    await checked(here, again.id, again.mapping)
    async with within(here):
        rows, _ = await listing.page(here, again, NEAR, Sieve(["duplicate"]), 1, 200)
        alike = next(row for row in rows if {one.code for one in row.problems} == {"same_name"})
        mended = await mending.mend(here, again.id, NEAR, alike.number, {}, "new")
        assert mended.state == "good"
    await committed(here, again.id)
    assert [tuple(row) for row in await root.fetch("SELECT kind, reason FROM pair_decision")] == [("apart", "enrolled")]


async def test_an_undo_keeps_what_somebody_worked_on_and_ends_after_a_day(pools: Settings, root: Any) -> None:
    made = await care.stand(pools, nok="coordinator", somchai="buddy")
    here = made.here("nok")
    batch = await received(here, made.project_id, messy.xlsx(messy.make(10, 0)))
    await checked(here, batch.id, batch.mapping)
    await committed(here, batch.id)
    case = await root.fetchrow("SELECT id, tenant_id FROM case_file ORDER BY code LIMIT 1")
    await root.execute(
        "INSERT INTO check_in (tenant_id, id, case_id, member_id, how, happened_at, planned_at, received_at)"
        " VALUES ($1, $2, $3, $4, 'well', $5, $5, $5)",
        case["tenant_id"],
        uuid7(),
        case["id"],
        made.people["somchai"][0],
        here.now,
    )
    with pytest.raises(Conflict):
        late = made.here("nok", here.now + timedelta(hours=25))
        async with within(late):
            await committing.undo_batch(late, batch.id)
    for _ in range(2):
        async with within(here):
            undone = await committing.undo_batch(here, batch.id)
    assert len(undone.kept) == 1
    assert await root.fetchval("SELECT count(*) FROM case_file WHERE stage = 'enrolled'") == 1
    assert await root.fetchval("SELECT count(*) FROM person WHERE erased_at IS NULL") == 1


async def test_another_district_sees_no_batch(pools: Settings) -> None:
    made, other = (
        await care.stand(pools, "phon", nok="coordinator"),
        await care.stand(pools, "khon", kanya="coordinator"),
    )
    batch = await received(made.here("nok"), made.project_id, messy.xlsx(messy.make(5, 0)))
    stranger = other.here("kanya")
    async with within(stranger):
        assert await batches.batches(stranger) == []
        for attempt in (batches.batch, committing.begin_commit, committing.continue_batch, committing.undo_batch):
            with pytest.raises(NotFound):
                await attempt(stranger, batch.id)  # type: ignore[operator]


async def test_the_pages_without_scripts(site: Site, root: Any) -> None:
    nok = site.clients["nok"]
    sheet = messy.make(200, 100)
    page = await nok.get("/chatturat/imports")
    form = {"key": hidden(page.text, "key"), "project": hidden(page.text, "project")}
    sent = {"file": ("รายชื่อ.xlsx", messy.xlsx(sheet), "application/octet-stream")}
    answer = await nok.post("/chatturat/imports", data=form, files=sent)
    assert answer.status_code == 303, said(answer.text)
    url = answer.headers["location"]
    page = await nok.get(url)
    assert page.status_code == 200 and "รอแก้ไข 100 แถว" in said(page.text)
    cells = sorted(sheet.wrong, key=lambda cell: int(cell[1:]))
    assert all(f">{cell}<" in page.text for cell in cells[:50])
    only = await nok.get(f"{url}?kind=phone")
    assert only.text.count('id="row-') == 10
    in_column = await nok.get(f"{url}?field=national_id&kind=&by=")
    assert in_column.text.count('id="row-') == sum(cell[0] == "G" for cell in cells) == 45
    both = await nok.get(f"{url}?field=national_id&kind=id_damaged&by=column")
    assert both.text.count('id="row-') == 10 and both.text.count('scope="rowgroup"') == 1
    groups = re.findall(r'scope="rowgroup">([^<]+)<', (await nok.get(f"{url}?by=column")).text)
    assert groups == ["ชื่อ", "วันเกิดหรือปีเกิด", "เลขประจำตัวประชาชน"]  # as the columns lie; the others on page two
    wrong = next(cell for cell, code in sheet.wrong.items() if code == "phone")
    row = f"{url}/rows/{wrong[1:]}"
    assert "08-1234" in (await nok.get(row)).text
    still = await nok.post(row, data={"phone": "08-12345"})
    assert still.status_code == 422 and 'value="08-12345"' in still.text
    assert (await nok.post(row, data={"phone": "0812345678"})).status_code == 303
    assert (await nok.post(f"{url}/commit")).status_code == 303
    assert "ลงทะเบียนแล้ว 101 ราย" in said((await nok.get(url)).text)
    assert (await nok.post(f"{url}/commit")).status_code == 303
    assert await root.fetchval("SELECT count(*) FROM case_file") == 101
    book = openpyxl.load_workbook(io.BytesIO((await nok.get(f"{url}/result.xlsx")).content))
    assert book.active is not None
    lines = list(book.active.iter_rows(values_only=True))
    assert lines[messy.HEADER_ROW][-2:] == ("สถานะ", "ข้อความ") and len(lines) == 200 + messy.HEADER_ROW + 1
    assert "จะปิด 101 ราย" in said((await nok.get(f"{url}/undo")).text)
    assert (await nok.post(f"{url}/undo")).status_code == 303
    assert await root.fetchval("SELECT count(*) FROM case_file WHERE stage <> 'closed'") == 0


async def test_unknown_headers_are_matched_by_hand_and_remembered(site: Site) -> None:
    nok = site.clients["nok"]
    content = "ก,ข,ค\nทดลอง,ตัวอย่าง,0812345678\n".encode("cp874")
    page = await nok.get("/chatturat/imports")
    project = hidden(page.text, "project")

    async def send(key: str, body: bytes) -> str:
        sent = {"file": ("a.csv", body, "text/csv")}
        answer = await nok.post("/chatturat/imports", data={"key": key, "project": project}, files=sent)
        assert answer.status_code == 303
        return str(answer.headers["location"])

    url = await send(str(uuid7()), content)
    mapping = {"column_0": "given_name", "column_1": "family_name", "column_2": "phone"}
    lacking = await nok.post(f"{url}/mapping", data=mapping)
    assert lacking.status_code == 422 and 'value="phone" selected' in lacking.text
    day = clock.day(clock.now())
    everybody = {
        "default_legal_basis": "s114",
        "default_proposed_by": "community",
        "default_treatment": "given",
        "default_agreed_on_day": str(day.day),
        "default_agreed_on_month": str(day.month),
        "default_agreed_on_year": str(day.year + 543),
    }
    assert (await nok.post(f"{url}/mapping", data=mapping | everybody)).status_code == 303
    assert "ถูกต้อง 1 แถว" in said((await nok.get(url)).text)
    again = await nok.get(await send(str(uuid7()), content + b"\n"))
    assert 'value="family_name" selected' in again.text


async def test_the_template_comes_back_with_nothing_to_match(site: Site) -> None:
    nok = site.clients["nok"]
    empty = await nok.get("/chatturat/imports/template.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(empty.content))
    sheet = book.active
    assert sheet is not None and sheet.row_dimensions[1].hidden and len(sheet.data_validations.dataValidation) == 7
    values = (
        "นาย",
        "ทดลอง",
        "ตัวอย่าง",
        "",
        "ชาย",
        "2538",
        "",
        "",
        "",
        "",
        "ละหาน",
        "ม.113",
        "ตนเอง",
        "1/11/2569",
        "ยินยอม",
    )
    for at, value in enumerate(values):
        sheet.cell(3, at + 1, value)
    out = io.BytesIO()
    book.save(out)
    page = await nok.get("/chatturat/imports")
    form = {"key": hidden(page.text, "key"), "project": hidden(page.text, "project")}
    answer = await nok.post("/chatturat/imports", data=form, files={"file": ("t.xlsx", out.getvalue(), "x")})
    assert "ถูกต้อง 1 แถว" in said((await nok.get(answer.headers["location"])).text)
