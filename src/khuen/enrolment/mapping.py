"""The form that says what each column of a file holds, and what is said once for everybody in it."""

from __future__ import annotations

from datetime import date
from typing import Any

from khuen.enrolment import columns, texts
from khuen.enrolment.batches import Batch, Mapping
from khuen.enrolment.problems import PROBLEMS, Wrong
from khuen.enrolment.rules import Around


def read_mapping(form: Any, held: Batch) -> Mapping:
    fields = {}
    for at in range(len(held.source.names)):
        name = text_of(form, f"column_{at}")
        if name in columns.FIELDS:
            fields[at] = name
    defaults = {name: text_of(form, f"default_{name}") for name in columns.DEFAULTS if name != "agreed_on"}
    agreed = [text_of(form, f"default_agreed_on_{part}").strip() for part in ("day", "month", "year")]
    defaults["agreed_on"] = "/".join(agreed) if any(agreed) else ""
    return Mapping(fields, {name: text for name, text in defaults.items() if text})


def wrong_defaults(mapping: Mapping, today: date) -> dict[str, str]:
    """Choices that are none of ours, and a day that is no day."""
    around = Around(today)
    readers = {
        "legal_basis": texts.legal_basis,
        "proposed_by": texts.proposed_by,
        "agreed_on": lambda text: texts.agreed_on(text, around),
        "treatment": texts.consent,
    }
    errors = {}
    for name, text in mapping.defaults.items():
        try:
            readers[name](text)
        except Wrong as wrong:
            errors[f"default_{name}"] = PROBLEMS[str(wrong)].what
    return errors


def text_of(form: Any, name: str) -> str:
    """The last text of a field, without lone surrogates, which no page could send back."""
    texts = [value for value in form.getall(name, []) if isinstance(value, str)]
    return texts[-1].encode("utf-8", "replace").decode() if texts else ""
