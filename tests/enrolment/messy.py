"""A spreadsheet as districts really send them, with everything known about it: tests, the simulator and bench use it.

Thai digits, Buddhist and common years side by side, decomposed ำ, no-break spaces, phones without their zero, ids kept
as numbers, Excel dates of the year 2568, formulas; and exactly so many rows that no program may guess its way through.
"""

from __future__ import annotations

import csv
import io
import random
import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import xlsxwriter

from khuen import thai

HEADERS = (
    *("ลำดับ", "คำนำหน้า", "ชื่อ", "นามสกุล", "เพศ", "ว/ด/ป เกิด", "เลขบัตรประชาชน", "เบอร์โทร", "บ้านเลขที่", "หมู่ที่"),
    *("ตำบล", "อำเภอ", "จังหวัด", "มาตรา", "ผู้เสนอ", "วันที่ยินยอม", "ยินยอมบำบัด", "ยินยอมส่งต่อข้อมูล", "หมายเหตุ"),
)
HEADER_ROW = 2  #: counted from 0: a title and an empty line stand above
PLACES = (("ละหาน", "จัตุรัส"), ("กุดน้ำใส", "จัตุรัส"), ("หนองบัวใหญ่", "จัตุรัส"), ("บ้านกอก", "จัตุรัส"))
_SYLLABLES = re.findall(
    r"\S+",
    "กล ขวัญ คม งาม จิต ชัย ชื่น ดาว เดือน ตะวัน ทอง ทิพย์ ธาร นภา นวล บุญ บัว ประกาย ปราณ ผกา พร พลอย เพชร ฟ้า ภา มณี มาลี"
    " เมฆ ยศ เย็น รัก รุ่ง เรือง ลม ละออ วรรณ วัน ศรี ศิลป์ แสง สาย สิน สุข หทัย หมอก อรุณ อิน อุดม แก้ว เกษม ไกร ขจร โชติ"
    " ณรงค์ ดล ต้น เทิด นำ น้ำ ปฐม ผล พันธ์ ไพร ภพ มิตร ยล ราม ลือ วัฒน์ ศักดิ์ สม สรวง อาจ เอก โอภาส",
)
#: code of rules.PROBLEMS -> its share of the bad rows; same_in_file waits for a choice, the others for a correction
SHARES = {
    "id_check": 15,
    "id_damaged": 10,
    "id_length": 10,
    "phone": 10,
    "birth": 10,
    "no_treatment": 5,
    "refused_treatment": 5,
    "legal_basis": 10,
    "formula": 5,
    "missing_name": 10,
    "same_in_file": 10,
}
_COLUMN = {
    "id_check": 6,
    "id_damaged": 6,
    "id_length": 6,
    "phone": 7,
    "birth": 5,
    "no_treatment": 16,
    "refused_treatment": 16,
    "legal_basis": 13,
    "formula": 2,
    "missing_name": 2,
    "same_in_file": 6,
}


@dataclass(frozen=True)
class Formula:
    """A cell that holds a formula and what it came to."""

    text: str
    value: str


@dataclass(frozen=True)
class Messy:
    """`rows` below `HEADERS`; `wrong` says which cell of the file ("C14") is wrong in which way."""

    rows: list[list[Any]] = field(repr=False)
    wrong: dict[str, str]


def make(count: int = 5000, bad: int = 100, seed: int = 1, today: date = date(2026, 11, 24)) -> Messy:
    """The same seed gives the same file. `bad` is shared out as SHARES says; the rest of the rows are good."""
    chance = random.Random(seed)
    kinds = [code for code, share in SHARES.items() for _ in range(share * bad // 100)]
    # A double needs its original further up, so doubles stand in the second half.
    places = sorted(chance.sample(range(count // 2, count), len(kinds)))
    chance.shuffle(kinds)
    wanted = dict(zip(places, kinds, strict=True))
    pairs = chance.sample([(a, b) for a in _SYLLABLES for b in _SYLLABLES], count)
    rows: list[list[Any]] = []
    wrong: dict[str, str] = {}
    for number in range(count):
        row = _row(chance, number, pairs[number], today)
        code = wanted.get(number)
        if code:
            _spoil(chance, row, code, rows)
            wrong[f"{chr(65 + _COLUMN[code])}{number + HEADER_ROW + 2}"] = code
        rows.append(row)
    return Messy(rows, wrong)


def xlsx(messy: Messy) -> bytes:
    """As Excel would save it, dates as dates and ids partly as numbers."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("รายชื่อ")
    day = book.add_format({"num_format": "d/m/yyyy"})
    sheet.write_string(0, 0, "รายชื่อผู้สมัครใจเข้าร่วม (ข้อมูลสมมุติ)")
    for at, header in enumerate(HEADERS):
        sheet.write_string(HEADER_ROW, at, header)
    for number, row in enumerate(messy.rows):
        for at, cell in enumerate(row):
            _write(sheet, number + HEADER_ROW + 1, at, cell, day)
    book.close()
    return out.getvalue()


def comma_separated(messy: Messy, encoding: str = "utf-8-sig") -> bytes:
    """As CSV: what Excel shows is all that is left of numbers and dates."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["รายชื่อ"])
    writer.writerow([])
    writer.writerow(HEADERS)
    for row in messy.rows:
        writer.writerow([_as_text(cell) for cell in row])
    return out.getvalue().encode(encoding, "replace")


def national_id(chance: random.Random) -> str:
    """13 digits that add up and belong to nobody we know."""
    digits = [chance.randint(1, 8), *(chance.randint(0, 9) for _ in range(11))]
    check = (11 - sum(digit * (13 - at) for at, digit in enumerate(digits)) % 11) % 10
    return "".join(map(str, [*digits, check]))


def _row(chance: random.Random, number: int, pair: tuple[str, str], today: date) -> list[Any]:
    given, family = f"ทดลอง{pair[0]}", f"ตัวอย่าง{pair[1]}"
    tambon, district = chance.choice(PLACES)
    prefix, sex = chance.choice([("นาย", "ชาย"), ("นาง", "หญิง"), ("น.ส.", "หญิง"), ("", "")])
    born = date(1965, 1, 1) + timedelta(days=chance.randrange(14_000))
    agreed = today - timedelta(days=chance.randrange(1, 300))
    id_ = national_id(chance)
    return [
        number + 1,
        prefix,
        chance.choice([given, f"  {given}\u00a0", given.replace("ำ", "\u0e4d\u0e32"), f"\u200b{given}"]),
        chance.choice([family, f"{family} ", family.replace("ำ", "\u0e4d\u0e32")]),
        sex,
        chance.choice(
            [_typed(born, True), thai.thai_digits(_typed(born, True)), born, _as_if_common(born), str(born.year)]
        ),
        chance.choice(
            [int(id_), id_, thai.thai_digits(id_), f"{id_[0]}-{id_[1:5]}-{id_[5:10]}-{id_[10:12]}-{id_[12]}", ""]
        ),
        _phone(chance, number),
        f"{chance.randint(1, 300)}/{chance.randint(1, 9)}",
        chance.choice([chance.randint(1, 12), thai.thai_digits(chance.randint(1, 12)), "หมู่ 4", ""]),
        chance.choice([tambon, f"ต.{tambon}", f"ตำบล{tambon}", tambon.replace("ำ", "\u0e4d\u0e32")]),
        chance.choice([district, f"อ.{district}"]),
        "ชัยภูมิ",
        chance.choice(["113", "ม.113", "ม.๑๑๔", "มาตรา 114", 113]),
        chance.choice(["ครอบครัว", "ตนเอง", "ชุมชน", "รพ.สต.", "ผู้ใหญ่บ้าน"]),
        chance.choice([_typed(agreed, True), thai.thai_digits(_typed(agreed, True)), agreed, _as_if_common(agreed)]),
        chance.choice(["ยินยอม", "ยินยอม ", Formula('="ยิน"&"ยอม"', "ยินยอม")]),
        chance.choice(["ยินยอม", "ไม่ยินยอม", ""]),
        "",
    ]


def _spoil(chance: random.Random, row: list[Any], code: str, before: list[list[Any]]) -> None:
    column = _COLUMN[code]
    if code == "same_in_file":
        original = next(one for one in reversed(before[: len(before) // 2]) if one[6])
        row[2:4], row[5:7] = original[2:4], original[5:7]
        return
    id_ = national_id(chance)
    row[column] = {
        "id_check": id_[:-1] + str((int(id_[-1]) + 1) % 10),
        "id_damaged": f"{id_[0]}.{id_[1:3]}E+12",
        "id_length": id_[:-1],
        "phone": "08-1234",
        "birth": "31/2/2538",
        "no_treatment": "",
        "refused_treatment": "ไม่ยินยอม",
        "legal_basis": chance.choice(["", "ไม่ทราบ", "ม.999"]),
        "formula": "=B2&C2",
        "missing_name": "",
    }[code]


def _typed(on: date, buddhist: bool) -> str:
    return f"{on.day}/{on.month}/{on.year + (543 if buddhist else 0)}"


def _as_if_common(on: date) -> date:
    """The Buddhist year in a date cell, as if it were a common one. 29 February has no place there: 2567 is no leap year."""
    return on.replace(year=on.year + 543, day=28 if (on.month, on.day) == (2, 29) else on.day)


def _phone(chance: random.Random, number: int) -> Any:
    digits = f"08{chance.randint(0, 9)}{number:07d}"
    return chance.choice(
        [digits, int(digits), thai.thai_digits(digits), f"{digits[:3]}-{digits[3:6]}-{digits[6:]}", ""]
    )


def _write(sheet: Any, row: int, column: int, cell: Any, day: Any) -> None:
    if isinstance(cell, Formula):
        sheet.write_formula(row, column, cell.text, None, cell.value)
    elif isinstance(cell, date):
        sheet.write_datetime(row, column, datetime(cell.year, cell.month, cell.day), day)  # noqa: DTZ001
    elif isinstance(cell, int):
        sheet.write_number(row, column, cell)
    elif cell:
        sheet.write_string(row, column, cell)


def _as_text(cell: Any) -> str:
    if isinstance(cell, Formula):
        return cell.value
    return _typed(cell, False) if isinstance(cell, date) else str(cell)
