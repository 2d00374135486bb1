"""What stands in a cell: the same words on the page, on paper and in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias

from khuen import clock, places, thai, words
from khuen.msgid import N_
from khuen.sheets import Cell

YES, NO = N_("Yes"), N_("No")


@dataclass(frozen=True, slots=True)
class Told:
    """One row with what its words depend on."""

    row: Mapping[str, Any]
    today: date
    lang: str

    def __getitem__(self, name: str) -> Any:
        return self.row[name]

    def say(self, text: str, **values: object) -> str:
        return words.gettext(text, self.lang) % values if values else words.gettext(text, self.lang)


Value: TypeAlias = Callable[[Told], Cell]


@dataclass(frozen=True, slots=True)
class Column:
    """`needs` is a permission without which the column is not there; `figure` stands to the right."""

    title: str
    cell: Value
    needs: str = ""
    figure: bool = False


CODE = Column(N_("Case"), lambda told: str(told["code"]))
#: as on a phone that others may see
PERSON = Column(N_("Person"), lambda told: thai.on_phone(told["called_name"], told["family_name"]))
#: the same, where the room below has made it already
NAMED = Column(N_("Person"), lambda told: str(told["name"]))
FULL_NAME = Column(N_("Name"), lambda told: f"{told['prefix']}{told['given_name']} {told['family_name']}".strip())
SUBDISTRICT = Column(N_("Subdistrict"), lambda told: places.tambon_of(told["subdistrict_code"]) or "")
VILLAGE = Column(N_("Village no."), lambda told: told["moo"] or "")


def text(title: str, name: str) -> Column:
    return Column(title, lambda told: str(told[name] or ""))


def number(title: str, name: str) -> Column:
    return Column(title, lambda told: "" if told[name] is None else int(told[name]), figure=True)


def day(title: str, name: str) -> Column:
    """31/1/2569, also of a moment."""

    def cell(told: Told) -> Cell:
        on = told[name]
        return clock.numeric(clock.day(on) if isinstance(on, datetime) else on) if on else ""

    return Column(title, cell)


def word(title: str, name: str, called: Mapping[Any, str], needs: str = "") -> Column:
    """The word of a code; nothing for none, and the code itself for one that has no word any more."""

    def cell(told: Told) -> Cell:
        code = told[name]
        return told.say(called.get(code, code)) if code else ""

    return Column(title, cell, needs)


def yes(title: str, name: str) -> Column:
    return Column(title, lambda told: told.say(YES if told[name] else NO))
