"""V2 and ASSIST v3: the use of substances. Points, bands, sources and what each Thai text was compared with:
docs/screening.md."""

from __future__ import annotations

from khuen.screening.rules import Band, Instrument, Item, Option, Part, Tool, When

_V2_BANDS = (
    Band(0, 1, "unclear", "ไม่พบการใช้ หรือระดับใช้ (แหล่งอ้างอิงต่างกัน)"),
    Band(2, 3, "use", "ระดับใช้ (ความเสี่ยงต่ำ)"),
    Band(4, 26, "misuse", "ระดับเสพ (ความเสี่ยงปานกลาง)"),
    Band(27, 39, "dependence", "ระดับติด (ความเสี่ยงสูง)"),
)
_OFTEN = (
    ("never", "ไม่เคย"),
    ("once_twice", "เพียง 1–2 ครั้ง"),
    ("monthly", "เดือนละ 1–3 ครั้ง"),
    ("weekly", "สัปดาห์ละ 1–4 ครั้ง"),
    ("daily", "เกือบทุกวัน (สัปดาห์ละ 5–7 วัน)"),
)


def _often(*points: int) -> tuple[Option, ...]:
    """Five answers about the last three months."""
    return tuple(Option(value, label, given) for (value, label), given in zip(_OFTEN, points, strict=True))


_USE = _often(0, 2, 3, 4, 6)
_CRAVING = _often(0, 3, 4, 5, 6)
_PROBLEMS = _often(0, 4, 5, 6, 7)
_DUTIES = _often(0, 5, 6, 7, 8)
_EVER = (
    Option("never", "ไม่เคย", 0),
    Option("before", "เคย แต่ก่อน 3 เดือนที่ผ่านมา", 3),
    Option("recent", "เคย ในช่วง 3 เดือนที่ผ่านมา", 6),
)
_INJECTED = tuple(Option(option.value, option.label) for option in _EVER)

V2 = Instrument(
    tool=Tool.V2,
    version="V.2/th-2",
    name="V2",
    title="แบบคัดกรองการใช้สารเสพติด (บคก.กสธ. V.2)",
    asks_about="ช่วง 3 เดือนที่ผ่านมา ใช้หนึ่งแบบต่อสารหลักหนึ่งชนิด",
    items=(
        Item(
            "substance",
            "สารหลัก",
            "ชนิดที่ใช้ (หนึ่งชนิดต่อหนึ่งแบบ)",
            (
                Option("methamphetamine", "ยาบ้า (เมทแอมเฟตามีน)"),
                Option("ice", "ยาไอซ์"),
                Option("heroin", "เฮโรอีน"),
                Option("cannabis", "กัญชา"),
                Option("kratom", "กระท่อม"),
                Option("inhalants", "สารระเหย"),
                Option("other", "ชนิดอื่น (เขียนในบันทึก)"),
            ),
            scored=False,
        ),
        Item("q1", "1", "ใช้สารนี้บ่อยเพียงใด", _USE),
        Item("q2", "2", "มีความต้องการหรือรู้สึกอยากใช้สารนี้จนทนไม่ได้ บ่อยเพียงใด", _CRAVING),
        Item("q3", "3", "การใช้สารนี้ทำให้เกิดปัญหาสุขภาพ ครอบครัว สังคม กฎหมาย หรือการเงิน บ่อยเพียงใด", _PROBLEMS),
        Item("q4", "4", "รับผิดชอบหรือทำสิ่งที่เคยทำตามปกติไม่ได้ เพราะการใช้สารนี้ บ่อยเพียงใด", _DUTIES),
        Item("q5", "5", "ญาติ เพื่อน หรือคนรู้จัก เคยว่ากล่าวตักเตือน จับผิด หรือสงสัยเรื่องการใช้สารนี้หรือไม่", _EVER),
        Item("q6", "6", "เคยลดหรือหยุดใช้สารนี้ แต่ไม่สำเร็จหรือไม่", _EVER),
        Item("injected", "ถามเพิ่ม", "เคยใช้สารเสพติดโดยวิธีฉีดหรือไม่ (ไม่คิดคะแนน)", _INJECTED, scored=False),
    ),
    parts=(Part("", "", _V2_BANDS),),
)

_LOW, _MODERATE, _HIGH = "ความเสี่ยงต่ำ", "ความเสี่ยงปานกลาง", "ความเสี่ยงสูง"
_USUAL = (Band(0, 3, "low", _LOW), Band(4, 26, "moderate", _MODERATE), Band(27, 39, "high", _HIGH))
_ALCOHOL = (Band(0, 10, "low", _LOW), Band(11, 26, "moderate", _MODERATE), Band(27, 39, "high", _HIGH))
GROUPS = (
    ("a", "ก", "ยาสูบ (บุหรี่ ยาเส้น)"),
    ("b", "ข", "เครื่องดื่มแอลกอฮอล์"),
    ("c", "ค", "กัญชา"),
    ("d", "ง", "โคเคน"),
    ("e", "จ", "ยากระตุ้น (ยาบ้า ยาไอซ์ ยาอี)"),
    ("f", "ฉ", "สารระเหย"),
    ("g", "ช", "ยากล่อมประสาทหรือยานอนหลับ"),
    ("h", "ซ", "ยาหลอนประสาท"),
    ("i", "ฌ", "สารกลุ่มฝิ่น (ฝิ่น เฮโรอีน)"),
    ("j", "ญ", "ชนิดอื่น (เขียนในบันทึก)"),
)
_TOBACCO = "a"
_YES_NO = (Option("no", "ไม่เคย"), Option("yes", "เคย"))
_USED = frozenset({"once_twice", "monthly", "weekly", "daily"})


def _group(letter: str, thai: str, label: str) -> tuple[Item, ...]:
    """Questions 1 to 7 of one group: nothing more of what was never used, 3 to 5 only of what was used lately."""
    ever, lately = When(f"q1_{letter}", frozenset({"yes"})), When(f"q2_{letter}", _USED)
    found = [
        Item(f"q1_{letter}", f"1{thai}", f"{label}: เคยใช้ในชีวิตหรือไม่", _YES_NO, None, letter, scored=False),
        Item(f"q2_{letter}", f"2{thai}", "ช่วง 3 เดือนที่ผ่านมา ใช้บ่อยเพียงใด", _USE, ever, letter),
        Item(f"q3_{letter}", f"3{thai}", "รู้สึกอยากใช้อย่างรุนแรง บ่อยเพียงใด", _CRAVING, lately, letter),
        Item(f"q4_{letter}", f"4{thai}", "ทำให้เกิดปัญหาสุขภาพ สังคม กฎหมาย หรือการเงิน บ่อยเพียงใด", _PROBLEMS, lately, letter),
        Item(f"q5_{letter}", f"5{thai}", "ทำสิ่งที่ควรทำตามปกติไม่ได้ บ่อยเพียงใด", _DUTIES, lately, letter),
        Item(f"q6_{letter}", f"6{thai}", "ญาติ เพื่อน หรือคนอื่น เคยแสดงความห่วงใยหรือไม่", _EVER, ever, letter),
        Item(f"q7_{letter}", f"7{thai}", "เคยพยายามลดหรือหยุดใช้ แต่ทำไม่สำเร็จหรือไม่", _EVER, ever, letter),
    ]
    return tuple(item for item in found if not (letter == _TOBACCO and item.id.startswith("q5_")))


ASSIST = Instrument(
    tool=Tool.ASSIST,
    version="3.0/th-1",
    name="ASSIST",
    title="แบบคัดกรองสารเสพติด 10 กลุ่ม (ASSIST v3)",
    asks_about="ทั้งชีวิต และช่วง 3 เดือนที่ผ่านมา",
    items=(
        *(item for letter, thai, label in GROUPS for item in _group(letter, thai, label)),
        Item("q8", "8", "เคยใช้สารเสพติดโดยวิธีฉีดหรือไม่ (ไม่คิดคะแนน)", _INJECTED, scored=False),
    ),
    parts=tuple(Part(letter, label, _ALCOHOL if letter == "b" else _USUAL) for letter, _, label in GROUPS),
)
