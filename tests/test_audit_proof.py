"""Is a tampering found, wherever it is, and is an honest chain never accused?"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from khuen import audit, audit_proof
from khuen.audit_proof import PLATFORM, Report, Seal, append_seal, read_seals, seal_heads, verify, verify_all
from khuen.database import Pools
from khuen.ids import uuid7
from khuen.settings import Settings
from khuen.tenancy import Here, within

NOW = datetime(2026, 11, 24, 2, 0, 0, 123456, tzinfo=UTC)
BAN, NEIGHBOUR = UUID(int=0xB0), UUID(int=0xC0)
ROWS, TAMPERINGS = 300, 1000


@pytest.fixture
def sealing(pools: Settings, tmp_path: Path) -> Settings:
    return replace(pools, seals_dir=tmp_path / "seals")


def here(tenant: UUID = BAN) -> Here:
    return Here(tenant, UUID(int=1), frozenset({"coordinator"}), NOW)


async def write(count: int, tenant: UUID = BAN) -> None:
    async with within(here(tenant)):
        for n in range(count):
            await audit.record(here(tenant), "case:seen", UUID(int=n + 1) if n % 3 else None, count=n)


async def tenant_row(root: Any, tenant: UUID = BAN) -> None:
    await root.execute(
        "INSERT INTO auth.tenant (id, slug, name, short_name, area_path, practice, created_at)"
        " VALUES ($1, $2, 'x', 'x', 'x', true, $3)",
        tenant,
        f"t-{tenant.int}",
        NOW,
    )


async def test_an_honest_chain_stands_alone_sealed_and_while_it_grows(sealing: Settings, root: Any) -> None:
    assert (await verify(root, BAN, sealing)).whole
    await tenant_row(root)
    await write(3)
    assert await seal_heads(sealing) == 2  # the district's and the one of sign-in
    assert await seal_heads(sealing) == 0
    await write(2)
    assert await seal_heads(sealing) == 1
    assert await verify(root, BAN, sealing) == Report(BAN, 5, 5, await root.fetchval("SELECT hash FROM audit_head"), 2)
    growing = asyncio.create_task(write(40))
    while not growing.done():
        assert (await verify(root, BAN, sealing)).whole
        await asyncio.sleep(0)
    await growing
    async with within(here()) as opened:  # a district's administrator may look at the own chain, and sees only that
        assert (await verify(opened.connection, BAN, sealing)).rows == 45
        assert (await verify(opened.connection, NEIGHBOUR, sealing)).rows == 0


async def test_rows_written_in_bulk_make_the_same_chain(sealing: Settings, root: Any) -> None:
    await write(2)
    async with within(here()):
        await audit.record_many(here(), [])
        await audit.record_many(here(), [audit.entry(here(), "case:opened", UUID(int=n), count=n) for n in range(1, 5)])
    await write(2)
    report = await verify(root, BAN, sealing)
    assert report.whole and report.rows == 8


async def test_pages_meet_without_a_gap(sealing: Settings, root: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await write(10)
    for page in (1, 5, 10, 11):
        monkeypatch.setattr(audit_proof, "PAGE", page)
        assert (await verify(root, BAN, sealing)).rows == 10


Tampering = Callable[[Any, random.Random], Awaitable[None]]


async def edit(root: Any, chance: random.Random) -> None:
    column, value = chance.choice(
        [
            ("at", NOW + timedelta(microseconds=chance.randint(1, 10**9))),
            ("member_id", uuid7(NOW)),
            ("tag", "case:closed"),
            ("subject_id", uuid7(NOW)),
            ("detail", '{"count":9999}'),
            ("hash", chance.randbytes(32)),
            ("id", uuid7(NOW)),
        ]
    )
    await root.execute(f"UPDATE audit SET {column} = $1 WHERE seq = $2", value, chance.randint(1, ROWS))


async def delete(root: Any, chance: random.Random) -> None:
    await root.execute("DELETE FROM audit WHERE seq = $1", chance.randint(1, ROWS))


async def delete_and_close_the_gap(root: Any, chance: random.Random) -> None:
    gone = chance.randint(1, ROWS - 1)
    await root.execute("DELETE FROM audit WHERE seq = $1", gone)
    await root.execute("UPDATE audit SET seq = -seq WHERE seq > $1", gone)
    await root.execute("UPDATE audit SET seq = -seq - 1 WHERE seq < 0")
    await root.execute("UPDATE audit_head SET seq = seq - 1")


async def change_places(root: Any, chance: random.Random) -> None:
    one, other = chance.sample(range(1, ROWS + 1), 2)
    for old, new in ((one, -1), (other, one), (-1, other)):
        await root.execute("UPDATE audit SET seq = $2 WHERE seq = $1", old, new)


async def cut(root: Any, chance: random.Random) -> None:
    kept = chance.randint(0, ROWS - 1)
    await root.execute("DELETE FROM audit WHERE seq > $1", kept)
    if chance.random() < 0.8:  # with a head that fits
        link = await root.fetchval("SELECT hash FROM audit WHERE seq = $1", kept) or audit.genesis(BAN)
        await root.execute("UPDATE audit_head SET seq = $1, hash = $2", kept, link)


async def empty(root: Any, chance: random.Random) -> None:
    await root.execute("DELETE FROM audit")
    if chance.random() < 0.5:
        await root.execute("DELETE FROM audit_head")


async def spoil_the_head(root: Any, chance: random.Random) -> None:
    if chance.random() < 0.3:
        await root.execute("DELETE FROM audit_head")
    else:
        await root.execute("UPDATE audit_head SET seq = seq + $1", chance.choice([-1, 1, 50]))


async def write_anew(root: Any, chance: random.Random) -> None:
    """The whole table in one hand: an edit, and every later link computed again."""
    start = chance.randint(1, ROWS)
    link = await root.fetchval("SELECT hash FROM audit WHERE seq = $1", start - 1) or audit.genesis(BAN)
    rows = await root.fetch("SELECT * FROM audit WHERE seq >= $1 ORDER BY seq", start)
    anew = []
    for row in rows:
        tag = "case:closed" if row["seq"] == start else row["tag"]
        digest = audit.digest_of(row["id"], row["at"], row["member_id"], tag, row["detail"])
        link = audit.next_hash(link, row["seq"], digest, row["subject_id"])
        anew.append((tag, link, row["id"]))
    await root.executemany("UPDATE audit SET tag = $1, hash = $2 WHERE id = $3", anew)
    await root.execute("UPDATE audit_head SET hash = $1", link)


WAYS: list[Tampering] = [edit, delete, delete_and_close_the_gap, change_places, cut, empty, spoil_the_head, write_anew]
OFTEN = [4, 3, 1, 1, 2, 1, 1, 1]


async def test_threat_26_a_thousand_tamperings_as_superuser_are_all_found(sealing: Settings, root: Any) -> None:
    await tenant_row(root)
    for _ in range(4):
        await write(ROWS // 4)
        await seal_heads(sealing)
    chance, missed = random.Random(20261124), []
    for n in range(TAMPERINGS):
        [tampering] = chance.choices(WAYS, OFTEN)
        transaction = root.transaction()
        await transaction.start()
        await tampering(root, chance)
        report = await verify(root, BAN, sealing)
        if report.whole or report.broken_seq is None:
            missed.append((n, tampering.__name__))
        await transaction.rollback()
    assert missed == []
    assert (await verify(root, BAN, sealing)).whole


@pytest.mark.parametrize(
    ("sql", "seq", "reason"),
    [
        ("UPDATE audit SET tag = 'case:closed' WHERE seq = 4", 4, "edited"),
        ("DELETE FROM audit WHERE seq = 7", 7, "missing"),
        ("DELETE FROM audit WHERE seq > 8", 9, "cut"),
        ("UPDATE audit_head SET hash = sha256(hash)", 9, "head"),
    ],
)
async def test_threat_26_the_report_names_the_first_broken_row(
    sealing: Settings, root: Any, sql: str, seq: int, reason: str
) -> None:
    await write(9)
    await root.execute(sql)
    report = await verify(root, BAN, sealing)
    assert (report.broken_seq, report.reason) == (seq, reason)
    assert f"row {seq}" in str(report)


async def test_threat_26_sign_in_events_are_chained_and_sealed_too(sealing: Settings, root: Any) -> None:
    pool = Pools.sign_in()
    for n in range(8):
        await audit.record_event(pool, NOW, "sign-in:refused", None if n % 2 else UUID(int=5), BAN, method="password")
    with pytest.raises(ValueError, match="EVENT_TAGS"):
        await audit.record_event(pool, NOW, "sign-in:guessed")
    await seal_heads(sealing)
    assert (await verify_all(sealing))[-1] == Report(
        PLATFORM, 8, 8, await root.fetchval("SELECT hash FROM auth.event_head"), 1
    )
    for sql in (
        "UPDATE auth.event SET tenant_id = NULL WHERE seq = 3",
        "UPDATE auth.event SET account_id = NULL WHERE seq = 5",
        "DELETE FROM auth.event WHERE seq = 8",
        "WITH gone AS (DELETE FROM auth.event) UPDATE auth.event_head SET seq = 0, hash = sha256('')",
    ):
        transaction = root.transaction()
        await transaction.start()
        await root.execute(sql)
        assert not (await verify(root, PLATFORM, sealing)).whole
        await transaction.rollback()


async def test_threat_26_a_district_that_vanished_whole_is_missed(sealing: Settings, root: Any) -> None:
    await tenant_row(root)
    await write(3)
    await write(3, NEIGHBOUR)
    await seal_heads(sealing)
    await root.execute("DELETE FROM audit WHERE tenant_id = $1", BAN)
    await root.execute("DELETE FROM audit_head WHERE tenant_id = $1", BAN)
    await root.execute("DELETE FROM auth.tenant WHERE id = $1", BAN)
    found = {report.chain: report.reason for report in await verify_all(sealing)}
    assert found == {BAN: "cut", NEIGHBOUR: None, PLATFORM: None}


def test_threat_26_a_changed_or_missing_seal_is_found(sealing: Settings) -> None:
    for n in range(1, 5):
        append_seal(sealing, BAN, Seal(n, bytes([n]) * 32, NOW))
    assert [seal.seq for seal in read_seals(sealing, BAN)] == [1, 2, 3, 4]
    assert sealing.seals_dir is not None
    path = sealing.seals_dir / f"{BAN}.jsonl"
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    for spoilt in (
        whole.replace(b'"seq":2', b'"seq":9'),
        whole.replace(b'"hash":"03', b'"hash":"04'),
        b"".join(lines[:1] + lines[2:]),
        b"".join(reversed(lines)),
        lines[0] + b"{}\n" + b"".join(lines[2:]),
    ):
        path.write_bytes(spoilt)
        with pytest.raises(audit_proof.SealsBroken):
            read_seals(sealing, BAN)
    path.write_bytes(whole)
    with pytest.raises(audit_proof.SealsBroken):
        read_seals(replace(sealing, kek=bytes(32)), BAN)
    path.rename(path.with_name(f"{NEIGHBOUR}.jsonl"))
    with pytest.raises(audit_proof.SealsBroken):
        read_seals(sealing, NEIGHBOUR)


def test_a_seal_half_written_by_a_crash_does_no_harm(sealing: Settings) -> None:
    append_seal(sealing, BAN, Seal(1, b"a" * 32, NOW))
    assert sealing.seals_dir is not None
    with (sealing.seals_dir / f"{BAN}.jsonl").open("ab") as file:
        file.write(b'{"chain":"00000')
    append_seal(sealing, BAN, Seal(2, b"b" * 32, NOW))
    assert [seal.seq for seal in read_seals(sealing, BAN)] == [1, 2]


def test_a_restore_takes_back_the_seals_that_the_backup_did_not_have(sealing: Settings) -> None:
    for n in (1, 2, 3):
        append_seal(sealing, BAN, Seal(n, bytes([n]) * 32, NOW))
    append_seal(sealing, BAN, Seal(2, bytes([2]) * 32, NOW, restored=True))
    append_seal(sealing, BAN, Seal(3, bytes([9]) * 32, NOW))
    assert [(seal.seq, seal.hash[0]) for seal in read_seals(sealing, BAN)] == [(1, 1), (2, 2), (2, 2), (3, 9)]
