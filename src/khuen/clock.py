"""Days and moments as the work counts them: Bangkok days, Buddhist years, fiscal years. Pure but for `now`."""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta, timezone

from babel import Locale

from khuen.msgid import N_
from khuen.thai import arabic, canonical

BANGKOK = timezone(timedelta(hours=7), "Asia/Bangkok")
"""A fixed offset: Bangkok has kept UTC+7 since 1920, and a bare machine may hold no time-zone files."""

DATE_MISSING = N_("Enter the day, month and year")
MONTH_WRONG = N_("Check the month")
YEAR_WRONG = N_("Check the year")
NO_SUCH_DATE = N_("There is no such date")

_THAI, _ENGLISH = Locale.parse("th"), Locale.parse("en")
_LONG_MONTHS: dict[int, str] = dict(_THAI.months["format"]["wide"])
_SHORT_MONTHS: dict[int, str] = dict(_THAI.months["format"]["abbreviated"])
_LONG_DAYS: dict[int, str] = dict(_THAI.days["format"]["wide"])
_SHORT_DAYS: dict[int, str] = dict(_THAI.days["format"]["abbreviated"])
_OLDEST, _NEWEST = 1857, 2156  # 2400 to 2699 of the Buddhist era
_EXCEL_ZERO = date(1899, 12, 30)


def now() -> datetime:
    """The present moment in UTC. Nothing else in Khuen reads the clock."""
    return datetime.now(UTC)


def day(moment: datetime) -> date:
    """The date in Bangkok."""
    return moment.astimezone(BANGKOK).date()


def held_at(as_of: date | None, moment: datetime) -> datetime:
    """The moment a historical practice district lives in: its as-of date at the present time of day in Bangkok."""
    if as_of is None:
        return moment
    return datetime.combine(as_of, moment.astimezone(BANGKOK).timetz()).astimezone(UTC)


def buddhist(on: date) -> int:
    return on.year + 543


def short(on: date) -> str:
    """12 พ.ย. 69, never broken into two lines"""
    return f"{_day_and_month(on)}\N{NO-BREAK SPACE}{buddhist(on) % 100:02d}"


def numeric(on: date) -> str:
    """31/1/2569, as a day is typed and as an import reads it back"""
    return f"{on.day}/{on.month}/{buddhist(on)}"


def long(on: date) -> str:
    """12 พฤศจิกายน 2569 (babel knows the month names but not the Buddhist year)"""
    return f"{on.day} {_LONG_MONTHS[on.month]} {buddhist(on)}"


def month_in_words(on: date) -> str:
    """พฤศจิกายน 2569"""
    return f"{_LONG_MONTHS[on.month]} {buddhist(on)}"


def formal(on: date) -> str:
    """วันอังคารที่ 24 พฤศจิกายน 2569, as an official paper writes it"""
    return f"{_LONG_DAYS[on.weekday()]}ที่ {long(on)}"


def echo(on: date) -> str:
    """พฤ. 12 พ.ย. 2569, shown back beside a typed date"""
    return f"{_SHORT_DAYS[on.weekday()]} {_day_and_month(on)} {buddhist(on)}"


def day_in_words(on: date, today: date) -> str:
    """วันนี้, เมื่อวาน, พรุ่งนี้, 20 พ.ย., or with the year when it is another one"""
    near = {0: "วันนี้", -1: "เมื่อวาน", 1: "พรุ่งนี้"}.get((on - today).days)
    if near:
        return near
    return _day_and_month(on) if on.year == today.year else short(on)


def day_ahead(on: date, today: date) -> str:
    """วันนี้, พรุ่งนี้, วันอาทิตย์ within the next six days, else as `day_of_sentence`."""
    if 1 < (on - today).days < 7:
        return _LONG_DAYS[on.weekday()]
    return day_of_sentence(on, today)


def day_of_sentence(on: date, today: date) -> str:
    """วันนี้, เมื่อวาน, วันที่ 20 พ.ย.: `day_in_words` for behind ถึง, ภายใน or ตั้งแต่, which join on without a space."""
    words = day_in_words(on, today)
    return f"วันที่ {words}" if words[0].isdigit() else words


def time_of_day(moment: datetime) -> str:
    """The time on a clock in Thailand: 13:30."""
    return moment.astimezone(BANGKOK).strftime("%H:%M")


def in_words(moment: datetime, at: datetime) -> str:
    """วันนี้ 09:12, เมื่อวาน 14:02, 20 พ.ย. 14:02; `at` is the present."""
    return f"{day_in_words(day(moment), day(at))} {time_of_day(moment)}"


def parse_date(day: str, month: str, year: str) -> date | str:
    """A date from three typed fields, or the message id of what is wrong.

    Years of both eras and of two digits, Thai digits and month names are accepted; 29 February goes by the common era.
    """
    day, month, year = (arabic(canonical(part)) for part in (day, month, year))
    if not (day and month and year):
        return DATE_MISSING
    number = _month(month)
    if number is None:
        return MONTH_WRONG
    common = _common_year(year)
    if common is None:
        return YEAR_WRONG
    if not re.fullmatch("[0-9]{1,2}", day) or not 1 <= int(day) <= monthrange(common, number)[1]:
        return NO_SUCH_DATE
    return date(common, number, int(day))


def parse_date_text(value: object) -> date | str:
    """A date from a spreadsheet cell or one typed field: dates, Excel serial numbers, ISO, 31/1/2568, 31 ม.ค. 68.

    A cell that holds the Buddhist year as if it were a common one (2568-01-31) is put right.
    """
    if isinstance(value, date):
        return parse_date(str(value.day), str(value.month), str(value.year))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _excel(value)
    text = arabic(canonical(str(value if value is not None else "")))
    text = re.sub(r"^วัน\S*?ที่ ?|พ\.?ศ\.? ?|ค\.?ศ\.? ?", "", text)
    if re.fullmatch(r"[0-9]{5}(\.[0-9]+)?", text):
        return _excel(float(text))
    for order, shape in _SHAPES:
        found = re.fullmatch(shape, text)
        if found:
            parts = dict(zip(order, found.groups(), strict=False))
            return parse_date(parts["d"], parts["m"], parts["y"])
    return DATE_MISSING if not text else NO_SUCH_DATE


def fiscal_year(on: date) -> int:
    """Thai budget year in the Buddhist era: year N runs from 1 October N-1 to 30 September N."""
    return buddhist(on) + (on.month >= 10)


def quarter(on: date) -> int:
    """1 to 4, the first beginning in October."""
    return (on.month - 10) % 12 // 3 + 1


def add_months(on: date, months: int) -> date:
    """The same day some calendar months later, or the last day of that month: 31 Jan + 1 is 28 or 29 Feb."""
    years, month = divmod(on.month - 1 + months, 12)
    year = on.year + years
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))


def age(born_on: date, on: date) -> int:
    """Full years; who was born on 29 February turns on 1 March of a common year."""
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))


def _day_and_month(on: date) -> str:
    return f"{on.day}\N{NO-BREAK SPACE}{_SHORT_MONTHS[on.month]}"


_CLOCK = r"(?:[T ]+[0-9]{1,2}[:.][0-9]{2}.*)?"
_SHAPES = (
    ("ymd", r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})" + _CLOCK),
    ("ymd", r"((?:19|20|2[4-6])[0-9]{2})(0[0-9]|1[0-2])([0-9]{2})"),
    ("dmy", r"([0-9]{2})([0-9]{2})([0-9]{4})"),
    ("dmy", r"([0-9]{1,2})[ /.\-]+([0-9]{1,2})[ /.\-]+([0-9]{4}|[0-9]{2})" + _CLOCK),
    ("dmy", r"([0-9]{1,2})[ /.\-]*([^\W\d][^\d]*?)[ /.\-]*([0-9]{4}|[0-9]{2})" + _CLOCK),
)


def _month(text: str) -> int | None:
    if re.fullmatch("[0-9]{1,2}", text):
        return int(text) if 1 <= int(text) <= 12 else None
    return _MONTH_NUMBERS.get(_month_key(text))


def _month_key(name: str) -> str:
    return re.sub(r"[. ]", "", name).casefold()


_MONTH_NUMBERS = {
    _month_key(name): number
    for locale in (_THAI, _ENGLISH)
    for width in ("wide", "abbreviated")
    for number, name in locale.months["format"][width].items()
}


def _common_year(text: str) -> int | None:
    if not re.fullmatch("[0-9]{2}|[0-9]{4}", text):
        return None
    year = int(text) if len(text) == 4 else 2500 + int(text)
    year = year - 543 if year >= 2400 else year
    return year if _OLDEST <= year <= _NEWEST else None


def _excel(serial: float) -> date | str:
    # Below 3000 the number is a bare year (1990, 2568), not a day of 1907.
    if not 3000 <= serial < 300_000:
        return DATE_MISSING
    return parse_date_text(_EXCEL_ZERO + timedelta(days=int(serial)))
