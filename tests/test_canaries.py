"""Canary words in every field of a person; then the logs, addresses, cookies, Redis and error pages are searched.

Latin letters, because a log masks Thai and long numbers anyway (threat 29, docs/security.md).
"""

from __future__ import annotations

import io
import logging
import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
import structlog

from khuen import clock, logs, redis, registry
from khuen.board import reading as board
from khuen.ids import uuid7
from khuen.settings import Settings
from khuen.tenancy import within
from tests.care import Site, site
from tests.enrolment.walk import confirmed, ready
from tests.post import until
from tests.workers.engines import own_redis
from workers import messages

__all__ = ["site"]

WORD = "zanziquok"
PERSON = {"given_name": f"{WORD}given", "family_name": f"{WORD}family", "called_name": f"{WORD}called"}
ID_CARD, PHONE = "1101700230708", "0812345678"
CANARIES = (WORD, ID_CARD, PHONE, PHONE[1:])


@pytest.fixture
def said() -> Iterator[io.StringIO]:
    """What this process logs while the test runs, written as in production."""
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook)
    before, stream = (root.handlers[:], root.level), io.StringIO()
    logs.configure(Settings("", {}, None, bytes(32)), stream=stream)
    yield stream
    root.handlers[:], root.level = before
    sys.excepthook, threading.excepthook = hooks
    structlog.reset_defaults()


def seen(text: str) -> list[str]:
    return [canary for canary in CANARIES if canary in unquote(text).lower()]


async def _enrolled(client: httpx.AsyncClient) -> str:
    """The code of a case opened through the pages, with a canary in every field."""
    draft = await ready(
        client, PERSON | {"phone": PHONE, "national_id": ID_CARD}, safety_note=f"{WORD}dog", guardian=f"{WORD}guardian"
    )
    answer = await confirmed(client, draft)
    assert answer.status_code == 303, answer.text
    found = re.search(r"[A-Z]{2,5}-\d{4,}", answer.headers["location"])
    assert found
    return found[0]


async def _work(site: Site, code: str) -> list[httpx.Response]:
    """What people do with such a case, and what they do wrong."""
    nok, mali = site.clients["nok"], site.clients["mali"]
    key = str(uuid7())
    case = f"/chatturat/cases/{code}"
    buddy = {"key": str(uuid7()), "member_id": str(site.chatturat.people["mali"][0])}
    name = {"key": str(uuid7()), "was": "x", "given_name": f"{WORD}new", "family_name": f"{WORD}new"}
    sheet = f"name,{WORD}\n{WORD},{ID_CARD}\n".encode()
    upload = {"key": str(uuid7()), "project": str(site.chatturat.project_id)}
    return [
        await nok.post("/chatturat/search", data={"q": WORD}),
        await nok.post("/chatturat/search", data={"q": ID_CARD}),
        await nok.post(f"{case}/assignment", data=buddy | {"reason": f"{WORD}why"}),
        await nok.get(case),
        await nok.post(f"{case}/contact"),
        await nok.post(f"{case}/name", data=name),
        await nok.get(f"/chatturat/people/{code}/corrections?field=phone"),
        await nok.post(
            f"/chatturat/people/{code}/corrections",
            data={"field": "name", "given_name": WORD, "note": f"{WORD} {PHONE}"},
        ),
        await nok.post(f"{case}/phone", data={"was": PHONE, "phone": f"{PHONE}{WORD}"}),
        await nok.post(f"{case}/safety-note", data={"was": WORD, "safety_note": f"{WORD}cat"}),
        await mali.get("/chatturat/b/"),
        await mali.post(f"{case}/check-ins", data={"key": key, "how": "urgent"}),
        await mali.post(f"/chatturat/b/check-ins/{key}/note", data={"key": str(uuid7()), "note": f"{WORD} {PHONE}"}),
        await mali.post(f"/chatturat/b/check-ins/{key}/note", data={"key": "x", "note": f"{WORD} {PHONE}"}),
        await nok.post(f"{case}/acknowledgements", data={"key": str(uuid7()), "note": f"{WORD}ack"}),
        await nok.post(f"{case}/nudges", data={"key": str(uuid7())}),
        await nok.post("/chatturat/imports", data=upload, files={"file": (f"{WORD}.csv", sheet, "text/csv")}),
        await nok.post(f"{case}/{WORD}", data={"q": PHONE}),
        *await _endings(site, case),
        await site.clients["kanya"].get(case),
        await nok.get("/chatturat/board?lane=all"),
    ]


async def _endings(site: Site, case: str) -> list[httpx.Response]:
    """A slip, a stay elsewhere, a referral, a transfer and an ending, each with a canary where text may stand."""
    nok, wipa = site.clients["nok"], site.clients["wipa"]
    today = clock.day(clock.now())

    def form(*names: str, **more: str) -> dict[str, str]:
        parts = {"day": str(today.day), "month": str(today.month), "year": str(today.year)}
        days = {f"{name}_{part}": value for name in names for part, value in parts.items()}
        return {"key": str(uuid7()), **days, **more}

    return [
        await nok.post(f"{case}/slips", data=form("on", told_by="self", note=f"{WORD}slip")),
        await nok.post(f"{case}/stays", data=form("from", "until", place=f"{WORD}place")),
        await nok.post(f"{case}/referrals", data=form("on", place="โรงพยาบาล", cause="other", note=f"{WORD}ref")),
        await nok.post(f"{case}/transfers", data=form(project=str(uuid7()), reason=f"{WORD}why")),
        await nok.post(f"{case}/drop-outs", data=form("on", reason="no_show", tried=f"{WORD}tried")),
        await wipa.post(f"{case}/treatment-end", data=form("treated")),
        await nok.post(f"{case}/follow-up", data=form("on", number="1", note=f"{WORD}round")),
        await nok.post(f"{case}/closure", data=form("on", kind="moved_away", note=f"{WORD}end")),
        await nok.post(f"{case}/reopening", data={"why": f"{WORD}again"}),
        await nok.get(f"{case}/endings"),
    ]


async def test_threat_29_nothing_of_a_person_leaves_by_a_side_door(
    site: Site, pools: Settings, said: io.StringIO, monkeypatch: pytest.MonkeyPatch, root: Any
) -> None:
    [district] = [one for one in await registry.active() if one.slug == "chatturat"]
    with own_redis() as engine:
        settings = replace(pools, redis_url=engine.url)
        async with redis.bell(settings):
            code = await _enrolled(site.clients["nok"])
            answers = await _work(site, code)
            await until(lambda: engine.client().keys("*"))
        later = registry.District(district.id, district.slug, True, None)
        while await messages.deliver(settings, later):
            pass
        held = str([(name, _dumped(engine.client(), name)) for name in engine.client().keys("*")])
    assert "khuen:" in held and not seen(held)
    assert any(PERSON["called_name"] in answer.text for answer in answers)  # the canaries did come in
    for answer in answers:
        head = {name: value for name, value in answer.headers.items() if name != "content-length"}
        assert not seen(str(head)) and not seen(str(answer.request.url).replace(f"/{WORD}", "")), answer.request.url
        for flash in re.findall(r"khuen-flash=([0-9a-f]{8,})", answer.headers.get("set-cookie", "")):
            assert not seen(bytes.fromhex(flash).decode())
        for address in re.findall(r'(?:href|action|formaction|src|hx-\w+)="([^"]*)"', answer.text):
            assert not seen(address) or address.startswith("tel:"), address

    async def fails(*_: Any, **__: Any) -> Any:
        raise RuntimeError(f"{WORD} {PHONE} {ID_CARD}")

    monkeypatch.setattr(board, "case", fails)
    broken = await site.clients["nok"].get(f"/chatturat/cases/{code}")
    assert broken.status_code == 500 and not seen(broken.text) and 'class="code"' in broken.text
    here = site.chatturat.here("nok", clock.now())
    with pytest.raises(Exception, match="check constraint") as refused:  # the error itself holds the row
        async with within(here):
            await board.hot("UPDATE case_file SET stage = $2, safety_note = $3 WHERE tenant_id = $1", "x", WORD)
    logging.getLogger("khuen.test").error("could not save", exc_info=refused.value)
    text = said.getvalue()
    assert text.count("\n") > 3 and '"status": 500' in text.replace('":', '": ').replace("  ", " ")
    assert not seen(text), [line for line in text.splitlines() if seen(line)]
    stored = str([tuple(row) for row in await root.fetch("SELECT tag, detail FROM audit")])
    stored += str([tuple(row) for row in await root.fetch("SELECT * FROM message")])
    assert not seen(stored)


def _dumped(client: Any, name: bytes) -> Any:
    return client.get(name) if client.type(name) == b"string" else client.zrange(name, 0, -1)
