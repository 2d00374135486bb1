"""Pairs that may be one person: found at entry and in the night, decided once, never shown again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from khuen.errors import KeyReused, NotFound
from khuen.ids import uuid7
from khuen.people import pairs
from khuen.people import service as people
from khuen.people.rules import Apart, SameBy, asked, pair, strength
from khuen.settings import Settings
from khuen.tenancy import within
from tests import care
from tests.care import NOW, District, stand
from tests.people.records import merge, register
from workers import people as nightly

ALONE = {"phone": None, "national_id": None}


@pytest.fixture
async def made(pools: Settings) -> District:
    return await stand(pools, nok="coordinator")


async def queue(made: District, shown: pairs.Shown = "open") -> list[tuple[str, SameBy]]:
    async with within(made.here("nok")):
        found, total = await pairs.queue(made.here("nok"), shown, 50, 0)
    assert total == len(found)
    return [(f"{one.first_name} / {one.second_name}", one.reason) for one in found]


async def only(made: District) -> UUID:
    async with within(made.here("nok")):
        [one], _ = await pairs.queue(made.here("nok"), "open", 50, 0)
    return one.id


async def test_names_that_sound_alike_count_with_the_same_year_only(made: District) -> None:
    await register(made, given_name="ณัฐพล", family_name="ใจดี", born_year=1990, **ALONE)
    here = made.here("nok")
    alike = care.person(given_name="นัทพล", family_name="ไจดี", born_year=1990, **ALONE)
    other_year = care.person(given_name="นัทพล", family_name="ไจดี", born_year=1991, **ALONE)
    async with within(here):
        found = await people.likely_same(here, [alike, other_year], sounds=True)
        by_letters = await people.likely_same(here, [alike])
    assert [match.by for match in found[alike.id]] == [SameBy.SOUND] and found[other_year.id] == []
    assert by_letters[alike.id] == []


async def test_whoever_is_registered_although_they_look_alike_waits_in_the_queue(made: District) -> None:
    for values in (
        {"given_name": "ทดลอง", "family_name": "ใจดี"},
        {"given_name": "ทดลอง", "family_name": "ใจดี"},
        {"given_name": "ณัฐพล", "family_name": "สาธิต", "born_year": 1980},
        {"given_name": "นัทพล", "family_name": "สาทิต", "born_year": 1980},
        {"given_name": "จำลอง", "family_name": "ตัวอย่าง"},
    ):
        await register(made, **{**ALONE, **values})
    assert [reason for _, reason in await queue(made)] == [SameBy.NAME, SameBy.SOUND]


async def test_the_night_finds_what_an_import_brought_and_rows_without_a_sound(made: District, root: Any) -> None:
    many = [care.person(given_name=f"ทดลอง{n}", family_name="ก", **ALONE) for n in range(21)]
    twins = [care.person(given_name=name, family_name="ใจดี", born_year=1980, **ALONE) for name in ("ศิริ", "สิริ")]
    here = made.here("nok")
    async with within(here):
        await people.register(here, [*many, *twins])
    await root.execute("UPDATE person SET sound_name = '', sound_family = '', search_called = '', sound_version = 0")
    assert await queue(made) == []
    for _ in range(2):
        assert await nightly.find_duplicates(NOW) == 0
        assert [reason for _, reason in await queue(made)] == [SameBy.SOUND]
    async with within(here):
        assert len(await people.search(here, asked("ไม่มีใคร"))) == 0
        assert [one.alike for one in await people.search(here, asked("สิริ"))] == [False, True]


async def test_a_name_that_a_whole_village_has_says_nothing(made: District) -> None:
    here = made.here("nok")
    async with within(here):
        await people.register(here, [care.person(**ALONE) for _ in range(30)])
        await people.register(here, [care.person(**ALONE)])
        assert await pairs.find(here) == 0
    assert await queue(made) == []


async def test_two_people_are_never_asked_about_again_until_that_is_taken_back(made: District, root: Any) -> None:
    here, key = made.here("nok"), uuid7()
    for _ in range(2):
        await register(made, given_name="ทดลอง", **ALONE)
    pair_id = await only(made)
    for _ in range(2):
        async with within(here):
            await pairs.decide(here, pair_id, key, Apart.RELATIVES, "พ่อกับลูก")
    assert await queue(made) == [] and len(await queue(made, "apart")) == 1
    assert await nightly.find_duplicates(NOW) == 0 and await queue(made) == []
    row = await root.fetchrow("SELECT by_id, at, reason, note FROM pair_decision")
    assert tuple(row) == (here.member_id, here.now, "relatives", "พ่อกับลูก")
    with pytest.raises(KeyReused):
        async with within(here):
            await pairs.decide(here, pair_id, key, Apart.MET_BOTH)
    for _ in range(2):
        async with within(here):
            await pairs.reopen(here, pair_id)
    assert len(await queue(made)) == 1
    tags = await root.fetch("SELECT tag FROM audit WHERE tag LIKE 'pair:%' ORDER BY seq")
    assert [row["tag"] for row in tags] == ["pair:decided", "pair:reopened"]


async def test_later_is_thirty_days(made: District) -> None:
    here = made.here("nok")
    for _ in range(2):
        await register(made, given_name="ทดลอง", **ALONE)
    async with within(here):
        await pairs.decide(here, await _first(here), uuid7(), None)
    assert await queue(made) == []
    later = made.here("nok", NOW + pairs.LATER)
    async with within(later):
        assert (await pairs.queue(later, "open", 9, 0))[1] == 1


async def _first(here: Any) -> UUID:
    return (await pairs.queue(here, "open", 9, 0))[0][0].id


async def test_two_people_stay_two_when_one_of_them_is_merged_with_a_third(made: District) -> None:
    one, other = [await register(made, given_name="ทดลอง", **ALONE) for _ in range(2)]
    here = made.here("nok")
    async with within(here):
        await pairs.decide(here, await _first(here), uuid7(), Apart.IDS_DIFFER)
    third = await register(made, given_name="ทดลอง", **ALONE)
    await merge(made, third, one)
    async with within(here):
        await pairs.find(here)
    assert await queue(made) == [], (other, third)


async def test_threat_08_a_pair_of_another_district_is_not_there(made: District, pools: Settings) -> None:
    other = await stand(pools, nok="coordinator")
    for _ in range(2):
        await register(made, given_name="ทดลอง", **ALONE)
    pair_id, here = await only(made), other.here("nok")
    assert await queue(other) == []
    for act in (
        lambda: pairs.one(here, pair_id),
        lambda: pairs.decide(here, pair_id, uuid7(), Apart.OTHER),
        lambda: pairs.reopen(here, pair_id),
    ):
        with pytest.raises(NotFound):
            async with within(here):
                await act()


def test_a_pair_has_one_order() -> None:
    one, other = sorted((uuid7(), uuid7()))
    assert pair(one, other) == pair(other, one) == (one, other)


def test_the_strongest_sign_stands_first() -> None:
    def strong(by: SameBy, born: bool | None = None, phone: bool = False, given: bool = True) -> int:
        return strength(by, born_alike=born, same_phone=phone, same_given=given)

    in_order = [
        strong(SameBy.NATIONAL_ID),
        strong(SameBy.NAME, True, True),
        strong(SameBy.NAME, None, True),
        strong(SameBy.NAME, True),
        strong(SameBy.SOUND, True),
        strong(SameBy.NAME, False),
        strong(SameBy.PHONE, given=False),
    ]
    assert in_order == sorted(in_order, reverse=True) and in_order[-1] == 0


async def test_a_night_looks_through_a_district_of_five_thousand_that_nobody_analysed(
    made: District, root: Any
) -> None:
    """Within the time that one statement has, whatever PostgreSQL believes of tables that have just been filled."""
    twins = [care.person(given_name="ศิริ", family_name="ใจดี", **ALONE) for _ in range(2)]
    here = made.here("nok")
    async with within(here):
        await people.register(here, twins)
    await root.execute(
        "INSERT INTO person SELECT (jsonb_populate_record(p, jsonb_build_object('id', gen_random_uuid(),"
        " 'search_name', 'คน' || n, 'sound_name', 'คน' || n))).* FROM person p, generate_series(1, 5000) n WHERE p.id = $1",
        twins[0].id,
    )
    assert await nightly.find_duplicates(NOW) == 0
    assert [reason for _, reason in await queue(made)] == [SameBy.NAME]
