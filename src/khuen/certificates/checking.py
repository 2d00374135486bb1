"""What anybody may learn of a paper: whether it holds, its number, hospital, day and initials. Nothing else is read."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from khuen.certificates import queries, rules
from khuen.certificates.rules import Public, State
from khuen.certificates.signing import digest
from khuen.tenancy import Here, hot


@dataclass(frozen=True, slots=True)
class Checked:
    """`token_id` and `token` are those of the credential; `ended_on` is set for a paper that no longer holds."""

    state: Public
    number: str
    hospital: str
    issued_on: date
    initials: str
    ended_on: date | None
    token_id: UUID
    token: str
    pdf_hash: bytes

    def same(self, pdf: bytes) -> bool:
        """Whether a file is this paper, byte for byte."""
        return hmac.compare_digest(digest(pdf), self.pdf_hash)


async def check(here: Here, code: str) -> Checked | None:
    """The paper of a code that `rules.read_code` has read; None when nothing was published under it."""
    rows = await hot(queries.CHECKED, code)
    return _checked(rows[0]) if rows else None


def _checked(row: Any) -> Checked:
    return Checked(
        state=rules.public_state(State(row["state"]), row["ended"]),
        number=row["number"],
        hospital=_hospital(row["token"]),
        issued_on=row["issued_on"],
        initials=row["initials"],
        ended_on=row["ended_on"],
        token_id=row["token_id"],
        token=row["token"],
        pdf_hash=bytes(row["pdf_hash"]),
    )


def _hospital(token: str) -> str:
    """As it stands in the paper's own token; empty once the person was erased, and the token with them."""
    if not token:
        return ""
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return str(claims["credentialSubject"]["hospital"])
