"""A district's settings on their pages: what is refused at the field, what two people do at once, and the way back."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import httpx
import pytest

from khuen import district, packs
from khuen.admin import setting_fields
from khuen.paths import folder
from khuen.tenancy import within
from tests.admin.conftest import Office

SETTINGS = "/chatturat/admin/settings"
FILE = district.read(folder("tenants") / "demo" / "chatturat.toml").settings


async def opened(office: Office, by: str, part: str) -> dict[str, Any]:
    """The form as this administrator sees it."""
    page = (await office.clients[by].get(f"{SETTINGS}/{part}")).text
    form = page[page.index(f'action="{SETTINGS}/{part}"') :]
    hidden = dict(re.findall(r'type="hidden" name="(key|was)" value="([^"]*)"', form))
    return setting_fields.shown(setting_fields.PARTS[part], await now(office)) | hidden


async def now(office: Office) -> district.DistrictSettings:
    async with within(here := office.here("dao")):
        packs.forget(here.tenant_id)
        return await packs.settings_of(here)


async def saved(office: Office, by: str, part: str, **values: Any) -> httpx.Response:
    form = await opened(office, by, part) | {name.replace("__", "-"): value for name, value in values.items()}
    return await office.clients[by].post(f"{SETTINGS}/{part}", data=form)


@pytest.mark.parametrize("part", setting_fields.PARTS.values(), ids=lambda part: part.slug)
def test_what_a_page_shows_is_what_it_reads(part: setting_fields.Part) -> None:
    table = district.settings_table(FILE)
    assert setting_fields.read(part, setting_fields.shown(part, FILE), table) == {}
    assert table == district.settings_table(FILE)


async def test_a_change_counts_at_once_is_written_down_and_is_set_back(office: Office, root: Any) -> None:
    form = await opened(office, "dao", "visits")
    form |= {"escalation-overdue_days": "๕", "escalation-overdue_to": ["coordinator", "chair"], "reminders-at": "8.15"}
    for _ in range(2):
        answer = await office.clients["dao"].post(f"{SETTINGS}/visits", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{SETTINGS}/visits")
    held = await now(office)
    assert (held.escalation.overdue_days, held.escalation.overdue_to) == (5, ("coordinator", "chair"))
    assert f"{held.reminders.at:%H:%M}" == "08:15"
    reused = await office.clients["dao"].post(f"{SETTINGS}/visits", data=form | {"escalation-overdue_days": "6"})
    assert reused.status_code == 409 and (await now(office)).escalation.overdue_days == 5
    history = (await office.clients["boon"].get(f"{SETTINGS}/history")).text
    assert "Dao" in history and "3 → 5" in history and "07:30 → 08:15" in history
    back = re.findall(rf'action="({SETTINGS}/history/[^"]+)".*?name="key" value="([^"]+)"', history)
    for _ in range(2):
        answer = await office.clients["boon"].post(back[0][0], data={"key": back[0][1]})
        assert answer.status_code == 303
    assert await now(office) == FILE
    late = await office.clients["dao"].post(back[0][0], data={"key": form["was"] and str(office.id("dao"))})
    assert late.status_code == 409 and "ถูกเปลี่ยนอีกหลังจากนั้น" in late.text
    rows = await root.fetch("SELECT detail FROM audit WHERE tag = 'setting:changed' ORDER BY seq")
    assert [json.loads(row["detail"]) for row in rows] == [
        {"page": "visits", "count": 3},
        {"page": "return", "count": 3},
    ]


@pytest.mark.parametrize(
    ("part", "field", "wrong", "told"),
    [
        ("visits", "escalation-overdue_days", "0", "1 ถึง 365"),
        ("visits", "escalation-overdue_days", "สาม", "1 ถึง 365"),
        ("visits", "escalation-urgent_to", [], "เลือกอย่างน้อยหนึ่งข้อ"),
        ("visits", "escalation-urgent_to", ["operator"], "เลือกอย่างน้อยหนึ่งข้อ"),
        ("visits", "reminders-at", "25:00", "กรอกเวลา"),
        ("visits", "reminders-at", "21:00", "อยู่ในช่วงงดส่ง"),
        ("visits", "quiet_hours-end", "20:00", "ตรงกัน"),
        ("meetings", "meetings-weekday", "sunday", "เลือกอย่างน้อยหนึ่งข้อ"),
        ("meetings", "meetings-place", "", "1 ถึง 120 ตัวอักษร"),
        ("treatment", "enrolment-youngest", "65", "ต้องน้อยกว่าอายุมากสุด"),
        ("treatment", "treatment-extra_tests_percent", "101", "0 ถึง 100"),
        ("papers", "case_code-prefix", "กขค", "อักษรอังกฤษตัวใหญ่"),
        ("numbers", "number-1", "สิบหก", "3 ถึง 10 หลัก"),
        ("numbers", "name-2", "", "3 ถึง 10 หลัก"),
    ],
)
async def test_what_a_file_would_be_refused_for_is_refused_at_the_field(
    office: Office, part: str, field: str, wrong: Any, told: str
) -> None:
    form = await opened(office, "dao", part) | {field: wrong}
    answer = await office.clients["dao"].post(f"{SETTINGS}/{part}", data=form)
    anchor = field.replace("name-", "number-")
    assert answer.status_code == 422 and f'<a href="#{anchor}">' in answer.text and told in answer.text
    assert not isinstance(wrong, str) or f'value="{wrong}"' in answer.text or field == "meetings-weekday"
    assert f'value="{form["key"]}"' in answer.text and await now(office) == FILE


async def test_two_at_once_see_both_values_and_another_page_is_no_quarrel(office: Office) -> None:
    mine = await opened(office, "dao", "visits")
    assert (await saved(office, "boon", "meetings", meetings__place="ศาลากลางบ้าน")).status_code == 303
    first = mine | {"escalation-overdue_days": "4"}
    assert (await office.clients["dao"].post(f"{SETTINGS}/visits", data=first)).status_code == 303
    late = await office.clients["boon"].post(
        f"{SETTINGS}/visits", data=mine | {"key": str(office.id("boon")), "escalation-overdue_days": "9"}
    )
    assert late.status_code == 409 and "ตอนนี้ 4 · ที่คุณกรอก 9" in late.text and 'value="9"' in late.text
    held = await now(office)
    assert (held.escalation.overdue_days, held.meetings.place) == (4, "ศาลากลางบ้าน")
    again = dict(re.findall(r'type="hidden" name="(key|was)" value="([^"]*)"', late.text))
    done = await office.clients["boon"].post(f"{SETTINGS}/visits", data=mine | {"escalation-overdue_days": "9"} | again)
    assert done.status_code == 303 and (await now(office)).escalation.overdue_days == 9


async def test_two_who_save_different_pages_at_the_same_moment_both_count(office: Office) -> None:
    forms = {
        "dao": ("visits", await opened(office, "dao", "visits") | {"escalation-overdue_days": "8"}),
        "boon": ("treatment", await opened(office, "boon", "treatment") | {"treatment-contact_within_days": "8"}),
    }
    answers = await asyncio.gather(
        *(office.clients[who].post(f"{SETTINGS}/{part}", data=form) for who, (part, form) in forms.items())
    )
    assert [answer.status_code for answer in answers] == [303, 303]
    held = await now(office)
    assert (held.escalation.overdue_days, held.treatment.contact_within_days) == (8, 8)


async def test_threat_21_what_a_district_writes_stays_text(office: Office) -> None:
    evil = '"><img src=x onerror=alert(1)>100% %(now)s'
    assert (await saved(office, "dao", "meetings", meetings__place=evil)).status_code == 303
    late = await saved(office, "boon", "meetings", meetings__place=evil * 3, was="1", key=str(office.id("boon")))
    assert late.status_code == 422  # too long
    late = await saved(office, "boon", "meetings", meetings__place=evil + "!", was="1", key=str(office.id("boon")))
    assert late.status_code == 409
    pages = [late.text] + [(await office.clients["dao"].get(f"{SETTINGS}/{at}")).text for at in ("meetings", "history")]
    for page in pages:
        assert "<img" not in page and "&lt;img src=x onerror=alert(1)&gt;100% %(now)s" in page


async def test_numbers_are_added_and_taken_away_and_one_has_to_stay(office: Office) -> None:
    form = await opened(office, "dao", "numbers")
    form |= {"number-1": "", "name-1": "", "number-7": "๐๔๔ ๑๒๓", "name-7": "โรงพยาบาลตัวอย่าง"}
    assert (await office.clients["dao"].post(f"{SETTINGS}/numbers", data=form)).status_code == 422
    form |= {"number-7": "๐๔๔๑๒๓๔๕๖"}
    assert (await office.clients["dao"].post(f"{SETTINGS}/numbers", data=form)).status_code == 303
    held = [one.number for one in (await now(office)).hotlines]
    assert held == [one.number for one in FILE.hotlines[1:]] + ["044123456"]
    gone = {name: "" for name in form if name.startswith(("number-", "name-"))}
    none = await office.clients["dao"].post(f"{SETTINGS}/numbers", data=form | gone | {"key": str(office.id("dao"))})
    assert none.status_code == 422 and "ต้องมีอย่างน้อยหนึ่งหมายเลข" in none.text
