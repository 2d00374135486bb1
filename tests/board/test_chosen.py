"""One act for many rows: told case by case, in a fixed number of statements, harmless twice, taken back by one press."""

from __future__ import annotations

import re
from typing import Any

import pytest

from khuen import clock
from khuen.buddies.service import NewAssignment, replace
from khuen.enrolment.opening import close_all
from khuen.ids import uuid7
from khuen.members import NewMember, add
from khuen.tenancy import within
from khuen.words import gettext as th
from tests.care import LAHAN, ORIGIN, Site
from tests.followups.flights import counted

CURRENT = "SELECT c.code, a.member_id FROM assignment a JOIN case_file c ON c.id = a.case_id WHERE a.ended_at IS NULL"


async def press(site: Site, act: str, codes: list[str], key: str | None = None, **data: str) -> Any:
    """The act on these rows, sent from the board with everything ticked, and the page that it leads to."""
    form = {"key": key or str(uuid7()), "code": codes, **data}
    came = {"referer": f"{ORIGIN}/chatturat/board?lane=all&tick=all"}
    answer = await site.clients["nok"].post(f"/chatturat/board/{act}", data=form, headers=came)
    if answer.status_code != 303:
        return answer
    return await site.clients["nok"].get(answer.headers["location"])


def told(page: Any) -> dict[str, set[str]]:
    """What became of which cases, as the page says it."""
    assert page.status_code == 200, page.text[:2000]
    lines = re.findall(r'<p class="codes">(.*?)</p>', page.text)
    return {line.partition(":")[0]: set(re.findall(r"/cases/([A-Z]+-\d+)", line)) for line in lines}


async def free(site: Site, number: int) -> None:
    """So many buddies who visit nobody yet."""
    here = site.chatturat.here("nok", clock.now())
    async with within(here):
        await add(here, [NewMember(uuid7(), f"อสม. {n}", ("buddy",), subdistrict_code=LAHAN) for n in range(number)])


async def test_many_buddies_are_asked_once_and_each_case_is_told(site: Site, root: Any) -> None:
    first, second, alone = [await site.case(who) for who in ("somchai", "mali", None)]
    codes, key = [first, second, alone], str(uuid7())
    nobody = th("Nobody visits this person yet. Assign a buddy first.")
    for _ in range(2):
        page = await press(site, "nudges", codes, key)
        assert told(page) == {th("Buddy asked to visit"): {first, second}, nobody: {alone}}
        assert str(page.url).endswith("?lane=all") and " checked" not in page.text
    again = told(await press(site, "nudges", codes))
    assert again == {th("The buddy was asked a short while ago."): {first, second}, nobody: {alone}}
    assert await root.fetchval("SELECT count(*) FROM message WHERE kind = 'nudge'") == 2


async def test_the_suggested_buddies_are_given_once_told_and_taken_back(site: Site, root: Any) -> None:
    one, two, left, held, closed = [await site.case(who) for who in (None, None, None, "somchai", None)]
    await free(site, 1)  # besides mali
    here = site.chatturat.here("nok", clock.now())
    async with within(here):
        await close_all(here, [site.chatturat.cases[closed]], "ย้ายออก")
    codes, key = [one, two, left, held, closed], str(uuid7())
    said = told(await press(site, "matches", codes, key))
    given = said[th("Has a buddy now")]
    assert len(given) == 2 and given < {one, two, left}
    assert said[th("Had a buddy already")] == {held} and said[th("The case is closed")] == {closed}
    assert said[th("No free buddy suits: choose one by hand")] == {one, two, left} - given
    await free(site, 3)  # a second press finds what the first one did, and does no more
    assert told(await press(site, "matches", codes, key))[th("Has a buddy now")] == given
    current = dict(await root.fetch(CURRENT))
    assert set(current) == given | {held} and len(set(current.values())) == 3
    assert (await press(site, "matches", [held], key)).status_code == 409
    token = await root.fetchval("SELECT id FROM undo WHERE kind = 'matching' ORDER BY made_at LIMIT 1")
    assert (await site.clients["nok"].post(f"/chatturat/undo/{token}")).status_code == 303
    assert set(dict(await root.fetch(CURRENT))) == {held}


async def test_where_nothing_could_be_done_nothing_is_offered_to_be_taken_back(site: Site, root: Any) -> None:
    code = await site.case()
    page = await press(site, "matches", [code])
    assert told(page) == {th("Had a buddy already"): {code}} and 'class="undo"' not in page.text
    assert await root.fetchval("SELECT count(*) FROM undo") == 0


async def pair(site: Site, code: str) -> None:
    """Mali visits this person too."""
    here = site.chatturat.here("nok", clock.now())
    new = NewAssignment(uuid7(), site.chatturat.cases[code], site.chatturat.people["mali"][0], "อยู่หมู่เดียวกัน")
    async with within(here):
        await replace(here, new, "ย้ายบ้าน")


@pytest.mark.parametrize("act", ["nudges", "matches", "reassignments"])
async def test_many_take_as_many_statements_as_two(site: Site, act: str) -> None:
    flights, somchai = [], str(site.chatturat.people["somchai"][0])
    for number in (2, 7):
        codes = [await site.case(None) for _ in range(number)]
        if act == "matches":
            await free(site, number)
        else:
            for code in codes:
                await pair(site, code)
        form = {"key": str(uuid7()), "code": codes, "reason": "ย้ายบ้าน", **{f"to-{code}": somchai for code in codes}}
        if act != "reassignments":
            form = {"key": form["key"], "code": codes}
        async with counted() as sent:
            answer = await site.clients["nok"].post(f"/chatturat/board/{act}", data=form)
        assert answer.status_code == 303, answer.text[:2000]
        flights.append(len(sent))
    assert flights[0] == flights[1] <= 20, flights


async def test_nothing_ticked_is_said(site: Site) -> None:
    for act in ("nudges", "matches", "reassignments"):
        assert (await press(site, act, [])).status_code == 422


async def test_everybody_shown_is_ticked_by_a_link(site: Site) -> None:
    for _ in range(3):
        await site.case(None)
    plain = (await site.clients["nok"].get("/chatturat/board?lane=all")).text
    assert 'href="/chatturat/board?lane=all&amp;tick=all" data-tick' in plain and " checked" not in plain
    assert (await site.clients["nok"].get("/chatturat/board?lane=all&tick=all")).text.count(" checked>") == 3


async def test_another_buddy_for_many_and_back(site: Site, root: Any) -> None:
    code, other, key = await site.case("somchai"), await site.case(None), str(uuid7())
    mali = site.chatturat.people["mali"][0]
    asked = await press(site, "reassignments", [code, other])
    assert asked.status_code == 200 and str(mali) in asked.text
    for _ in range(2):
        done = await press(site, "reassignments", [code, other], key, reason="ย้ายบ้าน", **{f"to-{code}": str(mali)})
        assert told(done) == {th("Has a buddy now"): {code}, th("Left as it was"): {other}}
    assert dict(await root.fetch(CURRENT)) == {code: mali}
    token = await root.fetchval("SELECT id FROM undo WHERE kind = 'matching' ORDER BY made_at LIMIT 1")
    assert (await site.clients["nok"].post(f"/chatturat/undo/{token}")).status_code == 303
    assert dict(await root.fetch(CURRENT)) == {code: site.chatturat.people["somchai"][0]}


async def test_two_change_their_buddies_with_each_other(site: Site, root: Any) -> None:
    one, two = await site.case("somchai"), await site.case("mali")
    somchai, mali = (site.chatturat.people[name][0] for name in ("somchai", "mali"))
    to = {f"to-{one}": str(mali), f"to-{two}": str(somchai)}
    assert (await press(site, "reassignments", [one, two], reason="ย้ายบ้าน", **to)).status_code == 200
    assert dict(await root.fetch(CURRENT)) == {one: mali, two: somchai}
    token = await root.fetchval("SELECT id FROM undo WHERE kind = 'matching'")
    assert (await site.clients["nok"].post(f"/chatturat/undo/{token}")).status_code == 303
    assert dict(await root.fetch(CURRENT)) == {one: somchai, two: mali}


async def test_a_change_of_buddies_wants_a_reason_and_somebody(site: Site, root: Any) -> None:
    code = await site.case("somchai")
    mali = str(site.chatturat.people["mali"][0])
    for form in ({"reason": "", f"to-{code}": mali}, {"reason": "ย้ายบ้าน"}):
        data = {"key": str(uuid7()), "code": [code], **form}
        answer = await site.clients["nok"].post("/chatturat/board/reassignments", data=data)
        assert answer.status_code == 422
    assert await root.fetchval("SELECT count(*) FROM assignment") == 1


async def test_somebody_who_was_not_offered_is_no_new_buddy(site: Site, root: Any) -> None:
    code = await site.case("somchai")
    for member in (site.chatturat.people["nok"][0], site.phon.people["malee"][0], uuid7()):
        data = {"key": str(uuid7()), "code": [code], "reason": "ย้ายบ้าน", f"to-{code}": str(member)}
        assert (await site.clients["nok"].post("/chatturat/board/reassignments", data=data)).status_code == 404
    assert await root.fetchval("SELECT count(*) FROM assignment") == 1
