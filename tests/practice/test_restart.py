"""A practice district begins again: the same start, everybody out, the others untouched, whatever dies in between."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from khuen import audit, clock, provision, vault
from khuen.errors import Ended
from khuen.ids import uuid7
from khuen.practice import again, filling, plans, retired
from khuen.registry import CLOCK
from khuen.settings import Settings
from khuen.signin import accounts, devices, restarts, sessions
from khuen.tenancy import Here, within
from tests.practice.test_filling import SMALL, content
from tests.workers.engines import _environment
from workers import practice

SEED = 7


@dataclass
class Pair:
    """Two small practice districts, filled the same way."""

    ours: UUID
    theirs: UUID

    def here(self, tenant_id: UUID) -> Here:
        return Here(tenant_id, None, CLOCK, clock.now())


@pytest.fixture
async def pair(pools: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pair]:
    sessions.forget_all()
    vault.configure(pools.kek)
    monkeypatch.setattr(filling, "_PLANS", {"phon": SMALL, "bantuayang": SMALL})
    for slug in ("phon", "bantuayang"):
        await filling.fill(filling.demo(slug, clock.day(clock.now())), SEED)
    ours, theirs = [await provision.tenant_of(slug) for slug in ("phon", "bantuayang")]
    assert ours and theirs
    yield Pair(ours, theirs)


async def entered(root: Any, tenant_id: UUID, role: str = "coordinator") -> str:
    """The token of somebody who pressed a role's button."""
    account = await root.fetchval(
        "SELECT a.id FROM auth.account a JOIN auth.membership_role r ON r.account_id = a.id"
        " WHERE a.practice_tenant_id = $1 AND r.role = $2",
        tenant_id,
        role,
    )
    return await sessions.start(account, method="practice", now=clock.now(), practice=(tenant_id, role))


async def written(pair: Pair, tenant_id: UUID) -> None:
    """Somebody practised there."""
    async with within(here := pair.here(tenant_id)):
        await audit.record(here, "export:made", tenant_id, count=1)


async def test_it_stands_as_at_the_start_and_everybody_is_out(pair: Pair, root: Any) -> None:
    start, other = await content(pair.here(pair.ours)), await content(pair.here(pair.theirs))
    tokens = [await entered(root, pair.ours, role) for role in ("coordinator", "buddy", "tenant_admin")]
    elsewhere = await entered(root, pair.theirs)
    await written(pair, pair.ours)
    heads = await root.fetch("SELECT seq, hash FROM audit_head WHERE tenant_id = $1", pair.theirs)
    assert await restarts.ask(pair.ours, clock.now()) and await restarts.ask(pair.ours, clock.now())
    assert await practice.one() and not await practice.one()
    new = await provision.tenant_of("phon")
    assert new and new != pair.ours
    assert await content(pair.here(new)) == start
    assert [await sessions.look_up(token, clock.now()) for token in tokens] == [None, None, None]
    assert await sessions.look_up(elsewhere, clock.now()) is not None
    assert await content(pair.here(pair.theirs)) == other
    assert await root.fetch("SELECT seq, hash FROM audit_head WHERE tenant_id = $1", pair.theirs) == heads
    assert await sessions.look_up(await entered(root, new), clock.now()) is not None
    event = await root.fetchrow("SELECT tenant_id FROM auth.event WHERE tag = 'practice:restarted'")
    assert event["tenant_id"] == new and await root.fetchval("SELECT count(*) FROM auth.practice_restart") == 1


async def test_whoever_was_let_in_while_practising_is_out_too(pair: Pair, root: Any, pools: Settings) -> None:
    guest, both = await accounts.create("ทดลอง แขก"), await accounts.create("ทดลอง สองพื้นที่")
    await accounts.admit(guest, pair.ours, uuid7(), "ทดลอง แขก", {"buddy"})
    for tenant_id in (pair.ours, pair.theirs):
        await accounts.admit(both, tenant_id, uuid7(), "ทดลอง สองพื้นที่", {"buddy"})
    links = await devices.invite([(guest, "password")], pair.ours, uuid7(), None, pools, clock.now())
    tokens = [await sessions.start(one, method="password", now=clock.now()) for one in (guest, both)]
    await restarts.ask(pair.ours, clock.now())
    await practice.one()
    out, in_ = [await sessions.look_up(token, clock.now()) for token in tokens]
    assert out is None and in_ is not None and [one.slug for one in in_.memberships] == ["bantuayang"]
    with pytest.raises(Ended):
        await devices.invitation(links[guest], clock.now())


_DIES = """
import asyncio, os, sys
from khuen import clock, settings, vault
from khuen.database import connected
from khuen.practice import filling, loading
from tests.practice.test_filling import SMALL
from workers import practice

filling._PLANS = {"phon": SMALL, "bantuayang": SMALL}

async def stay(*_):
    print("here", flush=True)
    await asyncio.sleep(60)

async def main():
    known = settings.load()
    vault.configure(known.kek)
    where = sys.argv[1]
    if where == "before the rows":
        loading._rows = stay
    elif where == "before the roles":
        filling.provision.practice_roles = stay
    else:
        from khuen.practice import again
        again.restarts.change_places = stay
    async with connected(known):
        await practice.one()

asyncio.run(main())
"""


@pytest.mark.parametrize("where", ["before the roles", "before the rows", "before the change of places"])
async def test_killed_in_the_middle_the_old_one_stays_and_the_next_run_finishes(
    pair: Pair, root: Any, pools: Settings, where: str
) -> None:
    start, token = await content(pair.here(pair.ours)), await entered(root, pair.ours)
    await restarts.ask(pair.ours, clock.now())
    env = {**os.environ, **_environment(pools)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _DIES, where, env=env, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert process.stdout and await process.stdout.readline() == b"here\n"
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    assert await provision.tenant_of("phon") == pair.ours
    assert await sessions.look_up(token, clock.now()) is not None
    assert await restarts.take(clock.now()) is None, "it is held until the lease ends"
    work = await restarts.take(clock.now() + restarts.LEASE + timedelta(seconds=1))
    assert work and await again.begin_again(work) and not await again.begin_again(work)
    new = await provision.tenant_of("phon")
    assert new == work.id and await content(pair.here(new)) == start
    assert await sessions.look_up(token, clock.now()) is None
    assert await root.fetchval("SELECT count(*) FROM auth.tenant WHERE slug LIKE 'new-%'") == 0


async def test_the_night_takes_what_was_filled_before_it_and_who_stands_still_only_when_visited(
    pair: Pair, root: Any
) -> None:
    now = clock.now()
    assert await restarts.ask_all(now - timedelta(hours=1), now) == 0, "filled after that night"
    await root.execute("UPDATE auth.tenant SET as_of = '2025-09-01' WHERE id = $1", pair.theirs)
    assert await restarts.ask_all(clock.now(), now) == 1
    await entered(root, pair.theirs)
    assert await restarts.ask_all(clock.now(), now) == 2
    assert await root.fetchval("SELECT count(*) FROM auth.practice_restart WHERE ended_at IS NULL") == 2


@pytest.mark.parametrize("change", ["practice = false", "state = 'suspended'"])
async def test_the_tenant_row_decides_at_every_step(pair: Pair, root: Any, change: str) -> None:
    """A row that is no practice district's, or no longer served, is left as it is: asked, taken or about to move."""
    await restarts.ask(pair.theirs, clock.now())
    await root.execute(f"UPDATE auth.tenant SET {change} WHERE id = $1", pair.ours)
    assert not await restarts.ask(pair.ours, clock.now())
    assert await root.fetchval("SELECT tenant_id FROM auth.event WHERE tag = 'practice:refused'") == pair.ours
    work = await restarts.take(clock.now())
    assert work and work.tenant_id == pair.theirs
    await root.execute("UPDATE auth.tenant SET practice = false WHERE id = $1", pair.theirs)
    with pytest.raises(ValueError, match="practice"):
        await again.begin_again(work)
    assert await provision.tenant_of("bantuayang") == pair.theirs
    assert await root.fetchval("SELECT state FROM auth.tenant WHERE id = $1", pair.theirs) == "active"


async def test_the_many_that_are_made_for_measuring_do_not_begin_again(pools: Settings) -> None:
    vault.configure(pools.kek)
    (many,) = filling._further(1, clock.day(clock.now()), 1, 40)
    await filling.fill(many, 1)
    tenant_id = await provision.tenant_of("p001")
    assert tenant_id and await restarts.door_of(tenant_id, clock.now()) is None
    assert not await restarts.ask(tenant_id, clock.now())


async def test_what_was_replaced_is_thrown_away_by_the_owner_and_nothing_else(
    pair: Pair, root: Any, pools: Settings
) -> None:
    assert await retired.throw_away(pools.dsn("owner")) == 0
    kept = await content(pair.here(pair.theirs))
    await restarts.ask(pair.ours, clock.now())
    await practice.one()
    new = await provision.tenant_of("phon")
    assert new
    start = await content(pair.here(new))
    chain = await root.fetchval("SELECT count(*) FROM audit WHERE tenant_id = $1", pair.ours)
    assert await retired.throw_away(pools.dsn("owner")) == 1
    assert await retired.throw_away(pools.dsn("owner")) == 0
    for table in ("person", "check_in", "case_file", "member", "vault.person_key", "vault.tenant_key"):
        assert await root.fetchval(f"SELECT count(*) FROM {table} WHERE tenant_id = $1", pair.ours) == 0
    assert await root.fetchval("SELECT count(*) FROM audit WHERE tenant_id = $1", pair.ours) == chain > 0
    assert await content(pair.here(new)) == start and await content(pair.here(pair.theirs)) == kept


def test_only_the_districts_of_the_demo_have_a_plan() -> None:
    with pytest.raises(KeyError):
        filling.demo("p001", clock.day(clock.now()))
    assert set(filling._PLANS) == {"bantuayang", "phon", "chatturat"} and plans.LIVING.detailed
