"""Places: the counts are ranges, because the data is renewed and areas are split and joined."""

import pytest

from khuen import places


def labels(text: str, **more: str) -> list[str]:
    return [found.label for found in places.find_tambon(text, **more)]  # type: ignore[arg-type]


LAHAN = "ต.ละหาน อ.จัตุรัส จ.ชัยภูมิ 36130"
KUT_NAM_SAI = "ต.กุดน้ำใส อ.จัตุรัส จ.ชัยภูมิ 36130"


def test_the_two_project_places_of_chatturat() -> None:
    """B06: Lahan is 360607. B07: Kut Nam Sai is 360605, one of four of that name."""
    lahan, kut_nam_sai = places.place("360607"), places.place("360605")
    assert lahan and (lahan.label, lahan.district_code, lahan.province_code) == (LAHAN, "3606", "36")
    assert kut_nam_sai and kut_nam_sai.label == KUT_NAM_SAI
    assert len(labels("กุดน้ำใส")) == 4


@pytest.mark.parametrize(
    "typed",
    [
        "ต.ละหาน อ.จัตุรัส",
        "ตำบลละหาน อำเภอจัตุรัส จังหวัดชัยภูมิ",
        "ละหาน จัตุรัส ชัยภูมิ",
        "ละหาน อ.จัต",
        "ละหาน 36130",
        "ละหาน ๓๖๑๓๐",
        "\u200bละหาน\u00a0จ.ชัยภูมิ",
    ],
)
def test_what_people_type(typed: str) -> None:
    assert labels(typed) == [LAHAN]


@pytest.mark.parametrize("typed", ["กุดน้ำใส จัตุรัส", "กุดนำใส จัตุรัส", "กุดน\u0e49\u0e4d\u0e32ใส จัตุรัส"])
def test_tones_and_spelling_do_not_matter(typed: str) -> None:
    assert labels(typed) == [KUT_NAM_SAI]


def test_the_same_name_comes_first_then_its_beginning_then_inside() -> None:
    names = [found.tambon for found in places.find_tambon("ละหาน", limit=20)]
    assert names[0] == "ละหาน" and names[1].startswith("ละหาน")
    inside = [found.tambon.startswith("นาใส") for found in places.find_tambon("นาใส", limit=50)]
    assert inside == sorted(inside, reverse=True)


def test_the_own_district_comes_first_and_a_province_can_be_held_to() -> None:
    assert labels("กุดน้ำใส", near="3606")[0] == KUT_NAM_SAI
    assert labels("กุดน้ำใส", province="36") == [KUT_NAM_SAI]


def test_a_district_or_postcode_alone_lists_its_tambons() -> None:
    assert LAHAN in labels("อ.จัตุรัส") and LAHAN in labels("36130")


def test_bangkok_has_khwaeng_and_khet() -> None:
    assert labels("แขวงบางรัก เขตบางรัก") == ["แขวงบางรัก เขตบางรัก กรุงเทพมหานคร 10500"]


@pytest.mark.parametrize("typed", ["", "  ", "...", "ไม่มีที่นี้", "00000", "\u0e4d"])
def test_nothing_fits(typed: str) -> None:
    assert labels(typed) == []


def test_a_name_that_begins_like_a_title_is_found() -> None:
    assert places.find_tambon("นางแก้ว")[0].tambon == "นางแก้ว"


def test_abolished_codes_lead_to_what_replaced_them() -> None:
    assert [later.tambon for later in places.successors("104701")] == ["บางนาเหนือ", "บางนาใต้"]
    assert places.place("104701") is None  # two successors: nobody can say which
    moved = places.place("360612")
    assert moved and moved.code != "360612" and moved.province == "ชัยภูมิ"
    assert places.place("999999") is None and places.successors("") == []


def test_the_whole_country_is_there() -> None:
    assert 900 <= len(places.districts()) <= 960
    chaiyaphum = places.districts("36")
    assert places.District("3606", "จัตุรัส", "ชัยภูมิ") in chaiyaphum
    assert 7_000 <= sum(len(places.tambons(district.code)) for district in places.districts()) <= 7_600
    assert all(found.code.startswith("3606") for found in places.tambons("3606"))
    assert places.tambons("9999") == []


def test_the_data_is_credited() -> None:
    assert "GeoThai" in places.CREDIT and "CC BY 4.0" in places.CREDIT
