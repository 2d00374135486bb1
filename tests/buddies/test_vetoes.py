"""No relative is a buddy, a wish counts, a volunteer may decline: each with who, when and why, and harmless twice."""

from __future__ import annotations

from typing import Any

import pytest

from khuen.ids import uuid7
from tests.care import Site


def out(site: Site, name: str = "mali", **more: str) -> dict[str, str]:
    member = str(site.chatturat.people[name][0])
    return {"key": str(uuid7()), "ruled": member, "why": "relative", "note": "ลูกพี่ลูกน้อง", **more}


async def test_a_relative_is_ruled_out_and_allowed_again(site: Site, root: Any) -> None:
    code = await site.case(None)
    base, data = f"/chatturat/cases/{code}", out(site)
    for _ in range(2):
        assert (await site.clients["nok"].post(f"{base}/unsuited", data=data)).status_code == 303
    page = (await site.clients["nok"].get(f"{base}/assignment")).text
    assert "เป็นญาติกัน" in page and "ลูกพี่ลูกน้อง" in page
    assert f'value="{data["ruled"]}" class' not in page and page.count(f'value="{data["ruled"]}"') == 1
    refused = await site.clients["nok"].post(
        f"{base}/assignment", data={"key": str(uuid7()), "member_id": data["ruled"]}
    )
    assert refused.status_code == 422 and "ถูกกันไว้" in refused.text
    again = await site.clients["nok"].post(f"{base}/unsuited", data=data | {"key": str(uuid7())})
    assert again.status_code == 409 and "กันบัดดี้คนนี้ไว้แล้ว" in again.text
    lifting = f"{base}/unsuited/{data['key']}/lifting"
    for _ in range(2):
        assert (await site.clients["nok"].post(lifting)).status_code == 303
    done = await site.clients["nok"].post(f"{base}/assignment", data={"key": str(uuid7()), "member_id": data["ruled"]})
    assert done.status_code == 303
    tags = [row["tag"] for row in await root.fetch("SELECT tag FROM audit WHERE tag LIKE 'buddy:%' ORDER BY seq")]
    assert tags == ["buddy:ruled_out", "buddy:allowed_again"]


@pytest.mark.parametrize("wrong", [{"ruled": ""}, {"ruled": "x"}, {"why": ""}, {"why": "liked"}, {"note": "ก" * 201}])
async def test_a_bad_form_is_named_and_keeps_what_was_typed(site: Site, root: Any, wrong: dict[str, str]) -> None:
    code = await site.case(None)
    answer = await site.clients["nok"].post(f"/chatturat/cases/{code}/unsuited", data=out(site) | wrong)
    assert answer.status_code == 422 and f'href="#{next(iter(wrong))}' in answer.text
    assert await root.fetchval("SELECT count(*) FROM unsuited") == 0


async def test_the_wish_of_the_person_comes_first(site: Site, root: Any) -> None:
    code, key = await site.case(None), str(uuid7())
    await root.execute("UPDATE member SET gender = 'male' WHERE called_name = 'Mali'")
    path = f"/chatturat/cases/{code}"
    for _ in range(2):
        answer = await site.clients["nok"].post(f"{path}/buddy-wish", data={"key": key, "gender": "male"})
        assert answer.status_code == 303
    page = (await site.clients["nok"].get(f"{path}/assignment")).text
    assert "ตรงตามที่ผู้เข้าร่วมขอ" in page and page.index("Mali") < page.index("Somchai")
    assert (await site.clients["nok"].post(f"{path}/buddy-wish", data={"key": key, "gender": "any"})).status_code == 409
    await site.clients["nok"].post(f"{path}/buddy-wish", data={"key": str(uuid7()), "gender": "any"})
    assert "ตรงตามที่ผู้เข้าร่วมขอ" not in (await site.clients["nok"].get(f"{path}/assignment")).text


async def test_a_volunteer_declines_and_is_not_asked_again(site: Site, root: Any) -> None:
    code, key = await site.case("somchai"), str(uuid7())
    path = f"/chatturat/b/decline?p={code}"
    assert "ขอไม่ดูแล" in (await site.clients["somchai"].get(path)).text
    for _ in range(2):
        answer = await site.clients["somchai"].post(path, data={"key": key, "why": "declined", "note": "ย้ายบ้าน"})
        assert answer.status_code == 303
    row = await root.fetchrow("SELECT end_reason, ended_at FROM assignment")
    assert row["end_reason"] == "declined" and row["ended_at"] is not None
    assert (await site.clients["somchai"].get(path)).status_code == 404
    assert "Somchai" not in (await site.clients["nok"].get("/chatturat/matching")).text
    for why in ("asked", "other", "x", ""):
        answer = await site.clients["somchai"].post(path, data={"key": str(uuid7()), "why": why})
        assert answer.status_code in (404, 422)


async def test_nobody_declines_for_another(site: Site, root: Any) -> None:
    code = await site.case("somchai")
    for name, slug in (("mali", "chatturat"), ("malee", "phon")):
        answer = await site.clients[name].post(
            f"/{slug}/b/decline?p={code}", data={"key": str(uuid7()), "why": "declined"}
        )
        assert answer.status_code == 404
    assert await root.fetchval("SELECT count(*) FROM unsuited") == 0
    await site.clients["nok"].post(f"/chatturat/cases/{code}/unsuited", data=out(site, ruled=str(uuid7())))
    assert await root.fetchval("SELECT count(*) FROM unsuited") == 0
