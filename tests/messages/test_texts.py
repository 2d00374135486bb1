"""A text that goes out holds counts and a link: no name, no word of drugs, treatment or a colour, in any form."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from khuen import outgoing
from khuen.channels import texts
from khuen.messages.rules import KINDS, PLACES, REASONS, STATES, Kind, State
from khuen.outgoing import BANNED
from khuen.paths import folder
from khuen.words import known

PARTS = ("line.txt", "sms.txt", "subject.txt", "body.txt", "body.html")
PLACE = folder("templates") / "messages"
LINK = "https://khuen.example.org/chatturat/b/"


def _every_template() -> list[Path]:
    """Those of what goes out; the pages beside them are for people who signed in."""
    return sorted([*PLACE.glob("*/*"), *PLACE.glob("_letter.*")])


def _all(kind: str, lang: str) -> dict[str, str]:
    written = texts.write(kind, count=3, link=LINK, lang=lang)
    return {name: getattr(written, name) for name in written.__slots__}


def test_every_kind_has_every_part_words_and_a_place() -> None:
    for kind in Kind:
        assert {path.name for path in (PLACE / kind).iterdir()} == set(PARTS)
        assert known(KINDS[kind]) and PLACES[kind]
    assert {path.name for path in PLACE.iterdir() if path.is_dir()} == set(Kind)
    assert set(STATES) == set(State) and all(map(known, [*STATES.values(), *REASONS.values()]))


@pytest.mark.parametrize("path", _every_template(), ids=lambda path: str(path.relative_to(PLACE)))
def test_no_template_holds_a_banned_word_or_asks_for_more_than_a_count_and_a_link(path: Path) -> None:
    source = path.read_text()
    assert not BANNED.search(source)
    asked = {word for place in re.findall(r"\{\{(.*?)\}\}", source) for word in re.findall(r"\b[a-z_]+\b", place)}
    quoted = {word for text in re.findall(r'"([^"]*)"', source) for word in re.findall(r"\b[a-z_]+\b", text)}
    assert asked - quoted - {"_", "n"} <= {"count", "link", "lang"}


@pytest.mark.parametrize("lang", ["th", "en"])
@pytest.mark.parametrize("kind", list(Kind))
def test_no_rendered_text_holds_a_banned_word(kind: str, lang: str) -> None:
    for part, text in _all(kind, lang).items():
        assert text and not BANNED.search(text.replace(LINK, "")), part


def test_the_list_of_banned_words_bites() -> None:
    for text in ("ผู้เสพ 3 คน", "นัดบำบัด", "สีแดง", "Treatment today", "a RED case", "ตรวจปัสสาวะ"):
        assert BANNED.search(text)
    for text in ("ติดตามต่อ", "ติดต่อผู้ประสานงาน", "ยาวนาน", "three hundred", "coloured"):
        assert not BANNED.search(text)


@pytest.mark.parametrize("kind", list(Kind))
def test_forms_fit_their_channel(kind: str) -> None:
    written = _all(kind, "th")
    assert len(written["sms"]) <= 2 * 67  # two parts of a Thai text message
    assert "\n" not in written["sms"] and "\n" not in written["subject"]
    assert len(written["subject"]) <= 60
    for part in ("line", "sms", "body", "html"):
        assert LINK in written[part]
    assert LINK not in written["subject"]


def test_the_whole_letter() -> None:
    written = texts.write(Kind.VISIT_DUE_DIGEST, count=3, link=LINK)
    assert written.subject == "มี 3 คนรอเยี่ยม"
    assert written.line == f"วันนี้มี 3 คนรอเยี่ยม\n{LINK}?openExternalBrowser=1"
    assert written.body == (f"สวัสดี\n\nวันนี้มี 3 คนรอเยี่ยม\n\nเข้าสู่ระบบแล้วดูได้ที่นี่\n{LINK}\n\nข้อความนี้ส่งโดยระบบ กรุณาอย่าตอบกลับ")
    assert f'<a href="{LINK}">' in written.html


def test_html_is_escaped() -> None:
    written = texts.write(Kind.NUDGE, count=1, link='https://x/"><script>')
    assert "<script>" not in written.html


def test_the_standard_words_pass_the_check_of_a_districts_own() -> None:
    assert set(outgoing.FILLED) == set(Kind) - {Kind.TEST}  # the test says nothing worth changing
    for kind in outgoing.FILLED:
        own = texts.standard(kind)
        assert outgoing.problem(own.said, kind, outgoing.SAID, needs=True) is None, own.said
        assert outgoing.problem(own.subject, kind, outgoing.SUBJECT, needs=False) is None, own.subject
        figures = {"count": 3, "link": LINK, "code": "CPM-0007"}
        assert texts.write(kind, **figures, own=own) == texts.write(kind, **figures)  # type: ignore[arg-type]
