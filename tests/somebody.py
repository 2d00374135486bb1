"""One person in care with a row in every table that may tell who it is, written straight into the tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from khuen import audit, tenancy, vault
from khuen.ids import uuid7
from khuen.tenancy import Here, within

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
DAY = date(2026, 1, 1)
ID_CARD, PHONE = "1101700230705", "0812345678"


@dataclass(frozen=True)
class Somebody:
    tenant: UUID
    id: UUID
    name: str

    @property
    def here(self) -> Here:
        return Here(self.tenant, None, frozenset({"coordinator"}), NOW)


async def enrol(tenant: UUID, name: str) -> Somebody:
    """A person of that name with a case, a check-in with a note, a guardian, a draft, an import row and an old name."""
    who = Somebody(tenant, uuid7(NOW), name)
    case, check_in, member = (uuid7(NOW) for _ in range(3))
    async with within(who.here):
        own, district = await vault.new_person_key(who.here, who.id), await vault.open_tenant(who.here)
        await _put("member", member, called_name="m", sort_key="m", joined_at=NOW)
        await _person(who, own, district)
        await _case(who, case)
        guardian = own.seal("consent", "guardian_sealed", case, name)
        consent = {"kind": "treatment", "decision": "given", "version": "1", "decided_on": DAY, "recorded_at": NOW}
        await _put("consent", case, case_id=case, guardian_sealed=guardian, **consent)
        times = {"happened_at": NOW, "planned_at": NOW, "received_at": NOW}
        await _put("check_in", check_in, case_id=case, member_id=member, how="urgent", **times)
        note = own.seal("check_in_note", "note_sealed", check_in, name)
        await _put("check_in_note", check_in, check_in_id=check_in, note_sealed=note, written_at=NOW, by_id=member)
        answer = {"case_id": case, "check_in_id": check_in, "at": NOW, "by_id": member}
        await _put("acknowledgement", check_in, note=f"rang {name}", **answer)
        draft = district.seal("enrolment_draft", "content_sealed", case, name)
        when = {"made_at": NOW, "changed_at": NOW}
        await _put("enrolment_draft", case, member_id=member, step="x", content_sealed=draft, case_id=case, **when)
        source = district.seal("import_batch", "source", case, f"{name}.xlsx")
        batch = {"source_sealed": source, "file_hash": b"", "state": "committed", "total": 1, "made_at": NOW}
        await _put("import_batch", case, member_id=member, **batch)
        line = district.seal("import_row", "content_sealed", case, name)
        await _put("import_row", case, batch_id=case, number=1, content_sealed=line, state="done", case_id=case)
        await audit.record(who.here, "case:opened", case)
    return who


async def _person(who: Somebody, own: vault.PersonVault, district: vault.TenantVault) -> None:
    names = ("given_name", "family_name", "called_name", "sort_key", "search_name", "search_family")
    await _put(
        "person",
        who.id,
        **dict.fromkeys(names, who.name),
        born_on=date(1990, 2, 3),
        born_year=1990,
        moo="7",
        national_id_sealed=own.seal("person", "national_id_sealed", who.id, ID_CARD),
        national_id_index=district.blind("national_id", f"{ID_CARD} of {who.id}"),
        national_id_last4_index=district.blind("last4", ID_CARD[-4:]),
        phone_sealed=own.seal("person", "phone_sealed", who.id, PHONE),
        phone_index=district.blind("phone", PHONE),
        house_sealed=own.seal("person", "house_sealed", who.id, f"99 {who.name}"),
        created_at=NOW,
    )
    former = {"prefix": "", "given_name": f"former {who.name}", "family_name": who.name, "until_at": NOW}
    await _put("person_name", who.id, person_id=who.id, **former)


async def _case(who: Somebody, case: UUID) -> None:
    pack = {"name": str(case), "version": 1, "content": "", "content_hash": "", "published_at": NOW}
    await _put("pack", case, **pack)
    await _put("project", case, name="p", level="village", starts_on=DAY, pack_id=case)
    basis = {"legal_basis": "s114", "proposed_by": "self", "agreed_on": DAY, "opened_on": DAY, "stage": "enrolled"}
    links = {"person_id": who.id, "project_id": case, "pack_id": case, "code": str(case), "made_at": NOW}
    await _put("case_file", case, batch_id=case, safety_note=f"the dog of {who.name} bites", **basis, **links)


async def _put(table: str, id_: UUID, **values: Any) -> None:
    places = ", ".join(f"${n}" for n in range(3, len(values) + 3))
    sql = f"INSERT INTO {table} (tenant_id, id, {', '.join(values)}) VALUES ($1, $2, {places})"
    await tenancy.hot(sql, id_, *values.values())
