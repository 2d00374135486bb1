"""Anybody checks a paper: it is valid, replaced, revoked or unknown, and nothing else is learnt."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from khuen.certificates import issuing, routes_public, rules
from khuen.certificates.rules import Ended
from khuen.ids import uuid7
from khuen.signin.limits import Pace
from khuen.tenancy import within
from tests.care import ORIGIN, Site
from tests.certificates.room import begin, certify, here, hospital_key, issue, paper, sign


@pytest.fixture
async def nobody(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}
    transport = httpx.ASGITransport(app=site.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as client:
        yield client


async def codes(root: Any) -> list[str]:
    return [row["code"] for row in await root.fetch("SELECT code FROM certificate ORDER BY running")]


async def test_a_paper_is_valid_then_replaced_then_revoked_on_the_next_request(
    site: Site, root: Any, nobody: httpx.AsyncClient, tmp_path: Path
) -> None:
    keys = hospital_key(tmp_path / "keys")
    who = await paper(site, keys)
    [first] = await codes(root)
    answer = await nobody.get(f"/v/{rules.spoken(first).lower()}")
    assert answer.status_code == 200 and "หนังสือรับรองนี้ถูกต้อง" in answer.text and "ท. ต." in answer.text
    assert answer.headers["cache-control"] == "no-store"
    for secret in ("ทดลอง ตัวอย่าง", "113", "CTR-", "chatturat", "บำบัด"):
        assert secret not in answer.text, secret
    assert "ตัวอย่าง ใช้ไม่ได้" not in answer.text
    await root.execute("UPDATE auth.tenant SET practice = true")
    assert "ตัวอย่าง ใช้ไม่ได้" in (await nobody.get(f"/v/{first}")).text
    await root.execute("UPDATE auth.tenant SET practice = false")
    await certify(site, who, why=Ended.NAME)
    await sign(site, await begin(site))
    await issue(site, keys)
    _, second = await codes(root)
    assert "มีฉบับใหม่แทนแล้ว" in (await nobody.get(f"/v/{first}")).text
    assert "หนังสือรับรองนี้ถูกต้อง" in (await nobody.get(f"/v/{second}")).text
    at = here(site)
    async with within(at):
        it = await root.fetchval("SELECT id FROM certificate WHERE running = 2")
        await issuing.revoke(at, who, it, Ended.ORDER, "", uuid7())
    answer = await nobody.get(f"/v/{second}")
    assert ("ถูกเพิกถอน" in answer.text and "24 พฤศจิกายน 2569" in answer.text) or "ใช้ไม่ได้ตั้งแต่" in answer.text
    said = (await nobody.get(f"/v/{second}/credential")).json()
    assert said["state"] == "revoked" and said["verifiableCredential"].count(".") == 2
    await issue(site, keys)
    assert len((await nobody.get("/v/ended")).json()["ended"]) == 2


async def test_a_number_that_is_not_published_is_unknown_and_so_is_a_typing_mistake(
    site: Site, root: Any, nobody: httpx.AsyncClient, tmp_path: Path
) -> None:
    who = await paper(site, hospital_key(tmp_path / "keys"))
    await certify(site, who, why=Ended.FACT)
    await sign(site, await begin(site))
    published, numbered = await codes(root)
    other = rules.code_of([1] * 11)
    for code in (numbered, other, published[:-1] + ("3" if published[-1] != "3" else "4"), "<b>", "ก", "%00"):
        answer = await nobody.get(f"/v/{code}")
        assert answer.status_code in (422, 404) and "<b>" not in answer.text, code
    for text, words in (
        ("O1LZ-5S8B-UVIO", "ไม่มีรหัสใดใช้ตัวเหล่านี้"),
        (("3" if published[0] != "3" else "4") + published[1:], "รหัสพิมพ์ผิด"),
        ("", "รหัสพิมพ์ผิด"),
    ):
        answer = await nobody.post("/v", data={"code": text})
        assert answer.status_code == 422 and words in answer.text
    answer = await nobody.post("/v", data={"code": rules.spoken(published).lower()})
    assert answer.headers["location"] == f"/v/{published}"


async def test_a_file_is_the_paper_byte_for_byte_or_it_is_not(
    site: Site, root: Any, nobody: httpx.AsyncClient, tmp_path: Path
) -> None:
    who = await paper(site, hospital_key(tmp_path / "keys"))
    [code] = await codes(root)
    at = here(site)
    async with within(at):
        pdf, _ = await issuing.pdf(at, who, await root.fetchval("SELECT id FROM certificate"))
    changed = pdf[:1000] + bytes([pdf[1000] ^ 1]) + pdf[1001:]
    for content, status, words in ((pdf, 200, "ทุกไบต์"), (changed, 200, "ไม่ใช่หนังสือฉบับนี้"), (b"", 422, "เลือกไฟล์")):
        answer = await nobody.post(f"/v/{code}/file", files={"file": ("a.pdf", content, "application/pdf")})
        assert answer.status_code == status and words in answer.text


async def test_guessing_is_slowed_down_before_anything_is_looked_up(
    site: Site, nobody: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes_public, "PACE", Pace(free=0, wait=30))
    tries = [(await nobody.get(f"/v/{rules.code_of([n] * 11)}")).status_code for n in range(5)]
    assert set(tries[1:]) == {429}


async def test_the_checker_to_keep_holds_keys_and_the_moment_of_its_list(
    site: Site, nobody: httpx.AsyncClient, tmp_path: Path
) -> None:
    await paper(site, hospital_key(tmp_path / "keys"))
    answer = await nobody.get("/v/checker.html")
    assert "attachment" in answer.headers["content-disposition"]
    held = json.loads(unescape(answer.text.split('data-held="')[1].split('"')[0]))
    assert held["keys"] == (await nobody.get("/v/keys")).json()["keys"] and held["ended"] == [] and held["at"]
    assert "d" not in held["keys"][0]
