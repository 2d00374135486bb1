"""A doctor decides and signs many at once; numbers run without a gap, whatever happens in between (threat 17)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from khuen.certificates import batches, service
from khuen.certificates.rules import Kind, Refused
from khuen.certificates.service import NewDecision
from khuen.errors import Conflict, Invalid, KeyReused, NotFound
from khuen.ids import uuid7
from khuen.members import NewMember, add
from khuen.pathway import service as pathway
from khuen.tenancy import within
from tests.care import Site
from tests.certificates.room import PRACTISED, begin, certify, here, numbers, ready, sign


async def a_second_doctor(site: Site) -> None:
    it, at = uuid7(), here(site, "nok")
    async with within(at):
        await add(at, [NewMember(it, "อรุณ", ("doctor",))])
    site.chatturat.people["arun"] = (it, frozenset({"doctor"}))


async def refused(site: Site, code: str, new: NewDecision, who: str = "wipa") -> Exception:
    at = here(site, who)
    with pytest.raises((Conflict, Invalid, NotFound)) as caught:
        async with within(at):
            await service.decide(at, code, new)
    return caught.value


async def test_the_queue_holds_the_ready_and_names_what_is_missing(site: Site) -> None:
    whole, missing = await ready(site), await ready(site)
    at = here(site, "nok")
    async with within(at):
        await pathway.heard(at, {site.chatturat.cases[missing]: {"negatives": 3}})
    at = here(site)
    async with within(at):
        queue = await service.queue(at, "ready", 1)
        short = await service.queue(at, "missing", 1)
    assert [line.evidence.code for line in queue.lines] == [whole] and queue.counts["missing"] == 1
    assert [(line.condition, line.have, line.want) for line in short.lines[0].evidence.missing] == [("tests", 3, 4)]


async def test_only_what_is_whole_seen_and_not_ones_own_is_certified(site: Site, root: Any) -> None:
    code = await ready(site, buddy="somchai")
    stale = NewDecision(uuid7(), Kind.CERTIFIED, b"other evidence")
    assert "changed" in str(await refused(site, code, stale))
    assert isinstance(await refused(site, code, NewDecision(uuid7(), Kind.DECLINED, b"")), Invalid)
    assert isinstance(await refused(site, "CTR-9999", stale), NotFound)
    at = here(site, "nok")
    async with within(at):
        await pathway.heard(at, {site.chatturat.cases[code]: {"negatives": 3}})
        seen = (await service.one(at, code)).evidence
    assert "no longer met" in str(await refused(site, code, NewDecision(uuid7(), Kind.CERTIFIED, seen.hash)))
    async with within(at):
        await pathway.heard(at, {site.chatturat.cases[code]: {"negatives": 4}})
        seen = (await service.one(at, code)).evidence
    own = await refused(site, code, NewDecision(uuid7(), Kind.CERTIFIED, seen.hash), who="somchai")
    assert "look after this person yourself" in str(own), "a buddy who is a doctor too signs for somebody else only"
    assert await root.fetchval("SELECT count(*) FROM assessment") == 0


async def test_a_paper_that_nobody_could_finish_is_not_begun(site: Site) -> None:
    code, at = await ready(site), here(site)
    async with within(at):
        seen = (await service.one(at, code)).evidence
    assert service.refusal(at, seen, replaces=False) is None
    for replaces in (False, True):
        assert service.refusal(at, replace(seen, countersign=True), replaces=replaces) is Refused.DIRECTOR


async def test_a_decision_sent_twice_is_one_and_keeps_what_was_seen(site: Site, root: Any) -> None:
    code, at, key = await ready(site), here(site), uuid7()
    async with within(at):
        seen = (await service.one(at, code)).evidence
    for _ in range(2):
        async with within(at):
            assert await service.decide(at, code, NewDecision(key, Kind.CERTIFIED, seen.hash)) == key
    with pytest.raises(KeyReused):
        async with within(at):
            await service.decide(at, code, NewDecision(key, Kind.DECLINED, seen.hash, "อีกแบบ"))
    [row] = await root.fetch("SELECT seen_hash, seen_sealed FROM assessment")
    assert bytes(row["seen_hash"]) == seen.hash and seen.name.encode() not in bytes(row["seen_sealed"])
    async with within(at):
        await service.take_back(at, key)
        assert (await service.queue(at, "ready", 1)).lines[0].evidence.code == code


async def test_a_question_is_answered_and_the_person_is_in_the_queue_again(site: Site) -> None:
    code, at, nok = await ready(site), here(site), here(site, "nok")
    async with within(at):
        seen = (await service.one(at, code)).evidence
        await service.decide(at, code, NewDecision(uuid7(), Kind.ASKED, seen.hash, "ผลตรวจครั้งที่ 4 อยู่ที่ใด"))
        assert (await service.queue(at, "asked", 1)).total == 1
    for key in [uuid7()] * 2:
        async with within(nok):
            await service.answer(nok, code, "อยู่ในแฟ้มแล้ว", key)
    with pytest.raises(Conflict):
        async with within(nok):
            await service.answer(nok, code, "อีกครั้ง", uuid7())
    async with within(at):
        line = (await service.queue(at, "ready", 1)).lines[0]
    assert [said.text for said in line.evidence.said] == ["ผลตรวจครั้งที่ 4 อยู่ที่ใด", "อยู่ในแฟ้มแล้ว"]


async def test_a_batch_gives_numbers_without_a_gap_and_one_failure_leaves_the_others(site: Site, root: Any) -> None:
    codes = [await ready(site) for _ in range(3)]
    for code in codes:
        await certify(site, code)
    key = await begin(site)
    at = here(site, "nok")
    async with within(at):
        await pathway.heard(at, {site.chatturat.cases[codes[1]]: {"negatives": 3}})
    at = here(site)
    with pytest.raises(ZeroDivisionError):
        async with within(at):
            await batches.sign(at, key, PRACTISED)
            raise ZeroDivisionError  # as if the machine stopped before COMMIT
    assert await numbers(root) == []
    assert [await sign(site, key) for _ in range(2)] == [2, 2]
    assert await numbers(root) == [(1, "numbered"), (2, "numbered")]
    async with within(at):
        shown = await batches.progress(at, key)
    assert sorted(str(item.refused) for item in shown.items) == ["None", "None", str(Refused.CHANGED)]
    await certify(site, await ready(site))
    assert await sign(site, await begin(site)) == 1
    assert [running for running, _ in await numbers(root)] == [1, 2, 3]


async def test_two_doctors_sign_the_same_person_and_one_paper_is_made(site: Site, root: Any) -> None:
    code = await ready(site)
    await a_second_doctor(site)
    await certify(site, code)
    first = await begin(site)
    await certify(site, code, "arun")
    second = await begin(site, "arun")
    assert sorted(await asyncio.gather(sign(site, first), sign(site, second, "arun"))) == [0, 1]
    assert await numbers(root) == [(1, "numbered")]
    assert await root.fetchval("SELECT count(*) FROM signing_item WHERE refused = 'already'") == 1


async def test_a_batch_is_its_owners_and_a_changed_one_is_refused(site: Site, root: Any) -> None:
    await a_second_doctor(site)
    await certify(site, await ready(site))
    key = await begin(site)
    with pytest.raises(NotFound):
        await sign(site, key, "arun")
    await root.execute("UPDATE signing_item SET record_hash = sha256('another record')")
    with pytest.raises(Conflict):
        await sign(site, key)
    assert await numbers(root) == []
