"""What is done on the board about one case: acknowledge, take back. Each is harmless twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from khuen import clock, undo
from khuen.buddies.service import NewAssignment, assign, history
from khuen.ids import uuid7
from khuen.tenancy import within
from tests.care import ORIGIN, Site


async def urgent(site: Site, buddy: str = "somchai", how: str = "urgent") -> str:
    code = await site.case(buddy)
    await check_in(site, code, how, buddy)
    return code


async def check_in(site: Site, code: str, how: str, buddy: str = "somchai") -> str:
    key = str(uuid7())
    answer = await site.clients[buddy].post(f"/chatturat/cases/{code}/check-ins", data={"key": key, "how": how})
    assert answer.status_code == 303
    return key


async def rank(site: Site, root: Any, code: str) -> int:
    found: int = await root.fetchval(
        "SELECT attention_rank FROM visit_due WHERE case_id = $1", site.chatturat.cases[code]
    )
    return found


async def acknowledge(site: Site, code: str, who: str = "nok", **data: str) -> Any:
    return await site.clients[who].post(
        f"/chatturat/cases/{code}/acknowledgements",
        data={"key": str(uuid7()), **data},
        headers={"referer": f"{ORIGIN}/chatturat/board?lane=urgent"},
    )


async def test_acknowledging_calms_the_board_and_leads_back_to_its_filters(site: Site, root: Any) -> None:
    code = await urgent(site)
    answer = await acknowledge(site, code, note="โทรหาแล้ว")
    assert (answer.status_code, answer.headers["location"]) == (303, "/chatturat/board?lane=urgent")
    assert await rank(site, root, code) == 0
    assert "โทรหาแล้ว" in (await site.clients["nok"].get(f"/chatturat/cases/{code}")).text


async def test_a_second_press_changes_nothing(site: Site, root: Any) -> None:
    code, key = await urgent(site), str(uuid7())
    assert [(await acknowledge(site, code, key=key)).status_code for _ in range(2)] == [303, 303]
    assert await root.fetchval("SELECT count(*) FROM acknowledgement") == 1


async def test_what_was_not_seen_is_not_acknowledged(site: Site, root: Any) -> None:
    code = await site.case()
    first = await check_in(site, code, "urgent")
    await check_in(site, code, "urgent")
    answer = await acknowledge(site, code, seen=first)
    assert answer.status_code == 409 and "คำตอบใหม่" in answer.text
    assert await rank(site, root, code) == 2


async def test_a_buddy_and_a_doctor_do_not_acknowledge(site: Site, root: Any) -> None:
    code = await urgent(site)
    for who in ("somchai", "wipa"):
        assert (await acknowledge(site, code, who)).status_code == 403
    assert await rank(site, root, code) == 2


async def offered(site: Site, kind: str, subject: UUID, who: str = "nok", age: timedelta = timedelta()) -> str:
    here = site.chatturat.here(who, clock.now() - age)
    async with within(here):
        return await undo.offer(here, kind, subject)


async def take_back(site: Site, token: str, who: str = "nok") -> Any:
    return await site.clients[who].post(f"/chatturat/undo/{token}")


async def test_an_acknowledgement_is_taken_back_once(site: Site, root: Any) -> None:
    code = await urgent(site)
    await acknowledge(site, code)
    token = str(await root.fetchval("SELECT id FROM undo WHERE kind = 'acknowledgement'"))
    assert [(await take_back(site, token)).status_code for _ in range(2)] == [303, 303]
    assert await rank(site, root, code) == 2
    assert await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'undo:used'") == 1


async def test_a_buddy_takes_a_check_in_back_and_lands_on_today(site: Site, root: Any) -> None:
    code = await site.case()
    key = await check_in(site, code, "urgent")
    answer = await take_back(site, key, "somchai")
    assert (answer.status_code, answer.headers["location"]) == (303, "/chatturat/b/")
    assert await rank(site, root, code) == 0


async def test_a_strangers_token_is_not_there_and_a_late_one_says_so(site: Site, root: Any) -> None:
    code = await site.case(None)
    here = site.chatturat.here("nok", clock.now())
    async with within(here):
        new = NewAssignment(uuid7(), site.chatturat.cases[code], site.chatturat.people["somchai"][0])
        await assign(here, [new])
    mine = await offered(site, "assignment", new.id)
    late = await offered(site, "assignment", new.id, age=timedelta(seconds=61))
    assert (await take_back(site, mine, "somchai")).status_code == 404
    assert (await take_back(site, "not-a-token")).status_code == 404
    answer = await take_back(site, late)
    assert answer.status_code == 410 and "เลยเวลา" in answer.text
    async with within(here):
        assert [held.ended_at for held in await history(here, new.case_id)] == [None]
