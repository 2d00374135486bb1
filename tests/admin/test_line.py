"""An administrator connects the district's account on LINE: LINE is asked whose token it is before it is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from khuen.channels import line
from khuen.ids import uuid7
from khuen.messages import line_accounts
from khuen.tenancy import within
from tests.admin.conftest import Office
from tests.line_api import BASIC_ID, SECRET, TOKEN, line_server

PAGE = "/chatturat/admin/settings/line"
GOOD = {"token": TOKEN, "secret": "0123456789abcdef" * 2}


async def test_a_token_that_line_knows_is_kept_sealed_and_never_shown(office: Office, root: Any) -> None:
    dao, key = office.clients["dao"], str(uuid7())
    async with line_server() as server:
        office.app.state.settings = replace(office.app.state.settings, line_api=server.address)
        for _ in range(2):
            answer = await dao.post(PAGE, data={**GOOD, "key": key})
            assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
        page = (await dao.get(PAGE)).text
        assert BASIC_ID in page and TOKEN not in page and GOOD["secret"] not in page
        assert "http://testserver.local/hooks/line/chatturat" in page
        async with within(here := office.here("dao")):
            keys = await line_accounts.keys(here)
        assert keys is not None and (keys.token, keys.secret) == (TOKEN, GOOD["secret"])
        [row] = await root.fetch("SELECT token_sealed || secret_sealed AS sealed FROM line_account")
        assert TOKEN.encode() not in row["sealed"] and GOOD["secret"].encode() not in row["sealed"]
        await dao.post(PAGE, data={**GOOD, "key": str(uuid7())})  # another one takes its place
        held = await root.fetch("SELECT ended_at, token_sealed FROM line_account ORDER BY set_at")
        assert [(row["ended_at"] is None, row["token_sealed"] is None) for row in held] == [
            (False, True),
            (True, False),
        ]
        await dao.post(f"{PAGE}/removal")
        assert BASIC_ID not in (await dao.get(PAGE)).text
        await line.close()


@pytest.mark.parametrize(
    ("typed", "listening", "field", "words"),
    [
        ({**GOOD, "token": "x" * 40}, True, "token", "LINE ไม่รู้จัก token นี้"),
        (GOOD, False, "token", "ตอนนี้ LINE ไม่ตอบ"),
        ({**GOOD, "token": "short"}, True, "token", "วาง channel access token"),
        ({**GOOD, "secret": SECRET + "0"}, True, "secret", "วาง channel secret"),
    ],
)
async def test_what_line_does_not_know_is_not_kept(
    office: Office, root: Any, typed: dict[str, str], listening: bool, field: str, words: str
) -> None:
    async with line_server() as server:
        address = server.address if listening else "http://127.0.0.1:1"
        office.app.state.settings = replace(office.app.state.settings, line_api=address)
        answer = await office.clients["dao"].post(PAGE, data={**typed, "key": str(uuid7())})
        await line.close()
    assert answer.status_code == 422 and words in answer.text and f'href="#{field}"' in answer.text
    assert typed["token"] not in answer.text and await root.fetchval("SELECT count(*) FROM line_account") == 0
