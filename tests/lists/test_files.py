"""Every list as a file: who may, which columns, nothing that a spreadsheet reads as a formula, written down once."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from typing import Any

import openpyxl
import pytest

from khuen import access, words
from khuen.lists import catalogue, rules
from khuen.lists.catalogue import LISTS
from khuen.lists.rules import Period
from tests.lists import full
from tests.town import ROLES, Town, town

__all__ = ["town"]

HOSTILE = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "＝1+1")
#: every text that somebody typed and that a list may show
TEXTS = {
    "person": ("called_name", "given_name", "family_name", "prefix", "moo"),
    "member": ("called_name", "moo"),
    "project": ("name",),
    "session": ("title", "place"),
    "course_fact": ("skill", "partner"),
    "occupation_grant": ("source", "what_for"),
    "decision": ("text",),
    "agenda_item": ("title",),
    "task_step": ("reason",),
}


async def test_threat_35_no_cell_of_any_list_is_a_formula_and_every_list_has_its_roles(town: Town, root: Any) -> None:
    await full.everything(town, root, "สมมุติ")
    for number, (table, names) in enumerate(TEXTS.items()):
        for name in names:
            await root.execute(f"UPDATE {table} SET {name} = $1", HOSTILE[number % len(HOSTILE)])
    for name, listed in LISTS.items():
        for role in ROLES:
            form = {"form": "csv", "period": "all"}
            answer = await town.clients[role].post(f"/chatturat/lists/{name}/exports", data=form)
            roles = frozenset({role})
            if not (access.may(roles, "lists.see") and access.may(roles, listed.permission)):
                assert answer.status_code == 403, (name, role)
                continue
            assert answer.status_code == 200, (name, role, answer.text)
            rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
            shown = [one for one in listed.columns if not one.needs or access.may(roles, one.needs)]
            assert rows[0] == [words.gettext(one.title) for one in shown], (name, role)
            assert len(rows) > 3, f"{name} is empty: it shows nothing"  # header, a row, a free line, a note
            bad = [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝"))]
            assert bad == [], (name, role, bad)
        keeper = next(role for role in ROLES if access.may(frozenset({role}), listed.permission))
        answer = await town.clients[keeper].post(f"/chatturat/lists/{name}/exports", data={"period": "all"})
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}, name


async def test_what_a_test_said_is_for_the_clinic_and_the_doctor_alone(town: Town, root: Any) -> None:
    await full.everything(town, root, "สมมุติ")
    for role, sees in (("coordinator", False), ("clinic", True), ("doctor", True)):
        form = {"form": "csv", "period": "all"}
        text = (await town.clients[role].post("/chatturat/lists/tests/exports", data=form)).text
        page = (await town.clients[role].get("/chatturat/lists/tests?period=all")).text
        assert (",ลบ\r\n" in text, "ลบ</td>" in page) == (sees, sees), role


async def test_a_list_is_read_and_printed_and_its_taking_out_is_written_down_once(town: Town, root: Any) -> None:
    code, nok = await full.everything(town, root, "สมมุติ"), town.clients["coordinator"]
    before = await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'export:made'")
    for name in LISTS:
        assert (await nok.get(f"/chatturat/lists/{name}?period=all")).status_code == 200, name
    assert await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'export:made'") == before
    paper = await nok.post("/chatturat/lists/members/exports", data={"form": "print"})
    assert code in paper.text and "ใช้ในงานของเราเอง" in paper.text
    detail = json.loads(await root.fetchval("SELECT detail FROM audit WHERE tag = 'export:made' ORDER BY seq DESC"))
    assert detail["page"] == "members" and detail["kind"] == "print" and detail["purpose"] == "own"


async def test_what_does_not_fit_is_said(town: Town, root: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST", 1)
    for name in ("ก", "ข"):
        await full.somebody(town, root, name, None)
    answer = await town.clients["coordinator"].post("/chatturat/lists/members/exports", data={"form": "csv"})
    assert "1 แถวแรก จากทั้งหมด 2 แถว" in answer.content.decode("utf-8-sig")


@pytest.mark.parametrize(
    ("period", "since", "until"),
    [
        (Period.MONTH, date(2026, 11, 1), date(2026, 11, 30)),
        (Period.LAST_MONTH, date(2026, 10, 1), date(2026, 10, 31)),
        (Period.YEAR, date(2026, 10, 1), date(2027, 9, 30)),
        (Period.LAST_YEAR, date(2025, 10, 1), date(2026, 9, 30)),
    ],
)
def test_which_days_a_list_is_of(period: Period, since: date, until: date) -> None:
    assert rules.days(period, date(2026, 11, 24)) == (since, until)
    assert rules.days(Period.YEAR, date(2026, 9, 30))[1] == date(2026, 9, 30)


def test_every_list_has_its_own_name() -> None:
    assert len(LISTS) == sum(len(some) for _heading, some in catalogue.GROUPS)
