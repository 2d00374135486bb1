"""What a district may set on its pages: which fields stand on which page, how they are read, and their words.

Whether a value is allowed is decided where the operator's file is checked too (khuen.district.settings_faults).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Literal, TypeAlias

from litestar.datastructures import FormMultiDict

from khuen import clock, thai
from khuen.district import DistrictSettings, settings_contradictions, settings_faults, settings_table
from khuen.district_rows import Leaf
from khuen.signin.role_names import ROLE_NAMES
from khuen.words import N_

Kind: TypeAlias = Literal["number", "time", "text", "roles", "weekday", "yes"]

DAYS = N_("A whole number of days from 1 to 365")
AGE = N_("An age in whole years from 0 to 120")
SMALL = N_("A whole number from 1 to 200")
PERCENT = N_("A whole number from 0 to 100")
TIME = N_("A time of day such as 07:30")
TEXT = N_("A text of 1 to 120 characters")
PREFIX = N_("2 to 5 capital letters from A to Z, such as CPM")
CHOOSE = N_("Choose at least one")
NUMBER_WRONG = N_("Only digits, 3 to 10 of them, and what the number is called")
NO_NUMBER = N_("At least one number: a buddy in need has to find one")
WEEKDAYS = {
    "monday": N_("Monday"),
    "tuesday": N_("Tuesday"),
    "wednesday": N_("Wednesday"),
    "thursday": N_("Thursday"),
    "friday": N_("Friday"),
}
#: roles that may hear of what is late or urgent
TOLD = ("coordinator", "clinic", "doctor", "chair", "hospital_director", "tenant_admin")
#: what is said when values are right by themselves and wrong together
TOGETHER: dict[Leaf, str] = {
    ("quiet_hours", "end"): N_("The quiet hours end when they begin: nothing but urgent messages would ever go out"),
    ("reminders", "at"): N_("This time lies in the quiet hours"),
    ("enrolment", "youngest"): N_("This has to be less than the oldest age"),
}
MOST_NUMBERS = 12


@dataclass(frozen=True, slots=True)
class Field:
    key: Leaf
    kind: Kind
    label: str
    hint: str
    wrong: str

    @property
    def name(self) -> str:
        """Its name in the form."""
        return "-".join(self.key)


@dataclass(frozen=True, slots=True)
class Part:
    """One page."""

    slug: str
    title: str
    about: str
    fields: tuple[Field, ...]


_VISITS = (
    Field(
        ("escalation", "overdue_days"),
        "number",
        N_("Days overdue before others hear of a visit"),
        N_("Until then only the buddy is reminded"),
        DAYS,
    ),
    Field(
        ("escalation", "overdue_to"),
        "roles",
        N_("Who hears of visits that are overdue"),
        N_("Everybody with one of these roles gets a message, without any name in it"),
        CHOOSE,
    ),
    Field(
        ("escalation", "urgent_to"),
        "roles",
        N_("Who hears of an urgent answer at once"),
        N_("Also at night and on holidays"),
        CHOOSE,
    ),
    Field(
        ("enrolment", "buddy_within_hours"),
        "number",
        N_("Hours until somebody without a buddy counts as late"),
        N_("The board shows them first from then on"),
        SMALL,
    ),
    Field(
        ("reminders", "at"),
        "time",
        N_("When the reminders of the day go out"),
        N_("Once a day, not on holidays"),
        TIME,
    ),
    Field(
        ("quiet_hours", "start"),
        "time",
        N_("Quiet hours begin"),
        N_("From then on only urgent messages go out"),
        TIME,
    ),
    Field(("quiet_hours", "end"), "time", N_("Quiet hours end"), N_("What had to wait goes out then"), TIME),
)
_MEETINGS = (
    Field(
        ("meetings", "weekday"),
        "weekday",
        N_("Usual day of the weekly meeting"),
        N_("A meeting that falls on a holiday is planned for the next working day"),
        CHOOSE,
    ),
    Field(("meetings", "at"), "time", N_("Usual time"), N_("Filled in when a meeting is planned"), TIME),
    Field(("meetings", "place"), "text", N_("Usual place"), N_("Filled in when a meeting is planned"), TEXT),
    Field(
        ("meetings", "overdue_days"),
        "number",
        N_("Visits overdue for more days come before the meeting"),
        N_("Counted when the agenda is made"),
        DAYS,
    ),
    Field(
        ("meetings", "no_buddy_days"),
        "number",
        N_("Without a buddy for more days comes before the meeting"),
        N_("Counted when the agenda is made"),
        DAYS,
    ),
    Field(
        ("meetings", "same_stage_days"),
        "number",
        N_("At one stage for more days comes before the meeting"),
        N_("Counted when the agenda is made"),
        DAYS,
    ),
)
_TREATMENT = (
    Field(
        ("treatment", "contact_within_days"),
        "number",
        N_("Days within which whoever missed a session is asked after"),
        N_("From the day after, it counts as late"),
        DAYS,
    ),
    Field(
        ("treatment", "extra_tests_percent"),
        "number",
        N_("Chance of a further random test in a week, in percent"),
        N_("0 plans none. The day is drawn by lot and nobody knows it before"),
        PERCENT,
    ),
    Field(
        ("enrolment", "youngest"),
        "number",
        N_("Usual youngest age"),
        N_("Below it the form warns; it never refuses"),
        AGE,
    ),
    Field(
        ("enrolment", "oldest"), "number", N_("Usual oldest age"), N_("Above it the form warns; it never refuses"), AGE
    ),
)
_PAPERS = (
    Field(
        ("wording", "programme"),
        "text",
        N_("Name of the programme on papers"),
        N_("Stands at the head of minutes of meetings"),
        TEXT,
    ),
    Field(("meetings", "chair"), "text", N_("Post that chairs the meeting"), N_("Printed below the minutes"), TEXT),
    Field(
        ("meetings", "province_chair"),
        "text",
        N_("Post that chairs the province's meeting"),
        N_("Printed below the minutes"),
        TEXT,
    ),
    Field(("meetings", "thai_digits"), "yes", N_("Thai digits in minutes"), N_("Else 0 to 9 as on the screen"), CHOOSE),
    Field(
        ("case_code", "prefix"),
        "text",
        N_("Letters of case codes"),
        N_("For new cases only: a code that was given never changes"),
        PREFIX,
    ),
)
_CERTIFICATES = (
    Field(
        ("certificates", "hospital"),
        "text",
        N_("Hospital that issues certificates"),
        N_("As it is printed; nothing can be signed before it is named"),
        N_("A text of at most 120 characters"),
    ),
    Field(
        ("certificates", "hospital_code"),
        "text",
        N_("Code of the hospital"),
        N_("5 digits; numbers run for each code and fiscal year"),
        N_("5 digits, such as 00000"),
    ),
    Field(
        ("certificates", "prefix"),
        "text",
        N_("What numbers of certificates begin with"),
        N_("As the hospital numbers its letters"),
        N_("A text of 1 to 20 characters"),
    ),
    Field(
        ("certificates", "thai_digits"),
        "yes",
        N_("Thai digits on certificates"),
        N_("Else 0 to 9 as on the screen"),
        CHOOSE,
    ),
    Field(
        ("certificates", "code_allowed"),
        "yes",
        N_("A code may stand for a passkey"),
        N_("For doctors whose device has no passkey: the code of their authenticator app"),
        CHOOSE,
    ),
)
PARTS = {
    part.slug: part
    for part in (
        Part(
            "visits",
            N_("Visits and reminders"),
            N_("Who hears of what, when reminders go out, and when messages keep quiet."),
            _VISITS,
        ),
        Part(
            "numbers",
            N_("Emergency numbers"),
            N_("Shown on a buddy's phone and after an urgent answer. Ring each number once before you save."),
            (),
        ),
        Part("meetings", N_("Weekly meeting"), N_("The habit of the meeting, and what comes before it."), _MEETINGS),
        Part("treatment", N_("Treatment and enrolment"), N_("What counts as late, and when a form warns."), _TREATMENT),
        Part(
            "certificates",
            N_("Certificates"),
            N_("Whose papers they are, and how doctors prove who signs."),
            _CERTIFICATES,
        ),
        Part("papers", N_("Papers and codes"), N_("What papers say at their head and foot."), _PAPERS),
    )
}
LABELS: dict[Leaf, str] = {field.key: field.label for part in PARTS.values() for field in part.fields} | {
    ("hotlines",): N_("Emergency numbers"),
    ("holidays", "dates"): N_("Holidays"),
    ("holidays", "names"): N_("Names of the district's own holidays"),
}
_KINDS: dict[Leaf, Kind] = {field.key: field.kind for part in PARTS.values() for field in part.fields}
_TIME = re.compile(r"([0-9]{1,2})[:.]([0-9]{2})")


def shown(part: Part, settings: DistrictSettings) -> dict[str, Any]:
    """What the page's fields hold: texts, and lists of chosen roles."""
    table = settings_table(settings)
    if part.slug == "numbers":
        return {
            f"{name}-{place}": hotline[name]
            for place, hotline in enumerate(table["hotlines"], start=1)
            for name in ("number", "name")
        }
    return {field.name: _shown(table[field.key[0]][field.key[1]]) for field in part.fields}


def typed(part: Part, form: FormMultiDict) -> dict[str, Any]:
    """What was typed, for the fields of the page, to be shown again."""
    if part.slug == "numbers":
        names = [f"{name}-{place}" for place in range(1, MOST_NUMBERS + 1) for name in ("number", "name")]
        return {name: _text(form, name) for name in names if _text(form, name)}
    return {
        field.name: [one for one in form.getall(field.name, []) if isinstance(one, str)]
        if field.kind == "roles"
        else _text(form, field.name)
        for field in part.fields
    }


def read(part: Part, said: dict[str, Any], table: dict[str, Any]) -> dict[str, str]:
    """Put what was typed into the table of settings; {field: message id} of what is not allowed there."""
    refused = {name: thai.refuse(text, 200) for name, text in said.items() if isinstance(text, str)}
    errors = {name: problem for name, problem in refused.items() if problem}
    if errors:
        return errors
    if part.slug == "numbers":
        return _read_numbers(said, table)
    for field in part.fields:
        table[field.key[0]][field.key[1]] = _value(field.kind, said[field.name])
    wrong = {key[:2] for key, _ in settings_faults(table)}
    if wrong:
        return {field.name: field.wrong for field in part.fields if field.key in wrong}
    against = {key for key, _ in settings_contradictions(table)}
    return {field.name: TOGETHER.get(field.key, field.wrong) for field in part.fields if field.key in against}


def words_of(key: Leaf, value: Any) -> list[str]:
    """A kept value in words, each a message id or a text of the district's own."""
    if key[0] == "messages" and value is None:
        return [N_("The standard words")]
    if not value and value not in (0, False):
        return ["–"]
    if key == ("hotlines",):
        return [f"{hotline['number']} {hotline['name']}" for hotline in value]
    if key[0] == "messages":
        return [f"“{value['said']}”", f"“{value['subject']}”"]
    if key == ("holidays", "dates"):
        return [clock.short(date.fromisoformat(day)) for day in value]
    if key == ("holidays", "names"):
        return [f"{clock.short(date.fromisoformat(day))} {name}" for day, name in sorted(value.items())]
    match _KINDS.get(key):
        case "roles":
            return [ROLE_NAMES[role] for role in value]
        case "weekday":
            return [WEEKDAYS[value]]
        case "yes":
            return [N_("Yes") if value else N_("No")]
        case "time":
            return [value[:5]]
    return [str(value)]


def _read_numbers(said: dict[str, Any], table: dict[str, Any]) -> dict[str, str]:
    places = [place for place in range(1, MOST_NUMBERS + 1) if said.get(f"number-{place}") or said.get(f"name-{place}")]
    table["hotlines"] = [
        {"number": thai.arabic(said.get(f"number-{place}", "")), "name": said.get(f"name-{place}", "")}
        for place in places
    ]
    if not places:
        return {"number-1": NO_NUMBER}
    wrong = {int(key[1]) for key, _ in settings_faults(table) if key[0] == "hotlines" and len(key) > 1}
    return {f"number-{places[place]}": NUMBER_WRONG for place in sorted(wrong)}


def _value(kind: Kind, said: Any) -> Any:
    """As a file would hold it; what is not of its kind stays text, and is refused as such."""
    if kind == "yes":
        return said == "yes"
    if kind == "number":
        digits = thai.arabic(said)
        return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 6 else said
    if kind == "time":
        found = _TIME.fullmatch(thai.arabic(said))
        hour, minute = (int(found[1]), int(found[2])) if found else (24, 0)
        return time(hour, minute) if hour < 24 and minute < 60 else said
    return said


def _shown(value: Any) -> Any:
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, bool):
        return "yes" if value else ""
    return value if isinstance(value, list) else str(value)


def _text(form: FormMultiDict, name: str) -> str:
    found = form.get(name, "")
    text = found if isinstance(found, str) else ""
    return text.encode("utf-8", "replace").decode() if thai.refuse(text, 400) else thai.canonical(text)
