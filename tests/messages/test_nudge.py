"""The nudge button over HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from khuen import clock
from khuen.database import Pools
from khuen.ids import uuid7
from khuen.signin import sessions
from tests.messages.conftest import Desk
from tests.post import rows, visits

YESTERDAY = clock.day(clock.now()) - timedelta(days=1)


async def test_a_press_goes_back_to_the_case_and_a_second_one_changes_nothing(desk: Desk) -> None:
    [(code, _)] = await visits(desk.post, YESTERDAY)
    key = str(uuid7())
    for _ in range(2):
        answer = await desk.nok.post(f"/chatturat/cases/{code}/nudges", key=key)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/chatturat/cases/{code}")
    assert len(await rows(desk.post)) == 1
    soon = await desk.nok.post(f"/chatturat/cases/{code}/nudges", key=str(uuid7()))
    assert soon.status_code == 429 and "เพิ่งขอให้บัดดี้" in soon.text
    assert len(await rows(desk.post)) == 1


async def test_in_practice_it_shows_the_text_that_would_have_gone(desk: Desk) -> None:
    [(code, _)] = await visits(desk.post, YESTERDAY)
    await Pools.sign_in().execute("UPDATE auth.tenant SET practice = true WHERE id = $1", desk.post.district.id)
    sessions.forget_all()
    key = str(uuid7())
    answer = await desk.nok.post(f"/chatturat/cases/{code}/nudges", key=key)
    assert answer.headers["location"] == f"/chatturat/messages/{key}"
    page = await desk.nok.get(answer.headers["location"])
    assert "ผู้ประสานงานขอให้ช่วยแวะเยี่ยมเมื่อสะดวก" in page.text and "/chatturat/b/" in page.text


async def test_bad_input_and_strangers(desk: Desk) -> None:
    [(code, _)] = await visits(desk.post, YESTERDAY)
    good = str(uuid7())
    for key in ("", "not-an-id", "\x00"):
        assert (await desk.nok.post(f"/chatturat/cases/{code}/nudges", key=key)).status_code == 422
    assert (await desk.nok.post("/chatturat/cases/CPM-99999999/nudges", key=good)).status_code == 404
    assert (await desk.nok.post("/chatturat/cases/..%2F/nudges", key=good)).status_code == 404
    assert (await desk.kanya.post(f"/phon/cases/{code}/nudges", key=good)).status_code == 404
    assert (await desk.kanya.post(f"/chatturat/cases/{code}/nudges", key=good)).status_code == 404
    assert (await desk.somchai.post(f"/chatturat/cases/{code}/nudges", key=good)).status_code == 403
    stranger = replace(desk.nok, client=desk.kanya.client)
    assert (await stranger.post(f"/chatturat/cases/{code}/nudges", key=good)).status_code in (403, 404)
    assert await rows(desk.post) == []
