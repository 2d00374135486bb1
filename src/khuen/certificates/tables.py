from __future__ import annotations

from piccolo.columns import UUID as UUIDColumn
from piccolo.columns import Boolean, Bytea, Date, Integer, Text, Timestamptz

from khuen.certificates.rules import Batch, Ended, Kind, Method, State
from khuen.tenancy import TenantTable


class Assessment(TenantTable, tablename="assessment"):
    """One decision about a case with what was seen then, sealed; the newest that stands is the present one."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    kind = Text(choices=Kind)
    seen_hash = Bytea(null=True, default=None)
    seen_sealed = Bytea(null=True, default=None)
    said_sealed = Bytea(null=True, default=None)
    replaces_id = UUIDColumn(null=True, default=None)
    why = Text(null=True, default=None, choices=Ended)
    at = Timestamptz(default=None)
    by_id = UUIDColumn()
    undone_at = Timestamptz(null=True, default=None)
    undone_by = UUIDColumn(null=True, default=None)


class SigningBatch(TenantTable, tablename="signing_batch"):
    """What somebody agreed to at once: the challenge covers the ordered records, the assertion is the proof."""

    id = UUIDColumn(primary_key=True, default=None)
    kind = Text(choices=Batch)
    by_id = UUIDColumn()
    nonce = Bytea(default=None)
    challenge = Bytea(default=None)
    made_at = Timestamptz(default=None)
    signed_at = Timestamptz(null=True, default=None)
    method = Text(null=True, default=None, choices=Method)
    assertion = Text(null=True, default=None)
    public_key = Bytea(null=True, default=None)


class Certificate(TenantTable, tablename="certificate"):
    """A paper: numbered, signed, published. Claims and PDF open with the person's own key only."""

    id = UUIDColumn(primary_key=True, default=None)
    case_id = UUIDColumn()
    assessment_id = UUIDColumn()
    batch_id = UUIDColumn()
    hospital_code = Text()
    fiscal_year = Integer(default=None)
    running = Integer(default=None)
    number = Text()
    code = Text()
    state = Text(choices=State)
    countersign = Boolean(default=None)
    countersigned_at = Timestamptz(null=True, default=None)
    countersigned_by = UUIDColumn(null=True, default=None)
    countersign_batch_id = UUIDColumn(null=True, default=None)
    issued_on = Date(default=None)
    initials = Text()
    claims_sealed = Bytea(default=None)
    pdf_sealed = Bytea(null=True, default=None)
    pdf_hash = Bytea(null=True, default=None)
    token = Text(null=True, default=None)
    token_id = UUIDColumn()
    replaces_id = UUIDColumn(null=True, default=None)
    tries = Integer(default=0)
    failed = Text(null=True, default=None)
    leased_until = Timestamptz(null=True, default=None)
    made_at = Timestamptz(default=None)
    by_id = UUIDColumn()
    signed_at = Timestamptz(null=True, default=None)
    published_at = Timestamptz(null=True, default=None)
    ended = Text(null=True, default=None)
    told = Text(null=True, default=None)
