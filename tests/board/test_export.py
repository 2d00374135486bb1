"""Files out of the board: what is on the screen, written down once, and never read as a formula."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import openpyxl
from hypothesis import given
from hypothesis import strategies as st

from khuen import sheets
from khuen.board import service
from khuen.words import gettext as th
from tests.board.test_board import write
from tests.care import Site


async def export(site: Site, form: str = "csv", who: str = "nok", **data: Any) -> Any:
    return await site.clients[who].post("/chatturat/board/exports", data={"form": form, **data})


def read(body: bytes) -> list[list[str]]:
    """The rows above the remarks."""
    assert body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
    return rows[: rows.index([])]


async def test_a_file_holds_the_lane_and_leaves_one_row_with_its_count(site: Site, root: Any) -> None:
    codes = {await site.case(None), await site.case(None), await site.case()}
    rows = read((await export(site, lane="all")).content)
    assert {row[0] for row in rows[1:]} == codes and rows[0][0] == "รหัส"
    assert len(read((await export(site, lane="no_buddy")).content)) == 3
    details = [
        json.loads(row["detail"]) for row in await root.fetch("SELECT detail FROM audit WHERE tag = 'export:made'")
    ]
    assert [detail["count"] for detail in details] == [3, 2]


async def test_a_file_that_does_not_hold_them_all_says_so(site: Site, monkeypatch: Any) -> None:
    for _ in range(2):
        await site.case(None)
    said = th("A file holds the first %(count)s rows. Filter the board for the others.") % {"count": 1}
    page = "/chatturat/board?lane=all"
    assert said not in (await export(site, lane="all")).text + (await site.clients["nok"].get(page)).text
    monkeypatch.setattr(service, "LARGEST_EXPORT", 1)
    for purpose, held in (("own", 1), ("police", 0)):
        answer = await export(site, lane="all", purpose=purpose)
        assert len(read(answer.content)) == 1 + held and said in answer.text, purpose
    assert said in (await site.clients["nok"].get(page)).text


async def test_only_the_chosen_ones(site: Site) -> None:
    codes = [await site.case(None) for _ in range(3)]
    rows = read((await export(site, lane="all", code=codes[:2])).content)
    assert sorted(row[0] for row in rows[1:]) == sorted(codes[:2])


async def test_a_coordinators_file_has_no_clinical_column(site: Site, root: Any) -> None:
    await site.case()
    await write(root, "UPDATE case_file SET colour = 'red'")
    own = read((await export(site, who="nok", lane="all")).content)
    doctors = read((await export(site, who="wipa", lane="all")).content)
    assert "สี" not in own[0] and "แดง" not in own[1]
    assert doctors[0][-1] == "สี" and doctors[1][-1] == "แดง"


async def test_no_file_holds_a_full_name_or_a_number(site: Site) -> None:
    await site.case()
    body = (await export(site, lane="all")).content.decode()
    assert "ตัวอย่าง" not in body and "081" not in body and "99/1" not in body


async def test_excel_opens_it_and_nothing_is_a_formula(site: Site) -> None:
    name = "=HYPERLINK(1)"
    await site.case(None, called_name=name)
    answer = await export(site, "xlsx", lane="all")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    cell = next(cell for row in sheet.iter_rows(min_row=2) for cell in row if "HYPERLINK" in str(cell.value))
    assert cell.data_type == "s"
    assert answer.headers["content-disposition"].endswith('.xlsx"')
    assert "'=HYPERLINK" in (await export(site, lane="all")).text


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0")), min_size=2, max_size=4)))
def test_no_cell_of_a_csv_begins_like_a_formula(rows: list[list[str]]) -> None:
    for row, kept in zip(rows, csv.reader(io.StringIO(sheets.as_csv(rows).decode("utf-8-sig"))), strict=True):
        for before, after in zip(row, kept, strict=True):
            assert not after.startswith(("=", "+", "-", "@", "\t"))
            assert after.removeprefix("'") == before.removeprefix("'")
