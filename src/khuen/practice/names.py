"""People who are plainly made up: every name says "trial", "example" or "suppose". Pure."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from uuid import UUID

from khuen.people.service import NewPerson

_ROOTS = ("ทดลอง", "สมมุติ", "ตัวอย่าง", "จำลอง", "สาธิต", "ทดสอบ", "ฝึกหัด", "เสมือน")
_MEN, _WOMEN = ("", "ชัย", "ศักดิ์", "พงษ์", "เดช", "พล"), ("", "พร", "ศรี", "วดี", "มาลี", "ใจ")
_FAMILIES = (
    *("ตัวอย่าง", "ใจดี", "ฝึกหัด", "สมมุติ", "ลองงาน", "แต่งขึ้น", "ไม่มีจริง", "ในนิทาน", "ต้นแบบ", "ยกตัวอย่าง"),
    *("ลองดู", "หัดเดิน", "ฝึกงาน", "ทดสอบ", "ตามบท", "เรียนรู้", "สาธิต", "จำลอง", "นามสมมุติ", "ในแบบฝึก"),
)


def given_name(chance: Random, sex: str) -> str:
    return chance.choice(_ROOTS) + chance.choice(_WOMEN if sex == "female" else _MEN)


def family_name(chance: Random) -> str:
    return chance.choice(_FAMILIES)


def person(
    chance: Random, id_: UUID, number: int, village: tuple[str, str], taken: set[tuple[str, str]], today: date
) -> NewPerson:
    """The `number`-th person in care of a district; nobody of it has the same two names while there are some left."""
    sex = "male" if chance.random() < 0.85 else "female"
    given, family = _unused(chance, sex, taken)
    born_on = today - timedelta(days=round(365.25 * min(64.0, max(14.0, chance.gauss(30, 9)))))
    known = chance.random() < 0.85  # of some only the year is known
    return NewPerson(
        id=id_,
        prefix="นาย" if sex == "male" else chance.choice(("น.ส.", "นาง")),
        given_name=given,
        family_name=family,
        called_name=given,
        sex=sex,
        born_on=born_on if known else None,
        born_year=None if known else born_on.year,
        national_id=national_id(number) if chance.random() < 0.9 else None,
        phone=phone(number) if chance.random() < 0.8 else None,
        house=f"{chance.randint(1, 240)}/{chance.randint(1, 9)}" if chance.random() < 0.9 else None,
        subdistrict_code=village[0],
        moo=village[1],
    )


def national_id(number: int) -> str:
    """Adds up, and is nobody's: province and district 0000 do not exist."""
    digits = f"00000{number % 10_000_000:07d}"
    total = sum(int(digit) * (13 - place) for place, digit in enumerate(digits))
    return digits + str((11 - total % 11) % 10)


def phone(number: int) -> str:
    """E.164 in the Bangkok exchange 000, which has no subscribers: a button pressed by mistake rings nowhere."""
    return f"+662000{number % 10_000:04d}"


def _unused(chance: Random, sex: str, taken: set[tuple[str, str]]) -> tuple[str, str]:
    for _ in range(200):
        both = given_name(chance, sex), family_name(chance)
        if both not in taken:
            taken.add(both)
            break
    return both
