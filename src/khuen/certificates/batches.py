"""Signing many at once: a batch with its challenge, the proof that is kept with it, and a number for each paper.

Everything that may fail is outside of here: this is one short transaction that either makes all numbers or none.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from khuen import audit, clock, packs, thai, vault
from khuen.certificates import evidence, queries, rules, service
from khuen.certificates.evidence import Evidence
from khuen.certificates.rules import Batch, Method, Refused, State
from khuen.certificates.tables import SigningBatch
from khuen.errors import Conflict, KeyReused, NotFound
from khuen.ids import uuid7
from khuen.msgid import N_
from khuen.tenancy import Here, hot, many

NOT_SET_UP = N_("The hospital is not named in the settings yet. Ask the administrator of your area")
NO_NAME = N_("Say under which name and licence you sign")
NOBODY = N_("Nobody has been looked at yet")
NOT_YOURS = N_("This was begun by somebody else, or for other papers")
MOST = 200  #: papers in one batch


@dataclass(frozen=True, slots=True)
class Proof:
    """How somebody proved who signs: a passkey's answer with the key it was checked with, a code, or practice."""

    method: Method
    assertion: str | None = field(default=None, repr=False)
    public_key: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Item:
    """One paper of a batch: its state, or why it was not signed."""

    code: str
    name: str  #: as on a phone
    number: str | None
    paper: str | None  #: the code of the public page
    state: State | None
    refused: Refused | None
    failed: str | None
    waits_for_director: bool


@dataclass(frozen=True, slots=True)
class Progress:
    id: UUID
    kind: Batch
    signed: bool
    items: tuple[Item, ...]

    @property
    def done(self) -> int:
        return sum(1 for item in self.items if item.state is State.PUBLISHED or item.refused or item.waits_for_director)


async def begin(here: Here, key: UUID) -> bytes | None:
    """A batch of everybody whom this doctor certified and has not signed for: its challenge, None when it is signed.

    Harmless twice by `key`: the same batch has the same challenge. Raises Conflict when there is nobody, when the
    hospital has no name, or when the doctor has not said under which name to sign; KeyReused.
    """
    await _set_up(here)
    rows = await hot(queries.QUEUE, "reviewed", MOST, 0, here.member_id)
    chosen = await hot(queries.STANDING, [row["id"] for row in rows])
    chosen.sort(key=lambda row: row["case_id"])
    parts = [(row["case_id"], row["id"], row["seen_hash"], None) for row in chosen]
    return await _begin(here, key, Batch.SIGN, parts)


async def sign(here: Here, batch_id: UUID, proof: Proof) -> int:
    """The proof was right: give every paper of the batch its number. Answers how many got one.

    One that may no longer be signed is left out with its reason, the others are signed. Harmless twice.
    Raises NotFound for somebody else's batch.
    """
    batch = await _held(here, batch_id, Batch.SIGN)
    items = await hot(queries.ITEMS, batch_id)
    if batch["signed_at"] is not None:
        return sum(1 for item in items if item["certificate_id"])
    await _refuse_another(batch, [item["record_hash"] for item in items])
    codes = [item["code"] for item in items]
    await hot(queries.HELD, codes)
    seen = await evidence.read(here, codes)
    holding = {(row["case_id"], row["id"]): row for row in await hot(queries.HOLDING, [i["case_id"] for i in items])}
    refused = {item["id"]: _refusal(here, item, seen.get(item["code"]), list(holding)) for item in items}
    good = [item for item in items if refused[item["id"]] is None]
    await _seal(here, batch_id, proof)
    made = await _number(here, batch_id, good, seen)
    await many(queries.SETTLE_ITEM, [(made.get(item["id"]), refused[item["id"]], item["id"]) for item in items])
    await audit.record(here, "certificate:signed", batch_id, count=len(good), left=len(items) - len(good))
    return len(good)


async def progress(here: Here, batch_id: UUID) -> Progress:
    """How far a batch is. Raises NotFound."""
    row = await SigningBatch.select().where(SigningBatch.id == batch_id, SigningBatch.by_id == here.member_id).first()
    if row is None:
        raise NotFound
    items = tuple(_item(Batch(row["kind"]), one) for one in await hot(queries.ITEMS, batch_id))
    return Progress(batch_id, Batch(row["kind"]), row["signed_at"] is not None, items)


async def begin_countersigning(here: Here, key: UUID) -> bytes | None:
    """The same for the director: every paper that waits for the second signature. Raises Conflict, KeyReused."""
    await _set_up(here)
    rows = await hot(queries.TO_COUNTERSIGN)
    parts = [(row["case_id"], row["assessment_id"], row["record_hash"], row["id"]) for row in rows[:MOST]]
    return await _begin(here, key, Batch.COUNTERSIGN, parts)


async def countersign(here: Here, batch_id: UUID, proof: Proof) -> int:
    """The director's proof was right: the papers go on. Whoever signed as doctor cannot be the second. Harmless twice.

    Answers how many were countersigned. Raises NotFound.
    """
    batch = await _held(here, batch_id, Batch.COUNTERSIGN)
    items = await hot(queries.ITEMS, batch_id)
    if batch["signed_at"] is not None:
        return sum(1 for item in items if not item["refused"])
    await _refuse_another(batch, [item["record_hash"] for item in items])
    await _seal(here, batch_id, proof)
    done = {
        row["id"]
        for row in await hot(
            queries.COUNTERSIGN, [item["certificate_id"] for item in items], here.now, here.member_id, batch_id
        )
    }
    left = [item for item in items if item["certificate_id"] not in done]
    await many(queries.SETTLE_ITEM, [(item["certificate_id"], Refused.ALREADY, item["id"]) for item in left])
    await audit.record(here, "certificate:countersigned", batch_id, count=len(done), left=len(left))
    return len(done)


async def _set_up(here: Here) -> None:
    if not (await packs.settings_of(here)).certificates.hospital:
        raise Conflict(NOT_SET_UP)
    if await service.signer(here, here.member_id) is None:
        raise Conflict(NO_NAME)


async def _begin(
    here: Here, key: UUID, kind: Batch, parts: Sequence[tuple[UUID, UUID, bytes, UUID | None]]
) -> bytes | None:
    known = await SigningBatch.select().where(SigningBatch.id == key).first()
    if known is not None:
        stood = [(row["case_id"], row["assessment_id"]) for row in await hot(queries.ITEMS, key)]
        if (known["by_id"], known["kind"]) != (here.member_id, kind):
            raise KeyReused
        if known["signed_at"] is not None:
            return None
        if not parts:
            raise Conflict(NOBODY)
        if stood != [part[:2] for part in parts]:
            raise Conflict(NOT_YOURS)
        return bytes(known["challenge"])
    if not parts:
        raise Conflict(NOBODY)
    nonce = secrets.token_bytes(32)
    challenge = rules.challenge(kind, nonce, [part[2] for part in parts])
    await hot(queries.BEGIN, key, kind, here.member_id, nonce, challenge, here.now)
    await many(queries.ITEM, [(uuid7(here.now), key, place, *part) for place, part in enumerate(parts, start=1)])
    return challenge


async def _held(here: Here, batch_id: UUID, kind: Batch) -> Any:
    held = SigningBatch.select().where(SigningBatch.id == batch_id, SigningBatch.by_id == here.member_id)
    row = await held.lock_rows().first()
    if row is None or row["kind"] != kind:
        raise NotFound
    return row


async def _refuse_another(batch: Any, hashes: list[bytes]) -> None:
    """The challenge must still be that of exactly these records: nobody changed the batch behind the doctor's back."""
    if batch["challenge"] != rules.challenge(Batch(batch["kind"]), batch["nonce"], hashes):
        raise Conflict(NOT_YOURS)


def _refusal(here: Here, item: Any, seen: Evidence | None, holding: list[tuple[UUID, UUID]]) -> Refused | None:
    if item["undone_at"] is not None:
        return Refused.TAKEN_BACK
    if seen is None or seen.hash != item["record_hash"]:
        return Refused.CHANGED
    if any(case == item["case_id"] and paper != item["replaces_id"] for case, paper in holding):
        return Refused.ALREADY
    return service.refusal(here, seen, replaces=item["replaces_id"] is not None)


async def _seal(here: Here, batch_id: UUID, proof: Proof) -> None:
    await SigningBatch.update(
        {
            SigningBatch.signed_at: here.now,
            SigningBatch.method: proof.method,
            SigningBatch.assertion: proof.assertion,
            SigningBatch.public_key: proof.public_key,
        }
    ).where(SigningBatch.id == batch_id)


async def _number(here: Here, batch_id: UUID, good: list[Any], seen: dict[str, Evidence]) -> dict[UUID, UUID]:
    """{item: certificate}: the numbers come last, because their row stays locked until COMMIT."""
    if not good:
        return {}
    settings = (await packs.settings_of(here)).certificates
    signer = await service.signer(here, here.member_id)
    assert signer is not None
    keys = await vault.persons(here, {seen[item["code"]].person_id for item in good})
    year = clock.fiscal_year(here.today)
    name = f"certificate {settings.hospital_code} {year}"
    last = (await hot(queries.TAKE_NUMBERS, uuid7(here.now), name, len(good)))[0]["value"]
    made: dict[UUID, UUID] = {}
    rows = []
    for running, item in enumerate(good, start=last - len(good) + 1):
        it, of = uuid7(here.now), seen[item["code"]]
        number = rules.number_of(settings.prefix, year, running)
        claims = _claims(of, number, settings.hospital, settings.hospital_code, signer, here)
        sealed = keys[of.person_id].seal("certificate", "claims", it, rules.canonical(claims).decode())
        code = rules.code_of([secrets.randbelow(len(rules.ALPHABET)) for _ in range(rules.CODE_LENGTH - 1)])
        shown = rules.initials(of.given_name, of.family_name)
        rows.append(
            (
                it,
                *(item["case_id"], item["assessment_id"], batch_id),
                *(settings.hospital_code, year, running, number, code),
                *(of.countersign, here.today, shown, sealed, uuid7(here.now), item["replaces_id"]),
                *(here.now, here.member_id),
            )
        )
        made[item["id"]] = it
    await many(queries.NUMBER, rows)
    return made


def _claims(
    of: Evidence, number: str, hospital: str, hospital_code: str, signer: service.Signer, here: Here
) -> dict[str, Any]:
    """What the paper says; the evidence itself stays with the decision."""
    record = of.record
    return {
        "number": number,
        "hospital": hospital,
        "hospital_code": hospital_code,
        "name": record["name"],
        "national_id": record["national_id"],
        "basis": record["basis"],
        "project": record["project"],
        "case": of.code,
        "started_on": record["started_on"] or record["opened_on"],
        "ended_on": record["ended_on"] or here.today.isoformat(),
        "sessions": len(of.sessions),
        "tests": len(of.tests),
        "doctor": signer.full_name,
        "licence": signer.licence,
        "issued_on": here.today.isoformat(),
    }


def _item(kind: Batch, row: Any) -> Item:
    state = State(row["state"]) if row["state"] else None
    waits = bool(row["countersign"] and row["countersigned_at"] is None) and not row["refused"]
    return Item(
        code=row["code"],
        name=thai.on_phone(row["called_name"], row["family_name"]),
        number=row["number"],
        paper=row["paper"],
        state=state,
        refused=Refused(row["refused"]) if row["refused"] else None,
        failed=row["failed"],
        waits_for_director=waits and kind is Batch.SIGN,
    )
