"""The five pages of one enrolment: which fields each has, and what is wrong on it. Pure; reading is done by `rows`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar

from khuen.enrolment import rows, rules, texts
from khuen.enrolment.problems import PROBLEMS, Said, Wrong
from khuen.enrolment.rules import Around, Entry
from khuen.msgid import N_
from khuen.rule_pack import CONSENTS

T = TypeVar("T")

STEPS = {
    "person": N_("Person"),
    "address": N_("Address"),
    "consents": N_("Consent"),
    "buddy": N_("Buddy"),
    "check": N_("Check"),
}
"""In this order; the first page that lacks something is the one to go on with."""

FIELDS = {
    "person": (
        *("project", "prefix", "given_name", "family_name", "called_name", "sex"),
        *("birth_day", "birth_month", "birth_year", "national_id", "phone"),
    ),
    "address": ("subdistrict_code", "moo", "house"),
    "consents": (
        *("treatment", "sharing", "contact", "consents_on_day", "consents_on_month", "consents_on_year"),
        *("guardian", "married", "proposed_by", "agreed_on_day", "agreed_on_month", "agreed_on_year"),
        *("legal_basis", "safety_note", "texts_read"),
    ),
    "buddy": ("buddy", "extra_reason"),
    "check": (),
}
"""What is read from each page; whatever else a browser sends is left where it is."""

_ROW_FIELDS = {
    "person": {"prefix", "given_name", "family_name", "called_name", "sex", "birth", "national_id", "phone"},
    "address": {"tambon", "moo", "house"},
    "consents": {
        *("treatment", "sharing", "contact", "agreed_on", "guardian", "legal_basis", "proposed_by", "safety_note"),
    },
}


def read(typed: Mapping[str, str], around: Around) -> rows.Row:
    """The pages as one row, as if they had come from a spreadsheet."""
    row = {name: typed.get(name, "") for fields in _ROW_FIELDS.values() for name in fields}
    row["tambon"] = typed.get("subdistrict_code", "")
    row["birth"], row["agreed_on"] = _date(typed, "birth"), _date(typed, "agreed_on")
    if typed.get("married") == "yes":
        row["guardian"] = rules.MARRIED
    return rows.read(row, around)


def problems(step: str, typed: Mapping[str, str], around: Around) -> dict[str, Said]:
    """What is wrong on one page: {field: what and how}."""
    fields = _ROW_FIELDS.get(step, set())
    found = {
        _FORM_FIELD.get(p.field, p.field): _UNCHOSEN.get(p.code, PROBLEMS[p.code])
        for p in read(typed, around).problems
        if p.field in fields
    }
    if step == "consents":
        for kind in CONSENTS:
            if typed.get(kind) not in ("given", "refused"):
                found[kind] = UNDECIDED[kind]
        if typed.get("treatment") == "refused":
            found["treatment"] = REFUSED
        if isinstance(consents_on(typed, around), Wrong):
            found["consents_on"] = PROBLEMS["agreed_on"]
    return {name: found[name] for name in sorted(found, key=_order(step).index)}


def entry(typed: Mapping[str, str], around: Around) -> Entry | None:
    """Everything together, or None while a page lacks something."""
    row = read(typed, around)
    on = consents_on(typed, around)
    if row.entry is None or isinstance(on, Wrong) or any(problems(step, typed, around) for step in _ROW_FIELDS):
        return None
    return dataclasses.replace(row.entry, consents_on=on)


def first_open(typed: Mapping[str, str], around: Around) -> str:
    """The first page that lacks something, or "check"."""
    return next((step for step in _ROW_FIELDS if problems(step, typed, around)), "check")


def age(typed: Mapping[str, str], around: Around) -> int | None:
    """Full years today, the fewest it can be; None when the birth is unknown or cannot be read."""
    try:
        return rules.youngest_age(*texts.birth(_date(typed, "birth"), around), around.today)
    except Wrong:
        return None


def birth_year(typed: Mapping[str, str], today: date) -> int | None:
    """The common year of birth; None when it is unknown or cannot be read."""
    try:
        day, year = texts.birth(_date(typed, "birth"), Around(today, ""))
    except Wrong:
        return None
    return day.year if day else year


def understood(reader: Callable[[str], T], text: str) -> T | None:
    """What a reader makes of a text; None when it cannot be read."""
    try:
        return reader(text)
    except Wrong:
        return None


def consents_on(typed: Mapping[str, str], around: Around) -> date | Wrong:
    try:
        return texts.agreed_on(_date(typed, "consents_on"), around)
    except Wrong as wrong:
        return wrong


def named(form: Any, names: tuple[str, ...]) -> dict[str, str]:
    """The last text of each named field, and nothing else that a browser may send."""
    found = {}
    for name in names:
        texts = [value for value in form.getall(name, []) if isinstance(value, str)]
        # A lone surrogate cannot be sent back to a browser; the mark that stands for it is refused as well.
        found[name] = texts[-1].encode("utf-8", "replace").decode() if texts else ""
    return found


_HOW = N_("Choose whether it was given or refused")
UNDECIDED = {
    "treatment": Said(N_("Treatment is not decided yet"), _HOW),
    "sharing": Said(N_("Sharing is not decided yet"), _HOW),
    "contact": Said(N_("Contact by LINE is not decided yet"), _HOW),
}
REFUSED = Said(
    N_("Without consent to treatment nobody is enrolled"),
    N_("If the person does not wish to join, use the button at the end of the page. No name is kept"),
)
#: what a page with answers to choose from says instead of what is said about a cell
_UNCHOSEN = {
    "legal_basis": Said(N_("The legal basis is not chosen yet"), N_("Choose one of the answers")),
    "proposed_by": Said(N_("Who proposed the person is not chosen yet"), N_("Choose one of the answers")),
}
_FORM_FIELD = {"tambon": "subdistrict_code"}


def _date(typed: Mapping[str, str], name: str) -> str:
    """Three fields as one text; only the year when the other two are empty."""
    parts = [typed.get(f"{name}_{part}", "").strip() for part in ("day", "month", "year")]
    return parts[2] if not any(parts[:2]) else " ".join(part or "?" for part in parts)


def _order(step: str) -> list[str]:
    fields = [name.removesuffix("_day") for name in FIELDS[step]]
    return [*fields, *(name for name in _ROW_FIELDS.get(step, ()) if name not in fields)]
