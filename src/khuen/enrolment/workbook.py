"""Spreadsheets that leave the site: an import's result and the empty template. Text stays text, never a formula."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import xlsxwriter

from khuen import thai
from khuen.enrolment import columns
from khuen.enrolment.rules import LEGAL_BASES, PROPOSERS

TEXT_ONLY = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
_CHOICES = {
    "prefix": list(thai.PREFIXES),
    "sex": ["หญิง", "ชาย", "อื่น ๆ"],
    "legal_basis": ["ม.113", "ม.114", "คำสั่งศาล", "อื่น ๆ"],
    "proposed_by": ["ตนเอง", "ครอบครัว", "ชุมชน", "โรงพยาบาล", "ตำรวจ", "ฝ่ายปกครอง", "อื่น ๆ"],
    "treatment": ["ยินยอม", "ไม่ยินยอม"],
    "sharing": ["ยินยอม", "ไม่ยินยอม"],
    "contact": ["ยินยอม", "ไม่ยินยอม"],
}
assert len(_CHOICES["legal_basis"]) == len(LEGAL_BASES) and len(_CHOICES["proposed_by"]) == len(PROPOSERS)
_TEMPLATE_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One row as it came, with its state and what is said about it, translated."""

    number: int
    cells: list[str]
    state: str
    said: str


def result(header_row: int, names: tuple[str, ...], rows: list[ResultRow], say: Callable[[str], str]) -> bytes:
    """Their file, cell by cell where it was, with two more columns. Blocking: for a thread."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, TEXT_ONLY)
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True, "text_wrap": True})
    width = len(names)
    for at, name in enumerate([*names, say("State"), say("Message")]):
        sheet.write_string(header_row, at, name, bold)
    for row in rows:
        for at, cell in enumerate([*row.cells[:width], *[""] * (width - len(row.cells)), row.state, row.said]):
            if cell:
                sheet.write_string(row.number, at, cell)
    sheet.freeze_panes(header_row + 1, 0)
    sheet.set_column(0, width, 16)
    sheet.set_column(width + 1, width + 1, 70)
    book.close()
    return out.getvalue()


def template(labels: Callable[[str], str]) -> bytes:
    """An empty list: Thai headers, drop-downs, everything as text, and a hidden row of field names. Blocking."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, TEXT_ONLY)
    sheet = book.add_worksheet("รายชื่อ")
    text = book.add_format({"num_format": "@"})
    bold = book.add_format({"bold": True, "bg_color": "#E6EEF8", "border": 1, "text_wrap": True})
    for at, (name, header) in enumerate(columns.TEMPLATE_HEADERS.items()):
        sheet.set_column(at, at, 18, text)
        sheet.write_string(0, at, name)
        sheet.write_string(1, at, header, bold)
        sheet.write_comment(1, at, labels(columns.FIELDS[name]))
        if name in _CHOICES:
            sheet.data_validation(2, at, _TEMPLATE_ROWS, at, _list(_CHOICES[name]))
    sheet.set_row(0, None, None, {"hidden": True})
    sheet.freeze_panes(2, 0)
    book.close()
    return out.getvalue()


def _list(choices: list[str]) -> dict[str, Any]:
    return {"validate": "list", "source": choices, "error_type": "warning"}
