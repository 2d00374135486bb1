"""One row of a spreadsheet, or one form: what was understood, what was repaired on the way, what is wrong. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from khuen import clock, thai
from khuen.enrolment import rules, tambons, texts
from khuen.enrolment.problems import DUPLICATES, Wrong
from khuen.enrolment.rules import Around, Entry
from khuen.rule_pack import CONSENTS

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Problem:
    """`code` is a key of PROBLEMS; `other` the number of the earlier row of the same file, where there is one."""

    field: str
    code: str
    other: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """What was read differently from how it was typed: each step of the way, "๒๕๔๘", "2548", "2005"."""

    field: str
    steps: tuple[str, ...] = dataclasses.field(repr=False)
    tidied: bool = False  #: only spelling and hidden characters, which look the same before and after


@dataclass(frozen=True, slots=True)
class Row:
    """`entry` is there when nothing is wrong. Duplicates are found later, between rows."""

    entry: Entry | None
    problems: tuple[Problem, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def state(self) -> str:
        if any(problem.code not in DUPLICATES for problem in self.problems):
            return "bad"
        return "duplicate" if self.problems else "good"

    def with_problem(self, problem: Problem) -> Row:
        return dataclasses.replace(self, problems=(*self.problems, problem))


def read(typed: Mapping[str, str], around: Around, *, formulas_without_result: Iterable[str] = ()) -> Row:
    """Read the fields of one person. A missing field is an empty one. Never raises: what is wrong is in `problems`."""
    reading = _Reading(typed, around)
    for name in formulas_without_result:
        reading.problems.append(Problem(name, "formula_empty"))
    prefix, given, family = reading.names()
    born_on, born_year = reading.get("birth", lambda text: texts.birth(text, around)) or (None, None)
    agreed = reading.get("agreed_on", lambda text: texts.agreed_on(text, around))
    consents = {kind: reading.get(kind, texts.consent) for kind in CONSENTS}
    if consents["treatment"] != "given" and not reading.wrong("treatment"):
        reading.problems.append(Problem("treatment", "refused_treatment" if consents["treatment"] else "no_treatment"))
    guardian = reading.get("guardian", texts.line) or ""
    if lacking := rules.lacks_guardian(rules.youngest_age(born_on, born_year, agreed or around.today), guardian):
        reading.problems.append(Problem("guardian", lacking))
    sex, moo = reading.get("sex", texts.sex), reading.get("moo", texts.moo)
    national_id, phone = reading.get("national_id", texts.national_id), reading.get("phone", texts.phone)
    house, safety_note = reading.get("house", texts.line), reading.get("safety_note", texts.note)
    subdistrict_code = reading.tambon()
    called = reading.get("called_name", texts.name) or given
    basis, proposer = reading.get("legal_basis", texts.legal_basis), reading.get("proposed_by", texts.proposed_by)
    problems = tuple(reading.problems)
    if problems or agreed is None or basis is None or proposer is None:
        return Row(None, problems, tuple(reading.notes))
    entry = Entry(
        prefix=prefix,
        given_name=given,
        family_name=family,
        called_name=called,
        born_on=born_on,
        born_year=born_year,
        legal_basis=basis,
        proposed_by=proposer,
        agreed_on=agreed,
        consents={kind: decision for kind, decision in consents.items() if decision},
        guardian="" if guardian == rules.MARRIED else guardian,
        sex=sex,
        national_id=national_id,
        phone=phone,
        house=house or None,
        moo=moo,
        subdistrict_code=subdistrict_code,
        safety_note=safety_note or "",
    )
    return Row(entry, (), tuple(reading.notes))


def mark_doubles(rows: dict[int, Row]) -> dict[int, Row]:
    """The same rows, in order of their number; who stands further up with the same id, or name and birth, is named."""
    first: dict[tuple[str, ...], int] = {}
    marked: dict[int, Row] = {}
    for number in sorted(rows):
        row = marked[number] = rows[number]
        if row.entry is None:
            continue
        keys = _same_person(row.entry)
        earlier = next((first[key] for key in keys if key in first), None)
        if earlier is not None:
            field = "national_id" if row.entry.national_id else "given_name"
            marked[number] = row.with_problem(Problem(field, "same_in_file", earlier))
        for key in keys:
            first.setdefault(key, number)
    return marked


def _same_person(entry: Entry) -> list[tuple[str, ...]]:
    name = thai.search_prefix(entry.given_name, entry.family_name)
    keys: list[tuple[str, ...]] = []
    if entry.national_id:
        keys.append(("id", entry.national_id))
    if entry.phone:
        keys.append(("phone and name", entry.phone, name))
    born = str(entry.born_on or entry.born_year or "")
    if born:
        keys.append(("name and birth", name, born))
    elif not entry.national_id:
        keys.append(("name", name))
    return keys


class _Reading:
    def __init__(self, typed: Mapping[str, str], around: Around) -> None:
        self.typed, self.around = typed, around
        self.problems: list[Problem] = []
        self.notes: list[Note] = []

    def get(self, name: str, reader: Callable[[str], T]) -> T | None:
        typed = self.typed.get(name, "")
        try:
            found = reader(typed)
        except Wrong as wrong:
            self.problems.append(Problem(name, str(wrong)))
            return None
        if note := _note(name, typed, found):
            self.notes.append(note)
        return found

    def wrong(self, name: str) -> bool:
        return any(problem.field == name for problem in self.problems)

    def names(self) -> tuple[str, str, str]:
        if "full_name" in self.typed:
            whole = self.get("full_name", texts.full_name) or ("", "", "")
            prefix, given, family = whole
            name, asked = "full_name", bool(self.typed["full_name"].strip())
        else:
            prefix = ""
            typed_given = self.typed.get("given_name", "")
            self.get("given_name", texts.name)
            prefix, given = thai.split_prefix(typed_given)
            family = self.get("family_name", texts.no_family) or ""
            name, asked = "given_name", bool(given)
            if not self.typed.get("family_name", "").strip():
                self.problems.append(Problem("family_name", "missing_family"))
        if not asked and not self.wrong(name):
            self.problems.append(Problem(name, "missing_name"))
        return self.get("prefix", texts.name) or prefix, given, family

    def tambon(self) -> str | None:
        district, province = self.typed.get("district", ""), self.typed.get("province", "")
        return self.get("tambon", lambda text: tambons.tambon(text, self.around, district, province))


_CHOICES = frozenset({"sex", "legal_basis", "proposed_by", "treatment", "sharing", "contact", "tambon"})


def _note(name: str, typed: str, found: Any) -> Note | None:
    if found is None or not typed or name in _CHOICES:
        return None
    if name in ("birth", "agreed_on", "national_id", "phone", "moo"):
        steps = [typed, thai.arabic(thai.canonical(typed)), *_kept(name, typed, found)]
        way = tuple(step for at, step in enumerate(steps) if at == 0 or step != steps[at - 1])
        return Note(name, way) if len(way) > 1 else None
    plainly = " ".join(part for part in typed.split(" ") if part)
    return Note(name, (typed, found), tidied=True) if isinstance(found, str) and found not in ("", plainly) else None


def _kept(name: str, typed: str, found: Any) -> list[str]:
    """What is kept, where it is not simply the digits that were typed."""
    if isinstance(found, tuple):
        on, year = found
        return [_day(on)] if on else [str(year)] if year else []
    if isinstance(found, date):
        return [_day(found)]
    if name == "phone" and not thai.arabic(typed).lstrip(" (").startswith(("0", "+", "66")):
        return [thai.phone(typed).shown]
    # A number that Excel showed as 1.234567890123E+12 and that lost nothing.
    return [found] if name == "national_id" and "E+" in typed.upper() else []


def _day(on: date) -> str:
    return f"{clock.short(on)} ({on.isoformat()})"
