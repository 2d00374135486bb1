"""Who suits whom."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from khuen.buddies.rules import Candidate, Home, Reason, reasons, suggest, worth

tambons = st.sampled_from(["360607", "360604", None])
moos = st.sampled_from(["1", "2", None])
genders = st.sampled_from(["female", "male", None])
homes = st.lists(
    st.builds(Home, st.uuids(version=4), tambons, moos, genders), max_size=5, unique_by=lambda home: home.case_id
)
buddies = st.lists(
    st.builds(Candidate, st.uuids(version=4), st.just("ทดลอง"), tambons, moos, genders, st.integers(0, 2)),
    max_size=5,
    unique_by=lambda buddy: buddy.member_id,
)


def test_the_neighbour_who_is_free_comes_first() -> None:
    home = Home(UUID(int=1), "360607", "3", "male")
    near = Candidate(UUID(int=2), "ใกล้", "360607", "3", "female", 0)
    tambon = Candidate(UUID(int=3), "ตำบล", "360607", "4", "male", 0)
    far = Candidate(UUID(int=4), "ไกล", "360604", "3", "male", 0)
    taken = Candidate(UUID(int=5), "ไม่ว่าง", "360607", "3", "male", 1)
    found = suggest([home], [far, taken, tambon, near])[home.case_id]
    assert [one.member_id.int for one in found] == [2, 3, 5, 4]
    assert found[0].proposed and not any(one.proposed for one in found[1:])
    assert found[0].reasons == (Reason.SAME_VILLAGE, Reason.FREE)
    assert reasons(home, tambon) == (Reason.SAME_TAMBON, Reason.FREE, Reason.SAME_GENDER)


def test_two_people_share_out_two_buddies_so_that_both_are_near() -> None:
    first, second = Home(UUID(int=1), "360607", "3", None), Home(UUID(int=2), "360607", "4", None)
    both = Candidate(UUID(int=3), "ก", "360607", "3", None, 0)
    other = Candidate(UUID(int=4), "ข", "360607", "3", None, 0)
    found = suggest([first, second], [both, other])
    assert {found[home.case_id][0].member_id.int for home in (first, second)} == {3, 4}


@given(homes, buddies)
def test_no_buddy_is_proposed_twice_and_none_who_visits_somebody(homes: list[Home], buddies: list[Candidate]) -> None:
    found = suggest(homes, buddies)
    proposed = [one.member_id for listed in found.values() for one in listed if one.proposed]
    free = [buddy for buddy in buddies if buddy.current_cases == 0]
    assert len(proposed) == len(set(proposed)) == min(len(homes), len(free))
    assert set(proposed) <= {buddy.member_id for buddy in free}
    assert set(found) == {home.case_id for home in homes}


@given(homes, buddies)
def test_no_other_matching_suits_better(homes: list[Home], buddies: list[Candidate]) -> None:
    free = [buddy for buddy in buddies if buddy.current_cases == 0]
    by_id = {buddy.member_id: buddy for buddy in free}
    found = suggest(homes, buddies)
    total = sum(worth(home, by_id[one.member_id]) for home in homes for one in found[home.case_id] if one.proposed)
    few, many = (homes, free) if len(homes) <= len(free) else (free, homes)
    best = max(
        sum(worth(*(pair if few is homes else pair[::-1])) for pair in zip(few, order, strict=True))  # type: ignore[arg-type]
        for order in permutations(many, len(few))
    )
    assert abs(total - best) < 1e-9


def test_a_relative_is_never_listed_and_a_wish_outweighs_the_way() -> None:
    near = Candidate(UUID(int=2), "ใกล้", "360607", "3", "male", 0)
    wished = Candidate(UUID(int=3), "ตามที่ขอ", "360607", "4", "female", 0)
    home = Home(UUID(int=1), "360607", "3", "male", "female")
    found = suggest([home], [near, wished])[home.case_id]
    assert [one.member_id.int for one in found] == [3, 2]
    assert found[0].reasons == (Reason.SAME_TAMBON, Reason.FREE, Reason.WISHED)
    kin = Home(UUID(int=1), "360607", "3", "male", unsuited=frozenset({near.member_id, wished.member_id}))
    assert suggest([kin], [near, wished])[kin.case_id] == []


@given(homes, buddies, st.data())
def test_nobody_ruled_out_is_listed_and_the_rest_is_matched_as_before(
    homes: list[Home], buddies: list[Candidate], data: st.DataObject
) -> None:
    ids = [buddy.member_id for buddy in buddies]
    limited = [
        replace(home, unsuited=frozenset(data.draw(st.lists(st.sampled_from(ids))) if ids else ())) for home in homes
    ]
    found = suggest(limited, buddies)
    for home in limited:
        assert not home.unsuited & {one.member_id for one in found[home.case_id]}
    proposed = [one.member_id for listed in found.values() for one in listed if one.proposed]
    assert len(proposed) == len(set(proposed))
