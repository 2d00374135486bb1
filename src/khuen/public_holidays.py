"""Public holidays of Thailand, as a district is offered them; what it adopts is its own list.

Days of the moon are written down as the Thai calendar reckons them. The cabinet may move a day or add one, so the page
asks to compare each year with its list. Sources: docs/domain.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache

LABOUR, SONGKRAN, RAINS = "วันแรงงานแห่งชาติ", "วันสงกรานต์", "วันเข้าพรรษา"
_FIXED = {
    (1, 1): "วันขึ้นปีใหม่",
    (4, 6): "วันจักรี",
    (4, 13): SONGKRAN,
    (4, 14): SONGKRAN,
    (4, 15): SONGKRAN,
    (5, 1): LABOUR,
    (5, 4): "วันฉัตรมงคล",
    (6, 3): "วันเฉลิมพระชนมพรรษาพระราชินี",
    (7, 28): "วันเฉลิมพระชนมพรรษาพระเจ้าอยู่หัว",
    (8, 12): "วันแม่แห่งชาติ",
    (10, 13): "วันนวมินทรมหาราช",
    (10, 23): "วันปิยมหาราช",
    (12, 5): "วันพ่อแห่งชาติและวันชาติ",
    (12, 10): "วันรัฐธรรมนูญ",
    (12, 31): "วันสิ้นปี",
}
#: common-era year -> Makha Bucha, Visakha Bucha, Asalha Bucha as (month, day); the rains retreat begins a day later
_MOON = {
    2026: ((3, 3), (5, 31), (7, 29)),
    2027: ((2, 21), (5, 20), (7, 18)),
    2028: ((2, 10), (5, 8), (7, 6)),
    2029: ((2, 27), (5, 27), (7, 25)),
    2030: ((2, 17), (5, 16), (7, 14)),
    2031: ((3, 7), (6, 4), (8, 2)),
    2032: ((2, 25), (5, 23), (7, 22)),
    2033: ((2, 14), (5, 13), (7, 11)),
    2034: ((3, 4), (6, 1), (7, 30)),
    2035: ((2, 22), (5, 21), (7, 20)),
}
_OF_MOON = ("วันมาฆบูชา", "วันวิสาขบูชา", "วันอาสาฬหบูชา")


@lru_cache(maxsize=16)
def of_year(year: int) -> dict[date, str]:
    """The days of a common-era year in order, with their names; days in lieu are among them.

    Before 2026 and after 2035 the days of the moon are missing.
    """
    before, own = _named(year - 1), _named(year)
    in_lieu = _in_lieu(before | own | _named(year + 1))
    return dict(sorted((own | {on: name for on, name in in_lieu.items() if on.year == year}).items()))


def name_of(on: date, own: Mapping[str, str]) -> str:
    """What the district calls the day, else what the country does; "" for a day without a name."""
    return own.get(on.isoformat()) or of_year(on.year).get(on, "")


def _named(year: int) -> dict[date, str]:
    days = {date(year, month, day): name for (month, day), name in _FIXED.items()}
    moon = [date(year, *at) for at in _MOON.get(year, ())]
    days |= dict(zip(moon, _OF_MOON, strict=False))
    return days | ({moon[2] + timedelta(days=1): RAINS} if moon else {})


def _in_lieu(days: Mapping[date, str]) -> dict[date, str]:
    """A holiday at a weekend is made up for on the next working day: Songkran, and the two days of the rains, once."""
    found: dict[date, str] = {}
    done: set[tuple[int, str]] = set()
    for on, name in sorted(days.items()):
        once = (on.year, "" if name in (RAINS, _OF_MOON[2]) else name)
        if on.weekday() < 5 or name == LABOUR or once in done:
            continue
        done.add(once)
        instead = on
        while instead.weekday() >= 5 or instead in days or instead in found:
            instead += timedelta(days=1)
        found[instead] = f"ชดเชย{name}"
    return found
