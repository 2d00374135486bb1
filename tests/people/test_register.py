"""Registering people: sealed, found again, never twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from khuen.errors import Conflict, NotFound
from khuen.ids import uuid7
from khuen.people import service as people
from khuen.people.rules import SameBy
from khuen.settings import Settings
from khuen.tenancy import within
from khuen.vault import Erased
from tests.care import District, person, stand

ID = "1101700230708"


async def one(made: District, **values: Any) -> people.NewPerson:
    who = person(**values)
    async with within(made.here("nok")):
        await people.register(made.here("nok"), [who])
    return who


async def test_what_is_kept_says_nothing_to_whoever_reads_the_table(pools: Settings, root: Any) -> None:
    made = await stand(pools, nok="coordinator")
    who = await one(made, national_id=ID, phone="+66899999999", house="77/7 ถนนทดลอง")
    row = dict(await root.fetchrow("SELECT * FROM person"))
    kept = b"".join(value for value in row.values() if isinstance(value, bytes))
    for secret in (ID, "0899999999", "+66899999999", "77/7", ID[-4:]):
        assert secret.encode() not in kept and secret not in str(row)
    async with within(made.here("nok")):
        contact = await people.contact(made.here("nok"), who.id)
    assert (contact.national_id, contact.phone, contact.house) == (ID, "+66899999999", "77/7 ถนนทดลอง")
    assert ID not in repr(contact) and ID not in repr(who)


async def test_registering_again_changes_nothing(pools: Settings, root: Any) -> None:
    made = await stand(pools, nok="coordinator")
    who = await one(made, national_id=ID)
    before = await root.fetchrow("SELECT * FROM person")
    async with within(made.here("nok")):
        await people.register(made.here("nok"), [replace(who, given_name="อื่น")])
    assert await root.fetchrow("SELECT * FROM person") == before
    assert await root.fetchval("SELECT count(*) FROM vault.person_key") == 1


async def test_one_national_id_is_one_person_in_a_district_only(pools: Settings) -> None:
    made, other = await stand(pools, nok="coordinator"), await stand(pools, nok="coordinator")
    await one(made, national_id=ID)
    with pytest.raises(Conflict):
        await one(made, national_id=ID)
    await one(other, national_id=ID)


async def test_likely_the_same_person_and_why(pools: Settings) -> None:
    made, other = await stand(pools, nok="coordinator"), await stand(pools, nok="coordinator")
    known = await one(made, given_name="สมมุติ", family_name="ใจดี", national_id=ID, phone="+66811111111")
    base = {"given_name": "อื่น", "family_name": "ไกล", "phone": None}
    asked = {
        SameBy.NATIONAL_ID: person(**base, national_id=ID),
        SameBy.PHONE: person(**{**base, "phone": "+66811111111"}),
        SameBy.NAME: person(**{**base, "given_name": "สมมุติ", "family_name": "ใจดี"}),
    }
    nobody = person(**base)
    async with within(made.here("nok")):
        found = await people.likely_same(made.here("nok"), [*asked.values(), nobody, known])
    for by, who in asked.items():
        assert [(match.person_id, match.by) for match in found[who.id]] == [(known.id, by)]
    assert found[nobody.id] == [] and found[known.id] == []
    async with within(other.here("nok")):
        assert not any((await people.likely_same(other.here("nok"), list(asked.values()))).values())


async def test_a_person_without_a_key_looks_like_nobody(pools: Settings, root: Any) -> None:
    made = await stand(pools, nok="coordinator")
    who = await one(made, phone="+66811111111")
    await root.execute("DELETE FROM vault.person_key")
    for person_id, error in ((who.id, Erased), (uuid7(), NotFound)):
        with pytest.raises(error):
            async with within(made.here("nok")):
                await people.contact(made.here("nok"), person_id)


async def test_thousands_are_registered_in_one_call(pools: Settings, root: Any) -> None:
    made = await stand(pools, nok="coordinator")
    many = [person(given_name=f"ทดลอง{n}", national_id=None) for n in range(1500)]
    async with within(made.here("nok")):
        await people.register(made.here("nok"), many)
        found = await people.likely_same(made.here("nok"), [person(given_name="ทดลอง1499", phone=None)])
    assert await root.fetchval("SELECT count(*) FROM person") == 1500
    assert len(next(iter(found.values()))) == 1
