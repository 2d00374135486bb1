"""Corrections: one field at a time, with its reason; nothing is overwritten unseen, and each can be taken back."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from khuen import clock
from khuen.errors import Conflict, KeyReused, NotFound
from khuen.ids import uuid7
from khuen.people import corrections
from khuen.people.corrections import PARTS, Changed
from khuen.people.rules import Field, Reason
from khuen.records import rules
from khuen.tenancy import within
from tests.care import Site
from tests.people.records import register

ID, OTHER_ID = "1101700230708", "1101700230716"
TODAY = date(2026, 11, 24)
FORMS = {
    Field.NAME: {"prefix": "น.ส.", "given_name": "สมมุติ", "family_name": "ตัวอย่าง"},
    Field.CALLED_NAME: {"called_name": "หมู"},
    Field.BIRTH: {"birth_day": "๑", "birth_month": "ก.พ.", "birth_year": "2540"},
    Field.SEX: {"sex": "female"},
    Field.ADDRESS: {"house": "9/9", "moo": "๗", "subdistrict_code": "360604"},
    Field.PHONE: {"phone": "081-999-9999"},
    Field.NATIONAL_ID: {"national_id": "1-1017-00230-70-8"},
}


@pytest.mark.parametrize(("typed", "year"), [("67", 2024), ("2567", 2024), ("1967", 1967), ("๒๕๖๗", 2024)])
def test_a_year_typed_as_67_2567_or_1967_is_read_right(typed: str, year: int) -> None:
    alone, wrong = rules.read(Field.BIRTH, {"birth_year": typed}, TODAY)
    assert (alone, wrong) == ({"born_on": "", "born_year": str(year)}, {})
    whole, _ = rules.read(Field.BIRTH, {"birth_day": "31", "birth_month": "1", "birth_year": typed}, TODAY)
    assert whole == {"born_on": f"{year}-01-31", "born_year": str(year)}


@pytest.mark.parametrize(
    ("one", "typed", "where"),
    [
        (Field.NAME, {"given_name": " "}, "given_name"),
        (Field.CALLED_NAME, {}, "called_name"),
        (Field.BIRTH, {"birth_day": "29", "birth_month": "2", "birth_year": "2568"}, "birth"),
        (Field.BIRTH, {"birth_year": "2570"}, "birth"),
        (Field.BIRTH, {"birth_year": "1900"}, "birth"),
        (Field.BIRTH, {"birth_day": "1", "birth_year": "2540"}, "birth"),
        (Field.BIRTH, {"birth_month": "2", "birth_year": "2540"}, "birth"),
        (Field.SEX, {"sex": "x"}, "sex"),
        (Field.ADDRESS, {"moo": "สาม"}, "moo"),
        (Field.PHONE, {"phone": "12"}, "phone"),
        (Field.NATIONAL_ID, {"national_id": ""}, "national_id"),
        (Field.NATIONAL_ID, {"national_id": "1101700230709"}, "national_id"),
        (Field.NAME, {"given_name": "a\x00"}, "given_name"),
        (Field.NAME, {"given_name": "ก" * 61}, "given_name"),
    ],
)
def test_what_cannot_be_kept_is_said_at_its_field(one: Field, typed: dict[str, str], where: str) -> None:
    values, wrong = rules.read(one, typed, TODAY)
    assert values == {} and list(wrong) == [where]


@pytest.mark.parametrize("one", Field)
def test_what_is_typed_well_is_kept(one: Field) -> None:
    values, wrong = rules.read(one, FORMS[one], TODAY)
    assert wrong == {} and values
    assert {Field.PHONE: "+66819999999", Field.NATIONAL_ID: ID, Field.ADDRESS: "7"}.get(one) in (None, *values.values())


def test_nothing_is_an_answer_where_there_may_be_none() -> None:
    assert rules.read(Field.PHONE, {}, TODAY) == ({"phone": ""}, {})
    assert rules.read(Field.BIRTH, {}, TODAY) == ({"born_on": "", "born_year": ""}, {})
    assert rules.read(Field.NATIONAL_ID, {"none": "yes"}, TODAY) == ({"national_id": ""}, {})


@pytest.mark.parametrize("one", Field)
async def test_each_field_is_corrected_and_put_back_on_its_page(site: Site, one: Field, root: Any) -> None:
    code = await site.case(national_id=OTHER_ID)
    nok, address = site.clients["nok"], f"/chatturat/people/{code}/corrections"
    before = await root.fetchrow("SELECT * FROM person")
    page = (await nok.get(f"{address}?field={one}")).text
    assert OTHER_ID not in page and ID not in page
    form = {"key": str(uuid7()), "field": one, "mark": _mark(page), "reason": "papers", "note": "ตามบัตร", **FORMS[one]}
    for _ in range(2):
        answer = await nok.post(address, data=form)
        assert answer.status_code == 303, answer.text
    assert await root.fetchval("SELECT count(*) FROM person_correction") == 1
    page = (await nok.get(address)).text
    assert "ไม่ตรงกับเอกสาร" in page and "ตามบัตร" in page and ID not in page
    assert await root.fetchrow("SELECT * FROM person") != before
    [back] = re.findall(rf"{address}/[0-9a-f-]+/undo", page)
    for _ in range(2):
        assert (await nok.post(back)).status_code == 303
    after = await root.fetchrow("SELECT * FROM person")
    plain = [name for name, _ in before.items() if not name.endswith("_sealed")]
    assert [after[name] for name in plain] == [before[name] for name in plain]
    assert await root.fetchval("SELECT count(*) FROM person_correction") == 2
    assert await root.fetchval("SELECT count(*) FROM person_name") == 0
    assert await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'person:corrected'") == 2
    kept = str([tuple(row) for row in await root.fetch("SELECT * FROM person_correction")])
    assert not any(text in kept for text in ("สมมุติ", "หมู", "9/9", "0819999999", ID, "ตามบัตร"))


async def test_two_coordinators_on_one_field_see_both_values_and_lose_nothing(site: Site) -> None:
    code = await site.case()
    nok, address = site.clients["nok"], f"/chatturat/people/{code}/corrections"
    mark = _mark((await nok.get(f"{address}?field=called_name")).text)
    sent = {"field": "called_name", "mark": mark, "reason": "said"}
    assert (await nok.post(address, data={**sent, "key": str(uuid7()), "called_name": "เอก"})).status_code == 303
    second = await nok.post(address, data={**sent, "key": str(uuid7()), "called_name": "โท", "note": "เขาบอก"})
    assert (
        second.status_code == 409 and "เอก" in second.text and 'value="โท"' in second.text and "เขาบอก" in second.text
    )
    again = {**sent, "mark": _mark(second.text), "key": str(uuid7()), "called_name": "โท"}
    assert (await nok.post(address, data=again)).status_code == 303


async def test_a_correction_without_a_reason_keeps_what_was_typed(site: Site) -> None:
    code = await site.case()
    nok, address = site.clients["nok"], f"/chatturat/people/{code}/corrections"
    mark = _mark((await nok.get(f"{address}?field=address")).text)
    form = {"key": str(uuid7()), "field": "address", "mark": mark, "moo": "9", "tambon": "กุดน้ำใส"}
    answer = await nok.post(address, data=form)
    assert answer.status_code == 422 and 'value="9"' in answer.text
    assert "มีหลายตำบลชื่อนี้" in answer.text and "เลือกเหตุผลที่แก้" in answer.text
    chosen = {**form, "subdistrict_code": "360605", "reason": "changed"}
    assert (await nok.post(address, data=chosen)).status_code == 303
    one = {**form, "key": str(uuid7()), "tambon": "ละหาน จัตุรัส", "reason": "changed"}
    one["mark"] = _mark((await nok.get(f"{address}?field=address")).text)
    assert (await nok.post(address, data=one)).status_code == 303


async def test_a_national_id_of_somebody_else_is_refused(site: Site) -> None:
    await register(site.chatturat, national_id=ID)
    who, here = await register(site.chatturat), site.chatturat.here("nok")
    with pytest.raises(Conflict):
        async with within(here):
            values = {"national_id": ID}
            await corrections.correct(here, who, Field.NATIONAL_ID, values, was=None, reason=Reason.TYPING, key=uuid7())


async def test_a_correction_that_was_corrected_again_is_not_taken_back(site: Site) -> None:
    who, here, first = await register(site.chatturat), site.chatturat.here("nok", clock.now()), uuid7()
    for key, name in ((first, "เอก"), (uuid7(), "โท")):
        async with within(here):
            values = {"called_name": name}
            await corrections.correct(here, who, Field.CALLED_NAME, values, was=None, reason=Reason.SAID, key=key)
    with pytest.raises(Changed) as refused:
        async with within(here):
            await corrections.take_back(here, who, first, key=uuid7())
    assert refused.value.present == {"called_name": "โท"}


async def test_a_key_stands_for_one_field_of_one_person(site: Site) -> None:
    who, other, here, key = *[await register(site.chatturat) for _ in range(2)], site.chatturat.here("nok"), uuid7()
    values = {"called_name": "เอก"}
    async with within(here):
        await corrections.correct(here, who, Field.CALLED_NAME, values, was=None, reason=Reason.SAID, key=key)
    for person_id, error in ((other, KeyReused), (uuid7(), NotFound)):
        with pytest.raises(error):
            async with within(here):
                await corrections.correct(
                    here, person_id, Field.CALLED_NAME, values, was=None, reason=Reason.SAID, key=key
                )


async def test_threat_08_a_code_of_another_district_is_not_there(site: Site) -> None:
    code = await site.case()
    for name, status in (("kanya", 404), ("somchai", 403), ("wipa", 403)):
        assert (await site.clients[name].get(f"/chatturat/people/{code}/corrections")).status_code == status
    assert (await site.clients["kanya"].get(f"/phon/people/{code}/corrections")).status_code == 404


def test_every_part_has_a_place_in_its_form() -> None:
    assert set(PARTS) == set(rules.FORM) == set(FORMS) == set(Field)


def _mark(page: str) -> str:
    found = re.search(r'name="mark" value="([0-9a-f]+)"', page)
    assert found
    return found[1]
