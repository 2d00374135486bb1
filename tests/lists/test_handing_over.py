"""A list for police or administration: only who agreed to it, only what such a reader may see, and never who did not."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from khuen.cases import service as cases
from khuen.cases.rules import ConsentKind, Decision
from khuen.cases.service import Consent
from khuen.ids import uuid7
from khuen.lists.catalogue import LISTS
from khuen.tenancy import within
from tests.lists import full
from tests.lists.test_withdrawal import withdraw
from tests.town import Town, town

__all__ = ["town"]

SHARES, SILENT = "แบ่งปัน", "เก็บไว้"


async def agree(town: Town, code: str, kind: ConsentKind = ConsentKind.SHARING) -> None:
    here = town.here("coordinator")
    async with within(here):
        given = Consent(kind, Decision.GIVEN, "2569-1", here.today)
        await cases.record_consent(here, town.own.cases[code], given, key=uuid7())


async def taken(town: Town, page: str, **form: Any) -> tuple[list[list[str]], str]:
    """(rows, the whole text) of a file in CSV."""
    answer = await town.clients["coordinator"].post(f"/chatturat/{page}/exports", data={"form": "csv", **form})
    assert answer.status_code == 200, answer.text
    text = answer.content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text))), text


@pytest.mark.parametrize("page", ["lists/members", "board"])
async def test_only_who_agrees_now_and_only_since_when(town: Town, root: Any, page: str) -> None:
    shares, silent = await full.somebody(town, root, SHARES), await full.somebody(town, root, SILENT, None)
    await root.execute("UPDATE case_file SET colour = 'red', legal_basis = 's114', stage = 'in_treatment'")
    await agree(town, shares)
    rows, text = await taken(town, page, purpose="police")
    assert rows[0] == ["ที่", "ชื่อ", "ตำบล", "หมู่", "เข้าร่วมตั้งแต่"]
    assert [row[1] for row in rows[1:2]] == [f"นาย{SHARES} ตัวอย่าง"] and rows[2] == []
    assert "ไม่ได้รวมไว้ เพราะไม่มีความยินยอมให้ส่งต่อข้อมูลในตอนนี้: 1" in text and "ตำรวจ" in text
    for never in (SILENT, shares, silent, "แดง", "114", "อยู่ระหว่างการดูแล", "บัดดี้"):
        assert never not in text, never
    await withdraw(town, shares, "sharing")
    _rows, text = await taken(town, page, purpose="administration")
    assert SHARES not in text and ": 2" in text
    details = await root.fetch("SELECT detail FROM audit WHERE tag = 'export:made' ORDER BY seq")
    said = [json.loads(row["detail"]) for row in details]
    assert [(one["purpose"], one["recipient"], one["count"], one["left"]) for one in said] == [
        ("handed", "police", 1, 1),
        ("handed", "administration", 0, 2),
    ]


async def test_who_withdraws_from_treatment_is_not_handed_over_either(town: Town, root: Any) -> None:
    code = await full.somebody(town, root, SHARES)
    await agree(town, code)
    await withdraw(town, code)
    assert SHARES not in (await taken(town, "lists/members", purpose="police"))[1]


async def test_a_print_for_the_police_holds_the_same(town: Town, root: Any) -> None:
    shares = await full.somebody(town, root, SHARES)
    await full.somebody(town, root, SILENT, None)
    await agree(town, shares)
    form = {"form": "print", "purpose": "police"}
    paper = (await town.clients["coordinator"].post("/chatturat/lists/members/exports", data=form)).text
    assert SHARES in paper and SILENT not in paper and shares not in paper and ": 1" in paper


async def test_no_other_list_leaves_and_nobody_else_hands_over(town: Town) -> None:
    nok = town.clients["coordinator"]
    for name, one in LISTS.items():
        if not one.may_leave:
            answer = await nok.post(f"/chatturat/lists/{name}/exports", data={"purpose": "police"})
            assert answer.status_code == 422 and "ในงานของเราเท่านั้น" in answer.text, name
    for page in ("lists/members", "board"):
        assert (await nok.post(f"/chatturat/{page}/exports", data={"purpose": "neighbours"})).status_code == 422
        answer = await town.clients["doctor"].post(f"/chatturat/{page}/exports", data={"purpose": "police"})
        assert answer.status_code == 403
