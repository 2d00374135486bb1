"""The paper itself: texts become an A4 page by typst (PDF/A-3), with its claims and its token attached. Blocking.

Texts reach the template as JSON and are set as they are: nothing of them is ever read as typst's own markup.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import segno

from khuen import clock, thai, typeset
from khuen.certificates import rules
from khuen.msgid import N_
from khuen.words import gettext

LANG = "th"  # an official paper
BASES: dict[str, str] = {
    "s113": N_("Section 113 of the Narcotics Code"),
    "s114": N_("Section 114 of the Narcotics Code"),
    "court": N_("A court's order"),
    "other": N_("Another basis"),
}


@dataclass(frozen=True, slots=True)
class Paper:
    """Everything that is printed. `claims` are those of the certificate (`batches._claims`)."""

    claims: dict[str, Any] = field(repr=False)
    code: str
    link: str  #: the public page of this paper
    token: str = field(repr=False)
    thai_digits: bool
    practice: bool
    programme: str
    director: tuple[str, str] | None = None  #: name and post of the second signature
    replaces: str | None = None  #: the number of the paper that this one takes the place of


def credential(paper_id: str, issuer: str, claims: dict[str, Any], code: str, initials: str) -> dict[str, Any]:
    """The claims of the token: what the public page shows too, and nothing of health or of the full name."""
    day = date.fromisoformat(claims["issued_on"])
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "id": f"urn:uuid:{paper_id}",
        "issuer": issuer,
        "validFrom": f"{day.isoformat()}T00:00:00+07:00",
        "credentialSubject": {
            "code": code,
            "number": claims["number"],
            "hospital": claims["hospital"],
            "initials": initials,
        },
    }


def render(paper: Paper) -> bytes:
    """The PDF before it is signed. A few hundredths of a second; the same content gives the same bytes."""
    return typeset.pdf("certificates/certificate.typ", _told(paper), "a-3b")


def square(text: str) -> str:
    """A QR code as SVG."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", border=2, xmldecl=False, svgns=True)
    return out.getvalue().decode()


def _told(paper: Paper) -> dict[str, Any]:
    claims = paper.claims
    on = date.fromisoformat(claims["issued_on"])

    def digits(text: str) -> str:
        return thai.thai_digits(text) if paper.thai_digits else text

    def day(iso: str) -> str:
        return digits(clock.long(date.fromisoformat(iso)))

    lines = [
        (N_("This is to certify that"), claims["name"]),
        (N_("Identity number"), digits(claims["national_id"])),
        (N_("took part of their own will in"), digits(claims["project"])),
        (N_("under"), digits(gettext(BASES[claims["basis"]], LANG))),
        (N_("from"), day(claims["started_on"])),
        (N_("until"), day(claims["ended_on"])),
        (N_("Sessions attended, the doctor present"), digits(_(N_("%(n)s times"), n=claims["sessions"]))),
    ]
    return {
        "title": gettext(N_("Certificate of completed treatment"), LANG),
        "number": digits(_(N_("Number %(number)s"), number=claims["number"])),
        "hospital": claims["hospital"],
        "programme": paper.programme,
        "lines": [[gettext(label, LANG), value] for label, value in lines if value],
        "finding": gettext(
            N_("has completed treatment as the rules of the project ask, after an assessment by the doctor."), LANG
        ),
        "given": _(N_("Given on %(day)s"), day=day(claims["issued_on"])),
        "doctor": [claims["doctor"], digits(_(N_("Physician, licence %(licence)s"), licence=claims["licence"]))],
        "director": list(paper.director) if paper.director else [],
        "replaces": digits(_(N_("Takes the place of no. %(number)s"), number=paper.replaces)) if paper.replaces else "",
        "signed": gettext(N_("Signed electronically. The file carries the hospital's signature."), LANG),
        "check": gettext(N_("Check it: scan the square, or type the code at"), LANG),
        "place": paper.link.rpartition("/")[0].partition("://")[2],
        "code": rules.spoken(paper.code),
        "square": square(f"{paper.link}#{paper.token}"),
        "square_says": gettext(N_("Square that leads to the page of this paper"), LANG),
        "practice": gettext(N_("EXAMPLE, NOT VALID"), LANG) if paper.practice else "",
        "claims": rules.canonical(claims | {"code": paper.code}).decode(),
        "token": paper.token,
        "date": [on.year, on.month, on.day],
    }


def _(message: str, **values: object) -> str:
    return gettext(message, LANG) % values
