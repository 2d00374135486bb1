"""From an uploaded file to rows of text: sizes are checked here, the reading happens in a process with limits."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

from khuen.errors import Invalid, TooLarge
from khuen.words import N_

LARGEST = 8 << 20  #: bytes of an uploaded file
_SECONDS = 30
_AT_ONCE = 2  #: readers side by side in one process of the site
_READER = str(Path(__file__).with_name("reading.py"))

WHY_REFUSED = {
    "bomb": N_("This file unpacks to far more than a list of people. Save only the list in a new file"),
    "locked": N_("This file has a password. Save it without one and send it again"),
    "long": N_("The list has more than 20,000 rows. Split it into several files"),
    "wide": N_("The list has more than 80 columns. Keep only the columns about the people"),
    "unknown": N_("This is not a spreadsheet. Send a file of .xlsx, .xls, .ods or .csv"),
    "broken": N_("This file cannot be read. Open it in the spreadsheet program, save it as .xlsx and send it again"),
    "empty": N_("There is no list in this file"),
}
TOO_LARGE = N_("The file is larger than 8 MB. Keep only the list, or split it")
_waiting = asyncio.Semaphore(_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The first visible sheet with the most rows. `rows` begin at A1, so row 13 and column 2 are cell C14."""

    name: str
    rows: list[list[str]]
    formulas: dict[int, list[int]]  #: row -> columns that hold a formula


class _Answer(msgspec.Struct):
    sheet: str = ""
    rows: list[list[str]] = []
    formulas: list[tuple[int, int]] = []
    refused: str = ""


async def read(content: bytes) -> Sheet:
    """Raises TooLarge over 8 MB, Invalid({"file": …}) for what is no readable list."""
    if len(content) > LARGEST:
        raise TooLarge
    if not content.strip():
        raise Invalid({"file": WHY_REFUSED["empty"]})
    async with _waiting:
        answer = await _in_own_process(content)
    if answer.refused:
        raise Invalid({"file": WHY_REFUSED.get(answer.refused, WHY_REFUSED["broken"])})
    if not answer.rows:
        raise Invalid({"file": WHY_REFUSED["empty"]})
    formulas: dict[int, list[int]] = {}
    for row, column in answer.formulas:
        formulas.setdefault(row, []).append(column)
    return Sheet(answer.sheet, answer.rows, formulas)


async def _in_own_process(content: bytes) -> _Answer:
    reader = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        _READER,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    try:
        said, _ = await asyncio.wait_for(reader.communicate(content), _SECONDS)
    except TimeoutError:
        return _Answer(refused="bomb")
    finally:
        if reader.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                reader.kill()
            await reader.wait()
    # A reader that died without a word ran into its memory or time limit.
    return msgspec.json.decode(said, type=_Answer) if reader.returncode == 0 else _Answer(refused="bomb")
