"""What leaves for police or administration: the one way out, and it asks each person's consent at that moment.

A recipient learns that somebody is in the programme, and since when (docs/domain.md, Lists that are handed over). No
stage, colour, result, attendance or legal basis, and no case code: with it, names could be put beside the codes of a
meeting. Who is left out is a number: to name them would tell that they are here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from khuen import audit, clock, places, sheets, words
from khuen.cases import queries
from khuen.cases.rules import PURPOSES, Recipient
from khuen.msgid import N_
from khuen.tenancy import Here, hot

COLUMNS = (N_("No."), N_("Name"), N_("Subdistrict"), N_("Village no."), N_("In the programme since"))
OURS = N_("For our own work. Not to be handed on.")
LEFT_OUT = N_("Left out, because their consent to sharing does not stand: %(count)s")
MADE_ON = N_("%(purpose)s, made on %(day)s. Not to be handed on to anybody else.")


@dataclass(frozen=True, slots=True)
class Line:
    name: str = field(repr=False)
    subdistrict_code: str | None
    moo: str | None
    since: date


@dataclass(frozen=True, slots=True)
class Handed:
    """`left_out` counts those who were asked for and whose consent to sharing does not stand now."""

    recipient: Recipient
    lines: tuple[Line, ...]
    left_out: int


async def hand(here: Here, recipient: Recipient, codes: Collection[str] | None, *, form: str, page: str) -> Handed:
    """The open cases of these codes, or all, whose newest consent to sharing stands; written down with its recipient.

    `form` is how it leaves (xlsx, csv, print), `page` the list that it was taken from.
    """
    rows = await hot(queries.TO_HAND, None if codes is None else list(codes))
    lines = tuple(
        Line(row["name"], row["subdistrict_code"], row["moo"], row["opened_on"]) for row in rows if row["shares"]
    )
    left = len(rows) - len(lines)
    said = {"kind": form, "page": page, "purpose": "handed", "recipient": str(recipient)}
    await audit.record(here, "export:made", None, count=len(lines), left=left, **said)
    return Handed(recipient, lines, left)


def table(found: Handed, lang: str) -> list[list[sheets.Cell]]:
    """The headers and a row for each person."""
    rows: list[list[sheets.Cell]] = [[words.gettext(title, lang) for title in COLUMNS]]
    for number, line in enumerate(found.lines, start=1):
        tambon = places.tambon_of(line.subdistrict_code) or ""
        rows.append([number, line.name, tambon, line.moo or "", clock.numeric(line.since)])
    return rows


def notes(found: Handed, today: date, lang: str) -> list[str]:
    """What stands below the rows: for whom, of which day, and how many were left out."""
    purpose = words.gettext(PURPOSES[found.recipient], lang)
    return [
        words.gettext(MADE_ON, lang) % {"purpose": purpose, "day": clock.numeric(today)},
        words.gettext(LEFT_OUT, lang) % {"count": found.left_out},
    ]
