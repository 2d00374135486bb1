"""How names sound: the folds of docs/people.md, one test line for each, and what never changes a key."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khuen import sound, thai

ALIKE = (
    *("ศิริ สิริ", "เกศ เกษ", "ณัฐพล นัทพน", "ณรงค์ นรง", "ใจดี ไจดี", "วิชัย วิไช", "ชัย ใช", "ทรัพย์ ซับ"),
    *("ทราย ซาย", "ไทร ไซ", "จริง จิง", "ศรี สี", "สร้อย ส้อย", "สมศักดิ์ สมสัก", "พงษ์ พงศ์", "พงศ์ พง"),
    *("จันทร์ จัน", "อินทร์ อิน", "ศาสตร์ สาด", "วิทย์ วิด", "เพ็ชร เพชร", "บุตร บุด", "จักร จัก", "วรรณ วัน"),
    *("ธรรม ทำ", "กรรณิการ์ กันนิกา", "กฤษณะ กริสนะ", "ฤทธิ์ ริด", "สุทธิ สุทิ", "บุญญา บุนยา", "กัลยา กันยา"),
    *("สุชาติ สุชาด", "สมบัติ สมบัด", "เกียรติ เกียด", "ภูมิ พูม", "ยุทธ ยุด", "หทัย หะไท", "ใหม่ ไม่", "หนู นู"),
    *("ปรีชา ปีชา", "ปราณี ปานี", "เพลิน เพิน", "พลอย พอย", "ทดลอง ทดรอง", "รุ่ง ลุ่ง", "มณี มะนี", "ธนพล ทะนะพน"),
    *("ขวัญ ควัน", "อรรถ อัด", "ชาญ ชาน", "สวัสดิ์ สวัด", "ประเสริฐ ประเสิด", "อดิศักดิ์ อดิสัก", "พิษณุ พิสนุ"),
)
APART = (
    *("สมชาย สมหมาย", "มานะ มานี", "วิชัย วิชิต", "ดวงใจ ดวงดี", "ดวง ช่วง", "ปาน บาน", "ทอง ทิม", "แดง ดำ"),
    *("เต็ม ตุ้ม", "เกษม กสม", "สุดา สุด", "นิด หน่อย", "ทดลอง สมมุติ", "ชาย ชา", "กานดา กานดี", "ตูน ดูน"),
)
NAMES = [name for pair in (*ALIKE, *APART) for name in pair.split()]
letters = st.text(st.sampled_from([chr(code) for code in (*range(0x0E01, 0x0E3B), *range(0x0E40, 0x0E4F))] + [" "]))


@pytest.mark.parametrize("pair", ALIKE)
def test_these_sound_alike(pair: str) -> None:
    one, other = pair.split()
    assert sound.of(one) == sound.of(other) != ""


@pytest.mark.parametrize("pair", APART)
def test_these_do_not(pair: str) -> None:
    one, other = pair.split()
    assert sound.of(one) != sound.of(other)


@given(st.sampled_from(NAMES), st.data())
def test_a_tone_mark_changes_nothing(name: str, data: st.DataObject) -> None:
    places = [m.end() for m in re.finditer("[ก-ฮ][ิีึืุูั]?(?![ิ-ฺ็-๎])", name)]
    at = data.draw(st.sampled_from(places or [len(name)]))
    tone = data.draw(st.sampled_from("่้๊๋"))
    assert sound.of(name[:at] + tone + name[at:]) == sound.of(name)


@given(st.sampled_from(NAMES))
def test_the_length_of_a_vowel_changes_nothing(name: str) -> None:
    for short, long in (("ิ", "ี"), ("ึ", "ื"), ("ุ", "ู")):
        if not re.search(r"[ิุ](?=์|$)|ติ|ตุ|มิ|ฒิ", name):  # where it is silent it is no vowel
            assert sound.of(name.replace(short, long)) == sound.of(name)


@given(st.sampled_from(NAMES), st.sampled_from("กขคฆตถทธปพภษศส"))
def test_a_killed_letter_at_the_end_changes_nothing(name: str, dead: str) -> None:
    if name[-1] != "์" and "ก" <= name[-1] <= "ฮ" and not name.endswith("ร"):
        assert sound.of(f"{name}{dead}์") == sound.of(name)


@settings(deadline=None)
@given(letters)
def test_any_text_has_a_key_that_no_title_and_no_space_changes(text: str) -> None:
    key = sound.of(text)
    assert sound.of(f"  {text} ") == key and len(key) <= 2 * len(text)
    assert not re.search("[\u0e30-\u0e3a\u0e40-\u0e4e]", key)
    if thai.split_prefix(f"นาย{text}")[0] == "นาย" and thai.split_prefix(text)[0] == "":
        assert sound.of(f"นาย{text}") == key


def test_two_names_are_two_words() -> None:
    assert sound.of("นายณัฐพล", "ใจดี") == sound.of("นัทพล ไจดี") == " ".join((sound.of("นัทพล"), sound.of("ใจดี")))
    assert sound.of("John", "Smith") == "john smith" and sound.of("", "") == ""
