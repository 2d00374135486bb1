"""Files of every kind, honest and hostile, through the real reader in its own process."""

from __future__ import annotations

import io
import resource
import zipfile

import openpyxl
import pytest
import xlsxwriter

from khuen.enrolment import upload, workbook
from khuen.enrolment.upload import WHY_REFUSED
from khuen.errors import Invalid, TooLarge

TABLE = [["ชื่อ", "นามสกุล"], ["ทดลอง", "ตัวอย่าง"]]
TEXT = "ชื่อ,นามสกุล\r\nทดลอง,ตัวอย่าง\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp874", "utf-16"])
async def test_csv_in_each_encoding(encoding: str) -> None:
    assert (await upload.read(TEXT.encode(encoding))).rows == TABLE


@pytest.mark.parametrize("separator", [",", ";", "\t"])
async def test_csv_with_each_separator(separator: str) -> None:
    assert (await upload.read(TEXT.replace(",", separator).encode())).rows == TABLE


async def test_cells_keep_their_place_and_formulas_are_known() -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    book.add_worksheet("ซ่อน").hide()
    sheet = book.add_worksheet("คน & งาน")
    sheet.write("C14", "ชื่อ")
    sheet.write_formula("D14", "=1+1", None, 2)
    sheet.write_number("E14", 1234567890123)
    sheet.activate()
    book.close()
    read = await upload.read(out.getvalue())
    assert read.name == "คน & งาน" and read.rows[13] == ["", "", "ชื่อ", "2", "1234567890123"]
    assert read.formulas == {13: [3]}


def _xlsx(cells: dict[tuple[int, int], str]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    for (row, column), text in cells.items():
        sheet.write(row, column, text)
    book.close()
    return out.getvalue()


def _packed(size: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * size)
    return out.getvalue()


def _lying() -> bytes:
    """A part that says it is small: the sizes in the directory are overwritten."""
    content = bytearray(_packed(200 << 20))
    at = content.rfind(b"PK\x01\x02")
    content[at + 24 : at + 28] = (100).to_bytes(4, "little")
    return bytes(content)


HOSTILE = {
    "corners": (lambda: _xlsx({(0, 0): "a", (1_048_575, 16_383): "b"}), ("bomb", "wide")),
    "unpacked": (lambda: _packed(200 << 20), ("bomb",)),
    "ratio": (lambda: _packed(8 << 20), ("bomb",)),
    "lying": (_lying, ("bomb", "broken")),
    "long": (lambda: ("ก,ข\n" * 20_100).encode(), ("long",)),
    "wide": (lambda: (",".join(["ก"] * 90)).encode(), ("wide",)),
    "picture": (lambda: b"\x89PNG\r\n\x1a\n\0\0\0", ("unknown",)),
    "not a workbook": (lambda: b"PK\x03\x04" + b"x" * 100, ("broken",)),
    "not an old workbook": (lambda: b"\xd0\xcf\x11\xe0" + b"x" * 100, ("broken",)),
    "blank": (lambda: b"  \n ", ("empty",)),
    "only commas": (lambda: b",,,\n,,,\n", ("empty",)),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_threat_35_hostile_files_are_refused_in_words(name: str) -> None:
    """A bomb kills its reader at most; the site's own memory does not grow by it."""
    made, reasons = HOSTILE[name]
    content = made()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Invalid) as refused:
        await upload.read(content)
    assert refused.value.fields["file"] in {WHY_REFUSED[reason] for reason in reasons}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


async def test_threat_35_too_large_is_not_even_read() -> None:
    with pytest.raises(TooLarge):
        await upload.read(b"x" * (upload.LARGEST + 1))


async def test_threat_35_nothing_that_leaves_is_a_formula() -> None:
    nasty = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "http://example.org", "{=1}", "0812345678"]
    row = workbook.ResultRow(1, nasty, "ถูกต้อง", "=HYPERLINK(1)")
    content = workbook.result(0, tuple("abcdefgh"), [row], lambda text: text)
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    for cell, typed in zip(sheet[2], [*nasty, "ถูกต้อง", "=HYPERLINK(1)"], strict=True):
        assert cell.data_type == "s" and cell.value == typed and cell.hyperlink is None
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert b"<f>" not in packed.read("xl/worksheets/sheet1.xml")
