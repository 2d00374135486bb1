"""Which tambon somebody means: a code, or a name with what is known of the district and the province. Pure."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from khuen import places, thai
from khuen.enrolment.problems import Wrong
from khuen.enrolment.rules import Around
from khuen.enrolment.texts import NOTE, UNKNOWN, text


def tambon(typed: str, around: Around, district: str = "", province: str = "") -> str | None:
    """Six-digit code: from a code, or from a name with what is known of the district and the province."""
    found = thai.arabic(text(typed, NOTE))
    if not found or found in UNKNOWN:
        return None
    if re.fullmatch(r"[0-9]{6}", found):
        if known := places.place(found):
            return known.code
        raise Wrong("tambon")
    return _by_name(found, text(district, NOTE), text(province, NOTE), around.near)


@cache
def _tambons() -> dict[str, list[places.Place]]:
    named: dict[str, list[places.Place]] = {}
    for district in places.districts():
        for place in places.tambons(district.code):
            named.setdefault(thai.search_prefix(place.tambon), []).append(place)
    return named


_LABEL = re.compile(r"^(ตำบล|แขวง|ต\.|อำเภอ|เขต|อ\.|จังหวัด|จ\.) ?")


@lru_cache(1000)
def _by_name(tambon: str, district: str, province: str, near: str) -> str:
    # "ต.ละหาน อ.จัตุรัส จ.ชัยภูมิ" may stand in one cell.
    parts = re.split(r" (?=(?:อำเภอ|เขต|อ\.|จังหวัด|จ\.))", tambon)
    for part in parts[1:]:
        if part.startswith(("จ", "จังหวัด")):
            province = province or part
        else:
            district = district or part
    wanted = [thai.search_prefix(_LABEL.sub("", part)) for part in (parts[0], district, province)]
    found = _tambons().get(wanted[0], [])
    if wanted[1]:
        found = [place for place in found if thai.search_prefix(place.district) == wanted[1]]
    if wanted[2]:
        found = [place for place in found if thai.search_prefix(place.province) == wanted[2]]
    for close in (near, near[:2]):
        nearer = [place for place in found if close and place.code.startswith(close)]
        if len(nearer) == 1:
            return nearer[0].code
    if len(found) == 1:
        return found[0].code
    raise Wrong("tambon_many" if found else "tambon")
