"""Is the audit what was written? Walks the chains, and seals their heads outside the database.

A chain finds an edit, a deletion and a change of order. Whoever may rewrite the whole table can also compute a new
chain or cut off its end: the sealed heads find that, because they lie elsewhere and are signed with a key derived from
KHUEN_KEK. What is newer than the last seal stands on the chain alone (docs/decisions/0005-audit-chain.md).
"""

from __future__ import annotations

import fcntl
import hmac
import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from khuen import clock, tenancy
from khuen.audit import PLATFORM_GENESIS, digest_of, genesis, next_hash
from khuen.database import Pools, connect
from khuen.settings import Settings, SettingsError
from khuen.tenancy import Here, within
from khuen.vault import derive

PAGE = 5000
PLATFORM = None  #: the chain of sign-in events belongs to no district

log = logging.getLogger("khuen.audit")


@dataclass(frozen=True, slots=True)
class Seal:
    """A chain's head as it was at one moment. `restored`: a backup put the chain back to here on purpose."""

    seq: int
    hash: bytes
    at: datetime
    restored: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome for one chain. `reason`: edited, missing, cut, head, rewritten or seals; None when all is well."""

    chain: UUID | None
    rows: int = 0
    seq: int = 0
    hash: bytes = b""
    seals: int = 0
    broken_seq: int | None = None
    reason: str | None = None

    @property
    def whole(self) -> bool:
        return self.reason is None

    def __str__(self) -> str:
        name = self.chain or "sign-in"
        if self.reason is None:
            return f"{name}: {self.rows} rows in order, {self.seals} seals agree"
        return f"{name}: broken at row {self.broken_seq}: {_SENTENCES[self.reason]}"


_SENTENCES = {
    "edited": "the row was changed, or put in another place, after it was written",
    "missing": "the row was taken out",
    "cut": "this row and all later ones were taken away",
    "head": "the head of the chain does not belong to its last row",
    "rewritten": "the chain is whole, but not the one that was sealed: it was written anew",
    "seals": "the file of seals was changed",
}


async def verify_all(settings: Settings) -> list[Report]:
    """Every chain there is or ever was sealed, as khuen_backup, each against its seals; sign-in last."""
    connection = await connect(settings.dsn("backup"))
    try:
        rows = await connection.fetch(
            "SELECT tenant_id FROM audit_head UNION SELECT tenant_id FROM audit UNION SELECT id FROM auth.tenant"
        )
        chains: list[UUID | None] = [*sorted({row[0] for row in rows} | sealed_chains(settings)), PLATFORM]
        return [await verify(connection, chain, settings) for chain in chains]
    finally:
        await connection.close()


async def verify(connection: Any, chain: UUID | None, settings: Settings) -> Report:
    """Walk one chain and hold it against its seals.

    `connection` may be khuen_backup's, or for one district that of an open `within`. Rows written meanwhile do no harm.
    """
    try:
        seals = read_seals(settings, chain)  # first: a seal is never younger than the rows we read after it
    except SealsBroken as broken:
        return Report(chain, broken_seq=broken.seq, reason="seals")
    return await _walk(connection, Report(chain, seals=len(seals)), {seal.seq: seal.hash for seal in seals})


async def seal_heads(settings: Settings) -> int:
    """Seal every chain that has grown since its last seal; hourly. One district's failure does not stop the others.

    Returns the number of seals written. The pools must be open.
    """
    tenants = [row["id"] for row in await Pools.sign_in().fetch("SELECT id FROM auth.tenant ORDER BY id")]
    written = 0
    for chain in (*tenants, PLATFORM):
        try:
            head = await _head_of(chain)
            written += head is not None and append_seal(settings, chain, head)
        except Exception:
            log.exception("the audit chain of %s was not sealed", chain or "sign-in")
    return written


def append_seal(settings: Settings, chain: UUID | None, seal: Seal) -> bool:
    """Add one signed line to the chain's file and wait for the disk. False when the head has not moved."""
    folder = _folder(settings)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(_file(folder, chain), os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        content = file.read()
        lines = _lines(content)
        effective = _effective(settings, chain, lines)
        if not seal.restored and effective and seal.seq <= effective[-1].seq:
            return False
        said = {"chain": _name(chain), "seq": seal.seq, "hash": seal.hash.hex(), "at": seal.at.isoformat()}
        said |= {"restored": seal.restored, "previous": lines[-1]["mac"] if lines else ""}
        line = json.dumps(said | {"mac": _mac(settings, said)}, separators=(",", ":"))
        torn = content and not content.endswith(b"\n")
        file.write((b"\n" if torn else b"") + line.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return True


class SealsBroken(Exception):
    """A line of seals was changed, or one before it taken out. `seq`: the row it sealed."""

    def __init__(self, seq: int) -> None:
        super().__init__(f"seal of row {seq}")
        self.seq = seq


def read_seals(settings: Settings, chain: UUID | None) -> list[Seal]:
    """The seals that hold: a restore takes back those of rows that the backup did not have. Raises SealsBroken."""
    path = _file(_folder(settings), chain)
    return _effective(settings, chain, _lines(path.read_bytes())) if path.exists() else []


def sealed_chains(settings: Settings) -> set[UUID]:
    """The districts that have a file of seals, though the database may know nothing of them any more."""
    return {UUID(path.stem) for path in _folder(settings).glob("*-*-*-*-*.jsonl")}


@dataclass(frozen=True, slots=True)
class Place:
    """How far a chain was followed, and the last sealed row on the way that agreed."""

    seq: int
    link: bytes
    agreed: int = 0


def follow(rows: Sequence[Any], start: Place, seals: Mapping[int, bytes]) -> tuple[Place, tuple[int, str] | None]:
    """Follow some rows of a chain from a place: (the place reached, what is broken: row and reason, or None)."""
    seq, link, agreed = start.seq, start.link, start.agreed
    for row in rows:
        if row["seq"] != seq + 1:
            return Place(seq, link, agreed), (seq + 1, "missing")
        digest = digest_of(row["id"], row["at"], row["actor"], row["tag"], row["detail"])
        now = next_hash(link, seq + 1, digest, row["subject"])
        if now != row["hash"]:
            return Place(seq, link, agreed), (seq + 1, "edited")
        seq, link = seq + 1, now
        if seals.get(seq, link) != link:
            return Place(seq, link, agreed), (agreed + 1, "rewritten")
        agreed = seq if seq in seals else agreed
    return Place(seq, link, agreed), None


async def _walk(connection: Any, report: Report, seals: dict[int, bytes]) -> Report:
    rows_of, head_of = _CHAIN if report.chain else _EVENTS
    values = [report.chain] if report.chain else []
    place = Place(0, genesis(report.chain) if report.chain else PLATFORM_GENESIS)
    while True:
        page = await connection.fetch(rows_of, place.seq, PAGE, *values)
        place, broken = follow(page, place, seals)
        if broken:
            return replace(report, rows=place.seq, broken_seq=broken[0], reason=broken[1])
        if page:
            continue
        head = await connection.fetchrow(head_of, *values)
        if head is None or head["seq"] <= place.seq:  # rows written since the last page show as a head further on
            break
        if not await connection.fetch(rows_of, place.seq, 1, *values):
            return replace(report, rows=place.seq, broken_seq=place.seq + 1, reason="cut")
    report = replace(report, rows=place.seq, seq=place.seq, hash=place.link)
    if max(seals, default=0) > place.seq:
        return replace(report, broken_seq=place.seq + 1, reason="cut")
    if (head["seq"], head["hash"]) != (place.seq, place.link) if head else place.seq > 0:
        return replace(report, broken_seq=place.seq, reason="head")
    return report


_CHAIN = (
    """SELECT seq, id, at, member_id AS actor, tag, subject_id AS subject, detail, hash FROM audit
       WHERE tenant_id = $3 AND seq > $1 ORDER BY seq LIMIT $2""",
    "SELECT seq, hash FROM audit_head WHERE tenant_id = $1",
)
_EVENTS = (
    """SELECT seq, id, at, account_id AS actor, tag, tenant_id AS subject, detail, hash FROM auth.event
       WHERE seq > $1 ORDER BY seq LIMIT $2""",
    "SELECT seq, hash FROM auth.event_head",
)


async def _head_of(chain: UUID | None) -> Seal | None:
    now = clock.now()
    if chain is PLATFORM:
        rows = await Pools.sign_in().fetch(_EVENTS[1])
    else:
        async with within(Here(chain, None, frozenset({"clock"}), now)):
            rows = await tenancy.hot(_CHAIN[1])
    return Seal(rows[0]["seq"], rows[0]["hash"], now) if rows else None


def _effective(settings: Settings, chain: UUID | None, lines: list[dict[str, Any]]) -> list[Seal]:
    seals: list[Seal] = []
    previous = ""
    for line in lines:
        said = {key: value for key, value in line.items() if key != "mac"}
        genuine = hmac.compare_digest(str(line["mac"]), _mac(settings, said))
        if not genuine or line["chain"] != _name(chain) or line["previous"] != previous:
            raise SealsBroken(line["seq"])
        previous = line["mac"]
        seal = Seal(line["seq"], bytes.fromhex(line["hash"]), datetime.fromisoformat(line["at"]), line["restored"])
        if seal.restored:
            seals = [kept for kept in seals if kept.seq <= seal.seq]
        seals.append(seal)
    return seals


_FIELDS = {"chain", "seq", "hash", "at", "restored", "previous", "mac"}


def _lines(content: bytes) -> list[dict[str, Any]]:
    """A line that a crash left half written is passed over: each line names the one before, so none can hide so."""
    found: list[dict[str, Any]] = []
    for text in content.splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and line.keys() == _FIELDS:
            found.append(line)
    return found


def _mac(settings: Settings, said: dict[str, Any]) -> str:
    content = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    return hmac.digest(derive(settings.kek, "seal audit heads"), content, "sha256").hex()


def _folder(settings: Settings) -> Path:
    if settings.seals_dir is None:
        raise SettingsError("KHUEN_SEALS_DIR is not set: without sealed heads a rewritten audit cannot be told")
    return settings.seals_dir


def _file(folder: Path, chain: UUID | None) -> Path:
    return folder / f"{_name(chain)}.jsonl"


def _name(chain: UUID | None) -> str:
    return str(chain) if chain else "sign-in"
