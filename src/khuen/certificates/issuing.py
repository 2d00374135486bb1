"""From number to paper, step by step: each step is a short transaction, and what lies between them may die at any time.

`claim` -> (typst and the hospital's key, no transaction) -> `keep` -> (the register) -> `publish` -> (the register).
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from khuen import audit, packs, vault
from khuen.cases.rules import Stage
from khuen.certificates import queries, service
from khuen.certificates.evidence import Evidence
from khuen.certificates.paper import Paper
from khuen.certificates.rules import REVOKED, Ended, State
from khuen.certificates.tables import Certificate
from khuen.endings import service as endings
from khuen.endings import treatment
from khuen.errors import Conflict, Invalid, KeyReused, NotFound
from khuen.ids import uuid7
from khuen.msgid import N_
from khuen.pathway import service as pathway
from khuen.tenancy import Here, hot

LEASE = timedelta(seconds=60)
LONGEST = timedelta(hours=1)  #: between two tries
ENDED_ALREADY = N_("This paper has ended already")
CHOOSE_WHY = N_("Choose why it is revoked")


@dataclass(frozen=True, slots=True)
class Draft:
    """A paper that has a number and is to be made; `paper` lacks its token and the address of the site."""

    id: UUID
    token_id: UUID
    initials: str
    hospital: str
    paper: Paper


@dataclass(frozen=True, slots=True)
class Ready:
    """A signed paper that the public does not know yet."""

    id: UUID
    code: str
    token_id: UUID


async def claim(here: Here, at: datetime) -> Draft | None:
    """Take the next paper that has a number and no file, for a minute; None when there is nothing to do.

    `at` is the present moment, also in a historical practice district.
    """
    rows = await hot(queries.CLAIM, at, at + LEASE)
    if not rows:
        return None
    row = rows[0]
    own = await vault.person(here, row["person_id"])
    claims = json.loads(own.unseal("certificate", "claims", row["id"], row["claims_sealed"]))
    settings = await packs.settings_of(here)
    second = await service.signer(here, row["countersigned_by"]) if row["countersigned_by"] else None
    paper = Paper(
        claims=claims,
        code=row["code"],
        link="",
        token="",
        thai_digits=settings.certificates.thai_digits,
        practice=False,
        programme=settings.wording.get("programme", ""),
        director=(second.full_name, second.licence) if second else None,
        replaces=row["replaces"],
    )
    return Draft(row["id"], row["token_id"], row["initials"], claims["hospital"], paper)


async def keep(here: Here, paper_id: UUID, pdf: bytes, digest: bytes, token: str) -> bool:
    """The file is made and signed. False when another worker was first: its file stands."""
    rows = await hot(queries.PERSON_OF, paper_id)
    if not rows:
        raise NotFound
    own = await vault.person(here, rows[0]["person_id"])
    sealed = own.seal("certificate", "pdf", paper_id, base64.b64encode(pdf).decode())
    return bool(await hot(queries.KEEP, paper_id, sealed, digest, token, here.now))


async def fail(paper_id: UUID, why: str, at: datetime) -> None:
    """It could not be made now: it keeps its number, says why, and is tried again after a growing while."""
    await hot(queries.FAIL, paper_id, why, at, at + LONGEST)


async def to_publish(here: Here) -> list[Ready]:
    return [Ready(**row) for row in await hot(queries.TO_PUBLISH)]


async def publish(here: Here, paper_id: UUID) -> bool:
    """The register knows the code: from now on the paper holds, and one that it replaces does not any more.

    The person leaves treatment for follow-up, in the name of the doctor. Harmless twice.
    """
    rows = await hot(queries.PUBLISH, paper_id, here.now)
    if not rows:
        return False
    row = rows[0]
    doctor = replace(here, member_id=row["by_id"])
    if row["replaces_id"] is not None:
        if await hot(queries.END, row["replaces_id"], "replaced"):  # revoked meanwhile, it stays revoked
            values = (row["replaces_id"], "replaced", row["why"], None, paper_id, here.now, row["by_id"])
            await hot(queries.ENDING, uuid7(here.now), *values)
            await audit.record(doctor, "certificate:replaced", row["case_id"])
    else:
        await _follow_up(doctor, row["case_id"], paper_id)
    await audit.record(doctor, "certificate:published", row["case_id"])
    return True


async def revoke(here: Here, code: str, paper_id: UUID, why: Ended | None, note: str, key: UUID) -> None:
    """Take a published paper back, with a reason. Harmless twice by `key`.

    Raises NotFound, Invalid without a reason, Conflict when it has ended, KeyReused.
    """
    if why not in REVOKED:
        raise Invalid({"why": CHOOSE_WHY})
    case = await endings.held(here, code)
    row = await Certificate.select().where(Certificate.id == paper_id, Certificate.case_id == case.id).first()
    if row is None or row["state"] != State.PUBLISHED:
        raise NotFound
    known = await hot(queries.ENDED, paper_id)
    if known:
        if known[0]["id"] != key:
            raise Conflict(ENDED_ALREADY)
        if known[0]["reason"] != why:
            raise KeyReused
        return
    own = await vault.person(here, case.person_id)
    sealed = own.seal("certificate_ending", "note", key, note) if note else None
    await hot(queries.END, paper_id, "revoked")
    await hot(queries.ENDING, key, paper_id, "revoked", why, sealed, None, here.now, here.member_id)
    await pathway.heard(here, {case.id: {"certified_on": None}})
    await audit.record(here, "certificate:revoked", case.id, reason=str(why))


async def untold(here: Here) -> list[tuple[UUID, str, UUID, str]]:
    """(paper, code, token, state) of what the register has not heard."""
    return [tuple(row) for row in await hot(queries.UNTOLD)]


async def told(paper_id: UUID, state: str) -> None:
    await hot(queries.TOLD, paper_id, state)


async def pdf(here: Here, code: str, paper_id: UUID) -> tuple[bytes, str]:
    """(the file, its number) of a case whose page is open. Raises NotFound; Erased when the key is gone."""
    rows = await hot(queries.FILE, code, paper_id)
    if not rows or rows[0]["pdf_sealed"] is None:
        raise NotFound
    own = await vault.person(here, rows[0]["person_id"])
    content = base64.b64decode(own.unseal("certificate", "pdf", paper_id, rows[0]["pdf_sealed"]))
    await audit.record(here, "document:seen", rows[0]["case_id"], kind="certificate")
    return content, rows[0]["number"]


@dataclass(frozen=True, slots=True)
class Line:
    """One paper of a case as its page shows it."""

    id: UUID
    number: str
    code: str
    state: State
    failed: str | None
    issued_on: date
    by: str
    waits_for_director: bool
    ended: str | None  #: replaced or revoked
    why: str | None
    ended_at: datetime | None
    ended_by: str | None
    replaced_by: str | None
    note: str = field(repr=False)


async def papers(here: Here, of: Evidence) -> list[Line]:
    """Every paper of a case, the newest first."""
    rows = await hot(queries.PAPERS, of.code)
    own = await vault.person(here, of.person_id) if any(row["note_sealed"] for row in rows) else None
    return [_line(own, row) for row in rows]


def _line(own: vault.PersonVault | None, row: Any) -> Line:
    note = row["note_sealed"]
    return Line(
        id=row["id"],
        number=row["number"],
        code=row["code"],
        state=State(row["state"]),
        failed=row["failed"],
        issued_on=row["issued_on"],
        by=row["by"],
        waits_for_director=row["countersign"] and row["countersigned_at"] is None,
        ended=row["ended"],
        why=row["reason"],
        ended_at=row["ended_at"],
        ended_by=row["ended_by"],
        replaced_by=row["replaced_by"],
        note=own.unseal("certificate_ending", "note", row["ending_id"], note) if own and note else "",
    )


async def _follow_up(here: Here, case_id: UUID, paper_id: UUID) -> None:
    """Certified from today; where nobody wrote the end of treatment down, it ended with the paper."""
    case = await endings.held_by_id(here, case_id)
    if case.stage is Stage.CLOSED:
        return
    await pathway.heard(here, {case_id: {"certified_on": here.today}})
    if case.treatment_end_id is None:
        await treatment.complete(here, case.code, paper_id, here.today)
