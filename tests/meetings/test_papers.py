"""The minutes as a PDF, the tasks as a spreadsheet, the pack to print: codes only, and nothing typed is ever run."""

from __future__ import annotations

import io
import json
import re
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

import openpyxl
import pytest
import typst

from khuen import clock
from khuen.meetings import agenda, minutes, rules, service, tasks
from khuen.meetings.rules import Matter, Promise, Section
from khuen.paths import folder
from khuen.words import gettext as th
from tests.meetings.conftest import Room
from tests.meetings.test_present import decision, shown

EVIL = (
    '#read("/etc/passwd")',
    '#read("minutes.typ")',
    '#import "@preview/x:1.0.0"',
    "#panic()",
    '"]; #sys.inputs',
    "\\u{1F4A3} *x* _y_ $z$ @a <b> `c` = h",
)
DAY = date(2026, 11, 24)


def session(**values: Any) -> service.Session:
    at = datetime.combine(DAY, time(9, 32), clock.BANGKOK)
    base: dict[str, Any] = {
        "id": UUID(int=1),
        "kind": "weekly",
        "on_date": DAY,
        "starts_at": time(9, 30),
        "place": "ที่ว่าการอำเภอ",
        "fiscal_year": 2570,
        "number": 8,
        "chair": "นายอำเภอ",
        "state": "closed",
        "by_chief": True,
        "item_id": None,
        "opened_at": at,
        "ended_at": at.replace(hour=11),
        "recorder": "สมพร",
        "reviewer": "",
        "adopted": "adopted",
        "substitute": None,
        "substitute_reason": None,
    }
    return service.Session(**base | values)


def told(*matters: Matter, decisions: tuple[tasks.Decision, ...] = (), thai: bool = True, **values: Any) -> Any:
    items = [agenda.Item(UUID(int=10 + n), matter, n, False) for n, matter in enumerate(matters, start=1)]
    came = {"police": service.Came(True, "พ.ต.ท. สมมุติ"), "labour": service.Came(False)}
    return minutes.content(
        session(**values), items, list(decisions), came, None, title="ติดตามโครงการ", thai_digits=thai
    )


def case(section: Section, **values: Any) -> Matter:
    return Matter(section, UUID(int=5), "CPM-0007", stage="in_treatment", **values)


def test_the_six_items_of_the_official_form_hold_the_sections_of_the_agenda() -> None:
    promise = Promise(UUID(int=3), "watch", "", "สมใจ", DAY, "not_done", reason="ย้าย")
    content = told(
        Matter(Section.ANNOUNCEMENT, title="นโยบาย"),
        case(Section.PROMISES, promises=(promise,)),
        case(Section.URGENT, rank=2, late_days=9),
        Matter(Section.STUCK, codes=("CPM-0010", "CPM-0011")),
        Matter(Section.NUMBERS, numbers={"open": 60}),
        Matter(Section.OTHER, title="งบประมาณ"),
        decisions=(
            tasks.Decision(UUID(int=4), UUID(int=13), "call_family", "ทุกเย็น", UUID(int=2), "สมใจ", DAY, "open"),
        ),
    )
    heads = [[part["head"] for part in item["parts"]] for item in content["items"]]
    assert heads[0] == ["นโยบาย"] and heads[1] == [""] and heads[2] == ["CPM-0007"] and heads[5] == ["งบประมาณ"]
    assert heads[4] == ["CPM-0007 (ด่วน)", "อีก ๒ ราย (ไม่คืบหน้า)"] and len(content["items"]) == 6
    assert content["number"] == "ครั้งที่ ๘/๒๕๗๐" and content["day"] == "เมื่อวันอังคารที่ ๒๔ พฤศจิกายน ๒๕๖๙"
    assert content["items"][4]["parts"][1]["lines"] == ["CPM-0010, CPM-0011"], "codes keep their digits"
    assert "ทุกเย็น ผู้รับผิดชอบ: สมใจ" in content["items"][4]["parts"][0]["decisions"][0]
    assert content["came"] == ["พ.ต.ท. สมมุติ (ตำรวจ)"] and th("Labour and skill development") in content["absent"]
    assert told(thai=False)["number"] == "ครั้งที่ 8/2570"


def test_a_substitute_stands_in_the_minutes_with_the_reason_and_a_draft_says_so() -> None:
    content = told(by_chief=False, substitute="ปลัดอำเภอ", substitute_reason="ติดราชการ", state="held")
    assert content["chair"] == "ปลัดอำเภอ ประธานที่ประชุม แทนนายอำเภอ (ติดราชการ)" and content["draft"]


@pytest.mark.parametrize("text", EVIL)
def test_threat_21_what_somebody_typed_is_printed_and_never_run(text: str) -> None:
    """The paper with the text has as many pages as one with something plain, and its words are in it."""
    evil, plain = (
        told(
            Matter(Section.OTHER, title=typed),
            decisions=(tasks.Decision(UUID(int=4), UUID(int=11), "other", typed, UUID(int=2), typed, DAY, "open"),),
            place=typed,
            recorder=typed,
            substitute=typed,
            substitute_reason=typed,
            by_chief=False,
        )
        for typed in (text, "เรื่องธรรมดา")
    )
    first, second = minutes.render(evil), minutes.render(plain)
    assert first.startswith(b"%PDF") and abs(len(first) - len(second)) < 60_000
    template = folder("templates") / "meetings" / "minutes.typ"
    drawn: Any = typst.compile(
        str(template),
        format="svg",
        font_paths=[str(folder("static") / "fonts")],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(evil)},
    )
    assert "root:x" not in str(drawn)


def test_the_same_minutes_give_the_same_bytes() -> None:
    content = told(case(Section.URGENT, rank=1))
    assert minutes.render(content) == minutes.render(content)


async def test_minutes_are_fetched_and_written_down(room: Room, root: Any) -> None:
    await room.urgent(given_name="วันเพ็ญ", family_name="ทองสมมุติ")
    await room.open()
    await room.post(f"items/{await shown(room)}/decisions", **decision(room))
    came = await room.post("attendance", came_police="yes", who_police="พ.ต.ท. สมมุติ", who_health="ไม่ว่าง")
    assert came.status_code == 303
    page = (await room.get()).text
    assert 'value="พ.ต.ท. สมมุติ"' in page and re.search(r'name="came_police" value="yes" checked', page)
    draft = await room.get("/minutes.pdf", "wipa")
    assert draft.headers["content-type"] == "application/pdf" and draft.content.startswith(b"%PDF")
    await room.post("closing", ended="11.30", recorder="สมพร", adopted="adopted")
    final = await room.get("/minutes.pdf", "anan")
    assert final.content != draft.content and len(final.content) < 200_000
    assert await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'document:seen'") == 2


async def test_the_list_of_tasks_holds_no_formula(room: Room, root: Any) -> None:
    await room.urgent()
    await room.open()
    await room.post(
        f"items/{await shown(room)}/decisions", **decision(room, kind="other", text='=HYPERLINK("http://x")')
    )
    answer = await room.get("/tasks.xlsx")
    assert "attachment" in answer.headers["content-disposition"]
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert '=HYPERLINK("http://x")' in [cell.value for cell in cells] and {cell.data_type for cell in cells} == {"s"}
    assert await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'export:made'") == 1


async def test_the_pack_shows_the_agenda_before_and_after_the_opening(room: Room) -> None:
    code = await room.urgent()
    await room.plan()
    assert code in (await room.get("/pack")).text
    await room.post("opening")
    assert code in (await room.get("/pack")).text and len(rules.SECTIONS) == 9
