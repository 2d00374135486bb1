"""The three texts: what is read is what the pack holds, and what was read is what the consent's row names."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from html import unescape
from typing import Any
from uuid import UUID

import msgspec
import pytest

from khuen import clock, district, packs
from khuen.enrolment import forms, rules
from khuen.enrolment.rules import Around
from khuen.ids import uuid7
from khuen.paths import folder
from khuen.rule_pack import CONSENTS, Part, RulePack
from tests.care import Site
from tests.enrolment.walk import CONSENTS as TYPED
from tests.enrolment.walk import PERSON, begun, confirmed, hidden, ready, said, step

STANDARD = district.read_pack(folder("tenants") / "standard.toml")


async def publish(root: Any, tenant_id: UUID, pack: RulePack) -> None:
    """A newer pack for the projects of a district, as `khuen tenant add` publishes one."""
    content, id_ = district.pack_content(pack), uuid7(clock.now())
    await root.execute(
        "INSERT INTO pack (tenant_id, id, name, version, content, content_hash, published_at)"
        " VALUES ($1, $2, $3, 9, $4, $5, $6)",
        tenant_id,
        id_,
        pack.name,
        msgspec.json.encode(content).decode(),
        district.pack_hash(content),
        clock.now(),
    )
    await root.execute("UPDATE project SET pack_id = $2 WHERE tenant_id = $1", tenant_id, id_)


def with_text(kind: str, version: str, *parts: Part) -> RulePack:
    changed: dict[str, Any] = {kind: version, f"{kind}_text": parts}
    return replace(STANDARD, consent=replace(STANDARD.consent, **changed))


async def test_the_page_and_the_sheet_show_every_line_of_the_three_texts_with_their_versions(site: Site) -> None:
    nok = site.clients["nok"]
    draft = await begun(nok)
    await step(nok, draft, "person", PERSON)
    for path in ("consents", "consent-sheet"):
        shown = said((await nok.get(f"/chatturat/enrolments/{path}?d={draft}")).text)
        for kind in CONSENTS:
            assert STANDARD.consent.version(kind) in shown
            for part in STANDARD.consent.text(kind):
                assert part.heading in shown and all(line in shown for line in part.lines), (path, kind)
    sheet = said((await nok.get(f"/chatturat/enrolments/consent-sheet?d={draft}")).text)
    assert sheet.count("ลายมือชื่อ") == 3 and f"{PERSON['given_name']} {PERSON['family_name']}" in sheet


async def test_a_text_is_shown_as_text(site: Site, root: Any) -> None:
    mark = "<b>ตกลง</b> & {{ 7*7 }} %(x)s"
    await publish(root, site.chatturat.tenant_id, with_text("sharing", "2570-1", Part(heading=mark, lines=(mark,))))
    nok = site.clients["nok"]
    draft = await begun(nok)
    await step(nok, draft, "person", PERSON)
    for path in ("consents", "consent-sheet"):
        html = (await nok.get(f"/chatturat/enrolments/{path}?d={draft}")).text
        assert "<b>ตกลง" not in html and unescape(html).count(mark) == 2


async def test_the_row_names_the_version_that_was_shown_and_the_case_shows_its_words(site: Site, root: Any) -> None:
    own = Part(heading="หัวข้อทดลอง", lines=("ประโยคทดลองของอำเภอ",))
    await publish(root, site.chatturat.tenant_id, with_text("treatment", "2570-a", own))
    nok = site.clients["nok"]
    draft = await ready(nok)
    shown = hidden((await nok.get(f"/chatturat/enrolments/consents?d={draft}")).text, "texts_read")
    code = (await confirmed(nok, draft)).headers["location"].rpartition("/")[2]
    rows = {row["kind"]: row["version"] for row in await root.fetch("SELECT kind, version FROM consent")}
    assert shown.split() == [rows[kind] for kind in CONSENTS] == ["2570-a", "2569-1", "2569-1"]
    await publish(root, site.chatturat.tenant_id, replace(STANDARD, name="later"))
    page = said((await nok.get(f"/chatturat/cases/{code}/consents?kind=treatment")).text)
    assert "ประโยคทดลองของอำเภอ" in page and STANDARD.consent.treatment_text[0].lines[0] not in page


async def test_nobody_is_enrolled_under_a_text_that_was_not_read(site: Site, root: Any) -> None:
    nok = site.clients["nok"]
    draft, other = await ready(nok), await begun(nok)
    await step(nok, other, "person", PERSON | {"given_name": "สมมุติ", "national_id": "", "phone": ""})
    old = hidden((await nok.get(f"/chatturat/enrolments/consents?d={other}")).text, "texts_read")
    await publish(root, site.chatturat.tenant_id, with_text("contact", "2570-1", Part(heading="ก", lines=("ข",))))
    refused = await confirmed(nok, draft)
    assert refused.status_code == 409 and "ไม่ใช่ฉบับที่อ่านไว้" in said(refused.text)
    assert await root.fetchval("SELECT count(*) FROM case_file") == 0
    late = await step(nok, other, "consents", TYPED | {"texts_read": old})
    assert late.status_code == 422 and "อ่านข้อความใหม่ให้ฟัง" in said(late.text)
    assert (await step(nok, draft, "consents", TYPED)).status_code == 303
    assert (await confirmed(nok, draft)).status_code == 303
    assert await root.fetchval("SELECT version FROM consent WHERE kind = 'contact'") == "2570-1"


async def test_a_pack_of_before_has_no_words_and_none_are_put_there(site: Site, root: Any) -> None:
    await root.execute(
        "UPDATE pack SET content = (content::jsonb #- '{consent,treatment_text}' #- '{consent,sharing_text}'"
        " #- '{consent,contact_text}')::text"
    )
    packs.forget(site.chatturat.tenant_id)
    nok = site.clients["nok"]
    draft = await ready(nok)
    page = said((await nok.get(f"/chatturat/enrolments/consents?d={draft}")).text)
    assert page.count("เก็บไว้ในกระดาษเท่านั้น") == 3
    code = (await confirmed(nok, draft)).headers["location"].rpartition("/")[2]
    assert "เก็บไว้ในกระดาษเท่านั้น" in (await nok.get(f"/chatturat/cases/{code}/consents?kind=treatment")).text


AGES = [
    (0, "", "guardian_alone"),
    (10, "", "guardian_alone"),
    (10, rules.MARRIED, "guardian_alone"),
    (10, "แม่ ตัวอย่าง", None),
    (11, "", "guardian"),
    (11, "แม่ ตัวอย่าง", None),
    (19, "", "guardian"),
    (19, rules.MARRIED, None),
    (20, "", None),
    (None, "", None),
]


@pytest.mark.parametrize(("age", "guardian", "lacking"), AGES)
def test_who_needs_a_guardian(age: int | None, guardian: str, lacking: str | None) -> None:
    assert rules.lacks_guardian(age, guardian) == lacking


def test_the_age_counts_on_the_day_of_agreeing() -> None:
    around = Around(date(2026, 11, 24))
    born = {"birth_day": "20", "birth_month": "11", "birth_year": "2549"}  # twenty on 20 November 2569
    for day, wrong in (("19", True), ("20", False)):
        typed = TYPED | PERSON | born | {"agreed_on_day": day, "texts_read": "x"}
        assert ("guardian" in forms.problems("consents", typed, around)) is wrong


async def test_for_a_child_of_ten_the_guardian_alone_agrees(site: Site, root: Any) -> None:
    nok = site.clients["nok"]
    draft = await begun(nok)
    await step(nok, draft, "person", PERSON | {"birth_day": "", "birth_month": "", "birth_year": "2559"})
    page = said((await nok.get(f"/chatturat/enrolments/consents?d={draft}")).text)
    assert "ผู้ปกครองเป็นผู้ตกลง" in page and "ผู้เข้าร่วมสมรสแล้ว" not in page
    for typed in ({}, {"married": "yes"}):
        refused = await step(nok, draft, "consents", TYPED | typed)
        assert refused.status_code == 422
        assert "เด็กอายุไม่เกิน 10 ปี ผู้ปกครองเป็นผู้ตกลง พิมพ์ชื่อผู้ปกครอง" in said(refused.text)
    assert (await step(nok, draft, "consents", TYPED | {"guardian": "แม่ ตัวอย่าง"})).status_code == 303
    assert (await step(nok, draft, "address", {})).status_code == 303
    assert (await step(nok, draft, "buddy", {"buddy": ""})).status_code == 303
    assert (await confirmed(nok, draft)).status_code == 303
    sealed = {row["kind"]: row["guardian_sealed"] for row in await root.fetch("SELECT * FROM consent")}
    assert sealed["treatment"] and sealed["contact"] and sealed["sharing"] is None  # a refusal needs nobody's name
