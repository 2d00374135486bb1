"""What the pages of certificates ask for: their forms, and who is asking."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias
from uuid import UUID

import msgspec
from litestar import Request
from msgspec import Meta

from khuen.certificates.rules import Ended, Kind
from khuen.errors import NotFound
from khuen.signin.sessions import Session
from khuen.words import N_

Asked: TypeAlias = Request[Any, Any, Any]
TICK = N_("Please tick this before you sign")
NAME = N_("Write your full name as it stands on your licence")
LICENCE = N_("Write the number of your licence, such as ว.12345")


class DecisionForm(msgspec.Struct):
    key: UUID
    code: str
    kind: Kind
    seen: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    said: Annotated[str, Meta(max_length=500, extra={"lines": True})] = ""


class SignerForm(msgspec.Struct):
    full_name: Annotated[str, Meta(min_length=3, max_length=120, extra={"error": NAME})]
    licence: Annotated[str, Meta(min_length=3, max_length=30, extra={"error": LICENCE})]


class SigningForm(msgspec.Struct):
    looked: Annotated[str, Meta(pattern="^yes$", extra={"error": TICK})]
    wants: Annotated[str, Meta(pattern="^yes$", extra={"error": TICK})]


class AnswerForm(msgspec.Struct):
    key: UUID
    said: Annotated[str, Meta(max_length=500, extra={"lines": True})] = ""


class CorrectionForm(msgspec.Struct):
    key: UUID
    seen: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    why: Ended


class RevocationForm(msgspec.Struct):
    key: UUID
    why: Ended
    note: Annotated[str, Meta(max_length=500, extra={"lines": True})] = ""


def session_of(request: Asked) -> Session:
    found: Session = request.scope["state"]["session"]
    return found


def practises(request: Asked) -> bool:
    """Whether a press may stand for a proof: in a practice district, by somebody who practises there."""
    return bool(request.scope["state"]["tenant"].practice) and session_of(request).practice_tenant_id is not None


def uuid_of(text: str) -> UUID:
    """A part of an address. Raises NotFound."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None
