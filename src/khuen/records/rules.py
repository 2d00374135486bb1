"""Reading the form of one field that is corrected. Pure; the tambon is looked up by the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from khuen import clock, thai
from khuen.msgid import N_
from khuen.people.rules import Field

GIVEN_MISSING = N_("Write the given name")
CALLED_MISSING = N_("Write what this person is called")
SEX_MISSING = N_("Choose one of the answers")
IN_THE_FUTURE = N_("The date of birth lies in the future")
TOO_OLD = N_("Nobody is that old")
ID_MISSING = N_("Type all 13 digits, or tick that there is none")
MOO_WRONG = N_("The village number is a number, for example 3")
_OLDEST = 120

#: what each form sends; the date of birth comes in three parts
FORM: dict[Field, tuple[str, ...]] = {
    Field.NAME: ("prefix", "given_name", "family_name"),
    Field.CALLED_NAME: ("called_name",),
    Field.BIRTH: ("birth_day", "birth_month", "birth_year"),
    Field.SEX: ("sex",),
    Field.ADDRESS: ("subdistrict_code", "moo", "house"),
    Field.PHONE: ("phone",),
    Field.NATIONAL_ID: ("national_id", "none"),
}


def read(one: Field, typed: Mapping[str, str], today: date) -> tuple[dict[str, str], dict[str, str]]:
    """(values as `people.corrections` keeps them, {field: message id}); with errors the values are empty."""
    texts = {name: thai.canonical(typed.get(name, "")) for name in FORM[one]}
    errors = {name: problem for name in FORM[one] if (problem := thai.refuse(typed.get(name, ""), 60))}
    if errors:
        return {}, errors
    if one is Field.BIRTH:
        return _birth(texts, today)
    if one is Field.PHONE:
        return _phone(texts["phone"])
    if one is Field.NATIONAL_ID:
        return _national_id(texts["national_id"], texts["none"])
    if one is Field.ADDRESS and not re.fullmatch("[0-9]{0,3}|-", thai.arabic(texts["moo"])):
        return {}, {"moo": MOO_WRONG}
    if one is Field.ADDRESS:
        texts["moo"] = thai.arabic(texts["moo"])
    needed = {"given_name": GIVEN_MISSING, "called_name": CALLED_MISSING}
    errors = {name: text for name, text in needed.items() if name in texts and not texts[name]}
    if one is Field.SEX and texts["sex"] not in ("female", "male", "other"):
        errors = {"sex": SEX_MISSING}
    return ({}, errors) if errors else (texts, {})


def _birth(texts: Mapping[str, str], today: date) -> tuple[dict[str, str], dict[str, str]]:
    """A whole day, only a year, or nothing. Years of either era and of two digits (25yy) are read."""
    day, month, year = (texts[f"birth_{part}"] for part in ("day", "month", "year"))
    if not (day or month or year):
        return {"born_on": "", "born_year": ""}, {}
    only_year = not (day or month)
    found = clock.parse_date("1", "1", year) if only_year else clock.parse_date(day, month, year)
    if isinstance(found, str):
        return {}, {"birth": found}
    if found > today:
        return {}, {"birth": IN_THE_FUTURE}
    if clock.age(found, today) > _OLDEST:
        return {}, {"birth": TOO_OLD}
    return {"born_on": "" if only_year else found.isoformat(), "born_year": str(found.year)}, {}


def _phone(text: str) -> tuple[dict[str, str], dict[str, str]]:
    if not text:
        return {"phone": ""}, {}
    found = thai.phone(text)
    return ({}, {"phone": found.problem}) if found.problem else ({"phone": found.e164}, {})


def _national_id(text: str, none: str) -> tuple[dict[str, str], dict[str, str]]:
    """An empty box is no answer: the number that stands is never shown, so nobody could see it go."""
    if not text:
        return ({"national_id": ""}, {}) if none else ({}, {"national_id": ID_MISSING})
    found = thai.national_id(text)
    return ({}, {"national_id": found.problem}) if found.problem else ({"national_id": found.digits}, {})
