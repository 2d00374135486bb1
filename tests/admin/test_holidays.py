"""A year's holidays: what the country has is offered, what the district has is written in, what is ticked counts."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from khuen import packs, public_holidays
from khuen.tenancy import within
from tests.admin.conftest import Office

PAGE = "/chatturat/admin/settings/holidays"


async def held(office: Office) -> Any:
    async with within(here := office.here("dao")):
        packs.forget(here.tenant_id)
        return (await packs.settings_of(here)).holidays


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="(key|was)" value="([^"]*)"', page))


async def test_the_countrys_days_are_adopted_and_the_districts_own_written_in(office: Office) -> None:
    page = (await office.clients["dao"].get(f"{PAGE}?y=2570")).text
    offered = re.findall(r'name="day" value="([^"]+)"( checked)?', page)
    public = public_holidays.of_year(2027)
    assert {day for day, _ in offered} == {on.isoformat() for on in public} | {
        on.isoformat() for on in (await held(office)).dates if on.year == 2027
    }
    makha = next(on for on, name in public.items() if "มาฆบูชา" in name)  # a day of the moon: offered, not yet kept
    assert (makha.isoformat(), "") in offered and "วันมาฆบูชา" in page
    form = hidden(page) | {
        "day": [makha.isoformat(), "2027-01-01", "2026-05-01"],
        "new-1": "๕/๑๑/๒๕๗๐",
        "name-1": "งานประจำอำเภอ",
    }
    for _ in range(2):
        assert (await office.clients["dao"].post(f"{PAGE}?y=2570", data=form)).status_code == 303
    now = await held(office)
    assert [on for on in now.dates if on.year == 2027] == [date(2027, 1, 1), makha, date(2027, 11, 5)]
    assert len([on for on in now.dates if on.year == 2026]) == 15, "another year stays as it is"
    assert public_holidays.name_of(date(2027, 11, 5), now.names) == "งานประจำอำเภอ"
    assert public_holidays.name_of(makha, now.names) == "วันมาฆบูชา"
    week = (await office.clients["nok"].get("/chatturat/sessions?w=2027-11-03")).text
    assert "งานประจำอำเภอ" in week
    late = await office.clients["boon"].post(f"{PAGE}?y=2570", data=form | {"key": str(office.id("boon")), "day": []})
    assert late.status_code == 409 and "งานประจำอำเภอ" in late.text and await held(office) == now
    history = (await office.clients["dao"].get("/chatturat/admin/settings/history")).text
    assert "5 พ.ย. 70".replace(" ", "\N{NO-BREAK SPACE}") in history


async def test_a_day_that_cannot_be_is_refused_at_its_field(office: Office) -> None:
    form = hidden((await office.clients["dao"].get(f"{PAGE}?y=2570")).text)
    form |= {"new-1": "31/2/2570", "name-1": "ก", "new-2": "1/2/2569", "name-2": "ข", "new-3": "1/2/2570"}
    answer = await office.clients["dao"].post(f"{PAGE}?y=2570", data=form)
    assert answer.status_code == 422
    assert all(f'<a href="#{field}">' in answer.text for field in ("new-1", "new-2", "name-3"))
    assert 'value="31/2/2570"' in answer.text and (await held(office)).names == {}
