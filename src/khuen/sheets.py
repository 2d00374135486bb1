"""Rows as a file that a spreadsheet opens: nothing in it is ever read as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

import xlsxwriter

Cell = str | int
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(rows: Iterable[Sequence[Cell]]) -> bytes:
    """UTF-8 with a byte order mark, else Excel shows Thai as rubbish."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_guarded(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def as_xlsx(rows: Iterable[Sequence[Cell]]) -> bytes:
    """One sheet whose first row stands still and filters."""
    content = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    book = xlsxwriter.Workbook(content, plain)
    sheet, bold = book.add_worksheet(), book.add_format({"bold": True, "bottom": 1})
    number, columns = -1, 0
    for number, row in enumerate(rows):
        columns = len(row)
        for column, cell in enumerate(row):
            sheet.write(number, column, cell, bold if number == 0 else None)
    if columns:
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, number, columns - 1)
        sheet.set_column(0, columns - 1, 18)
    book.close()
    return content.getvalue()


def _guarded(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
