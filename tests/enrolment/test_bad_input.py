"""Whatever is sent: a Thai message at the field, never a 500, and what was typed is still there."""

from __future__ import annotations

from html import escape
from typing import Any

import pytest

from khuen.ids import uuid7
from tests.care import Site
from tests.enrolment.walk import ADDRESS, CONSENTS, PERSON, begun, confirmed, hidden, ready, said, step

PAGES = {"person": PERSON, "address": ADDRESS, "consents": CONSENTS, "buddy": {"buddy": "", "extra_reason": ""}}
NASTY = {
    "nul": "ทด\0ลอง",
    "control": "ทด\x1bลอง",
    "right-to-left": "\u202eทดลอง\u200f",
    "markup": "<script>alert(1)</script>",
    "formula": "=HYPERLINK(1)",
    "sql": "'; DROP TABLE person; --",
    "long": "ก" * 5_000,
    "template": "{{ 7*7 }}%(n)s",
    "emoji": "😀" * 30,
}


@pytest.mark.parametrize("nasty", NASTY.values(), ids=NASTY)
async def test_every_field_takes_anything_calmly(site: Site, nasty: str) -> None:
    nok = site.clients["nok"]
    draft = await begun(nok)
    for page, good in PAGES.items():
        for field in good:
            answer = await step(nok, draft, page, good | {field: nasty})
            assert answer.status_code in (303, 422), (page, field, said(answer.text)[:300])
            if answer.status_code == 422:
                assert "มีจุดที่ต้องแก้ไข" in answer.text, (page, field)
            assert "<script>alert" not in answer.text


async def test_what_was_typed_is_kept(site: Site) -> None:
    nok = site.clients["nok"]
    draft = await begun(nok)
    for field in ("given_name", "family_name", "national_id", "phone"):
        answer = await step(nok, draft, "person", PERSON | {field: "<b>12"})
        assert answer.status_code == 422
        assert f'value="{escape("<b>12")}"' in answer.text and f'id="{field}-error"' in answer.text


async def test_lone_surrogates_and_broken_utf8_are_no_server_error(site: Site) -> None:
    nok = site.clients["nok"]
    draft = await begun(nok)
    kind = {"content-type": "application/x-www-form-urlencoded"}
    for body in (b"given_name=%ED%A0%80&family_name=x", b"given_name=%FF%FE", b"=&&&=%", b"given_name"):
        answer = await nok.post(f"/chatturat/enrolments/person?d={draft}", content=body, headers=kind)
        assert answer.status_code in (400, 422), body


async def test_a_field_of_ten_megabytes_is_refused_calmly(site: Site) -> None:
    nok = site.clients["nok"]
    draft = await begun(nok)
    answer = await step(nok, draft, "person", PERSON | {"given_name": "a" * 10_500_000})
    assert answer.status_code == 413 and "ใหญ่เกินไป" in answer.text
    kept = await step(nok, draft, "person", PERSON | {"given_name": "a" * 2_000_000})
    assert kept.status_code == 422 and "a" * 2_000_000 in kept.text


async def test_missing_extra_and_doubled_fields(site: Site, root: Any) -> None:
    nok = site.clients["nok"]
    draft = await begun(nok)
    empty = await nok.post(f"/chatturat/enrolments/person?d={draft}", data={})
    assert empty.status_code == 422 and 'href="#given_name"' in empty.text and 'href="#family_name"' in empty.text
    twice = await step(nok, draft, "person", PERSON | {"given_name": ["หนึ่ง", "สอง"]})
    assert twice.status_code == 303
    assert 'value="สอง"' in (await nok.get(f"/chatturat/enrolments/person?d={draft}")).text
    for url in ("person", "person?d=", "person?d=nonsense", f"nonsense?d={draft}", f"person?d={uuid7()}"):
        assert (await nok.get(f"/chatturat/enrolments/{url}")).status_code in (400, 404)
    assert (await nok.post("/chatturat/enrolments", data={"key": "nonsense"})).status_code == 422


async def test_threat_16_fields_that_no_page_has_change_nothing(site: Site, root: Any) -> None:
    """Mass assignment: the tenant, the case, the stage and the author come from us, whatever a form says."""
    nok = site.clients["nok"]
    draft = await begun(nok)
    forged = {
        "tenant_id": str(site.phon.tenant_id),
        "case_id": str(uuid7()),
        "id": str(uuid7()),
        "member_id": str(site.chatturat.people["somchai"][0]),
        "made_by": str(site.chatturat.people["somchai"][0]),
        "stage": "certified",
        "opened_on": "2020-01-01",
        "same": str(uuid7()),
        "same_for": "",
        "batch_id": str(uuid7()),
    }
    for page, good in PAGES.items():
        assert (await step(nok, draft, page, good | forged)).status_code == 303
    seen = hidden((await nok.get(f"/chatturat/enrolments/check?d={draft}")).text, "seen")
    assert (await nok.post(f"/chatturat/enrolments/check?d={draft}", data={"seen": seen} | forged)).status_code == 303
    case = await root.fetchrow("SELECT * FROM case_file")
    assert str(case["id"]) == draft and case["stage"] == "enrolled" and case["batch_id"] is None
    assert case["tenant_id"] == site.chatturat.tenant_id and case["made_by"] == site.chatturat.people["nok"][0]
    assert await root.fetchval("SELECT count(*) FROM person WHERE tenant_id = $1", site.phon.tenant_id) == 0


async def test_threat_16_a_project_or_buddy_of_another_district_is_refused(site: Site) -> None:
    nok = site.clients["nok"]
    draft = await begun(nok)
    other = await step(nok, draft, "person", PERSON | {"project": str(site.phon.project_id)})
    assert other.status_code == 422
    malee = str(site.phon.people["malee"][0])
    assert (await step(nok, draft, "buddy", {"buddy": malee})).status_code == 422


async def test_threat_21_names_are_shown_as_text(site: Site) -> None:
    nok = site.clients["nok"]
    draft = await ready(nok, extra="x", safety_note='"><img src=x onerror=alert(1)>', guardian="<svg onload=alert(1)>")
    page = await nok.get(f"/chatturat/enrolments/check?d={draft}")
    assert "<img" not in page.text and "&lt;img src=x" in page.text
    assert (await confirmed(nok, draft)).status_code == 303


async def test_an_upload_without_file_project_or_key(site: Site) -> None:
    nok = site.clients["nok"]
    for data, files in (
        ({}, {}),
        ({"key": "x", "project": "x"}, {"file": ("a.csv", b"a,b", "text/csv")}),
        ({"key": str(uuid7()), "project": str(site.chatturat.project_id)}, {"file": ("a.csv", b"", "text/csv")}),
        ({"key": str(uuid7()), "project": str(site.chatturat.project_id)}, {"file": ("a.xlsx", b"PK\3\4", "x")}),
        ({"key": str(uuid7()), "project": str(site.chatturat.project_id)}, {"file": ("a", b"x" * 9_000_000, "x")}),
    ):
        answer = await nok.post("/chatturat/imports", data=data, files=files)
        assert answer.status_code == 422 and "มีจุดที่ต้องแก้ไข" in answer.text
    unknown = {"key": str(uuid7()), "project": str(site.phon.project_id)}
    answer = await nok.post("/chatturat/imports", data=unknown, files={"file": ("a.csv", b"a,b\n1,2", "text/csv")})
    assert answer.status_code == 404


@pytest.mark.parametrize("nasty", NASTY.values(), ids=NASTY)
async def test_a_row_takes_anything_calmly(site: Site, nasty: str) -> None:
    nok = site.clients["nok"]
    body = "ชื่อ,นามสกุล,มาตรา,ผู้เสนอ,วันที่ยินยอม,ยินยอมบำบัด\nทดลอง,,113,ตนเอง,1/1/2569,ยินยอม\n".encode()
    form = {"key": str(uuid7()), "project": str(site.chatturat.project_id)}
    url = (await nok.post("/chatturat/imports", data=form, files={"file": ("a.csv", body, "text/csv")})).headers[
        "location"
    ]
    for field in ("given_name", "family_name", "agreed_on", "choice", "nonsense"):
        answer = await nok.post(f"{url}/rows/2", data={field: nasty})
        assert answer.status_code in (303, 422), (field, said(answer.text)[:300])
        assert "<script>alert" not in answer.text
    for bad in ("rows/0", "rows/99", "rows/x", "nonsense"):
        assert (await nok.get(f"{url}/{bad}")).status_code in (400, 404)
    assert (await nok.get(f"{url}?page=-5&show=nonsense&kind=' OR 1")).status_code == 200
