"""What somebody agreed to, word for word as it was read to them, and every decision since."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from khuen import audit, packs, vault
from khuen.cases import queries
from khuen.cases.rules import ConsentKind, Decision
from khuen.cases.tables import CaseFile
from khuen.errors import NotFound
from khuen.rule_pack import Part, RulePack
from khuen.tenancy import Here, hot


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision, with who consented beside a minor and who wrote it down (None: it came with an import)."""

    decision: Decision
    version: str
    on: date
    guardian: str | None = field(repr=False)
    recorded_at: datetime
    by: str | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """One of the three consents: the newest decision first, none when it was never asked for.

    `text` is of the version that was decided about last; it is empty where that was read from paper and its words were
    never kept here. `version` and `words` are what is read aloud to this person now.
    """

    kind: ConsentKind
    decisions: tuple[Decided, ...]
    text: tuple[Part, ...]
    version: str
    words: tuple[Part, ...]

    @property
    def stands(self) -> bool:
        return bool(self.decisions) and self.decisions[0].decision is Decision.GIVEN


@dataclass(frozen=True, slots=True)
class Agreements:
    case_id: UUID
    code: str
    name: str = field(repr=False)
    born_on: date | None
    born_year: int | None
    each: tuple[Agreement, ...]


async def of_case(here: Here, code: str) -> Agreements:
    """The three consents with every decision, and the audit row of having looked. Raises NotFound."""
    rows = await hot(queries.DECIDED, code, *audit.entry(here, "case:seen", page="consents").values)
    if not rows:
        raise NotFound
    head = rows[0]
    if head["audit_seq"] is None:
        raise RuntimeError("the audit chain of this district was never started")
    own = await vault.person(here, head["person_id"]) if any(row["guardian_sealed"] for row in rows) else None
    decided: dict[str, list[Decided]] = {}
    for row in rows:
        if row["kind"]:
            decided.setdefault(row["kind"], []).append(_decided(own, row))
    known = await packs.all_of(here)
    now = (await packs.pack(here, head["pack_id"])).consent
    each = []
    for kind in ConsentKind:
        some = tuple(decided.get(kind, ()))
        text = _words(known, head["pack_id"], kind, some[0].version) if some else ()
        each.append(Agreement(kind, some, text, now.version(kind), now.text(kind)))
    name = f"{head['prefix']}{head['given_name']} {head['family_name']}".strip()
    return Agreements(head["case_id"], code, name, head["born_on"], head["born_year"], tuple(each))


async def text(here: Here, case_id: UUID, kind: str, version: str) -> tuple[Part, ...]:
    """What was read aloud: the words of a version. Empty when they are kept on paper only. Raises NotFound."""
    case = await CaseFile.select(CaseFile.pack_id).where(CaseFile.id == case_id).first()
    if case is None:
        raise NotFound
    return _words(await packs.all_of(here), case["pack_id"], kind, version)


def _decided(own: vault.PersonVault | None, row: Any) -> Decided:
    sealed = row["guardian_sealed"]
    guardian = own.unseal("consent", "guardian", row["id"], sealed) if own and sealed else None
    decision = Decision(row["decision"])
    return Decided(decision, row["version"], row["decided_on"], guardian, row["recorded_at"], row["by"])


def _words(known: dict[UUID, RulePack], own: UUID, kind: str, version: str) -> tuple[Part, ...]:
    """A version has the same words in every pack of a district; the pack of the case itself is asked first."""
    ordered = sorted(known, key=lambda id_: id_ != own)
    texts = (known[id_].consent.text(kind) for id_ in ordered if known[id_].consent.version(kind) == version)
    return next((words for words in texts if words), ())
