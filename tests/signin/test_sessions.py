"""Sessions: found by one query, ended at once, never by an id that the browser chose."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from khuen import clock
from khuen.ids import uuid7
from khuen.signin import accounts, sessions
from tests.signin.conftest import Cast


async def start(cast: Cast, account_id: UUID, **more: Any) -> str:
    return await sessions.start(account_id, method="password", now=clock.now(), **more)


async def test_a_session_names_the_person_and_their_districts(cast: Cast) -> None:
    session = await sessions.look_up(await start(cast, cast.coordinator), clock.now())
    assert session is not None
    assert (session.account_id, session.called_name, session.scope) == (cast.coordinator, "สมมุติ ใจดี", "full")
    (here,) = session.memberships
    assert (here.slug, here.member_id, here.roles) == ("baan-thod-long", cast.member, {"coordinator", "tenant_admin"})


async def test_the_token_is_not_in_the_database(cast: Cast, root: Any) -> None:
    token = await start(cast, cast.coordinator)
    row = await root.fetchrow("SELECT * FROM auth.session")
    assert token not in str(dict(row)) and token.encode() not in bytes(row["token_hash"])


async def test_threat_18_an_id_chosen_by_the_browser_opens_nothing(cast: Cast, root: Any) -> None:
    assert await sessions.look_up("attacker-chosen", clock.now()) is None
    token = await start(cast, cast.coordinator)
    assert token != "attacker-chosen"
    assert await sessions.look_up("attacker-chosen", clock.now()) is None
    assert await root.fetchval("SELECT count(*) FROM auth.session") == 1


async def test_threat_18_a_step_up_changes_the_token(cast: Cast) -> None:
    old = await start(cast, cast.coordinator)
    session = await sessions.look_up(old, clock.now())
    assert session is not None
    new = await sessions.rotate(session, clock.now())
    assert await sessions.look_up(old, clock.now()) is None
    after = await sessions.look_up(new, clock.now())
    assert after is not None and after.id == session.id and after.csrf != session.csrf


@pytest.mark.parametrize(("idle", "alive"), [(timedelta(minutes=29), True), (timedelta(minutes=31), False)])
async def test_thirty_minutes_without_a_request_end_it(cast: Cast, idle: timedelta, alive: bool) -> None:
    token = await start(cast, cast.coordinator)
    assert (await sessions.look_up(token, clock.now() + idle) is not None) is alive


async def test_twelve_hours_end_it_whatever_happens(cast: Cast) -> None:
    token, began = await start(cast, cast.coordinator), clock.now()
    for quarter in range(47):
        sessions.forget_all()
        assert await sessions.look_up(token, began + timedelta(minutes=15 * quarter)) is not None
    sessions.forget_all()
    assert await sessions.look_up(token, began + timedelta(hours=12, seconds=1)) is None


async def test_a_bound_phone_lasts_fourteen_days_with_the_buddys_work_only(cast: Cast) -> None:
    token = await start(cast, cast.buddy, scope="check-in")
    session = await sessions.look_up(token, clock.now() + timedelta(days=13))
    assert session is not None and session.memberships[0].roles == {"buddy"}
    sessions.forget_all()
    assert await sessions.look_up(token, clock.now() + timedelta(days=28)) is None


async def test_a_practice_session_holds_one_role_in_one_district(cast: Cast) -> None:
    await accounts.admit(cast.coordinator, cast.practice, uuid7(), "สมมุติ ใจดี", {"doctor", "lead"})
    token = await start(cast, cast.coordinator, practice=(cast.practice, "doctor"))
    session = await sessions.look_up(token, clock.now())
    assert session is not None
    assert [(m.tenant_id, m.roles) for m in session.memberships] == [(cast.practice, {"doctor"})]


async def test_seen_at_is_written_once_a_minute_and_no_more(cast: Cast, root: Any) -> None:
    token = await start(cast, cast.coordinator)
    seen = set()
    for second in range(0, 181, 10):
        sessions.forget_all()
        await sessions.look_up(token, clock.now() + timedelta(seconds=second))
        seen.add(await root.fetchval("SELECT seen_at FROM auth.session"))
    assert 3 <= len(seen) <= 4


async def test_ending_works_once_for_ones_own_and_never_for_a_strangers(cast: Cast) -> None:
    token = await start(cast, cast.coordinator)
    session = await sessions.look_up(token, clock.now())
    assert session is not None
    await sessions.end(cast.buddy, session.id, clock.now())
    assert await sessions.look_up(token, clock.now()) is not None
    for _ in range(2):
        await sessions.end(cast.coordinator, session.id, clock.now())
        assert await sessions.look_up(token, clock.now()) is None


async def test_all_others_end_and_this_one_stays(cast: Cast) -> None:
    tokens = [await start(cast, cast.coordinator) for _ in range(3)]
    mine = await sessions.look_up(tokens[0], clock.now())
    assert mine is not None
    assert len(await sessions.list_for(cast.coordinator, clock.now())) == 3
    await sessions.end_all_others(cast.coordinator, mine.id, clock.now())
    assert [await sessions.look_up(t, clock.now()) is not None for t in tokens] == [True, False, False]
    assert [row["id"] for row in await sessions.list_for(cast.coordinator, clock.now())] == [mine.id]


async def test_threat_19_a_disabled_account_is_out_within_a_second(cast: Cast) -> None:
    token = await start(cast, cast.coordinator)
    assert await sessions.look_up(token, clock.now()) is not None
    await accounts.disable(cast.coordinator)
    await asyncio.sleep(1.0)
    assert await sessions.look_up(token, clock.now()) is None


async def test_threat_19_the_account_and_the_phone_are_read_with_the_session(cast: Cast, root: Any) -> None:
    """Even where nobody ended the session itself."""
    token = await start(cast, cast.coordinator)
    await root.execute("UPDATE auth.account SET state = 'disabled' WHERE id = $1", cast.coordinator)
    assert await sessions.look_up(token, clock.now()) is None
    phone = uuid7()
    await root.execute(
        "INSERT INTO auth.device (id, account_id, token_hash, name, bound_at) VALUES ($1, $2, $3, '', $4)",
        phone,
        cast.buddy,
        b"x",
        clock.now(),
    )
    token = await start(cast, cast.buddy, device_id=phone)
    assert await sessions.look_up(token, clock.now()) is not None
    await root.execute("UPDATE auth.device SET revoked_at = bound_at")
    sessions.forget_all()
    assert await sessions.look_up(token, clock.now()) is None


async def test_threat_19_a_role_taken_away_is_gone_within_a_second(cast: Cast) -> None:
    token = await start(cast, cast.coordinator)
    assert await sessions.look_up(token, clock.now()) is not None
    await accounts.admit(cast.coordinator, cast.real, cast.member, "สมมุติ ใจดี", {"tenant_admin"})
    await asyncio.sleep(1.0)
    session = await sessions.look_up(token, clock.now())
    assert session is not None and session.memberships[0].roles == {"tenant_admin"}


async def test_a_suspended_district_is_no_membership(cast: Cast, root: Any) -> None:
    token = await start(cast, cast.coordinator)
    await root.execute("UPDATE auth.tenant SET state = 'suspended'")
    session = await sessions.look_up(token, clock.now())
    assert session is not None and session.memberships == ()


async def test_looking_up_is_one_statement_and_none_while_remembered(cast: Cast) -> None:
    from khuen.database import Pools

    token = await start(cast, cast.coordinator)
    asked: list[str] = []
    async with Pools.sign_in().acquire() as first, Pools.sign_in().acquire() as second:
        for connection in (first, second):
            connection.add_query_logger(lambda record: asked.append(record.query))
    await sessions.look_up(token, clock.now())
    await sessions.look_up(token, clock.now())
    assert len(asked) == 1
