"""Dropping out: by the rule, by two people, never told outside."""

from __future__ import annotations

from typing import Any

import pytest

from khuen.ids import uuid7
from tests.endings.conftest import Desk, ago, days

TRIED = "โทรสามครั้ง ไปบ้านสองครั้ง (ตัวอย่าง)"


def form(desk: Desk, **more: Any) -> dict[str, Any]:
    return {"key": str(uuid7()), **days("on", ago(desk, 20)), "reason": "no_show", "tried": TRIED, **more}


async def proposed(desk: Desk, name: str = "nok") -> str:
    await desk.tell(started_on=ago(desk, 60), missed=3)
    sent = form(desk)
    for _ in range(2):
        assert (await desk.send("drop-outs", name, **sent)).status_code == 303
    return str(sent["key"])


async def test_two_people_close_a_file_as_a_drop_out(desk: Desk) -> None:
    key = await proposed(desk)
    assert TRIED not in str(await desk.root.fetchrow("SELECT * FROM drop_out"))
    assert (await desk.send(f"drop-outs/{key}/decision", decision="confirmed")).status_code == 403
    page = await desk.page("drop-outs", "wipa")
    assert TRIED in page.text and "ยืนยัน และปิดรายนี้" in page.text
    for _ in range(2):
        answer = await desk.send(f"drop-outs/{key}/decision", "wipa", decision="confirmed", answer="เห็นด้วย")
        assert answer.status_code == 303
    assert await desk.one("SELECT stage FROM case_file") == "closed"
    assert tuple(await desk.root.fetchrow("SELECT kind, exit_code FROM case_ending")) == ("drop_out", "06")
    assert await desk.one("SELECT count(*) FROM message") == 0  # nobody is told by the system
    assert (await desk.send(f"drop-outs/{key}/decision", "wipa", decision="rejected")).status_code == 409
    assert (await desk.send("reopening", why="กลับมาแล้ว")).status_code == 303
    assert await desk.one("SELECT decision FROM drop_out") == "reopened"
    assert await desk.one("SELECT stage FROM case_file") == "in_treatment"


async def test_who_proposes_never_decides_whatever_their_roles(desk: Desk) -> None:
    key = await proposed(desk, "wipa")
    for decision in ("confirmed", "rejected"):
        answer = await desk.send(f"drop-outs/{key}/decision", "wipa", decision=decision)
        assert answer.status_code == 409 and "ต้องให้คนอื่นตัดสิน" in answer.text
    with pytest.raises(Exception, match="two_people"):
        await desk.root.execute(
            "UPDATE drop_out SET decision = 'confirmed', decided_at = proposed_at, decided_by = proposed_by"
        )


async def test_not_before_the_rule_of_the_pack(desk: Desk) -> None:
    await desk.tell(started_on=ago(desk, 60), missed=2)
    answer = await desk.send("drop-outs", **form(desk))
    assert answer.status_code == 409 and "ยังเร็วเกินไป" in answer.text
    assert "ขณะนี้ขาด 2 ครั้ง" in (await desk.page("drop-outs")).text


async def test_a_rejected_one_goes_on_and_another_may_follow(desk: Desk) -> None:
    key = await proposed(desk)
    assert (await desk.send("drop-outs", **form(desk))).status_code == 409  # one waits already
    for _ in range(2):
        assert (await desk.send(f"drop-outs/{key}/decision", "wipa", decision="rejected")).status_code == 303
    assert await desk.one("SELECT stage FROM case_file") == "in_treatment"
    assert (await desk.send("drop-outs", **form(desk))).status_code == 303
    for _ in range(2):
        assert (await desk.undo("drop_out")).status_code == 303
    await desk.send("drop-outs", **form(desk))
    await desk.root.execute("UPDATE drop_out SET expires_on = '2026-01-01' WHERE decision IS NULL")
    last = await desk.one("SELECT id FROM drop_out WHERE decision IS NULL")
    assert (await desk.send(f"drop-outs/{last}/decision", "wipa", decision="confirmed")).status_code == 409
    assert (await desk.send("drop-outs", **form(desk))).status_code == 303
    assert await desk.one("SELECT count(*) FROM drop_out WHERE decision = 'expired'") == 1


async def test_under_section_114_a_colleague_who_coordinates_does_not_see_it_first(desk: Desk) -> None:
    await desk.root.execute("UPDATE case_file SET legal_basis = 's114'")
    await proposed(desk, "wipa")
    assert TRIED not in (await desk.page("drop-outs", "nok")).text
    assert TRIED in (await desk.page("drop-outs", "wipa")).text


async def test_a_bad_form_changes_nothing_and_keeps_what_was_typed(desk: Desk) -> None:
    await desk.tell(missed=3)
    for wrong in ({"reason": "x"}, {"tried": "ก"}, {"on_day": ""}, {"key": "x"}):
        answer = await desk.send("drop-outs", **form(desk, **wrong))
        assert answer.status_code == 422 and (TRIED in answer.text or "tried" in wrong)
    sent = form(desk)
    await desk.send("drop-outs", **sent)
    assert (await desk.send("drop-outs", **sent | {"tried": "อย่างอื่น"})).status_code == 409
    assert (await desk.send(f"drop-outs/{uuid7()}/decision", "wipa", decision="confirmed")).status_code == 404
    assert (await desk.send(f"drop-outs/{sent['key']}/decision", "wipa", decision="x")).status_code == 422
    await desk.close()
    assert (await desk.send("drop-outs", **form(desk))).status_code == 409
    assert (await desk.undo("drop_out")).status_code in (303, 404)
