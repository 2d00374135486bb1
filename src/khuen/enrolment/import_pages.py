"""What the pages of an import show."""

from __future__ import annotations

from collections.abc import Mapping as Texts
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from khuen import clock, places, words
from khuen.enrolment import batches, columns, committing, listing, opening, receiving, rules
from khuen.enrolment.batches import ALL_STATES, Batch, Mapping
from khuen.enrolment.mapping import text_of
from khuen.enrolment.problems import DUPLICATES, PROBLEMS, WITHOUT_CONSENT, Said
from khuen.tenancy import Here
from khuen.words import N_

PAGE = 50
SHOWN_STATES = {
    "problems": ["bad", "duplicate"],
    "good": ["good"],
    "done": ["done"],
    "left_out": ["left_out"],
    "all": ALL_STATES,
}
STATES = {
    "raw": N_("Not checked"),
    "good": N_("Right"),
    "bad": N_("To be corrected"),
    "duplicate": N_("Perhaps here already"),
    "done": N_("Imported"),
    "left_out": N_("Left out"),
    "undone": N_("Taken back"),
}


async def mapping_values(
    here: Here, held: Batch, mapping: Mapping, errors: dict[str, str], form: Any = None
) -> dict[str, Any]:
    samples = await receiving.samples(here, held)
    defaults = {name: text_of(form, f"default_{name}") for name in columns.DEFAULTS} if form is not None else {}
    parts = {part: text_of(form, f"default_agreed_on_{part}") for part in ("day", "month", "year")} if form else {}
    return {
        "batch": held,
        "columns": [
            (at, columns.cell(0, at)[:-1], name, samples.get(at, []), mapping.fields.get(at, ""))
            for at, name in enumerate(held.source.names)
        ],
        "fields": columns.FIELDS,
        "defaults": defaults or mapping.defaults,
        "agreed": parts,
        "bases": rules.LEGAL_BASES,
        "proposers": rules.PROPOSERS,
        "before": await receiving.same_file_before(here, held.id),
        "errors": errors,
    }


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page of an import shows, as its address says it."""

    show: str = "problems"
    kind: str = ""
    field: str = ""
    grouped: bool = False

    @property
    def query(self) -> str:
        """The same as the query of an address, but for the page's number."""
        return urlencode({"show": self.show, "kind": self.kind, "field": self.field, "by": "column" * self.grouped})


def asked_of(query: Texts[str, str]) -> Asked:
    """From the query of an address; what is unknown counts for nothing."""
    show, kind, field = query.get("show", ""), query.get("kind", ""), query.get("field", "")
    return Asked(
        show if show in SHOWN_STATES else "problems",
        kind if kind in PROBLEMS else "",
        field if field in columns.FIELDS else "",
        query.get("by") == "column",
    )


async def figures(here: Here, held: Batch, asked: Asked, *, again: bool = False) -> dict[str, Any]:
    """How the rows stand: counts, tabs, what they can be sifted by. `again`: swapped into a page that is open."""
    counts = await batches.tally(here, held.id)
    tally = await listing.problem_tally(here, held)
    letters = {name: columns.cell(0, at)[:-1] for at, name in held.mapping.fields.items()}
    return {
        "batch": held,
        "asked": asked,
        "counts": counts,
        "wrong_rows": counts.get("bad", 0) + counts.get("duplicate", 0),
        "kinds": tally.kinds,
        "refused": [(code, n) for code, n in tally.kinds if code in WITHOUT_CONSENT],
        "wrong_fields": [(name, letters.get(name, ""), n) for name, n in tally.fields],
        "problems": PROBLEMS,
        "fields": columns.FIELDS,
        "again": again,
    }


async def batch_values(here: Here, held: Batch, asked: Asked, page: int) -> dict[str, Any]:
    values = await figures(here, held, asked)
    near = await opening.near_of(here)
    size = PAGE if held.state in ("checked", "committed") else 0
    sieve = listing.Sieve(SHOWN_STATES[asked.show], asked.kind, asked.field, asked.grouped)
    found, total = await listing.page(here, held, near, sieve, page, size)
    before = await receiving.same_file_before(here, held.id) if held.state == "checked" else None
    return {
        **values,
        "states": STATES,
        "mended": False,
        "rows": [(one, _matches(one)) for one in found],
        "page": page,
        "pages": max(1, -(-total // PAGE)),
        "done": values["counts"].get("done", 0),
        "total": all_in(values["counts"]) if held.state == "committing" else total,
        "before": clock.in_words(before, here.now) if before else None,
        "may_undo": committing.may_undo(held, here.now),
    }


async def row_values(here: Here, held: Batch, number: int) -> dict[str, Any]:
    one = await listing.one(here, held, await opening.near_of(here), number)
    wrong: dict[str, Said] = {}
    for problem in one.problems:
        wrong.setdefault(problem.field, PROBLEMS[problem.code])
    mapped = set(held.mapping.fields.values()) | set(held.mapping.defaults) | set(wrong)
    return {
        "batch": held,
        "row": one,
        "matches": _matches(one),
        "wrong": wrong,
        "shown": [name for name in columns.FIELDS if name in mapped],
        "problems": PROBLEMS,
        "fields": columns.FIELDS,
        "states": STATES,
        "twice_id": any(p.field == "national_id" and p.code in DUPLICATES for p in one.problems),
        "doubled": next((p.other for p in one.problems if p.code == "same_in_file" and p.other is not None), None),
    }


def said(held: Batch, problems: tuple[Any, ...]) -> str:
    at = {name: column for column, name in held.mapping.fields.items()}
    said = []
    for problem in problems:
        what, how = (words.gettext(text) for text in PROBLEMS[problem.code])
        label = words.gettext(columns.FIELDS[problem.field])
        place = columns.cell(0, at[problem.field])[:-1] + " " if problem.field in at else ""
        said.append(f"{place}{label}: {what} {how}")
    return " · ".join(said)


def all_in(counts: dict[str, int]) -> int:
    return counts.get("done", 0) + counts.get("good", 0)


def _matches(one: listing.Shown) -> list[tuple[opening.Resembling, str]]:
    return [(match, places.label_of(match.subdistrict_code) or "") for match in one.matches]
