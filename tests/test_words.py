"""The Thai catalogue is complete, clean and says the same thing once."""

from functools import cache
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from jinja2 import Environment
from markupsafe import escape

from khuen import words


def key(msgid: words.MessageId | list[str]) -> str:
    return msgid if isinstance(msgid, str) else msgid[0]


@cache
def in_use() -> Any:
    """The whole site is read for it: once."""
    return words.message_ids()


def test_every_message_in_use_has_thai_words() -> None:
    untranslated = {
        key(msgid): places for msgid, places in in_use().items() if not any(_texts(_wording(words.merged("th"), msgid)))
    }
    assert untranslated == {}


def test_no_entry_is_left_over() -> None:
    used = {key(msgid) for msgid in in_use()}
    unused = [
        f"{file}: {key(m.id)}" for file, room in words.rooms("th") for m in room if m.id and key(m.id) not in used
    ]
    assert unused == []


def test_nothing_is_half_translated() -> None:
    assert [f"{file}: {key(m.id)}" for file, room in words.rooms("th") for m in room if m.id and m.fuzzy] == []


def test_one_message_has_one_wording() -> None:
    thai = words.merged("th")
    double = [
        f"{file}: {key(m.id)}"
        for file, room in words.rooms("th")
        for m in room
        if m.id and m.string != _wording(thai, m.id)
    ]
    assert double == []


def test_words_fill_the_places_of_their_message() -> None:
    wrong = [
        f"{file}: {key(m.id)}"
        for file, room in words.rooms("th")
        for m in room
        if m.id and any(words.placeholders(t) != words.placeholders(_last(m.id)) for t in _texts(m.string))
    ]
    assert wrong == []


def test_thai_repeats_its_mark_without_a_line_break() -> None:
    broken = [
        key(m.id) for _, room in words.rooms("th") for m in room if any(" ๆ" in text for text in _texts(m.string))
    ]
    assert broken == []


def test_english_is_the_message_itself() -> None:
    assert words.gettext("Undo", "en") == "Undo"
    assert words.gettext("Undo") == "เลิกทำ"
    assert (
        words.ngettext("You can try again in %(num)s second.", "You can try again in %(num)s seconds.", 2)
        == "ลองใหม่ได้ในอีก %(num)s วินาที"
    )


def test_only_a_known_message_is_known() -> None:
    assert words.known("Undo")
    assert not words.known("<b>Undo</b>")


@pytest.mark.parametrize("lang", words.SPOKEN)
def test_threat_21_what_somebody_typed_is_never_taken_for_a_message(lang: str) -> None:
    """`_` answers markup: a text that is no message id stays text, and its % fills no place."""
    env = Environment(autoescape=True)
    words.install(env, lang)
    shown = env.from_string("{{ _(text) }}|{{ _('Undo') }}|{{ _(text, what=text) }}|{{ _('by %(who)s', who=_(text)) }}")
    text = '<b hx-get="/x">100% %(n)s</b>'
    first, second, third, fourth = shown.render(text=text).split("|")
    assert first == third == str(escape(text)) and str(escape(text)) in fourth
    assert second == words.gettext("Undo", lang)


def _wording(catalog: Catalog, msgid: words.MessageId | list[str]) -> str | tuple[str, ...] | list[str] | None:
    found = catalog.get(key(msgid))
    return found.string if found else None


def _texts(string: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [string] if isinstance(string, str) else list(string or [])


def _last(msgid: str | tuple[str, ...] | list[str]) -> str:
    return msgid if isinstance(msgid, str) else msgid[-1]
