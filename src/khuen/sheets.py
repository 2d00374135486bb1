"""Rows as a file that a spreadsheet opens: nothing in it is ever read as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

import xlsxwriter

Cell = str | int
#: the files that can be asked for, with their media types
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
#: what a spreadsheet program may take for the beginning of a formula; the wide ones are read like the narrow ones
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def as_csv(rows: Iterable[Sequence[Cell]], notes: Sequence[str] = ()) -> bytes:
    """UTF-8 with a byte order mark, else Excel shows Thai as rubbish. `notes` stand below the rows, one a line."""
    text = io.StringIO(newline="")
    written = csv.writer(text)
    written.writerows([_guarded(cell) for cell in row] for row in rows)
    written.writerows([_guarded(note)] if note else [] for note in _below(notes))
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def as_xlsx(rows: Iterable[Sequence[Cell]], notes: Sequence[str] = ()) -> bytes:
    """One sheet whose first row stands still and filters; `notes` stand below the rows, one a line."""
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
    for below, note in enumerate(_below(notes), start=number + 1):
        sheet.write(below, 0, note)
    book.close()
    return content.getvalue()


def _below(notes: Sequence[str]) -> list[str]:
    """A free line first, so that sorting and filtering the rows leaves the notes alone."""
    return ["", *notes] if notes else []


def _guarded(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
