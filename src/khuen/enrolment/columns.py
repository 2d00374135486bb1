"""Which column of a spreadsheet holds what: headers in Thai or English, in any order. Pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from khuen import thai
from khuen.msgid import N_

FIELDS = {
    "prefix": N_("Title"),
    "full_name": N_("Full name in one column"),
    "given_name": N_("Given name"),
    "family_name": N_("Family name"),
    "called_name": N_("Called name"),
    "sex": N_("Sex"),
    "birth": N_("Date or year of birth"),
    "national_id": N_("National ID"),
    "phone": N_("Phone"),
    "house": N_("House number, soi, road"),
    "moo": N_("Village number (moo)"),
    "tambon": N_("Tambon"),
    "district": N_("District"),
    "province": N_("Province"),
    "legal_basis": N_("Legal basis"),
    "proposed_by": N_("Proposed by"),
    "agreed_on": N_("Agreed on"),
    "treatment": N_("Consent to treatment"),
    "sharing": N_("Consent to sharing with police and administration"),
    "contact": N_("Consent to contact by LINE"),
    "guardian": N_("Guardian"),
    "safety_note": N_("Safety note for the buddy"),
}
"""What a column may hold, in the order of the template."""

DEFAULTS = ("legal_basis", "proposed_by", "agreed_on", "treatment")
"""What may be said once for the whole file when it has no column for it."""

TEMPLATE_HEADERS = {
    "prefix": "คำนำหน้า",
    "given_name": "ชื่อ",
    "family_name": "นามสกุล",
    "called_name": "ชื่อเล่น",
    "sex": "เพศ",
    "birth": "วันเกิด",
    "national_id": "เลขประจำตัวประชาชน",
    "phone": "เบอร์โทรศัพท์",
    "house": "บ้านเลขที่",
    "moo": "หมู่ที่",
    "tambon": "ตำบล",
    "legal_basis": "ฐานกฎหมาย",
    "proposed_by": "ผู้เสนอชื่อ",
    "agreed_on": "วันที่ยินยอมเข้าร่วม",
    "treatment": "ยินยอมบำบัด",
    "sharing": "ยินยอมให้ส่งต่อข้อมูล",
    "contact": "ยินยอมให้ติดต่อทาง LINE",
    "guardian": "ผู้ปกครอง",
    "safety_note": "ข้อควรระวังสำหรับบัดดี้",
}

_SYNONYMS = {
    "prefix": "คำนำหน้า|คำนำหน้าชื่อ|คำนำหน้านาม|title|prefix",
    "full_name": "ชื่อ-สกุล|ชื่อ-นามสกุล|ชื่อและนามสกุล|ชื่อ นามสกุล|ชื่อ สกุล|ชื่อผู้ป่วย|ชื่อผู้เข้าร่วม|name|full name",
    "given_name": "ชื่อ|ชื่อจริง|ชื่อตัว|ชื่อต้น|first name|given name|firstname|fname",
    "family_name": "นามสกุล|สกุล|last name|family name|surname|lastname|lname",
    "called_name": "ชื่อเล่น|ชื่อเรียก|ชื่อที่ใช้เรียก|nickname|called name|called_name",
    "sex": "เพศ|sex|gender",
    "birth": "วันเกิด|วันเดือนปีเกิด|วัน เดือน ปี เกิด|ว/ด/ป เกิด|วดป.เกิด|ปีเกิด|พ.ศ.เกิด"
    "|birth date|birthdate|dob|date of birth|birth year|born",
    "national_id": "เลขประจำตัวประชาชน|เลขบัตรประชาชน|เลขบัตร|เลข 13 หลัก|เลขประชาชน|เลขที่บัตรประชาชน|บัตรประชาชน"
    "|หมายเลขประจำตัวประชาชน|cid|pid|national id|id card|citizen id|idcard",
    "phone": "โทรศัพท์|เบอร์โทร|เบอร์โทรศัพท์|เบอร์|โทร|มือถือ|เบอร์มือถือ|หมายเลขโทรศัพท์|phone|tel|telephone|mobile",
    "house": "บ้านเลขที่|เลขที่บ้าน|ที่อยู่|เลขที่|house|house no|address",
    "moo": "หมู่|หมู่ที่|ม.|หมู่บ้านที่|moo|village no",
    "tambon": "ตำบล|ต.|แขวง|ตำบล/แขวง|tambon|subdistrict|sub-district",
    "district": "อำเภอ|อ.|เขต|อำเภอ/เขต|amphoe|district",
    "province": "จังหวัด|จ.|province|changwat",
    "legal_basis": "ฐานกฎหมาย|มาตรา|ฐานทางกฎหมาย|legal basis|section",
    "proposed_by": "ผู้เสนอชื่อ|ผู้เสนอ|เสนอโดย|ผู้ส่ง|ช่องทาง|แหล่งที่มา|proposed by|referred by",
    "agreed_on": "วันที่ยินยอม|วันยินยอม|วันที่ยินยอมเข้าร่วม|วันที่ตกลง|วันที่ตกลงเข้าร่วม|วันที่สมัคร|วันที่เข้าร่วม|วันที่เข้าร่วมโครงการ"
    "|agreed on|consent date",
    "treatment": "ยินยอมบำบัด|ยินยอมเข้ารับการบำบัด|ยินยอมรับการบำบัด|ยินยอม|consent|consent treatment|treatment consent",
    "sharing": "ยินยอมให้ส่งต่อข้อมูล|ยินยอมแบ่งปันข้อมูล|ยินยอมเปิดเผยข้อมูล|ยินยอมส่งต่อข้อมูล|consent sharing|sharing",
    "contact": "ยินยอมให้ติดต่อทาง line|ยินยอมติดต่อทางไลน์|ยินยอมติดต่อไลน์|ยินยอม line|ยินยอมติดต่อ|consent contact|contact",
    "guardian": "ผู้ปกครอง|ชื่อผู้ปกครอง|guardian|parent",
    "safety_note": "ข้อควรระวังสำหรับบัดดี้|ข้อควรระวัง|ความปลอดภัย|safety|safety note",
}


@dataclass(frozen=True, slots=True)
class Headers:
    """The header row (counted from 0) and its texts. `names[2]` stands above column C."""

    row: int
    names: tuple[str, ...]


def guess_headers(rows: list[list[str]]) -> Headers:
    """The row among the first twenty with the most known headers; else the first with two filled cells."""
    known = [len(set(guess_fields(tuple(row)).values())) for row in rows[:20]]
    best = max(range(len(known)), key=lambda at: (known[at], -at))
    if known[best] < 2:
        best = next((at for at, row in enumerate(rows[:20]) if sum(bool(cell.strip()) for cell in row) >= 2), 0)
    width = max(len(row) for row in rows[best:])
    names = [shown(cell) for cell in rows[best]]
    return Headers(best, tuple(names + [""] * (width - len(names))))


def guess_fields(names: tuple[str, ...]) -> dict[int, str]:
    """Column number -> field, each field once: the leftmost column wins."""
    found: dict[int, str] = {}
    for at, name in enumerate(names):
        field = _KNOWN.get(_key(name))
        if field and field not in found.values():
            found[at] = field
    if "given_name" in found.values() and "family_name" not in found.values():
        # ชื่อสกุล alone is how lists write ชื่อ-สกุล; beside ชื่อ or ชื่อตัว it is the family name.
        found = {at: "family_name" if _key(names[at]) == "ชื่อสกุล" else field for at, field in found.items()}
    if "given_name" in found.values() and "family_name" not in found.values() and "full_name" not in found.values():
        # One column "ชื่อ" and none for the family name: it holds both.
        found = {at: "full_name" if field == "given_name" else field for at, field in found.items()}
    return found


def signature(names: tuple[str, ...]) -> bytes:
    """Files with the same headers in the same order are read the same way; the mapping is remembered under this."""
    return hashlib.sha256("\x1f".join(_key(name) for name in names).encode()).digest()


def incomplete(fields: dict[int, str], defaults: dict[str, str]) -> dict[str, str]:
    """What a mapping still lacks: {name of the form's field: message id}."""
    mapped = set(fields.values())
    errors: dict[str, str] = {}
    if "full_name" not in mapped and not {"given_name", "family_name"} <= mapped:
        errors["columns"] = NO_NAME_COLUMN
    if len(mapped) < len(fields):
        errors["columns"] = FIELD_TWICE
    for field in DEFAULTS:
        if field not in mapped and not defaults.get(field):
            errors[f"default_{field}"] = NEITHER[field]
    return errors


NO_NAME_COLUMN = N_("Say which column holds the full name, or which hold the given and the family name")
FIELD_TWICE = N_("Two columns are set to the same field. Keep one of them")
NEITHER = {
    "legal_basis": N_("The file has no column for the legal basis. Say it here for everybody in the file"),
    "proposed_by": N_("The file has no column for who proposed them. Say it here for everybody in the file"),
    "agreed_on": N_("The file has no column for the day of agreeing. Say it here for everybody in the file"),
    "treatment": N_("The file has no column for consent to treatment. Say it here for everybody in the file"),
}


def cell(row: int, column: int) -> str:
    """C14: how the spreadsheet program names the cell (row and column counted from 0)."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


def shown(text: str) -> str:
    """A header or sheet name as we keep it: canonical, short, without characters that cannot be kept."""
    printable = "".join(c for c in text[:200] if c.isprintable() or c in "\u0e33\t\n\u00a0")
    return thai.canonical(printable.encode("utf-8", "ignore").decode())[:60]


def _key(name: str) -> str:
    return re.sub(r"[\s.\-–_/*():]", "", thai.arabic(thai.canonical(name))).casefold()


_KNOWN = {
    _key(word): field
    for field, words in _SYNONYMS.items()
    for word in (*words.split("|"), TEMPLATE_HEADERS.get(field, field))
}
