"""A paper as PDF: layout in a typst template, set in the house's fonts, with nothing of the machine it is made on."""

from __future__ import annotations

import json
from typing import Any, Literal

import typst

from khuen.paths import folder


def pdf(template: str, told: dict[str, Any], standard: Literal["a-2b", "a-3b"]) -> bytes:
    """The PDF/A of a file in templates/ filled with `told`, which has to be JSON.

    Blocking: a few hundredths of a second. The same content gives the same bytes.
    """
    path = folder("templates") / template
    compiled = typst.compile(
        str(path),
        root=str(path.parent),
        font_paths=[str(folder("static") / "fonts")],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(told, ensure_ascii=False)},
        pdf_standards=[standard],
    )
    assert isinstance(compiled, bytes)
    return compiled
