"""What an administrator types about a colleague: the fields, what is wrong with them, the tambons to choose from."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from khuen import places, thai, web
from khuen.admin.rules import CHOOSE_ROLE
from khuen.members import Details
from khuen.words import N_

NO_PLACE = N_("Not known")
NAME = N_("Write the name that colleagues use")
EMAIL_WRONG = N_("This is no e-mail address. Check it, or leave it empty")
MOO_WRONG = N_("The village number is a number, for example 3")
WHY = N_("Choose why it changes")
GENDERS = {"female": N_("Woman"), "male": N_("Man"), "other": N_("Other")}
#: why a colleague's details change; the audit keeps the word, never what was typed
REASONS = {
    "moved": N_("It has changed: a new number, place or name"),
    "typing": N_("It was typed wrongly"),
    "asked": N_("This person asked for it"),
}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")

Role = Literal["coordinator", "buddy", "clinic", "doctor", "chair", "hospital_director", "tenant_admin"]
Typed = dict[str, str]


class About(msgspec.Struct, kw_only=True):
    """Who somebody is and how they are reached, as typed."""

    called_name: Annotated[str, Meta(min_length=2, max_length=80, extra={"error": NAME})]
    phone: str | None = None
    email: Annotated[str, Meta(max_length=120)] | None = None
    subdistrict_code: Annotated[str, Meta(pattern="^[0-9]{6}$")] | None = None
    moo: Annotated[str, Meta(max_length=3, extra={"error": MOO_WRONG})] | None = None
    gender: Literal["female", "male", "other"] | None = None


class Joining(About, kw_only=True):
    key: UUID
    roles: Annotated[list[Role], Meta(extra={"error": CHOOSE_ROLE})]


class Correcting(About, kw_only=True):
    """`was` is the mark of the details as the form showed them (rules.mark)."""

    was: Annotated[str, Meta(max_length=64)] = ""
    reason: Annotated[Literal["moved", "typing", "asked"], Meta(extra={"error": WHY})]


class Changing(msgspec.Struct):
    """`was` are the roles as the form showed them."""

    roles: list[Role] = []
    was: list[str] = []


def details(form: About) -> tuple[Details | None, dict[str, str]]:
    """(the fields as they are kept, {}) or (None, {field: message id})."""
    errors: dict[str, str] = {}
    phone = thai.phone(form.phone) if form.phone else None
    if phone and phone.problem:
        errors["phone"] = phone.problem
    if form.email and not _EMAIL.fullmatch(form.email):
        errors["email"] = EMAIL_WRONG
    moo = thai.arabic(form.moo) if form.moo else None
    if moo and not moo.isdecimal():
        errors["moo"] = MOO_WRONG
    if form.subdistrict_code and places.place(form.subdistrict_code) is None:
        errors["subdistrict_code"] = web.WRONG
    if errors:
        return None, errors
    number = phone.e164 if phone else None
    return Details(form.called_name, number, form.email, form.subdistrict_code, moo, form.gender), {}


def shown(known: Details) -> Typed:
    """The details as the fields of a form hold them."""
    values = {
        "called_name": known.called_name,
        "phone": thai.phone(known.phone).shown if known.phone else "",
        "email": known.email,
        "subdistrict_code": known.subdistrict_code,
        "moo": known.moo,
        "gender": known.gender,
    }
    return {name: value or "" for name, value in values.items()}


def of_template(typed: Typed, near: str) -> dict[str, Any]:
    """What admin/_about.html needs of what was typed."""
    blank = dict.fromkeys(("called_name", "phone", "email", "moo", "gender", "reason"), "")
    return {"typed": blank | typed, "genders": GENDERS, **tambons(typed, near)}


def tambons(typed: Typed, near: str) -> dict[str, Any]:
    """The tambons that fit what was looked for, the chosen one among them."""
    return {"no_place": NO_PLACE, **places.choices(typed.get("q", ""), typed.get("subdistrict_code", ""), near)}
