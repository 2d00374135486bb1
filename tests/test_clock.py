"""Days, moments and eras. Babel is the reference for month names, the standard library for the calendar."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_date
from hypothesis import given
from hypothesis import strategies as st

from khuen import clock
from khuen.paths import folder

dates = st.dates(date(1900, 1, 1), date(2150, 12, 31))
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def test_only_one_place_reads_the_clock() -> None:
    reads = re.compile(r"datetime\.now\(|date\.today\(|utcnow\(|time\.time\(")
    root = folder("tenants").parent
    files = [path for tree in ("src", "workers") for path in sorted((root / tree).rglob("*.py"))]
    assert [path.name for path in files if reads.search(path.read_text("utf-8"))] == ["clock.py"]


@given(moments)
def test_a_day_is_a_day_in_bangkok(moment: datetime) -> None:
    assert clock.day(moment) == moment.astimezone(ZoneInfo("Asia/Bangkok")).date()


def test_a_historical_district_keeps_the_time_of_day() -> None:
    moment = datetime(2026, 11, 12, 20, 30, tzinfo=UTC)  # 03:30 of the 13th in Bangkok
    held = clock.held_at(date(2024, 6, 1), moment)
    assert held == datetime(2024, 5, 31, 20, 30, tzinfo=UTC) and clock.day(held) == date(2024, 6, 1)
    assert clock.held_at(None, moment) == moment


@given(dates)
def test_shown_dates_are_babels_months_with_a_buddhist_year(on: date) -> None:
    year = on.year + 543
    assert clock.long(on) == f"{format_date(on, 'd MMMM', locale='th')} {year}"
    whole = clock.short(on), clock.echo(on)
    assert [text.replace("\N{NO-BREAK SPACE}", " ") for text in whole] == [
        f"{format_date(on, 'd MMM', locale='th')} {year % 100:02d}",
        f"{format_date(on, 'EEE d MMM', locale='th')} {year}",
    ]
    assert " " not in whole[0], "a short date is not broken into two lines"


def test_a_date_is_echoed_beside_the_field() -> None:
    assert clock.echo(date(2026, 11, 12)) == "พฤ. 12\N{NO-BREAK SPACE}พ.ย. 2569"
    assert clock.short(date(2024, 12, 17)) == "17\N{NO-BREAK SPACE}ธ.ค.\N{NO-BREAK SPACE}67"


@pytest.mark.parametrize(
    ("on", "words"),
    [
        (date(2026, 11, 12), "วันนี้"),
        (date(2026, 11, 15), "วันอาทิตย์"),
        (date(2026, 11, 19), "วันที่ 19\N{NO-BREAK SPACE}พ.ย."),
        (date(2027, 1, 2), "วันที่ 2\N{NO-BREAK SPACE}ม.ค.\N{NO-BREAK SPACE}70"),
    ],
)
def test_a_day_ahead_joins_on_behind_until(on: date, words: str) -> None:
    assert clock.day_ahead(on, date(2026, 11, 12)) == words


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 11, 12, 2, 12, tzinfo=UTC), "วันนี้ 09:12"),
        (datetime(2026, 11, 11, 17, 0, tzinfo=UTC), "วันนี้ 00:00"),
        (datetime(2026, 11, 11, 16, 59, tzinfo=UTC), "เมื่อวาน 23:59"),
        (datetime(2026, 11, 13, 1, 0, tzinfo=UTC), "พรุ่งนี้ 08:00"),
        (datetime(2026, 10, 20, 7, 2, tzinfo=UTC), "20\N{NO-BREAK SPACE}ต.ค. 14:02"),
        (datetime(2025, 10, 20, 7, 2, tzinfo=UTC), "20\N{NO-BREAK SPACE}ต.ค.\N{NO-BREAK SPACE}68 14:02"),
    ],
)
def test_moments_in_words(moment: datetime, words: str) -> None:
    assert clock.in_words(moment, datetime(2026, 11, 12, 3, 0, tzinfo=UTC)) == words


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (("12", "11", "2569"), date(2026, 11, 12)),
        (("12", "11", "2026"), date(2026, 11, 12)),
        (("๑๒", "๑๑", "๖๙"), date(2026, 11, 12)),
        (("12", "พฤศจิกายน", "2569"), date(2026, 11, 12)),
        (("12", "พ.ย.", "69"), date(2026, 11, 12)),
        (("12", "พย", "69"), date(2026, 11, 12)),
        ((" 5 ", "May", "2510"), date(1967, 5, 5)),
        (("29", "2", "2567"), date(2024, 2, 29)),  # 2567 is no leap year, 2024 is
        (("29", "2", "2568"), clock.NO_SUCH_DATE),  # 2568 divides by four, 2025 does not
        (("31", "4", "2569"), clock.NO_SUCH_DATE),
        (("0", "4", "2569"), clock.NO_SUCH_DATE),
        (("x", "4", "2569"), clock.NO_SUCH_DATE),
        (("1", "13", "2569"), clock.MONTH_WRONG),
        (("1", "", "2569"), clock.DATE_MISSING),
        (("1", "1", "256"), clock.YEAR_WRONG),
        (("1", "1", "2400"), date(1857, 1, 1)),
        (("1", "1", "2399"), clock.YEAR_WRONG),
        (("1", "1", "3112"), clock.YEAR_WRONG),  # 543 added twice
        (("1", "1", "２５６９"), clock.YEAR_WRONG),
    ],
)
def test_three_typed_fields(typed: tuple[str, str, str], read: date | str) -> None:
    assert clock.parse_date(*typed) == read


@given(
    dates,
    st.sampled_from(["{d}/{m}/{be}", "{d}-{m}-{ce}", "{ce}-{m:02}-{d:02}", "{be}{m:02}{d:02}", "{d:02}{m:02}{be}"]),
)
def test_every_written_date_is_read_back(on: date, shape: str) -> None:
    assert clock.parse_date_text(shape.format(d=on.day, m=on.month, ce=on.year, be=on.year + 543)) == on


@given(dates)
def test_shown_dates_are_read_back(on: date) -> None:
    assert clock.parse_date_text(clock.long(on)) == on
    assert clock.parse_date_text(clock.echo(on).split(" ", 1)[1]) == on
    assert clock.parse_date_text((on - date(1899, 12, 30)).days) == (
        on if on >= date(1908, 3, 18) else clock.DATE_MISSING
    )


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        (datetime(2025, 1, 31), date(2025, 1, 31)),  # noqa: DTZ001
        (date(2568, 1, 31), date(2025, 1, 31)),  # the Buddhist year saved as a common one
        (datetime(2568, 2, 28, 12, 0), date(2025, 2, 28)),  # noqa: DTZ001
        (date(2568, 2, 29), clock.NO_SUCH_DATE),
        (45678, date(2025, 1, 21)),
        (45678.75, date(2025, 1, 21)),
        ("45678", date(2025, 1, 21)),
        ((date(2568, 1, 31) - date(1899, 12, 30)).days, date(2025, 1, 31)),
        ("2568-01-31 00:00:00", date(2025, 1, 31)),
        ("2025-01-31T07:00:00+07:00", date(2025, 1, 31)),
        ("๓๑ ม.ค. ๖๘", date(2025, 1, 31)),
        ("31มกราคม2568", date(2025, 1, 31)),
        ("วันศุกร์ที่ 31 มกราคม พ.ศ. 2568", date(2025, 1, 31)),
        ("31-Jan-2025", date(2025, 1, 31)),
        ("31.1.68", date(2025, 1, 31)),
        ("31/1/2568 10:30 น.", date(2025, 1, 31)),
        ("1/31/2568", clock.MONTH_WRONG),  # month first is not guessed
        (2568, clock.DATE_MISSING),  # only a year
        (float("nan"), clock.DATE_MISSING),
        (None, clock.DATE_MISSING),
        ("  ", clock.DATE_MISSING),
        (True, clock.NO_SUCH_DATE),
        ("เมื่อวาน", clock.NO_SUCH_DATE),
        ("31/2/2568", clock.NO_SUCH_DATE),
    ],
)
def test_cells_of_a_spreadsheet(cell: object, read: date | str) -> None:
    assert clock.parse_date_text(cell) == read


@given(st.one_of(st.text(max_size=40), st.floats(), st.integers(), st.dates(), st.datetimes(), st.binary()))
def test_no_cell_breaks_the_reader(cell: object) -> None:
    assert isinstance(clock.parse_date_text(cell), date | str)


@pytest.mark.parametrize(
    ("on", "year", "quarter"),
    [
        (date(2024, 9, 30), 2567, 4),
        (date(2024, 10, 1), 2568, 1),
        (date(2025, 1, 1), 2568, 2),
        (date(2025, 4, 1), 2568, 3),
        (date(2025, 7, 1), 2568, 4),
    ],
)
def test_the_budget_year_begins_in_october(on: date, year: int, quarter: int) -> None:
    assert (clock.fiscal_year(on), clock.quarter(on)) == (year, quarter)


@pytest.mark.parametrize(
    ("on", "months", "later"),
    [
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 11, 30), 3, date(2025, 2, 28)),
        (date(2025, 1, 15), -1, date(2024, 12, 15)),
    ],
)
def test_calendar_months(on: date, months: int, later: date) -> None:
    assert clock.add_months(on, months) == later


@given(dates, st.integers(-100, 100))
def test_months_count_exactly_and_never_jump_a_month(on: date, months: int) -> None:
    later = clock.add_months(on, months)
    assert (later.year * 12 + later.month) - (on.year * 12 + on.month) == months
    assert later.day == on.day or (later + timedelta(days=1)).day == 1


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        (date(2004, 11, 12), date(2024, 11, 11), 19),
        (date(2004, 11, 12), date(2024, 11, 12), 20),
        (date(2004, 2, 29), date(2023, 2, 28), 18),
        (date(2004, 2, 29), date(2023, 3, 1), 19),
    ],
)
def test_age_in_full_years(born: date, on: date, years: int) -> None:
    assert clock.age(born, on) == years


def test_moments_of_other_zones_are_the_same_day() -> None:
    tokyo = datetime(2026, 11, 13, 1, 0, tzinfo=timezone(timedelta(hours=9)))
    assert clock.day(tokyo) == date(2026, 11, 12)
