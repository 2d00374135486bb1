"""Saved views: a filter under a name of one's own, seen by nobody else; every change can be taken back."""

from __future__ import annotations

import re
from typing import Any

from khuen.board import views
from khuen.ids import uuid7
from tests.board.test_board import board, due
from tests.care import LAHAN, Site

NAMES = re.compile(r'<li><a href="(/chatturat/board\?[^"]+)"(?: aria-current="page")?>([^<]+)</a></li>')
FILTER = {"lane": "overdue", "place": f"{LAHAN}-3"}
ADDRESS = f"/chatturat/board?lane=overdue&place={LAHAN}-3"


async def act(site: Site, path: str, who: str = "nok", key: str | None = None, **data: str) -> Any:
    form = {"key": key or str(uuid7()), **data}
    return await site.clients[who].post(f"/chatturat/board/views{path}", data=form)


async def saved(site: Site, name: str = "หมู่สาม", who: str = "nok", **query: str) -> str:
    key = str(uuid7())
    answer = await act(site, "", who, key, name=name, **(query or FILTER))
    assert answer.status_code == 303, answer.text[:2000]
    return key


async def listed(site: Site, who: str = "nok") -> dict[str, str]:
    """name -> address, as the board lists them."""
    text = (await board(site, "?lane=all", who)).text
    nav = re.search(r'<div class="views">(.*?)</div>', text, re.DOTALL)
    return {name: href.replace("&amp;", "&") for href, name in NAMES.findall(nav[1] if nav else "")}


async def take_back(site: Site, root: Any) -> None:
    token = await root.fetchval("SELECT id FROM undo ORDER BY made_at DESC, id DESC LIMIT 1")
    assert (await site.clients["nok"].post(f"/chatturat/undo/{token}")).status_code == 303


async def test_a_filter_is_saved_under_a_name_once_and_seen_by_nobody_else(site: Site, root: Any) -> None:
    await site.case()
    assert "/chatturat/board/views" in (await board(site, f"?place={LAHAN}-3&lane=overdue")).text
    key = str(uuid7())
    for _ in range(2):
        answer = await act(site, "", "nok", key, name="บ้าน <b>", **FILTER)
        assert (answer.status_code, answer.headers["location"]) == (303, ADDRESS)
    assert await listed(site) == {"บ้าน &lt;b&gt;": ADDRESS}
    assert await listed(site, "wipa") == {} and await root.fetchval("SELECT count(*) FROM saved_view") == 1
    assert (await act(site, "", "nok", key, name="อีกชื่อ", **FILTER)).status_code == 409
    assert (await act(site, "", "nok", key, name="บ้าน <b>", lane="all")).status_code == 409
    rows = await root.fetch("SELECT query, name_sealed FROM saved_view v JOIN view_change c ON c.view_id = v.id")
    assert [row["query"] for row in rows] == [ADDRESS.partition("?")[2]] and "บ้าน".encode() not in rows[0][1]
    assert await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'view:changed'") == 1
    text = (await board(site, f"?lane=overdue&place={LAHAN}-3")).text
    assert 'aria-current="page">บ้าน' in text and 'action="/chatturat/board/views"' not in text


async def test_a_name_that_is_none_is_asked_for_again_and_twelve_are_enough(site: Site) -> None:
    answer = await act(site, "", name="x", **FILTER)
    assert answer.status_code == 422 and 'href="#name"' in answer.text and f'value="{LAHAN}-3"' in answer.text
    for number in range(views.MOST):
        await saved(site, f"มุมมอง {number}", place=f"{LAHAN}-{number + 1}")
    answer = await act(site, "", name="อีกหนึ่ง", lane="all")
    assert answer.status_code == 422 and "อีกหนึ่ง" in answer.text


async def test_it_is_named_anew_removed_and_both_are_taken_back(site: Site, root: Any) -> None:
    await site.case()
    key = await saved(site)
    for path, data, then in (("name", {"name": "หมู่สี่"}, {"หมู่สี่": ADDRESS}), ("removal", {}, {})):
        own = str(uuid7())
        for _ in range(2):
            assert (await act(site, f"/{key}/{path}", "nok", own, **data)).status_code == 303
        assert await listed(site) == then
        await take_back(site, root)
        assert await listed(site) == {"หมู่สาม": ADDRESS}
    assert (await act(site, f"/{key}/name", name=" ")).status_code == 422
    assert (await act(site, f"/{key}/name", "wipa", name="ของฉัน")).status_code == 404
    await act(site, f"/{key}/removal")
    assert (await act(site, f"/{key}/name", name="ที่ไม่มีแล้ว")).status_code == 404


async def test_saving_is_taken_back_too(site: Site, root: Any) -> None:
    await site.case()
    await saved(site)
    await take_back(site, root)
    assert await listed(site) == {}


async def test_the_board_begins_with_the_view_that_was_chosen_last(site: Site, root: Any) -> None:
    await site.case()
    first, second = await saved(site), await saved(site, "ทุกคน", lane="all")
    client = site.clients["nok"]
    for key in (first, second):
        await act(site, f"/{key}/start", kind="started")
    answer = await client.get("/chatturat/board")
    assert (answer.status_code, answer.headers["location"]) == (303, "/chatturat/board?lane=all")
    assert (await client.get("/chatturat/board?lane=work")).status_code == 200
    assert (await client.get("/chatturat/board", headers={"hx-request": "true"})).status_code == 200
    assert (await site.clients["wipa"].get("/chatturat/board")).status_code == 200
    await take_back(site, root)
    assert (await client.get("/chatturat/board")).headers["location"] == ADDRESS
    await act(site, f"/{first}/start", kind="stopped")
    assert (await client.get("/chatturat/board")).status_code == 200


async def test_pairs_that_wait_are_counted_beside_the_board_for_whoever_looks_after_them(site: Site, root: Any) -> None:
    code = await site.case(None, given_name="เหมือน", phone=None)
    await site.case(None, given_name="เหมือน", phone=None)
    await due(root, site, code, site.chatturat.here("nok").today)
    queue = '/chatturat/people/duplicates">'
    assert queue in (await board(site)).text and queue in (await site.clients["nok"].get("/chatturat/enrolments")).text
    assert queue not in (await board(site, who="wipa")).text
    found = re.search(
        r'/duplicates/([0-9a-f-]{36})"', (await site.clients["nok"].get("/chatturat/people/duplicates")).text
    )
    assert found
    data = {"key": str(uuid7()), "kind": "later"}
    await site.clients["nok"].post(f"/chatturat/people/duplicates/{found[1]}/decision", data=data)
    assert queue not in (await board(site)).text
