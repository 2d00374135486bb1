"""How the fields of a person are said on a page: a national ID by its last four digits only, whoever looks."""

from __future__ import annotations

from datetime import date
from typing import TypeAlias

from khuen import clock, places, thai
from khuen.msgid import N_
from khuen.people.corrections import Values
from khuen.people.rules import Field

SEXES = {"female": N_("Female"), "male": N_("Male"), "other": N_("Other, or not told")}
ENDS_WITH = N_("ends with %(digits)s")

#: (message id, what fills it), or (plain text, None); an empty text is nothing
Said: TypeAlias = tuple[str, dict[str, str] | None]


def said(one: Field, values: Values) -> Said:
    """One field as a page says it."""
    if one is Field.NAME:
        return f"{values['prefix']}{values['given_name']} {values['family_name']}".strip(), None
    if one is Field.BIRTH:
        return _birth(values), None
    if one is Field.SEX:
        return SEXES.get(values["sex"], ""), {}
    if one is Field.ADDRESS:
        return _address(values), None
    if one is Field.PHONE:
        return thai.phone(values["phone"]).shown if values["phone"] else "", None
    if one is Field.NATIONAL_ID:
        return (ENDS_WITH, {"digits": values["national_id"][-4:]}) if values["national_id"] else ("", None)
    return values["called_name"], None


def masked(one: Field, values: Values) -> Said:
    """The same for two people side by side: a phone by its last four digits too."""
    if one is Field.PHONE and values["phone"]:
        return ENDS_WITH, {"digits": values["phone"][-4:]}
    return said(one, values)


def _birth(values: Values) -> str:
    if values["born_on"]:
        return clock.long(date.fromisoformat(values["born_on"]))
    return f"พ.ศ. {int(values['born_year']) + 543}" if values["born_year"] else ""


def _address(values: Values) -> str:
    found = places.place(values["subdistrict_code"]) if values["subdistrict_code"] else None
    parts = [values["house"], f"ม.{values['moo']}" if values["moo"] else "", f"ต.{found.tambon}" if found else ""]
    return " ".join(part for part in parts if part)
