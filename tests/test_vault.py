"""Sealed columns: what opens, what does not, and how few queries it takes."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from khuen import tenancy, vault
from khuen.ids import uuid7
from khuen.settings import Settings
from khuen.tenancy import Here, within

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
BAN, NEIGHBOUR = UUID(int=0xB0), UUID(int=0xC0)
ID_CARD = "1101700230705"


@pytest.fixture(autouse=True)
def configured(pools: Settings) -> None:
    vault.configure(pools.kek, pools.erasures_file)


def here(tenant: UUID = BAN) -> Here:
    return Here(tenant, None, frozenset({"clock"}), NOW)


async def test_what_is_sealed_opens_in_its_place_and_nowhere_else() -> None:
    somebody = uuid7(NOW)
    async with within(here()):
        own = await vault.new_person_key(here(), somebody)
    sealed = own.seal("person", "national_id_sealed", somebody, ID_CARD)
    assert ID_CARD.encode() not in sealed
    async with within(here()):
        again = await vault.person(here(), somebody)
    assert again.unseal("person", "national_id_sealed", somebody, sealed) == ID_CARD
    for place in (("person", "phone_sealed", somebody), ("person", "national_id_sealed", uuid7(NOW)), ("x", "y", BAN)):
        with pytest.raises(vault.WrongKey):
            again.unseal(*place, sealed)
    for spoilt in (b"", sealed[:-1], b"\x02" + sealed[1:], sealed[:20] + bytes([sealed[20] ^ 1]) + sealed[21:]):
        with pytest.raises(vault.WrongKey):
            again.unseal("person", "national_id_sealed", somebody, spoilt)


async def test_two_seals_of_the_same_text_differ_and_blind_indexes_are_equal_in_one_district_only() -> None:
    async with within(here()):
        ours = await vault.open_tenant(here())
    async with within(here(NEIGHBOUR)):
        theirs = await vault.open_tenant(here(NEIGHBOUR))
    row = uuid7(NOW)
    assert ours.seal("enrolment_draft", "content_sealed", row, "x") != ours.seal(
        "enrolment_draft", "content_sealed", row, "x"
    )
    assert ours.blind("national_id", ID_CARD) == ours.blind("national_id", ID_CARD)
    assert (
        len({ours.blind("national_id", ID_CARD), ours.blind("phone", ID_CARD), theirs.blind("national_id", ID_CARD)})
        == 3
    )
    with pytest.raises(vault.WrongKey):
        theirs.unseal(
            "enrolment_draft", "content_sealed", row, ours.seal("enrolment_draft", "content_sealed", row, "x")
        )


async def test_a_form_sent_twice_gets_the_same_key_and_an_unknown_person_none() -> None:
    somebody, nobody = uuid7(NOW), uuid7(NOW)
    async with within(here()):
        first = await vault.new_person_key(here(), somebody)
        second = await vault.new_person_key(here(), somebody)
        assert first == second
        with pytest.raises(vault.Erased):
            await vault.person(here(), nobody)
        assert set(await vault.persons(here(), [somebody, nobody])) == {somebody}
    async with within(here(NEIGHBOUR)):
        with pytest.raises(vault.Erased):
            await vault.person(here(NEIGHBOUR), somebody)


async def test_a_page_of_fifty_takes_one_query(monkeypatch: pytest.MonkeyPatch) -> None:
    people = [uuid7(NOW) for _ in range(50)]
    async with within(here()):
        made = await vault.make_person_keys(here(), people)
    sealed = {p: made[p].seal("person", "phone_sealed", p, f"phone {n}") for n, p in enumerate(people)}
    sent = []

    async def counted(sql: str, *values: Any) -> Any:
        sent.append(sql)
        return await hot(sql, *values)

    hot = tenancy.hot
    async with within(here()):
        await vault.open_tenant(here())  # this process knows the district
        monkeypatch.setattr(tenancy, "hot", counted)
        page = await vault.persons(here(), people)
    assert [page[p].unseal("person", "phone_sealed", p, sealed[p]) for p in people] == [f"phone {n}" for n in range(50)]
    assert len(sent) == 1


async def test_a_key_whose_transaction_was_rolled_back_is_forgotten() -> None:
    class Mishap(Exception):
        pass

    with pytest.raises(Mishap):
        async with within(here()):
            lost = await vault.open_tenant(here())
            assert await vault.open_tenant(here()) == lost
            raise Mishap
    async with within(here()):
        kept = await vault.open_tenant(here())
    assert kept != lost
    async with within(here()):
        assert await vault.open_tenant(here()) == kept


async def test_the_cache_ends_and_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vault, "CACHE_SIZE", 2)
    tenants = [UUID(int=n) for n in (1, 2, 3)]
    for _ in range(2):
        for tenant in tenants:
            async with within(here(tenant)):
                await vault.open_tenant(here(tenant))
    assert list(vault._held.tenants) == tenants[1:]
    monkeypatch.setattr("time.monotonic", lambda: 1e12)
    assert vault._cached(tenants[2]) is None


async def test_a_vault_opens_only_inside_its_own_district(pools: Settings) -> None:
    with pytest.raises(RuntimeError, match="outside within"):
        await vault.open_tenant(here())
    async with within(here(NEIGHBOUR)):
        with pytest.raises(RuntimeError, match="another district"):
            await vault.open_tenant(here())
    vault.configure(bytes(32))
    with pytest.raises(RuntimeError, match="KHUEN_ERASURES_FILE"):
        vault.erasures_file()


async def test_threat_27_another_kek_opens_nothing(root: Any) -> None:
    somebody = uuid7(NOW)
    async with within(here()):
        await vault.new_person_key(here(), somebody)
    vault.configure(bytes(32))
    async with within(here()):
        with pytest.raises(vault.WrongKey):
            await vault.person(here(), somebody)
    # and a wrapped key moved to another person, or to another district, opens for neither
    vault.configure(bytes(range(32)))
    other = uuid7(NOW)
    await root.execute("UPDATE vault.person_key SET person_id = $1", other)
    async with within(here()):
        with pytest.raises(vault.WrongKey):
            await vault.person(here(), other)
    await root.execute("UPDATE vault.tenant_key SET tenant_id = $1, id = $1", NEIGHBOUR)
    vault.configure(bytes(range(32)))
    async with within(here(NEIGHBOUR)):
        with pytest.raises(vault.WrongKey):
            await vault.open_tenant(here(NEIGHBOUR))


def test_no_key_is_shown_when_a_vault_is_printed() -> None:
    shown = repr(vault.TenantVault(BAN, bytes(32), b"k" * 32, b"w" * 32))
    assert not re.search(r"key|kkkk|wwww|x00", shown)
