"""Tambon, district and province by code or by what somebody types. Codes are text; names repeat and never join rows.

The data is GeoThai's (CC BY 4.0): pages that show it show `CREDIT`.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import geothai
from geothai.abolished import abolished_areas

from khuen.thai import canonical, refuse, squash

CREDIT = "GeoThai (CC BY 4.0)"
_BANGKOK = "10"
_WORD = re.compile(r"\s*(ตำบล|แขวง|ต\.|อำเภอ|เขต|อ\.|จังหวัด|จ\.)?\s*([^\s]+)")
_LEVELS = {"ตำบล": 0, "แขวง": 0, "ต.": 0, "อำเภอ": 1, "เขต": 1, "อ.": 1, "จังหวัด": 2, "จ.": 2}


@dataclass(frozen=True, slots=True)
class Place:
    """A tambon (in Bangkok a khwaeng) with what it lies in. `code` has 6 digits, its first 4 and 2 are the others'."""

    code: str
    tambon: str
    district: str
    province: str
    postcode: str

    @property
    def district_code(self) -> str:
        return self.code[:4]

    @property
    def province_code(self) -> str:
        return self.code[:2]

    @property
    def label(self) -> str:
        """ต.ละหาน อ.จัตุรัส จ.ชัยภูมิ 36130"""
        if self.province_code == _BANGKOK:
            return f"แขวง{self.tambon} เขต{self.district} {self.province} {self.postcode}"
        return f"ต.{self.tambon} อ.{self.district} จ.{self.province} {self.postcode}"


@dataclass(frozen=True, slots=True)
class District:
    """A district; `code` has 4 digits."""

    code: str
    name: str
    province: str


Where: TypeAlias = tuple[str | None, str | None]
"""(village number, name of the tambon), as the pages' `place` takes them; None for what is not known."""


def where(code: str | None, moo: str | None) -> Where:
    """The village number with the name of the tambon."""
    return moo, tambon_of(code)


def tambon_of(code: str | None) -> str | None:
    """The name alone, "ละหาน". None for no code and for one that is unknown."""
    found = place(code) if code else None
    return found.tambon if found else None


def label_of(code: str | None) -> str | None:
    """The whole of it, "ต.ละหาน อ.จัตุรัส จ.ชัยภูมิ 36130". None for no code and for one that is unknown."""
    found = place(code) if code else None
    return found.label if found else None


def choices(query: str, chosen: str, near: str) -> dict[str, Any]:
    """What `_places.html` shows: at most thirty tambons that fit what was typed, or those of the district `near`.

    The one that is chosen stays among them.
    """
    safe = refuse(query, 100) is None
    found = find_tambon(canonical(query), near=near) if query and safe else tambons(near)
    kept = place(chosen) if chosen else None
    if kept is not None and kept not in found:
        found = [kept, *found]
    return {"choices": found[:30], "chosen": chosen, "q": query, "credit": CREDIT}


def find_tambon(text: str, limit: int = 8, province: str | None = None, near: str = "") -> list[Place]:
    """Tambons that fit "ละหาน", "ต.ละหาน อ.จัตุรัส" or "กุดนำใส 36130": same name first, then its beginning, then inside.

    `province` (2 digits) keeps to one province; places whose code begins with `near` come first among equals.
    """
    wanted = _asked(text)
    if wanted is None:
        return []
    found: list[tuple[int, bool, str]] = []
    for code, names in _index().items():
        if province and not code.startswith(province):
            continue
        rank = _fit(wanted, names)
        if rank is not None:
            found.append((rank, not code.startswith(near), code))
    return [_places()[code] for _, _, code in sorted(found)[:limit]]


def place(code: str) -> Place | None:
    """The tambon of a 6-digit code; of an abolished code its successor, when there is only one. None if unknown."""
    current = successors(code)
    return current[0] if len(current) == 1 else None


def successors(code: str) -> list[Place]:
    """The present tambons of a code, abolished ones followed to what replaced them. Empty if unknown."""
    if code in _places():
        return [_places()[code]]
    return [later for successor in _abolished().get(code, ()) for later in successors(successor)]


def tambons(district_code: str) -> list[Place]:
    """Every tambon of a district, by code. Empty if unknown."""
    return list(_by_district().get(district_code, ()))


def districts(province_code: str | None = None) -> list[District]:
    """Every district of a province, or of the country, by code."""
    names = {province.code: province.name_th for province in geothai.provinces()}
    codes = [province_code] if province_code else sorted(names)
    return [
        District(district.code, _plain(district.name_th), names[code])
        for code in codes
        for district in geothai.districts(code)
    ]


def _plain(district: str) -> str:
    return district.removeprefix("เขต")  # the data writes "เขตบางรัก" but "จัตุรัส"


@cache
def _places() -> dict[str, Place]:
    names = {province.code: province.name_th for province in geothai.provinces()}
    return {
        tambon.code: Place(
            tambon.code, tambon.name_th, _plain(district.name_th), names[province], tambon.postal_codes[0]
        )
        for province in sorted(names)
        for district in geothai.districts(province)
        for tambon in geothai.subdistricts(district.code)
    }


@cache
def _by_district() -> dict[str, list[Place]]:
    grouped: dict[str, list[Place]] = defaultdict(list)
    for found in _places().values():
        grouped[found.district_code].append(found)
    return grouped


@cache
def _index() -> dict[str, tuple[str, str, str, str]]:
    """Names as they are compared: without tone marks and spaces."""
    squashed = cache(squash)
    return {
        code: (squashed(found.tambon), squashed(found.district), squashed(found.province), found.postcode)
        for code, found in _places().items()
    }


@cache
def _abolished() -> dict[str, tuple[str, ...]]:
    return {area.code: area.successors for area in abolished_areas() if area.level == "subdistrict"}


@dataclass(slots=True)
class _Asked:
    named: dict[int, str]  # level -> name, where 0 is the tambon, 1 the district, 2 the province
    loose: list[str]  # further words, of the district or the province
    postcode: str = ""


def _asked(text: str) -> _Asked | None:
    asked = _Asked({}, [])
    for label, word in _WORD.findall(text.replace("\u200b", "").replace("\u00a0", " ")):
        name = squash(word)
        if re.fullmatch("[0-9]{5}", name):
            asked.postcode = name
        elif label:
            asked.named[_LEVELS[label]] = name
        elif 0 not in asked.named and name:
            asked.named[0] = name
        elif name:
            asked.loose.append(name)
    return asked if any(asked.named.values()) or asked.postcode else None


def _fit(asked: _Asked, names: tuple[str, str, str, str]) -> int | None:
    """0 the same tambon name, 1 its beginning, 2 inside it; None when something does not fit."""
    if asked.postcode and asked.postcode != names[3]:
        return None
    if any(name not in names[level] for level, name in asked.named.items()):
        return None
    if any(word not in names[1] and word not in names[2] for word in asked.loose):
        return None
    tambon = asked.named.get(0, "")
    return 0 if names[0] == tambon else 1 if names[0].startswith(tambon) else 2
