"""The words on screen: English message ids in code and templates, one catalogue file per room and language.

The catalogue is read from `locale/<lang>/*.po` once per process and merged; nothing is compiled to disk, so a
changed .po file is a changed page. Which language a page uses is an argument, never hidden state.
"""

import gettext as standard
import io
import re
from collections.abc import Iterator
from functools import cache
from typing import TypeAlias

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import Environment, StrictUndefined
from markupsafe import escape

from khuen.msgid import N_ as N_
from khuen.paths import folder

DEFAULT = "th"
SPOKEN = ("th", "en")

MessageId: TypeAlias = str | tuple[str, ...]
"""A message id, or (singular, plural)."""


@cache
def catalogue(lang: str = DEFAULT) -> standard.NullTranslations:
    """Every word of a language, all rooms merged. "en" answers with the message ids themselves.

    Raises KeyError for a language that is not spoken here.
    """
    if lang not in SPOKEN:
        raise KeyError(lang)
    if lang == "en":
        return standard.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, merged(lang))
    compiled.seek(0)
    return standard.GNUTranslations(compiled)


def gettext(msgid: str, lang: str = DEFAULT) -> str:
    """The words for a message id; the id itself when there are none (a test refuses that)."""
    return catalogue(lang).gettext(msgid)


def ngettext(singular: str, plural: str, n: int, lang: str = DEFAULT) -> str:
    """The words for n things."""
    return catalogue(lang).ngettext(singular, plural, n)


def known(msgid: str) -> bool:
    """Whether the catalogue has words for this id: a text from a browser's cookie is shown only then."""
    return msgid in _ids()


def install(env: Environment, lang: str = DEFAULT) -> None:
    """Gives a Jinja environment `_`, `gettext` and `ngettext` (newstyle: `_("%(n)s people", n=3)`).

    Also sets what every page of Khuen relies on: escaping is on and an unknown name is an error, not a blank.
    Jinja takes whatever `_` answers for markup and fills its % places; so a text that the catalogue does not know,
    which may be what somebody typed, is answered escaped.
    """
    spoken = catalogue(lang)

    def words_of(msgid: str) -> str:
        return spoken.gettext(msgid) if known(msgid) else escape(msgid).replace("%", "%%")

    env.autoescape = True
    env.undefined = StrictUndefined
    env.add_extension("jinja2.ext.i18n")
    env.install_gettext_callables(words_of, spoken.ngettext, newstyle=True)  # type: ignore[attr-defined]


@cache
def merged(lang: str) -> Catalog:
    """The .po files of a language as one catalogue; common.po stands over the rooms' (a test refuses two wordings)."""
    whole = Catalog(locale=lang, fuzzy=False)
    for _file, room in rooms(lang):
        for message in room:
            if message.id and whole.get(message.id) is None:
                whole[message.id] = message
    return whole


@cache
def _ids() -> frozenset[str]:
    return frozenset(message.id for message in merged(DEFAULT) if isinstance(message.id, str))


def rooms(lang: str) -> Iterator[tuple[str, Catalog]]:
    """Each .po file of a language with its name, common.po first."""
    for path in sorted((folder("locale") / lang).glob("*.po"), key=lambda path: (path.stem != "common", path.name)):
        with path.open("rb") as file:
            yield path.name, read_po(file, locale=lang)


def message_ids() -> dict[MessageId, list[str]]:
    """Every message id used in templates/, src/ and workers/, with the places ("file:line") that use it."""
    found: dict[MessageId, list[str]] = {}
    for place, msgid in _extracted():
        found.setdefault(msgid, []).append(place)
    return found


def placeholders(text: str) -> set[str]:
    """The named figures of a message: "%(n)s of %(total)s" has n and total; "%%" is none."""
    return set(re.findall(r"%\((\w+)\)[sd]", text.replace("%%", "")))


def _extracted() -> Iterator[tuple[str, MessageId]]:
    root = folder("templates").parent
    sources = {
        "templates": [("**", "jinja2")],
        "src": [("**.py", "python")],
        "workers": [("**.py", "python")],
    }
    keywords = {"_": None, "gettext": None, "N_": None, "ngettext": (1, 2)}
    options = {"**": {"silent": "false"}}
    for place, methods in sources.items():
        for name, line, msgid, _comments, _context in extract_from_dir(root / place, methods, options, keywords):
            yield f"{place}/{name}:{line}", msgid
