"""The list of what is still to be set up follows the district's rows; a test message goes the way every message goes."""

from __future__ import annotations

import re
from typing import Any

from khuen.ids import uuid7
from khuen.members import Details, correct
from khuen.registry import active
from khuen.tenancy import within
from tests.admin.conftest import Office
from tests.post import mail_server
from workers.messages import deliver

SETUP = "/chatturat/admin"


async def open_steps(office: Office) -> list[str]:
    """The addresses of what is not done yet."""
    page = (await office.clients["dao"].get(SETUP)).text
    rows = re.findall(r'class="person-main"><a href="([^"]+)".*?class="status (\w+)"', page, re.DOTALL)
    assert len(rows) >= 10
    return [href.removeprefix(f"{SETUP}/") for href, state in rows if state == "waiting"]


async def test_what_is_done_leaves_the_list(office: Office, root: Any) -> None:
    before = await open_steps(office)
    assert "members?role=tenant_admin" not in before and "members?role=doctor" not in before
    await root.execute("UPDATE auth.account SET password_hash = NULL")  # nobody chose one yet
    assert "members?role=doctor" in await open_steps(office)
    assert {"members?role=chair", "settings/numbers", "settings/meetings", "#tested"} <= set(before)
    page = (await office.clients["dao"].get(f"{SETUP}/settings/meetings")).text
    form: dict[str, Any] = dict(re.findall(r'<input[^>]* name="([\w-]+)"[^>]* value="([^"]*)"', page))
    form |= dict(re.findall(r'type="hidden" name="(key|was)" value="([^"]*)"', page))
    form |= {"meetings-weekday": "tuesday"}
    assert (await office.clients["dao"].post(f"{SETUP}/settings/meetings", data=form)).status_code == 303
    assert set(before) - set(await open_steps(office)) == {"settings/meetings"}, "looked at, nothing changed"
    assert (await office.clients["dao"].get("/chatturat/")).headers["location"] == SETUP


async def test_a_test_goes_to_oneself_and_its_state_is_shown(office: Office, root: Any) -> None:
    async with within(here := office.here("dao")):
        await correct(here, office.id("dao"), Details("Dao", None, "dao@example.org", None, None, None))
    form = {"key": str(uuid7())}
    for _ in range(2):
        answer = await office.clients["dao"].post(f"{SETUP}/test-messages", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, SETUP)
    hasty = await office.clients["dao"].post(f"{SETUP}/test-messages", data={"key": str(uuid7())})
    assert hasty.status_code == 429
    piece = (await office.clients["dao"].get(f"{SETUP}/test-messages")).text
    assert "รอส่ง" in piece and "hx-get" in piece
    district = next(one for one in await active() if one.slug == "chatturat")
    async with mail_server(office.app.state.settings) as (mail, settings):
        await deliver(settings, district)
    assert [to for to, _ in mail.taken] == [["dao@example.org"]]
    piece = (await office.clients["dao"].get(f"{SETUP}/test-messages")).text
    assert "ส่งแล้ว" in piece and "อีเมล" in piece and "hx-get" not in piece
    assert "#tested" not in await open_steps(office)
    assert await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'message:tested'") == 1
