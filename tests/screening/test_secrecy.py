"""What a screening said never reaches a coordinator, a buddy, a message or a log; that it was done, and the word, do."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest

from khuen import clock, registry
from khuen.channels import email, texts
from khuen.ids import uuid7
from khuen.messages.rules import Kind
from khuen.screening.instruments import CURRENT
from khuen.screening.rules import CORE, Colour, Tool
from khuen.settings import Settings
from tests.care import Site
from tests.screening.filling import filled, posted
from tests.screening.test_decide import decide
from tests.screening.test_record import record
from tests.test_canaries import said
from workers import messages

__all__ = ["said"]

WORD = "zanziquok"
TODAY = clock.day(clock.now())
#: what any of it would look like: the note, a score, a band, what was answered, an instrument that a result called for
TELLS = re.compile(
    "|".join(
        (
            WORD,
            r"\d+ คะแนน",
            *(
                re.escape(band.label)
                for made in CURRENT.values()
                for part in made.parts
                for band in part.bands
                if len(band.label) > 6
            ),
            "ไม่เคย|ควบคุมไม่ได้|8Q|9Q|ข้อเสนอ",
        )
    )
)


async def screened(site: Site) -> str:
    """A case with every result that could be told: high scores, 9Q and 8Q, a note, a decision against the suggestion."""
    code = await site.case()
    worst = {Tool.V2: 30, Tool.OAS: 2, Tool.TWO_Q: 2, Tool.SMI_V: 1, Tool.NINE_Q: 20, Tool.EIGHT_Q: 30}
    await record(site, code, *(filled(tool, points, TODAY, note=WORD) for tool, points in worst.items()))
    wrong = filled(Tool.ST5, 12, TODAY, note=WORD)
    await record(site, code, wrong, filled(Tool.ST5, 9, TODAY, replaces=wrong.id, reason=WORD))
    await decide(site, code, Colour.ORANGE, WORD)
    return code


def seen(text: str) -> str | None:
    found = TELLS.search(text)
    return found[0] if found else None


async def test_a_coordinator_sees_that_it_was_done_and_the_word(site: Site) -> None:
    code = await screened(site)
    shown = (await site.clients["nok"].get(f"/chatturat/cases/{code}/screening")).text
    assert shown.count("เสร็จแล้ว") == len(CORE) + 1 and "ส้ม" in shown and "โดย Wipa" in shown
    assert "/screenings/" not in shown and seen(shown) is None
    assert 'class="notice danger"' not in shown and "tel:1669" in shown


async def test_no_page_search_export_or_message_tells_a_result(
    site: Site, pools: Settings, said: Any, monkeypatch: pytest.MonkeyPatch, root: Any
) -> None:
    code = await screened(site)
    case, nok, somchai = f"/chatturat/cases/{code}", site.clients["nok"], site.clients["somchai"]
    answers = [
        *[await nok.get(f"{case}{tab}") for tab in ("", "?tab=visits", "?tab=buddy", "?tab=opened", "/screening")],
        await nok.post(f"{case}/contact"),
        await nok.get("/chatturat/board?lane=all"),
        await nok.post("/chatturat/board/exports", data={"form": "csv", "code": code}),
        await nok.post("/chatturat/search", data={"q": code}),
        await nok.post("/chatturat/search", data={"q": WORD}),
        await nok.get("/chatturat/messages"),
        *[await somchai.get(f"/chatturat/b/{path}") for path in ("", "people", "urgent", f"check-in?p={code}")],
    ]
    for answer in answers:
        assert answer.status_code == 200, answer.url
        asked = unquote(answer.request.content.decode())
        found = seen(answer.text.replace(WORD, "")) if WORD in asked else seen(answer.text)
        assert found is None, (answer.request.url, found)
    for name, client in site.clients.items():
        for path in ("/screening/oas", f"/screenings/{uuid7()}", "/colour"):
            if name != "wipa":
                assert (await client.get(f"{case}{path}")).status_code in (403, 404)
    typed = posted(Tool.V2, 30, TODAY, note=WORD) | {"q1": ""}
    assert (await site.clients["wipa"].post(f"{case}/screening/v2", data=typed)).status_code == 422
    [district] = [one for one in await registry.active() if one.slug == "chatturat"]
    while await messages.deliver(pools, replace(district, practice=True)):
        pass
    kept = str([tuple(row) for row in await root.fetch("SELECT * FROM message")])
    assert "alert" in kept and seen(kept) is None
    logged = said.getvalue()
    assert (
        "screening" in logged
        and WORD not in logged
        and seen(re.sub(r"/screening/\S+|\"support_code\": \"\w+\"", "", logged)) is None
    )


@pytest.mark.parametrize("lang", ["th", "en"])
def test_an_alert_names_a_case_code_and_nothing_else(lang: str) -> None:
    written = texts.write(Kind.ALERT, count=1, link="https://x/cases/CTR-0007/urgent", code="CTR-0007", lang=lang)
    assert written.sms.split(" https")[0] == ("CTR-0007 เปิดดูด่วน" if lang == "th" else "CTR-0007: please look at once.")
    assert written.subject.startswith("CTR-0007")


async def test_an_alert_leads_to_the_case_by_an_address_without_a_word_of_health(
    site: Site, monkeypatch: pytest.MonkeyPatch, pools: Settings
) -> None:
    code = await site.case()
    await record(site, code, filled(Tool.OAS, 3, TODAY))
    sent = []

    async def take(outgoing: Any, settings: Any) -> Any:
        sent.append(outgoing.texts)
        return email.Receipt("1")

    monkeypatch.setattr("khuen.channels.log.send", take)
    [district] = [one for one in await registry.active() if one.slug == "chatturat"]
    await messages.deliver(pools, replace(district, practice=True))
    place = f"http://testserver/chatturat/cases/{code}/urgent?openExternalBrowser=1"
    assert [text.line for text in sent] == [f"{code} เปิดดูด่วน\n{place}"]
    opened = await site.clients["nok"].get(f"/chatturat/cases/{code}/urgent")
    assert (opened.status_code, opened.headers["location"]) == (303, f"/chatturat/cases/{code}/screening")
