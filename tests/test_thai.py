"""Thai text as people type it: docs/thai-text.md. python-stdnum is the reference for national ids."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.th import pin

from khuen import thai

thai_letters = st.text(st.sampled_from([chr(c) for c in range(0x0E01, 0x0E5C) if chr(c).isprintable()] + list(" aZ1")))
# marks of other scripts between Thai ones upset what NFC and we put in order
spoiled = st.text(
    st.sampled_from([*map(chr, range(0x0E01, 0x0E5C)), *" a\n\u0301\u0316\u05b0\u200b\u00a0"]), max_size=12
)
twelve = st.text(st.sampled_from("0123456789"), min_size=12, max_size=12)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("น\u0e4d\u0e32ใส", "นำใส"),  # decomposed ำ: 103 of them in one source document
        ("น\u0e4d\u0e49\u0e32", "น้ำ"),
        ("น\u0e49\u0e4d\u0e32", "น้ำ"),
        ("น\u0e33\u0e49", "น้ำ"),
        ("ทำำ", "ทำ"),
        ("ก\u0e48\u0e35", "กี่"),
        ("ก\u0e48\u0e38", "กุ่"),
        ("ผู้้ใหญ่", "ผู้ใหญ่"),
        ("สิทธ\u0e4c\u0e34", "สิทธิ์"),
        ("เเม่", "แม่"),
        ("\ufeffสม\u200bชาย\u202e", "สมชาย"),
        ("สมชาย\u00a0\u00a0 ใจดี\t", "สมชาย ใจดี"),
        ("cafe\u0301", "café"),
    ],
)
def test_one_spelling_is_kept(typed: str, kept: str) -> None:
    assert thai.canonical(typed) == kept


def test_notes_keep_their_lines() -> None:
    assert thai.canonical(" บ้าน  หลังที่สอง\r\n\u00a0ข้างวัด \n", lines=True) == "บ้าน หลังที่สอง\nข้างวัด"
    assert thai.canonical("หนึ่ง\nสอง") == "หนึ่ง สอง"


@settings(max_examples=500)
@given(st.one_of(spoiled, st.text()))
def test_canonical_text_is_stable_and_normalised(text: str) -> None:
    once = thai.canonical(text)
    assert thai.canonical(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert "\u0e4d\u0e32" not in once and "  " not in once


@pytest.mark.parametrize("bad", ["ส\x00ม", "\ud800", "ก\udfff", "\x1b[0m", "\x85"])
def test_text_that_no_database_keeps_is_refused(bad: str) -> None:
    assert thai.refuse(bad) == thai.HIDDEN_CHARACTERS


def test_long_text_is_refused_and_ordinary_text_is_not() -> None:
    assert thai.refuse("ก" * 10_000_000, 200) == thai.TOO_LONG
    assert thai.refuse("ก" * 200, 200) is None
    assert thai.refuse("บ้านเลขที่ ๑๒/๓\r\n\tซอยวัด") is None


def test_dictionary_order() -> None:
    words = "กบ กวาง กะปิ กา ก่า ก้า กำ กู เก เก่ง เกาะ แก้ว โกน ใกล้ ไก่ ข่า ขาว ข้าว เขา คน พะเยา ละหาน ฮูก"
    assert " ".join(sorted(reversed(words.split()), key=thai.sort_key)) == words


@given(thai_letters, thai_letters)
def test_the_beginning_of_a_name_sorts_before_the_name(text: str, more: str) -> None:
    assert thai.sort_key(thai.canonical(text)) <= thai.sort_key(thai.canonical(f"{text} ก{more}"))


@pytest.mark.parametrize("typed", ["สมห", "นายสมหญิ", "สม หญิง", "สมหญิง ใจ", "นาย สมหญิงใจดี"])
def test_a_typed_beginning_finds_the_name(typed: str) -> None:
    assert thai.search_prefix("สมหญิง", "ใจดี").startswith(thai.search_prefix(typed))


@pytest.mark.parametrize(("typed", "stored"), [("นำใส", "น้ำใส"), ("น\u0e4d\u0e32", "น้ำ"), ("JOHN d", "John Doe")])
def test_search_passes_over_tones_spelling_and_case(typed: str, stored: str) -> None:
    assert thai.search_prefix(stored).startswith(thai.search_prefix(typed))


def test_search_ignores_missing_parts() -> None:
    assert thai.search_prefix("สมชาย", None) == thai.search_prefix("สมชาย") == "สมชาย"


def test_digits_both_ways() -> None:
    assert thai.arabic("หมู่ ๑๒") == "หมู่ 12"
    assert thai.thai_digits(2569) == "๒๕๖๙"


@given(twelve)
def test_national_ids_agree_with_the_reference(digits: str) -> None:
    number = digits + pin.calc_check_digit(digits)
    read = thai.national_id(number)
    assert (read.digits, read.problem) == (number, None)
    assert (read.warning is None) == pin.is_valid(number)  # the library refuses 0 and 9 in front, we warn
    assert read.warning == (thai.ID_UNUSUAL if number[0] in "09" else None)


@given(twelve, st.integers(1, 9), st.integers(0, 12))
def test_one_wrong_digit_is_caught(digits: str, shift: int, place: int) -> None:
    number = digits + pin.calc_check_digit(digits)
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    sound = pin.calc_check_digit(wrong) == wrong[-1]  # modulo 11 folded to 10 lets a few pass
    assert (thai.national_id(wrong).problem is None) == sound


@pytest.mark.parametrize(
    "typed",
    [
        "1234567890121",
        "1-2345-67890-12-1",
        "๑ ๒๓๔๕ ๖๗๘๙๐ ๑๒ ๑",
        "1234567890121.0",
        "1.234567890121E+12",
        "\u00a01 2345-6789012\u200b1",
    ],
)
def test_national_ids_as_they_are_typed(typed: str) -> None:
    read = thai.national_id(typed)
    assert (read.digits, read.printed, read.last_four) == ("1234567890121", "1-2345-67890-12-1", "0121")
    assert "1234567890121" not in repr(read)


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("1.23457E+12", thai.ID_DAMAGED),
        ("1.23E+12", thai.ID_DAMAGED),
        ("1E+12", thai.ID_DAMAGED),
        ("1234567890122", thai.ID_CHECK_DIGIT),
        ("123456789012", thai.ID_NOT_13),
        ("12345678901211", thai.ID_NOT_13),
        ("", thai.ID_NOT_13),
        ("AA1234567", thai.ID_NOT_13),
        ("１２３４５６７８９０１２１", thai.ID_NOT_13),
    ],
)
def test_national_ids_that_are_refused(typed: str, problem: str) -> None:
    read = thai.national_id(typed)
    assert (read.problem, read.digits, read.printed) == (problem, "", "")


@pytest.mark.parametrize(
    ("typed", "e164", "shown", "repaired"),
    [
        ("0812345678", "+66812345678", "081-234-5678", False),
        ("๐๘๑-๒๓๔ ๕๖๗๘", "+66812345678", "081-234-5678", False),
        ("+66 81 234 5678", "+66812345678", "081-234-5678", False),
        ("812345678", "+66812345678", "081-234-5678", True),  # the spreadsheet ate the 0
        ("812345678.0", "+66812345678", "081-234-5678", True),
        ("02 123 4567 ต่อ 12", "+6621234567", "02-123-4567 ต่อ 12", False),
        ("44812345", "+6644812345", "044-812-345", True),
        ("+856 20 55 555 555", "+8562055555555", "+856 20 55 555 555", False),
    ],
)
def test_phone_numbers(typed: str, e164: str, shown: str, repaired: bool) -> None:
    assert thai.phone(typed) == thai.Phone(e164, shown, None, repaired)


@pytest.mark.parametrize(
    "typed", ["", "1669", "081234567", "08123456789", "ไม่มี", "081-2345678, 089-2345678", "+", "\u0e4d"]
)
def test_phone_numbers_that_are_refused(typed: str) -> None:
    assert thai.phone(typed).problem == thai.PHONE_WRONG


@given(st.text(max_size=60))
def test_nothing_typed_breaks_the_readers(text: str) -> None:
    assert thai.phone(text).problem or thai.phone(text).e164.startswith("+")
    assert thai.national_id(text).problem or len(thai.national_id(text).digits) == 13
    assert isinstance(thai.sort_key(text) + thai.search_prefix(text) + thai.initial(text), str)


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("นายสมชาย ใจดี", ("นาย", "สมชาย ใจดี")),
        ("นางสาวดวงใจ สมมุติ", ("น.ส.", "ดวงใจ สมมุติ")),
        ("น.ส. ดวงใจ", ("น.ส.", "ดวงใจ")),
        ("นางสาวิตรี", ("นาง", "สาวิตรี")),
        ("เด็กหญิงเอมอร", ("ด.ญ.", "เอมอร")),
        ("ร.ต.อ.สมชาย", ("ร.ต.อ.", "สมชาย")),
        ("ร.ต.อ.หญิง ดวงใจ", ("ร.ต.อ.", "ดวงใจ")),
        ("นายิกา ทดลอง", ("", "นายิกา ทดลอง")),
        ("คุณธรรม", ("", "คุณธรรม")),
        ("คุณ ธรรม", ("", "ธรรม")),
        ("น.ช.สมชาย", ("", "สมชาย")),
        ("นาย", ("", "นาย")),
        ("", ("", "")),
    ],
)
def test_titles_are_split_from_names(typed: str, parts: tuple[str, str]) -> None:
    assert thai.split_prefix(typed) == parts


def test_titles_of_inmates_are_never_offered() -> None:
    assert not {"น.ช.", "น.ญ."} & {*thai.PREFIXES, *thai.RANKS}


@pytest.mark.parametrize(
    ("called", "family", "shown"),
    [
        ("สมชาย", "กล้าหาญ", "คุณสมชาย ก."),
        ("ดวงใจ", "เกษมสุข", "คุณดวงใจ ก."),
        ("ดวงใจ", None, "คุณดวงใจ"),
        ("John", "doe", "คุณJohn D."),
    ],
)
def test_a_name_on_a_phone_tells_little(called: str, family: str | None, shown: str) -> None:
    assert thai.on_phone(called, family) == shown


@given(st.text(alphabet="กขงนมรสะัาำิีึืฺุูเแโ็่้๊๋์ํ๎๏ฯๆ๓ aZ-.=\t\n\u200b\u00a0é", max_size=12))
def test_what_needs_no_rewriting_is_left_as_it_is(text: str) -> None:
    """The short way through `canonical` and the long one say the same."""
    long_way = thai._rewritten(text)
    assert thai.canonical(text) == " ".join(long_way.split())
    assert (
        thai.canonical(text, lines=True) == "\n".join(" ".join(line.split()) for line in long_way.splitlines()).strip()
    )


def test_a_word_that_only_looks_like_a_policewoman_is_a_name() -> None:
    assert thai.split_prefix("หญิง ตัวอย่าง") == ("", "หญิง ตัวอย่าง")
    assert thai.split_prefix("ร.ต.อ. หญิง ทดลอง ตัวอย่าง") == ("ร.ต.อ.", "ทดลอง ตัวอย่าง")
