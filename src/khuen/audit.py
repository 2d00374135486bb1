"""What happened, written in the same transaction, each row chained to the one before it.

One chain per district and one for sign-in, which has no district. `audit_proof.py` verifies the chains and seals their
heads outside the database. Why this form: docs/decisions/0005-audit-chain.md.

Writing a row locks the head of the district's chain until COMMIT: write it last in the transaction, so that nobody
waits long and no two transactions wait for each other.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from khuen import tenancy
from khuen.ids import uuid7
from khuen.tenancy import Here

#: every act that is written down in a district, thing:act
TAGS = frozenset(
    {
        "absence:asked",
        "account:invited",
        "acknowledgement:made",
        "acknowledgement:undone",
        "agenda:changed",
        "agenda:refreshed",
        "assignment:ended",
        "assignment:made",
        "attendance:corrected",
        "attendance:marked",
        "audit:verified",
        "buddy:allowed_again",
        "buddy:ruled_out",
        "buddy:wished",
        "calendar:linked",
        "calendar:unlinked",
        "case:answered",
        "case:asked",
        "case:certified",
        "case:closed",
        "case:corrected",
        "case:decision_taken_back",
        "case:declined",
        "case:opened",
        "case:reopened",
        "case:seen",
        "case:stage_changed",
        "certificate:countersigned",
        "certificate:exported",
        "certificate:published",
        "certificate:replaced",
        "certificate:revoked",
        "certificate:signed",
        "check-in:logged",
        "check-in:noted",
        "check-in:withdrawn",
        "colour:decided",
        "condition:counts_again",
        "condition:skipped",
        "consent:given",
        "consent:refused",
        "consent:withdrawn",
        "course:corrected",
        "course:enrolled",
        "course:made",
        "course:result",
        "decision:made",
        "decision:withdrawn",
        "district:made",
        "doctor:present",
        "doctor:removed",
        "document:made",
        "document:seen",
        "drop-out:confirmed",
        "drop-out:proposed",
        "drop-out:rejected",
        "drop-out:withdrawn",
        "enrolment:purged",
        "enrolment:refused",
        "export:made",
        "grant:applied",
        "grant:changed",
        "home-visit:made",
        "import:checked",
        "import:committed",
        "import:purged",
        "import:undone",
        "import:uploaded",
        "meeting:attended",
        "meeting:cancelled",
        "meeting:chaired",
        "meeting:closed",
        "meeting:opened",
        "meeting:planned",
        "line:connected",
        "line:disconnected",
        "line:linked",
        "line:unlinked",
        "member:corrected",
        "member:ended",
        "member:invited",
        "member:joined",
        "member:phone_removed",
        "message:cancelled",
        "message:nudged",
        "message:retried",
        "message:sent",
        "message:tested",
        "pack:draft_discarded",
        "pack:drafted",
        "pack:published",
        "pair:decided",
        "pair:reopened",
        "person:corrected",
        "person:erased",
        "person:found",
        "person:merged",
        "person:named",
        "person:parted",
        "person:registered",
        "practice:filled",
        "project:made",
        "referral:answered",
        "referral:made",
        "referral:withdrawn",
        "role:ended",
        "role:granted",
        "round:recorded",
        "round:taken_back",
        "session:cancelled",
        "session:closed",
        "session:moved",
        "session:planned",
        "session:restored",
        "screening:corrected",
        "screening:recorded",
        "screening:withdrawn",
        "setting:changed",
        "slip:corrected",
        "slip:recorded",
        "slip:withdrawn",
        "slot:changed",
        "task:told",
        "test:custody",
        "test:recorded",
        "stay:begun",
        "stay:changed",
        "stay:ended",
        "stay:withdrawn",
        "transfer:accepted",
        "transfer:offered",
        "transfer:rejected",
        "transfer:revoked",
        "treatment:completed",
        "treatment:goes_on",
        "undo:used",
        "view:changed",
        "work:checked",
        "work:found",
    }
)
#: every act of signing in; its chain belongs to the platform
EVENT_TAGS = frozenset(
    {
        "account:disabled",
        "account:enabled",
        "account:made",
        "device:bound",
        "device:revoked",
        "identity:linked",
        "identity:refused",
        "identity:unlinked",
        "invitation:made",
        "invitation:used",
        "membership:ended",
        "membership:made",
        "passkey:added",
        "passkey:removed",
        "password:changed",
        "practice:entered",
        "practice:refused",
        "practice:restarted",
        "role:ended",
        "role:granted",
        "session:ended",
        "session:started",
        "sign-in:refused",
        "step-up:passed",
        "step-up:refused",
        "tenant:made",
        "tenant:suspended",
        "totp:confirmed",
        "totp:removed",
    }
)
#: what a detail may say; none of it tells who a person in care is
KEYS = frozenset(
    {
        "after",
        "area",
        "batch",
        "before",
        "by",
        "channel",
        "code",
        "colour",
        "count",
        "days",
        "device",
        "failed",
        "fields",
        "good",
        "how",
        "kind",
        "left",
        "method",
        "pack",
        "page",
        "project",
        "provider",
        "purpose",
        "reason",
        "recipient",
        "result",
        "role",
        "seq",
        "stage",
        "state",
        "step",
        "table",
        "upto",
        "version",
    }
)
_SHORT = re.compile(r"[A-Za-z0-9_.:/+-]{0,48}")
_NUMBER = re.compile(r"[0-9](?:[-./+]?[0-9]){7}")  # eight digits and more may be a telephone or an identity number
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

PLATFORM_GENESIS = bytes(32)

#: runs one statement whose $1 is the district
Run = Callable[..., Awaitable[list[Any]]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One row before it has a place in the chain. `detail` is canonical JSON, `digest` covers all but the subject."""

    id: UUID
    at: datetime
    member_id: UUID | None
    tag: str
    detail: str
    digest: bytes
    subject_id: UUID | None = None

    @property
    def values(self) -> tuple[UUID, datetime, UUID | None, str, str, bytes]:
        """In the order of the six placeholders of `cte`."""
        return self.id, self.at, self.member_id, self.tag, self.detail, self.digest


async def record(here: Here, tag: str, subject_id: UUID | None = None, **detail: object) -> None:
    """Write down one act, one statement. `detail` is short and says nothing of a person.

    Raises ValueError for a tag that is not in TAGS and a detail that is not allowed.
    """
    await write(tenancy.hot, here.tenant_id, entry(here, tag, subject_id, **detail))


async def record_many(here: Here, entries: list[Entry]) -> None:
    """Append many rows in the order given, each made by `entry`: for practice data and other bulk.

    The links are computed here instead of row by row in the database; the chain is the same.
    """
    if not entries:
        return
    head = await tenancy.hot(_HEAD)
    if not head:
        await start_chain(here)
        head = await tenancy.hot(_HEAD)
    seq, link = head[0]
    rows: list[tuple[Any, ...]] = []
    for made in entries:
        seq += 1
        link = next_hash(link, seq, made.digest, made.subject_id)
        rows.append((made.id, seq, made.at, made.member_id, made.tag, made.subject_id, made.detail, link))
    await tenancy.many(_APPEND, rows)
    await tenancy.hot(_MOVE_HEAD, seq, link)


async def start_chain(here: Here) -> None:
    """Lay the first link of a district's chain, when the district is made. Harmless twice."""
    await tenancy.hot(_START, genesis(here.tenant_id))


async def write(run: Run, tenant_id: UUID, made: Entry) -> None:
    """Append one row with `run`, which fills $1 with the district: `tenancy.hot`, or a restore's own connection."""
    if not await run(_RECORD, *made.values, made.subject_id):
        await run(_START, genesis(tenant_id))  # the very first row of a district
        await run(_RECORD, *made.values, made.subject_id)


def entry(here: Here, tag: str, subject_id: UUID | None = None, **detail: object) -> Entry:
    """A row for a statement that writes it itself through `cte`. Raises ValueError as `record` does."""
    if tag not in TAGS:
        raise ValueError(f"audit tag {tag!r} is not in TAGS")
    return _entry(here.now, here.member_id, tag, subject_id, detail)


def cte(first: int, subject: str, *, of: str | None = None) -> str:
    """Two CTEs, `audit_link` and `audited`, for a statement that writes its fact and its audit row in one flight.

    `first` is the number of the first of six placeholders, filled by `Entry.values`; $1 is the tenant. `of` names the
    CTE whose one row is the fact: no row there, none here. `subject` is an SQL expression of type uuid over it
    ("saved.case_id"); the entry's own subject is not used. Select `audited.seq` to see that it was written: it is
    missing where `start_chain` never ran.
    """
    id_, at, member, tag, detail, digest = (f"${n}" for n in range(first, first + 6))
    source = f" FROM {of}" if of else ""
    return f"""audit_link AS (
        UPDATE audit_head SET seq = audit_head.seq + 1, hash = sha256(audit_head.hash || int8send(audit_head.seq + 1)
            || {digest}::bytea || coalesce(uuid_send({subject}), ''::bytea)){source}
        WHERE audit_head.tenant_id = $1
        RETURNING audit_head.seq, audit_head.hash, {subject} AS subject_id),
    audited AS (
        INSERT INTO audit (tenant_id, id, seq, at, member_id, tag, subject_id, detail, hash)
        SELECT $1, {id_}::uuid, seq, {at}::timestamptz, {member}::uuid, {tag}::text, subject_id, {detail}::text, hash
        FROM audit_link RETURNING seq)"""


async def record_event(
    connection: Any,
    at: datetime,
    tag: str,
    account_id: UUID | None = None,
    tenant_id: UUID | None = None,
    **detail: object,
) -> None:
    """Write down one act of signing in, on a connection of khuen_auth, in its open transaction or alone.

    Raises ValueError for a tag that is not in EVENT_TAGS and a detail that is not allowed.
    """
    if tag not in EVENT_TAGS:
        raise ValueError(f"event tag {tag!r} is not in EVENT_TAGS")
    made = _entry(at, account_id, tag, tenant_id, detail)
    await connection.execute(_EVENT, *made.values, tenant_id)


def genesis(tenant_id: UUID) -> bytes:
    """The hash that the first row of a district's chain is built on."""
    return hashlib.sha256(b"khuen audit chain\0" + tenant_id.bytes).digest()


def digest_of(id_: UUID, at: datetime, actor: UUID | None, tag: str, detail: str) -> bytes:
    """SHA-256 over the canonical JSON of what a row says, but for its subject and its place."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(_canonical([str(id_), moment, str(actor) if actor else None, tag, detail])).digest()


def next_hash(previous: bytes, seq: int, digest: bytes, subject_id: UUID | None) -> bytes:
    """The link: SHA-256 over the previous link, the place, the digest and the subject, as the statements compute it."""
    subject = subject_id.bytes if subject_id else b""
    return hashlib.sha256(previous + seq.to_bytes(8, "big") + digest + subject).digest()


_START = """INSERT INTO audit_head (tenant_id, id, seq, hash) VALUES ($1, $1, 0, $2)
    ON CONFLICT DO NOTHING"""  # two unique indexes may meet a race: name neither
_HEAD = "SELECT seq, hash FROM audit_head WHERE tenant_id = $1 FOR UPDATE"
_APPEND = """INSERT INTO audit (tenant_id, id, seq, at, member_id, tag, subject_id, detail, hash)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""
_MOVE_HEAD = "UPDATE audit_head SET seq = $2, hash = $3 WHERE tenant_id = $1"
_RECORD = f"WITH {cte(2, '$8::uuid')} SELECT seq FROM audited"

_EVENT = """
    WITH link AS (
        UPDATE auth.event_head SET seq = seq + 1,
            hash = sha256(hash || int8send(seq + 1) || $6::bytea || coalesce(uuid_send($7::uuid), ''::bytea))
        WHERE one = 1 RETURNING seq, hash)
    INSERT INTO auth.event (seq, id, at, account_id, tenant_id, tag, detail, hash)
    SELECT seq, $1::uuid, $2::timestamptz, $3::uuid, $7::uuid, $4::text, $5::text, hash FROM link"""


def _entry(at: datetime, actor: UUID | None, tag: str, subject_id: UUID | None, detail: dict[str, object]) -> Entry:
    text = _canonical({key: _allowed(key, value) for key, value in detail.items()}).decode()
    id_ = uuid7(at)
    return Entry(id_, at, actor, tag, text, digest_of(id_, at, actor, tag, text), subject_id)


def _canonical(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _allowed(key: str, value: object) -> object:
    if key not in KEYS:
        raise ValueError(f"audit detail {key!r} is not in KEYS")
    if value is None or isinstance(value, bool | int):
        allowed = value is None or abs(value) < 10_000_000
        text: object = value
    elif isinstance(value, UUID):
        return str(value)
    elif isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    else:
        text = value
        allowed = isinstance(value, str) and bool(_SHORT.fullmatch(value)) and not _NUMBER.search(_UUID.sub("", value))
    if not allowed:
        raise ValueError(f"audit detail {key!r} is too long, or may tell who a person is")  # the value stays unsaid
    return text
