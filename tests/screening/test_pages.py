"""The pages of a clinician: fill in, be told what is missing, decide, correct, withdraw. No JavaScript anywhere."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest

from khuen import clock
from khuen.cases.rules import Decision
from khuen.ids import uuid7
from khuen.screening.instruments import CURRENT
from khuen.screening.rules import CORE, Tool
from tests.care import Site
from tests.screening.filling import filled, posted
from tests.screening.test_record import consent, record, wipa

TODAY = clock.day(clock.now())


async def post(site: Site, path: str, data: dict[str, str]) -> Any:
    return await site.clients["wipa"].post(f"/chatturat/cases/{path}", data=data)


async def page(site: Site, path: str, who: str = "wipa") -> str:
    answer = await site.clients[who].get(f"/chatturat/cases/{path}")
    assert answer.status_code == 200, answer.text[:300]
    return answer.text


@pytest.mark.parametrize("tool", list(Tool))
async def test_each_form_is_filled_in_scored_and_shown(site: Site, tool: Tool) -> None:
    code = await site.case()
    empty = await page(site, f"{code}/screening/{tool}")
    for item in CURRENT[tool].items:
        assert empty.count(f'name="{item.id}"') == len(item.options)
    assert (await post(site, f"{code}/screening/{tool}", posted(tool, 2, TODAY))).status_code == 303
    shown = await page(site, f"{code}/screening")
    assert "<b>2 คะแนน</b>" in shown and "โดย Wipa" in shown
    [form_id] = set(re.findall(r"/screenings/([0-9a-f-]{36})", shown))
    printed = await page(site, f"{code}/screenings/{form_id}")
    assert CURRENT[tool].title in printed and CURRENT[tool].version in printed and "<b>2 คะแนน</b>" in printed


async def test_what_lacks_an_answer_is_named_and_what_was_typed_is_kept(site: Site, root: Any) -> None:
    code = await site.case()
    typed = posted(Tool.V2, 12, TODAY, note="คุยที่บ้าน") | {"q3": "", "q6": "no such answer"}
    answer = await post(site, f"{code}/screening/v2", typed)
    assert answer.status_code == 422
    assert "ข้อ 3 ยังไม่ได้ตอบ" in answer.text and "ข้อ 6 ยังไม่ได้ตอบ" in answer.text
    assert "ข้อ 1 ยังไม่ได้ตอบ" not in answer.text and 'href="#q3"' in answer.text and "คุยที่บ้าน" in answer.text
    assert f'name="q1" value="{typed["q1"]}" checked' in answer.text
    assert await root.fetchval("SELECT count(*) FROM screening") == 0
    nothing = await post(site, f"{code}/screening/assist", {})
    assert nothing.status_code == 422 and nothing.text.count("<li>") > 10


@pytest.mark.parametrize(
    ("day", "error"),
    [
        (TODAY + timedelta(days=1), "วันนี้ยังมาไม่ถึง"),
        (date(TODAY.year - 60, 1, 1), "ตรวจปีอีกครั้ง"),  # 2509 typed for 2569
    ],
)
async def test_a_day_that_cannot_be_is_refused(site: Site, day: date, error: str) -> None:
    code = await site.case()
    answer = await post(site, f"{code}/screening/oas", posted(Tool.OAS, 1, day))
    assert answer.status_code == 422 and error in answer.text


async def test_a_day_is_read_in_either_era_and_a_late_form_keeps_its_day(site: Site, root: Any) -> None:
    code, on = await site.case(), TODAY - timedelta(days=40)
    for year in (on.year, on.year + 543, (on.year + 543) % 100):
        typed = posted(Tool.OAS, 1, on) | {"taken_on_year": str(year)}
        assert (await post(site, f"{code}/screening/oas", typed)).status_code == 303
    assert {row["taken_on"] for row in await root.fetch("SELECT taken_on FROM screening")} == {on}


async def test_the_next_instrument_is_suggested_after_each(site: Site) -> None:
    code = await site.case()
    for tool, points, then in (
        (Tool.TWO_Q, 1, "ทำแบบ 9Q"),
        (Tool.NINE_Q, 7, "ทำแบบ 8Q"),
        (Tool.EIGHT_Q, 3, "ทำแบบ V2"),
        (Tool.V2, 5, "ทำแบบ OAS"),
        (Tool.OAS, 0, "ทำแบบ SMI-V"),
        (Tool.SMI_V, 0, "ท่านเป็นผู้ตัดสิน"),
    ):
        assert (await post(site, f"{code}/screening/{tool}", posted(tool, points, TODAY))).status_code == 303
        assert then in await page(site, f"{code}/screening")


@pytest.mark.parametrize(
    ("v2", "colour", "step"), [(10, "green", "CBTx"), (27, "green", "ส่งต่อโรงพยาบาล"), (10, "orange", "ส่งต่อโรงพยาบาล")]
)
async def test_high_bands_lead_to_hospital_and_not_to_cbtx(site: Site, v2: int, colour: str, step: str) -> None:
    code = await site.case()
    await record(site, code, *(filled(tool, v2 if tool is Tool.V2 else 0, TODAY) for tool in CORE))
    form = {"key": str(uuid7()), "colour": colour, "reason": "ตามที่เห็น"}
    assert (await post(site, f"{code}/colour", form)).status_code == 303
    shown = await page(site, f"{code}/screening")
    assert step in re.search(r'class="next-step">.*?</section>', shown, re.S)[0]  # type: ignore[index]


async def test_a_decision_that_differs_asks_for_a_reason_and_keeps_the_choice(site: Site) -> None:
    code = await site.case()
    await record(site, code, filled(Tool.OAS, 2, TODAY))
    form = {"key": str(uuid7()), "colour": "green", "reason": ""}
    answer = await post(site, f"{code}/colour", form)
    assert answer.status_code == 422 and "ต่างจากข้อเสนอ โปรดเขียนเหตุผล" in answer.text
    assert re.search(r'value="green" checked', answer.text)
    assert (await post(site, f"{code}/colour", form | {"colour": "blue"})).status_code == 422
    assert (await post(site, f"{code}/colour", form | {"reason": "สงบแล้ว"})).status_code == 303
    shown = await page(site, f"{code}/screening")
    assert "สงบแล้ว" in shown and "ข้อเสนอขณะนั้น" in shown and 'class="tag green"' in shown
    assert 'class="shape"' in shown and 'class="bars"' in shown  # never colour alone


async def test_a_danger_shows_the_emergency_numbers_at_once(site: Site) -> None:
    code = await site.case()
    answer = await post(site, f"{code}/screening/8q", posted(Tool.EIGHT_Q, 17, TODAY))
    site.clients["wipa"].cookies.update(answer.cookies)
    shown = (await site.clients["wipa"].get(answer.headers["location"])).text
    notice = re.search(r'class="notice danger".*?</ul>', shown, re.S)
    assert notice and 'href="tel:1669"' in notice[0] and 'href="tel:1323"' in notice[0]
    assert "แจ้งด่วนถึง Nok" in shown


async def test_a_correction_begins_with_what_was_filled_in_and_wants_a_reason(site: Site) -> None:
    code = await site.case()
    first = filled(Tool.OAS, 3, TODAY - timedelta(days=2), note="เดิม")
    await record(site, code, first)
    empty = await page(site, f"{code}/screening/oas?corrects={first.id}")
    assert "เดิม" in empty and f'value="{(TODAY - timedelta(days=2)).day}"' in empty
    assert f'name="self" value="{first.answers["self"]}" checked' in empty
    typed = posted(Tool.OAS, 1, TODAY, replaces=str(first.id))
    assert (await post(site, f"{code}/screening/oas", typed)).status_code == 422
    assert (await post(site, f"{code}/screening/oas", typed | {"reason": "ผิดข้อ"})).status_code == 303
    twice = await post(site, f"{code}/screening/oas", posted(Tool.OAS, 1, TODAY, replaces=str(first.id), reason="ผิดข้อ"))
    assert twice.status_code == 409 and "โปรดดูแบบล่าสุดก่อน" in twice.text
    old = await page(site, f"{code}/screenings/{first.id}")
    assert "แบบนี้ไม่นับอีก" in old and "ถอนแบบที่ทำผิด" not in old
    assert (
        await site.clients["wipa"].get(f"/chatturat/cases/{code}/screening/v2?corrects={first.id}")
    ).status_code == 404


async def test_a_form_is_withdrawn_with_a_reason(site: Site) -> None:
    code, form = await site.case(), filled(Tool.OAS, 3, TODAY)
    await record(site, code, form)
    path = f"{code}/screenings/{form.id}/withdrawal"
    assert (await post(site, path, {"key": str(uuid7())})).status_code == 422
    assert (await post(site, path, {"key": str(uuid7()), "reason": "คนละคน"})).status_code == 303
    assert "คนละคน" in await page(site, f"{code}/screenings/{form.id}")
    assert 'class="notice danger"' not in await page(site, f"{code}/screening")


async def test_without_consent_the_form_is_refused_in_words(site: Site) -> None:
    code = await site.case()
    await consent(site, code, Decision.WITHDRAWN)
    for answer in (
        await site.clients["wipa"].get(f"/chatturat/cases/{code}/screening/oas"),
        await site.clients["wipa"].get(f"/chatturat/cases/{code}/colour"),
        await post(site, f"{code}/screening/oas", posted(Tool.OAS, 1, TODAY)),
        await post(site, f"{code}/colour", {"key": str(uuid7()), "colour": "red", "reason": "x"}),
    ):
        assert answer.status_code == 409 and "ความยินยอม" in answer.text
    shown = await page(site, f"{code}/screening")
    assert "/screening/oas" not in shown and "ความยินยอม" in shown


async def test_an_instrument_or_a_form_that_is_not_there_is_not_found(site: Site) -> None:
    code, wipa_ = await site.case(), site.clients["wipa"]
    for path in (f"{code}/screening/phq9", f"{code}/screenings/{uuid7()}", "nobody/screening", "nobody/urgent"):
        assert (await wipa_.get(f"/chatturat/cases/{path}")).status_code == 404
    assert wipa(site).today == TODAY
