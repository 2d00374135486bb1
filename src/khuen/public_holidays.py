"""Public holidays of Thailand, as a district is offered them. What it adopts is its own list (DistrictSettings.holidays).

The moon's days of coming years are reckoned; the cabinet may move a day or add one, so a district looks at each year.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import holidays


@lru_cache(maxsize=16)
def of_year(year: int) -> dict[date, str]:
    """The days of a common-era year in order, with their Thai names; days in lieu are among them."""
    known = holidays.country_holidays("TH", years=year, language="th")
    return {on: name for on, name in sorted(known.items()) if on.year == year}


def name_of(on: date, own: Mapping[str, str]) -> str:
    """What the district calls the day, else what the country does; "" for a day without a name."""
    return own.get(on.isoformat()) or of_year(on.year).get(on, "")
