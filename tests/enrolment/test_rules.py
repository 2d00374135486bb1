"""The rules of forms and rows: tables of what people type, and whatever else hypothesis can think of."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khuen import thai
from khuen.enrolment import columns, forms, rows, rules, tambons, texts
from khuen.enrolment.problems import PROBLEMS, Said, Wrong
from khuen.enrolment.rules import Around

TODAY = date(2026, 11, 24)
AROUND = Around(TODAY, "3606")
GOOD = {
    "given_name": "ทดลอง",
    "family_name": "ตัวอย่าง",
    "legal_basis": "ม.113",
    "proposed_by": "ครอบครัว",
    "agreed_on": "1/2/2568",
    "treatment": "ยินยอม",
    "birth": "31/1/2538",
}
ANY_TEXT = st.text(
    st.characters(codec="utf-8") | st.sampled_from("๐๑๒๓๔๕๖๗๘๙\u0e4d\u0e32\u00a0\u200bE+=-/."), max_size=40
)


@pytest.mark.parametrize(
    ("typed", "born_on", "year"),
    [
        ("31/1/2538", date(1995, 1, 31), 1995),
        ("๓๑/๑/๒๕๓๘", date(1995, 1, 31), 1995),
        ("31 ม.ค. 38", date(1995, 1, 31), 1995),
        ("1995-01-31", date(1995, 1, 31), 1995),
        ("2538-01-31", date(1995, 1, 31), 1995),  # a date cell that took the Buddhist year for a common one
        ("34730", date(1995, 1, 31), 1995),  # the number behind a date cell
        ("2538", None, 1995),
        ("๒๕๓๘", None, 1995),
        ("พ.ศ. 2538", None, 1995),
        ("1995", None, 1995),
        ("", None, None),
        ("ไม่ทราบ", None, None),
    ],
)
def test_births(typed: str, born_on: date | None, year: int | None) -> None:
    assert texts.birth(typed, AROUND) == (born_on, year)


@pytest.mark.parametrize(
    ("field", "typed", "code"),
    [
        ("birth", "31/2/2538", "birth"),
        ("birth", "1/1/2600", "birth_future"),
        ("birth", "1/1/2440", "birth_old"),
        ("national_id", "1.23E+12", "id_damaged"),
        ("national_id", "1230000000000", "id_damaged"),
        ("national_id", "123456789012", "id_length"),
        ("national_id", "1101700230709", "id_check"),
        ("phone", "08-1234", "phone"),
        ("given_name", "", "missing_name"),
        ("given_name", "=B2", "formula"),
        ("given_name", "ทดลอง1", "odd_name"),
        ("given_name", "ทด\0ลอง", "hidden"),
        ("given_name", "ก" * 61, "too_long"),
        ("family_name", "", "missing_family"),
        ("moo", "สาม", "moo"),
        ("tambon", "ไม่มีตำบลนี้", "tambon"),
        ("legal_basis", "", "legal_basis"),
        ("legal_basis", "ม.999", "legal_basis"),
        ("proposed_by", "ใครก็ไม่รู้", "proposed_by"),
        ("agreed_on", "", "agreed_on"),
        ("agreed_on", "1/1/2600", "agreed_future"),
        ("treatment", "", "no_treatment"),
        ("treatment", "ไม่ยินยอม", "refused_treatment"),
        ("treatment", "อาจจะ", "consent"),
        ("sex", "???", "sex"),
    ],
)
def test_each_problem_has_its_code_and_its_words(field: str, typed: str, code: str) -> None:
    row = rows.read(GOOD | {field: typed}, AROUND)
    assert [(problem.field, problem.code) for problem in row.problems] == [(field, code)]
    assert row.entry is None and row.state == "bad" and code in PROBLEMS


@pytest.mark.parametrize(
    ("field", "typed", "steps"),
    [
        ("birth", "๒๕๓๘", ("๒๕๓๘", "2538", "1995")),
        ("phone", "812345678", ("812345678", "081-234-5678")),
        ("phone", "๐๘๑๒๓๔๕๖๗๘", ("๐๘๑๒๓๔๕๖๗๘", "0812345678")),
        ("agreed_on", "๑/๒/๒๕๖๘", ("๑/๒/๒๕๖๘", "1/2/2568", "1\N{NO-BREAK SPACE}ก.พ.\N{NO-BREAK SPACE}68 (2025-02-01)")),
    ],
)
def test_each_repair_is_visible(field: str, typed: str, steps: tuple[str, ...]) -> None:
    row = rows.read(GOOD | {field: typed}, AROUND)
    assert row.state == "good" and steps in [note.steps for note in row.notes]


def test_decomposed_vowels_and_no_break_spaces_are_tidied_with_a_note() -> None:
    row = rows.read(GOOD | {"given_name": "น\u0e49\u0e4d\u0e32\u00a0ฝน"}, AROUND)
    assert row.entry is not None and row.entry.given_name == "น้ำ ฝน"
    assert [note.field for note in row.notes if note.tidied] == ["given_name"]


@pytest.mark.parametrize(
    ("typed", "district", "code"),
    [
        ("ละหาน", "", "360607"),
        ("ต.ละหาน", "อ.จัตุรัส", "360607"),
        ("ต.ละหาน อ.จัตุรัส จ.ชัยภูมิ", "", "360607"),
        ("360607", "", "360607"),
    ],
)
def test_tambons(typed: str, district: str, code: str) -> None:
    assert tambons.tambon(typed, AROUND, district) == code


def test_a_name_that_many_tambons_share_asks_for_the_district() -> None:
    with pytest.raises(Wrong, match="tambon_many"):
        tambons.tambon("ในเมือง", Around(TODAY))


@pytest.mark.parametrize(
    ("born", "age", "guardian"),
    [("24/11/2549", 20, False), ("25/11/2549", 19, True), ("2549", 19, True), ("2548", 20, False), ("", None, False)],
)
def test_who_needs_a_guardian(born: str, age: int | None, guardian: bool) -> None:
    row = rows.read(GOOD | {"birth": born, "agreed_on": "24/11/2569"}, AROUND)
    assert (("guardian", "guardian") in [(problem.field, problem.code) for problem in row.problems]) is guardian
    assert rules.youngest_age(*texts.birth(born, AROUND), TODAY) == age
    assert rows.read(GOOD | {"birth": born, "guardian": "สมรสแล้ว"}, AROUND).state == "good"


@pytest.mark.parametrize(("age", "outside"), [(None, False), (11, True), (12, False), (65, False), (66, True)])
def test_whoever_is_outside_the_ages_of_the_programme_is_told_of(age: int | None, outside: bool) -> None:
    assert rules.outside_programme(age, 12, 65) is outside


@pytest.mark.parametrize(
    ("age", "guardian", "problem"),
    [
        (None, "", None),
        (20, "", None),
        (19, "", "guardian"),
        (19, rules.MARRIED, None),
        (10, "นางทดลอง ตัวอย่าง", None),
        (10, rules.MARRIED, "guardian_alone"),
    ],
)
def test_marriage_stands_for_a_guardian_but_not_of_a_child(age: int | None, guardian: str, problem: str | None) -> None:
    assert rules.lacks_guardian(age, guardian) == problem


@given(st.dictionaries(st.sampled_from(list(columns.FIELDS)), ANY_TEXT))
def test_no_text_breaks_a_row(typed: dict[str, str]) -> None:
    row = rows.read(typed, AROUND)
    assert (row.entry is None) == bool(row.problems)
    assert all(problem.code in PROBLEMS and problem.field in columns.FIELDS for problem in row.problems)


@given(st.dictionaries(st.sampled_from([name for names in forms.FIELDS.values() for name in names]), ANY_TEXT))
def test_no_text_breaks_a_page(typed: dict[str, str]) -> None:
    for step in forms.STEPS:
        assert all(isinstance(error, Said) for error in forms.problems(step, typed, AROUND).values())
    forms.entry(typed, AROUND)


@given(st.dates(date(1930, 1, 1), TODAY), st.sampled_from(["be", "ce", "thai", "serial", "iso", "be as ce"]))
def test_a_birth_is_read_the_same_however_it_is_written(on: date, way: str) -> None:
    if way == "be as ce" and (on.month, on.day) == (2, 29):
        on = on.replace(day=28)
    written = {
        "be": f"{on.day}/{on.month}/{on.year + 543}",
        "ce": f"{on.day}/{on.month}/{on.year}",
        "thai": thai.thai_digits(f"{on.day}/{on.month}/{on.year + 543}"),
        "serial": str((on - date(1899, 12, 30)).days),
        "iso": on.isoformat(),
        "be as ce": f"{on.year + 543}-{on.month:02}-{on.day:02}",
    }[way]
    assert texts.birth(written, AROUND)[0] == on


@given(st.lists(st.lists(ANY_TEXT, max_size=8), min_size=1, max_size=25))
def test_headers_are_guessed_of_anything(sheet: list[list[str]]) -> None:
    headers = columns.guess_headers(sheet)
    fields = columns.guess_fields(headers.names)
    assert 0 <= headers.row < len(sheet) and len(set(fields.values())) == len(fields)


@given(st.integers(0, 200_000), st.integers(0, 16_383))
def test_cells_are_named_as_the_spreadsheet_names_them(row: int, column: int) -> None:
    from openpyxl.utils import get_column_letter

    assert columns.cell(row, column) == f"{get_column_letter(column + 1)}{row + 1}"


@pytest.mark.parametrize(
    ("names", "fields"),
    [
        (("ชื่อ-สกุล", "วันที่ตกลง"), {0: "full_name", 1: "agreed_on"}),
        (("ชื่อสกุล",), {0: "full_name"}),
        (("ชื่อตัว", "ชื่อสกุล"), {0: "given_name", 1: "family_name"}),
        (("ชื่อ", "สกุล"), {0: "given_name", 1: "family_name"}),
        (("ชื่อ",), {0: "full_name"}),
    ],
)
def test_names_are_found_however_a_list_heads_them(names: tuple[str, ...], fields: dict[int, str]) -> None:
    assert columns.guess_fields(names) == fields


@given(st.permutations(list(columns.TEMPLATE_HEADERS.items())))
def test_headers_in_any_order(pairs: list[tuple[str, str]]) -> None:
    assert columns.guess_fields(tuple(header for _, header in pairs)) == {
        at: name for at, (name, _) in enumerate(pairs)
    }
