"""The page of consents: the words as they were read, every decision, who wrote it down, and the guardian."""

from __future__ import annotations

from typing import Any

from khuen.cases import service as cases
from khuen.cases.rules import ConsentKind, Decision
from khuen.cases.service import Consent
from khuen.ids import uuid7
from khuen.tenancy import within
from tests.care import Site, site

__all__ = ["site"]


async def test_what_was_agreed_stands_word_for_word_with_who_decided(site: Site, root: Any) -> None:
    code, nok = await site.case(), site.clients["nok"]
    here = site.chatturat.here("nok")
    async with within(here):
        given = Consent(ConsentKind.CONTACT, Decision.GIVEN, "2569-1", here.today, "แม่ ตัวอย่าง")
        await cases.record_consent(here, site.chatturat.cases[code], given, key=uuid7())
    await nok.post(f"/chatturat/cases/{code}/consents", data={"key": str(uuid7()), "kind": "treatment"})
    page = (await nok.get(f"/chatturat/cases/{code}/agreements")).text
    for said in ("แม่ ตัวอย่าง", "Nok", "ถอน", "2569-1", "ยินยอม"):
        assert said in page, said
    assert page.count('class="said"') == 3 and "เก็บไว้ในกระดาษ" not in page and "ไม่ยินยอม" not in page
    assert f"/cases/{code}/agreements" in (await nok.get(f"/chatturat/cases/{code}")).text
    seen = await root.fetchval("SELECT count(*) FROM audit WHERE tag = 'case:seen' AND detail LIKE '%consents%'")
    assert seen == 2


async def test_words_that_were_never_kept_here_are_on_paper(site: Site, root: Any) -> None:
    code, nok = await site.case(), site.clients["nok"]
    await root.execute("UPDATE consent SET version = '2500-1'")
    assert "เก็บไว้ในกระดาษ" in (await nok.get(f"/chatturat/cases/{code}/agreements")).text


async def test_a_consent_is_given_again_after_the_text_was_read(site: Site, root: Any) -> None:
    code, nok, key = await site.case(), site.clients["nok"], str(uuid7())
    url, form = f"/chatturat/cases/{code}/agreements", {"key": key, "kind": "treatment", "version": "2569-1"}
    await nok.post(f"/chatturat/cases/{code}/consents", data={"key": str(uuid7()), "kind": "treatment"})
    assert code not in (await nok.get("/chatturat/board?lane=all")).text
    for wrong, said in (({}, "อ่านข้อความให้ฟังก่อน"), ({"agrees": "true", "version": "2500-1"}, "ไม่ตรงกับหน้านี้")):
        answer = await nok.post(url, data=form | wrong)
        assert answer.status_code == 422 and said in answer.text
    await root.execute("UPDATE person SET born_year = 2012")
    answer = await nok.post(url, data=form | {"agrees": "true"})
    assert answer.status_code == 422 and "ผู้ปกครอง" in answer.text
    for _ in range(2):
        given = await nok.post(url, data=form | {"agrees": "true", "guardian": "แม่ ตัวอย่าง"})
        assert given.status_code == 303
    assert await root.fetchval("SELECT count(*) FROM consent WHERE decision = 'given'") == 2
    assert "แม่ ตัวอย่าง" in (await nok.get(url)).text and code in (await nok.get("/chatturat/board?lane=all")).text
    assert (await site.clients["wipa"].post(url, data=form)).status_code == 403
