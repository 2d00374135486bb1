"""Reads one spreadsheet in a process of its own: bytes on stdin, JSON on stdout. Imports nothing of the site.

A 5 kB workbook may claim cells at A1 and XFD1048576; the reader then asks for 512 GB and the process dies. Here that
kills a helper with a memory limit, not the site (docs/decisions/0008-spreadsheets.md). Started by `upload.py`.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import sys
import zipfile
from datetime import date, datetime, time, timedelta
from typing import Any

MEMORY = 640 << 20  #: bytes of address space; a file of 20,000 rows needs about a quarter
SECONDS = 20  #: of processor time
MOST_ROWS, MOST_COLUMNS = 20_000, 80
MOST_CELL = 2_000  #: characters kept of one cell; no field takes more
MOST_TEXT = 30_000_000  #: characters of all cells together
UNPACKED, RATIO = 120 << 20, 250  #: an unpacked workbook, and how much a part may shrink when packed
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


class Refused(Exception):
    """Why the file is not read: a code that `upload.py` has words for."""


def main() -> None:
    _limit()
    content = sys.stdin.buffer.read()
    try:
        answer: dict[str, Any] = read(content)
    except Refused as error:
        answer = {"refused": str(error)}
    except MemoryError:
        answer = {"refused": "bomb"}
    except Exception:  # what a broken file can raise has no list; the message could quote a cell, so it stays unsaid
        answer = {"refused": "broken"}
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=True, separators=(",", ":")).encode())


def read(content: bytes) -> dict[str, Any]:
    """{"sheet": name, "rows": [[text, …], …], "formulas": [[row, column], …]}; both count from 0 at A1."""
    if content.startswith(_ZIP):
        _unpack_within_limits(content)
        return _workbook(content, _formulas(content))
    if content.startswith(_OLE):
        return _workbook(content, [])
    return {"sheet": "", "rows": _capped(_csv(_decoded(content))), "formulas": []}


def _limit() -> None:
    with contextlib.suppress(ImportError):  # a platform without it still has the caps on sizes
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _unpack_within_limits(content: bytes) -> None:
    """What the parts say about their size may be a lie, so they are unpacked once, piece by piece, and thrown away."""
    total = 0
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        for part in packed.infolist():
            if part.flag_bits & 1:
                raise Refused("locked")
            size = 0
            with packed.open(part) as stream:
                while piece := stream.read(1 << 16):
                    size += len(piece)
                    total += len(piece)
                    if total > UNPACKED or (size > 1 << 20 and size > RATIO * max(part.compress_size, 1)):
                        raise Refused("bomb")


def _workbook(content: bytes, formulas: list[tuple[str, list[tuple[int, int]]]]) -> dict[str, Any]:
    from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    except PasswordError as error:
        raise Refused("locked") from error
    visible = [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
    ]
    best: tuple[str, list[list[str]]] = ("", [])
    for name in visible[:5]:
        rows = _sheet(book.get_sheet_by_name(name))
        if len(rows) > len(best[1]):
            best = (name, rows)
    return {"sheet": best[0][:60], "rows": best[1], "formulas": dict(formulas).get(best[0], [])}


def _sheet(sheet: Any) -> list[list[str]]:
    if sheet.start is None:
        return []
    before = [""] * sheet.start[1]
    return _capped([*before, *(_text(cell) for cell in row)] for row in sheet.iter_rows())


def _capped(rows: Any) -> list[list[str]]:
    """Without trailing blank cells and rows; rows in between keep their place, so that C14 stays C14."""
    kept: list[list[str]] = []
    filled = size = 0
    for row in rows:
        while row and not row[-1].strip():
            row.pop()
        if len(row) > MOST_COLUMNS:
            raise Refused("wide")
        kept.append([cell[:MOST_CELL] for cell in row])
        if row:
            filled = len(kept)
        size += sum(map(len, kept[-1]))
        if size > MOST_TEXT:
            raise Refused("bomb")
        if filled > MOST_ROWS + 20:
            raise Refused("long")
        if len(kept) > 20 * MOST_ROWS:
            break
    return kept[:filled]


def _text(cell: Any) -> str:
    """One cell as text: whole numbers without ".0", dates in ISO form whatever year they claim."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "minutes")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time | timedelta):
        return str(cell)
    return "" if cell is None else str(cell)


def _decoded(content: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 as Excel saves "Unicode text", else the Thai code page of Windows."""
    utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ["utf-16"] if utf16 else ["utf-8-sig", "cp874"]:
        with contextlib.suppress(UnicodeDecodeError):
            text = content.decode(encoding)
            if "\0" in text:
                raise Refused("unknown")
            return text
    raise Refused("unknown")


def _csv(text: str) -> Any:
    head = text[:4_000]
    separator = max(",;\t", key=head.count)
    csv.field_size_limit(1 << 20)
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator)


def _formulas(content: bytes) -> list[tuple[str, list[tuple[int, int]]]]:
    """Where an .xlsx holds formulas, by sheet name: the reader shows only what they came to. Empty for .ods."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        names = set(packed.namelist())
        if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
            return []
        targets = dict(
            (_attribute(tag, "Id"), _attribute(tag, "Target"))
            for tag in re.findall(r"<Relationship\b[^>]*>", packed.read("xl/_rels/workbook.xml.rels").decode())
        )
        found = []
        for tag in re.findall(r"<sheet\b[^>]*>", packed.read("xl/workbook.xml").decode())[:5]:
            path = "xl/" + targets.get(_attribute(tag, "r:id"), "").removeprefix("/xl/")
            if path in names:
                found.append((_unescaped(_attribute(tag, "name")), _formula_cells(packed.read(path))))
        return found


def _formula_cells(xml: bytes) -> list[tuple[int, int]]:
    cells = re.findall(rb'<c r="([A-Z]{1,3})([0-9]{1,7})"[^>]*><f', xml)
    return [(int(row) - 1, _column(letters)) for letters, row in cells[: MOST_ROWS * 5]]


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return found[1] if found else ""


def _unescaped(text: str) -> str:
    import html

    return html.unescape(text)


if __name__ == "__main__":
    main()
