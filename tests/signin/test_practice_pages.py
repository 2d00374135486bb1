"""The door of a practice district, and what a role finds behind it that has no page yet."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from khuen import access
from khuen.ids import uuid7
from khuen.signin import accounts
from khuen.signin.role_names import ROLE_NAMES, ROLE_WORK
from tests.signin.conftest import Browser, Cast

Visit = Callable[..., Browser]


def test_every_role_has_a_name_and_a_line_of_what_it_does() -> None:
    assert set(ROLE_NAMES) == set(ROLE_WORK) == access.ROLES


@pytest.fixture
async def roles(cast: Cast) -> tuple[str, ...]:
    there = ("coordinator", "buddy", "chair", "hospital_director", "registrar")
    for role in there:
        await accounts.practice_account(cast.practice, role, uuid7(), f"ทดลอง {role}")
    return there


async def test_roles_without_a_page_stand_apart_and_the_whole_row_is_the_button(
    visit: Visit, roles: tuple[str, ...]
) -> None:
    page = (await visit().get("/baan-tua-yang/sign-in")).text
    first, later = page.split("<h2>")
    assert re.findall(r'name="role" value="(\w+)"', first) == ["coordinator", "buddy", "chair"]
    assert set(re.findall(r'name="role" value="(\w+)"', later)) == {"hospital_director", "registrar"}
    assert page.count('<button class="answer role">') == len(roles) and "เยี่ยมคนของคุณ" in first


@pytest.mark.parametrize(("role", "told"), [("hospital_director", "เพิกถอน"), ("registrar", "จิตอาสา")])
async def test_a_role_without_a_page_is_told_what_will_be_there(
    visit: Visit, roles: tuple[str, ...], role: str, told: str
) -> None:
    browser = visit()
    await browser.post("/baan-tua-yang/sign-in/practice", {"role": role})
    page = (await browser.get("/baan-tua-yang/")).text
    assert told in page and 'href="/baan-tua-yang/sign-in"' in page
